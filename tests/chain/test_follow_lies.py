"""A follower of a node that lies about contributions learns none of it, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dcai import artifacts
from dcai.chain import Follower, Limits, fetch
from dcai.errors import (
    BlockError,
    ChainError,
    DepartureError,
    ProofError,
    ResponseError,
    RpcError,
    UnknownContractError,
)
from tests.support.node import anvil
from tests.support.node.anvil import Anvil
from tests.support.node.lies import Answer, Liar, flip, in_result, send
from tests.support.node.trained import FEATURES, Trained, height, new_model, samples

LIMITS = Limits(tries=2, backoff_s=0.01, max_response_bytes=300_000)


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with anvil.running() as running:
        yield running


@pytest.fixture(scope="module")
def trained(node: Anvil) -> Trained:
    """Block by block three contributions, two in one block, none, and a transfer between others."""
    trained = Trained(node, node.deploy(new_model("SparsePerceptron")).address, artifacts.load("SparsePerceptron"))
    rows = samples("SparsePerceptron", 5)
    for row in rows[:3]:
        trained.add([row])
    trained.add(rows[3:])
    node.mine()
    node.send([(node.account, b"")])
    return trained


@pytest.fixture(scope="module")
def last(node: Anvil, trained: Trained) -> int:
    """The last of its blocks."""
    return height(node)


@pytest.fixture
def follower(liar: Liar, node: Anvil, trained: Trained, last: int) -> Callable[..., Follower]:
    """A follower that has begun with the truth, and has all of it before it."""

    def begin(**more: Any) -> Follower:
        start = fetch(node.url, trained.address, last - 6, num_features=FEATURES)
        return Follower(liar.url, start=start, limits=LIMITS, **more)

    return begin


@pytest.mark.parametrize("verify", [True, False])
def test_an_honest_node_is_followed(
    node: Anvil, trained: Trained, last: int, follower: Callable[..., Follower], verify: bool
) -> None:
    with follower(verify=verify) as twin:
        assert [len(update.applied) for update in twin.run(until=last)] == [1, 1, 1, 2, 0, 0]
        assert twin.model == fetch(node.url, trained.address, last, num_features=FEATURES).model()


def first_log(change: Callable[[dict[str, Any]], Any]) -> Callable[[Any], None]:
    """Alter the last log of a block's first receipt: the trainer's."""

    def alter(receipts: list[dict[str, Any]]) -> None:
        change(receipts[0]["logs"][-1])

    return alter


RECEIPTS: list[tuple[Callable[[Any], Any], type[ChainError], str]] = [
    (lambda r: r[0]["logs"].clear(), ProofError, "omits"),
    (lambda r: r.clear(), ProofError, "omits"),
    (lambda r: r.append(r[0]), ProofError, "adds"),
    (lambda r: r[0]["logs"].append(r[0]["logs"][-1]), ProofError, "the receipts of block"),
    (first_log(lambda log: log.update(data=flip(log["data"]))), ProofError, "alters"),
    (first_log(lambda log: log.update(address=flip(log["address"]))), ProofError, "alters"),
    (first_log(lambda log: log["topics"].__setitem__(1, flip(log["topics"][1]))), ProofError, "alters"),
    (first_log(lambda log: log["topics"].pop()), ProofError, "alters"),
    (lambda r: r[0].update(status="0x0"), ProofError, "root"),
    (lambda r: r[0].update(type="0x7e"), ProofError, "another receipt format"),
    (lambda r: r[0].update(logsBloom=flip(r[0]["logsBloom"])), ProofError, "root"),
    (lambda r: r[0].pop("cumulativeGasUsed") and None, ResponseError, "no field 'cumulativeGasUsed'"),
    (lambda r: r[0].update(logs=7), ResponseError, r"result\[0\].logs is 7; expected a list"),
    (first_log(lambda log: log.update(data="0x0")), ResponseError, r"logs\[0\].data is '0x0'"),
    (first_log(lambda log: log.update(topics=["0x12"])), ResponseError, r"topics\[0\] is '0x12'; expected 32 bytes"),
    (lambda r: {"a": 1}, ResponseError, "expected a list"),
    (lambda r: "0x", ResponseError, "expected a list"),
]


@pytest.mark.parametrize(("change", "error", "message"), RECEIPTS)
def test_lies_about_receipts(
    liar: Liar, follower: Callable[..., Follower], change: Callable[[Any], Any], error: type[ChainError], message: str
) -> None:
    with follower() as twin:
        before = twin.block, twin.model.copy()
        liar.alter = in_result("eth_getBlockReceipts", change)
        for _ in range(2):
            with pytest.raises(error, match=message):
                twin.step()
            assert (twin.block, twin.model) == before
        # It goes on where the node comes to its senses.
        liar.alter = None
        assert twin.step() is not None


def test_two_that_change_places(liar: Liar, follower: Callable[..., Follower]) -> None:
    with follower() as twin:
        liar.alter = in_result("eth_getBlockReceipts", lambda r: r.reverse() if len(r) > 1 else None)
        for _ in range(3):
            twin.step()
        with pytest.raises(ProofError, match="omits, adds or alters"):
            twin.step()


HEADERS: list[tuple[Callable[[Any], Any], type[ChainError], str]] = [
    (lambda b: b.update(logsBloom="0x" + "00" * 256), ProofError, "does not hash to"),
    (lambda b: b.update(receiptsRoot=flip(b["receiptsRoot"])), ProofError, "does not hash to"),
    (lambda b: b.update(parentHash=flip(b["parentHash"])), ProofError, "does not hash to"),
]


@pytest.mark.parametrize(("change", "error", "message"), HEADERS)
def test_lies_about_headers(
    liar: Liar, follower: Callable[..., Follower], change: Callable[[Any], Any], error: type[ChainError], message: str
) -> None:
    with follower() as twin:
        liar.alter = in_result("eth_getBlockByNumber", change)
        with pytest.raises(error, match=message):
            twin.step()


def test_a_block_of_another_height(liar: Liar, node: Anvil, follower: Callable[..., Follower]) -> None:
    other = node.rpc("eth_getBlockByNumber", "0x1", False)

    def replace(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] != "eth_getBlockByNumber" or request["params"][0] == "latest":
            return None
        return {**answer, "result": other}

    with follower() as twin:
        liar.alter = replace
        with pytest.raises(ResponseError, match=r"returned block 1 instead of"):
            twin.step()


def test_headers_that_do_not_link(liar: Liar, follower: Callable[..., Follower]) -> None:
    with follower(verify=False) as twin:
        liar.alter = in_result("eth_getBlockByNumber", lambda b: b.update(parentHash="0x" + "12" * 32))
        before = twin.block
        for _ in range(2):  # the block where it stands is still there: it may be a reorganisation under way
            assert twin.step() is None
        with pytest.raises(BlockError, match=f"has block {before.number}, {before.hash}, and says that"):
            twin.step()
        assert twin.block == before


#: Of the logs of a block, where the node is believed.
LOGS: list[tuple[Callable[[Any], Any], type[ChainError], str]] = [
    (lambda logs: logs.append(logs[0]), ResponseError, r"result\[1\] is log \d+, after log \d+ of the block"),
    (lambda logs: logs[0].update(blockHash="0x" + "12" * 32), ResponseError, "blockHash is '0x12.*as requested"),
    (lambda logs: logs[0].update(address="0x" + "12" * 20), ResponseError, "or an event that was not requested"),
    (lambda logs: logs[0]["topics"].reverse(), ResponseError, "or an event that was not requested"),
    (lambda logs: logs[0].update(topics=[]), ResponseError, "or an event that was not requested"),
    (lambda logs: logs[0].update(removed=True), ResponseError, "removed is True"),
    (lambda logs: logs[0].pop("transactionHash") and None, ResponseError, "no field 'transactionHash'"),
    (lambda logs: logs[0].update(data="0x"), UnknownContractError, "is not a well-formed AddData event"),
    (lambda logs: logs[0]["topics"].pop() and None, UnknownContractError, "is not a well-formed AddData event"),
    (lambda logs: {"logs": logs}, ResponseError, "expected a list"),
    (lambda logs: [7], ResponseError, r"result\[0\] is 7; expected an object"),
]


@pytest.mark.parametrize(("change", "error", "message"), LOGS)
def test_logs_that_cannot_be(
    liar: Liar, follower: Callable[..., Follower], change: Callable[[Any], Any], error: type[ChainError], message: str
) -> None:
    with follower(verify=False) as twin:
        before = twin.block, twin.model.copy()
        liar.alter = in_result("eth_getLogs", lambda logs: change(logs) if logs else None)
        with pytest.raises(error, match=message):
            twin.step()
        assert (twin.block, twin.model) == before


def test_logs_in_another_order(liar: Liar, follower: Callable[..., Follower]) -> None:
    with follower(verify=False) as twin:
        liar.alter = in_result("eth_getLogs", lambda logs: logs.reverse())
        for _ in range(3):
            twin.step()
        with pytest.raises(ResponseError, match=r"result\[1\] is log \d+, after log"):
            twin.step()


def alter_label(logs: list[dict[str, Any]]) -> None:
    for log in logs:
        words = [log["data"][2:][i : i + 64] for i in range(0, len(log["data"]) - 2, 64)]
        words[1] = f"{1 - int(words[1], 16):064x}"
        log["data"] = "0x" + "".join(words)


@pytest.mark.parametrize("change", [list.clear, alter_label])
def test_lies_of_a_node_that_is_believed_are_found_out_by_storage(
    liar: Liar, last: int, follower: Callable[..., Follower], change: Callable[[Any], Any]
) -> None:
    with follower(verify=False) as twin:
        begin = twin.block.number
        liar.alter = in_result("eth_getLogs", change)
        with pytest.raises(DepartureError, match=rf"blocks? {begin + 1}.*: weights\[\d+\] differs"):
            list(twin.run(until=last))


def refusing(method: str, code: int = -32601) -> Callable[[dict[str, Any], Answer], Answer | None]:
    def refuse(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] != method:
            return None
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": code, "message": "no"}}

    return refuse


def test_a_node_without_receipts(
    liar: Liar, node: Anvil, trained: Trained, last: int, follower: Callable[..., Follower]
) -> None:
    with follower(compare_every=1000) as twin:
        liar.alter = refusing("eth_getBlockReceipts")
        for _ in range(4):
            twin.step()
        followed: Any = twin.snapshot().followed
        assert (followed.num_learned, followed.proven) == (5, False)
        assert "the node, for the contributions" in twin.snapshot().trust
        assert liar.methods().count("eth_getBlockReceipts") == 1
        list(twin.run(until=last))
        assert twin.snapshot() == fetch(node.url, trained.address, last, num_features=FEATURES)


def test_the_filter_of_the_header_limits_what_such_a_node_can_add(
    liar: Liar, follower: Callable[..., Follower]
) -> None:
    refuse = refusing("eth_getBlockReceipts")
    lie = in_result("eth_getLogs", lambda logs: logs[0]["topics"].__setitem__(1, "0x" + "00" * 12 + "ab" * 20))
    with follower() as twin:
        liar.alter = lambda request, answer: refuse(request, answer) or lie(request, answer)
        with pytest.raises(ProofError, match="that its header's Bloom filter excludes"):
            twin.step()


def test_a_block_without_contributions_costs_no_receipts(
    liar: Liar, last: int, follower: Callable[..., Follower]
) -> None:
    with follower() as twin:
        list(twin.run(until=last))
    assert liar.methods().count("eth_getBlockReceipts") == 4
    assert "eth_getLogs" not in liar.methods()


def test_a_node_that_keeps_no_old_states(liar: Liar, node: Anvil, last: int, follower: Callable[..., Follower]) -> None:
    """It is not compared where that cannot be, and is where it can."""

    def forget(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] == "eth_getProof" and int(request["params"][2], 16) <= last:
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32000, "message": "missing trie node"}}
        return None

    with follower(compare_every=4) as twin:
        for _ in range(135):
            node.mine()
        liar.alter = forget
        updates = list(twin.run(until=last + 3))
    assert [update.compared for update in updates] == [False] * 7 + [True, True]
    # A recent state is not forgotten: there it is an error.
    start = fetch(node.url, twin.address, height(node) - 2, num_features=FEATURES)
    with Follower(liar.url, start=start, limits=LIMITS, compare_every=1) as twin:
        liar.alter = refusing("eth_getProof", -32000)
        with pytest.raises(RpcError, match="eth_getProof"):
            twin.step()


def test_no_answer_and_no_json(liar: Liar, follower: Callable[..., Follower], tmp_path: Path) -> None:
    with follower() as twin:
        before = twin.block, twin.model.copy()
        for content, error in ((b"<html>", ResponseError), (b"[" * 100, ResponseError), (b"", ResponseError)):

            def reply(handler: Any, _: bytes, content: bytes = content) -> bool:
                send(handler, content)
                return True

            liar.reply = reply
            with pytest.raises(error):
                twin.step()
            assert (twin.block, twin.model) == before
        liar.reply = None
        liar.alter = in_result("eth_getBlockReceipts", lambda _: None)
        assert twin.step() is not None


def test_a_block_that_the_node_forgets_at_once(liar: Liar, follower: Callable[..., Follower]) -> None:
    def forget(request: dict[str, Any], answer: Answer) -> Answer | None:
        return {**answer, "result": None} if request["method"] == "eth_getBlockReceipts" else None

    with follower() as twin:
        liar.alter = forget
        with pytest.raises(BlockError, match="no receipts of block"):
            twin.step()
