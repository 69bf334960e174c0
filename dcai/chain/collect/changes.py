"""List every change of a classifier, in the order of the chain.

Only its owner can change a classifier. Where the owner is a contract, what it accepted is in its events; where it is an
account, its transactions are in the blocks. Who the owner was, and since when, is in the classifier's own events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from dcai.chain.rpc.events import ADD_DATA, Contribution, contributions, event_topic
from dcai.chain.rpc.logs import PlacedLog, read_logs
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.transactions import Sent, sent_to
from dcai.errors import UnknownContractError
from dcai.evm.hashing import to_address, to_bytes20

__all__ = ["Change", "ClassifierCall", "Learned", "NewOwner", "Owners", "changes"]

#: ``OwnershipTransferred(address indexed previousOwner, address indexed newOwner)`` of OpenZeppelin's ``Ownable``.
_TRANSFERRED = event_topic("OwnershipTransferred(address,address)")
#: EIP-7702: what the code of an account that delegates begins with. It still sends transactions of its own.
_DELEGATION = bytes.fromhex("ef0100")
#: A transaction comes before what it logs.
_WHOLE = -1


@dataclass(frozen=True)
class Change:
    """A possible change of a classifier.

    Attributes
    ----------
    block_number, transaction_index, log_index : int
        Place on the chain; ``log_index`` is -1 for a whole transaction.
    transaction : str
        Hash, as the node says.
    """

    block_number: int
    transaction_index: int
    log_index: int
    transaction: str


@dataclass(frozen=True)
class ClassifierCall(Change):
    """A successful transaction to the classifier itself.

    Attributes
    ----------
    sender : str
        Address of the sender.
    calldata : bytes
        Calldata.
    """

    sender: str
    calldata: bytes


@dataclass(frozen=True)
class Learned(Change):
    """A contribution that a trainer accepted.

    Attributes
    ----------
    trainer : str
        Which.
    contribution : Contribution
        Contribution that the trainer logged.
    """

    trainer: str
    contribution: Contribution


@dataclass(frozen=True)
class NewOwner(Change):
    """A transfer of the classifier's ownership.

    Attributes
    ----------
    owner : str
        Address of the new owner.
    """

    owner: str


class _Reign(NamedTuple):
    """Range of blocks in which one address owned the classifier; its first and last block may be shared."""

    first: int
    last: int
    owner: str


class Owners:
    """Owners of a classifier in a range of blocks.

    Parameters
    ----------
    node : Node
        The node to ask.
    address : str
        Address of the classifier.
    owner : str
        The first of them.
    first, last : int
        Range of blocks, the last one included.
    verify : bool
        Prove the events by the receipts of their blocks.

    Attributes
    ----------
    transfers : list of NewOwner
        In order.
    trainers : list of str
        Those who are contracts.
    """

    def __init__(self, node: Node, address: str, owner: str, first: int, last: int, *, verify: bool) -> None:
        pieces = read_logs(node, [to_bytes20(address)], [_TRANSFERRED], first, last, prove=verify)
        self.transfers = [_transfer(log) for piece in pieces for log in piece.logs]
        starts = [(first, owner), *((one.block_number, one.owner) for one in self.transfers)]
        ends = [*(block for block, _ in starts[1:]), last]
        self._reigns = [_Reign(start, end, owner) for (start, owner), end in zip(starts, ends, strict=True)]
        names = list(dict.fromkeys(owner for _, owner in starts))
        codes = {name: node.code(name, last) for name in names}
        self.trainers = [name for name in names if codes[name] and not codes[name].startswith(_DELEGATION)]

    def of_accounts(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of blocks in which an externally owned account owned the classifier, without overlap."""
        begin = first
        for reign in self._reigns:
            start, end = max(begin, reign.first), min(last, reign.last)
            if reign.owner not in self.trainers and int(reign.owner, 16) and start <= end:
                yield start, end
                begin = end + 1


def changes(
    node: Node,
    address: str,
    owners: Owners,
    first: int,
    last: int,
    *,
    verify: bool,
    max_parallel: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[int, list[Change]]]:
    """Yield possible changes of a classifier, block by block.

    Parameters
    ----------
    node : Node
        The node to ask.
    address : str
        Address of the classifier.
    owners : Owners
        Owners in these blocks.
    first, last : int
        Range of blocks, the last one included.
    verify : bool
        Prove events by the receipts of their blocks. Transactions of accounts are as the node says.
    max_parallel : int
        Requests under way at once.
    progress : callable, optional
        Called with the number of blocks that have been read, and of all.

    Yields
    ------
    block_number : int
        Ascending; blocks without changes are left out.
    changes : list of Change
        In their order.

    Raises
    ------
    ChainError
        Errors of `read_logs`.
    """
    if first > last:
        return
    trainers = [to_bytes20(trainer) for trainer in owners.trainers]
    pieces = read_logs(
        node,
        [*trainers, to_bytes20(address)],
        [ADD_DATA],
        first,
        last,
        prove=verify,
        max_parallel=max_parallel,
        progress=progress,
    )
    for piece in pieces:
        own: list[Change] = [one for one in owners.transfers if piece.first <= one.block_number <= piece.last]
        own += _learned(piece.logs)
        for start, end in owners.of_accounts(piece.first, piece.last):
            own += (_call(sent) for sent in sent_to(node, address, start, end))
        own.sort(key=_place)
        for number, group in groupby(own, key=lambda change: change.block_number):
            yield number, list(group)


def _place(change: Change) -> tuple[int, int, int]:
    return change.block_number, change.transaction_index, change.log_index


def _learned(logs: Sequence[PlacedLog]) -> Iterator[Learned]:
    for log in logs:
        for one in contributions([log], log.address):
            place = log.block_number, log.transaction_index, log.index
            yield Learned(*place, log.transaction, to_address(log.address), one)


def _call(sent: Sent) -> ClassifierCall:
    return ClassifierCall(sent.block_number, sent.transaction_index, _WHOLE, sent.hash, sent.sender, sent.calldata)


def _transfer(log: PlacedLog) -> NewOwner:
    if len(log.topics) != 3 or any(log.topics[2][:12]):
        raise UnknownContractError(
            f"log {log.index} of transaction {log.transaction} is not a well-formed OwnershipTransferred event"
        )
    place = log.block_number, log.transaction_index, log.index
    return NewOwner(*place, log.transaction, to_address(log.topics[2][12:]))
