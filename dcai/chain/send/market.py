"""A prediction market on a node: the provider's calls and the contributors', and where the market stands.

>>> with chain.market(url, address, account, "market.pending.json") as market:      # doctest: +SKIP
...     print(market.status())
...     market.send(market.contribute(x, 1, stake_wei=10**15))
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from dcai import strict_json
from dcai.chain.send.remote import ConnectionOptions, Proposal, RemoteContract, connect
from dcai.chain.send.transact import Attempt, Transactor
from dcai.errors import DataError, EvmError, InputError, NotMinedError, Revert, TransactionError, WrongChainError
from dcai.evm.abi import Event
from dcai.evm.schedule import MAX_TRANSACTION_GAS
from dcai.files import write_whole
from dcai.incentives import Phase, Piece
from dcai.reprs import short_repr

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from dcai.chain.send.accounts import Sender

__all__ = ["Market", "MarketStatus", "load_pieces", "market", "save_pieces"]

_FORMAT, _PIECES_FORMAT, _VERSION = "dcai-market-pending", "dcai-market-pieces", 1
#: Units of work that `Market.step` begins with; it takes fewer where they do not fit a transaction.
_MOST_UNITS = 256
#: A step may need a little more than was estimated.
_STEP_GAS = MAX_TRANSACTION_GAS * 9 // 10


@dataclass(frozen=True)
class MarketStatus:
    """Status of a market in the latest block.

    Attributes
    ----------
    phase : Phase
        Current phase.
    deadline : int
        When the phase is over unless it goes on before, in seconds since 1970.
    bounty_wei, deposits_wei : int
        Rest of the bounty; sum of all deposits.
    drawn_piece : int or None
        None before the draw.
    revealed : tuple of bool
        Whether each piece is revealed.
    num_contributions, num_remaining, rounds_left : int
        Those that were made, those whose stake has not run out, and the rounds to settle; the last two count from the
        phase of scoring on.
    contributions : tuple of (str, int, int, bool)
        Contributor, balance in wei, score and removal of each.
    """

    __repr__ = short_repr

    phase: Phase
    deadline: int
    bounty_wei: int
    deposits_wei: int
    drawn_piece: int | None
    revealed: tuple[bool, ...]
    num_contributions: int
    num_remaining: int
    rounds_left: int
    contributions: tuple[tuple[str, int, int, bool], ...]


class Market:
    """A prediction market, and an account that takes part in it; made by `market`.

    Each method returns a `Proposal` to send, and raises the error that the contract would raise.
    """

    def __init__(self, transactor: Transactor, address: str, pending: Path) -> None:
        self._transactor = transactor
        self._pending = pending
        self.contract = RemoteContract(transactor, "PredictionMarket", address)

    def status(self) -> MarketStatus:
        """Return where the market stands."""
        get = self.contract.call
        count = int(get("numContributions"))
        contributions = (get("getContribution", i) for i in range(count))
        progress = get("progress")
        return MarketStatus(
            phase=Phase(get("phase")),
            deadline=get("deadline"),
            bounty_wei=get("bounty"),
            deposits_wei=get("totalDeposits"),
            drawn_piece=get("drawnPiece") if get("drawBlock") else None,
            revealed=tuple(get("isRevealed", i) for i in range(get("numPieces"))),
            num_contributions=count,
            num_remaining=progress[6],
            rounds_left=progress[7],
            contributions=tuple((who, balance, score, removed) for who, balance, _, score, removed in contributions),
        )

    # -- what could be done -- #

    def commit(self, pieces: Sequence[Piece], bounty_wei: int) -> Proposal:
        """Stake the bounty on a test set."""
        return self.contract.propose("commit", [piece.hash() for piece in pieces], value=bounty_wei)

    def draw(self) -> Proposal:
        """Draw the piece to be revealed first."""
        return self.contract.propose("drawPiece")

    def reveal(self, number: int, pieces: Sequence[Piece]) -> Proposal:
        """Reveal a piece of the test set; the drawn one opens the market."""
        if not 0 <= number < len(pieces):
            raise InputError(f"piece {number} does not exist; the pieces are 0 to {len(pieces) - 1}")
        piece = pieces[number]
        return self.contract.propose("revealPiece", number, piece.data, piece.labels, piece.salt)

    def contribute(self, x: Sequence[int], label: int, stake_wei: int | None = None) -> Proposal:
        """Contribute a sample, with the least stake unless another is given."""
        stake = int(self.contract.call("terms")[0]) if stake_wei is None else stake_wei
        return self.contract.propose("addData", [int(feature) for feature in x], label, value=stake)

    def step(self, max_units: int | None = None) -> Proposal:
        """Do a part of the scoring: as many units of work as fit a transaction, or as are given."""
        units = _MOST_UNITS if max_units is None else max_units
        while True:
            try:
                proposal = self.contract.propose("step", units)
            except EvmError:
                if units <= 1 or max_units is not None:
                    raise
            else:
                if proposal.gas <= _STEP_GAS or units <= 1 or max_units is not None:
                    return proposal
            units //= 2

    def expire(self) -> Proposal:
        """End a market that does not go on."""
        return self.contract.propose("expire")

    def collect(self, numbers: Sequence[int] | None = None) -> Proposal:
        """Collect the balances of contributions: one's own that have any, or those with these numbers."""
        if numbers is None:
            mine = self._transactor.sender.address
            numbers = [i for i, (who, wei, *_) in enumerate(self.status().contributions) if who == mine and wei]
        return self.contract.propose("collect", list(numbers))

    def collect_bounty(self) -> Proposal:
        """Collect what is left of the bounty."""
        return self.contract.propose("collectBounty")

    def return_classifier(self) -> Proposal:
        """Give the model back to the provider."""
        return self.contract.propose("returnClassifier")

    # -- doing it -- #

    def send(self, proposal: Proposal) -> list[Event]:
        """Send what was proposed, wait for its block, and return what the market logged.

        Raises
        ------
        Revert, TransactionError
            It failed after all, for something came before it; or it takes too long.
        RpcError
            The node cannot be reached; `recover` goes on.
        """
        if self._pending.exists():
            raise InputError(f"{self._pending} records a pending transaction; call recover() first")
        data = f"0x{proposal.data.hex()}"

        def keep(attempt: Attempt) -> None:
            content = {
                "format": _FORMAT,
                "version": _VERSION,
                "market": self.contract.address,
                "chain_id": self._transactor.chain_id,
                "sender": self._transactor.sender.address,
                "data": data,
                "attempt": attempt.to_json(),
            }
            write_whole(self._pending, json.dumps(content) + "\n")

        try:
            mined = self.contract.send(proposal, keep)
        except NotMinedError:
            raise
        except (Revert, TransactionError):  # it is certain that nothing was done
            self._pending.unlink(missing_ok=True)
            raise
        self._pending.unlink()
        return self.contract.events(mined)

    def recover(self) -> list[Event] | None:
        """Find out what became of a transaction that was under way, and send it again if need be.

        Returns
        -------
        list of Event or None
            Its logs; None where there was none, or where it will never be in a block.
        """
        if not self._pending.exists():
            return None
        content = _read(self._pending, _FORMAT)
        for name, value in (
            ("market", self.contract.address),
            ("chain_id", self._transactor.chain_id),
            ("sender", self._transactor.sender.address),
        ):
            if content.get(name) != value:
                raise WrongChainError(f"{self._pending} is of the {name} {content.get(name)}, not of {value}")
        attempt = Attempt.from_json(content["attempt"], content["data"])
        try:
            mined = self._transactor.again(attempt)
        except NotMinedError:
            raise
        except TransactionError:
            self._pending.unlink()
            return None
        self._pending.unlink()
        self.contract.raise_for_failure(mined, bytes.fromhex(content["data"][2:]), attempt.fields["value"])
        return self.contract.events(mined)


@contextmanager
def market(
    rpc_url: str,
    address: str,
    sender: Sender,
    pending: str | os.PathLike[str],
    **options: Unpack[ConnectionOptions],
) -> Iterator[Market]:
    """Take part in a prediction market on a chain.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server.
    address : str
        Address of the market.
    sender : Sender
        The account.
    pending : path
        A file that is there as long as a transaction is under way.
    **options
        Fees, waiting, ``expect_chain_id`` and limits: `dcai.chain.send.remote.ConnectionOptions`.

    Raises
    ------
    TransactionError
        There is no contract at the address.
    WrongChainError, RpcError
        The node is of another chain, or cannot be asked.
    """
    with connect(rpc_url, sender, **options) as transactor:
        found = Market(transactor, address, Path(pending))
        if not transactor.node.code(found.contract.address, transactor.head()):
            raise TransactionError(f"{address} holds no contract")
        yield found


def save_pieces(path: str | os.PathLike[str], pieces: Sequence[Piece]) -> None:
    """Write the pieces of a test set, which are secret until they are revealed: only their owner may read the file."""
    content = {
        "format": _PIECES_FORMAT,
        "version": _VERSION,
        "pieces": [
            {
                "data": [[int(feature) for feature in sample] for sample in piece.data],
                "labels": [int(label) for label in piece.labels],
                "salt": f"0x{piece.salt.hex()}",
            }
            for piece in pieces
        ],
    }
    target = Path(path)
    target.touch(mode=0o600)
    write_whole(target, json.dumps(content) + "\n")
    target.chmod(0o600)


def load_pieces(path: str | os.PathLike[str]) -> list[Piece]:
    """Read what `save_pieces` has written.

    Raises
    ------
    DataError
        The file is malformed.
    """
    content = _read(Path(path), _PIECES_FORMAT)
    try:
        return [Piece(one["data"], one["labels"], bytes.fromhex(one["salt"][2:])) for one in content["pieces"]]
    except (ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path} is damaged: {error}") from error


def _read(path: Path, form: str) -> dict[str, Any]:
    try:
        content = strict_json.loads(path.read_text(encoding="utf-8"))
        if (content["format"], content["version"]) != (form, _VERSION):
            raise ValueError(f"its format is {content['format']!r}, version {content['version']}")  # noqa: TRY301
    except (ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path} is not a file of the format {form}: {error}") from error
    return dict(content)
