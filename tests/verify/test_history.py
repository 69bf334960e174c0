"""Histories on a real node, replayed: equal, or told where they depart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import artifacts, chain, verify
from dcai.cli import main
from dcai.errors import InputError, NoCodeError, ProofError
from dcai.evm.abi import Abi
from dcai.evm.hashing import mapping_slot
from dcai.verify.history.compare import compare
from dcai.verify.history.run import HistoryReplay
from tests.support.node import anvil, lies
from tests.support.node.trained import FEATURES, MODELS, Trained, height, new_model, samples
from tests.support.node.trainers import checksummed

DENSE, SPARSE = "DensePerceptron", "SparsePerceptron"
#: The slot of the mapping of weights, by the layout in the contract's documentation.
WEIGHTS = 3


@pytest.fixture(scope="module")
def node() -> Iterator[anvil.Anvil]:
    with anvil.running() as running:
        yield running


def create(node: anvil.Anvil, name: str) -> str:
    return node.deploy(new_model(name)).address


def send(node: anvil.Anvil, name: str, address: str, *calls: tuple[str, Any]) -> None:
    """Send transactions of the owner, each in a block of its own."""
    abi = Abi(artifacts.load(name).abi)
    for function, arguments in calls:
        node.send([(address, abi.function(function, len(arguments)).encode(arguments))])


def trained(node: anvil.Anvil, name: str, sizes: list[int]) -> Trained:
    """Return a classifier whose trainer has accepted so many contributions in each of some blocks."""
    by = Trained(node, create(node, name), artifacts.load(name))
    rows = iter(samples(name, sum(sizes)))
    for size in sizes:
        by.add([next(rows) for _ in range(size)])
    return by


def replay(node: anvil.Anvil, address: str, **arguments: Any) -> HistoryReplay:
    run = HistoryReplay(node.url, address, block="latest", **arguments)
    run.run()
    return run


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dcai", "verify", "history", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def alter(node: anvil.Anvil, address: str, index: int, weight: int) -> None:
    slot = mapping_slot(index, WEIGHTS)
    node.batch([("anvil_setStorageAt", [address, f"0x{slot:064x}", f"0x{weight % (1 << 80):064x}"])])


# -- equal -- #


def test_two_thousand_contributions_and_one_altered_weight(
    node: anvil.Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    by = trained(node, SPARSE, [100] * 20)
    report = verify.replay_history(node.url, by.trainer, block="latest")
    assert report.verdict == "passed"
    facts = report.sections[0].facts
    assert facts["contributions replayed"] == 2000
    assert facts["blocks compared"] == 4
    in_storage = chain.fetch(node.url, by.address, "latest", num_features=FEATURES).model()
    assert facts["model"] == in_storage.fingerprint()

    weight = int(in_storage.weights[5])  # type: ignore[attr-defined]
    alter(node, by.address, 5, weight + 1)
    node.mine()
    departed = height(node)
    for row in samples(SPARSE, 3, seed=9):
        by.add([row])
    page = tmp_path / "history.html"
    assert (
        command(monkeypatch, by.address, "--rpc", node.url, "--block", "latest", "--report", str(page), "--json") == 1
    )
    (finding,) = json.loads(capsys.readouterr().out)["sections"][0]["findings"]
    assert f"first departs from its history in block {departed}: weights[5]" in finding["what"]
    details = finding["details"]
    assert (details["block"], details["field"]) == (departed, "weights[5]")
    assert (details["expected"], details["actual"]) == (str(weight), str(weight + 1))
    assert details["transaction"].startswith("no replayed transaction")
    assert f"block {departed}" in page.read_text()


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("proven", [True, False])
def test_each_block_is_equal(node: anvil.Anvil, name: str, proven: bool) -> None:
    by = trained(node, name, [1, 7, 2, 12])
    run = replay(node, by.trainer, compare_every=1, verify=proven)
    assert (run.partial, run.departure, dict(run.unproven)) == (None, None, {})
    assert run.replayed["contributions"] == 22
    # The creation, the two transfers of ownership and four blocks of contributions: 6 blocks in all.
    assert len(run.checkpoints) == 6
    assert run.checkpoints[-1].block == height(node)
    features = {"num_features": FEATURES} if name.startswith("Sparse") else {}
    assert run.replica is not None
    assert run.replica.model() == chain.fetch(node.url, by.address, "latest", **features).model()  # type: ignore[arg-type]
    assert bool(run.checkpoints[-1].root) is proven


def test_a_weight_that_becomes_zero_again(node: anvil.Anvil) -> None:
    """Chains forget it. This node keeps the zero in its trie, and the root has it."""
    by = trained(node, SPARSE, [])
    for row in (([3], 1), ([4], 1), ([3], 0)):
        by.add([row])
    run = replay(node, by.trainer)
    assert (run.partial, run.departure) == (None, None)
    assert run.replica is not None
    assert dict(run.replica.model().state()["weights"]).get(3, 0) == 0


INITIAL: list[tuple[dcai.Classifier, list[tuple[str, Any]]]] = [
    (
        dcai.DensePerceptron([1, 2], 0, 10**8),
        [("initializeWeights", [[3, -4]]), ("addFeatureIndices", [[8, 9, 11, 30]])],
    ),
    (
        dcai.SparsePerceptron([1, 2], 0, 10**8),
        [("initializeWeights", [70_000, [3, -4]]), ("initializeSparseWeights", [[[1 << 40, 7]]])],
    ),
    (
        dcai.NearestCentroidClassifier([[1, 2], [3, 4]], [1, 1]),
        [("extendCentroid", [[5], 0]), ("extendCentroid", [[6], 1]), ("addClass", [[7, 8, 9], "third", 2])],
    ),
    (
        dcai.SparseNearestCentroidClassifier([[(1 << 20, 5)], []], [1, 1]),
        [("extendCentroid", [[[1 << 31, 6]], 1]), ("addClass", [[[70_001, 8]], "third", 2])],
    ),
]


@pytest.mark.parametrize(("model", "calls"), INITIAL, ids=lambda one: type(one).__name__)
def test_what_an_owner_did_before_and_without_a_trainer(node: anvil.Anvil, model: Any, calls: Any) -> None:
    """Initialisation, updates of the owner's own, calls of others that fail, and then a trainer."""
    name = model.spec.contract
    deployed = node.deploy(model)
    send(node, name, deployed.address, *calls)
    size = 4 if name == DENSE else 3
    data = [[0, 1]] * 3 if name.startswith("Sparse") else [[10**9, *[0] * (size - 1)]] * 3
    deployed.update(data, [1, 1, 0])
    stranger = node.rpc("eth_accounts")[1]
    calldata = Abi(artifacts.load(name).abi).function("update", 2).encode((data[0], 1))
    fields = {"from": stranger, "to": deployed.address, "data": f"0x{calldata.hex()}", "gas": hex(1 << 20)}
    node.rpc("eth_sendTransaction", fields)
    node.mine()
    run = replay(node, deployed.address, compare_every=1)
    assert (run.partial, run.departure) == (None, None)
    assert run.replayed["calls of update"] == 3
    assert run.owners == [checksummed(node.account)]
    by = Trained(node, deployed.address, artifacts.load(name))
    by.add([(data[0], 1)])
    run = replay(node, by.trainer)
    assert (run.partial, run.departure) == (None, None)
    assert run.owners == [checksummed(node.account), checksummed(by.trainer)]
    assert (run.replayed["calls of update"], run.replayed["contributions"]) == (3, 1)
    assert sum(run.replayed[f"calls of {function}"] for function in {function for function, _ in calls}) == len(calls)


@pytest.mark.parametrize("name", MODELS)
def test_a_start_that_is_read(node: anvil.Anvil, name: str) -> None:
    by = trained(node, name, [5, 5])
    middle = height(node)
    by.add(samples(name, 20, seed=3))
    run = replay(node, by.address, from_block=middle)
    assert (run.partial, run.departure) == (None, None)
    assert (run.first_block, run.replayed["contributions"]) == (middle, 20)
    assert run.start.startswith(f"its storage in block {middle}")


# -- different -- #


def test_an_alteration_between_contributions(node: anvil.Anvil) -> None:
    """The block after it is named, whose only contribution is the transaction."""
    by = trained(node, SPARSE, [3, 3])
    alter(node, by.address, 2, 12345)
    (receipt,) = by.add(samples(SPARSE, 1, seed=4))
    departed = height(node)
    by.add(samples(SPARSE, 6, seed=5))
    for more in ({}, {"compare_every": 1}, {"from_block": departed - 3}):
        departure = replay(node, by.trainer, **more).departure
        assert departure is not None
        assert departure.until == departed
        assert departure.differences[0].field == "weights[2]"
        own = [change for change in departure.changes if change.block_number == departed]
        assert [change.transaction for change in own] == [receipt["transactionHash"]]


def test_an_alteration_that_no_block_has(node: anvil.Anvil, monkeypatch: Any, capsys: Any) -> None:
    """The node's storage is not that of its own last block."""
    by = trained(node, SPARSE, [3])
    alter(node, by.address, 2, 12345)
    last = height(node)
    assert command(monkeypatch, by.trainer, "--rpc", node.url, "--block", "latest") == 1
    printed = capsys.readouterr().out
    assert f"departs from its history in block {last}, according to the node, without proof: weights[2]" in printed
    node.mine()  # so that the next test finds a node that agrees with itself


def test_a_word_that_nobody_can_name(node: anvil.Anvil) -> None:
    """A feature without a name has only a hash: the root of storage shows it."""
    by = trained(node, SPARSE, [3])
    alter(node, by.address, 1 << 50, 1)
    node.mine()
    departure = replay(node, by.trainer).departure
    assert departure is not None
    assert departure.until == height(node)
    assert "a word that no transaction wrote" in departure.differences[0].field


def test_withheld_contributions(node: anvil.Anvil) -> None:
    """A node that leaves all of a block's contributions away is found out by the block's storage."""
    by = trained(node, DENSE, [3, 3])
    withheld = height(node)
    by.add(samples(DENSE, 3, seed=6))

    def keep(logs: list[Any]) -> list[Any]:
        return [log for log in logs if log["blockNumber"] != hex(withheld)]

    with lies.Liar(node.url) as liar:
        liar.alter = lies.in_result("eth_getLogs", keep)
        run = HistoryReplay(liar.url, by.trainer, block="latest")
        run.run()
        assert run.departure is not None
        assert (run.departure.after, run.departure.until) == (withheld - 1, withheld)
        # One of several is missed in the receipts; the two transfers of ownership are left in peace.
        liar.alter = lies.in_result("eth_getLogs", lambda logs: logs[:-1] if len(logs) > 2 else logs)
        with pytest.raises(ProofError, match="receipts have"):
            verify.replay_history(liar.url, by.trainer, block="latest")


def test_a_contribution_that_the_kernel_refuses(node: anvil.Anvil) -> None:
    """The chain took it, for the weights were longer there."""
    by = trained(node, DENSE, [2])
    slot = f"0x{WEIGHTS:064x}"
    before = node.rpc("eth_getStorageAt", by.address, slot, "latest")
    node.batch([("anvil_setStorageAt", [by.address, slot, f"0x{FEATURES + 1:064x}"])])
    by.add([([0] * FEATURES + [10**9], 1)])
    departed = height(node)
    departure = replay(node, by.trainer).departure
    assert int(before, 16) == FEATURES
    assert departure is not None
    assert departure.until == departed
    assert "the outcome of transaction" in departure.differences[0].field


# -- cut short -- #


def test_a_time_budget(node: anvil.Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    by = trained(node, DENSE, [2])
    file = tmp_path / "history.json"
    at = ("--rpc", node.url, "--block", "latest", "--report", str(file))
    assert command(monkeypatch, by.trainer, *at, "--time-budget", "0") == 3
    assert "partial: time budget" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert (written["verdict"], written["partial"]) == ("partial", ["time budget"])
    assert written["sections"][0]["facts"]["contributions replayed"] == 0


def test_an_interrupt_leaves_what_was_done(node: anvil.Anvil, tmp_path: Path, monkeypatch: Any) -> None:
    by = trained(node, DENSE, [2, 2, 2])
    compared: list[int] = []

    def interrupted(*arguments: Any, **options: Any) -> Any:
        if len(compared) == 2:
            raise KeyboardInterrupt
        compared.append(1)
        return compare(*arguments, **options)

    monkeypatch.setattr("dcai.verify.history.run.compare", interrupted)
    file = tmp_path / "history.json"
    at = ("--rpc", node.url, "--block", "latest", "--compare-every", "2", "--report", str(file))
    assert command(monkeypatch, by.trainer, *at) == 3
    written = json.loads(file.read_text())
    assert (written["verdict"], written["partial"]) == ("partial", ["interrupted"])
    assert written["sections"][0]["facts"]["blocks compared"] == 2


def test_a_node_that_dies(node: anvil.Anvil) -> None:
    by = trained(node, DENSE, [2, 2])
    with lies.Liar(node.url) as liar:
        liar.alter = lies.in_result("eth_getProof", lambda _: "nonsense")
        report = verify.replay_history(liar.url, by.trainer, block="latest")
    assert report.verdict == "partial"
    assert "eth_getProof" in report.reasons[0]


# -- wrong usage -- #


def test_arguments(node: anvil.Anvil) -> None:
    by = trained(node, DENSE, [1])
    with pytest.raises(InputError, match="from_block is -1"):
        HistoryReplay(node.url, by.trainer, from_block=-1)
    with pytest.raises(InputError, match="compare_every is 0"):
        HistoryReplay(node.url, by.trainer, compare_every=0)
    with pytest.raises(InputError, match="the last block is"):
        replay(node, by.trainer, from_block=10**6)
    with pytest.raises(NoCodeError, match="no contract"):
        replay(node, "0x" + "c1" * 20)
