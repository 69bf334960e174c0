"""Decode refunds and reports from the events of trainers and mechanisms.

===================================== ====================================================================
``Refund(bytes32,address,uint256)``   of this project's trainer: key, recipient, amount; the same of ``Report``
``Refund(address,uint256)``           of 0xDeCA10B's ``Stakeable64``: recipient, amount; the same of ``Report``
``Refund(address)``                   of 0xDeCA10B's ``Points64``: recipient; the same of ``Report``
===================================== ====================================================================

Those of 0xDeCA10B do not tell which contribution is meant. The transaction does, where it is a plain call of the
trainer's ``refund`` or ``report``; where another contract made the call it remains open.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from dcai.chain.rpc.events import event_topic
from dcai.chain.rpc.fields import AnswerFields
from dcai.chain.rpc.tags import hex_text
from dcai.errors import ArtifactError, BlockError, UnknownContractError
from dcai.evm.abi import decode
from dcai.evm.framework import contribution_key
from dcai.evm.hashing import keccak, to_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dcai.chain.read.trainers import Trainer
    from dcai.chain.rpc.logs import PlacedLog
    from dcai.chain.rpc.node import Node

__all__ = ["CLAIMS", "Claim", "FoundClaim", "read_claims"]

REFUND, REPORT = "refund", "report"

_ADDRESS_BYTES, _WORD = 20, 32
_KEYED = {event_topic(f"{name}(bytes32,address,uint256)"): name.lower() for name in ("Refund", "Report")}
_PAID = {event_topic(f"{name}(address,uint256)"): name.lower() for name in ("Refund", "Report")}
_POINTS = {event_topic(f"{name}(address)"): name.lower() for name in ("Refund", "Report")}
#: The event that each topic stands for: a refund or a report.
CLAIMS = {**_KEYED, **_PAID, **_POINTS}

_SAMPLE = (("data", "int64[]"), ("classification", "uint64"), ("addedTime", "uint256"))
_CALLS = {
    REFUND: (keccak(b"refund(int64[],uint64,uint256)")[:4], _SAMPLE),
    REPORT: (keccak(b"report(int64[],uint64,uint256,address)")[:4], (*_SAMPLE, ("originalAuthor", "address"))),
}


class Claim(NamedTuple):
    """A refund or a report that was granted.

    Attributes
    ----------
    kind : str
        ``"refund"``, where the model agreed with the label, or ``"report"``, where it did not or long waits were over.
    recipient : str
        Address that received the amount.
    amount_wei : int
        Amount paid in wei; 0 if the mechanism pays nothing.
    time : int
        Unix time of the block.
    block_number, log_index : int
        Place of the event on the chain.
    transaction : str
        Its hash: ``0x`` and 64 digits.
    """

    kind: str
    recipient: str
    amount_wei: int
    time: int
    block_number: int
    log_index: int
    transaction: str


class FoundClaim(NamedTuple):
    """A claim with the key of its contribution, or None if the key is unknown."""

    claim: Claim
    key: bytes | None


def read_claims(node: Node, trainer: Trainer, logs: Sequence[PlacedLog]) -> Iterator[FoundClaim]:
    """Decode the refunds and reports among logs.

    Parameters
    ----------
    node : Node
        Asked for transactions, where the events have no key, and for the times of blocks that come without.
    trainer : Trainer
        The trainer and its contracts.
    logs : sequence of PlacedLog
        All of these blocks.

    Raises
    ------
    UnknownContractError
        A log has another form than such an event.
    ResponseError
        A transaction is not of its form.
    BlockError
        A block has another hash by now.
    """
    times: dict[int, int] = {}
    in_transaction = Counter(log.transaction for log in logs if log.topics[0] in CLAIMS)
    for log in logs:
        if log.topics[0] not in CLAIMS:
            continue
        if log.timestamp is not None:
            times[log.block_number] = log.timestamp
        elif log.block_number not in times:
            times[log.block_number] = _time(node, log)
        key, recipient, amount = _arguments(log)
        kind = CLAIMS[log.topics[0]]
        place = (log.block_number, log.index, log.transaction)
        claim = Claim(kind, recipient, amount, times[log.block_number], *place)
        if key is None and in_transaction[log.transaction] == 1:
            key = _key_of_call(node, trainer, claim)
        yield FoundClaim(claim, key)


def _arguments(log: PlacedLog) -> tuple[bytes | None, str, int]:
    """Return key, recipient and amount of an event, wherever its arguments are indexed."""
    words = [*log.topics[1:]]
    words += [log.data[i : i + _WORD] for i in range(0, len(log.data), _WORD)]
    topic = log.topics[0]
    expected = 3 if topic in _KEYED else 2 if topic in _PAID else 1
    key = words.pop(0) if topic in _KEYED and words else None
    if len(words) + (key is not None) != expected or len(log.data) % _WORD or any(words[0][:-_ADDRESS_BYTES]):
        raise UnknownContractError(f"log {log.index} of transaction {log.transaction} is neither a refund nor a report")
    amount = int.from_bytes(words[1], "big") if len(words) > 1 else 0
    return key, to_address(words[0][-_ADDRESS_BYTES:]), amount


def _time(node: Node, log: PlacedLog) -> int:
    header = node.header(hex(log.block_number), verify=False)
    if hex_text(header.hash) != log.block_hash:
        raise BlockError(
            f"block {log.block_number} was {log.block_hash} and is {hex_text(header.hash)} now: the chain "
            "was reorganised; try again, with to_block='finalized'"
        )
    return header.timestamp


def _key_of_call(node: Node, trainer: Trainer, claim: Claim) -> bytes | None:
    """Return the key in a transaction's calldata; None if it is not a direct call of the trainer."""
    method = "eth_getTransactionByHash"
    fields = AnswerFields(method, node.request(method, claim.transaction))
    if hex_text(fields.data("hash", _WORD)) != claim.transaction:
        raise fields.wrong("result.hash", fields.take("hash"), f"{claim.transaction}, as requested")
    if "to" not in fields or to_address(fields.data("to", _ADDRESS_BYTES)) != trainer.address:
        return None
    sender, calldata = to_address(fields.data("from", _ADDRESS_BYTES)), fields.data("input")
    selector, parameters = _CALLS[claim.kind]
    # Who sends the transaction is who gets the money, in the original.
    if calldata[:4] != selector or sender != claim.recipient:
        return None
    try:
        sample, label, time, *author = decode(parameters, calldata[4:], claim.kind)
    except ArtifactError:
        return None
    return contribution_key(sample, label, time, *(author or [sender]))
