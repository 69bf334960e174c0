"""What the models compute, in plain Python integers: slow, and beyond doubt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from dcai import TO_FLOAT

__all__ = ["learn_dense", "learn_sparse", "nearest_dense", "nearest_sparse", "score_dense", "score_sparse", "to_fixed"]


def score_dense(weights: Sequence[int], intercept: int, row: Sequence[int]) -> int:
    return intercept + sum(weight * x for weight, x in zip(weights, row, strict=True))


def score_sparse(weights: Mapping[int, int], intercept: int, row: Iterable[int]) -> int:
    return intercept + sum(weights.get(index, 0) for index in row)


def nearest_dense(centroids: Sequence[Sequence[int]], row: Sequence[int]) -> int:
    """The nearest class; each term of a distance is divided, then they are summed."""
    distances = [sum((x - c) ** 2 // TO_FLOAT for c, x in zip(centroid, row, strict=True)) for centroid in centroids]
    return distances.index(min(distances))


def nearest_sparse(centroids: Sequence[Mapping[int, int]], row: Iterable[int]) -> int:
    """The nearest class, of centroids that no update has scaled."""
    indices = list(row)
    distances = [
        sum(value**2 for value in centroid.values())
        + TO_FLOAT * sum(TO_FLOAT - 2 * centroid.get(index, 0) for index in indices)
        for centroid in centroids
    ]
    return distances.index(min(distances))


def learn_dense(intercept: int, rows: Iterable[Sequence[int]], labels: Iterable[int], num_features: int) -> list[int]:
    """Weights from zero after one pass with a learning rate of 1, at which each step is the row itself."""
    weights = [0] * num_features
    for row, label in zip(rows, labels, strict=True):
        if (score_dense(weights, intercept, row) > 0) != label:
            sign = 1 if label else -1
            weights = [weight + sign * x for weight, x in zip(weights, row, strict=True)]
    return weights


def learn_sparse(
    intercept: int, learning_rate: int, rows: Iterable[Iterable[int]], labels: Iterable[int]
) -> dict[int, int]:
    """Weights that are not zero, by index, from zero after one pass."""
    weights: dict[int, int] = {}
    for row, label in zip(rows, labels, strict=True):
        indices = list(row)
        if (score_sparse(weights, intercept, indices) > 0) != label:
            for index in indices:
                weights[index] = weights.get(index, 0) + (learning_rate if label else -learning_rate)
    return {index: weight for index, weight in weights.items() if weight}


def to_fixed(real: float) -> int:
    """Nearest integer to ``real * 10**9``, half away from zero."""
    scaled = abs(Fraction(real)) * TO_FLOAT
    magnitude = int(scaled + Fraction(1, 2))
    return -magnitude if real < 0 else magnitude
