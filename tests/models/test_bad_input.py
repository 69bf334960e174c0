"""All that a user may pass by mistake: each is refused with its place, and nothing is learned from it.

What no contract would accept as an argument is an ``InputError``; no panic, no wrap, no foreign exception.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest

import dcai
from dcai import CsrRows, InputError, InputTypeError, Revert
from tests.support import bounds as n
from tests.support.models.agreement import of_kernel, state

ONE = 10**9
HUGE = 10**5000  # longer than what int() and str() convert by default


class HalfIndex:
    """An integer only at first sight."""

    def __index__(self) -> int:
        raise TypeError("no integer after all")


class BrokenArray:
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise ValueError("no array after all")


class Frame:
    """A data frame of two columns, as numpy sees it."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.asarray(self.values, dtype=dtype)


def nested(depth: int) -> list[Any]:
    result: list[Any] = [1]
    for _ in range(depth):
        result = [result]
    return result


def recursive() -> list[Any]:
    result: list[Any] = []
    result.append(result)
    return result


def generator() -> Iterator[int]:
    yield from (0, 1)


#: No integers at all.
WRONG_TYPES: dict[str, Any] = {
    "None": None,
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "float": 0.5,
    "whole float": 1.0,
    "float64": np.float64(1),
    "float32": np.float32(0.25),
    "longdouble": np.longdouble(1),
    "complex": 1 + 0j,
    "complex128": np.complex128(1),
    "Decimal": Decimal(1),
    "Fraction": Fraction(1),
    "text": "1",
    "empty text": "",
    "numpy text": np.str_("1"),
    "bytes": b"1",
    "object": object(),
    "dict": {0: 1},
    "set": {1},
    "function": len,
    "type": int,
    "Ellipsis": ...,
    "datetime64": np.datetime64("2020-01-01"),
    "timedelta64": np.timedelta64(1, "s"),
    "NaT": np.datetime64("NaT"),
    "date": datetime.date(2020, 1, 1),
    "void": np.zeros(1, dtype=[("a", "i8")])[0],
    "0-d float array": np.array(1.0),
    "0-d text array": np.array("1"),
    "half an index": HalfIndex(),
    "masked": np.ma.masked,
}
#: Integers in Python's eyes, and a mistake here; a label may be one.
BOOLEANS: dict[str, Any] = {"bool": True, "bool_": np.True_, "0-d bool array": np.array(True)}
SEQUENCES: dict[str, Any] = {
    "list": [1],
    "empty list": [],
    "tuple": (1,),
    "array": np.array([1]),
    "empty array": np.array([], dtype=np.int64),
    "2-d array": np.array([[1]]),
    "3-d array": np.zeros((1, 1, 1), dtype=np.int64),
    "float array": np.array([1.5]),
    "object array": np.array([None]),
    "nested too deep": nested(70),
    "nested much too deep": nested(3000),
    "itself": recursive(),
    "range": range(1),
    "generator": generator(),
}
BEYOND_EVERY_TYPE = {"10^80": 10**80, "-10^80": -(10**80), "10^5000": HUGE, "-10^5000": -HUGE}

JUNK = {**WRONG_TYPES, **BOOLEANS, **SEQUENCES, **BEYOND_EVERY_TYPE}


class Case:
    """A call with one place for a bad number: ``call(model, junk)``, and a word that the message must have."""

    def __init__(self, model: Callable[[], Any], call: Callable[[Any, Any], Any], place: str) -> None:
        self.model = model
        self.call = call
        self.place = place


def dense() -> dcai.Classifier:
    return dcai.DensePerceptron([ONE, -ONE], 7, ONE)


def sparse() -> dcai.Classifier:
    return dcai.SparsePerceptron([ONE, -ONE, 5], 7, ONE)


def nearest() -> dcai.Classifier:
    return dcai.NearestCentroidClassifier([[ONE, 0], [0, ONE]], [1, 2])


def sparse_nearest() -> dcai.Classifier:
    return dcai.SparseNearestCentroidClassifier([[(0, ONE)], [(1, ONE)]], [1, 4])


MODELS = {"dense": dense, "sparse": sparse, "nearest": nearest, "sparse nearest": sparse_nearest}

#: One bad number among good ones.
NUMBERS: dict[str, Case] = {}
for _name, _model in MODELS.items():
    NUMBERS[f"{_name}.predict"] = Case(_model, lambda m, x: m.predict([1, x]), "[1]")
    NUMBERS[f"{_name}.update"] = Case(_model, lambda m, x: m.update([ONE, x], 0), "[1]")
    NUMBERS[f"{_name}.predict batch"] = Case(_model, lambda m, x: m.predict_batch([[0, 1], [2, x]]), "row 1[1]")
    NUMBERS[f"{_name}.update batch"] = Case(_model, lambda m, x: m.update_batch([[0, ONE], [2, x]], [0, 1]), "row 1[1]")
    NUMBERS[f"{_name}.predict objects"] = Case(_model, lambda m, x: m.predict(objects([0, x])), "[1]")
for _name in ("dense", "nearest"):
    NUMBERS[f"{_name}.norm"] = Case(MODELS[_name], lambda m, x: m.norm([1, x]), "[1]")
    NUMBERS[f"{_name}.predict object matrix"] = Case(
        MODELS[_name], lambda m, x: m.predict(objects([0, 1, 2, x]).reshape(2, 2)), "row 1[1]"
    )
NUMBERS |= {
    "dense weights": Case(dense, lambda _, x: dcai.DensePerceptron([1, x], 0, 0), "weights[1]"),
    "dense intercept": Case(dense, lambda _, x: dcai.DensePerceptron([1], x, 0), "intercept"),
    "dense learning_rate": Case(dense, lambda _, x: dcai.DensePerceptron([1], 0, x), "learning_rate"),
    "dense feature_indices": Case(
        dense, lambda _, x: dcai.DensePerceptron([1], 0, 0, feature_indices=[0, x]), "feature_indices[1]"
    ),
    "dense initialize_weights": Case(dense, lambda m, x: m.initialize_weights([1, x]), "weights[1]"),
    "sparse weights": Case(sparse, lambda _, x: dcai.SparsePerceptron([1, x], 0, 0), "weights[1]"),
    "sparse mapped weights": Case(sparse, lambda _, x: dcai.SparsePerceptron({1: 1, 5: x}, 0, 0), "weights"),
    "sparse intercept": Case(sparse, lambda _, x: dcai.SparsePerceptron([1], x, 0), "intercept"),
    "sparse learning_rate": Case(sparse, lambda _, x: dcai.SparsePerceptron([1], 0, x), "learning_rate"),
    "sparse initialize_weights start": Case(sparse, lambda m, x: m.initialize_weights(x, [1]), "start"),
    "sparse initialize_weights": Case(sparse, lambda m, x: m.initialize_weights(0, [1, x]), "weights[1]"),
    "sparse initialize_sparse_weights index": Case(
        sparse, lambda m, x: m.initialize_sparse_weights([[0, 1], [x, 1]]), "weights[1][0]"
    ),
    "sparse initialize_sparse_weights value": Case(
        sparse, lambda m, x: m.initialize_sparse_weights([[0, 1], [1, x]]), "weights[1][1]"
    ),
    "sparse evaluate_batch": Case(sparse, lambda m, x: m.evaluate_batch([[0], [x]], [0, 0]), "row 1[0]"),
    "nearest centroids": Case(
        nearest, lambda _, x: dcai.NearestCentroidClassifier([[1, 2], [1, x]], [1, 1]), "centroids[1][1]"
    ),
    "nearest counts": Case(nearest, lambda _, x: dcai.NearestCentroidClassifier([[1], [2]], [1, x]), "counts[1]"),
    "nearest add_class": Case(nearest, lambda m, x: m.add_class([1, x], "new", 1), "centroid[1]"),
    "nearest add_class count": Case(nearest, lambda m, x: m.add_class([1, 2], "new", x), "count"),
    "nearest extend_centroid": Case(nearest, lambda m, x: m.extend_centroid([1, x], 0), "extension[1]"),
    "nearest extend_centroid label": Case(nearest, lambda m, x: m.extend_centroid([1], x), "label"),
    "sparse nearest centroid index": Case(
        sparse_nearest, lambda _, x: dcai.SparseNearestCentroidClassifier([[], [(1, 2), (x, 2)]], [1, 1]), "[1][1][0]"
    ),
    "sparse nearest centroid value": Case(
        sparse_nearest, lambda _, x: dcai.SparseNearestCentroidClassifier([[], [(1, 2), (2, x)]], [1, 1]), "[1][1][1]"
    ),
    "sparse nearest counts": Case(
        sparse_nearest, lambda _, x: dcai.SparseNearestCentroidClassifier([[], []], [1, x]), "counts[1]"
    ),
    "sparse nearest add_class": Case(sparse_nearest, lambda m, x: m.add_class([(2, x)], "new", 1), "centroid[0][1]"),
    "sparse nearest add_class count": Case(sparse_nearest, lambda m, x: m.add_class([(2, 1)], "new", x), "count"),
    "sparse nearest extend_centroid": Case(
        sparse_nearest, lambda m, x: m.extend_centroid([(5, 1), (6, x)], 0), "extension[1][1]"
    ),
    "sparse nearest extend_centroid label": Case(sparse_nearest, lambda m, x: m.extend_centroid([(5, 1)], x), "label"),
    "sparse nearest centroid_value class": Case(sparse_nearest, lambda m, x: m.centroid_value(x, 0), "class"),
    "sparse nearest centroid_value index": Case(sparse_nearest, lambda m, x: m.centroid_value(0, x), "index"),
}


def objects(values: list[Any]) -> Any:
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


def refused(case: Case, junk: Any, kind: type[InputError] = InputError) -> InputError:
    """Run a case that must be refused and change nothing."""
    model = case.model()
    before = state(model), model.classifications
    with pytest.raises(kind) as caught:
        case.call(model, junk)
    assert type(caught.value) in (InputError, InputTypeError)
    assert (state(model), model.classifications) == before
    assert case.place in str(caught.value)
    assert len(str(caught.value)) < 1000
    return caught.value


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("case", NUMBERS)
def test_one_bad_number(case: str, junk: str) -> None:
    refused(NUMBERS[case], JUNK[junk], InputError if junk in BEYOND_EVERY_TYPE else InputTypeError)


#: Just beyond the bounds of the type in this place.
BOUNDS = {
    "dense.predict": (n.INT64_MIN, n.INT64_MAX),
    "sparse.predict": (n.INT64_MIN, n.INT64_MAX),
    "nearest.update batch": (n.INT64_MIN, n.INT64_MAX),
    "sparse nearest.predict objects": (n.INT64_MIN, n.INT64_MAX),
    "dense weights": (n.INT80_MIN, n.INT80_MAX),
    "dense intercept": (n.INT80_MIN, n.INT80_MAX),
    "dense learning_rate": (0, n.UINT32_MAX),
    "dense feature_indices": (0, n.UINT32_MAX),
    "dense initialize_weights": (n.INT80_MIN, n.INT80_MAX),
    "sparse weights": (n.INT80_MIN, n.INT80_MAX),
    "sparse mapped weights": (n.INT80_MIN, n.INT80_MAX),
    "sparse learning_rate": (0, n.UINT32_MAX),
    "sparse initialize_weights start": (0, n.UINT64_MAX),
    "sparse initialize_sparse_weights value": (n.INT80_MIN, n.INT80_MAX),
    "nearest centroids": (n.INT64_MIN, n.INT64_MAX),
    "nearest counts": (0, 2**256 - 1),
    "nearest add_class": (n.INT64_MIN, n.INT64_MAX),
    "nearest extend_centroid": (n.INT64_MIN, n.INT64_MAX),
    "sparse nearest centroid index": (0, n.UINT64_MAX),
    "sparse nearest centroid value": (0, n.UINT64_MAX),
    "sparse nearest counts": (0, n.UINT64_MAX),
    "sparse nearest centroid_value index": (0, n.UINT32_MAX),
}


@pytest.mark.parametrize("case", BOUNDS)
def test_one_beyond_the_bounds_of_a_type(case: str) -> None:
    low, high = BOUNDS[case]
    for value in (low - 1, high + 1):
        error = refused(NUMBERS[case], value)
        assert str(value) in str(error)
    for value in (low, high):
        # Within the type: taken, or refused by the contract for another reason.
        of_kernel(partial(NUMBERS[case].call, NUMBERS[case].model(), value))


# -- whole samples and batches ----------------------------------------------------------------------------------------

#: Neither a sample nor a batch for any model.
NOT_DATA: dict[str, Any] = {
    **WRONG_TYPES,
    **BOOLEANS,
    "integer": 5,
    "huge integer": HUGE,
    "0-d array": np.array(5),
    "generator": generator(),
    "set of integers": {0, 1},
    "frozenset": frozenset((0, 1)),
    "dict of integers": {0: 1, 1: 2},
    "keys": {0: 1, 1: 2}.keys(),
    "float array": np.array([0.6, 0.8]),
    "float batch": np.array([[0.6, 0.8]]),
    "whole floats": np.array([1.0, 2.0]),
    "nan array": np.array([np.nan, np.inf]),
    "float32 batch": np.array([[0.6, 0.8]], dtype=np.float32),
    "float16": np.array([1, 2], dtype=np.float16),
    "bool array": np.array([True, False]),
    "bool batch": np.array([[True, False]]),
    "complex array": np.array([1j, 2]),
    "datetime array": np.array(["2020-01-01", "2020-01-02"], dtype="M8[D]"),
    "timedelta array": np.array([1, 2], dtype="m8[s]"),
    "text array": np.array(["1", "2"]),
    "bytes array": np.array([b"1", b"2"]),
    "record array": np.zeros(2, dtype=[("a", "i8"), ("b", "i8")]),
    "3-d array": np.zeros((2, 2, 2), dtype=np.int64),
    "3-d objects": np.zeros((2, 2, 2), dtype=object),
    "3-d list": [[[1, 2], [3, 4]]],
    "objects of None": np.array([None, None]),
    "objects of text": np.array(["a", "b"], dtype=object),
    "objects of floats": np.array([1.0, 2.0], dtype=object),
    "objects of lists": objects([[1, 2], [3]]),
    "uint64 beyond": np.array([1, 2**63], dtype=np.uint64),
    "uint64 batch beyond": np.array([[1, 2**64 - 1]], dtype=np.uint64),
    "huge numbers": [2**70, 2**80],
    "objects of huge numbers": np.array([2**70, 2**80], dtype=object),
    "a broken array": BrokenArray(),
    "list of broken arrays": [BrokenArray()],
    "frame of floats": Frame([[0.6, 0.8]]),
    "frame of text": Frame([["a", "b"]]),
    "nested too deep": nested(70),
    "nested much too deep": nested(3000),
    "itself": recursive(),
    "list with None row": [[1, 2], None],
    "list with number row": [[1, 2], 3],
    "list with text row": [[1, 2], "34"],
    "list with bytes row": [[1, 2], b"34"],
    "list with set row": [[1, 2], {3, 4}],
    "list with dict row": [[1, 2], {3: 4, 5: 6}],
    "list with generator row": [[1, 2], 5.0],
    "number first": [1, [2]],
    "texts": ["12", "34"],
    "sets": [{1, 2}, {3, 4}],
    "masked": np.ma.array([1, 2], mask=[True, False]),
    "masked batch": np.ma.array([[1, 2], [3, 4]], mask=[[False, True], [False, False]]),
}


@pytest.mark.parametrize("junk", NOT_DATA)
@pytest.mark.parametrize("model", MODELS)
def test_what_is_no_data(model: str, junk: str) -> None:
    data = NOT_DATA[junk]
    build = MODELS[model]
    refused(Case(build, lambda m, x: m.predict(x), ""), data)
    refused(Case(build, lambda m, x: m.update(x, 0), ""), data)
    refused(Case(build, lambda m, x: m.predict_batch(x), ""), data)
    refused(Case(build, lambda m, x: m.update_batch(x, [0, 1]), ""), data)
    if model in ("dense", "nearest"):
        refused(Case(build, lambda m, x: m.norm(x), ""), data)
    if model == "sparse":
        refused(Case(build, lambda m, x: m.evaluate_batch(x, [0, 1]), ""), data)


@pytest.mark.parametrize("model", ["dense", "nearest"])
@pytest.mark.parametrize(
    "data",
    [[[1, 2], [3]], [[1], [2, 3]], [[], [1]], [[1, 2], []], ((1, 2), (3, 4, 5)), [np.zeros(2, int), np.zeros(3, int)]],
)
def test_ragged_rows(model: str, data: Any) -> None:
    refused(Case(MODELS[model], lambda m, x: m.predict_batch(x), "row 1"), data)
    refused(Case(MODELS[model], lambda m, x: m.update_batch(x, [0, 0]), "row 1"), data)


@pytest.mark.parametrize("model", ["dense", "nearest"])
def test_dense_models_refuse_sparse_matrices(model: str) -> None:
    sparse_arrays = pytest.importorskip("scipy.sparse")
    for kind in ("csr", "csc", "coo", "lil"):
        matrix = sparse_arrays.eye_array(2, dtype=np.int64, format=kind)
        refused(Case(MODELS[model], lambda m, x: m.predict(x), "dense"), matrix, InputTypeError)
        refused(Case(MODELS[model], lambda m, x: m.update(x, [0, 1]), "dense"), matrix, InputTypeError)
        refused(Case(MODELS[model], lambda m, x: m.norm(x), "dense"), matrix, InputTypeError)


def test_norm_takes_one_sample() -> None:
    for model in ("dense", "nearest"):
        for batch in ([[1, 2]], np.zeros((1, 2), dtype=np.int64), np.zeros((0, 2), dtype=np.int64)):
            refused(Case(MODELS[model], lambda m, x: m.norm(x), "batch"), batch)


@pytest.mark.parametrize("model", ["sparse", "sparse nearest"])
@pytest.mark.parametrize(
    ("data", "place"),
    [
        (np.zeros((2, 2), dtype=np.int64), "(2, 2)"),
        (np.zeros((0, 2), dtype=np.int64), "(0, 2)"),
        (np.eye(2, dtype=np.int64).view(np.matrix), "(2, 2)"),
        (((), ()), "indptr"),
        (([], []), "indptr"),
        (([0, 1.0], [0]), "indptr"),
        (([0, 1], [0.0]), "indices"),
        (([0, 1], [True]), "indices"),
        (([0, 1], ["a"]), "indices"),
        (([0, 1], [None]), "0"),
        (([0, 2], [0]), "indptr"),
        (([0, 1, 0], [0]), "indptr"),
        (([0, -1, 1], [0]), "indptr"),
        (([-1, 1], [0]), "indptr"),
        (([-3, -1], [0, 1, 2]), "indptr"),
        (([0, 2**62], [0]), "indptr"),
        (([2**63 - 1, 2**63 - 1], [0]), "indptr"),
        (([0, 2**63], [0]), ""),
        (([0, 2**64], [0]), ""),
        (([0, HUGE], [0]), ""),
        (([0, 1], [2**63]), ""),
        (([0, 1], [HUGE]), ""),
        (([[0, 1]], [0]), "indptr"),
        (([0, 1], [[0]]), "indices"),
        (([0, 1], [[0], [1, 2]]), "indices"),
        ((np.array([0, 1], dtype=np.uint64) + np.uint64(2**63), [0]), "indptr"),
        ((np.array([0.0, 1.0]), np.array([1])), "indptr"),
        ((np.array([0, 1]), np.array([1], dtype="m8[s]")), "indices"),
        ((np.ma.array([0, 1], mask=[False, True]), [0]), ""),
    ],
)
def test_wrong_compressed_rows(model: str, data: Any, place: str) -> None:
    def batch(x: Any) -> Any:
        return CsrRows(*x) if isinstance(x, tuple) else x

    refused(Case(MODELS[model], lambda m, x: m.predict_batch(batch(x)), place), data)
    for labels in ([], [0]):
        refused(Case(MODELS[model], partial(lambda y, m, x: m.update_batch(batch(x), y), labels), ""), data)
        refused(Case(MODELS[model], partial(lambda y, m, x: m.evaluate_batch(batch(x), y), labels), ""), data)


def broken_csr(**parts: Any) -> Any:
    """A scipy matrix whose parts were replaced behind its back."""
    sparse_arrays = pytest.importorskip("scipy.sparse")
    matrix = sparse_arrays.csr_array(np.eye(3, dtype=np.int64))
    for name, value in parts.items():
        setattr(matrix, name, value)
    return matrix


@pytest.mark.parametrize("model", ["sparse", "sparse nearest"])
@pytest.mark.parametrize(
    "parts",
    [
        {"data": np.array([1, 2, 1])},
        {"data": np.array([1, 0, 1])},
        {"data": np.array([1.0, np.nan, 1.0])},
        {"data": np.array([1.0, 0.5, 1.0])},
        {"data": np.array([1, -1, 1])},
        {"data": np.array([True, False, True])},
        {"data": np.array([1, None, 1], dtype=object)},
        {"data": np.array(["1", "1", "1"])},
        {"indptr": np.array([0, 1, 2, 4], dtype=np.int32)},
        {"indptr": np.array([0, -1, 2, 3], dtype=np.int32)},
        {"indptr": np.array([-1, 1, 2, 3], dtype=np.int32)},
        {"indptr": np.array([3, 2, 1, 0], dtype=np.int32)},
        {"indptr": np.array([], dtype=np.int32)},
        {"indptr": np.array([0.0, 1.0, 2.0, 3.0])},
        {"indptr": np.array([[0, 1, 2, 3]])},
        {"indices": np.array([0.0, 1.0, 2.0])},
        {"indices": np.array([0], dtype=np.int32)},
        {"indices": np.array([[0, 1, 2]])},
        {"indices": np.array([0, 1, None], dtype=object)},
        {"indices": np.array([True, False, True])},
    ],
    ids=str,
)
def test_broken_scipy_matrices(model: str, parts: dict[str, Any]) -> None:
    refused(Case(MODELS[model], lambda m, x: m.predict_batch(x), ""), broken_csr(**parts))
    refused(Case(MODELS[model], lambda m, x: m.update_batch(x, [0, 1, 0]), ""), broken_csr(**parts))


def test_a_scipy_matrix_with_a_wrong_value_names_row_and_column() -> None:
    refused(
        Case(sparse, lambda m, x: m.predict_batch(x), "row 1, column 1"),
        broken_csr(data=np.array([1, 2, 1])),
    )


def test_a_stored_negative_index_of_a_matrix_reverts() -> None:
    for build in (sparse, sparse_nearest):
        with pytest.raises(Revert) as caught:
            build().predict_batch(broken_csr(indices=np.array([0, -1, 2], dtype=np.int32)))
        assert (caught.value.name, caught.value.args, caught.value.row) == ("NegativeIndex", (0, -1), 1)


@pytest.mark.parametrize("model", ["sparse", "sparse nearest"])
def test_one_sample_is_no_batch_for_evaluate_batch(model: str) -> None:
    refused(Case(MODELS[model], lambda m, x: m.evaluate_batch(x, [0]), "batch"), [1, 2])
    refused(Case(MODELS[model], lambda m, x: m.evaluate_batch(x, [0]), "batch"), np.array([1, 2]))


# -- labels -----------------------------------------------------------------------------------------------------------

UNIT = [ONE, 0]
SAMPLES = {"dense": UNIT, "nearest": UNIT, "sparse": [0, 1], "sparse nearest": [0, 1]}


@pytest.mark.parametrize("junk", [*WRONG_TYPES, *SEQUENCES, *BEYOND_EVERY_TYPE])
@pytest.mark.parametrize("model", MODELS)
def test_one_bad_label(model: str, junk: str) -> None:
    refused(Case(MODELS[model], lambda m, y: m.update(SAMPLES[model], y), "label"), JUNK[junk])


@pytest.mark.parametrize("label", [-1, -(2**63), 2**64, 2**80, np.int64(-1), np.array(-1)])
@pytest.mark.parametrize("model", MODELS)
def test_a_label_that_uint64_does_not_hold(model: str, label: Any) -> None:
    refused(Case(MODELS[model], lambda m, y: m.update(SAMPLES[model], y), "label"), label)
    refused(Case(MODELS[model], lambda m, y: m.update_batch([SAMPLES[model]] * 2, [0, y]), "label"), label)


@pytest.mark.parametrize("junk", sorted(JUNK.keys() - BOOLEANS.keys()))
@pytest.mark.parametrize("model", MODELS)
def test_one_bad_label_in_a_batch(model: str, junk: str) -> None:
    refused(Case(MODELS[model], lambda m, y: m.update_batch([SAMPLES[model]] * 2, [0, y]), "label"), JUNK[junk])
    as_array = Case(MODELS[model], lambda m, y: m.update_batch([SAMPLES[model]] * 2, objects([0, y])), "label")
    refused(as_array, JUNK[junk])
    if model == "sparse":
        refused(Case(sparse, lambda m, y: m.evaluate_batch([[0]] * 2, objects([0, y])), "label"), JUNK[junk])


NOT_LABELS: dict[str, Any] = {
    **WRONG_TYPES,
    "integer": 1,
    "0-d array": np.array(1),
    "set": {0, 1},
    "dict": {0: 1, 1: 0},
    "generator": generator(),
    "too few": [0],
    "too many": [0, 1, 0],
    "empty": [],
    "column": [[0], [1]],
    "column array": np.array([[0], [1]]),
    "ragged": [[0], [0, 1]],
    "one row": [[0, 1]],
    "floats": np.array([0.0, 1.0]),
    "nan": [0, float("nan")],
    "float list": [0.0, 1.0],
    "text": "01",
    "bytes": b"01",
    "texts": ["0", "1"],
    "text array": np.array(["0", "1"]),
    "complex": np.array([0, 1j]),
    "datetime": np.array(["2020", "2021"], dtype="M8[Y]"),
    "timedelta": np.array([0, 1], dtype="m8[s]"),
    "timedelta objects": objects([0, np.timedelta64(1, "s")]),
    "records": np.zeros(2, dtype=[("a", "i8")]),
    "objects": objects([0, None]),
    "negative": np.array([0, -1]),
    "negative objects": objects([0, -1]),
    "masked": np.ma.array([0, 1], mask=[False, True]),
    "matrix": np.array([[0, 1]]).view(np.matrix),
    "nested too deep": nested(70),
    "nested much too deep": nested(3000),
    "itself": recursive(),
    "empty of two dimensions": np.empty((0, 2), dtype=np.int64),
}


@pytest.mark.parametrize("junk", NOT_LABELS)
@pytest.mark.parametrize("model", MODELS)
def test_what_are_no_labels(model: str, junk: str) -> None:
    refused(Case(MODELS[model], lambda m, y: m.update_batch([SAMPLES[model]] * 2, y), "label"), NOT_LABELS[junk])


# -- what a model is built from ---------------------------------------------------------------------------------------

#: No sequence of integers, where a list of numbers is expected.
NOT_LISTS: dict[str, Any] = {
    **{name: junk for name, junk in WRONG_TYPES.items() if name != "void"},  # a record is a sequence of its fields
    **BOOLEANS,
    "integer": 5,
    "dict": {5: 1},
    "set": {5},
    "frozenset": frozenset((5,)),
    "text": "12",
    "bytes": b"12",
    "float array": np.array([1.0]),
    "2-d array": np.zeros((1, 1), dtype=np.int64),
    "0-d array": np.array(1),
    "bool array": np.array([True]),
    "timedelta array": np.array([1], dtype="m8[s]"),
    "text array": np.array(["1"]),
    "nested": [[1]],
    "nested much too deep": nested(3000),
    "itself": recursive(),
    "masked": np.ma.array([1, 2], mask=[False, True]),
}

LISTS: dict[str, Case] = {
    "dense weights": Case(dense, lambda _, x: dcai.DensePerceptron(x, 0, 0), "weights"),
    "dense initialize_weights": Case(dense, lambda m, x: m.initialize_weights(x), "weights"),
    "dense feature_indices": Case(
        dense, lambda _, x: dcai.DensePerceptron([1], 0, 0, feature_indices=x), "feature_indices"
    ),
    "sparse initialize_weights": Case(sparse, lambda m, x: m.initialize_weights(0, x), "weights"),
    "sparse initialize_sparse_weights": Case(sparse, lambda m, x: m.initialize_sparse_weights([[1, 2], x]), "weights"),
    "nearest centroid": Case(nearest, lambda _, x: dcai.NearestCentroidClassifier([x], [1]), "centroids"),
    "nearest named centroid": Case(
        nearest, lambda _, x: dcai.NearestCentroidClassifier([x], [1], classifications=["a"]), "centroids"
    ),
    "nearest counts": Case(nearest, lambda _, x: dcai.NearestCentroidClassifier([[1]], x), "counts"),
    "nearest add_class": Case(nearest, lambda m, x: m.add_class(x, "new", 1), "centroid"),
    "nearest extend_centroid": Case(nearest, lambda m, x: m.extend_centroid(x, 0), "extension"),
    "sparse nearest counts": Case(sparse_nearest, lambda _, x: dcai.SparseNearestCentroidClassifier([[]], x), "counts"),
    "sparse nearest pair": Case(
        sparse_nearest, lambda _, x: dcai.SparseNearestCentroidClassifier([[(0, 1), x]], [1]), "centroids"
    ),
}


@pytest.mark.parametrize("junk", NOT_LISTS)
@pytest.mark.parametrize("case", LISTS)
def test_what_is_no_list_of_numbers(case: str, junk: str) -> None:
    refused(LISTS[case], NOT_LISTS[junk])


#: No sequence of sequences.
NOT_CENTROIDS: dict[str, Any] = {
    **WRONG_TYPES,
    "integer": 5,
    "numbers": [1],
    "array of numbers": np.array([1]),
    "floats": np.array([[0.5, 0.5]]),
    "text": "12",
    "texts": ["12"],
    "a set of tuples": {(1, 2)},
    "Nones": [None],
    "0-d array": np.array(1),
    "nested much too deep": nested(3000),
    "dict of centroids": {0: [1, 2]},
}


@pytest.mark.parametrize("junk", NOT_CENTROIDS)
@pytest.mark.parametrize("names", [None, ["a"]])
@pytest.mark.parametrize("model", [dcai.NearestCentroidClassifier, dcai.SparseNearestCentroidClassifier])
def test_what_are_no_centroids(model: Any, names: Any, junk: str) -> None:
    build = Case(nearest, lambda _, x: model(x, [1], classifications=names), "centroid")
    refused(build, NOT_CENTROIDS[junk])


NOT_NAMES: dict[str, Any] = {
    "text": "ab",
    "bytes": b"ab",
    "integer": 5,
    "integers": [1, 2],
    "None among them": ["a", None],
    "bytes among them": ["a", b"b"],
    "half a surrogate": ["a", "\ud800"],
    "set": {"a", "b"},
    "float": 0.5,
    "floats": np.array([0.5, 0.5]),
    "type": list,
}


def call_second(build: Callable[[Any], Any], _: Any, junk: Any) -> None:
    build(junk)


@pytest.mark.parametrize("junk", NOT_NAMES)
def test_what_are_no_names(junk: str) -> None:
    names = NOT_NAMES[junk]
    for build in (
        lambda x: dcai.DensePerceptron([1], 0, 0, classifications=x),
        lambda x: dcai.SparsePerceptron([1], 0, 0, classifications=x),
        lambda x: dcai.NearestCentroidClassifier([[1], [2]], [1, 1], classifications=x),
        lambda x: dcai.SparseNearestCentroidClassifier([[], []], [1, 1], classifications=x),
    ):
        refused(Case(dense, partial(call_second, build), "classifications"), names)


@pytest.mark.parametrize("name", [None, 5, b"new", ["new"], "\udfff", 0.5])
def test_a_class_needs_a_name(name: Any) -> None:
    refused(Case(nearest, lambda m, x: m.add_class([1, 2], x, 1), "name"), name)
    refused(Case(sparse_nearest, lambda m, x: m.add_class([(1, 2)], x, 1), "name"), name)


def test_a_refused_class_leaves_no_name() -> None:
    for build, centroid in ((nearest, [1, 2, 3]), (sparse_nearest, [(0, 1), (0, 2)])):
        model = build()
        with pytest.raises(Revert):
            model.add_class(centroid, "new", 1)  # type: ignore[attr-defined]  # both have it
        assert model.classifications == ("0", "1")
        assert model == build()


def test_other_integers_are_integers() -> None:
    class Number(int):
        pass

    class Color(IntEnum):
        RED = 1

    class Index:
        def __index__(self) -> int:
            return 1

    one: Any
    for one in (Number(1), Color.RED, Index(), np.int8(1), np.uint64(1), np.array(1)):
        assert state(dcai.DensePerceptron([one], one, one)) == ([1], 1, 1)
        assert dcai.DensePerceptron([one], 0, 0).predict([one]) == 1
        assert dcai.SparsePerceptron([one, one], one, one).predict([one]) == 1
        perceptron = dcai.SparsePerceptron([], one, one)
        perceptron.initialize_sparse_weights([[one, one]])
        perceptron.initialize_weights(one, [one])
        assert state(perceptron) == ({1: 1}, 1, 1)
        assert dcai.NearestCentroidClassifier([[one]], [one]).counts == [1]
        assert dcai.SparseNearestCentroidClassifier([[(one, one)]], [one]).stored == [{1: (1, 1)}]
        assert dcai.DensePerceptron([one], 0, 0, feature_indices=[one]).feature_indices == (1,)
        model = sparse()
        model.update([0], one)
        if not isinstance(one, Index):
            model.update_batch([[0], [1]], [one, one])


def test_other_sequences_are_sequences() -> None:
    assert dcai.DensePerceptron([1, 2], 0, 0).predict(deque([1, 2])) == 1
    assert dcai.DensePerceptron(range(2), 0, 0).predict(range(2)) == 1
    assert dcai.SparsePerceptron([1, 2], 0, 0).predict_batch([range(2), range(1)]).tolist() == [1, 1]
    assert dcai.DensePerceptron(deque([1, 2]), 0, 0) == dcai.DensePerceptron([1, 2], 0, 0)


def test_wrong_floats_are_told_how_to_scale() -> None:
    sample: Any
    batch: Any
    for model in (dense(), nearest()):
        for sample in ([0.5, 0.5], np.array([0.5, 0.5])):
            with pytest.raises(InputTypeError, match="to_fixed"):
                model.predict(sample)
        for batch in ([[0.5, 0.5]], np.array([[0.5, 0.5]])):
            with pytest.raises(InputTypeError, match="to_fixed"):
                model.predict_batch(batch)


# -- what must not take the process down ------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [2**40, 2**50, 2**58])
@pytest.mark.parametrize(
    "model",
    [
        "DensePerceptron([], 0, 0)",
        "DensePerceptron([1], 0, 0)",
        "NearestCentroidClassifier([[]], [1])",
        "NearestCentroidClassifier([[1]], [1])",
    ],
)
def test_rows_without_columns_do_not_take_the_process_down(model: str, rows: int) -> None:
    """An array of shape (n, 0) has no size, however large n is; its labels would have one."""
    code = f"""
import numpy as np, dcai
data = np.empty(({rows}, 0), dtype=np.int64)
try:
    dcai.{model}.predict_batch(data)
except (dcai.DcaiError, MemoryError):
    print("refused")
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (run.returncode, run.stdout) == (0, "refused\n"), run.stderr[-2000:]
