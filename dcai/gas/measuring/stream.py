"""A model and the contributions that arrive after it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcai import data, scenarios, strict_json
from dcai.errors import InputError, shown
from dcai.models import Classifier
from dcai.models.registry import spec_of
from dcai.rows import CsrRows
from dcai.scenarios import Scenario

__all__ = ["Stream", "of_file", "of_model", "of_scenario"]

_INT64 = range(-(2**63), 2**63)
_UINT64 = range(2**64)


@dataclass(frozen=True, eq=False)
class Stream:
    """A model and the contributions that arrive after it.

    Attributes
    ----------
    data : str
        Name of the data, for readers.
    model : Classifier
        The contract's state before the first contribution; never changed here.
    samples : int64 array, shape (n, d), or CsrRows of length n
        The contributions, in the order in which they arrive.
    labels : uint64 array, shape (n,)
        The class that each claims.
    others : int64 array or CsrRows
        Samples to predict that are no contributions; may be empty.
    """

    data: str
    model: Classifier
    samples: NDArray[np.int64] | CsrRows
    labels: NDArray[np.uint64]
    others: NDArray[np.int64] | CsrRows

    def __len__(self) -> int:
        """Return the number of contributions."""
        return len(self.labels)

    @property
    def contract(self) -> str:
        """Name of the model's contract."""
        return type(self.model).__name__

    def first(self, n: int) -> Stream:
        """Return the stream of the first n contributions."""
        return Stream(self.data, self.model, self.samples[:n], self.labels[:n], self.others)

    def contribution(self, row: int) -> tuple[list[int], int]:
        """Return one contribution as integers: sample and label."""
        return [int(value) for value in self.samples[row]], int(self.labels[row])

    def batch(self, start: int, stop: int) -> tuple[NDArray[np.int64] | CsrRows, NDArray[np.uint64]]:
        """Return the contributions from ``start`` to before ``stop`` as the models take a batch with labels."""
        return self.samples[start:stop], self.labels[start:stop]


def of_scenario(scenario: Scenario) -> Stream:
    """Load a scenario: the model fitted on the first samples, and the stream of the others."""
    dataset = scenario.load()
    samples, labels = dataset.stream(scenario.num_initial)
    return Stream(scenario.title, scenarios.initial_model(scenario, dataset), samples, labels, dataset.X_test)


def of_model(name: str, model: Classifier) -> Stream:
    """Return all training samples of a data set of the catalogue as contributions to a model.

    Raises
    ------
    InputError
        The model does not take samples of this form.
    """
    dataset = data.load(name)
    scenarios.check_form(dataset, type(model))
    return Stream(name, model, dataset.X_train, dataset.y_train, dataset.X_test)


def of_file(path: Path, model: Classifier) -> Stream:
    """Read contributions from JSON Lines: on each line an object with ``data``, integers, and ``label``.

    Raises
    ------
    InputError
        A line is something else; the message has its number.
    """
    is_sparse = spec_of(model).is_sparse
    rows: list[list[int]] = []
    labels: list[int] = []
    for number, line in enumerate(_lines(path), 1):
        sample, label = _contribution(line, f"{path}, line {number}")
        if rows and not is_sparse and len(sample) != len(rows[0]):
            raise InputError(
                f"{path}, line {number}: data has {len(sample)} features, and line 1 has {len(rows[0])}; "
                "dense samples are of one length"
            )
        rows.append(sample)
        labels.append(label)
    if not rows:
        raise InputError(f"{path} has no contributions")
    samples: NDArray[np.int64] | CsrRows
    samples = _compressed(rows) if is_sparse else np.array(rows, dtype=np.int64)
    return Stream(path.name, model, samples, np.array(labels, dtype=np.uint64), samples[:0])


def _lines(path: Path) -> Iterable[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def _contribution(line: str, where: str) -> tuple[list[int], int]:
    try:
        fields = strict_json.loads(line)
    except ValueError as error:
        raise InputError(f'{where} is not JSON ({error}); a contribution is {{"data": [1, 5], "label": 0}}') from error
    if not isinstance(fields, dict) or fields.keys() != {"data", "label"}:
        raise InputError(f'{where} is {shown(fields)}; a contribution is {{"data": [1, 5], "label": 0}}')
    sample, label = fields["data"], fields["label"]
    if not isinstance(sample, list):
        raise InputError(f"{where}: data is {shown(sample)}; expected a list of integers")
    for position, value in enumerate(sample):
        if type(value) is not int or value not in _INT64:
            raise InputError(f"{where}: data[{position}] is {shown(value)}; expected an integer of 64 bits")
    if type(label) is not int or label not in _UINT64:
        raise InputError(f"{where}: label is {shown(label)}; expected an integer from 0 to 2^64 - 1")
    return sample, label


def _compressed(rows: Sequence[Sequence[int]]) -> CsrRows:
    indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return CsrRows(indptr, np.array([index for row in rows for index in row], dtype=np.int64))
