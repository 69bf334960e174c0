"""``dcai fetch``: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import artifacts, chain
from dcai.cli import main
from dcai.evm.storage import expected_storage
from tests.support.node.anvil import Anvil
from tests.support.node.trainers import deploy_framework

MODEL = dcai.SparsePerceptron([1, 2, 3], 0, 10**9, classifications=["ham", "spam"])


@pytest.fixture(scope="module")
def address(node: Anvil) -> str:
    code = artifacts.load("SparsePerceptron").deployed_bytecode
    return node.place(code, expected_storage(MODEL, node.account), address="0x" + "cc" * 20)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dcai", "fetch", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def test_fetch(node: Anvil, address: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    output = tmp_path / "model.json.gz"
    code = run(
        monkeypatch, address, "--rpc", node.url, "--block", "latest", "--num-features", "5", "--output", str(output)
    )
    printed = capsys.readouterr()
    assert (code, printed.err) == (0, "")
    assert chain.load(output).model() == MODEL
    lines = dict(line.split(":", 1) for line in printed.out.splitlines())
    assert lines["layout"].strip() == "dcai:SparsePerceptron, by code hash"
    assert "code and all" in lines["proven"]
    assert chain.load(output).block.hash in lines["block"]
    assert lines["model"].strip() == repr(MODEL)


def test_of_a_trainer(node: Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    framework = deploy_framework(node, MODEL, "Stakeable64", 0, 0, 0, 0)
    output = str(tmp_path / "model.json")
    arguments = ["--rpc", node.url, "--block", "latest", "--num-features", "5", "--output", output]
    assert run(monkeypatch, framework.trainer.address, *arguments) == 0
    assert framework.classifier in capsys.readouterr().out
    assert chain.load(output).model() == MODEL


def test_without_proofs(node: Anvil, address: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.setenv("DCAI_RPC_URL", node.url)
    output = str(tmp_path / "model.json")
    assert run(monkeypatch, address, "--no-verify", "--block", "latest", "--num-features", "5", "--output", output) == 0
    assert "proven:    nothing" in capsys.readouterr().out
    assert chain.load(output).verified is False


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--block", "latest"], 3, "pass num_features="),
        (["--block", "newest"], 2, "block is 'newest'"),
        (["--block", "latest", "--num-features", "5", "--block-hash", "0x1"], 2, "block_hash is '0x1'"),
        (["--block", "latest", "--chain-id", "1"], 3, "expected chain 1"),
        (["--layout", "forest"], 2, "layout is 'forest'; it must be one of"),
    ],
)
def test_what_goes_wrong(
    node: Anvil,
    address: str,
    tmp_path: Path,
    monkeypatch: Any,
    capsys: Any,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    output = tmp_path / "model.json"
    assert run(monkeypatch, address, "--rpc", node.url, *arguments, "--output", str(output)) == code
    assert message in capsys.readouterr().err
    assert not output.exists()


def test_a_folder_that_is_not_there(address: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    output = str(tmp_path / "nowhere" / "model.json")
    assert run(monkeypatch, address, "--rpc", "http://127.0.0.1:1", "--output", output) == 2
    assert "does not exist" in capsys.readouterr().err


def test_features_from_events(node: Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    framework = deploy_framework(node, MODEL, "Stakeable64", 0, 0, 0, 0)
    first = framework.trainer.block()["number"]
    framework.trainer.send(1, "addData", [1, 70], 0)
    node.mine()
    output = tmp_path / "model.json"
    events = ["--features-from-events", "--from-block", str(int(first, 16)), "--num-features", "3"]
    arguments = ["--rpc", node.url, "--block", "latest", "--output", str(output)]
    assert run(monkeypatch, framework.classifier, *events, *arguments) == 0
    twin = MODEL.copy()
    twin.update([1, 70], 0)
    assert chain.load(output).model() == twin
    printed = capsys.readouterr().out
    assert f"2 in 1 contributions to {framework.trainer.address} in blocks {int(first, 16)}" in printed
    assert "as the node says; and num_features=3, as given" in printed
