"""The whole framework to a node: what is predicted, what is checked, and what survives which failure."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dcai import artifacts, chain
from dcai.errors import InputError, ProofError, Revert, RpcError, TransactionError
from dcai.evm.abi import Abi
from dcai.gas import Oracle
from dcai.models import DensePerceptron, SparsePerceptron
from tests.support.node import anvil
from tests.support.node.anvil import Anvil

DAY = 86_400
TERMS = (DAY, 7 * DAY, 9 * DAY, 10**15)
#: Of the first account of anvil's public mnemonic.
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
MODEL = SparsePerceptron([0, 10**9, -(10**9), 5 * 10**8], -1, 10**9)
WAITING = chain.Waiting(timeout_s=20, poll_s=0.05)
#: A node that is gone is not asked again for long.
LIMITS = chain.Limits(tries=1, timeout_s=10)


@pytest.fixture
def node() -> Iterator[Anvil]:
    with anvil.running() as running:
        running.rpc("evm_setAutomine", True)
        yield running


def framework(model: Any = MODEL, **about: str) -> chain.FrameworkBlueprint:
    return chain.FrameworkBlueprint(model, "Stakeable64", TERMS, "a name", "a description", "none", **about)


def deploy(node: Anvil, output: Path, sender: Any = None, blueprint: Any = None, **options: Any) -> dict[str, Any]:
    sender = sender or chain.KeyAccount(KEY)
    options = {"waiting": WAITING, "limits": LIMITS, **options}
    progress = options.pop("progress", None)
    with chain.deployment(node.url, blueprint or framework(), sender, output, **options) as under_way:
        return under_way.run(progress)


def getter(node: Anvil, report: dict[str, Any], role: str, name: str) -> Any:
    contract = report["contracts"][role]
    function = Abi(artifacts.load(contract["contract"]).abi).function(name, 0)
    call = {"to": contract["address"], "data": f"0x{function.encode(()).hex()}"}
    return function.decode(bytes.fromhex(node.rpc("eth_call", call, "latest")[2:]))


def check(node: Anvil, report: dict[str, Any]) -> None:
    """Everything stands where the file says, as the node says."""
    addresses = {role: contract["address"] for role, contract in report["contracts"].items()}
    for role in ("dataHandler", "incentiveMechanism", "classifier"):
        assert getter(node, report, "trainer", role) == addresses[role]
        assert getter(node, report, role, "owner") == addresses["trainer"]
    assert getter(node, report, "trainer", "owner") == report["deployer"]
    assert getter(node, report, "trainer", "name") == "a name"
    assert getter(node, report, "incentiveMechanism", "costWeight") == 10**15
    model = chain.fetch(node.url, addresses["classifier"], "latest", num_features=8).model()
    assert model.to_json() == MODEL.to_json()
    sent = [node.rpc("eth_getTransactionReceipt", one["hash"]) for one in report["transactions"]]
    assert [int(one["status"], 16) for one in sent] == [1] * len(sent)
    assert [int(one["gasUsed"], 16) for one in sent] == [one["gas_used"] for one in report["transactions"]]


@pytest.mark.parametrize("own", [False, True], ids=["a key", "the node's account"])
def test_a_framework_costs_what_was_predicted(node: Anvil, tmp_path: Path, own: bool) -> None:
    sender = chain.NodeAccount(node.account) if own else chain.KeyAccount(KEY)
    output = tmp_path / "deployment.json"
    with chain.deployment(node.url, framework(), sender, output, waiting=WAITING) as under_way:
        quote = under_way.quote()
        before = quote.balance_wei
        assert int(node.rpc("eth_blockNumber"), 16) == 0  # nothing is sent
        report = under_way.run()
    assert json.loads(output.read_text()) == report
    assert not Path(f"{output}.partial").exists()
    check(node, report)
    assert report["gas_used"] == report["gas_predicted"] == quote.gas
    assert [one["difference"] for one in report["transactions"]] == [None] * 7
    assert before - int(node.rpc("eth_getBalance", sender.address, "latest"), 16) == report["fee_wei"]
    assert report["contracts"]["incentiveMechanism"]["constructor"] == {
        "refundWait": DAY,
        "ownerClaimWait": 7 * DAY,
        "anyAddressClaimWait": 9 * DAY,
        "weight": 10**15,
    }
    with pytest.raises(InputError, match="already exists"):
        deploy(node, output, sender)


def test_the_classifier_costs_what_the_oracle_says(node: Anvil, tmp_path: Path) -> None:
    model = DensePerceptron(list(range(1, 700)), 0, 10**9)
    with chain.deployment(
        node.url, framework(model), chain.KeyAccount(KEY), tmp_path / "one.json", gas_cap=3_000_000
    ) as under_way:
        found = [step for step in under_way.steps if step.contract == "DensePerceptron"][:-1]
    chunks = Oracle("DensePerceptron", "osaka").deployment(model, gas_cap=3_000_000).chunks
    assert len(chunks) > 2
    assert [(step.function, step.gas_used) for step in found] == [(one.function, one.gas_used) for one in chunks]
    assert all(step.gas_used <= step.gas_limit <= 3_000_000 for step in found)


class Stop(Exception):
    """Ends a deployment from within."""


def stop_before(step: int, what: Any = None) -> Any:
    def progress(done: int, total: int, _step: Any) -> None:
        if done == step:
            if what is None:
                raise Stop
            what()

    return progress


@pytest.mark.parametrize("own", [False, True], ids=["a key", "the node's account"])
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["state kept", "state lost"])
def test_a_node_that_dies_half_way(tmp_path: Path, how: int, own: bool) -> None:
    output, state = tmp_path / "deployment.json", tmp_path / "state.json"
    with anvil.running("--state", str(state)) as first:
        first.rpc("evm_setAutomine", True)
        sender = chain.NodeAccount(first.account) if own else chain.KeyAccount(KEY)
        with pytest.raises(RpcError, match=r"cannot be reached|breaks off"):
            deploy(first, output, sender, progress=stop_before(4, lambda: first.stop(how)))
        begun = json.loads(Path(f"{output}.partial").read_text())
        hashes = [one["attempt"]["hash"] for one in begun["steps"] if one["attempt"] is not None]
        assert len(hashes) == 4
    with anvil.running("--state", str(state)) as second:
        second.rpc("evm_setAutomine", True)
        assert int(second.rpc("eth_blockNumber"), 16) == (4 if how == signal.SIGTERM else 0)
        report = deploy(second, output, sender)
        check(second, report)
        assert [one["hash"] for one in report["transactions"]][:4] == hashes
        # Nothing was sent twice.
        assert int(second.rpc("eth_getTransactionCount", sender.address, "latest"), 16) == 7


@pytest.mark.parametrize("arrives", [False, True], ids=["lost on its way", "its answer lost"])
@pytest.mark.parametrize("own", [False, True], ids=["a key", "the node's account"])
def test_a_transaction_of_which_nobody_knows(
    node: Anvil, tmp_path: Path, own: bool, arrives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process ended while it sent one: afterwards it is on the chain once."""
    kind = chain.NodeAccount if own else chain.KeyAccount
    sender = kind(node.account if own else KEY)
    send = kind.send
    sent = 0

    def lossy(*args: Any) -> str:
        nonlocal sent
        sent += 1
        if sent != 3:
            return send(*args)
        if arrives:
            send(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(kind, "send", lossy)
    output = tmp_path / "deployment.json"
    with pytest.raises(KeyboardInterrupt):
        deploy(node, output, sender)
    report = deploy(node, output, sender)
    check(node, report)
    assert sent == 7 + (not arrives)
    assert int(node.rpc("eth_getTransactionCount", sender.address, "latest"), 16) == 7


@pytest.mark.parametrize(
    ("method", "value", "message"),
    [
        ("anvil_setStorageAt", f"{1:#066x}", "slot 0x0 of DataHandler64"),
        ("anvil_setCode", "0x00", "the code of DataHandler64"),
    ],
)
def test_what_does_not_stand_there_at_the_end(
    node: Anvil, tmp_path: Path, method: str, value: str, message: str
) -> None:
    output = tmp_path / "deployment.json"
    with chain.deployment(node.url, framework(), chain.KeyAccount(KEY), output, waiting=WAITING) as under_way:
        handler = next(one.address for one in under_way.contracts if one.role == "dataHandler")
        last = len(under_way.steps) - 1
        before = [handler, "0x0", value] if method == "anvil_setStorageAt" else [handler, value]

        def tamper() -> None:
            node.rpc(method, *before)

        with pytest.raises(ProofError, match=message):
            under_way.run(stop_before(last, tamper))
    assert not output.exists()


def test_another_transaction_of_the_account_half_way(node: Anvil, tmp_path: Path) -> None:
    """What is left moves on: other nonces, other addresses."""
    output = tmp_path / "deployment.json"
    with pytest.raises(Stop):
        deploy(node, output, progress=stop_before(2))
    node.rpc("eth_sendTransaction", {"from": node.account, "to": node.account})
    planned = json.loads(Path(f"{output}.partial").read_text())["contracts"]
    report = deploy(node, output)
    check(node, report)
    moved = {one["role"] for one in planned if report["contracts"][one["role"]]["address"] != one["address"]}
    assert moved == {"classifier", "trainer"}
    assert [one["nonce"] for one in report["transactions"]] == [0, 1, 3, 4, 5, 6, 7]
    for one in report["transactions"]:
        assert (one["difference"] is None) == (one["gas_used"] == one["gas_predicted"])


def test_what_is_refused_costs_nothing(node: Anvil, tmp_path: Path) -> None:
    output = tmp_path / "deployment.json"
    blueprint = chain.FrameworkBlueprint(MODEL, "Stakeable64", (2, 1, 3, 0))
    with pytest.raises(Revert) as refused:
        deploy(node, output, blueprint=blueprint)
    assert refused.value == Revert("WaitsNotOrdered", (2, 1, 3))
    with (
        pytest.raises(InputError, match="may cost"),
        chain.deployment(
            node.url, framework(), chain.KeyAccount(KEY), output, fees=chain.Fees(gas_price_wei=10**18)
        ) as under_way,
    ):
        under_way.quote()
    with pytest.raises(InputError, match="below the base fee"):
        deploy(node, output, fees=chain.Fees(max_fee_wei=1))
    assert int(node.rpc("eth_blockNumber"), 16) == 0
    with pytest.raises(InputError, match="is not one of the"):
        deploy(node, output, chain.NodeAccount("0x" + "77" * 20))


def test_another_deployment_is_not_gone_on_with(node: Anvil, tmp_path: Path) -> None:
    output = tmp_path / "deployment.json"
    with pytest.raises(Stop):
        deploy(node, output, progress=stop_before(2))
    other = chain.FrameworkBlueprint(MODEL, "Points64", (1, 2, 3, [1, 5], ["bronze", "silver"]))
    with pytest.raises(InputError, match="is of another deployment: mechanism, terms, about differ"):
        deploy(node, output, blueprint=other)
    assert deploy(node, tmp_path / "other.json", blueprint=other)["gas_used"] > 0


def test_a_transaction_that_fails_is_tried_again(node: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "deployment.json"
    with pytest.raises(Stop):
        deploy(node, output, progress=stop_before(2))
    partial = Path(f"{output}.partial")
    content = json.loads(partial.read_text())
    limit = content["steps"][2]["gas_limit"]
    content["steps"][2]["gas_limit"] = limit // 2
    partial.write_text(json.dumps(content))
    with monkeypatch.context() as patch:
        patch.setattr("dcai.chain.send.transact.Transactor.call", lambda *_args, **_more: b"")
        with pytest.raises(TransactionError, match=r"SparsePerceptron\.constructor failed"):
            deploy(node, output)
    content = json.loads(partial.read_text())
    content["steps"][2]["gas_limit"] = limit
    partial.write_text(json.dumps(content))
    report = deploy(node, output)
    check(node, report)
    assert [len(one["failed"]) for one in report["transactions"]] == [0, 0, 1, 0, 0, 0, 0]


def test_a_transaction_that_the_node_does_not_take(
    node: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run makes another one, with the fee of then."""
    output = tmp_path / "deployment.json"

    def refuse(*_args: Any) -> str:
        raise RpcError("eth_sendRawTransaction", "underpriced", -32000)

    with monkeypatch.context() as patch:
        patch.setattr(chain.KeyAccount, "send", refuse)
        with pytest.raises(TransactionError, match="the node rejected the transaction: underpriced"):
            deploy(node, output)
    fees = chain.Fees(gas_price_wei=7 * 10**9)
    report = deploy(node, output, fees=fees)
    check(node, report)
    assert {one["gas_price_wei"] for one in report["transactions"]} == {7 * 10**9}
