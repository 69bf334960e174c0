"""The data of the benches: dense rows of norm 1, and reviews as the presence of 1,000 words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from dcai import TO_FLOAT, CsrRows, data

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NUM_FEATURES", "NUM_WORDS", "Dense", "Sparse", "dense", "imdb", "synthetic_reviews"]

NUM_FEATURES = 512
NUM_WORDS = 1_000
#: Words present in a review of IMDB, on average.
WORDS_PER_REVIEW = 94.6


@dataclass(frozen=True, eq=False)
class Dense:
    """Dense rows of norm 1, the same numbers in fixed point and as floats.

    Parameters
    ----------
    name : str
        What the report calls the data.
    fixed : int64 array, shape (n, NUM_FEATURES)
        Scale ``10**9``.
    floats : float64 array of the same shape
        Scale 1.
    labels : uint64 array, shape (n,)
    """

    name: str
    fixed: NDArray[np.int64]
    floats: NDArray[np.float64]
    labels: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class Sparse:
    """Sparse binary rows, as index lists and as the matrix of SciPy.

    Parameters
    ----------
    name : str
        What the report calls the data.
    rows : SparseRows
        int64 indices.
    matrix : csr_array of float64 ones, shape (n, NUM_WORDS)
        With int32 indices, as SciPy chooses.
    labels : uint64 array, shape (n,)
    """

    name: str
    rows: data.SparseRows
    matrix: Any
    labels: NDArray[np.uint64]

    @property
    def int32(self) -> CsrRows:
        """The rows with int32 arrays."""
        return CsrRows(self.matrix.indptr, self.matrix.indices)


@cache
def dense(num_rows: int, num_classes: int = 2) -> Dense:
    """Give seeded Gaussian clouds, one a class, near enough to overlap a little."""
    rng = np.random.default_rng(0)
    labels = rng.integers(num_classes, size=num_rows).astype(np.uint64)
    centers = rng.normal(size=(num_classes, NUM_FEATURES)) / 8
    fixed = data.l2_normalized(centers[labels] + rng.normal(size=(num_rows, NUM_FEATURES)))
    name = f"synthetic, {num_rows:,} x {NUM_FEATURES}, {num_classes} classes"
    return Dense(name, fixed, fixed / TO_FLOAT, labels)


@cache
def imdb() -> Sparse:
    """Give the 25,000 training reviews of IMDB, or where they are not on this computer, rows of the same shape."""
    if data.locate("imdb") is None:
        return synthetic_reviews(25_000)
    reviews = data.imdb(num_words=NUM_WORDS)
    return _sparse(f"IMDB, {len(reviews.X_train):,} x {NUM_WORDS:,}", reviews.X_train, reviews.y_train)


@cache
def synthetic_reviews(num_rows: int) -> Sparse:
    """Give seeded rows of the shape of IMDB: few frequent words, many rare ones, some of them telling."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=num_rows).astype(np.uint64)
    frequency = 1 / (40 + np.arange(NUM_WORDS))
    frequency *= WORDS_PER_REVIEW / frequency.sum()
    tendency = rng.choice([-0.2, 0.0, 0.2], size=NUM_WORDS)
    by_label = np.array([frequency * (1 - tendency), frequency * (1 + tendency)])
    # As in the Keras form of IMDB: a start mark in every row, and two indices that no word has.
    by_label[:, 1] = 1
    by_label[:, [0, 3]] = 0
    present = rng.random((num_rows, NUM_WORDS)) < by_label[labels]
    return _sparse(f"SYNTHETIC in place of IMDB, {num_rows:,} x {NUM_WORDS:,}", data.present(present), labels)


def _sparse(name: str, rows: data.SparseRows, labels: NDArray[np.uint64]) -> Sparse:
    ones = np.ones(len(rows.indices))
    matrix = csr_array((ones, rows.indices.astype(np.int32), rows.indptr.astype(np.int32)), (len(rows), NUM_WORDS))
    return Sparse(name, rows, matrix, labels)
