"""Logs from nodes that answer only so much at a time, and from nodes that lie about them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from dcai.chain.rpc.logs import PlacedLog, read_logs
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.provider import Limits
from dcai.errors import ResponseError, ResponseTooLongError, RpcError, RpcTimeoutError
from dcai.evm.hashing import keccak
from tests.support.node.anvil import Anvil
from tests.support.node.lies import Alter, Answer, Liar, flip, in_result, send

LIMITS = Limits(tries=2, backoff_s=0.01)
BLOCKS, LOGS_A_BLOCK = 60, 3
#: log1(the second word of its input, the first as topic): mstore(0, calldataload(32)); log1(0, 32, calldataload(0)).
EMITTER = bytes.fromhex("6020355f525f3560205fa100")
TOPIC, OTHER = keccak(b"this"), keccak(b"that")


@pytest.fixture(scope="module")
def emitted(node: Anvil) -> tuple[bytes, int, int]:
    """Address of a contract, and the range of blocks in which it emitted 0, 1, 2, ..."""
    address = node.place(EMITTER, {}, address="0x" + "e1" * 20)
    another = node.place(EMITTER, {}, address="0x" + "e2" * 20)
    first = int(node.rpc("eth_blockNumber"), 16) + 1
    numbers = itertools.count()
    for _ in range(BLOCKS // 2):
        topics = [TOPIC] * LOGS_A_BLOCK + [OTHER]
        words = [(topic, next(numbers) if topic == TOPIC else 0) for topic in topics]
        calls = [(address, topic + word.to_bytes(32, "big")) for topic, word in words]
        node.send([*calls, (another, TOPIC + bytes(32))])
        node.mine()  # one block without logs
    return bytes.fromhex(address[2:]), first, first + BLOCKS - 1


NUMBERS = list(range(BLOCKS // 2 * LOGS_A_BLOCK))


@pytest.fixture
def read(liar: Liar, emitted: tuple[bytes, int, int]) -> Callable[..., list[PlacedLog]]:
    address, first, last = emitted

    def run(limits: Limits = LIMITS, **arguments: Any) -> list[PlacedLog]:
        with Node(liar.url, limits) as node:
            pieces = list(read_logs(node, [address], [TOPIC], first, last, **arguments))
        assert [piece.first for piece in pieces] == [first, *(piece.last + 1 for piece in pieces[:-1])]
        assert pieces[-1].last == last
        return [log for piece in pieces for log in piece.logs]

    return run


def numbers(logs: list[PlacedLog]) -> list[int]:
    return [int.from_bytes(log.data, "big") for log in logs]


def spans(liar: Liar) -> list[int]:
    asked = [request["params"][0] for request in liar.requests if request["method"] == "eth_getLogs"]
    return [int(one["toBlock"], 16) - int(one["fromBlock"], 16) + 1 for one in asked]


@pytest.mark.parametrize("prove", [False, True])
def test_all_logs_in_their_order(read: Callable[..., list[PlacedLog]], liar: Liar, prove: bool) -> None:
    progress: list[tuple[int, int]] = []
    logs = read(prove=prove, progress=lambda done, total: progress.append((done, total)))
    assert numbers(logs) == NUMBERS
    assert {log.topics for log in logs} == {(TOPIC,)}
    assert spans(liar) == [BLOCKS]
    assert progress == [(BLOCKS, BLOCKS)]


# -- limits -- #


def refuse(too_much: Callable[[int, Answer], bool], code: int, message: str) -> Alter:
    def alter(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] != "eth_getLogs":
            return None
        asked = request["params"][0]
        span = int(asked["toBlock"], 16) - int(asked["fromBlock"], 16) + 1
        if not too_much(span, answer):
            return None
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": code, "message": message}}

    return alter


@pytest.mark.parametrize("max_parallel", [1, 3])
@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32005, "query returned more than 10000 results"),
        (-32602, "range 60 exceeds limit of 7"),
        (-32000, "block range is larger than max block range"),
        (-32600, "You can make eth_getLogs requests with up to a 7 block range."),
        (-32614, "eth_getLogs is limited to a 7 range"),
    ],
)
def test_a_range_that_is_too_wide(
    read: Callable[..., list[PlacedLog]], liar: Liar, code: int, message: str, max_parallel: int
) -> None:
    liar.alter = refuse(lambda span, _: span > 7, code, message)
    assert numbers(read(max_parallel=max_parallel)) == NUMBERS
    asked = spans(liar)
    assert max(span for span in asked if span <= 7) >= 4
    # Nothing was asked for twice: what is refused for its width is not asked for again as it is.
    assert asked.count(BLOCKS) == 1
    assert len(asked) < BLOCKS


def test_ranges_grow_again(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    refusals = itertools.count()
    liar.alter = refuse(lambda span, _: span > 4 and next(refusals) < 4, -32602, "range")
    assert numbers(read()) == NUMBERS
    asked = spans(liar)
    assert asked[:5] == [60, 30, 15, 7, 3]
    assert asked[5:12] == [3] * 7  # eight answers before the next try
    assert asked[12:] == [6] * 6


def test_too_many_results(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    liar.alter = refuse(lambda _, answer: len(answer["result"]) > 10, -32005, "query returned more than 10 results")
    assert numbers(read()) == NUMBERS


def test_answers_that_are_too_long(read: Callable[..., list[PlacedLog]]) -> None:
    assert numbers(read(Limits(tries=1, max_response_bytes=8000))) == NUMBERS


def test_a_gateway_that_gives_up(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    for status in (413, 504):
        liar.requests.clear()

        def reply(handler: BaseHTTPRequestHandler, content: bytes, status: int = status) -> bool:
            if len(content) < 8000:
                return False
            send(handler, b"<html>no</html>", status)
            return True

        liar.reply = reply
        assert numbers(read()) == NUMBERS


def test_a_single_block_that_is_refused(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    liar.alter = refuse(lambda _, __: True, -32602, "the history of this block is pruned")
    with pytest.raises(RpcError, match="history of this block is pruned") as caught:
        read()
    assert caught.value.code == -32602
    assert spans(liar) == [60, 30, 15, 7, 3, 1]


def always(status: int) -> Callable[[BaseHTTPRequestHandler, bytes], bool]:
    def reply(handler: BaseHTTPRequestHandler, content: bytes) -> bool:
        send(handler, b"no", status)
        return True

    return reply


def test_a_single_block_that_takes_too_long(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    liar.reply = always(504)
    with pytest.raises(RpcTimeoutError, match="504"):
        read()
    assert min(spans(liar)) == 1


def test_a_single_block_with_too_many_logs(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    with pytest.raises(ResponseTooLongError, match="more than 100"):
        read(Limits(max_response_bytes=100))
    assert min(spans(liar)) == 1


def test_what_no_smaller_range_changes(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    liar.alter = refuse(lambda _, __: True, -32601, "the method eth_getLogs does not exist")
    with pytest.raises(RpcError, match="does not exist"):
        read()
    assert len(spans(liar)) == 1
    liar.alter, liar.reply = None, always(403)
    with pytest.raises(RpcError, match="403"):
        read()
    assert len(spans(liar)) == 2


def test_a_node_that_is_asked_too_often_is_asked_again(read: Callable[..., list[PlacedLog]], liar: Liar) -> None:
    refusals = iter([True])
    liar.alter = refuse(lambda *_: next(refusals, False), -32005, "daily request count exceeded, request rate limited")
    assert numbers(read()) == NUMBERS
    assert spans(liar) == [BLOCKS, BLOCKS]


# -- lies -- #


def swap(logs: list[Any]) -> None:
    logs[0], logs[LOGS_A_BLOCK] = logs[LOGS_A_BLOCK], logs[0]


def swap_in_block(logs: list[Any]) -> None:
    logs[0], logs[1] = logs[1], logs[0]


LIES: list[tuple[Any, str]] = [
    (lambda logs: logs[0].update(address="0x" + "77" * 20), "a log of 0x7777.*, which was not requested"),
    (
        lambda logs: logs[1].update(topics=[f"0x{OTHER.hex()}"]),
        r"result\[1\] is a log of an event that was not requested",
    ),
    (lambda logs: logs[1].update(topics=[]), "not requested .without topics"),
    (lambda logs: logs[1].update(topics=["0x12"]), r"topics\[0\] is '0x12'; expected 32 bytes"),
    (lambda logs: logs[0].update(blockNumber="0x0"), "of block 0, outside blocks"),
    (lambda logs: logs[-1].update(blockNumber=hex(1 << 40)), "of block 1099511627776, outside blocks"),
    (lambda logs: logs[0].update(removed=True), r"result\[0\].removed is True; expected false"),
    (lambda logs: logs.insert(1, logs[0]), r"result\[1\] is log 0 of block \d+ twice"),
    (lambda logs: logs.append(logs[0]), r"is log 0 of block \d+ after log 2 of block"),
    (swap, "after log"),
    (swap_in_block, "is log 0 of block .* after log 1"),
    (lambda logs: logs[1].update(blockHash=flip(logs[1]["blockHash"])), "with the hash .*, after block"),
    (lambda logs: logs[LOGS_A_BLOCK].update(blockHash=logs[0]["blockHash"]), "with the hash .*, after block"),
    (lambda logs: logs[1].update(transactionIndex="0x0"), "transaction 0 with the hash .*, after transaction 0"),
    (lambda logs: logs[1].update(transactionHash=logs[0]["transactionHash"]), "after transaction 0 with the hash"),
    (lambda logs: logs[0].update(transactionIndex="0x9"), "transaction 1 after transaction 9"),
    (lambda logs: logs[0].update(blockHash="0x12"), "blockHash is '0x12'; expected 32 bytes"),
    (lambda logs: logs[0].update(blockHash=None), "blockHash is None"),
    (lambda logs: logs[0].update(data="0x1"), "data is '0x1'"),
    (lambda logs: logs[0].pop("logIndex") and None, "no field 'logIndex'"),
    (lambda logs: logs[0].update(logIndex="first"), "logIndex is 'first'"),
    (lambda logs: {"logs": logs}, "result is .* expected a list"),
    (lambda logs: "none", "result is 'none'; expected a list"),
    (lambda logs: [*logs, 7], r"result\[90\] is 7; expected an object"),
]


@pytest.mark.parametrize(("change", "message"), LIES)
def test_lies(read: Callable[..., list[PlacedLog]], liar: Liar, change: Any, message: str) -> None:
    liar.alter = in_result("eth_getLogs", change)
    with pytest.raises(ResponseError, match=message) as caught:
        read()
    assert caught.value.method == "eth_getLogs"
    assert len(spans(liar)) == 1
