"""The search must find contracts with one fault each: a sample in every run, all of them in the deep profile."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dcai import artifacts
from dcai.cli.verify.mutants import mutants
from dcai.errors import MutationError
from dcai.models import MODELS
from dcai.verify.fault import Fault
from dcai.verify.layer import faults
from dcai.verify.mutants import mutants as subject

ROOT = Path(__file__).parents[2]
CONTRACTS, CACHE = ROOT / "contracts", ROOT / "target" / "mutants"
FAULTS = faults()
SAMPLE = [fault for fault in FAULTS if fault.typical]
DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


def run(*args: str) -> Result:
    return CliRunner().invoke(mutants, ["--contracts", str(CONTRACTS), "--cache", str(CACHE), *args])


def test_there_are_enough_faults_of_every_model() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 30
    assert min(Counter(fault.contract for fault in FAULTS)[name] for name in MODELS) >= 7
    assert {fault.contract for fault in SAMPLE} == set(MODELS)
    assert len(SAMPLE) <= 2 * len(MODELS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_every_fault_applies_exactly_once(fault: Fault) -> None:
    text = (CONTRACTS / fault.path).read_text(encoding="utf-8")
    assert text.count(fault.before) == 1
    assert fault.before != fault.after


@pytest.mark.long
def test_every_fault_is_found() -> None:
    shown = run("--json", *([] if DEEP else ["--sample"]))
    assert shown.exit_code == 0, shown.output
    report = json.loads(shown.stdout)
    (section,) = report["sections"]
    number = len(FAULTS) if DEEP else len(SAMPLE)
    assert section["facts"]["faults"] == f"{number} found of {number} tried; there are {len(FAULTS)}"
    assert len(section["tables"][0]["rows"]) == number


def test_a_fault_that_is_none_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a contract that is right, the report must say that nothing was found, and the run must fail."""
    harmless = Fault("SparsePerceptron", "harmless", "none", "(weight + step)", "(step + weight)")
    monkeypatch.setattr("dcai.cli.verify.mutants.faults", lambda: (harmless,))
    monkeypatch.setattr(subject.Compiler, "compile", lambda _self, contract, _fault=None: artifacts.load(contract))
    shown = run("--cases", "20", "--json")
    assert shown.exit_code == 1
    (finding,) = json.loads(shown.stdout)["sections"][0]["findings"]
    assert finding["what"] == "harmless: not found in 20 cases"


@pytest.mark.parametrize("before", ["no such text", "unchecked {"])
def test_a_fault_that_does_not_apply_exactly_once_is_an_error(before: str) -> None:
    compiler = subject.Compiler(CONTRACTS, CACHE)
    with pytest.raises(MutationError, match=r"stands \d times in src/models/SparsePerceptron.sol"):
        compiler.compile("SparsePerceptron", Fault("SparsePerceptron", "x", "none", before, "y"))


def test_a_fault_that_does_not_compile_is_an_error() -> None:
    compiler = subject.Compiler(CONTRACTS, CACHE)
    broken = Fault("SparsePerceptron", "broken", "none", "score = intercept;", "score = nonsense;")
    with pytest.raises(MutationError, match="does not compile: Undeclared identifier"):
        compiler.compile("SparsePerceptron", broken)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MutationError, match="needs a checkout of dcai"):
        subject.Compiler(tmp_path, CACHE)
    (tmp_path / "src" / "models").mkdir(parents=True)
    with pytest.raises(MutationError, match="run: npm --prefix"):
        subject.Compiler(tmp_path, CACHE)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MutationError, match="node is not on the PATH"):
        subject.Compiler(CONTRACTS, CACHE)
