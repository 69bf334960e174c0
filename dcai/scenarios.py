"""Data sets with the model that a deployer would start with, and the calls that its contract must refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from dcai import data
from dcai.data import Dataset
from dcai.errors import InputError
from dcai.models import MODELS, Classifier
from dcai.models.registry import spec_of
from dcai.models.spec import Sparse
from dcai.rows import CsrRows

__all__ = ["SCENARIOS", "Scenario", "check_form", "initial_model", "refused_calls", "scenario_of", "scenarios"]

#: Names of the data sets for readers, in the order of the demo.
_TITLES = {
    "breast-cancer": "breast cancer",
    "digits": "digits",
    "digits-parity": "digits, odd or even",
    "digits-presence": "digits, pixels present",
    "imdb": "IMDB, 1,000 words",
}


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


#: Scenarios of the demo and of the measurements: by data set, then by model.
SCENARIOS = tuple(
    Scenario(title, model, demo.num_initial, name)
    for name, title in _TITLES.items()
    for model in MODELS.values()
    for demo in model.spec.demos
    if demo.data == name
)


def scenarios() -> list[Scenario]:
    """Return the scenarios whose data are on this computer; only IMDB may be missing."""
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
        f"no scenario uses the data {name!r}; expected one of: {', '.join(dict.fromkeys(s.data for s in SCENARIOS))}"
    )


def check_form(dataset: Dataset[Any], contract: type[Classifier]) -> None:
    """Refuse a contract that does not take samples of the form that a data set has.

    Raises
    ------
    InputError
        Dense samples for a contract that takes sparse ones, or the other way round.
    """
    has_dense = not isinstance(dataset.X_train, CsrRows)
    if has_dense == contract.spec.is_sparse:
        given, taken = ("dense", "sparse") if has_dense else ("sparse", "dense")
        raise InputError(
            f"the samples of {dataset.name} are {given}, and a {contract.__name__} takes {taken} ones; "
            "'dcai data list' shows the form of each data set"
        )


def initial_model(scenario: Scenario, dataset: Dataset[Any]) -> Classifier:
    """Fit the model that the deployer starts with on the first samples; see ``Classifier.fitted``.

    Raises
    ------
    InputError, Revert
        The contract does not take these data.
    """
    check_form(dataset, scenario.contract)
    X, y = dataset.initial(scenario.num_initial)
    return scenario.contract.fitted(X, y, dataset.n_features, dataset.class_names)


def refused_calls(model: Classifier, sample: list[int]) -> list[tuple[list[int], int]]:
    """Contributions that every contract must refuse, so that errors are compared as well: (sample, label)."""
    unknown_class = (sample, len(model.classifications))
    samples = spec_of(model).samples
    if not isinstance(samples, Sparse):
        too_long = ([*sample, 0], 0)
        not_normalized = ([2 * value for value in sample], 0)
        return [unknown_class, too_long, not_normalized]
    if samples.increasing:
        return [unknown_class, ([-1, *sample], 0), ([*sample, *sample[-1:], 0], 0)]
    return [unknown_class, ([-1, *sample], 0)]
