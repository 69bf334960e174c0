from __future__ import annotations

import pytest

from dcai import DensePerceptron, NearestCentroidClassifier, SparseNearestCentroidClassifier, SparsePerceptron
from dcai.artifacts import Artifact, load
from dcai.errors import ArtifactError, InputError
from dcai.evm.hashing import mapping_slot, word_hash
from dcai.evm.storage import expected_storage, mentioned_indices, read_model
from dcai.models import Classifier

OWNER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
LONG = "a name of more than thirty-one bytes: übergroß"

MODELS: list[Classifier] = [
    DensePerceptron([1, -2, 2**70, 4], -5, 7, classifications=["no", LONG], feature_indices=range(9)),
    SparsePerceptron({0: 1, 9: -2, 2**63: 2**79 - 1}, -5, 7, classifications=[LONG, ""], feature_indices=[3]),
    NearestCentroidClassifier([[1, -2, 3, 4, 5], [-1] * 5], [7, 2**190], classifications=[LONG, LONG + "!"]),
    SparseNearestCentroidClassifier([[(5, 6), (70_000, 8)], [], [(5, 9)]], [3, 0, 2**64 - 1], feature_indices=[1, 2]),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.spec.contract)
def test_a_model_comes_back_from_its_words(model: Classifier) -> None:
    words = expected_storage(model, OWNER)
    assert list(words) == sorted(words)
    assert all(words.values())
    assert words[0] == int(OWNER, 16)
    indices = {2**63, 70_000}
    assert read_model(load(model.spec.contract), words, indices=indices) == model


def test_the_words_of_a_dense_perceptron() -> None:
    words = expected_storage(MODELS[0], OWNER)
    weights = word_hash(3)
    assert words[1] == 2
    assert words[2] == 9
    assert words[word_hash(2) + 1] == 8  # eight feature indices a word
    assert words[3] == 4
    assert words[weights] == 1 | (2**80 - 2) << 80 | 2**70 << 160
    assert words[weights + 1] == 4
    assert words[4] == (2**80 - 5) | 7 << 80


def test_the_words_of_a_sparse_nearest_centroid_classifier() -> None:
    words = expected_storage(MODELS[3], OWNER)
    first = word_hash(3)
    assert words[3] == 3
    assert (words[first], words[first + 1]) == (3, 36 + 64)
    assert words[mapping_slot(5, first + 2)] == 6 | 3 << 64
    assert words[first + 6] == 2**64 - 1


def test_words_that_belong_to_nothing_are_refused() -> None:
    words = expected_storage(MODELS[0], OWNER) | {12345: 1}
    with pytest.raises(InputError, match=r"1 of 1 words .* slot 0x3039"):
        read_model(load("DensePerceptron"), words)


def test_the_words_of_another_contract_are_refused() -> None:
    with pytest.raises((ArtifactError, InputError)):
        read_model(load("DensePerceptron"), expected_storage(MODELS[2], OWNER))


def test_a_contract_that_is_no_model_is_refused() -> None:
    other = load("DensePerceptron")
    artifact = Artifact("Trainer", other.abi, b"\0", b"\0", other.storage_layout, "sha256:", {})
    with pytest.raises(
        ArtifactError, match="Trainer is not the contract of a model; expected one of DensePerceptron, "
    ):
        read_model(artifact, {})


def test_slots_come_from_the_artifact() -> None:
    other = load("DensePerceptron")
    moved = [{**variable, "slot": str(int(variable["slot"]) + 100)} for variable in other.storage_layout["storage"]]
    layout = {"storage": moved, "types": other.storage_layout["types"]}
    artifact = Artifact(other.name, other.abi, b"\0", b"\0", layout, "sha256:", {})
    words = expected_storage(MODELS[0], OWNER, artifact=artifact)
    assert (words[100], words[103]) == (int(OWNER, 16), 4)
    assert read_model(artifact, words) == MODELS[0]


def test_a_subclass_of_a_model_has_its_contract() -> None:
    class Mine(DensePerceptron):
        pass

    assert Mine([1], 0, 1).spec.contract == "DensePerceptron"


def test_calls_mention_feature_indices() -> None:
    assert mentioned_indices("update", ([3, 4], 1)) == {3, 4}
    assert mentioned_indices("initializeWeights", (7, [1, 1])) == {7, 8}
    assert mentioned_indices("initializeWeights", ([1, 1],)) == set()
    assert mentioned_indices("initializeSparseWeights", ([[5, 1]],)) == {5}
    assert mentioned_indices("extendCentroid", ([[5, 1], [6, 2]], 0)) == {5, 6}
    assert mentioned_indices("extendCentroid", ([5, 1], 0)) == set()
    assert mentioned_indices("addFeatureIndices", ([5],)) == set()
