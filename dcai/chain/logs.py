"""The events of contracts over a range of blocks, from nodes that answer only so much at a time.

Nodes bound `eth_getLogs` by blocks, by results, by bytes or by time, each in its own words. So any refusal of a range
makes it half as long, and what succeeds lets the next one grow again. A single block that is refused is an error.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from dcai.chain.tags import hex_text
from dcai.chain.fields import Fields
from dcai.chain.receipts import prove_logs
from dcai.errors import ResponseError, ResponseTooLongError, RpcError, RpcTimeoutError, shown
from dcai.evm.hashing import to_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future

    from dcai.chain.node import Node

__all__ = ["Log", "Piece", "read_log", "read_logs"]

_METHOD = "eth_getLogs"
#: Blocks of the first request: what most nodes allow.
_FIRST_SPAN = 10_000
#: After a refusal a range grows again when so many in a row have been answered, so that few requests are wasted.
_CALM = 8
#: What no smaller range changes: JSON-RPC's "method not found".
_NO_METHOD = -32601
_MOST_TOPICS = 4
_WORD_BYTES = 32


class Log(NamedTuple):
    """An entry in the log of a block.

    Attributes
    ----------
    block_number, transaction_index, log_index : int
        Its place; the last counts within the block.
    block_hash, transaction_hash : bytes
        32 bytes.
    address : bytes
        20 bytes: the contract whose event it is.
    topics : tuple of int
        The event, and its indexed arguments.
    data : bytes
        The other arguments, in the form of the ABI.
    timestamp : int or None
        Of the block, seconds since 1970, where the node gives it.
    """

    block_number: int
    transaction_index: int
    log_index: int
    block_hash: bytes
    transaction_hash: bytes
    address: bytes
    topics: tuple[int, ...]
    data: bytes
    timestamp: int | None


class Piece(NamedTuple):
    """The logs of a range of blocks, the last one included, in their order."""

    first: int
    last: int
    logs: list[Log]


def read_logs(
    node: Node,
    addresses: Sequence[bytes],
    topics: Iterable[int],
    first: int,
    last: int,
    *,
    prove: bool = False,
    max_parallel: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[Piece]:
    """Yield all logs of some events of some contracts, a range of blocks after the other.

    Parameters
    ----------
    node : Node
        To ask. Its limits hold for each request.
    addresses : sequence of bytes
        The contracts, 20 bytes each.
    topics : iterable of int
        The events: Keccak-256 of their signatures.
    first, last : int
        Range of blocks, the last one included.
    prove : bool
        Check the logs of each block against its receipts, and these against the block's hash; see
        ``dcai.chain.receipts``. Whether a block without logs has none cannot be checked in this way.
    max_parallel : int
        Requests under way at once.
    progress : callable, optional
        Called after each range with the number of blocks that have been read, and of all.

    Yields
    ------
    Piece
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
    under_way: deque[Future[list[Piece]]] = deque()
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
    """How many blocks to ask for at once."""

    def __init__(self) -> None:
        self.size = _FIRST_SPAN
        self._refused = False
        self._answered = 0
        self._lock = threading.Lock()

    def refuse(self, size: int) -> None:
        """Note that so many blocks were too many."""
        with self._lock:
            self.size = min(self.size, max(1, size // 2))
            self._refused, self._answered = True, 0

    def answer(self, size: int) -> None:
        """Note that so many were not."""
        with self._lock:
            # What was asked for before the last change says nothing of the present size.
            if size < self.size:
                return
            self._answered += 1
            if self._answered >= _CALM or not self._refused:
                self.size, self._answered = self.size * 2, 0


class _Reader:
    def __init__(self, node: Node, addresses: Sequence[bytes], topics: Iterable[int], *, prove: bool) -> None:
        self._node = node
        self._prove = prove
        self._addresses = frozenset(addresses)
        self._topics = frozenset(topics)
        self._filter = {
            "address": [to_address(address) for address in addresses],
            "topics": [[f"0x{topic:064x}" for topic in sorted(self._topics)]],
        }
        self.span = _Span()

    def read(self, first: int, last: int) -> list[Piece]:
        """Read a range, in parts where the node refuses it as a whole."""
        pieces: list[Piece] = []
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
                pieces.append(Piece(first, stop, self._proven(logs) if self._prove else logs))
                first = stop + 1
        return pieces

    def _ask(self, first: int, last: int) -> list[Log]:
        asked = {**self._filter, "fromBlock": hex(first), "toBlock": hex(last)}
        result = self._node.request(_METHOD, asked)
        if not isinstance(result, list):
            raise ResponseError(_METHOD, f"result is {shown(result)}; expected a list")
        logs = [read_log(_METHOD, entry, f"result[{i}]") for i, entry in enumerate(result)]
        before = None
        for i, log in enumerate(logs):
            self._check(log, first, last, f"result[{i}]")
            if before is not None:
                _check_next(before, log, f"result[{i}]")
            before = log
        return logs

    def _proven(self, logs: Sequence[Log]) -> list[Log]:
        """Check logs against the receipts of their blocks, and give them the times of these."""
        proven: list[Log] = []
        for _, group in groupby(logs, key=lambda log: log.block_number):
            of_block = list(group)
            header = prove_logs(self._node, of_block, self._is_wanted)
            proven += [log._replace(timestamp=header.timestamp) for log in of_block]
        return proven

    def _is_wanted(self, address: bytes, topics: tuple[int, ...]) -> bool:
        return address in self._addresses and bool(topics) and topics[0] in self._topics

    def _check(self, log: Log, first: int, last: int, where: str) -> None:
        if log.address not in self._addresses:
            raise _lie(where, f"a log of {to_address(log.address)}, which was not asked for")
        if not log.topics or log.topics[0] not in self._topics:
            event = f"0x{log.topics[0]:064x}" if log.topics else "without topics"
            raise _lie(where, f"a log of an event that was not asked for ({event})")
        if not first <= log.block_number <= last:
            raise _lie(where, f"a log of block {log.block_number}, which is not from {first} to {last}")


def _is_refusal(error: RpcError) -> bool:
    """Whether a node may answer half the request."""
    if isinstance(error, (ResponseTooLongError, RpcTimeoutError)):
        return True
    return error.code not in (None, _NO_METHOD)


def read_log(method: str, value: Any, where: str) -> Log:
    """Read a log, as `eth_getLogs` and receipts have it.

    Raises
    ------
    ResponseError
        A field is missing or of the wrong form, or the log was removed from the chain.
    """
    fields = Fields(method, value, where)
    if "removed" in fields and fields.take("removed") is not False:
        raise fields.wrong(f"{where}.removed", fields.take("removed"), "false, for a log that is on the chain")
    topics = fields.data_list("topics")
    if len(topics) > _MOST_TOPICS or any(len(topic) != _WORD_BYTES for topic in topics):
        expected = f"at most {_MOST_TOPICS} words of {_WORD_BYTES} bytes"
        raise fields.wrong(f"{where}.topics", fields.take("topics"), expected)
    return Log(
        block_number=fields.quantity("blockNumber", 64),
        transaction_index=fields.quantity("transactionIndex", 32),
        log_index=fields.quantity("logIndex", 32),
        block_hash=fields.data("blockHash", 32),
        transaction_hash=fields.data("transactionHash", 32),
        address=fields.data("address", 20),
        topics=tuple(int.from_bytes(topic, "big") for topic in topics),
        data=fields.data("data"),
        timestamp=fields.quantity("blockTimestamp", 64) if "blockTimestamp" in fields else None,
    )


def _check_next(before: Log, log: Log, where: str) -> None:
    """Check what two logs, one after the other, say of each other."""
    place, previous = (log.block_number, log.log_index), (before.block_number, before.log_index)
    if place == previous:
        raise _lie(where, f"log {log.log_index} of block {log.block_number} for the second time")
    if place < previous:
        raise _lie(where, f"log {place[1]} of block {place[0]} after log {previous[1]} of block {previous[0]}")
    same_block = log.block_number == before.block_number
    if same_block != (log.block_hash == before.block_hash):
        raise _lie(
            where,
            f"block {log.block_number} with the hash {hex_text(log.block_hash)}, after block {before.block_number} "
            f"with the hash {hex_text(before.block_hash)}",
        )
    if not same_block:
        return
    if log.transaction_index < before.transaction_index:
        raise _lie(where, f"transaction {log.transaction_index} after transaction {before.transaction_index}")
    same_transaction = log.transaction_index == before.transaction_index
    if same_transaction != (log.transaction_hash == before.transaction_hash):
        raise _lie(
            where,
            f"transaction {log.transaction_index} with the hash {hex_text(log.transaction_hash)}, after transaction "
            f"{before.transaction_index} with the hash {hex_text(before.transaction_hash)}",
        )


def _lie(where: str, what: str) -> ResponseError:
    return ResponseError(_METHOD, f"{where} is {what}")
