"""What takes a contract's functions down every path, for calibration: models with samples, and deployments.

Pseudo-random, and the same in every run.
"""

from __future__ import annotations

from math import isqrt
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from dcai.models import (
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcai.models import Classifier

    Call = tuple[str, tuple[Any, ...]]

__all__ = ["Labelled", "deployments", "samples"]

_ONE = 10**9
_INT80 = (-(2**79), 2**79 - 1)
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_UINT64_MAX = 2**64 - 1
#: From here on a dense class counts no further samples.
_FULL = 2**191


class Labelled(NamedTuple):
    """A model, and a sample to update it with."""

    model: Classifier
    data: Sequence[int]
    label: int


def _unit(random: Random, length: int) -> list[int]:
    """Return a vector whose norm an update takes; a last feature mends what rounding has left."""
    values = [random.gauss(0, 1) for _ in range(length)]
    norm = sum(value * value for value in values) ** 0.5
    vector = [round(value / norm * _ONE) for value in values]
    vector[-1] = isqrt(max(_ONE**2 - sum(x * x for x in vector[:-1]), 0))
    return vector


def _one_hot(random: Random, length: int) -> list[int]:
    vector = [0] * length
    vector[random.randrange(length)] = random.choice([-_ONE, _ONE])
    return vector


def _dense_sample(random: Random, length: int) -> list[int]:
    """Return a sample: good ones, of a wrong length, of a wrong norm."""
    sample = _unit(random, length) if random.random() < 0.6 else _one_hot(random, length)
    fate = random.random()
    if fate < 0.06:
        return [*sample, 0]
    if fate < 0.12:
        return [0] * length
    if fate < 0.18:
        sample[-1] += 5 * _ONE
    return sample


def _label(random: Random, num_classes: int) -> int:
    if random.random() < 0.08:
        return random.choice([num_classes, _UINT64_MAX])
    return random.randrange(num_classes)


def _weight(random: Random) -> int:
    return random.choice([0, 0, _ONE, -_ONE, random.randint(-3 * _ONE, 3 * _ONE), random.choice(_INT80)])


def _sparse_perceptron(random: Random) -> Iterator[Labelled]:
    weights = [_weight(random) for _ in range(12)]
    intercept = random.choice([0, 5, -5, 2**60, -(2**60)])
    model = SparsePerceptron(weights, intercept, random.choice([_ONE, _ONE, 0, 7]))
    for _ in range(4):
        data = [random.randrange(14) for _ in range(random.choice([0, 1, 2, 5, 9]))]
        if random.random() < 0.5:
            data = sorted(set(data))
        if random.random() < 0.1:
            data.insert(random.randint(0, len(data)), random.choice([-1, _INT64_MIN]))
        yield Labelled(model, data, _label(random, 2))
    # A weight without room left, behind one that moves twice: the last write is then a cheap one.
    bound, label = random.choice([(_INT80[0], 0), (_INT80[1], 1)])
    model = SparsePerceptron([0, bound, -bound - 1, -bound - 1], 0, _ONE)
    yield Labelled(model, [0, *random.choice([[], [0]]), 1, 2, 3], label)


def _dense_perceptron(random: Random) -> Iterator[Labelled]:
    length = random.choice([1, 2, 3, 4, 7, 12])
    weights = [random.randint(-3 * _ONE, 3 * _ONE) for _ in range(length)]
    if random.random() < 0.5:
        weights = [_weight(random) for _ in range(length)]
    model = DensePerceptron(weights, random.choice([0, 5, -5]), random.choice([_ONE, _ONE, 0, 7]))
    for _ in range(4):
        yield Labelled(model, _dense_sample(random, length), _label(random, 2))
    # A weight without room left, in each place of a slot, and one of the other sign that makes the prediction a mistake
    # that pushes it on.
    full, opposite = random.sample(range(12), 2)
    weights, data = [0] * 12, [0] * 12
    bound, label = random.choice([(_INT80[0], 0), (_INT80[1], 1)])
    weights[full], weights[opposite] = bound, -bound - 1
    data[full], data[opposite] = 6 * 10**8, 8 * 10**8
    yield Labelled(DensePerceptron(weights, 0, _ONE), data, label)


def _nearest_centroid(random: Random) -> Iterator[Labelled]:
    length, num_classes = random.choice([1, 2, 3, 4, 7, 12]), random.choice([1, 2, 3, 4])
    centroids = [_unit(random, length) if random.random() < 0.7 else [0] * length for _ in range(num_classes)]
    counts = [random.choice([0, 1, 5, _FULL - 1]) for _ in range(num_classes)]
    model = NearestCentroidClassifier(centroids, counts)
    if random.random() < 0.3:
        state = model.state() | {"counts": [_FULL] * num_classes}
        if random.random() < 0.5:
            state["centroids"] = [*map(list, centroids[:-1]), [*centroids[-1], 5]]  # not extended to its length yet
        model = NearestCentroidClassifier.restore(state, model.classifications, ())
    for _ in range(4):
        data = list(random.choice(centroids)) if random.random() < 0.2 else _dense_sample(random, length)
        yield Labelled(model, data, _label(random, num_classes))


def _sparse_nearest_centroid(random: Random) -> Iterator[Labelled]:
    num_classes = random.choice([1, 2, 3])
    counts = [random.choice([0, 1, 5, 2**63, _UINT64_MAX - 1, _UINT64_MAX]) for _ in range(num_classes)]
    centroids = [
        [[index, random.randint(0, _ONE)] for index in range(12) if random.random() < 0.6] for _ in range(num_classes)
    ]
    model = SparseNearestCentroidClassifier(centroids, counts)
    for label, count in enumerate(counts):
        if count < _UINT64_MAX:  # makes the values of other features stale
            model.update(sorted({random.randrange(14) for _ in range(3)}), label)
    if random.random() < 0.3:
        state = model.state()
        state["squared_magnitudes"] = [random.choice([m, 2**200, 0]) for m in state["squared_magnitudes"]]
        model = SparseNearestCentroidClassifier.restore(state, model.classifications, ())
    for _ in range(4):
        data = sorted({random.randrange(14) for _ in range(random.choice([0, 1, 2, 5, 9]))})
        fate = random.random()
        if fate < 0.06:
            data.insert(random.randint(0, len(data)), random.choice([-1, _INT64_MIN]))
        elif fate < 0.12:
            data.insert(random.randint(0, len(data)), random.choice([2**32, _INT64_MAX]))
        elif fate < 0.18 and data:
            data.insert(random.randint(1, len(data)), data[0])
        yield Labelled(model, data, _label(random, num_classes))


def _names(random: Random, length: int) -> list[str]:
    """Return names of classes: empty, in their slot, just not, in words of their own."""
    return [
        "x" * random.choice([0, 1, 5, 31, 32, 33, 64, 70, 95, 96]) + random.choice(["", "", "é"]) for _ in range(length)
    ]


def _length(random: Random) -> int:
    return random.choice([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17, 24, 40, 100])


def _numbers(random: Random, length: int) -> list[int]:
    """Return numbers of a dense array, with slots that are all 0."""
    return [random.choice([0, 0, 0, -1, random.randint(-_ONE, _ONE)]) for _ in range(length)]


def _appended(random: Random) -> Iterator[list[int]]:
    """Yield what is appended to an array; zeros behind a slot in part write it as it is."""
    yield _numbers(random, _length(random))
    yield [0] * _length(random)
    yield [*_numbers(random, _length(random)), 1]
    yield [0] * _length(random)


def _pairs(random: Random, first: int) -> list[list[int]]:
    values = (random.choice([0, _UINT64_MAX, random.randint(0, _ONE)]) for _ in range(_length(random)))
    return [[index, value] for index, value in enumerate(values, first)]


def _deploy_perceptron(random: Random) -> tuple[Any, ...]:
    weights = _numbers(random, _length(random))
    return _names(random, 2), weights, random.choice([0, -5, 7]), random.choice([0, _ONE])


def _deploy_dense_perceptron(random: Random) -> Iterator[Call]:
    yield "constructor", _deploy_perceptron(random)
    for numbers in _appended(random):
        yield "initializeWeights", (numbers,)


def _deploy_sparse_perceptron(random: Random) -> Iterator[Call]:
    yield "constructor", _deploy_perceptron(random)
    for _ in range(2):
        yield "initializeWeights", (random.randrange(20), _numbers(random, _length(random)))
        pairs = [[random.randrange(30), random.choice([0, 5, -7])] for _ in range(_length(random))]
        yield "initializeSparseWeights", (pairs,)


def _deploy_nearest_centroid(random: Random) -> Iterator[Call]:
    num_classes, length = random.choice([1, 2, 3, 4]), _length(random)
    counts = [random.choice([0, 5, 2**190]) for _ in range(num_classes)]
    centroids = [_numbers(random, length) for _ in range(num_classes)]
    yield "constructor", (_names(random, num_classes), centroids, counts)
    for _ in range(2):
        yield "addClass", (_numbers(random, length), *_names(random, 1), random.choice([0, 5]))
    for label in range(num_classes + 2):
        for numbers in _appended(random):
            yield "extendCentroid", (numbers, label)


def _deploy_sparse_nearest_centroid(random: Random) -> Iterator[Call]:
    num_classes = random.choice([1, 2, 3, 4])
    counts = [random.choice([0, 5, 2**63]) for _ in range(num_classes)]
    yield "constructor", (_names(random, num_classes), [_pairs(random, 0) for _ in range(num_classes)], counts)
    for _ in range(2):
        yield "addClass", (_pairs(random, 0), *_names(random, 1), random.choice([0, 5]))
    for label in range(num_classes + 2):
        yield "extendCentroid", (_pairs(random, 1_000), label)


_DEPLOYMENTS: dict[str, Callable[[Random], Iterator[Call]]] = {
    "DensePerceptron": _deploy_dense_perceptron,
    "NearestCentroidClassifier": _deploy_nearest_centroid,
    "SparseNearestCentroidClassifier": _deploy_sparse_nearest_centroid,
    "SparsePerceptron": _deploy_sparse_perceptron,
}

_SAMPLES: dict[str, Callable[[Random], Iterator[Labelled]]] = {
    "DensePerceptron": _dense_perceptron,
    "NearestCentroidClassifier": _nearest_centroid,
    "SparseNearestCentroidClassifier": _sparse_nearest_centroid,
    "SparsePerceptron": _sparse_perceptron,
}


def samples(contract: str, num_models: int) -> Iterator[Labelled]:
    """Yield samples of so many models of a contract, those of one model one after another."""
    random = Random(contract)
    for _ in range(num_models):
        yield from _SAMPLES[contract](random)


def deployments(contract: str, number: int) -> Iterator[list[Call]]:
    """Yield deployments, each the calls (function, arguments) from the constructor on."""
    random = Random(contract)
    for _ in range(number):
        indices = ([abs(index) for index in numbers] for numbers in _appended(random))
        yield [*_DEPLOYMENTS[contract](random), *(("addFeatureIndices", (chunk,)) for chunk in indices)]
