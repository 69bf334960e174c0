from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from dcai import artifacts
from dcai.errors import ArtifactError, InputTypeError

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


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ArtifactError, match=r"there is no artifact 'Perceptron'; there is .*DensePerceptron"):
        artifacts.load("Perceptron")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"abi": None}, "has a NoneType as 'abi'; it must be a list"),
        ({"bytecode": "0xzz"}, "has a 'bytecode' that is not hexadecimal"),
        ({"deployedBytecode": "0x"}, "has an empty 'deployedBytecode'"),
        ({"storageLayout": {"types": {}}}, "storageLayout has no field 'storage'"),
        ({"compiler": {"version": "1"}}, "compiler has no field 'settings'"),
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
