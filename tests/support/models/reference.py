"""The integer semantics of the on-chain models in plain Python integers: the oracle of the property tests.

Written from the text of the semantics alone, as simply as it can be said: no fast path, no shared code with the
package. Every operation computes first and stores last, so that whatever raises leaves the state as it was.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from math import isqrt
from typing import Any

TO_FLOAT = 10**9
COUNT_LIMIT = 2**191
INDEX_LIMIT = 2**32


class Refused(Exception):
    """A contract error: its name and its arguments."""

    def __init__(self, name: str, *args: int) -> None:
        super().__init__(*args)
        self.name = name

    def __str__(self) -> str:
        return f"{self.name}{self.args}"


def require(condition: bool, name: str, *args: int) -> None:
    if not condition:
        raise Refused(name, *args)


def trunc(a: int, b: int) -> int:
    """``a / b`` rounded toward zero, as SDIV."""
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def to_int80(value: int) -> int:
    require(-(2**79) <= value < 2**79, "SafeCastOverflowedIntDowncast", 80, value)
    return value


def squared_norm(data: Sequence[int]) -> int:
    return sum(x * x for x in data)


def require_normalized(data: Sequence[int]) -> None:
    n = squared_norm(data)
    require(10**18 - 10**11 < n < 10**18 + 10**11, "NotNormalized", n)


def nearest(distances: Sequence[int]) -> int:
    """Index of the smallest, the lowest among equals."""
    return min(range(len(distances)), key=lambda k: (distances[k], k))


class Model(ABC):
    @abstractmethod
    def predict(self, data: Sequence[int]) -> int: ...

    @abstractmethod
    def learn(self, data: Sequence[int], label: int) -> None: ...

    @abstractmethod
    def norm(self, data: Sequence[int]) -> int: ...

    @abstractmethod
    def state(self) -> tuple[Any, ...]: ...

    def update(self, data: Sequence[int], label: int) -> bool:
        """Learn one sample; whether the state changed."""
        before = self.state()
        self.learn(data, label)
        return self.state() != before


class DensePerceptron(Model):
    def __init__(self, weights: Sequence[int], intercept: int, learning_rate: int) -> None:
        self.weights = list(weights)
        self.intercept = intercept
        self.learning_rate = learning_rate

    def predict(self, data: Sequence[int]) -> int:
        require(len(data) == len(self.weights), "DimensionMismatch", len(self.weights), len(data))
        return int(self.intercept + sum(w * x for w, x in zip(self.weights, data, strict=True)) > 0)

    def norm(self, data: Sequence[int]) -> int:
        return isqrt(squared_norm(data))

    def learn(self, data: Sequence[int], label: int) -> None:
        require(len(data) == len(self.weights), "DimensionMismatch", len(self.weights), len(data))
        require(label < 2, "UnknownClass", label, 2)
        require_normalized(data)
        if self.predict(data) == label:
            return
        sign = 1 if label == 1 else -1
        steps = [sign * trunc(x * self.learning_rate, TO_FLOAT) for x in data]
        self.weights = [to_int80(w + step) for w, step in zip(self.weights, steps, strict=True)]

    def initialize_weights(self, weights: Sequence[int]) -> None:
        self.weights = self.weights + list(weights)

    def state(self) -> tuple[Any, ...]:
        return list(self.weights), self.intercept, self.learning_rate


class SparsePerceptron(Model):
    def __init__(self, weights: Sequence[int], intercept: int, learning_rate: int) -> None:
        self.weights = dict(enumerate(weights))
        self.intercept = intercept
        self.learning_rate = learning_rate

    def predict(self, data: Sequence[int]) -> int:
        for position, index in enumerate(data):
            require(index >= 0, "NegativeIndex", position, index)
        return int(self.intercept + sum(self.weights.get(index, 0) for index in data) > 0)

    def norm(self, data: Sequence[int]) -> int:
        raise Refused("NormNotDefined")

    def learn(self, data: Sequence[int], label: int) -> None:
        require(label < 2, "UnknownClass", label, 2)
        if self.predict(data) == label:
            return
        step = self.learning_rate if label == 1 else -self.learning_rate
        weights = dict(self.weights)
        for index in data:
            weights[index] = to_int80(weights.get(index, 0) + step)
        self.weights = weights

    def initialize_weights(self, start: int, weights: Sequence[int]) -> None:
        for i in range(len(weights)):
            require(start + i < 2**64, "IndexTooLarge", i, start + i, 2**64)
        self.weights = {**self.weights, **{start + i: weight for i, weight in enumerate(weights)}}

    def initialize_sparse_weights(self, rows: Sequence[Sequence[int]]) -> None:
        weights = dict(self.weights)
        for position, row in enumerate(rows):
            require(len(row) == 2, "MalformedPair", position, len(row))
            index, weight = row
            require(index >= 0, "NegativeIndex", position, index)
            require(index < 2**64, "IndexTooLarge", position, index, 2**64)
            weights[index] = weight
        self.weights = weights

    def evaluate_batch(self, data: Sequence[Sequence[int]], labels: Sequence[int]) -> int:
        require(len(labels) == len(data), "DimensionMismatch", len(data), len(labels))
        return sum(self.predict(row) == label for row, label in zip(data, labels, strict=True))

    def state(self) -> tuple[Any, ...]:
        present = {index: weight for index, weight in sorted(self.weights.items()) if weight}
        return present, self.intercept, self.learning_rate


class NearestCentroidClassifier(Model):
    def __init__(self, centroids: Sequence[Sequence[int]], counts: Sequence[int], num_names: int | None = None) -> None:
        names = len(centroids) if num_names is None else num_names
        require(names > 0, "NoClasses")
        require(names == len(centroids), "DimensionMismatch", names, len(centroids))
        require(names == len(counts), "DimensionMismatch", names, len(counts))
        for centroid, count in zip(centroids, counts, strict=True):
            self._check_class(len(centroids[0]), centroid, count)
        self.centroids = [list(centroid) for centroid in centroids]
        self.counts = list(counts)

    @staticmethod
    def _check_class(dimension: int, centroid: Sequence[int], count: int) -> None:
        require(len(centroid) == dimension, "DimensionMismatch", dimension, len(centroid))
        require(count < COUNT_LIMIT, "CountTooLarge", count, COUNT_LIMIT)

    def predict(self, data: Sequence[int]) -> int:
        distances = []
        for centroid in self.centroids:
            require(len(centroid) == len(data), "DimensionMismatch", len(centroid), len(data))
            distances.append(sum((x - c) ** 2 // TO_FLOAT for x, c in zip(data, centroid, strict=True)))
        return nearest(distances)

    def norm(self, data: Sequence[int]) -> int:
        return isqrt(squared_norm(data))

    def learn(self, data: Sequence[int], label: int) -> None:
        require(label < len(self.centroids), "UnknownClass", label, len(self.centroids))
        centroid, n = self.centroids[label], self.counts[label]
        require(len(centroid) == len(data), "DimensionMismatch", len(centroid), len(data))
        require_normalized(data)
        new_n = n if n >= COUNT_LIMIT else n + 1
        self.centroids[label] = [trunc(c * n + x, new_n) for c, x in zip(centroid, data, strict=True)]
        self.counts[label] = new_n

    def add_class(self, centroid: Sequence[int], count: int) -> None:
        self._check_class(len(self.centroids[0]), centroid, count)
        self.centroids.append(list(centroid))
        self.counts.append(count)

    def extend_centroid(self, extension: Sequence[int], label: int) -> None:
        require(label < len(self.centroids), "UnknownClass", label, len(self.centroids))
        self.centroids[label] = self.centroids[label] + list(extension)

    def state(self) -> tuple[Any, ...]:
        return [list(centroid) for centroid in self.centroids], list(self.counts)


class _Class:
    """A class of the sparse nearest centroid classifier: slots hold (value, samples when it was written)."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.squared_magnitude = 0
        self.slots: dict[int, tuple[int, int]] = {}

    def true_value(self, index: int) -> int:
        value, count = self.slots.get(index, (0, 0))
        return value if count == self.count else value * count // self.count

    def extended(self, pairs: Sequence[Sequence[int]]) -> _Class:
        new = self.copy()
        for position, pair in enumerate(pairs):
            require(len(pair) == 2, "MalformedPair", position, len(pair))
            index, value = pair
            require(index < INDEX_LIMIT, "IndexTooLarge", position, index, INDEX_LIMIT)
            require(new.slots.get(index, (0, 0)) == (0, 0), "DuplicateFeature", position, index)
            new.slots[index] = (value, self.count)
            new.squared_magnitude += value**2
        return new

    def copy(self) -> _Class:
        new = _Class(self.count)
        new.squared_magnitude = self.squared_magnitude
        new.slots = dict(self.slots)
        return new


class SparseNearestCentroidClassifier(Model):
    def __init__(
        self, centroids: Sequence[Sequence[Sequence[int]]], counts: Sequence[int], num_names: int | None = None
    ) -> None:
        names = len(centroids) if num_names is None else num_names
        require(names > 0, "NoClasses")
        require(names == len(centroids), "DimensionMismatch", names, len(centroids))
        require(names == len(counts), "DimensionMismatch", names, len(counts))
        self.classes = [_Class(n).extended(pairs) for pairs, n in zip(centroids, counts, strict=True)]

    @staticmethod
    def _check_data(data: Sequence[int]) -> None:
        for position, index in enumerate(data):
            require(index >= 0, "NegativeIndex", position, index)
            require(index < INDEX_LIMIT, "IndexTooLarge", position, index, INDEX_LIMIT)
            if position > 0:
                previous = data[position - 1]
                require(previous < index, "NotStrictlyIncreasing", position, previous, index)

    def predict(self, data: Sequence[int]) -> int:
        self._check_data(data)
        return nearest(
            [
                info.squared_magnitude + TO_FLOAT * sum(TO_FLOAT - 2 * info.true_value(j) for j in data)
                for info in self.classes
            ]
        )

    def norm(self, data: Sequence[int]) -> int:
        raise Refused("NormNotDefined")

    def learn(self, data: Sequence[int], label: int) -> None:
        require(label < len(self.classes), "UnknownClass", label, len(self.classes))
        self._check_data(data)
        info = self.classes[label].copy()
        n, new_n = info.count, info.count + 1
        require(new_n < 2**64, "SafeCastOverflowedUintDowncast", 64, new_n)
        added = 0
        for index in data:
            previous = info.true_value(index)
            info.squared_magnitude = max(info.squared_magnitude - previous**2, 0)
            value = (n * previous + TO_FLOAT) // new_n
            info.slots[index] = (value, new_n)
            added += value**2
        info.squared_magnitude = info.squared_magnitude * n**2 // new_n**2 + added
        info.count = new_n
        self.classes[label] = info

    def add_class(self, pairs: Sequence[Sequence[int]], count: int) -> None:
        self.classes.append(_Class(count).extended(pairs))

    def extend_centroid(self, pairs: Sequence[Sequence[int]], label: int) -> None:
        require(label < len(self.classes), "UnknownClass", label, len(self.classes))
        self.classes[label] = self.classes[label].extended(pairs)

    def centroid_value(self, k: int, j: int) -> int:
        require(k < len(self.classes), "UnknownClass", k, len(self.classes))
        return self.classes[k].true_value(j)

    def state(self) -> tuple[Any, ...]:
        stored = [{i: slot for i, slot in sorted(info.slots.items()) if slot != (0, 0)} for info in self.classes]
        return [info.count for info in self.classes], [info.squared_magnitude for info in self.classes], stored
