"""Prices from equations, and that calibration says so where a counter or a sample is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dcai import artifacts
from dcai.errors import ArtifactError
from dcai.gas.calibration import calibrate as module
from dcai.gas.calibration.calibrate import FORKS, calibrate, main, text_of
from dcai.gas.calibration.samples import samples
from dcai.gas.calibration.solve import prices
from dcai.gas.coefficients import Coefficients, code_hash, load
from dcai.gas.layer import GAS, Labelled
from dcai.gas.oracle import counters
from dcai.models import MODELS

#: Fewer models than the files were derived from; they suffice for calls.
FEW = 40

Sample = tuple[dict[str, int], int, str]


# -- prices -- #


def test_prices_by_hand() -> None:
    found = prices([({"call": 1}, 7, "a"), ({"call": 1, "loop": 3}, 37, "b"), ({"call": 1, "loop": 5}, 57, "c")], "gas")
    assert found == {"call": 7, "loop": 10}


def test_prices_may_be_negative_or_nothing() -> None:
    found = prices([({"call": 1}, 7, "a"), ({"call": 1, "x": 1}, 5, "b"), ({"call": 1, "y": 2}, 7, "c")], "gas")
    assert found == {"call": 7, "x": -2, "y": 0}


def test_no_samples_have_no_prices() -> None:
    assert prices([], "gas") == {}
    assert prices([({}, 0, "a")], "gas") == {}


def test_a_counter_that_never_comes_alone() -> None:
    together: list[Sample] = [({"call": 1, "x": n, "y": n}, 1 + n, str(n)) for n in range(5)]
    with pytest.raises(ArtifactError, match="the gas: 5 transactions do not determine the price of y"):
        prices(together, "the gas")


def test_a_sample_that_contradicts_the_others_is_named() -> None:
    given: list[Sample] = [({"call": 1}, 7, "f(1)"), ({"call": 2}, 14, "f(2)"), ({"call": 3}, 22, "f(3)")]
    with pytest.raises(ArtifactError, match=r"the gas: f\(3\) takes 22 .*'call': 3.* make 21"):
        prices(given, "the gas")


def test_a_price_that_is_no_whole_number() -> None:
    with pytest.raises(ArtifactError, match="no counter of its own"):
        prices([({"call": 2}, 7, "a"), ({"call": 4}, 14, "b")], "the gas")


def test_gas_that_no_counter_explains() -> None:
    with pytest.raises(ArtifactError):
        prices([({"call": 1}, 7, "a"), ({}, 1, "b")], "the gas")


# -- calibration of the contracts -- #


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MODELS", FEW)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("name", MODELS)
def test_another_engine_and_fewer_samples_give_the_same(name: str) -> None:
    """What was derived on py-evm, derived on revm."""
    assert FORKS["prague"] != "revm"
    artifact = artifacts.load(name)
    assert calibrate(artifact, "prague", "revm") == load(artifact, "prague")


#: Every counter that costs something: (contract, function, counter). What costs nothing is not missed.
PRICED = [
    (name, function, counter)
    for name in MODELS
    for function, names in counters(name).items()
    for counter in names
    if load(artifacts.load(name), "prague")[function].gas[counter]
]


def test_all_functions_have_prices() -> None:
    assert len(PRICED) > 45
    assert {(name, function) for name, function, _ in PRICED} == {
        (name, function) for name in MODELS for function in ("update", "predict")
    }


@cache
def measured(name: str) -> dict[str, list[Sample]]:
    """What calibration measures of each function of a contract."""
    taken: dict[str, list[Sample]] = {}

    def note(samples: list[Sample], what: str) -> dict[str, int]:
        if what.startswith("the gas of"):
            taken[what.split()[3].partition(".")[2]] = samples
        return prices(samples, what)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MODELS", FEW)
        patch.setattr(module, "_calibrate_initialization", lambda *_: {})
        patch.setattr(module, "prices", note)
        calibrate(artifacts.load(name), "prague", "revm")
    return taken


@pytest.mark.parametrize(("name", "function", "counter"), PRICED)
def test_a_counter_is_missing(name: str, function: str, counter: str) -> None:
    """As if the kernel did not tell this path from another."""
    samples = measured(name)[function]
    without = [({k: n for k, n in counts.items() if k != counter}, gas, what) for counts, gas, what in samples]
    with pytest.raises(ArtifactError, match="the gas of f"):
        prices(without, "the gas of f")


@pytest.fixture
def calls_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No deployments, which have nothing to do with the counters of calls, and fewer models."""
    monkeypatch.setattr(module, "_calibrate_initialization", lambda *_: {})
    monkeypatch.setattr(module, "_MODELS", FEW)


@pytest.mark.usefixtures("calls_alone")
@pytest.mark.parametrize(
    ("name", "function", "counter"),
    [
        ("DensePerceptron", "update", "mistake_up"),
        ("DensePerceptron", "update", "overflow_third_lane"),
        ("NearestCentroidClassifier", "predict", "abandoned"),
        ("NearestCentroidClassifier", "update", "norm_too_large"),
        ("SparseNearestCentroidClassifier", "update", "wide_product"),
        ("SparsePerceptron", "update", "negative_index"),
    ],
)
def test_samples_are_missing(name: str, function: str, counter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that go this path, whether or not the other function takes its branch."""
    place = counters(name)[function].index(counter)

    def others(contract: str, number: int) -> Iterator[Labelled]:
        for case in samples(contract, number):
            if not module._work(function, case)["counts"][0][place]:
                yield case

    monkeypatch.setattr(module, "samples", others)
    with pytest.raises(ArtifactError, match=f"{name}.{function} under prague: .*{counter}"):
        calibrate(artifacts.load(name), "prague", "revm")


@pytest.mark.usefixtures("calls_alone")
def test_a_branch_that_was_never_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that no call can cause, but that nobody excuses."""
    monkeypatch.setattr(module, "GAS", {"SparsePerceptron": replace(GAS["SparsePerceptron"], impossible=())})
    with pytest.raises(ArtifactError, match=r"SparsePerceptron under prague: of the conditional jumps at 0x.* one way"):
        calibrate(artifacts.load("SparsePerceptron"), "prague", "revm")


@pytest.mark.usefixtures("few")
def test_a_wrong_ledger_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a first write of a slot were not told from a further one."""
    count = module._work

    def wrong(what: str, case: Labelled) -> dict[str, Any]:
        work = count(what, case)
        work["storage"][0] -= 2_100 * (len(case.data) > 3)
        return work

    monkeypatch.setattr(module, "_work", wrong)
    with pytest.raises(ArtifactError, match=r"SparsePerceptron\.update under prague"):
        calibrate(artifacts.load("SparsePerceptron"), "prague", "revm")


def test_a_part_of_a_deployment_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_calibrate_call", lambda *_: Coefficients(b"", {}, {}, {}))
    monkeypatch.setattr("dcai.gas.initialization.Initialization.count", _without("joined_slots"))
    with pytest.raises(ArtifactError, match="some path of the bytecode has no counter"):
        calibrate(artifacts.load("DensePerceptron"), "prague", "revm")


def _without(missing: str) -> Any:
    def count(self: Any, part: str, times: int = 1) -> None:
        if part != missing:
            self.counts[part] += times
            self.counts_after[part] += times

    return count


# -- the files -- #


def test_the_text_of_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """From fewer samples, and yet the file that is there: sorted, and with a line at its end."""
    monkeypatch.setattr(module, "_MODELS", FEW)
    monkeypatch.setattr(module, "FORKS", dict.fromkeys(FORKS, "revm"))
    artifact = artifacts.load("SparsePerceptron")
    path = Path(artifacts.__file__).parent / "gas" / "SparsePerceptron.json"
    text = text_of(artifact)
    assert text == path.read_text(encoding="utf-8")
    assert json.loads(text)["codeHash"] == code_hash(artifact)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of artifacts, of two contracts whose files would be these."""
    texts = {"A": '{"a": 1}\n', "B": '{"b": 2}\n'}
    there = SimpleNamespace(__file__=str(tmp_path / "__init__.py"), load=lambda name: name)
    monkeypatch.setattr(module, "artifacts", there)
    monkeypatch.setattr(module, "MODELS", texts)
    monkeypatch.setattr(module, "text_of", texts.__getitem__)
    return tmp_path / "gas"


def run(*args: str) -> int:
    return main(args)


def test_files_are_written_where_they_differ(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    assert capsys.readouterr().out.splitlines() == [f"wrote dcai/artifacts/gas/{name}.json" for name in "AB"]
    assert sorted(path.name for path in folder.iterdir()) == ["A.json", "B.json"]
    (folder / "A.json").write_text("{}")
    assert run() == 0
    assert capsys.readouterr().out == "wrote dcai/artifacts/gas/A.json\n"
    assert (folder / "A.json").read_text() == '{"a": 1}\n'
    assert run() == 0
    assert capsys.readouterr().out == ""


def test_check_writes_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--check") == 1
    assert not folder.exists()
    assert capsys.readouterr().out.count("differs from what the bytecode gives; run: make artifacts") == 2
    run()
    capsys.readouterr()
    assert run("--check") == 0
    assert capsys.readouterr().out == ""
    (folder / "B.json").write_text('{"b": 3}\n')
    assert run("--check") == 1
    assert capsys.readouterr().out.startswith("dcai/artifacts/gas/B.json differs")
    assert (folder / "B.json").read_text() == '{"b": 3}\n'
    (folder / "B.json").unlink()
    assert run("--check") == 1


@pytest.mark.parametrize("args", [["--chek"], ["--check", "--check"], ["A"]])
@pytest.mark.usefixtures("folder")
def test_other_arguments_are_refused(args: Sequence[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*args) == 2
    assert "--check" in capsys.readouterr().err


# -- what they are derived from -- #


@pytest.mark.parametrize("name", MODELS)
def test_samples_are_the_same_in_every_run(name: str) -> None:
    def drawn() -> list[tuple[str, list[int], int]]:
        return [(case.model.to_json(), list(case.data), case.label) for case in samples(name, 5)]

    assert drawn() == drawn()
