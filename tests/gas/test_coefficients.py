"""The files of coefficients: complete, of the bytecode beside them, and read as they were written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from importlib import resources

import pytest

from dcai import artifacts
from dcai.errors import ArtifactError
from dcai.evm.abi import Abi
from dcai.gas.calibration.calibrate import FORKS
from dcai.gas.coefficients import UNAUTHORIZED, Coefficients, code_hash, from_fields, load, to_fields
from dcai.gas.oracle import counters
from dcai.models import MODELS

INITIALIZING = {name: {"constructor", "addFeatureIndices", *model.spec.changes} for name, model in MODELS.items()}
#: Functions whose last write may be a cheap one, so that what follows it matters.
CHEAP = {
    "NaiveBayes": {"update": {"accepted", "count_overflow", "repeated_count_overflow"}},
    "SparsePerceptron": {"update": {"accepted", "overflow"}},
    "SparseNearestCentroidClassifier": {"update": {"accepted"}},
}

everywhere = [(name, fork) for name in MODELS for fork in FORKS]


@pytest.mark.parametrize(("name", "fork"), everywhere)
def test_every_function_and_counter_has_a_price(name: str, fork: str) -> None:
    coefficients = load(artifacts.load(name), fork)
    assert set(coefficients) == INITIALIZING[name] | {"update", "predict"}
    for function, names in counters(name).items():
        extra = {UNAUTHORIZED} if function == "update" else set()
        assert set(coefficients[function].gas) == set(names) | extra
        assert set(coefficients[function].tail) == CHEAP.get(name, {}).get(function, set())
    for function in INITIALIZING[name]:
        assert "call" in coefficients[function].gas
        assert coefficients[function].gas.keys() == coefficients[function].memory.keys()


@pytest.mark.parametrize(("name", "fork"), everywhere)
def test_selectors_are_those_of_the_functions(name: str, fork: str) -> None:
    coefficients, abi = load(artifacts.load(name), fork), Abi(artifacts.load(name).abi)
    assert coefficients["update"].selector == abi.function("update", 2).selector
    assert coefficients["predict"].selector == abi.function("predict", 1).selector
    assert {coefficients[function].selector for function in INITIALIZING[name]} == {b""}


@pytest.mark.parametrize("name", MODELS)
def test_the_hash_is_of_both_codes(name: str) -> None:
    artifact = artifacts.load(name)
    creation, runtime = artifact.bytecode, artifact.deployed_bytecode
    expected = hashlib.sha256(str(len(creation)).encode() + b"\0" + creation + runtime).hexdigest()
    resource = resources.files("dcai.artifacts").joinpath("gas", f"{name}.json")
    assert json.loads(resource.read_text(encoding="utf-8"))["codeHash"] == code_hash(artifact) == f"sha256:{expected}"


def test_codes_of_other_contracts_have_other_hashes() -> None:
    assert len({code_hash(artifacts.load(name)) for name in MODELS}) == len(MODELS)
    with pytest.raises(ArtifactError, match="hash"):
        load(replace(artifacts.load("DensePerceptron"), name="SparsePerceptron"), "prague")


def test_a_name_is_no_path() -> None:
    for name in ("", "..", "../SparsePerceptron", "/etc/hostname"):
        with pytest.raises(ArtifactError, match="has no gas calibration"):
            load(replace(artifacts.load("SparsePerceptron"), name=name), "prague")


@pytest.mark.parametrize(
    "coefficients",
    [
        Coefficients(b"\0\1\2\3", {"a": 1, "b": -2}, {"a": 0}, {"b": 3}),
        Coefficients(b"", {"a": 0}, {}, {}),
        Coefficients(b"", {}, {}, {}),
    ],
)
def test_fields_are_read_as_they_are_written(coefficients: Coefficients) -> None:
    assert from_fields(json.loads(json.dumps(to_fields(coefficients)))) == coefficients
