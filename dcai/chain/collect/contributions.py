"""Collect all contributions to a trainer, a public data set, from its events."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self

from dcai.chain.collect.claims import CLAIMS, REFUND, Claim, read_claims
from dcai.chain.collect.store import Store, StoredContribution
from dcai.chain.read.snapshot import Block
from dcai.chain.read.trainers import Trainer, find_trainer
from dcai.chain.rpc.events import ADD_DATA, SPONSORED, Contribution, read_sponsored
from dcai.chain.rpc.events import contributions as decoded
from dcai.chain.rpc.logs import read_logs
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.provider import Limits
from dcai.chain.rpc.tags import block_tag, check_same, find_header, hex_text
from dcai.errors import BlockError, InputError, InputTypeError, WrongChainError, shown
from dcai.evm.framework import contribution_key
from dcai.evm.hashing import to_address, to_bytes20
from dcai.report.frame import frame
from dcai.reprs import short_repr

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from dcai.chain.rpc.header import Header
    from dcai.chain.rpc.logs import LogRange
    from dcai.report.frame import DataFrame

__all__ = ["STATUSES", "CollectedContribution", "Contributions", "contributions"]

#: What can have become of a contribution.
STATUSES = {
    "open": "nobody has claimed the deposit, or part of it",
    "validated": "refunded: the model came to agree with the label",
    "reported": "somebody took the deposit, or part of it: the model disagreed with the label, or long waits were over",
    "reported and validated": "part of the deposit was taken, and later the rest was refunded",
    "unknown": "there are claims whose events do not say which contribution is meant, and this may be one of them",
}


@dataclass(frozen=True)
class CollectedContribution(Contribution):
    """A contribution, its place on the chain and its status.

    Attributes
    ----------
    block_number, transaction_index : int
        Its block, and the transaction's place in it.
    block_hash : str
        ``0x`` and 64 digits.
    key : str
        Under which the data handler has it: ``0x`` and 64 digits.
    sponsor : str or None
        Address that paid, if not the sender.
    status : str
        One of `STATUSES`, as of the last block that was read.
    claims : tuple of Claim
        The refund and the reports, in their order.
    """

    __repr__ = short_repr

    block_number: int
    block_hash: str
    transaction_index: int
    key: str
    sponsor: str | None
    status: str
    claims: tuple[Claim, ...]


class Contributions:
    """The contributions to a trainer in a range of blocks, in the order of the chain.

    It can be iterated any number of times, and is closed by ``close`` or a ``with`` block.

    Attributes
    ----------
    trainer : Trainer
        The trainer, and the addresses of the contracts that it owns.
    chain_id : int
        Chain id.
    first_block : int
        The first block that was read.
    last_block : Block
        The last one.
    verified : bool
        Each event is proven against the hash of its block.
    resumed_at : int or None
        The block from which on this run has read, where an earlier one had begun.
    """

    def __init__(
        self,
        store: Store,
        trainer: Trainer,
        chain_id: int,
        first_block: int,
        last_block: Block,
        *,
        verified: bool,
        resumed_at: int | None,
    ) -> None:
        self._store = store
        self._doubts = _Doubts(store.unattributed())
        self.trainer = trainer
        self.chain_id = chain_id
        self.first_block = first_block
        self.last_block = last_block
        self.verified = verified
        self.resumed_at = resumed_at

    def __len__(self) -> int:
        return self._store.count()

    def __iter__(self) -> Iterator[CollectedContribution]:
        return map(self._contribution, self._store.contributions())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        blocks = f"blocks {self.first_block:,} to {self.last_block.number:,}"
        return f"<Contributions to {self.trainer.address}: {len(self):,} in {blocks} of chain {self.chain_id}>"

    def to_frame(self) -> DataFrame:
        """Return a row for each contribution; of its claims, how many there are."""
        names = [each.name for each in fields(CollectedContribution)]
        rows = ([getattr(row, name) for name in names if name != "claims"] + [len(row.claims)] for row in self)
        return frame([*(name for name in names if name != "claims"), "num_claims"], rows)

    def close(self) -> None:
        """Release the collected contributions."""
        self._store.close()

    def _contribution(self, stored: StoredContribution) -> CollectedContribution:
        return CollectedContribution(
            **vars(stored.contribution),
            block_number=stored.block_number,
            block_hash=stored.block_hash,
            transaction_index=stored.transaction_index,
            key=hex_text(stored.key),
            sponsor=stored.sponsor,
            status=_status(stored.claims) or ("unknown" if self._doubts.concern(stored) else "open"),
            claims=stored.claims,
        )

    @property
    def num_unattributed(self) -> int:
        """Number of claims that neither their events nor their transactions attribute to a contribution."""
        return len(self._doubts)

    @property
    def trust(self) -> str:
        """Describe what is proven and what is assumed."""
        blocks = f"blocks {self.first_block} to {self.last_block.number}"
        if self.verified:
            rows = [
                "proven: each event, and that its block has no others, by the block's receipts and its hash",
                f"trusted: the node, that these blocks are of chain {self.chain_id}, that no other of {blocks} has "
                "events of the trainer, and that the trainer's incentive mechanism is "
                f"{self.trainer.incentive_mechanism}",
            ]
        else:
            rows = [
                "proven: nothing",
                f"trusted: the node, for every event, and that none of {blocks} of chain {self.chain_id} is missing",
            ]
        rows.append(f"compare: block {self.last_block.number} has the hash {self.last_block.hash}")
        if self._doubts:
            rows.append(
                f"unknown: {len(self._doubts):,} refunds and reports were made through other contracts, and their "
                "events do not say which contribution is meant"
            )
        return "\n".join(rows)


def contributions(
    rpc_url: str,
    address: str,
    from_block: int = 0,
    to_block: str | int = "finalized",
    *,
    verify: bool = False,
    expect_chain_id: int | None = None,
    collected: str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Contributions:
    """Collect the contributions to a trainer from its events.

    >>> with contributions(url, address) as collected:                            # doctest: +SKIP
    ...     for one in collected:
    ...         print(one.sender, one.label, one.status)
    ...         model.update(one.data, one.label)   # what the contract did: the same model in the end

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server: ``http://`` or ``https://``.
    address : str
        Address of the trainer or its classifier.
    from_block : int
        The first block, such as that of the trainer's deployment.
    to_block : str or int
        Last block: ``"finalized"``, ``"safe"``, ``"latest"`` or a number. The status of contributions is as of this
        block.
    verify : bool
        Check the events against the receipts of their blocks, and these against the blocks' hashes; for each block
        with events the node is asked for all of its receipts.
    expect_chain_id : int, optional
        The chain that the node must be of.
    collected : path, optional
        File that keeps the progress. An interrupted run resumes from it if the arguments are the same; entries of
        blocks that left the chain are deleted.
    limits : Limits, optional
        Limits on time, size and number of requests.
    progress : callable, optional
        Called with the number of blocks that have been read, and of all.

    Returns
    -------
    Contributions
        Contributions to iterate over.

    Raises
    ------
    InputError
        An argument is invalid; ``collected`` belongs to other arguments, or is in use.
    DataError
        ``collected`` is damaged.
    WrongChainError, BlockError, NoCodeError, UnknownContractError
        The node serves another chain, block or contract than requested, or the chain was reorganised.
    RpcError, ResponseError
        The node is unreachable, times out, refuses, or its answer is malformed.
    ProofError
        An event contradicts the receipts of its block, or one is missing.
    """
    address = to_address(to_bytes20(address))
    tag = block_tag(to_block, "to_block", "it cannot be a hash")
    if isinstance(from_block, bool) or not isinstance(from_block, int):
        raise InputTypeError(f"from_block is {shown(from_block)}; it must be the number of a block")
    limits = limits or Limits()
    with Node(rpc_url, limits) as node:
        chain_id = node.chain_id()
        if expect_chain_id not in (None, chain_id):
            raise WrongChainError(f"the node serves chain {chain_id}; expected chain {expect_chain_id} (--chain-id)")
        last = find_header(node, tag, {}, verify=verify)
        if not 0 <= from_block <= last.number:
            raise InputError(f"from_block is {from_block}; it must be from 0 to to_block, {last.number}")
        trainer = find_trainer(node, address, last.number)
        identity = {"chain_id": chain_id, "trainer": trainer.address, "from_block": from_block, "verify": verify}
        store = Store(collected, identity)
        try:
            start = _resume(node, store, from_block, last)
            collector = _Collector(node, store, trainer, verify=verify, max_parallel=int(limits.max_parallel))
            collector.run(start, last, progress)
            check_same(node, last)
            block = Block.of(last)
            resumed_at = start if start > from_block else None
            return Contributions(store, trainer, chain_id, from_block, block, verified=verify, resumed_at=resumed_at)
        except BaseException:
            store.close()
            raise


def _resume(node: Node, store: Store, from_block: int, last: Header) -> int:
    """Return the block to resume from: after the last one that was read and is still on the chain."""
    for number, block_hash in store.checkpoints():
        if number <= last.number and _is_on_chain(node, number, block_hash):
            store.rewind(number)
            return number + 1
    store.rewind(-1)
    return from_block


def _is_on_chain(node: Node, number: int, block_hash: bytes) -> bool:
    try:
        return node.header(hex(number), verify=False).hash == block_hash
    except BlockError:
        return False


class _Collector:
    """Reads events into a store."""

    def __init__(self, node: Node, store: Store, trainer: Trainer, *, verify: bool, max_parallel: int) -> None:
        self._node = node
        self._store = store
        self._trainer = trainer
        self._verify = verify
        self._max_parallel = max_parallel
        self._address = to_bytes20(trainer.address)

    def run(self, first: int, last: Header, progress: Callable[[int, int], None] | None) -> None:
        """Read the events from a block to the last block."""
        if first > last.number:
            return
        addresses = [self._address, to_bytes20(self._trainer.incentive_mechanism)]
        pieces = read_logs(
            self._node,
            addresses,
            (ADD_DATA, SPONSORED, *CLAIMS),
            first,
            last.number,
            prove=self._verify,
            max_parallel=self._max_parallel,
            progress=progress,
        )
        for piece in pieces:
            is_last = piece.last == last.number
            end = last if is_last else self._node.header(hex(piece.last), verify=self._verify)
            self._add(piece, end)

    def _add(self, piece: LogRange, end: Header) -> None:
        if piece.logs and piece.logs[-1].block_number == end.number and piece.logs[-1].block_hash != hex_text(end.hash):
            raise BlockError(
                f"block {end.number} is {hex_text(end.hash)}, and {piece.logs[-1].block_hash} in its logs: "
                "the chain was reorganised; try again, with to_block='finalized'"
            )
        own = [log for log in piece.logs if log.address == self._address]
        added = [log for log in own if log.topics[0] == ADD_DATA]
        samples = decoded(added, self._address)
        self._store.add(
            end.number,
            end.hash,
            ((log, one, _key(one)) for log, one in zip(added, samples, strict=True)),
            ((log, *read_sponsored(log)) for log in own if log.topics[0] == SPONSORED),
            read_claims(self._node, self._trainer, piece.logs),
        )


def _key(one: Contribution) -> bytes:
    return contribution_key(one.data, one.label, one.time, one.sender)


def _status(claims: Sequence[Claim]) -> str:
    """Return the status that follows from the known claims; empty without claims."""
    kinds = {claim.kind for claim in claims}
    return " and ".join(word for kind, word in (("report", "reported"), (REFUND, "validated")) if kind in kinds)


class _Doubts:
    """Claims whose contribution is unknown."""

    def __init__(self, claims: Sequence[Claim]) -> None:
        self._count = len(claims)
        self._last_report = max((_position(c) for c in claims if c.kind != REFUND), default=(-1, -1))
        self._last_refund = {c.recipient: _position(c) for c in claims if c.kind == REFUND}  # in order, so the last

    def __len__(self) -> int:
        return self._count

    def concern(self, stored: StoredContribution) -> bool:
        """Return whether an unattributed claim may belong to a contribution."""
        here = (stored.block_number, stored.contribution.log_index)
        refund = self._last_refund.get(stored.contribution.sender, (-1, -1))
        return max(self._last_report, refund) > here


def _position(claim: Claim) -> tuple[int, int]:
    return claim.block_number, claim.log_index
