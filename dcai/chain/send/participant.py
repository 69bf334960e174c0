"""Taking part: contributions, refunds, reports, and contributions that others pay for.

>>> with chain.participant(url, trainer, account, "contributions.json") as me:      # doctest: +SKIP
...     offer = me.contribute(x, 1)
...     print(offer.deposit_wei, offer.prediction, offer.proposal.expected_wei)
...     entry = me.send(offer)                                                       # waits for its block
...     me.send(me.refund(entry))                                                    # a day later
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from dcai import strict_json
from dcai.chain.read.trainers import find_trainer
from dcai.chain.send.book import Book, Entry
from dcai.chain.send.remote import ConnectionOptions, Proposal, RemoteContract, connect
from dcai.chain.send.transact import Attempt, Transactor
from dcai.errors import DataError, InputError, NotMinedError, Revert, TransactionError, WrongChainError
from dcai.evm.framework import contribution_key
from dcai.evm.hashing import to_address, to_bytes20
from dcai.files import write_whole
from dcai.incentives.keys import data_hash
from dcai.incentives.sponsorship import Domain, contribution_digest, signed_by
from dcai.models import MODELS
from dcai.reprs import short_repr

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from dcai.chain.send.accounts import Sender
    from dcai.chain.send.transact import Mined

__all__ = ["Offer", "Participant", "SignedContribution", "participant"]

_SIGNED = "dcai-signed-contribution"
_ADD, _REFUND, _REPORT = "add", "refund", "report"


@dataclass(frozen=True)
class Offer:
    """A transaction to send, with its simulated outcome.

    Attributes
    ----------
    kind : str
        ``"add"``, ``"refund"`` or ``"report"``.
    entry : Entry
        The contribution; of one that is not sent yet it is in no file.
    proposal : Proposal
        The transaction.
    prediction : int
        Current prediction of the model. If it equals the label, a Perceptron learns nothing.
    deposit_wei : int
        For a contribution, the current deposit; a surplus is returned. For a claim, the claimable amount.
    """

    kind: str
    entry: Entry
    proposal: Proposal
    prediction: int
    deposit_wei: int


@dataclass(frozen=True)
class SignedContribution:
    """A contribution that its author signed and somebody else may send and pay for.

    Attributes
    ----------
    chain_id, trainer : int and str
        Trainer and chain for which it is valid.
    data, label
        The sample.
    contributor : str
        Its author.
    nonce : int
        The author's at this trainer: it is good once.
    deadline : int
        The last second at which it is good.
    max_deposit_wei : int
        The highest deposit that it is good for.
    signature : str
        In hexadecimal.
    """

    __repr__ = short_repr

    chain_id: int
    trainer: str
    data: tuple[int, ...]
    label: int
    contributor: str
    nonce: int
    deadline: int
    max_deposit_wei: int
    signature: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a file, whole or not at all."""
        write_whole(path, json.dumps({"format": _SIGNED, **asdict(self)}, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SignedContribution:
        """Read what `save` has written.

        Raises
        ------
        DataError
            It is no such file.
        """
        try:
            fields = strict_json.loads(Path(path).read_text(encoding="utf-8"))
            if fields.pop("format") != _SIGNED:
                raise ValueError("it has another format")  # noqa: TRY301
            return cls(**{**fields, "data": tuple(fields["data"])})
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise DataError(f"{path} is not a signed contribution: {error}") from error


class Participant:
    """An account that takes part in the training of a model on a chain; made by `participant`.

    Attributes
    ----------
    book : Book
        Its contributions.
    trainer, mechanism, classifier, handler : RemoteContract
        The contracts.
    """

    def __init__(self, transactor: Transactor, trainer: str, book: Book) -> None:
        self._transactor = transactor
        self.book = book
        address = to_address(to_bytes20(trainer))
        found = find_trainer(transactor.node, address, transactor.head())
        self.trainer = RemoteContract(transactor, "CollaborativeTrainer64", found.address)
        self.handler = RemoteContract(transactor, "DataHandler64", found.data_handler)
        # What is asked of mechanism and classifier has the same form in all of them.
        self.mechanism = RemoteContract(transactor, "Stakeable64", found.incentive_mechanism)
        self.classifier = RemoteContract(transactor, next(iter(MODELS)), found.classifier)

    @property
    def address(self) -> str:
        """Address of the account."""
        return self._transactor.sender.address

    @property
    def encoder(self) -> str:
        """Encoder of the data, as the trainer stores it."""
        return str(self.trainer.call("encoder"))

    @property
    def deposit_wei(self) -> int:
        """Return the current deposit of a contribution, in wei."""
        return int(self.mechanism.call("getNextAddDataCost"))

    def time(self) -> int:
        """Return the time of the latest block."""
        return self._transactor.node.header("latest", verify=False).timestamp

    # -- what could be done -- #

    def contribute(self, x: Sequence[int], label: int, *, max_deposit_wei: int | None = None) -> Offer:
        """Look what the contribution of a sample would do.

        Parameters
        ----------
        x : sequence of int
            As the classifier takes it.
        label : int
            Its class.
        max_deposit_wei : int, optional
            Amount to send; the trainer returns the excess. The present cost, unless given.

        Raises
        ------
        Revert
            A contract would refuse it.
        InputError
            The account cannot pay for it.
        """
        data, cost = [int(feature) for feature in x], self.deposit_wei
        value = cost if max_deposit_wei is None else max_deposit_wei
        prediction = self.predict(data)
        proposal = self.trainer.propose("addData", data, label, value=value)
        return Offer(_ADD, self._entry(data, label, self.address, None), proposal, prediction, cost)

    def sponsor(self, signed: SignedContribution) -> Offer:
        """Look what paying for somebody's signed contribution would do; raises as `contribute`."""
        if (signed.chain_id, to_address(to_bytes20(signed.trainer))) != (
            self._transactor.chain_id,
            self.trainer.address,
        ):
            raise WrongChainError(
                f"it was signed for the trainer {signed.trainer} on chain {signed.chain_id}, and this is "
                f"{self.trainer.address} on chain {self._transactor.chain_id}"
            )
        cost, prediction = self.deposit_wei, self.predict(signed.data)
        proposal = self.trainer.propose(
            "addDataFor",
            signed.data,
            signed.label,
            signed.contributor,
            signed.deadline,
            signed.max_deposit_wei,
            bytes.fromhex(signed.signature[2:]),
            value=cost,
        )
        entry = self._entry(list(signed.data), signed.label, signed.contributor, self.address)
        return Offer(_ADD, entry, proposal, prediction, cost)

    def refund(self, entry: Entry) -> Offer:
        """Look what asking a deposit back would do; raises as `contribute`."""
        data, label, time = self._added(entry)
        if entry.author == self.address:
            proposal = self.trainer.propose("refund", data, label, time)
        else:
            proposal = self.trainer.propose("refundFor", data, label, time, entry.author)
        return self._claim(_REFUND, entry, proposal)

    def report(self, entry: Entry) -> Offer:
        """Look what reporting somebody's contribution would do; raises as `contribute`."""
        data, label, time = self._added(entry)
        return self._claim(_REPORT, entry, self.trainer.propose("report", data, label, time, entry.author))

    def predict(self, x: Sequence[int]) -> int:
        """Return what the model on the chain predicts."""
        return int(self.classifier.call("predict", x))

    def sign(self, x: Sequence[int], label: int, *, max_deposit_wei: int, deadline: int) -> SignedContribution:
        """Sign a contribution for somebody else to send.

        Parameters
        ----------
        x, label
            As in `contribute`.
        max_deposit_wei : int
            The highest deposit that it is good for.
        deadline : int
            The last second at which it is good.
        """
        data, sender, chain_id = [int(feature) for feature in x], self._transactor.sender, self._transactor.chain_id
        self.predict(data)  # what the model refuses is not worth a signature
        nonce = int(self.trainer.call("nonces", sender.address))
        domain = Domain(self.trainer.address, chain_id)
        terms = (data, label, sender.address, nonce, deadline, max_deposit_wei)
        digest = contribution_digest(domain, *terms)
        signature = sender.sign_typed(self._transactor.node, _typed_data(domain, *terms), digest)
        if not signed_by(sender.address, digest, signature):
            raise TransactionError(f"{sender.address} did not sign this contribution")
        return SignedContribution(
            chain_id,
            self.trainer.address,
            tuple(data),
            label,
            sender.address,
            nonce,
            deadline,
            max_deposit_wei,
            f"0x{signature.hex()}",
        )

    def find(self, transaction: str) -> list[Entry]:
        """Return the contributions that a transaction made, for a report; they are in no file.

        Raises
        ------
        InputError
            It is in no block, or made none at this trainer.
        """
        mined = self._transactor.receipt(transaction)
        added = [] if mined is None else [e for e in self.trainer.events(mined) if e.name == "AddData"]
        if mined is None or not added:
            raise InputError(f"the transaction {transaction} made no contribution to {self.trainer.address}")
        found = []
        for event in added:
            entry = self._entry(list(event.args["d"]), event.args["c"], event.args["sender"], None)
            _note_added(entry, event.args["t"], event.args["cost"], mined)
            found.append(entry)
        return found

    # -- doing it -- #

    def send(self, offer: Offer) -> Entry:
        """Send what was offered, wait for its block, and write down what came of it.

        Raises
        ------
        Revert, TransactionError
            It failed after all, for something came before it; or it takes too long.
        RpcError
            The node cannot be reached; `recover` goes on.
        """
        entry = offer.entry
        if entry not in self.book.entries:
            entry.id = max((one.id for one in self.book.entries), default=0) + 1
            self.book.entries.append(entry)

        def keep(attempt: Attempt) -> None:
            data = f"0x{offer.proposal.data.hex()}"
            entry.pending = {"kind": offer.kind, "sender": self.address, "data": data, "attempt": attempt.to_json()}
            self.book.save()

        try:
            mined = self.trainer.send(offer.proposal, keep)
        except NotMinedError:
            raise
        except (Revert, TransactionError):  # it is certain that nothing was done
            self._drop(entry)
            raise
        self._settle(entry, offer.kind, mined)
        return entry

    def recover(self) -> list[Entry]:
        """Find out what became of transactions that were under way when something failed; send them again if need be.

        Returns
        -------
        list of Entry
            Those that had one.
        """
        found = []
        for entry in self.book.entries:
            pending, here = entry.pending, (self._transactor.chain_id, self.trainer.address)
            # One file may have contributions of several accounts.
            if pending is None or pending["sender"] != self.address or (entry.chain_id, entry.trainer) != here:
                continue
            attempt = Attempt.from_json(pending["attempt"], pending["data"])
            try:
                mined = self._transactor.again(attempt)
            except NotMinedError:
                raise
            except TransactionError:
                mined = None
            if mined is None or not mined.succeeded:
                self._drop(entry)
            else:
                self._settle(entry, pending["kind"], mined)
            found.append(entry)
        return found

    # -- parts -- #

    def _entry(self, data: list[int], label: int, author: str, sponsor: str | None) -> Entry:
        return Entry(
            0, self._transactor.chain_id, self.trainer.address, to_address(to_bytes20(author)), sponsor, data, label
        )

    def _added(self, entry: Entry) -> tuple[list[int], int, int]:
        if entry.time is None:
            raise InputError(f"contribution {entry.id} is {entry.status}: it is not on the chain")
        if entry.trainer != self.trainer.address:
            raise InputError(
                f"contribution {entry.id} is of the trainer {entry.trainer}, not of {self.trainer.address}"
            )
        return entry.data, entry.label, entry.time

    def _claim(self, kind: str, entry: Entry, proposal: Proposal) -> Offer:
        left = self.handler.call("getClaimableAmount", entry.data, entry.label, entry.time, entry.author)
        return Offer(kind, entry, proposal, self.predict(entry.data), int(left))

    def _settle(self, entry: Entry, kind: str, mined: Mined) -> None:
        """Write down what a transaction did, as its events say."""
        if kind == _ADD:
            event = self.trainer.event(mined, "AddData")
            _note_added(entry, event.args["t"], event.args["cost"], mined)
        else:
            event = self.trainer.event(mined, "Refund" if kind == _REFUND else "Report")
            recipient = event.args["recipient" if kind == _REFUND else "reporter"]
            claim = {
                "kind": kind,
                "recipient": recipient,
                "amount_wei": event.args["amount"],
                "transaction": mined.hash,
            }
            entry.claims.append(claim)
            entry.status = "refunded" if kind == _REFUND else "reported"
        entry.pending = None
        self.book.save()

    def _drop(self, entry: Entry) -> None:
        entry.pending = None
        if entry.status == "sending":
            entry.status = "failed"
        self.book.save()


@contextmanager
def participant(
    rpc_url: str,
    trainer: str,
    sender: Sender,
    book: str | os.PathLike[str],
    **options: Unpack[ConnectionOptions],
) -> Iterator[Participant]:
    """Take part in the training of a model on a chain.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server.
    trainer : str
        Address of the trainer, or of its classifier.
    sender : Sender
        The account.
    book : path
        The file with its contributions.
    **options
        Fees, waiting, ``expect_chain_id`` and limits: `dcai.chain.send.remote.ConnectionOptions`.

    Raises
    ------
    NoCodeError, UnknownContractError
        There is no trainer at the address.
    DataError
        ``book`` is no file of contributions.
    WrongChainError, RpcError
        The node is of another chain, or cannot be asked.
    """
    with connect(rpc_url, sender, **options) as transactor:
        yield Participant(transactor, trainer, Book(book))


def _note_added(entry: Entry, time: int, deposit_wei: int, mined: Mined) -> None:
    entry.status = "added"
    entry.time, entry.deposit_wei = time, deposit_wei
    entry.key = "0x" + contribution_key(entry.data, entry.label, time, entry.author).hex()
    entry.transaction, entry.block = mined.hash, mined.block_number


def _typed_data(
    domain: Domain,
    data: Sequence[int],
    label: int,
    contributor: str,
    nonce: int,
    deadline: int,
    max_deposit_wei: int,
) -> dict[str, Any]:
    """Return what `contribution_digest` hashes, as wallets and nodes take it (``eth_signTypedData_v4``)."""

    def typed(*fields: str) -> list[dict[str, str]]:
        return [dict(zip(("type", "name"), one.split(), strict=True)) for one in fields]

    return {
        "types": {
            "EIP712Domain": typed("string name", "string version", "uint256 chainId", "address verifyingContract"),
            "Contribution": typed(
                "address trainer",
                "bytes32 dataHash",
                "uint64 classification",
                "address contributor",
                "uint256 nonce",
                "uint256 deadline",
                "uint256 maxDeposit",
            ),
        },
        "primaryType": "Contribution",
        "domain": {
            "name": "CollaborativeTrainer64",
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": domain.trainer,
        },
        "message": {
            "trainer": domain.trainer,
            "dataHash": f"0x{data_hash(data).hex()}",
            "classification": str(label),
            "contributor": contributor,
            "nonce": str(nonce),
            "deadline": str(deadline),
            "maxDeposit": str(max_deposit_wei),
        },
    }
