"""A node that lies about one thing at a time is found out, by an error that says about what, and nothing is written."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import artifacts
from dcai.chain import Limits, Snapshot, fetch
from dcai.errors import (
    BlockError,
    ChainError,
    ProofError,
    ResponseError,
    ResponseTooLongError,
    RpcError,
    RpcTimeoutError,
    UnknownContractError,
)
from dcai.evm.storage import expected_storage
from tests.support.node.anvil import Anvil
from tests.support.node.lies import Answer, Liar, flip, in_result, send

LIMITS = Limits(tries=2, backoff_s=0.01, max_response_bytes=200_000, slots_per_request=20)


@pytest.fixture(scope="module")
def contract(node: Anvil) -> tuple[str, Any]:
    model = dcai.SparsePerceptron(range(1, 51), 3, 10**9)
    code = artifacts.load("SparsePerceptron").deployed_bytecode
    return node.place(code, expected_storage(model, node.account), address="0x" + "11" * 20), model


@pytest.fixture
def ask(liar: Liar, contract: tuple[str, Any]) -> Callable[..., Snapshot]:
    """Fetch from the liar, with short limits."""

    def run(**arguments: Any) -> Snapshot:
        return fetch(liar.url, contract[0], "latest", **{"num_features": 60, "limits": LIMITS, **arguments})

    return run


def test_an_honest_node_is_believed(ask: Callable[..., Snapshot], contract: tuple[str, Any]) -> None:
    assert ask().model() == contract[1]
    assert ask(verify=False).model() == contract[1]


# -- lies that proofs find out -- #


def storage_entry(i: int, change: Callable[[dict[str, Any]], None]) -> Callable[[Any], None]:
    def alter(result: dict[str, Any]) -> None:
        # One request asks for the fixed slots, and the others for twenty each.
        if len(result["storageProof"]) > i:
            change(result["storageProof"][i])

    return alter


def set_value(entry: dict[str, Any]) -> None:
    entry["value"] = hex(int(entry["value"], 16) + 1)


def change_roots(result: dict[str, Any]) -> None:
    for entry in result["storageProof"]:
        entry["proof"][0] = flip(entry["proof"][0])


def swap_proofs(result: dict[str, Any]) -> None:
    for entry in result["storageProof"]:
        entry["proof"] = result["storageProof"][0]["proof"]


PROVEN: list[tuple[str, Callable[[Any], Any], str]] = [
    ("eth_getProof", storage_entry(8, set_value), "slot 0x.* holds .*; proven is"),
    ("eth_getProof", storage_entry(8, lambda e: e["proof"].__setitem__(-1, flip(e["proof"][-1]))), "does not follow"),
    ("eth_getProof", change_roots, "does not follow"),
    ("eth_getProof", storage_entry(8, lambda e: e["proof"].pop()), "does not follow"),
    ("eth_getProof", lambda r: [e["proof"].clear() for e in r["storageProof"]] and None, "does not follow"),
    ("eth_getProof", swap_proofs, "does not follow"),
    ("eth_getProof", lambda r: r["accountProof"].clear(), "account 0x1111.* does not follow"),
    ("eth_getProof", lambda r: r["accountProof"].__setitem__(-1, flip(r["accountProof"][-1])), "does not follow"),
    ("eth_getProof", lambda r: r.update(balance="0x7"), "says that balance_wei of 0x1111.* is 7; proven is 0"),
    ("eth_getProof", lambda r: r.update(nonce="0x7"), "nonce"),
    ("eth_getProof", lambda r: r.update(codeHash=flip(r["codeHash"])), "code_hash"),
    ("eth_getProof", lambda r: r.update(storageHash=flip(r["storageHash"])), "storage_root"),
    ("eth_getCode", flip, "the code that the node gives"),
    ("eth_getCode", lambda code: "0x", "the code that the node gives"),
    ("eth_getBlockByNumber", lambda b: b.update(stateRoot=flip(b["stateRoot"])), "does not hash to"),
    ("eth_getBlockByNumber", lambda b: b.update(hash=flip(b["hash"])), "does not hash to"),
    ("eth_getBlockByNumber", lambda b: b.update(timestamp="0x1"), "does not hash to"),
    ("eth_getBlockByNumber", lambda b: b.update(withdrawalsRoot=flip(b["withdrawalsRoot"])), "does not hash to"),
    ("eth_getBlockByNumber", lambda b: b.update(extraData="0x00"), "does not hash to"),
    ("eth_getBlockByNumber", lambda b: b.pop("requestsHash") and None, "does not hash to"),
]


@pytest.mark.parametrize(("method", "change", "message"), PROVEN)
def test_what_proofs_find_out(
    liar: Liar, ask: Callable[..., Snapshot], method: str, change: Callable[[Any], Any], message: str
) -> None:
    liar.alter = in_result(method, change)
    with pytest.raises(ProofError, match=message):
        ask()


def test_a_node_without_proofs(liar: Liar, ask: Callable[..., Snapshot], contract: tuple[str, Any]) -> None:
    def refuse(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] != "eth_getProof":
            return None
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32601, "message": "no such method"}}

    liar.alter = refuse
    with pytest.raises(ProofError, match=r"gives no proofs .*verify=False"):
        ask()
    assert ask(verify=False).model() == contract[1]


def test_without_proofs_a_lie_is_believed_and_said_to_be(liar: Liar, ask: Callable[..., Snapshot]) -> None:
    liar.alter = in_result("eth_getStorageAt", lambda word: word if int(word, 16) != 50 else hex(51))
    snapshot = ask(verify=False)
    model: Any = snapshot.model()
    assert model.weights[49] == 51
    assert snapshot.storage_root is None
    assert "proven: nothing" in snapshot.trust


# -- another block -- #


def test_the_chain_is_reorganised_meanwhile(liar: Liar, ask: Callable[..., Snapshot]) -> None:
    seen = []

    def change(block: dict[str, Any]) -> None:
        seen.append(block)
        if len(seen) > 1:
            block["hash"] = "0x" + "99" * 32

    liar.alter = in_result("eth_getBlockByNumber", change)
    with pytest.raises(BlockError, match=r"is 0x9999.* now: the chain was reorganised"):
        ask()


@pytest.mark.parametrize("verify", [True, False])
def test_another_block_than_was_asked_for(node: Anvil, liar: Liar, contract: tuple[str, Any], verify: bool) -> None:
    number = int(node.rpc("eth_blockNumber"), 16)
    earlier = node.rpc("eth_getBlockByNumber", hex(number - 1), False)
    latest = node.rpc("eth_getBlockByNumber", hex(number), False)
    liar.alter = lambda request, answer: {**answer, "result": earlier} if "Block" in request["method"] else None
    arguments: Any = {"num_features": 60, "limits": LIMITS, "verify": verify}
    with pytest.raises(BlockError, match=f"returned block {number - 1} instead of {number}"):
        fetch(liar.url, contract[0], number, **arguments)
    with pytest.raises(BlockError, match=f"returned block {earlier['hash']} instead of {latest['hash']}"):
        fetch(liar.url, contract[0], block_hash=latest["hash"], **arguments)


# -- answers that are none -- #


def instead(method: str, fields: dict[str, Any]) -> Callable[[dict[str, Any], Answer], Answer | None]:
    """Alter the envelope of the answers to a method; None takes a field away."""

    def alter(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] != method:
            return None
        return {name: value for name, value in {**answer, **fields}.items() if value is not None}

    return alter


METHODS = ["eth_chainId", "eth_getBlockByNumber", "eth_getProof", "eth_getCode", "eth_getStorageAt"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"id": 10**6}, ResponseError, "id 1000000"),
        ({"id": True}, ResponseError, "id True"),
        ({"id": None}, ResponseError, "not a JSON-RPC 2.0 answer"),
        ({"jsonrpc": "1.0"}, ResponseError, "not a JSON-RPC 2.0 answer"),
        ({"result": None}, ResponseError, "neither 'result' nor 'error'"),
        ({"result": 7}, ResponseError, "is 7; expected"),
        ({"result": "0xzz"}, ResponseError, "is '0xzz'; expected"),
        ({"result": [{}]}, ResponseError, "is \\[\\{\\}\\]; expected"),
        ({"result": "0x" + "1" * 65}, ResponseError, "expected"),
        ({"error": "no"}, ResponseError, "the error of the answer is 'no'"),
        ({"error": {"code": -32000, "message": "too bad"}}, (RpcError, BlockError), "error -32000: 'too bad'"),
        ({"error": {}}, RpcError, "error None: None"),
    ],
)
def test_an_answer_that_is_none(
    liar: Liar, ask: Callable[..., Snapshot], method: str, fields: dict[str, Any], error: Any, message: str
) -> None:
    liar.alter = instead(method, fields)
    with pytest.raises(error, match=message) as caught:
        ask(verify=method != "eth_getStorageAt")
    assert method in str(caught.value)


@pytest.mark.parametrize(
    ("method", "change", "message"),
    [
        ("eth_getProof", lambda r: r.pop("accountProof") and None, "no field 'accountProof'"),
        ("eth_getProof", lambda r: r.pop("storageProof") and None, "no field 'storageProof'"),
        ("eth_getProof", lambda r: r["storageProof"].pop() and None, "expected a list of"),
        ("eth_getProof", lambda r: r["storageProof"].reverse(), r"storageProof\[0\].key is .*as requested"),
        ("eth_getProof", lambda r: r.update(accountProof="0x"), "accountProof is '0x'; expected a list"),
        ("eth_getProof", lambda r: r.update(accountProof=["0x1"]), r"accountProof\[0\] is '0x1'; expected bytes"),
        ("eth_getProof", lambda r: r.update(codeHash="0x12"), "codeHash is '0x12'; expected 32 bytes"),
        ("eth_getBlockByNumber", lambda b: b.pop("stateRoot") and None, "no field 'stateRoot'"),
        ("eth_getBlockByNumber", lambda b: b.pop("mixHash") and None, "no field 'mixHash'"),
        ("eth_getBlockByNumber", lambda b: b.pop("baseFeePerGas") and None, "and no 'baseFeePerGas' before it"),
        ("eth_getBlockByNumber", lambda b: b.update(number="0x" + "f" * 20), "expected a hexadecimal number of 64"),
    ],
)
def test_a_field_of_the_wrong_form(
    liar: Liar, ask: Callable[..., Snapshot], method: str, change: Callable[[Any], Any], message: str
) -> None:
    liar.alter = in_result(method, change)
    with pytest.raises(ResponseError, match=message):
        ask()


def test_a_batch_that_is_answered_in_part(liar: Liar, ask: Callable[..., Snapshot]) -> None:
    def shorten(handler: BaseHTTPRequestHandler, content: bytes) -> bool:
        if not content.startswith(b"[{"):
            return False
        send(handler, b"[" + content[1:-1].split(b"},{")[0].removesuffix(b"}") + b"}]")
        return True

    liar.reply = shorten
    with pytest.raises(ResponseError, match="1 answers to"):
        ask(verify=False)


# -- HTTP -- #


Reply = Callable[[BaseHTTPRequestHandler, bytes], bool]


def raw(content: bytes, status: int = 200, length: int | None = None) -> Reply:
    def reply(handler: BaseHTTPRequestHandler, _: bytes) -> bool:
        send(handler, content, status, length)
        handler.close_connection = True
        return True

    return reply


def endless(handler: BaseHTTPRequestHandler, _: bytes) -> bool:
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"0" * 10_000)
    except OSError:  # the other side had enough
        return True


def trickle(handler: BaseHTTPRequestHandler, _: bytes) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.05)
    except OSError:
        return True


def silent(_handler: BaseHTTPRequestHandler, _: bytes) -> bool:
    time.sleep(3)
    return True


def cut(handler: BaseHTTPRequestHandler, content: bytes) -> bool:
    return raw(content[: len(content) // 2], length=len(content))(handler, content)


def hang_up(handler: BaseHTTPRequestHandler, _: bytes) -> bool:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True
    return True


@pytest.mark.parametrize(
    ("reply", "error", "message"),
    [
        (raw(b"<html>busy</html>"), ResponseError, "not JSON: b'<html>"),
        (raw(b'{"jsonrpc":'), ResponseError, "not JSON"),
        (raw(b""), ResponseError, "not JSON"),
        (raw(b"\xff\xfe\x00"), ResponseError, "not JSON"),
        (raw(b"[" * 100_000), ResponseError, "not JSON"),
        (raw(b"9" * 10_000), ResponseError, "not JSON"),
        (raw(b"[]"), ResponseError, "expected an object"),
        (raw(b"null"), ResponseError, "None is not a JSON-RPC 2.0 answer"),
        (raw(b"0" * 200_001), ResponseTooLongError, "200001 bytes, more than 200000"),
        (endless, ResponseTooLongError, "more than 200000 bytes"),
        (trickle, RpcTimeoutError, r"within 0.5 s \(tried 2 times\)"),
        (silent, RpcTimeoutError, r"within 0.5 s \(tried 2 times\)"),
        (cut, RpcError, r"closed the connection .*\(tried 2 times\)"),
        (hang_up, RpcError, r"cannot be reached .*\(tried 2 times\)"),
        (raw(b"not here", 404), RpcError, "answers HTTP 404"),
        (raw(b"no key", 401), RpcError, "answers HTTP 401"),
        (raw(b"elsewhere", 302), RpcError, "answers HTTP 302"),
        (raw(b"too busy", 503), RpcError, r"answers HTTP 503 \(tried 2 times\)"),
    ],
)
def test_http_that_goes_wrong(
    liar: Liar, ask: Callable[..., Snapshot], reply: Reply, error: type[RpcError], message: str
) -> None:
    liar.reply = reply
    limits = replace(LIMITS, timeout_s=0.5) if reply in (trickle, silent) else LIMITS
    with pytest.raises(error, match=message) as caught:
        ask(limits=limits)
    assert type(caught.value) is error
    assert caught.value.method == "eth_chainId"
    assert "secret" not in str(caught.value)


def test_nobody_there(contract: tuple[str, Any]) -> None:
    with socket.socket() as unused:  # bound, and listening to nobody
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(RpcError, match=r"eth_chainId: 127\.0\.0\.1 cannot be reached"):
            fetch(f"http://127.0.0.1:{port}/secret", contract[0], limits=LIMITS)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_fault_that_passes(liar: Liar, ask: Callable[..., Snapshot], contract: tuple[str, Any], status: int) -> None:
    failed: list[bytes] = []

    def fail_at_first(handler: BaseHTTPRequestHandler, content: bytes) -> bool:
        if content in failed:
            return False
        failed.append(content)
        return raw(b"", status)(handler, content)

    liar.reply = fail_at_first
    assert ask().model() == contract[1]
    assert len(failed) > 5


def test_a_limit_that_passes(liar: Liar, ask: Callable[..., Snapshot], contract: tuple[str, Any]) -> None:
    seen: set[str] = set()

    def limit(request: dict[str, Any], answer: Answer) -> Answer | None:
        if request["method"] in seen:
            return None
        seen.add(request["method"])
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32005, "message": "slow down"}}

    liar.alter = limit
    assert ask().model() == contract[1]
    assert len(seen) == 4


def test_no_more_is_asked_for_than_a_bound(liar: Liar, ask: Callable[..., Snapshot]) -> None:
    with pytest.raises(ChainError, match="more than 30 slots"):
        ask(num_features=30, max_weights=30)
    assert liar.methods().count("eth_getProof") == 2  # for what has a fixed place, and the names of the classes


def test_a_lie_about_names_is_an_error(liar: Liar, ask: Callable[..., Snapshot]) -> None:
    """Unproven words that are no storage of the contract: a string that is not UTF-8."""
    first = int("b10e2d527612073b26eecdfd717e6a320cf44b4afac2b0732d9fcbe2b7fa0cf6", 16)  # keccak256 of the word 1
    liar.alter = lambda request, answer: (
        {**answer, "result": "0x" + "ff" * 31 + "3e"}
        if request["method"] == "eth_getStorageAt" and int(request["params"][1], 16) == first
        else None
    )
    with pytest.raises(UnknownContractError, match="not UTF-8"):
        ask(verify=False)


def test_nothing_is_written(liar: Liar, contract: tuple[str, Any], tmp_path: Path, monkeypatch: Any) -> None:
    from dcai.cli import main  # noqa: PLC0415

    path = tmp_path / "model.json"
    path.write_text("what was there", encoding="utf-8")
    liar.alter = in_result("eth_getProof", storage_entry(8, set_value))
    arguments = ["fetch", contract[0], "--rpc", liar.url, "--block", "latest", "--num-features", "60"]
    monkeypatch.setattr("sys.argv", ["dcai", *arguments, "--output", str(path)])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert exit_.value.code == 3
    assert path.read_text(encoding="utf-8") == "what was there"
    assert list(tmp_path.iterdir()) == [path]
