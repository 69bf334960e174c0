"""The package beside the plain-integer oracle: the same values, or the same errors with the same arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dcai
from dcai import errors
from tests.support.bounds import ONE
from tests.support.models import reference

Outcome = tuple[str, Any]


def of_kernel(call: Callable[[], Any]) -> Outcome:
    """What a call of the package gave: a value, or a contract error with its arguments."""
    try:
        return "value", call()
    except errors.Revert as revert:
        return revert.name, revert.args


def of_reference(call: Callable[[], Any]) -> Outcome:
    """The same of the oracle."""
    try:
        return "value", call()
    except reference.Refused as refused:
        return refused.name, refused.args


def agree(kernel: Callable[[], Any], oracle: Callable[[], Any]) -> Any:
    """Run both, require the same outcome of the same type, return the value or None."""
    actual, expected = of_kernel(kernel), of_reference(oracle)
    assert actual == expected
    assert type(actual[1]) is type(expected[1])
    if actual[0] != "value":
        assert all(type(arg) is int for arg in actual[1])
    return actual[1] if actual[0] == "value" else None


def state(model: dcai.Classifier) -> tuple[Any, ...]:
    """All that a model holds, read through its public face, in the form of the oracle's ``state``."""
    if isinstance(model, dcai.DensePerceptron):
        return [int(weight) for weight in model.weights], model.intercept, model.learning_rate
    if isinstance(model, dcai.SparsePerceptron):
        return dict(model.weights), model.intercept, model.learning_rate
    if isinstance(model, dcai.NearestCentroidClassifier):
        return [centroid.tolist() for centroid in model.centroids], model.counts
    if isinstance(model, dcai.NaiveBayes):
        totals = model.total_num_features, model.smoothing_factor
        return model.num_samples, model.total_feature_counts, model.feature_counts, *totals
    assert isinstance(model, dcai.SparseNearestCentroidClassifier)
    return model.counts, model.squared_magnitudes, model.stored


def small_models() -> list[dcai.Classifier]:
    """One model of each class, none of them symmetric."""
    return [
        dcai.DensePerceptron([3 * ONE, -ONE], 7, ONE // 2, classifications=["no", "yes"], feature_indices=[4, 9]),
        dcai.SparsePerceptron([ONE, -2 * ONE, 5], -3, ONE, classifications=["no", "yes"], feature_indices=[1]),
        dcai.NearestCentroidClassifier([[ONE, 0], [0, ONE], [5, 6]], [1, 2, 3]),
        dcai.SparseNearestCentroidClassifier([[(0, ONE), (7, 5)], [(1, ONE)]], [1, 4]),
        dcai.NaiveBayes([1, 4], [[(0, 3), (7, 5)], [(1, 2)]], 9, ONE),
    ]
