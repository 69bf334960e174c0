"""The model of a market: trained on contributions again and again, and asked for the test set after each.

Predictions after each of thousands of updates are the costly part. A mistake of a sparse Perceptron moves the score of
a test sample by the learning rate times the number of features that the two samples share, so the scores of the whole
test set are kept and moved, in integers, and the shared features are counted once for all replays.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import Revert
from dcai.models import SparseClassifier, SparsePerceptron

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcai.models import Classifier

__all__ = ["Replay"]

#: The most memory for counts of shared features; what does not fit is counted again when it is needed.
_MAX_CACHE_BYTES = 1 << 29

_INT64_LIMIT = 1 << 63


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

    def num_correct(self, start: int, stop: int) -> int:
        """Count the correct predictions of some of the test samples; one that the model refuses is not correct."""
        if self._is_correct is None:
            if self._evaluator is None:
                self._evaluator = self._new_evaluator()
            self._is_correct = self._evaluator.is_correct(self.model)
        return int(np.count_nonzero(self._is_correct[start:stop]))

    def _new_evaluator(self) -> _Evaluator:
        # What a model accepts depends on its shape alone, which no update changes.
        accepted = np.array([_accepts(self._initial, sample) for sample in self._test_data], dtype=bool)
        data = [list(sample) for sample, good in zip(self._test_data, accepted, strict=True) if good]
        labels = np.array(self._test_labels, dtype=np.uint64)[accepted]
        if isinstance(self._initial, SparsePerceptron) and isinstance(self.model, SparsePerceptron):
            evaluator = _SharedFeatures(self._initial, self.model, accepted, data, labels)
            if evaluator.is_exact:
                return evaluator
        return _Predictions(self._initial, accepted, data, labels)


class _Evaluator(ABC):
    """Says which test samples are predicted correctly.

    Parameters
    ----------
    accepted : ndarray of bool, shape (n,)
        Which test samples the model does not refuse.
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
        self._rows: Any = None
        if data:
            rows = model.rows(data)
            self._rows = rows if isinstance(model, SparseClassifier) else rows[0]

    def restore(self) -> None:
        """There is nothing to follow: the model is asked."""

    def learned(self, key: int, data: tuple[int, ...], classification: int) -> bool:
        """There is nothing to follow: the model is asked."""
        return True

    def _predict(self, model: Classifier) -> NDArray[np.unsignedinteger]:
        predictions: NDArray[np.unsignedinteger] = model.predict(self._rows)
        return predictions


class _SharedFeatures(_Evaluator):
    """Keeps the scores of the test set of a sparse Perceptron, in int64 and never near its bounds."""

    def __init__(
        self,
        initial: SparsePerceptron,
        model: SparsePerceptron,
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
        longest = max(lengths, default=0)
        self._initial_room, self._room = (_room(some, longest) for some in (initial, model))
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
        step = self._rate if classification == 1 else -self._rate
        self._room -= self._rate * int(shared.max(initial=0))
        if self._room <= 0:
            return False
        self._scores += shared * np.int64(step)
        return True

    def _predict(self, model: Classifier) -> NDArray[np.unsignedinteger]:
        return (self._scores > 0).astype(np.uint64)

    def _score(self, model: SparsePerceptron) -> NDArray[np.int64]:
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


def _room(model: SparsePerceptron, longest: int) -> int:
    """Return how far from the bounds of int64 all scores of samples of a length are at least."""
    largest = max((abs(weight) for weight in model.weights.values()), default=0)
    return _INT64_LIMIT - 1 - abs(model.intercept) - longest * largest


def _accepts(model: Classifier, sample: tuple[int, ...]) -> bool:
    try:
        model.predict(list(sample))
    except Revert:
        return False
    return True
