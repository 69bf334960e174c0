"""Data sets with the model that a deployer would start with, and the calls that its contract must refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dcai import data
from dcai.data import Dataset, SparseRows
from dcai.errors import InputError
from dcai.models import (
    Classifier,
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.models.base import DenseClassifier
from dcai.models.means import dense_means, presence_means

__all__ = ["SCENARIOS", "Scenario", "check_form", "initial_model", "refused_calls", "scenario_of", "scenarios"]

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
    data : str
        Name of the data in the catalogue.
    """

    title: str
    contract: type[Classifier]
    num_initial: int
    data: str

    def load(self) -> Dataset[Any]:
        """Load the data set."""
        return data.load(self.data)


#: What the demo runs, and what is measured.
SCENARIOS = (
    Scenario("breast cancer", DensePerceptron, 50, "breast-cancer"),
    Scenario("breast cancer", NearestCentroidClassifier, 50, "breast-cancer"),
    Scenario("digits", NearestCentroidClassifier, 100, "digits"),
    Scenario("digits, odd or even", SparsePerceptron, 100, "digits-parity"),
    Scenario("digits, pixels present", SparseNearestCentroidClassifier, 100, "digits-presence"),
    Scenario("IMDB, 1,000 words", SparsePerceptron, 2000, "imdb"),
)


def scenarios() -> list[Scenario]:
    """All scenarios whose data are on this computer; IMDB is the one that may be missing."""
    return [each for each in SCENARIOS if each.data != "imdb" or data.locate("imdb") is not None]


def scenario_of(name: str, contract: type[Classifier] | None = None) -> Scenario:
    """Return the scenario of a data set of the catalogue, with another contract where one is given.

    Raises
    ------
    InputError
        No scenario has these data.
    """
    for scenario in SCENARIOS:
        if scenario.data == name:
            return scenario if contract is None else replace(scenario, contract=contract)
    raise InputError(
        f"no scenario has the data {name!r}; there are: {', '.join(dict.fromkeys(s.data for s in SCENARIOS))}"
    )


def check_form(dataset: Dataset[Any], contract: type[Classifier]) -> None:
    """Refuse a contract that does not take samples of the form that a data set has.

    Raises
    ------
    InputError
        Dense samples for a contract that takes sparse ones, or the other way round.
    """
    has_dense = not isinstance(dataset.X_train, SparseRows)
    if has_dense != issubclass(contract, DenseClassifier):
        given, taken = ("dense", "sparse") if has_dense else ("sparse", "dense")
        raise InputError(
            f"the samples of {dataset.name} are {given}, and a {contract.__name__} takes {taken} ones; "
            "'dcai data list' shows the form of each data set"
        )


def initial_model(scenario: Scenario, dataset: Dataset[Any]) -> Classifier:
    """The model that the deployer fits on the first samples.

    A Perceptron learns them in one pass from zero weights, as the contract would. A nearest centroid classifier starts
    with the means of its classes.

    Raises
    ------
    InputError, Revert
        The contract does not take these data.
    """
    check_form(dataset, scenario.contract)
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
