"""Updates, one call a row and as one batch. Weights equal plain integers, and the rival's to the last bit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import SGDClassifier

from bench import exact
from bench.report import Measure
from bench.workloads import NUM_FEATURES, NUM_WORDS, Dense, Sparse
from dcai import TO_FLOAT
from dcai.models import DensePerceptron, SparsePerceptron

Model = TypeVar("Model", DensePerceptron, SparsePerceptron)

SPARSE = "sparse Perceptron, update"
DENSE = "dense Perceptron, update"
BY_ONE = "dcai, one by one"
BATCH = "dcai, one batch"
RIVAL = "scikit-learn SGDClassifier, one by one"

#: The rival is slow: it learns the first rows only, and its rate stands for the others.
NUM_RIVAL_ROWS = 300
#: scikit-learn learns from a score of exactly 0 whatever the label; with these intercepts no score is 0.
SPARSE_INTERCEPT = -TO_FLOAT // 2
DENSE_INTERCEPT = -1


def learn_one_by_one(model: Model, rows: Sequence[Any], labels: Sequence[int]) -> Model:
    for row, label in zip(rows, labels, strict=True):
        model.update(row, label)
    return model


def learn_batch(model: Model, rows: Any, labels: NDArray[np.uint64]) -> Model:
    model.update_batch(rows, labels)
    return model


def learn_sklearn(empty_row: Any, intercept: float, rows: Sequence[Any], labels: Sequence[int]) -> NDArray[np.float64]:
    """Weights of the same Perceptron in scikit-learn: ours but for floats."""
    model = SGDClassifier(loss="perceptron", penalty=None, learning_rate="constant", eta0=1.0, fit_intercept=False)
    # A row without features tells the classes and moves nothing.
    model.partial_fit(empty_row, [0], classes=[0, 1])
    model.intercept_[:] = intercept
    for row, label in zip(rows, labels, strict=True):
        model.partial_fit(row, [label])
    weights: NDArray[np.float64] = model.coef_[0]
    return weights


# -- sparse Perceptron -------------------------------------------------------------------------------------------------


def new_sparse() -> SparsePerceptron:
    return SparsePerceptron([0] * NUM_WORDS, SPARSE_INTERCEPT, TO_FLOAT)


@pytest.fixture(scope="module")
def sparse_weights(sparse: Sparse) -> dict[int, int]:
    """What plain integers learn from all rows."""
    rows = (row.tolist() for row in sparse.rows)
    return exact.learn_sparse(SPARSE_INTERCEPT, TO_FLOAT, rows, sparse.labels.tolist())


def bench_sparse(measure: Measure, sparse: Sparse, sparse_weights: dict[int, int]) -> None:
    rows, labels = list(sparse.rows), sparse.labels.tolist()
    model = measure(SPARSE, sparse.name, BY_ONE, len(rows), lambda: learn_one_by_one(new_sparse(), rows, labels))
    assert model.weights == sparse_weights


def bench_sparse_batch(measure: Measure, sparse: Sparse, sparse_weights: dict[int, int]) -> None:
    model = measure(
        SPARSE, sparse.name, BATCH, len(sparse.rows), lambda: learn_batch(new_sparse(), sparse.rows, sparse.labels)
    )
    assert model.weights == sparse_weights


def bench_sparse_sklearn(measure: Measure, sparse: Sparse) -> None:
    labels = sparse.labels[:NUM_RIVAL_ROWS].tolist()
    rows = [sparse.matrix[[i]] for i in range(len(labels))]
    empty = csr_array((1, NUM_WORDS))
    intercept = SPARSE_INTERCEPT / TO_FLOAT
    weights = measure(SPARSE, sparse.name, RIVAL, len(rows), lambda: learn_sklearn(empty, intercept, rows, labels))
    first = (row.tolist() for row in islice(sparse.rows, len(rows)))
    expected = exact.learn_sparse(SPARSE_INTERCEPT, TO_FLOAT, first, labels)
    assert {int(index): int(weights[index]) * TO_FLOAT for index in np.flatnonzero(weights)} == expected


# -- dense Perceptron --------------------------------------------------------------------------------------------------


def new_dense() -> DensePerceptron:
    return DensePerceptron([0] * NUM_FEATURES, DENSE_INTERCEPT, TO_FLOAT)


def learn_exactly(dense: Dense, num_rows: int) -> list[int]:
    rows = (row.tolist() for row in dense.fixed[:num_rows])
    return exact.learn_dense(DENSE_INTERCEPT, rows, dense.labels[:num_rows].tolist(), NUM_FEATURES)


@pytest.fixture(scope="module")
def dense_weights(dense: Dense) -> list[int]:
    """What plain integers learn from all rows."""
    return learn_exactly(dense, len(dense.labels))


def bench_dense(measure: Measure, dense: Dense, dense_weights: list[int]) -> None:
    rows, labels = list(dense.fixed), dense.labels.tolist()
    model = measure(DENSE, dense.name, BY_ONE, len(rows), lambda: learn_one_by_one(new_dense(), rows, labels))
    assert model.weights.tolist() == dense_weights


def bench_dense_batch(measure: Measure, dense: Dense, dense_weights: list[int]) -> None:
    num_rows = len(dense.labels)
    model = measure(DENSE, dense.name, BATCH, num_rows, lambda: learn_batch(new_dense(), dense.fixed, dense.labels))
    assert model.weights.tolist() == dense_weights


def bench_dense_sklearn(measure: Measure, dense: Dense) -> None:
    labels = dense.labels[:NUM_RIVAL_ROWS].tolist()
    # The fixed-point integers as floats: sums of them are exact, so the weights must be equal.
    rows = [row[np.newaxis] for row in dense.fixed[: len(labels)].astype(np.float64)]
    empty = np.zeros((1, NUM_FEATURES))
    weights = measure(DENSE, dense.name, RIVAL, len(rows), lambda: learn_sklearn(empty, DENSE_INTERCEPT, rows, labels))
    assert weights.tolist() == learn_exactly(dense, len(rows))
