"""Data sets with the model that a deployer would start with, and the calls that its contract must refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dcai import data
from dcai.data import Dataset, SparseRows
from dcai.models import (
    Classifier,
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.models.means import dense_means, presence_means

__all__ = ["Scenario", "initial_model", "refused_calls", "scenarios"]

_LEARNING_RATE = 10**9


@dataclass(frozen=True)
class Scenario:
    """A data set, and a contract that learns it.

    Attributes
    ----------
    title : str
        Name of the data for readers.
    contract : type of Classifier
        The model, named as its contract.
    num_initial : int
        How many training samples the deployer starts with.
    load : callable
        Loads the data set.
    """

    title: str
    contract: type[Classifier]
    num_initial: int
    load: Callable[[], Dataset[Any]]


def scenarios() -> list[Scenario]:
    """All scenarios whose data are on this computer; IMDB is the one that may be missing."""
    found = [
        Scenario("breast cancer", DensePerceptron, 50, data.breast_cancer),
        Scenario("breast cancer", NearestCentroidClassifier, 50, data.breast_cancer),
        Scenario("digits", NearestCentroidClassifier, 100, data.digits),
        Scenario("digits, odd or even", SparsePerceptron, 100, data.digits_parity),
        Scenario("digits, pixels present", SparseNearestCentroidClassifier, 100, data.digits_presence),
    ]
    if data.locate("imdb") is not None:
        found.append(Scenario("IMDB, 1,000 words", SparsePerceptron, 2000, data.imdb))
    return found


def initial_model(scenario: Scenario, dataset: Dataset[Any]) -> Classifier:
    """The model that the deployer fits on the first samples.

    A Perceptron learns them in one pass from zero weights, as the contract would. A nearest centroid classifier starts
    with the means of its classes.
    """
    X, y = dataset.initial(scenario.num_initial)
    names = dataset.class_names
    if scenario.contract in (DensePerceptron, SparsePerceptron):
        weights = [0] * dataset.n_features
        make: Any = scenario.contract
        model: Classifier = make(weights, 0, _LEARNING_RATE, classifications=names)
        model.update(X, y)
        return model
    if isinstance(X, SparseRows):
        shares, counts = presence_means(X.indptr, X.indices, y, len(names))
        return SparseNearestCentroidClassifier(shares, counts, classifications=names)
    means, counts = dense_means(X, y, len(names))
    return NearestCentroidClassifier(means, counts, classifications=names)


def refused_calls(model: Classifier, sample: list[int]) -> list[tuple[list[int], int]]:
    """Contributions that every contract must refuse, so that errors are compared as well: (sample, label)."""
    unknown_class = (sample, len(model.classifications))
    if isinstance(model, (DensePerceptron, NearestCentroidClassifier)):
        too_long = ([*sample, 0], 0)
        not_normalized = ([2 * value for value in sample], 0)
        return [unknown_class, too_long, not_normalized]
    negative = ([-1, *sample], 0)
    if isinstance(model, SparseNearestCentroidClassifier):
        return [unknown_class, negative, ([*sample, *sample[-1:], 0], 0)]
    return [unknown_class, negative]
