"""One scenario: contract and kernel side by side, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from dcai.data import Dataset
from dcai.errors import NotEqual, Revert
from dcai.evm import DEFAULT_ENGINE, DEFAULT_FORK, Evm
from dcai.models import Classifier
from dcai.rows import CsrRows
from dcai.scenarios import Scenario, initial_model, refused_calls
from dcai.verify import Case, Differential, Outcome

__all__ = ["DemoResult", "run_scenario"]

#: After this many contributions comes one round of calls that the contract must refuse.
_REFUSED_EVERY = 50
#: The throughput of predictions is measured over at least this many rows, and the best of some runs.
_THROUGHPUT_ROWS = 200_000
_THROUGHPUT_RUNS = 5


@dataclass(eq=False)
class DemoResult:
    """Result of a scenario.

    Attributes
    ----------
    data, contract : str
        Titles.
    num_features, num_classes, num_initial : int
        Size of the data, and of the part on which the initial model was fitted.
    contributions : int
        How many samples were learned.
    accuracy_before, accuracy_after : float or None
        Share of the hidden test samples with the right label; None where the run did not get there.
    deploy_gas : list of int
        Gas used by each transaction of the deployment.
    mistake_gas, correct_gas : list of int
        Gas used by each update, where the prediction before it was wrong, and where it was right.
    refused : int
        Calls that contract and kernel refused with the same error.
    predictions_per_second : float or None
        Throughput of the kernel on this machine, all cores; None where the run did not get there.
    steps : int
        Calls after which label or error, and the whole storage, were compared.
    difference : str or None
        The first difference, in words.
    case : Case or None
        Case that replays it; None where there is no difference.
    complete : bool
        Whether all contributions were made; else the run was interrupted or stopped at a difference.
    """

    data: str
    contract: str
    num_features: int
    num_classes: int
    num_initial: int
    contributions: int = 0
    accuracy_before: float | None = None
    accuracy_after: float | None = None
    deploy_gas: list[int] = field(default_factory=list)
    mistake_gas: list[int] = field(default_factory=list)
    correct_gas: list[int] = field(default_factory=list)
    refused: int = 0
    predictions_per_second: float | None = None
    steps: int = 0
    difference: str | None = None
    case: Case | None = None
    complete: bool = False


def run_scenario(
    scenario: Scenario,
    *,
    contributions: int,
    engine: str = DEFAULT_ENGINE,
    fork: str = DEFAULT_FORK,
) -> Iterator[DemoResult]:
    """Run a scenario step by step; a difference ends it and is part of the result.

    Parameters
    ----------
    scenario : Scenario
        Scenario to run.
    contributions : int
        How many samples to stream, or all where there are fewer.
    engine, fork : str
        EVM that runs the contract, and its rules.

    Yields
    ------
    DemoResult
        Always the same object, as it grows: at the start, after each contribution, and at the end.
    """
    dataset = scenario.load()
    model = initial_model(scenario, dataset)
    result = DemoResult(
        data=scenario.title,
        contract=scenario.contract.__name__,
        num_features=dataset.n_features,
        num_classes=len(dataset.class_names),
        num_initial=scenario.num_initial,
        accuracy_before=_accuracy(model, dataset),
    )
    yield result
    contract = Evm(engine, fork).deploy(model)
    result.deploy_gas = [receipt.gas_used for receipt in contract.deployment]
    differential = Differential(contract, model)
    samples, labels = dataset.stream(scenario.num_initial)
    try:
        differential.compare_storage()
        for i, label in enumerate(labels[:contributions].tolist()):
            _contribute(differential, samples[i].tolist(), label, result)
            yield result
        result.complete = True
    except NotEqual as difference:
        result.difference = str(difference)
        result.case = Case.of(differential, difference)
    result.accuracy_after = _accuracy(model, dataset)
    result.predictions_per_second = _throughput(model, dataset)
    yield result


def _contribute(differential: Differential, sample: list[int], label: int, result: DemoResult) -> None:
    predicted = _count(result, differential.predict(sample))
    outcome = _count(result, differential.update(sample, label))
    if outcome.receipt is not None and outcome.receipt.success:
        gas = result.correct_gas if predicted.value == label else result.mistake_gas
        gas.append(outcome.receipt.gas_used)
    if result.contributions % _REFUSED_EVERY == 0:
        for data, bad_label in refused_calls(differential.model, sample):
            _count(result, differential.update(data, bad_label))
    result.contributions += 1


def _count(result: DemoResult, outcome: Outcome) -> Outcome:
    result.steps += 1
    result.refused += isinstance(outcome.value, Revert)
    return outcome


def _accuracy(model: Classifier, dataset: Dataset[Any]) -> float:
    return model.score(dataset.X_test, dataset.y_test)


def _throughput(model: Classifier, dataset: Dataset[Any]) -> float:
    batch = _repeated(dataset.X_test, -(-_THROUGHPUT_ROWS // len(dataset.X_test)))
    best = float("inf")
    for _ in range(_THROUGHPUT_RUNS):
        start = perf_counter()
        model.predict_batch(batch)
        best = min(best, perf_counter() - start)
    return len(batch) / best


def _repeated(rows: Any, times: int) -> Any:
    if not isinstance(rows, CsrRows):
        return np.tile(rows, (times, 1))
    lengths = np.tile(np.diff(rows.indptr), times)
    return CsrRows(np.concatenate(([0], np.cumsum(lengths))), np.tile(rows.indices, times))
