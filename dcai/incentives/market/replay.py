"""The model of a market: trained on contributions again and again, and asked for the test set after each.

Predictions after each of thousands of updates are the costly part. A mistake of a linear model over sparse samples
moves the score of a test sample by the learning rate times the number of features that the two samples share. So the
scores of the whole test set are kept and moved, in integers, and the shared features are counted once for all replays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Protocol, TypeGuard

import numpy as np
from numpy.typing import NDArray

from dcai.errors import Revert
from dcai.incentives.market.state import MAX_SAMPLE_LENGTH
from dcai.models import Classifier
from dcai.models.registry import spec_of
from dcai.rows import CsrRows

__all__ = ["Plan", "Replay", "Samples"]

#: The most memory for counts of shared features; what does not fit is counted again when it is needed.
_MAX_CACHE_BYTES = 1 << 29

_INT64_LIMIT = 1 << 63
_INT32_LIMIT = 1 << 31

#: How many numbers are moved at once: they stay in the processor's cache.
_BLOCK_ITEMS = 1 << 18


class Samples:
    """Sparse samples to be learned in order, some of a list.

    Parameters
    ----------
    data : sequence of tuples of int
        All samples of the list.
    labels : sequence of int
        Their labels.
    """

    def __init__(self, data: Sequence[tuple[int, ...]], labels: Sequence[int]) -> None:
        self.data = data
        self.keys = np.arange(len(data))
        self.labels = np.array(labels, dtype=np.uint64)
        self._lengths = np.array([len(sample) for sample in data], dtype=np.int64)
        self._features = np.fromiter((i for sample in data for i in sample), np.int64, count=int(self._lengths.sum()))
        self._ends = np.append(0, np.cumsum(self._lengths))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.keys)

    def only(self, chosen: NDArray[np.bool_]) -> Samples:
        """Return some of them, in the same order; their keys are what they were."""
        some = copy(self)
        some.keys = self.keys[chosen]
        some.labels = self.labels[chosen]
        some._lengths = self._lengths[chosen]
        some._features = self._features[np.repeat(chosen, self._lengths)]
        some._ends = np.append(0, np.cumsum(some._lengths))
        return some

    def rows(self, start: int, stop: int) -> CsrRows:
        """Return a run of them as a batch."""
        ends = self._ends[start : stop + 1]
        return CsrRows(ends - ends[0], self._features[ends[0] : ends[-1]])


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Result of a whole replay.

    Attributes
    ----------
    changing : ndarray of int64
        Keys of the samples that change the model, in order.
    num_correct : ndarray of int64
        After each of these, how many predictions of the whole test set are correct.
    model : Classifier
        The model at the end.
    """

    changing: NDArray[np.int64]
    num_correct: NDArray[np.int64]
    model: Classifier


class Replay:
    """A model, its initial state, and a test set.

    Parameters
    ----------
    model : Classifier
        In its initial state; it is copied.

    Attributes
    ----------
    model : Classifier
        The model as it is now.
    """

    def __init__(self, model: Classifier) -> None:
        self._initial: Classifier = model.copy()
        self.model: Classifier = model.copy()
        self._test_data: list[tuple[int, ...]] = []
        self._test_labels: list[int] = []
        self._evaluator: _Evaluator | None = None
        #: Which test samples are predicted correctly now; None where that is not known.
        self._is_correct: NDArray[np.bool_] | None = None
        #: Whether the evaluator has not followed the model since it was restored.
        self._is_behind = False

    @property
    def test_set_size(self) -> int:
        """The number of test samples."""
        return len(self._test_data)

    def extend(self, data: Sequence[Sequence[int]], labels: Sequence[int]) -> None:
        """Add samples to the test set."""
        self._test_data += map(tuple, data)
        self._test_labels += labels
        self._evaluator = None

    def truncate(self, size: int) -> None:
        """Keep the first samples of the test set alone."""
        del self._test_data[size:], self._test_labels[size:]
        self._evaluator = None

    def load(self, model: Classifier) -> None:
        """Go on with another state of the model."""
        self.model = model
        self._evaluator = None
        self._is_correct = None

    def restore(self) -> None:
        """Return to the initial model."""
        self.model = self._initial.copy()
        self._is_correct = None
        self._is_behind = False
        if self._evaluator is not None:
            self._evaluator.restore()

    def learn(self, key: int, data: tuple[int, ...], classification: int) -> bool:
        """Learn a sample, and return whether that changed the model; what the model refuses does not.

        Parameters
        ----------
        key : int
            The same for the same sample in each replay.
        data : tuple of int
            The sample.
        classification : int
            Its label.
        """
        try:
            changed = bool(self.model.update(list(data), classification))
        except Revert:
            return False
        if changed:
            self._is_correct = None
            if self._evaluator is not None and not self._evaluator.learned(key, data, classification):
                self._evaluator = None
        return changed

    def plan(self, samples: Samples) -> Plan | None:
        """Say what it comes to when samples are learned in order from the initial model; nothing is learned.

        Parameters
        ----------
        samples : Samples
            Samples to learn.

        Returns
        -------
        Plan or None
            None for a model, or for numbers, that must be taken step by step.
        """
        if self._evaluator is None:
            self._evaluator, self._is_behind = self._new_evaluator(), False
        if not isinstance(self._evaluator, _SharedFeatures):
            return None
        model = self._initial.copy()
        changing = np.flatnonzero(_update_all(model, samples))
        num_correct = self._evaluator.evaluate_all(samples, changing)
        return None if num_correct is None else Plan(samples.keys[changing], num_correct, model)

    def carry_out(self, plan: Plan) -> None:
        """Go to the end of a replay that was planned."""
        self.model = plan.model
        self._is_correct = None
        self._is_behind = True

    def num_correct(self, start: int, stop: int) -> int:
        """Count the correct predictions of some of the test samples; one that the model refuses is not correct."""
        if self._is_correct is None:
            if self._evaluator is None or self._is_behind:
                self._evaluator, self._is_behind = self._new_evaluator(), False
            self._is_correct = self._evaluator.is_correct(self.model)
        return int(np.count_nonzero(self._is_correct[start:stop]))

    def _new_evaluator(self) -> _Evaluator:
        # What a model accepts depends on its shape alone, which no update changes.
        accepted = np.array([_accepts(self._initial, sample) for sample in self._test_data], dtype=bool)
        data = [list(sample) for sample, good in zip(self._test_data, accepted, strict=True) if good]
        labels = np.array(self._test_labels, dtype=np.uint64)[accepted]
        if _is_linear(self._initial) and _is_linear(self.model):
            evaluator = _SharedFeatures(self._initial, self.model, accepted, data, labels)
            if evaluator.is_exact:
                return evaluator
        return _Predictions(self._initial, accepted, data, labels)


class _Linear(Protocol):
    """A model with a score that is an intercept plus a sum of weights."""

    @property
    def weights(self) -> Mapping[int, int]: ...
    @property
    def intercept(self) -> int: ...
    @property
    def learning_rate(self) -> int: ...


def _is_linear(model: Classifier) -> TypeGuard[_Linear]:
    return spec_of(model).linear


class _Evaluator(ABC):
    """Says which test samples are predicted correctly.

    Parameters
    ----------
    accepted : ndarray of bool, shape (n,)
        Test samples that the model accepts.
    labels : ndarray of uint64
        Labels of those.
    """

    def __init__(self, accepted: NDArray[np.bool_], labels: NDArray[np.uint64]) -> None:
        self._accepted = accepted
        self._labels = labels

    def is_correct(self, model: Classifier) -> NDArray[np.bool_]:
        """Return it for each test sample, as the model is now."""
        result = np.zeros(len(self._accepted), dtype=bool)
        if len(self._labels):
            result[self._accepted] = self._predict(model) == self._labels
        return result

    @abstractmethod
    def restore(self) -> None:
        """Follow the model, which has returned to its initial state."""

    @abstractmethod
    def learned(self, key: int, data: tuple[int, ...], classification: int) -> bool:
        """Follow the model, which a sample has changed; False where that is no longer possible."""

    @abstractmethod
    def _predict(self, model: Classifier) -> NDArray[np.unsignedinteger]:
        """Predict the accepted test samples."""


class _Predictions(_Evaluator):
    """Has the kernel predict the whole test set: any model."""

    def __init__(
        self, model: Classifier, accepted: NDArray[np.bool_], data: list[list[int]], labels: NDArray[np.uint64]
    ) -> None:
        super().__init__(accepted, labels)
        self._rows: Any = data
        if data:
            rows: Any = model.rows(data)
            self._rows = CsrRows(rows.indptr, rows.indices) if spec_of(model).is_sparse else rows

    def restore(self) -> None:
        """There is nothing to follow: the model is asked."""

    def learned(self, key: int, data: tuple[int, ...], classification: int) -> bool:
        """There is nothing to follow: the model is asked."""
        return True

    def _predict(self, model: Classifier) -> NDArray[np.unsignedinteger]:
        return model.predict_batch(self._rows).view(np.uint64)


class _SharedFeatures(_Evaluator):
    """Keeps the scores of the test set of a linear model, in int64 and never near its bounds."""

    def __init__(
        self,
        initial: _Linear,
        model: _Linear,
        accepted: NDArray[np.bool_],
        data: list[list[int]],
        labels: NDArray[np.uint64],
    ) -> None:
        super().__init__(accepted, labels)
        lengths = [len(sample) for sample in data]
        features = np.fromiter((i for sample in data for i in sample), dtype=np.int64, count=sum(lengths))
        order = np.argsort(features, kind="stable")
        #: The test samples that have a feature, feature by feature: those of _position[f] stand between two _bounds.
        self._samples = np.repeat(np.arange(len(data)), lengths)[order]
        known, starts = np.unique(features[order], return_index=True)
        self._position = {feature: i for i, feature in enumerate(known.tolist())}
        self._bounds = [*starts.tolist(), len(order)]
        self._num_samples = len(data)
        self._rate = initial.learning_rate
        self._shared: dict[int, NDArray[np.unsignedinteger]] = {}
        self._free_bytes = _MAX_CACHE_BYTES

        #: How much further any score may still move.
        self._longest = max(lengths, default=0)
        self._initial_room, self._room = (_room(some, self._longest) for some in (initial, model))
        self.is_exact = self._initial_room > 0 and self._room > 0
        if self.is_exact:
            self._initial_scores = self._score(initial)
            self._scores = self._score(model)

    def restore(self) -> None:
        """Return to the initial scores."""
        self._scores = self._initial_scores.copy()
        self._room = self._initial_room

    def learned(self, key: int, data: tuple[int, ...], classification: int) -> bool:
        """Move the scores of the samples that share features; False where one could leave int64."""
        shared = self._count_shared(key, data)
        self._room -= self._rate * int(shared.max(initial=0))
        if self._room <= 0:
            return False
        self._scores += shared * np.int64(self._rate if classification == 1 else -self._rate)
        return True

    def evaluate_all(self, samples: Samples, changing: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Count the correct predictions after each of the samples that change the model, from its initial state on."""
        if not self._num_samples or not self._rate:
            return np.zeros(len(changing), dtype=np.int64)
        shared = [self._count_shared(key, samples.data[key]) for key in samples.keys[changing].tolist()]
        moved = len(shared) * self._longest * MAX_SAMPLE_LENGTH
        if moved * self._rate >= self._initial_room or moved >= _INT32_LIMIT:
            return None
        # score + rate * steps > 0 exactly where steps > floor(-score / rate).
        least = np.clip(-self._initial_scores // self._rate, -_INT32_LIMIT, _INT32_LIMIT - 1).astype(np.int32)
        is_one = self._labels == 1
        is_class = self._labels <= 1  # another label is never correct
        signs = np.where(samples.labels[changing] == 1, 1, -1).astype(np.int32)
        steps = np.zeros(self._num_samples, dtype=np.int32)
        result = np.empty(len(changing), dtype=np.int64)
        size = max(1, _BLOCK_ITEMS // self._num_samples)
        for start in range(0, len(changing), size):
            block = np.array(shared[start : start + size], dtype=np.int32)
            block *= signs[start : start + size, None]
            block[0] += steps
            np.cumsum(block, axis=0, out=block)
            steps = block[-1].copy()
            correct = ((block > least) == is_one) & is_class
            result[start : start + size] = np.count_nonzero(correct, axis=1)
        return result

    def _predict(self, model: Classifier) -> NDArray[np.unsignedinteger]:
        return (self._scores > 0).astype(np.uint64)

    def _score(self, model: _Linear) -> NDArray[np.int64]:
        weights = model.weights
        scores = np.full(self._num_samples, model.intercept, dtype=np.int64)
        for feature, i in self._position.items():
            np.add.at(scores, self._samples[self._bounds[i] : self._bounds[i + 1]], weights[feature])
        return scores

    def _count_shared(self, key: int, data: tuple[int, ...]) -> NDArray[np.unsignedinteger]:
        """Count for each test sample the pairs of equal features, as often as they stand in each."""
        shared = self._shared.get(key)
        if shared is None:
            positions = (self._position[feature] for feature in data if feature in self._position)
            runs = [self._samples[self._bounds[i] : self._bounds[i + 1]] for i in positions]
            counts = np.bincount(np.concatenate(runs) if runs else [], minlength=self._num_samples)
            shared = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
            if shared.nbytes <= self._free_bytes:
                self._free_bytes -= shared.nbytes
                self._shared[key] = shared
        return shared


def _update_all(model: Classifier, samples: Samples) -> NDArray[np.bool_]:
    """Learn samples in order; what the model refuses changes nothing. Return which changed it."""
    changed = np.zeros(len(samples), dtype=bool)
    start = 0
    while start < len(changed):
        before = model.copy()
        try:
            changed[start:] = model.update_batch(samples.rows(start, len(samples)), samples.labels[start:])
            break
        except Revert as error:
            # Those before it were learned; which of them changed the model is not said, so they are learned once more.
            refused = start + int(error.row or 0)
            if refused > start:
                changed[start:refused] = before.update_batch(
                    samples.rows(start, refused), samples.labels[start:refused]
                )
            start = refused + 1
    return changed


def _room(model: _Linear, longest: int) -> int:
    """Return how far from the bounds of int64 all scores of samples of a length are at least."""
    largest = max((abs(weight) for weight in model.weights.values()), default=0)
    return _INT64_LIMIT - 1 - abs(model.intercept) - longest * largest


def _accepts(model: Classifier, sample: tuple[int, ...]) -> bool:
    try:
        model.predict(list(sample))
    except Revert:
        return False
    return True
