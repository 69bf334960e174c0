"""Read events over a range of blocks from nodes that limit the size of an answer.

Nodes bound `eth_getLogs` by blocks, by results, by bytes or by time, each in its own words. So any refusal of a range
makes it half as long, and what succeeds lets the next one grow again. A single block that is refused is an error.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from dcai.chain.rpc.events import LogEntry, read_log
from dcai.chain.rpc.fields import AnswerFields
from dcai.chain.rpc.node import NO_METHOD
from dcai.chain.rpc.receipts import proven_logs
from dcai.chain.rpc.tags import hex_text
from dcai.errors import BlockError, ProofError, ResponseError, ResponseTooLongError, RpcError, RpcTimeoutError, shown
from dcai.evm.hashing import to_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dcai.chain.rpc.node import Node

__all__ = ["LogRange", "PlacedLog", "read_logs"]

_METHOD = "eth_getLogs"
_RECEIPTS = "eth_getBlockReceipts"
#: Blocks of the first request: what most nodes allow.
_FIRST_SPAN = 10_000
#: After a refusal a range grows again when so many in a row have been answered, so that few requests are wasted.
_CALM = 8


@dataclass(frozen=True)
class PlacedLog(LogEntry):
    """A log entry and its place on the chain.

    Attributes
    ----------
    block_number, transaction_index : int
        Its block, and the transaction's place in it.
    block_hash : str
        ``0x`` and 64 digits.
    timestamp : int or None
        Unix time of the block, if the node gives it.
    """

    block_number: int
    block_hash: str
    transaction_index: int
    timestamp: int | None


class LogRange(NamedTuple):
    """Ordered logs of a range of blocks, last block included."""

    first: int
    last: int
    logs: list[PlacedLog]


def read_logs(
    node: Node,
    addresses: Sequence[bytes],
    topics: Iterable[bytes],
    first: int,
    last: int,
    *,
    prove: bool = False,
    max_parallel: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[LogRange]:
    """Yield all logs of some events of some contracts, one range of blocks at a time.

    Parameters
    ----------
    node : Node
        The node, whose limits apply to each request.
    addresses : sequence of bytes
        The contracts, 20 bytes each.
    topics : iterable of bytes
        The events: Keccak-256 of their signatures.
    first, last : int
        Range of blocks, the last one included.
    prove : bool
        Check the logs of each block against its receipts, and these against the block's hash; see
        ``dcai.chain.rpc.receipts``. Whether a block without logs has none cannot be checked in this way.
    max_parallel : int
        Requests under way at once.
    progress : callable, optional
        Called after each range with the number of blocks that have been read, and of all.

    Yields
    ------
    LogRange
        Without a gap and without overlap, also where there are no logs.

    Raises
    ------
    ResponseError
        A log is malformed, is not what was asked for, was removed from the chain, stands in the wrong order or twice,
        or says another thing of its block or transaction than the log before it.
    RpcError
        The node cannot be reached, or refuses even single blocks.
    ProofError, BlockError
        With ``prove``: the logs of a block are not those of its receipts, or it has another hash by now.
    """
    reader = _Reader(node, addresses, topics, prove=prove)
    pool = ThreadPoolExecutor(max_parallel, thread_name_prefix="dcai-logs")
    under_way: deque[Future[list[LogRange]]] = deque()
    start = first
    try:
        while start <= last or under_way:
            while start <= last and len(under_way) < max_parallel:
                stop = min(last, start + reader.span.size - 1)
                under_way.append(pool.submit(reader.read, start, stop))
                start = stop + 1
            for piece in under_way.popleft().result():
                yield piece
                if progress is not None:
                    progress(piece.last - first + 1, last - first + 1)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Span:
    """Adaptive number of blocks per request."""

    def __init__(self) -> None:
        self.size = _FIRST_SPAN
        self._refused = False
        self._answered = 0
        self._lock = threading.Lock()

    def refuse(self, size: int) -> None:
        """Record that a request of this many blocks was refused."""
        with self._lock:
            self.size = min(self.size, max(1, size // 2))
            self._refused, self._answered = True, 0

    def answer(self, size: int) -> None:
        """Record that a request of this many blocks was answered."""
        with self._lock:
            # What was asked for before the last change says nothing of the present size.
            if size < self.size:
                return
            self._answered += 1
            if self._answered >= _CALM or not self._refused:
                self.size, self._answered = self.size * 2, 0


class _Reader:
    def __init__(self, node: Node, addresses: Sequence[bytes], topics: Iterable[bytes], *, prove: bool) -> None:
        self._node = node
        self._prove = prove
        self._addresses = frozenset(addresses)
        self._topics = frozenset(topics)
        self._filter = {
            "address": [to_address(address) for address in addresses],
            "topics": [[hex_text(topic) for topic in sorted(self._topics)]],
        }
        self.span = _Span()

    def read(self, first: int, last: int) -> list[LogRange]:
        """Read a range, split into parts if the node refuses it."""
        pieces: list[LogRange] = []
        while first <= last:
            stop = min(last, first + self.span.size - 1)
            try:
                logs = self._ask(first, stop)
            except RpcError as error:
                if first == stop or not _is_refusal(error):
                    raise
                self.span.refuse(stop - first + 1)
            else:
                self.span.answer(stop - first + 1)
                pieces.append(LogRange(first, stop, self._proven(logs) if self._prove else logs))
                first = stop + 1
        return pieces

    def _ask(self, first: int, last: int) -> list[PlacedLog]:
        asked = {**self._filter, "fromBlock": hex(first), "toBlock": hex(last)}
        result = self._node.request(_METHOD, asked)
        if not isinstance(result, list):
            raise ResponseError(_METHOD, f"result is {shown(result)}; expected a list")
        logs = [_read(entry, f"result[{i}]") for i, entry in enumerate(result)]
        before = None
        for i, log in enumerate(logs):
            self._check(log, first, last, f"result[{i}]")
            if before is not None:
                _check_next(before, log, f"result[{i}]")
            before = log
        return logs

    def _proven(self, logs: Sequence[PlacedLog]) -> list[PlacedLog]:
        """Check logs against the receipts of their blocks, and add the blocks' times."""
        proven: list[PlacedLog] = []
        for number, group in groupby(logs, key=lambda log: log.block_number):
            proven += self._proven_in_block(number, list(group))
        return proven

    def _proven_in_block(self, number: int, logs: list[PlacedLog]) -> list[PlacedLog]:
        header = self._node.header(hex(number), verify=True)
        if hex_text(header.hash) != logs[0].block_hash:
            raise BlockError(
                f"block {number} is {hex_text(header.hash)}, and {logs[0].block_hash} in its logs: the chain was "
                "reorganised; try again, with to_block='finalized'"
            )
        try:
            receipts = self._node.request(_RECEIPTS, logs[0].block_hash)
        except RpcError as error:
            if error.code in NO_METHOD:
                raise ProofError(
                    f"the node gives no receipts of blocks ({error}): another node may, or verify=False reads without"
                ) from error
            raise
        found = [log for log in proven_logs(header, receipts) if self._is_wanted(log)]
        if [_content(log) for log in found] != [_content(log) for log in logs]:
            pairs = enumerate(zip(found, logs, strict=False))
            first = next((i for i, (own, log) in pairs if _content(own) != _content(log)), min(len(found), len(logs)))
            raise ProofError(
                f"the node gives {len(logs)} logs of block {number}, and its receipts have {len(found)}; the first "
                f"that differs is number {first}"
            )
        return [replace(log, timestamp=header.timestamp) for log in logs]

    def _is_wanted(self, log: LogEntry) -> bool:
        return log.address in self._addresses and bool(log.topics) and log.topics[0] in self._topics

    def _check(self, log: PlacedLog, first: int, last: int, where: str) -> None:
        if log.address not in self._addresses:
            raise _lie(where, f"a log of {to_address(log.address)}, which was not requested")
        if not log.topics or log.topics[0] not in self._topics:
            event = hex_text(log.topics[0]) if log.topics else "without topics"
            raise _lie(where, f"a log of an event that was not requested ({event})")
        if not first <= log.block_number <= last:
            raise _lie(where, f"a log of block {log.block_number}, outside blocks {first} to {last}")


def _is_refusal(error: RpcError) -> bool:
    """Return whether a smaller request may succeed."""
    if isinstance(error, (ResponseTooLongError, RpcTimeoutError)):
        return True
    return error.code is not None and error.code not in NO_METHOD


def _content(log: LogEntry) -> tuple[Any, ...]:
    return log.index, log.address, log.topics, log.data


def _read(value: Any, where: str) -> PlacedLog:
    fields = AnswerFields(_METHOD, value, where)
    if "removed" in fields and fields.take("removed") is not False:
        raise fields.wrong(f"{where}.removed", fields.take("removed"), "false, for a log that is on the chain")
    return PlacedLog(
        **vars(read_log(_METHOD, fields, where)),
        block_number=fields.quantity("blockNumber", 64),
        block_hash=hex_text(fields.data("blockHash", 32)),
        transaction_index=fields.quantity("transactionIndex", 32),
        timestamp=fields.quantity("blockTimestamp", 64) if "blockTimestamp" in fields else None,
    )


def _check_next(before: PlacedLog, log: PlacedLog, where: str) -> None:
    """Check that two consecutive logs are consistent."""
    place, previous = (log.block_number, log.index), (before.block_number, before.index)
    if place == previous:
        raise _lie(where, f"log {log.index} of block {log.block_number} twice")
    if place < previous:
        raise _lie(where, f"log {place[1]} of block {place[0]} after log {previous[1]} of block {previous[0]}")
    same_block = log.block_number == before.block_number
    if same_block != (log.block_hash == before.block_hash):
        raise _lie(
            where,
            f"block {log.block_number} with the hash {log.block_hash}, after block {before.block_number} "
            f"with the hash {before.block_hash}",
        )
    if not same_block:
        return
    if log.transaction_index < before.transaction_index:
        raise _lie(where, f"transaction {log.transaction_index} after transaction {before.transaction_index}")
    same_transaction = log.transaction_index == before.transaction_index
    if same_transaction != (log.transaction == before.transaction):
        raise _lie(
            where,
            f"transaction {log.transaction_index} with the hash {log.transaction}, after transaction "
            f"{before.transaction_index} with the hash {before.transaction}",
        )


def _lie(where: str, what: str) -> ResponseError:
    return ResponseError(_METHOD, f"{where} is {what}")
