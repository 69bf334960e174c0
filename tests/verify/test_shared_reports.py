"""The report that each verification writes, also where it is cut short."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import artifacts
from dcai.cli import main
from dcai.evm.storage import expected_storage
from dcai.verify.claim import Refuted, Verified
from dcai.verify.proof import SHARED_CLAIMS
from dcai.verify.state_tests.specs import StateTestResult
from tests.support.node import anvil

MODEL = dcai.DensePerceptron([3, -4, 7], 8, 10**9)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dcai", "verify", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def interrupt(*_arguments: Any, **_options: Any) -> Any:
    raise KeyboardInterrupt


def read(path: Path) -> Any:
    written = json.loads(path.read_text())
    assert written["format"] == "dcai-report-1"
    return written


def test_snapshot(tmp_path: Path, monkeypatch: Any) -> None:
    model, report = tmp_path / "model.json", tmp_path / "report.json"
    MODEL.to_json(model)
    code = artifacts.load(MODEL.spec.contract).deployed_bytecode
    with anvil.running() as node:
        at = ("--rpc", node.url, "--block", "latest", "--report", str(report))
        same = node.place(code, expected_storage(MODEL, node.account))
        page = tmp_path / "report.html"
        assert run(monkeypatch, "snapshot", str(model), "--address", same, *at, "--report", str(page)) == 0
        written = read(report)
        assert (written["verdict"], written["partial"]) == ("passed", [])
        assert written["sections"][0]["facts"]["nothing else stored"] == "proven"
        assert page.read_text().startswith("<!DOCTYPE html>")
        dcai.DensePerceptron([3, -4, 8], 8, 10**9).to_json(model)
        assert run(monkeypatch, "snapshot", str(model), "--address", same, *at) == 1
        (finding,) = read(report)["sections"][0]["findings"]
        assert finding["details"] == {"field": "weights[2]", "expected": "8", "actual": "7"}
        monkeypatch.setattr("dcai.cli.verify.snapshot.against", interrupt)
        assert run(monkeypatch, "snapshot", str(model), "--address", same, *at) == 3
        written = read(report)
        assert (written["verdict"], written["partial"], written["sections"]) == ("partial", ["interrupted"], [])


@pytest.mark.parametrize(
    ("outcomes", "code", "verdict"),
    [
        ([StateTestResult("a", "Prague", ()), StateTestResult("a", "Osaka", ())], 0, "passed"),
        ([StateTestResult("a", "Prague", ()), StateTestResult("a", "Osaka", ("the state root",))], 1, "failed"),
        ([StateTestResult("a", "Prague", ()), KeyboardInterrupt()], 3, "partial"),
        ([StateTestResult("a", "Prague", ("the state root",)), KeyboardInterrupt()], 1, "failed"),
    ],
)
def test_statetest(outcomes: list[Any], code: int, verdict: str, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    def run_file(_path: Path) -> Any:
        for outcome in outcomes:
            if isinstance(outcome, KeyboardInterrupt):
                raise outcome
            yield outcome

    monkeypatch.setattr("dcai.cli.verify.statetest.run_file", run_file)
    file, report = tmp_path / "tests.json", tmp_path / "report.json"
    file.write_text("{}")
    assert run(monkeypatch, "statetest", str(file), "--report", str(report)) == code
    written = read(report)
    cut = any(isinstance(outcome, KeyboardInterrupt) for outcome in outcomes)
    assert (written["verdict"], written["partial"]) == (verdict, ["interrupted"] if cut else [])
    (section,) = written["sections"]
    assert section["facts"]["tests run"] == len(outcomes) - cut
    assert ("PARTIAL" in capsys.readouterr().out) is cut


@pytest.mark.parametrize(
    ("second", "code", "verdict"),
    [(Verified("2 paths"), 0, "passed"), (Refuted("x = 1"), 1, "failed"), (KeyboardInterrupt, 3, "partial")],
)
def test_proof(second: Any, code: int, verdict: str, tmp_path: Path, monkeypatch: Any) -> None:
    def check(_timeout_s: float) -> Any:
        return interrupt() if second is KeyboardInterrupt else second

    first = replace(SHARED_CLAIMS[0], check=lambda _timeout_s: Verified("1 path"))
    monkeypatch.setattr("dcai.cli.verify.proof.SHARED_CLAIMS", [first, replace(first, check=check)])
    monkeypatch.setattr("dcai.cli.verify.proof.model_claims", list)
    report = tmp_path / "report.json"
    assert run(monkeypatch, "proof", "--report", str(report)) == code
    written = read(report)
    assert written["verdict"] == verdict
    (section,) = written["sections"]
    assert len(section["tables"][0]["rows"]) == (1 if second is KeyboardInterrupt else 2)
    assert len(section["findings"]) == (code == 1)


@pytest.mark.parametrize("command", ["differential", "fingerprint", "history", "proof", "snapshot", "statetest"])
def test_an_interrupt_before_there_is_a_report(command: str, monkeypatch: Any, capsys: Any) -> None:
    """Also while the modules of a subcommand are imported."""

    def interrupted(name: str) -> Any:
        return interrupt() if name == f"dcai.cli.verify.{command}" else import_module(name)

    monkeypatch.setattr("dcai.cli._shared.lazy.import_module", interrupted)
    assert run(monkeypatch, command, "whatever") == 3
    assert "interrupted" in capsys.readouterr().err
