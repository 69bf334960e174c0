from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from dcai import artifacts
from dcai.errors import ArtifactError, InputTypeError

CONTRACTS = Path(__file__).parents[2] / "contracts"

#: A declaration of what has code: a function, a constructor, a variable with a getter.
DECLARATION = re.compile(
    r" *(function (?P<function>\w+)\(|(?P<constructor>constructor)\(|[^/(]+(\(.+\))? public (?P<variable>\w+);)"
)

MODELS = (
    "DensePerceptron",
    "NearestCentroidClassifier",
    "SparseNearestCentroidClassifier",
    "SparsePerceptron",
)


def fields(name: str = "DensePerceptron") -> dict[str, Any]:
    text = resources.files(artifacts).joinpath(f"{name}.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_every_model_has_an_artifact() -> None:
    assert set(MODELS) <= set(artifacts.names())
    assert list(artifacts.names()) == sorted(artifacts.names())


@pytest.mark.parametrize("name", artifacts.names())
def test_an_artifact_is_whole(name: str) -> None:
    artifact = artifacts.load(name)
    assert artifact.name == name
    assert artifact.bytecode.endswith(artifact.deployed_bytecode[-100:])
    assert len(artifact.deployed_bytecode) <= 24_576
    assert {variable["type"] for variable in artifact.storage_layout["storage"]} <= set(
        artifact.storage_layout["types"]
    )
    assert artifact.source_hash.startswith("sha256:")
    assert artifact.compiler["version"]
    assert artifact.compiler["settings"]["evmVersion"]
    assert artifacts.load(name) is artifact


def test_every_contract_that_is_deployed_has_an_artifact_and_no_other() -> None:
    sources = {path.stem: path.read_text(encoding="utf-8") for path in CONTRACTS.glob("src/**/*.sol")}
    deployed = {name for name, text in sources.items() if re.search(rf"^contract {name}\b", text, re.MULTILINE)}
    assert deployed == set(artifacts.names())


def test_others_may_import_libraries_and_interfaces_and_the_rest_is_pinned() -> None:
    pinned = artifacts.load("DensePerceptron").compiler["version"].partition("+")[0]
    for path in CONTRACTS.glob("src/**/*.sol"):
        admitted = ">=0.8.26 <0.9.0" if path.parent.name in ("libraries", "interfaces") else pinned
        assert f"\npragma solidity {admitted};\n" in path.read_text(encoding="utf-8"), path


def test_models_keep_the_slots_of_the_contracts_deployed_years_ago() -> None:
    for name in MODELS:
        storage = artifacts.load(name).storage_layout["storage"]
        assert [(v["label"], v["slot"]) for v in storage[:3]] == [
            ("_owner", "0"),
            ("classifications", "1"),
            ("featureIndices", "2"),
        ]
        assert storage[3]["slot"] == "3"


def test_a_file_gives_the_same_artifact(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(fields()), encoding="utf-8")
    assert artifacts.load_file(file) == artifacts.load_file(str(file)) == artifacts.load("DensePerceptron")


def test_a_file_without_places_has_none(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    others = fields()
    del others["places"]
    file.write_text(json.dumps(others), encoding="utf-8")
    assert artifacts.load_file(file).places is None


def instructions(code: bytes) -> Iterator[tuple[int, int]]:
    """Where each instruction is, and its size with the data of a PUSH1 to PUSH32 (0x60 to 0x7f)."""
    at = 0
    while at < len(code):
        size = code[at] - 0x5E if 0x60 <= code[at] <= 0x7F else 1
        yield at, size
        at += size


@pytest.mark.parametrize("name", MODELS)
def test_every_instruction_has_one_place(name: str) -> None:
    artifact = artifacts.load(name)
    assert artifact.places is not None
    # Runtime code lies at the end of creation code, where it is data, and the compiler keeps them apart by an INVALID.
    creation = artifact.bytecode.removesuffix(artifact.deployed_bytecode).removesuffix(b"\xfe")
    for code, runs in ((creation, artifact.places.creation), (artifact.deployed_bytecode, artifact.places.deployed)):
        bounds = [run.start for run in runs] + [runs[-1].start + runs[-1].length]
        assert [run.start + run.length for run in runs] == bounds[1:], "no gaps"
        starts = [at for at, _ in instructions(code)]
        assert bounds[0] == 0
        assert set(bounds[:-1]) <= set(starts), "no run begins in the data of a PUSH"
        assert bounds[-1] == len(code)


@pytest.mark.parametrize("name", MODELS)
def test_places_are_lines_of_the_functions_that_they_name(name: str) -> None:
    """The last declaration at or above a line, in the text of the source, is the function."""
    artifact = artifacts.load(name)
    assert artifact.places is not None
    places = {run.place for runs in (artifact.places.creation, artifact.places.deployed) for run in runs}
    assert {place.file.split("/")[0] for place in places} == {"", "src", "@openzeppelin"}
    assert {place.function for place in places if not place.file} == {"(ABI and dispatch)", "(compiler helpers)"}
    for file, function, line in places:
        if not file.startswith("src/"):
            continue
        lines = (CONTRACTS / file).read_text(encoding="utf-8").splitlines()
        declared = (DECLARATION.match(text) for text in reversed(lines[:line]))
        last = next(match for match in declared if match)
        contract, _, short = function.rpartition(".")
        assert (last["function"] or last["constructor"] or last["variable"]) == short, f"{file}:{line}"
        assert re.search(rf"^(contract|abstract contract|library) {contract} ", "\n".join(lines), re.MULTILINE)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ArtifactError, match=r"unknown artifact 'Perceptron'; expected one of .*DensePerceptron"):
        artifacts.load("Perceptron")


def deployed(places: Any) -> dict[str, Any]:
    return {"places": {"creation": {}, "deployed": places}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"abi": None}, "has a NoneType as 'abi'; it must be a list"),
        ({"bytecode": "0xzz"}, "has a 'bytecode' that is not hexadecimal"),
        ({"deployedBytecode": "0x"}, "has an empty 'deployedBytecode'"),
        ({"storageLayout": {"types": {}}}, "storageLayout has no field 'storage'"),
        ({"compiler": {"version": "1"}}, "compiler has no field 'settings'"),
        ({"places": []}, "has a list as 'places'; it must be a dict"),
        ({"places": {"creation": {}}}, "has the places creation; it must have creation, deployed"),
        (deployed([]), "places, deployed is a list; it must be a dict"),
        (deployed({"a.sol": 5}), "deployed, 'a.sol' is a int; it must be a dict"),
        (deployed({"a.sol": {"A.f": {"x": "0+1"}}}), "'A.f' has the line 'x'; it must be a number"),
        (deployed({"a.sol": {"A.f": {"1": "0-1"}}}), "line 1 is '0-1'; it must be of the form"),
        (deployed({"a.sol": {"A.f": {"1": "0+0"}}}), "line 1 is '0.0'; it must be of the form"),
        (deployed({"a.sol": {"A.f": {"1": 7}}}), "line 1 is 7; it must be of the form"),
        (deployed({"a.sol": {"A.f": {"1": "0+3", "2": "2+1"}}}), "the byte 2 of the code has two places"),
        (deployed({"a.sol": {"A.f": {"1": "30000+1"}}}), "the last place ends at byte 30001, and the code has"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    file = tmp_path / "broken.json"
    file.write_text(json.dumps(fields() | change), encoding="utf-8")
    with pytest.raises(ArtifactError, match=f"broken.json'.*{message}"):
        artifacts.load_file(file)


def test_what_is_no_artifact_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    with pytest.raises(ArtifactError, match="cannot be read"):
        artifacts.load_file(file)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(ArtifactError, match="is not JSON"):
        artifacts.load_file(file)
    file.write_text("[]", encoding="utf-8")
    with pytest.raises(ArtifactError, match="is a JSON list; it must be an object"):
        artifacts.load_file(file)
    with pytest.raises(InputTypeError, match="path is 5"):
        artifacts.load_file(5)  # type: ignore[arg-type]  # what a user might pass
