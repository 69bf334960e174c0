"""``dcai verify differential`` as it is typed: verdicts, files, artifacts of others, and runs that are cut short."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.cli.verify import verify
from dcai.cli.verify.differential import differential
from dcai.cli.verify.replay import replay
from dcai.errors import ArtifactError, InputError
from dcai.models import MODELS
from dcai.verify.search import foreign
from tests.support.models.faulty import wrong_scale


def run(*args: str) -> Result:
    return CliRunner().invoke(differential, args)


def foundry(artifact: Artifact) -> dict[str, Any]:
    target = {"compilationTarget": {"src/Mine.sol": "Mine"}}
    return {
        "abi": list(artifact.abi),
        "bytecode": {"object": f"0x{artifact.bytecode.hex()}", "linkReferences": {}},
        "deployedBytecode": {"object": f"0x{artifact.deployed_bytecode.hex()}", "immutableReferences": {}},
        "storageLayout": artifact.storage_layout,
        "rawMetadata": json.dumps({"compiler": {"version": "0.8.30"}, "settings": target}),
    }


def hardhat(artifact: Artifact) -> dict[str, Any]:
    return {
        "_format": "hh-sol-artifact-1",
        "contractName": "DensePerceptron",
        "abi": list(artifact.abi),
        "bytecode": f"0x{artifact.bytecode.hex()}",
        "deployedBytecode": f"0x{artifact.deployed_bytecode.hex()}",
    }


def solc(artifact: Artifact) -> dict[str, Any]:
    contract = {
        "abi": list(artifact.abi),
        "evm": {
            "bytecode": {"object": artifact.bytecode.hex()},
            "deployedBytecode": {"object": artifact.deployed_bytecode.hex(), "immutableReferences": {}},
        },
        "storageLayout": artifact.storage_layout,
    }
    return {
        "contracts": {
            "Mine.sol": {
                "Mine": contract,
                "Other": contract,
                "Interface": {"abi": [], "evm": {"bytecode": {"object": ""}}},
            }
        }
    }


def ours(artifact: Artifact) -> dict[str, Any]:
    return foreign.to_fields(artifact)


def test_all_models_by_default(tmp_path: Path) -> None:
    files = [str(tmp_path / f"r.{kind}") for kind in ("html", "json", "txt")]
    shown = run("--cases", "3", "--json", *(word for name in files for word in ("--report", name)))
    assert shown.exit_code == 0, shown.output
    report = json.loads(shown.stdout)
    assert [section["title"] for section in report["sections"]] == list(MODELS)
    assert {section["facts"]["steps compared"] for section in report["sections"]} == {60}
    assert all(section["facts"]["code"].startswith("sha256:") for section in report["sections"])
    assert report["versions"]["engine"] == "revm (prague)"
    assert report["command"][:3] == ["dcai", "verify", "differential"]
    assert report["command"][report["command"].index("--seed") + 1] == "0"
    assert all(Path(name).stat().st_size for name in files)


@pytest.mark.parametrize("form", [ours, foundry, hardhat, solc])
def test_a_fault_in_the_artifact_of_somebody_else(form: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(form(wrong_scale())))
    name = f"{path}:Mine" if form is solc else str(path)
    shown = run(name, "--case-dir", str(tmp_path), "--seed", "5")
    assert shown.exit_code == 1, shown.output
    assert "FOUND: step 0: weights[0] differs: the contract has " in shown.stdout
    (case,) = tmp_path.glob("dcai-case-*.json")
    assert f"dcai verify replay {case}" in shown.stdout
    path.unlink()  # the case has all that it needs
    again = CliRunner().invoke(replay, [str(case)])
    assert again.exit_code == 1
    assert "still differs: step 0: weights[0] differs" in again.output


@pytest.mark.parametrize("form", [ours, foundry, hardhat, solc])
def test_our_own_contract_in_the_form_of_somebody_else(form: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(form(artifacts.load("DensePerceptron"))))
    shown = run(f"{path}:Other" if form is solc else str(path), "--cases", "5")
    assert shown.exit_code == 0, shown.output


def damaged(**fields: Any) -> dict[str, Any]:
    return {**foundry(artifacts.load("DensePerceptron")), **fields}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ([], "must be an object"),
        ({}, "has no abi and no bytecode and no deployedBytecode"),
        (damaged(deployedBytecode={"object": "0x00", "immutableReferences": {"5": []}}), "has immutable variables"),
        (damaged(storageLayout={"storage": [], "types": None}), "no state variables of a model"),
        (damaged(storageLayout=None), "no storage layout and the name 'Mine'"),
        (damaged(abi=[]), "its ABI has no function owner, predict, update"),
        (solc(artifacts.load("DensePerceptron")), "has the contracts Mine, Other; name one of them"),
    ],
)
def test_what_is_no_contract_of_a_model(fields: Any, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(fields))
    shown = run(str(path))
    assert isinstance(shown.exception, ArtifactError)
    assert message in str(shown.exception)


@pytest.mark.parametrize("args", [["NoSuchModel"], ["--address", "0x" + "11" * 20], ["--rpc", "http://127.0.0.1:1"]])
def test_wrong_usage(args: list[str]) -> None:
    assert isinstance(run(*args).exception, InputError)


def test_a_time_budget_leaves_a_partial_report(tmp_path: Path) -> None:
    shown = run("--cases", "1000000", "--time-budget", "0.3s", "--json", "--report", str(tmp_path / "r.html"))
    assert shown.exit_code == 3
    report = json.loads(shown.stdout)
    assert (report["verdict"], report["partial"]) == ("partial", ["time budget used up"])
    assert len(report["sections"]) == len(MODELS)
    first, *_, last = report["sections"]
    assert first["facts"]["steps compared"] > 0
    assert last["facts"]["steps compared"] == 0
    assert "partial" in (tmp_path / "r.html").read_text()


def test_ctrl_c_leaves_a_partial_report() -> None:
    """Of the process as a user runs it: the signal comes while it searches, as a report that grows shows."""
    code = (
        "import sys; from dcai.verify.search.search import Search; from dcai import cli; begun = Search._run_case\n"
        "def case(self, number, deadline):\n"
        "    begun(self, number, deadline)\n"
        "    if number == 2: print('searching', file=sys.stderr, flush=True)\n"
        "Search._run_case = case\n"
        "sys.argv = ['dcai', 'verify', 'differential', '--cases', '1000000', '--json']\n"
        "cli.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "searching\n"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    report = json.loads(output)
    assert (report["verdict"], report["partial"]) == ("partial", ["interrupted"])
    (section,) = report["sections"]
    assert section["facts"]["steps compared"] >= 60
    assert section["partial"] == "interrupted"


def test_ctrl_c_before_there_is_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_path: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dcai.cli.verify.replay.Case.load", interrupted)
    shown = CliRunner().invoke(verify, ["replay", __file__])
    assert shown.exit_code == 3
    assert "interrupted" in shown.stderr
