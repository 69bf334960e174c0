"""The fast paths of batches, at and beyond what each of them holds, beside the reference."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dcai
from dcai import CsrRows
from tests.support.models import reference

scipy_sparse = pytest.importorskip("scipy.sparse")

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT80_MAX = 2**79 - 1

#: Every remainder of the rows that are read at a time, and of the lanes of every instruction set.
NUM_ROWS = range(1, 10)
NUM_FEATURES = [*range(1, 18), 63, 64, 65]


def assert_as_reference(model: Any, oracle: Any, rows: Sequence[Sequence[int]]) -> None:
    array = np.array(rows, dtype=np.int64)
    expected = [oracle.predict(row) for row in rows]
    assert model.predict_batch(array).tolist() == expected
    # The same numbers at every place within a cache line that int64 may have.
    memory = np.empty(array.size + 8, dtype=np.int64)
    for start in range(1, 8):
        place = memory[start : start + array.size].reshape(array.shape)
        place[...] = array
        assert model.predict_batch(place).tolist() == expected


@pytest.mark.parametrize("num_features", NUM_FEATURES)
@pytest.mark.parametrize("bound", [3, 10**9, 2**31, 2**51, 2**53 + 1, INT64_MAX], ids=lambda bound: f"{bound:.0e}")
def test_dense_perceptron(num_features: int, bound: int) -> None:
    rng = random.Random(num_features)
    for num_rows in NUM_ROWS:
        for weight_bound in (2, bound, INT80_MAX):
            weights = [rng.randint(-weight_bound, weight_bound) for _ in range(num_features)]
            rows = [[rng.randint(-bound, bound) for _ in range(num_features)] for _ in range(num_rows)]
            intercept = rng.choice([0, 1, -1, bound])
            model = dcai.DensePerceptron(weights, intercept, 1)
            assert_as_reference(model, reference.DensePerceptron(weights, intercept, 1), rows)


@pytest.mark.parametrize("magnitude", [1, 2**26, 2**31, 2**45, 2**52, 2**53, 2**62])
@pytest.mark.parametrize("where", [0, 6, 7, 8, 15, 16])
def test_scores_of_zero_and_next_to_it_where_floats_cannot_tell(magnitude: int, where: int) -> None:
    """Two large terms that cancel, and one that decides, in any lane."""
    for weight in (1, 3, 2**40 + 1, INT80_MAX):
        weights = [weight] * 17
        weights[where] = 1
        for last in (-1, 0, 1):
            row = [0] * 17
            row[(where + 1) % 17], row[(where + 9) % 17], row[where] = magnitude, -magnitude, last
            for intercept in (-1, 0, 1):
                model = dcai.DensePerceptron(weights, intercept, 1)
                assert model.predict_batch(np.array([row] * 6)).tolist() == [int(last + intercept > 0)] * 6


@pytest.mark.parametrize("num_classes", [1, 2, 4, 5, 6, 10, 11])
@pytest.mark.parametrize("bound", [40_000, 10**9, 2**31, 2**53 + 1, INT64_MAX], ids=lambda bound: f"{bound:.0e}")
def test_nearest_centroid(num_classes: int, bound: int) -> None:
    rng = random.Random(num_classes)
    for num_features in (1, 3, 8, 17):
        centroids = [[rng.randint(-bound, bound) for _ in range(num_features)] for _ in range(num_classes)]
        centroids[-1] = centroids[0]  # an exact tie
        rows = [[rng.randint(-bound, bound) for _ in range(num_features)] for _ in range(9)]
        rows += [[x + rng.choice([-1, 0, 1]) * (abs(x) < bound) for x in centroid] for centroid in centroids]
        counts = [1] * num_classes
        model = dcai.NearestCentroidClassifier(centroids, counts)
        assert_as_reference(model, reference.NearestCentroidClassifier(centroids, counts), rows)


@given(st.integers(1, 40), st.integers(-(10**9), 10**9), st.integers(-40_000, 40_000))
def test_rows_near_the_middle_of_two_centroids(num_features: int, place: int, off: int) -> None:
    centroids = [[place] * num_features, [place + 2 * 31_623] * num_features]
    row = [place + 31_623] * (num_features - 1) + [place + 31_623 + off]
    model = dcai.NearestCentroidClassifier(centroids, [1, 1])
    oracle = reference.NearestCentroidClassifier(centroids, [1, 1])
    assert model.predict_batch(np.array([row] * 5)).tolist() == [oracle.predict(row)] * 5


# -- sparse ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [10**9, 2**62, 2**63 - 1, 2**63, INT80_MAX])
@pytest.mark.parametrize("index_type", [np.int32, np.int64])
def test_sums_that_64_bits_hold_and_do_not(largest: int, index_type: Any) -> None:
    rng = random.Random(0)
    weights = [rng.choice([-largest, largest, 1, -1]) for _ in range(50)]
    oracle = reference.SparsePerceptron(weights, 0, 1)
    model = dcai.SparsePerceptron(weights, 0, 1)
    # The last rows have features that the list of weights does not hold.
    rows = [sorted(rng.sample(range(50), rng.randint(0, 12))) for _ in range(3000)] + [[3, 49, 50], [49, 2**31 - 1]]
    indptr = np.cumsum([0] + [len(row) for row in rows]).astype(index_type)
    indices = np.array([index for row in rows for index in row], index_type)
    assert model.predict_batch(CsrRows(indptr, indices)).tolist() == [oracle.predict(row) for row in rows]


@pytest.mark.parametrize("largest", [3, 40_000, 10**9, 2**58, 2**64 - 1], ids=lambda largest: f"{largest:.0e}")
@pytest.mark.parametrize("index_type", [np.int32, np.int64])
@pytest.mark.parametrize("num_classes", [2, 3])
def test_sparse_centroids(largest: int, index_type: Any, num_classes: int) -> None:
    """Also such as differ by 1 or not at all, so that the remainders of distances decide."""
    rng = random.Random(largest)
    for _ in range(6):
        first = {i: rng.randint(0, largest) for i in range(50)}
        near = {i: min(max(value + rng.choice([-1, 0, 0, 1]), 0), largest) for i, value in first.items()}
        centroids = [first, rng.choice([first, near]), near][:num_classes]
        rng.shuffle(centroids)
        pairs = [list(centroid.items()) for centroid in centroids]
        oracle = reference.SparseNearestCentroidClassifier(pairs, [1] * num_classes)
        model = dcai.SparseNearestCentroidClassifier(centroids, [1] * num_classes)
        # The last rows have features that no centroid holds.
        rows = [sorted(rng.sample(range(50), rng.randint(0, 12))) for _ in range(400)] + [[3, 49, 50], [49, 2**31 - 1]]
        for chosen in (rows, rows[:-2]):
            indptr = np.cumsum([0] + [len(row) for row in chosen]).astype(index_type)
            indices = np.array([index for row in chosen for index in row], index_type)
            assert model.predict_batch(CsrRows(indptr, indices)).tolist() == [oracle.predict(row) for row in chosen]


@pytest.mark.parametrize("row", [0, 1, 170, 9_998])
def test_the_first_row_out_of_order_is_named(row: int) -> None:
    indices = np.tile(np.arange(0, 30, 3), 10_000)
    indptr = np.arange(0, 100_001, 10)
    model = dcai.SparseNearestCentroidClassifier([dict.fromkeys(range(30), 7)] * 2, [1, 1])
    assert not model.predict_batch(CsrRows(indptr, indices)).any()
    indices[row * 10 + 5] = indices[row * 10 + 4]
    indices[-1] = -1
    with pytest.raises(dcai.Revert, match="NotStrictlyIncreasing") as caught:
        model.predict_batch(CsrRows(indptr, indices))
    assert caught.value.row == row
    # Of no harm where presence counts as often as it stands there.
    assert dcai.SparsePerceptron([1] * 30, 0, 1).predict_batch(CsrRows(indptr[:-1], indices[:-10])).all()


@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i4", "i2", "i1", "u1", "?", "u8", "u4", ">f8", "c16"])
@pytest.mark.parametrize("place", [0, 1, 700, 89_998, 89_999])
def test_a_value_other_than_one_anywhere_in_a_large_matrix(dtype: str, place: int) -> None:
    columns = np.tile(np.arange(3, dtype=np.int32), 30_000)
    values = np.ones(90_000, dtype)
    matrix = scipy_sparse.csr_array((values, columns, np.arange(0, 90_001, 3)), shape=(30_000, 3))
    for model in (dcai.SparsePerceptron([1, -1, 1], 0, 1), dcai.SparseNearestCentroidClassifier([{}, {0: 1}], [1, 1])):
        assert len(model.predict_batch(matrix)) == 30_000
        matrix.data[place] = 0
        message = rf"row {place // 3}, column {place % 3} of the matrix is"
        with pytest.raises(dcai.InputError, match=message):
            model.predict_batch(matrix)
        before = model.copy()
        with pytest.raises(dcai.InputError, match=message):
            model.update_batch(matrix, np.ones(30_000, np.uint64))
        assert model == before
        matrix.data[place] = 1


def test_a_value_other_than_one_comes_before_a_refused_row() -> None:
    matrix = scipy_sparse.csr_array((np.ones(4), np.array([0, 1, 0, 1]), np.array([0, 2, 4])), shape=(2, 2))
    matrix.indices[0] = -1
    model = dcai.SparsePerceptron([1, 1], 0, 1)
    with pytest.raises(dcai.Revert, match="NegativeIndex"):
        model.predict_batch(matrix)
    matrix.data[3] = 2
    with pytest.raises(dcai.InputError, match="row 1, column 1"):
        model.predict_batch(matrix)


@pytest.mark.parametrize(
    "form", [list, tuple, np.array, lambda row: np.array(row, np.int32), lambda row: np.array([row, row]).T[:, 0]]
)
def test_updates_one_by_one_in_every_form(form: Any) -> None:
    rng = random.Random(0)
    oracle, model = reference.SparsePerceptron([0] * 9, -1, 5), dcai.SparsePerceptron([0] * 9, -1, 5)
    for _ in range(300):
        row, label = sorted(rng.sample([*range(12), 5_000, 2**31 - 1], 5)), rng.randint(0, 1)
        before = oracle.state()
        oracle.learn(row, label)
        assert model.update(form(row), label) is (oracle.state() != before)
    assert dict(model.weights) == oracle.state()[0]
