"""Predictions of batches. Labels equal plain integers on a sample of rows, and the rival's where floats are certain."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestCentroid

from bench import exact
from bench.report import Measure
from bench.workloads import NUM_FEATURES, NUM_WORDS, Dense, Sparse
from dcai import TO_FLOAT, to_fixed
from dcai.models import (
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)

DENSE_PERCEPTRON = "dense Perceptron, predict"
SPARSE_PERCEPTRON = "sparse Perceptron, predict"
DENSE_EXTREME = "dense Perceptron, predict, 256 bits"
DENSE_CENTROID = "nearest centroid, predict"
SPARSE_CENTROID = "sparse nearest centroid, predict"

#: Rows for which plain integers say what is right.
NUM_CHECKED = 200
#: Scores and differences of distances, scale 1, whose sign no rounding of floats changes.
CERTAIN = 1e-6


def checked_rows(num_rows: int) -> range:
    return range(0, num_rows, max(num_rows // NUM_CHECKED, 1))


def assert_equal_where_certain(
    labels: NDArray[np.intp], rival: NDArray[np.generic], margins: NDArray[np.float64]
) -> None:
    certain = margins > CERTAIN
    assert certain.mean() > 0.99
    assert np.array_equal(labels[certain], rival[certain])
    assert len(np.unique(labels)) > 1


# -- dense Perceptron --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dense_perceptron(dense: Dense) -> DensePerceptron:
    """Trained in one pass."""
    model = DensePerceptron([0] * NUM_FEATURES, 0, TO_FLOAT)
    model.update_batch(dense.fixed, dense.labels)
    return model


def bench_dense_perceptron(measure: Measure, dense: Dense, dense_perceptron: DensePerceptron) -> None:
    model, num_rows = dense_perceptron, len(dense.labels)
    labels = measure(DENSE_PERCEPTRON, dense.name, "dcai", num_rows, lambda: model.predict_batch(dense.fixed))
    weights = model.weights.tolist()
    for i in checked_rows(num_rows):
        assert labels[i] == (exact.score_dense(weights, model.intercept, dense.fixed[i].tolist()) > 0)
    scores = dense.floats @ (model.weights / TO_FLOAT)
    assert_equal_where_certain(labels, scores > 0, np.abs(scores))


def bench_dense_perceptron_numpy_sum(measure: Measure, dense: Dense) -> None:
    num_rows = len(dense.labels)
    total = measure(DENSE_PERCEPTRON, dense.name, "numpy int64 X.sum()", num_rows, dense.fixed.sum)
    assert total == sum(dense.fixed.sum(axis=1).tolist())


def bench_dense_perceptron_numpy_product(measure: Measure, dense: Dense, dense_perceptron: DensePerceptron) -> None:
    weights, num_rows = dense_perceptron.weights / TO_FLOAT, len(dense.labels)
    labels = measure(
        DENSE_PERCEPTRON, dense.name, "numpy float64 X @ w > 0", num_rows, lambda: dense.floats @ weights > 0
    )
    assert_equal_where_certain(dense_perceptron.predict_batch(dense.fixed), labels, np.abs(dense.floats @ weights))


def bench_dense_perceptron_extreme(measure: Measure, dense: Dense) -> None:
    """Weights and features at the ends of their types, of which half the scores cancel: these take 256 bits."""
    num_rows = len(dense.labels)
    rng = np.random.default_rng(0)
    weights = rng.choice([-(2**63), 2**63 - 1], size=NUM_FEATURES).astype(object) * 2**16
    weights[NUM_FEATURES // 2 :] = weights[: NUM_FEATURES // 2]
    rows = rng.choice([-(2**63) + 1, 2**63 - 1], size=(num_rows, NUM_FEATURES))
    rows[::2, NUM_FEATURES // 2 :] = -rows[::2, : NUM_FEATURES // 2]
    model = DensePerceptron(weights.tolist(), 1, TO_FLOAT)
    name = f"extreme, {num_rows:,} x {NUM_FEATURES}"
    labels = measure(DENSE_EXTREME, name, "dcai", num_rows, lambda: model.predict_batch(rows))
    for i in checked_rows(num_rows):
        assert labels[i] == (exact.score_dense(weights.tolist(), 1, rows[i].tolist()) > 0)
    assert labels[::2].all()


# -- sparse Perceptron -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sparse_perceptron(sparse: Sparse) -> SparsePerceptron:
    """Trained in one pass."""
    model = SparsePerceptron([0] * NUM_WORDS, 0, TO_FLOAT)
    model.update_batch(sparse.rows, sparse.labels)
    return model


@pytest.fixture(scope="module")
def float_weights(sparse_perceptron: SparsePerceptron) -> NDArray[np.float64]:
    """The same weights, still integers: sums of them stay below 2^53, so the floats are exact."""
    weights = sparse_perceptron.weights
    return np.array([weights[index] for index in range(NUM_WORDS)], np.float64)


def assert_sparse_perceptron_right(model: SparsePerceptron, sparse: Sparse, labels: NDArray[np.intp]) -> None:
    weights = model.weights
    for i in checked_rows(len(sparse.rows)):
        assert labels[i] == (exact.score_sparse(weights, model.intercept, sparse.rows[i].tolist()) > 0)
    assert len(np.unique(labels)) > 1


def bench_sparse_perceptron(
    measure: Measure, sparse: Sparse, sparse_perceptron: SparsePerceptron, float_weights: NDArray[np.float64]
) -> None:
    model, num_rows = sparse_perceptron, len(sparse.rows)
    labels = measure(
        SPARSE_PERCEPTRON, sparse.name, "dcai, SciPy CSR", num_rows, lambda: model.predict_batch(sparse.matrix)
    )
    assert_sparse_perceptron_right(model, sparse, labels)
    assert np.array_equal(labels, sparse.matrix @ float_weights > 0)


def bench_sparse_perceptron_pair(measure: Measure, sparse: Sparse, sparse_perceptron: SparsePerceptron) -> None:
    model, num_rows = sparse_perceptron, len(sparse.rows)
    labels = measure(
        SPARSE_PERCEPTRON, sparse.name, "dcai, CsrRows", num_rows, lambda: model.predict_batch(sparse.rows)
    )
    assert_sparse_perceptron_right(model, sparse, labels)


def bench_sparse_perceptron_int32_pair(measure: Measure, sparse: Sparse, sparse_perceptron: SparsePerceptron) -> None:
    model, pair = sparse_perceptron, sparse.int32
    labels = measure(
        SPARSE_PERCEPTRON, sparse.name, "dcai, int32 CsrRows", len(sparse.rows), lambda: model.predict_batch(pair)
    )
    assert_sparse_perceptron_right(model, sparse, labels)


def bench_sparse_perceptron_bool(measure: Measure, sparse: Sparse, sparse_perceptron: SparsePerceptron) -> None:
    """Presence as booleans: a fifth of the memory of floats to look at."""
    model, matrix = sparse_perceptron, sparse.matrix.astype(bool)
    labels = measure(
        SPARSE_PERCEPTRON, sparse.name, "dcai, CSR of bool", len(sparse.rows), lambda: model.predict_batch(matrix)
    )
    assert_sparse_perceptron_right(model, sparse, labels)


def bench_sparse_perceptron_scipy_product(
    measure: Measure, sparse: Sparse, sparse_perceptron: SparsePerceptron, float_weights: NDArray[np.float64]
) -> None:
    labels = measure(
        SPARSE_PERCEPTRON,
        sparse.name,
        "SciPy CSR float64 X @ w > 0",
        len(sparse.rows),
        lambda: sparse.matrix @ float_weights > 0,
    )
    assert_sparse_perceptron_right(sparse_perceptron, sparse, labels)


def bench_sparse_perceptron_scipy_bool_product(
    measure: Measure, sparse: Sparse, sparse_perceptron: SparsePerceptron, float_weights: NDArray[np.float64]
) -> None:
    matrix = sparse.matrix.astype(bool)
    labels = measure(
        SPARSE_PERCEPTRON,
        sparse.name,
        "CSR of bool, SciPy X @ w > 0",
        len(sparse.rows),
        lambda: matrix @ float_weights > 0,
    )
    assert_sparse_perceptron_right(sparse_perceptron, sparse, labels)


def bench_sparse_perceptron_bytes(measure: Measure, sparse: Sparse) -> None:
    """What the float form cannot undercut: one look at each of its values, and at each index."""
    matrix = sparse.matrix
    found = measure(
        SPARSE_PERCEPTRON,
        sparse.name,
        "reading: data.sum(), indices.max()",
        len(sparse.rows),
        lambda: (matrix.data.sum(), matrix.indices.max()),
    )
    assert found == (len(sparse.rows.indices), sparse.rows.indices.max())


# -- nearest centroid --------------------------------------------------------------------------------------------------


def smallest_margins(distances: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the second class is behind the first, in squared distance."""
    nearest = np.partition(distances, 1, axis=1)
    return np.asarray(nearest[:, 1] - nearest[:, 0])


@pytest.fixture(scope="module")
def dense_rival(dense_classes: Dense) -> NearestCentroid:
    """Fitted on the rows that it will predict."""
    return NearestCentroid().fit(dense_classes.floats, dense_classes.labels)


@pytest.fixture(scope="module")
def dense_centroid(dense_rival: NearestCentroid, dense_classes: Dense) -> NearestCentroidClassifier:
    """The same centroids, in fixed point."""
    return NearestCentroidClassifier(to_fixed(dense_rival.centroids_), np.bincount(dense_classes.labels.astype(int)))


def bench_dense_centroid(
    measure: Measure, dense_classes: Dense, dense_centroid: NearestCentroidClassifier, dense_rival: NearestCentroid
) -> None:
    model, data, num_rows = dense_centroid, dense_classes, len(dense_classes.labels)
    labels = measure(DENSE_CENTROID, data.name, "dcai", num_rows, lambda: model.predict_batch(data.fixed))
    centroids = [centroid.tolist() for centroid in model.centroids]
    for i in checked_rows(num_rows):
        assert labels[i] == exact.nearest_dense(centroids, data.fixed[i].tolist())
    distances = euclidean_distances(data.floats, dense_rival.centroids_, squared=True)
    assert_equal_where_certain(labels, distances.argmin(axis=1), smallest_margins(distances))


def bench_dense_centroid_sklearn(
    measure: Measure, dense_classes: Dense, dense_centroid: NearestCentroidClassifier, dense_rival: NearestCentroid
) -> None:
    data, num_rows = dense_classes, len(dense_classes.labels)
    labels = measure(
        DENSE_CENTROID, data.name, "scikit-learn NearestCentroid", num_rows, lambda: dense_rival.predict(data.floats)
    )
    distances = euclidean_distances(data.floats, dense_rival.centroids_, squared=True)
    assert_equal_where_certain(dense_centroid.predict_batch(data.fixed), labels, smallest_margins(distances))


# -- sparse nearest centroid -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sparse_rival(sparse: Sparse) -> NearestCentroid:
    """Fitted on the rows that it will predict."""
    with warnings.catch_warnings():
        # Some words are in all reviews or in none, which matters only where centroids are shrunk.
        warnings.filterwarnings("ignore", message=".*zero standard deviation", category=UserWarning)
        return NearestCentroid().fit(sparse.matrix, sparse.labels)


@pytest.fixture(scope="module")
def sparse_centroid(sparse_rival: NearestCentroid, sparse: Sparse) -> SparseNearestCentroidClassifier:
    """The same centroids, in fixed point."""
    centroids = [dict(enumerate(centroid.tolist())) for centroid in to_fixed(sparse_rival.centroids_)]
    return SparseNearestCentroidClassifier(centroids, np.bincount(sparse.labels.astype(int)))


def assert_sparse_centroid_right(
    model: SparseNearestCentroidClassifier, sparse: Sparse, labels: NDArray[np.intp]
) -> None:
    centroids = model.centroids
    for i in checked_rows(len(sparse.rows)):
        assert labels[i] == exact.nearest_sparse(centroids, sparse.rows[i].tolist())


def bench_sparse_centroid(
    measure: Measure, sparse: Sparse, sparse_centroid: SparseNearestCentroidClassifier, sparse_rival: NearestCentroid
) -> None:
    model, num_rows = sparse_centroid, len(sparse.rows)
    labels = measure(
        SPARSE_CENTROID, sparse.name, "dcai, SciPy CSR", num_rows, lambda: model.predict_batch(sparse.matrix)
    )
    assert_sparse_centroid_right(model, sparse, labels)
    distances = euclidean_distances(sparse.matrix, sparse_rival.centroids_, squared=True)
    assert_equal_where_certain(labels, distances.argmin(axis=1), smallest_margins(distances))


def bench_sparse_centroid_pair(
    measure: Measure, sparse: Sparse, sparse_centroid: SparseNearestCentroidClassifier
) -> None:
    model, num_rows = sparse_centroid, len(sparse.rows)
    labels = measure(SPARSE_CENTROID, sparse.name, "dcai, CsrRows", num_rows, lambda: model.predict_batch(sparse.rows))
    assert_sparse_centroid_right(model, sparse, labels)


def bench_sparse_centroid_sklearn(
    measure: Measure, sparse: Sparse, sparse_centroid: SparseNearestCentroidClassifier, sparse_rival: NearestCentroid
) -> None:
    labels = measure(
        SPARSE_CENTROID,
        sparse.name,
        "scikit-learn NearestCentroid, CSR",
        len(sparse.rows),
        lambda: sparse_rival.predict(sparse.matrix),
    )
    distances = euclidean_distances(sparse.matrix, sparse_rival.centroids_, squared=True)
    assert_equal_where_certain(sparse_centroid.predict_batch(sparse.rows), labels, smallest_margins(distances))
