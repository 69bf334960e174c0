"""Differences of storage, in words."""

from __future__ import annotations

import pytest

import dcai
from dcai import artifacts
from dcai.evm.storage import expected_storage
from dcai.verify.fields import differing_fields

OWNER = "0x" + "11" * 20


def differences(one: dcai.Classifier, other: dcai.Classifier) -> list[tuple[object, ...]]:
    artifact = artifacts.load(type(one).__name__)
    storages = (expected_storage(one, OWNER), expected_storage(other, OWNER))
    return [tuple(d) for d in differing_fields(artifact, *storages)]


def sparse_centroid(value: int, names: list[str]) -> dcai.SparseNearestCentroidClassifier:
    return dcai.SparseNearestCentroidClassifier([[(7, value)], []], [3, 4], classifications=names)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (
            dcai.DensePerceptron([1, 2, -3, 4], 5, 6),
            dcai.DensePerceptron([1, 2, 3, 4], 5, 7),
            [("weights[2]", -3, 3), ("the learning rate", 6, 7)],
        ),
        (
            dcai.DensePerceptron([1], 5, 6),
            dcai.DensePerceptron([1, 9], -5, 6),
            [("the number of weights", 1, 2), ("weights[1]", 0, 9), ("the intercept", 5, -5)],
        ),
        (
            dcai.SparsePerceptron({3: 5, 2**32 - 1: 1}, 0, 1),
            dcai.SparsePerceptron({3: 6}, 0, 1),
            [("weights[3]", 5, 6), (f"weights[{2**32 - 1}]", 1, 0)],
        ),
        (
            dcai.NearestCentroidClassifier([[1, 2], [3, 4]], [1, 2]),
            dcai.NearestCentroidClassifier([[1, 2], [3, 5]], [1, 7]),
            [("feature 1 of the centroid of class 1", 4, 5), ("the number of samples of class 1", 2, 7)],
        ),
        (
            sparse_centroid(2, ["a", "b"]),
            sparse_centroid(3, ["a", "c"]),
            [
                ("the name of class 1", "b", "c"),
                ("the squared magnitude of class 0", 4, 9),
                ("the value of feature 7 in class 0", 2, 3),
            ],
        ),
    ],
)
def test_fields_are_named(one: dcai.Classifier, other: dcai.Classifier, expected: list[tuple[object, ...]]) -> None:
    assert sorted(map(str, differences(one, other))) == sorted(map(str, expected))
    assert differences(one, one) == []


def test_a_slot_that_no_variable_has_is_named_by_its_number() -> None:
    artifact = artifacts.load("SparsePerceptron")
    storage = expected_storage(dcai.SparsePerceptron({}, 0, 1), OWNER)
    assert [tuple(d) for d in differing_fields(artifact, {**storage, 0xABCDEF: 7}, storage)] == [
        ("storage slot 0xabcdef", "0x7", "0x0")
    ]


def test_a_key_that_is_named_is_found() -> None:
    artifact = artifacts.load("SparsePerceptron")
    one, other = (expected_storage(dcai.SparsePerceptron({77_777: w}, 0, 1), OWNER) for w in (1, 2))
    assert [d.field for d in differing_fields(artifact, one, other, [77_777])] == ["weights[77777]"]


def test_a_length_that_a_faulty_contract_wrote_is_no_reason_to_stop() -> None:
    artifact = artifacts.load("DensePerceptron")
    right = expected_storage(dcai.DensePerceptron([1], 0, 1), OWNER)
    wrong = {**right, 3: 2**200}
    assert differing_fields(artifact, wrong, right)[0].field in ("the number of weights", "weights[0]")
