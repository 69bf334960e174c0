"""Decode contributions, the event ``AddData``, of this project's trainers and of 0xDeCA10B's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from dcai.chain.rpc.fields import AnswerFields, data
from dcai.errors import ResponseError, UnknownContractError
from dcai.evm.hashing import keccak, to_address
from dcai.reprs import short_repr

__all__ = [
    "ADD_DATA",
    "SPONSORED",
    "Contribution",
    "LogEntry",
    "claimed_logs",
    "contributions",
    "event_topic",
    "read_log",
    "read_sponsored",
]


def event_topic(signature: str) -> bytes:
    """Return the first topic of an event, from its signature such as ``Report(address,uint256)``."""
    return keccak(signature.encode())


#: ``AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost)``
ADD_DATA = event_topic("AddData(int64[],uint64,uint256,address,uint256)")
#: ``Sponsored(bytes32 indexed key, address indexed sponsor, address indexed contributor)``
SPONSORED = event_topic("Sponsored(bytes32,address,address)")

_WORD, _ADDRESS_BYTES = 32, 20
#: Before the elements of the array: its place, label, time, cost, and its length.
_HEAD_WORDS = 5
#: No block has a later time: headers have it in 64 bits, of which the sign bit is left to others.
_TIME_BITS = 63


@dataclass(frozen=True)
class LogEntry:
    """A log entry in a receipt.

    Attributes
    ----------
    address : bytes
        The contract that wrote it.
    topics : tuple of bytes
        Each of 32 bytes.
    data : bytes
        ABI encoded.
    transaction : str
        Hash of the transaction, as the node says: receipts do not hold it.
    index : int
        Index of the entry in its block.
    """

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    transaction: str
    index: int


@dataclass(frozen=True)
class Contribution:
    """A sample that the trainer accepted.

    Attributes
    ----------
    data : tuple of int
        The sample, as the classifier takes it.
    label : int
        Its class.
    time : int
        When it was added, in seconds since 1970.
    sender : str
        Address of the contributor.
    cost_wei : int
        The deposit.
    transaction : str
        Hash of the transaction, as the node says.
    log_index : int
        Place of the event among those of its block.
    """

    __repr__ = short_repr

    data: tuple[int, ...]
    label: int
    time: int
    sender: str
    cost_wei: int
    transaction: str
    log_index: int


def contributions(logs: Iterable[LogEntry], trainer: bytes) -> Iterator[Contribution]:
    """Yield the contributions to a trainer among some logs.

    Raises
    ------
    UnknownContractError
        The trainer logs something of another form under this name.
    """
    for log in logs:
        if log.address != trainer or log.topics[:1] != (ADD_DATA,):
            continue
        yield _contribution(log)


def _contribution(log: LogEntry) -> Contribution:
    """Decode an event.

    eth_abi takes a millisecond for a hundred elements, so numpy reads the words, which must be as Solidity writes them.
    """
    raw = log.data
    words = np.frombuffer(raw[: len(raw) // _WORD * _WORD], ">i8").reshape(-1, 4)
    count = len(words) - _HEAD_WORDS
    if count < 0 or len(raw) % _WORD or len(log.topics) != 2 or any(log.topics[1][:-_ADDRESS_BYTES]):
        raise _malformed(log)
    place, label, time, cost, length = (int.from_bytes(raw[i * _WORD : (i + 1) * _WORD], "big") for i in range(5))
    elements = words[_HEAD_WORDS:]
    extended = np.all(elements[:, :3] == (elements[:, 3:] >> 63))  # the sign fills the word
    if place != (_HEAD_WORDS - 1) * _WORD or length != count or label >> 64 or time >> _TIME_BITS or not extended:
        raise _malformed(log)
    sender = to_address(log.topics[1][-_ADDRESS_BYTES:])
    return Contribution(tuple(elements[:, 3].tolist()), label, time, sender, cost, log.transaction, log.index)


def read_sponsored(log: LogEntry) -> tuple[bytes, str]:
    """Return the key of a sponsored contribution and who paid.

    Raises
    ------
    UnknownContractError
        The trainer logs something of another form under this name.
    """
    if len(log.topics) != 4 or log.data or any(log.topics[2][:-_ADDRESS_BYTES]):
        raise _malformed(log, "Sponsored")
    return log.topics[1], to_address(log.topics[2][-_ADDRESS_BYTES:])


def _malformed(log: LogEntry, event: str = "AddData") -> UnknownContractError:
    return UnknownContractError(f"log {log.index} of transaction {log.transaction} is not a well-formed {event} event")


def claimed_logs(method: str, result: Any, block_hash: bytes, trainer: bytes) -> list[LogEntry]:
    """Parse an ``eth_getLogs`` answer for one block; only form and order are checked.

    Raises
    ------
    ResponseError
        The answer is malformed, or has foreign, duplicate or unordered logs.
    """
    if not isinstance(result, list):
        raise ResponseError(method, f"result is {result!r:.80}; expected a list")
    logs = [_claimed(method, entry, f"result[{i}]", block_hash) for i, entry in enumerate(result)]
    for i, log in enumerate(logs):
        if log.address != trainer or log.topics[:1] != (ADD_DATA,):
            raise ResponseError(
                method, f"result[{i}] is a log of {to_address(log.address)} or an event that was not requested"
            )
        if i and log.index <= logs[i - 1].index:
            raise ResponseError(method, f"result[{i}] is log {log.index}, after log {logs[i - 1].index} of the block")
    return logs


def _claimed(method: str, entry: Any, where: str, block_hash: bytes) -> LogEntry:
    fields = AnswerFields(method, entry, where)
    if fields.data("blockHash", 32) != block_hash:
        raise fields.wrong(f"{where}.blockHash", entry["blockHash"], f"0x{block_hash.hex()}, as requested")
    if entry.get("removed") not in (None, False):
        raise fields.wrong(f"{where}.removed", entry["removed"], "false: the block is asked for by its hash")
    return read_log(method, fields, where)


def read_log(method: str, fields: AnswerFields, where: str) -> LogEntry:
    """Parse a log entry."""
    topics = enumerate(fields.items("topics"))
    return LogEntry(
        address=fields.data("address", 20),
        topics=tuple(data(method, topic, f"{where}.topics[{i}]", 32) for i, topic in topics),
        data=fields.data("data"),
        transaction=f"0x{fields.data('transactionHash', 32).hex()}",
        index=fields.quantity("logIndex", 64),
    )


def topics_of(logs: Iterable[LogEntry]) -> Iterator[bytes]:
    """Yield the addresses and topics that the Bloom filter of a block must contain."""
    for log in logs:
        yield log.address
        yield from log.topics


def as_filter(trainer: str, block_hash: bytes) -> list[Any]:
    """Return the parameters of ``eth_getLogs`` for the contributions in one block (EIP-234)."""
    return [{"blockHash": f"0x{block_hash.hex()}", "address": trainer, "topics": [f"0x{ADD_DATA.hex()}"]}]
