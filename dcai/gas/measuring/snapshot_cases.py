"""What a snapshot measures: small models and samples of integers alone, the same on every computer and for ever.

No data set is read, since one that is normalised with floats may differ in its last digit from one computer to the
next, and its gas with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING

from dcai.models import DensePerceptron, NearestCentroidClassifier, SparseNearestCentroidClassifier, SparsePerceptron

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.models import Classifier

__all__ = ["CASES", "SnapshotCase"]

_ONE = 10**9


@dataclass(frozen=True)
class SnapshotCase:
    """A model to deploy, and what is then sent to its contract.

    Attributes
    ----------
    model : Classifier
        What is deployed.
    contributions : dict of str to (sample, label)
        Sent to ``update`` in this order, by the name of the row; some revert.
    """

    model: Classifier
    contributions: dict[str, tuple[Sequence[int], int]]


def _unit(*values: int) -> list[int]:
    """Return the fixed-point vector of norm 1 in a direction, rounded toward minus infinity."""
    norm_e9 = isqrt(sum(value * value for value in values) * _ONE**2)
    return [value * _ONE**2 // norm_e9 for value in values]


_LEFT = _unit(3, -1, 4, -1, 5, -9, 2, -6, 0, 0, 5, -3)
_RIGHT = _unit(-2, 7, -1, 8, -2, 8, 0, 0, -1, 8, -2, 8)
_BETWEEN = _unit(1, 6, 1, 8, 0, 3, 3, 9, 8, 8, 7, 4)


def _dense_perceptron() -> SnapshotCase:
    return SnapshotCase(
        DensePerceptron([0] * 12, 0, _ONE, classifications=["bad", "good"]),
        {
            "update, mistake, first": (_LEFT, 1),
            "update, correct": (_LEFT, 1),
            "update, mistake, steady": (_RIGHT, 1),
            "update, refused: UnknownClass": (_LEFT, 2),
            "update, refused: DimensionMismatch": (_LEFT[1:], 1),
            "update, refused: NotNormalized": ([2 * value for value in _LEFT], 1),
        },
    )


def _sparse_perceptron() -> SnapshotCase:
    return SnapshotCase(
        SparsePerceptron([_ONE, 0, -_ONE, 0, 5 * _ONE, _ONE, *[0] * 20, _ONE], 0, _ONE, feature_indices=range(27)),
        {
            "update, mistake, first": ([1, 3, 4, 20], 0),
            "update, mistake, steady": ([4], 0),
            "update, mistake, refund": ([1, 2, 3], 1),
            "update, correct": ([0, 4, 5], 1),
            "update, correct, no features": ([], 0),
            "update, refused: UnknownClass": ([0, 1], 2),
            "update, refused: NegativeIndex": ([0, -1], 1),
        },
    )


def _nearest_centroid() -> SnapshotCase:
    return SnapshotCase(
        NearestCentroidClassifier([_LEFT, _RIGHT, [0] * 12], [10, 20, 0], classifications=["left", "right", "none"]),
        {
            "update, steady": (_BETWEEN, 0),
            "update, first": (_BETWEEN, 2),
            "update, refused: UnknownClass": (_LEFT, 3),
            "update, refused: DimensionMismatch": (_LEFT[1:], 1),
            "update, refused: NotNormalized": ([2 * value for value in _LEFT], 1),
        },
    )


def _sparse_nearest_centroid() -> SnapshotCase:
    low, high = ([[index, _ONE // (index + 2)] for index in indices] for indices in (range(8), range(4, 16)))
    return SnapshotCase(
        SparseNearestCentroidClassifier([low, high], [10, 20], classifications=["low", "high"]),
        {
            "update, steady": ([0, 2, 5], 0),
            "update, steady, stale values": ([1, 2, 7], 0),
            "update, first": ([4, 17, 19], 1),
            "update, no features": ([], 1),
            "update, refused: UnknownClass": ([0, 1], 2),
            "update, refused: NegativeIndex": ([-1, 0], 1),
            "update, refused: IndexTooLarge": ([0, 2**32], 1),
            "update, refused: NotStrictlyIncreasing": ([5, 5], 1),
        },
    )


#: By the name of the contract.
CASES = {
    type(case.model).__name__: case
    for case in (_dense_perceptron(), _nearest_centroid(), _sparse_nearest_centroid(), _sparse_perceptron())
}
