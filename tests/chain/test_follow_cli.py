"""``dcai follow`` and ``dcai predict`` with a node: files, what is printed, how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from dcai import artifacts, chain
from dcai.artifacts import Artifact
from dcai.cli import main
from dcai.cli._shared import node_options
from dcai.errors import RpcError
from tests.support.node import anvil
from tests.support.node.anvil import Anvil
from tests.support.node.trained import FEATURES, Trained, height, new_model, samples

SPARSE = "SparsePerceptron"


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with anvil.running("--slots-in-an-epoch", "1") as running:
        yield running


@pytest.fixture
def trained(node: Anvil) -> Trained:
    return Trained(node, node.deploy(new_model(SPARSE)).address, artifacts.load(SPARSE))


class Shown(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Shown]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)

    def run_in(*args: Any) -> Shown:
        monkeypatch.setattr(sys, "argv", ["dcai", *map(str, args)])
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        return Shown(code, *capsys.readouterr())

    return run_in


@pytest.fixture
def follow(node: Anvil, trained: Trained, run: Run) -> Run:
    """Follow to the latest block, in a file."""

    def to_here(*args: Any, address: str = trained.address) -> Shown:
        until = ("--until", height(node)) if "--until" not in args else ()
        return run("follow", address, "--rpc", node.url, "--output", "model.snapshot.json.gz", *until, *args)

    return to_here


def saved() -> chain.Snapshot:
    return chain.load("model.snapshot.json.gz")


def test_the_options_know_the_limit_of_the_chain() -> None:
    assert node_options.MAX_WEIGHTS == chain.MAX_WEIGHTS


def test_a_file_is_begun_and_gone_on_from(node: Anvil, trained: Trained, follow: Run) -> None:
    rows = samples(SPARSE, 5)
    begin = height(node)
    (receipt,) = trained.add(rows[:1])
    trained.add(rows[1:3])
    shown = follow("--start", begin, "--num-features", FEATURES)
    assert (shown.returncode, shown.stderr) == (0, "")
    lines = shown.stdout.splitlines()
    assert lines[0].lower() == f"from block {begin}, trainer {trained.trainer}".lower()
    assert lines[1].startswith(f"block {begin + 1}: {receipt['transactionHash']} label {rows[0][1]}, predicted ")
    assert lines[4] == f"block {begin + 2}: equal to storage"
    assert "proven:    code and all" in shown.stdout
    assert f"compared:  last in block {begin + 2}" in lines
    assert lines[-1] == "written:   model.snapshot.json.gz"
    assert saved() == chain.fetch(node.url, trained.address, begin + 2, num_features=FEATURES)

    trained.add(rows[3:])
    shown = follow(address=trained.trainer)  # features and block are in the file
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"from block {begin + 2},")
    assert saved() == chain.fetch(node.url, trained.address, begin + 3, num_features=FEATURES)

    shown = follow()  # nothing new
    assert shown.returncode == 0
    assert saved().block.number == begin + 3


def test_a_departure_is_a_finding_and_leaves_the_file(node: Anvil, originals: dict[str, Artifact], follow: Run) -> None:
    trained = Trained(node, node.deploy(new_model(SPARSE)).address, artifacts.load(SPARSE), originals["Trainer"])
    options: Any = ("--start", height(node), "--num-features", FEATURES)
    assert follow(*options, address=trained.address).returncode == 0
    before = Path("model.snapshot.json.gz").read_bytes()
    trained.add(samples(SPARSE, 1))
    trained.add([([3, 4], 0)], "trainSilently")
    shown = follow(address=trained.address)
    assert shown.returncode == 1
    assert "the contract departs from its contributions in block" in shown.stderr
    assert "weights[3] differs: the contract has" in shown.stderr
    assert Path("model.snapshot.json.gz").read_bytes() == before


def test_a_reorganisation_is_printed(node: Anvil, trained: Trained, follow: Run, monkeypatch: Any) -> None:
    begin, snapshot = height(node), node.rpc("evm_snapshot")
    trained.add(samples(SPARSE, 1))
    trained.add(samples(SPARSE, 2, seed=4))
    step = chain.Follower.step
    asked = 0

    def reorganise(self: chain.Follower, **more: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == 3:
            node.rpc("evm_revert", snapshot)
            for _ in range(3):
                node.mine()
        return step(self, **more)

    monkeypatch.setattr(chain.Follower, "step", reorganise)
    shown = follow("--start", begin, "--num-features", FEATURES, "--until", begin + 3)
    assert shown.returncode == 0
    assert f"block {begin}: reorganisation, undone 2 blocks" in shown.stdout
    assert saved() == chain.fetch(node.url, trained.address, begin + 3, num_features=FEATURES)


def test_what_goes_wrong(node: Anvil, trained: Trained, follow: Run, run: Run) -> None:
    begin = height(node)
    for args, code, message in (
        (("--start", begin), 3, "pass num_features="),
        (("--start", "newest"), 2, "block is 'newest'"),
        (("--start", begin, "--layout", "forest"), 2, "layout is 'forest'"),
        (("--start", begin, "--chain-id", 1), 3, "expected chain 1"),
        (("--start", begin, "--trainer", "0x" + "12" * 20, "--num-features", 3), 3, "belongs to"),
        (("--start", begin, "--num-features", 3, "--until", begin - 1), 2, "until is"),
        (("--start", begin, "--compare-every", 0), 2, "--compare-every"),
    ):
        shown = follow(*args)
        assert (shown.returncode, shown.returncode and message in shown.stderr) == (code, True), shown
    assert not Path("model.snapshot.json.gz").exists()
    assert follow("--start", begin, "--num-features", 3).returncode == 0
    shown = follow("--start", begin)
    assert (shown.returncode, "omit --start, or add --anew" in shown.stderr) == (2, True)
    assert follow("--start", begin, "--num-features", 4, "--anew").returncode == 0
    assert len(saved().features or ()) == 4
    Path("model.snapshot.json.gz").write_bytes(b"\x1f\x8b")
    shown = follow()
    assert (shown.returncode, "it is not a snapshot" in shown.stderr) == (3, True)
    shown = run("follow", trained.address, "--rpc", node.url, "--output", "no/such/folder.json")
    assert (shown.returncode, "does not exist" in shown.stderr) == (2, True)


def test_an_end_that_cannot_be_compared_is_partial(
    node: Anvil, trained: Trained, follow: Run, monkeypatch: Any
) -> None:
    begin = height(node)
    trained.add(samples(SPARSE, 1))

    def refuse(*_: Any) -> None:
        return None  # as where the node no longer has the state

    monkeypatch.setattr(chain.Follower, "_compare", refuse)
    shown = follow("--start", begin, "--num-features", FEATURES)
    assert (shown.returncode, "not compared: the node has pruned the state" in shown.stderr) == (3, True)
    assert saved().followed == chain.Followed(
        chain.fetch(node.url, trained.address, begin, num_features=FEATURES).block, True, 1, True
    )


def test_a_node_that_goes_away_leaves_the_file(node: Anvil, trained: Trained, follow: Run, monkeypatch: Any) -> None:
    begin = height(node)
    trained.add(samples(SPARSE, 1))

    def fail(*_: Any, **__: Any) -> None:
        raise RpcError("eth_getBlockByNumber", "127.0.0.1 cannot be reached")

    monkeypatch.setattr(chain.Follower, "step", fail)
    shown = follow("--start", begin, "--num-features", FEATURES)
    assert (shown.returncode, "cannot be reached" in shown.stderr) == (3, True)
    assert saved().block.number == begin


def test_an_interrupt_leaves_where_it_stood(node: Anvil, trained: Trained, tmp_path: Path) -> None:
    path = tmp_path / "model.snapshot.json"
    begin = height(node)
    command = [sys.executable, "-m", "dcai", "follow", trained.address, "--rpc", node.url, "--output", str(path)]
    command += ["--start", str(begin), "--num-features", str(FEATURES), "--poll", "0.01"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(f"from block {begin}")
        trained.add(samples(SPARSE, 2))
        assert "predicted" in process.stdout.readline()
        assert "predicted" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
        assert "interrupted" in process.stderr.read()
    snapshot = chain.load(path)
    assert snapshot.block.number == begin + 1
    assert snapshot.model() == chain.fetch(node.url, trained.address, begin + 1, num_features=FEATURES).model()
    assert (snapshot.verified, snapshot.followed and snapshot.followed.num_learned) == (False, 2)


# -- predictions -- #


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    X = np.random.default_rng(5).random((50, FEATURES)) < 0.3
    path = tmp_path / "rows.csv"
    header = ",".join(f"f{i}" for i in range(FEATURES))
    path.write_text("\n".join([header, *(",".join(map(str, row.astype(int))) for row in X)]), encoding="utf-8")
    return path


def expected(trained: Trained, rows: Path, block: int) -> list[int]:
    """Return what the contract itself predicts."""
    lines = rows.read_text(encoding="utf-8").splitlines()[1:]
    samples = [[i for i, value in enumerate(line.split(",")) if value == "1"] for line in lines]
    return [trained.predict(sample, block) for sample in samples]


def labels_in(text: str) -> list[int]:
    return [int(line) for line in text.splitlines()[1:]]


def test_a_fetched_and_a_followed_file_predict_as_the_contract(
    node: Anvil, trained: Trained, follow: Run, run: Run, rows: Path
) -> None:
    begin = height(node)
    trained.add(samples(SPARSE, 30))
    labels = expected(trained, rows, height(node))
    assert 0 < sum(labels) < len(labels)
    fetch = ("fetch", trained.address, "--rpc", node.url, "--block", "latest", "--num-features", FEATURES)
    for name in ("fetched.json", "fetched.json.gz"):
        assert run(*fetch, "--output", name).returncode == 0
        shown = run("predict", name, rows)
        assert (shown.returncode, labels_in(shown.stdout)) == (0, labels)
    assert follow("--start", begin, "--num-features", FEATURES).returncode == 0
    shown = run("predict", "model.snapshot.json.gz", rows, "--names")
    assert shown.returncode == 0
    assert [line.split(",")[1] for line in shown.stdout.splitlines()[1:]] == [
        '"ham"' if y == 0 else '"spam"' for y in labels
    ]


def test_the_model_of_a_contract(node: Anvil, trained: Trained, run: Run, rows: Path, monkeypatch: Any) -> None:
    trained.add(samples(SPARSE, 30))
    block = height(node)
    labels = expected(trained, rows, block)
    monkeypatch.setenv("DCAI_RPC_URL", node.url)
    options: Any = ("--block", "latest", "--num-features", FEATURES)
    for address in (trained.address, trained.trainer):
        for source in ((address, rows), ("--address", address, rows)):
            shown = run("predict", *source, *options)
            assert (shown.returncode, labels_in(shown.stdout)) == (0, labels)
            first, proven, *_ = shown.stderr.splitlines()
            assert first.lower() == f"model of {trained.address}, block {block}".lower().replace(
                ",", " on chain 31337,"
            )
            assert proven.startswith("proven: code and all")
    shown = run("predict", trained.address, rows, *options, "--no-verify")
    assert (shown.returncode, "proven: nothing" in shown.stderr) == (0, True)


def test_what_cannot_be_predicted_with(node: Anvil, trained: Trained, run: Run, rows: Path) -> None:
    address = trained.address
    for args, code, message in (
        ((address, rows), 2, "needs a node: pass --rpc"),
        (("--address", address, rows), 2, "needs a node: pass --rpc"),
        ((address, "--rpc", node.url), 2, "Missing argument 'ROWS...'"),
        (("--address", address, "nowhere.csv", "--rpc", node.url), 2, "'nowhere.csv' does not exist"),
        (("nowhere.json", rows), 2, "'nowhere.json' does not exist"),
        ((rows, rows, "--block", "latest"), 2, "--block needs a contract"),
        ((address, rows, "--rpc", node.url, "--block", "latest"), 3, "pass num_features="),
        ((f"0x{'12' * 20}", rows, "--rpc", node.url), 3, "holds no contract"),
        (("--address", "0x12", rows, "--rpc", node.url), 2, "address is '0x12'"),
    ):
        shown = run("predict", *args)
        assert (shown.returncode, message in shown.stderr) == (code, True), (args, shown)
