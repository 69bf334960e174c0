"""Random sequences for state tests: mostly steps that a contract takes, and some of each kind that it refuses."""

from __future__ import annotations

from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcai import strict_json
from dcai.errors import InputError
from dcai.fixed import TO_FLOAT
from dcai.models import (
    MODELS,
    Classifier,
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.verify.differential import Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

__all__ = ["is_case", "random_model", "random_steps"]

_INT64 = (-(1 << 63), (1 << 63) - 1)
_SPREAD = 1000
_NUM_SPARSE = 12


def is_case(path: Path) -> bool:
    """Whether a file is meant as a `Case`, though it may be a damaged one."""
    try:
        fields = strict_json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(fields, dict) and str(fields.get("format")).startswith("dcai-case")


def random_model(name: str, rng: Random) -> Classifier:
    """Return a small model of a contract of that name.

    Raises
    ------
    InputError
        There is no such contract.
    """
    if name not in MODELS:
        raise InputError(f"{name!r} is no model; those are {', '.join(MODELS)}")
    rate = rng.choice([TO_FLOAT, TO_FLOAT // 3, (1 << 32) - 1])
    size = rng.randint(4, 8)
    if name == "DensePerceptron":
        return DensePerceptron([_moderate(rng) for _ in range(size)], _moderate(rng), rate)
    if name == "SparsePerceptron":
        return SparsePerceptron([_moderate(rng) for _ in range(size)], _moderate(rng), rate)
    if name == "NearestCentroidClassifier":
        counts = [rng.randint(0, 9) for _ in range(3)]
        return NearestCentroidClassifier([_unit(rng, size) for _ in counts], counts)
    counts = [rng.randint(1, 9) for _ in range(3)]
    centroids = [{j: rng.randint(1, TO_FLOAT) for j in rng.sample(range(_NUM_SPARSE), 5)} for _ in counts]
    return SparseNearestCentroidClassifier(centroids, counts)


def random_steps(model: Classifier, rng: Random, count: int) -> Iterator[Step]:
    """Yield steps for a model; the same for the same model and the same state of ``rng``.

    Parameters
    ----------
    model : Classifier
        Its class and its shape decide what its contract takes; it is not changed.
    rng : random.Random
        Where chance is from.
    count : int
        Number of steps.
    """
    num_classes = len(model.classifications)
    for _ in range(count):
        data = _data(model, rng)
        if rng.random() < 1 / 4:
            yield Step("predict", tuple(data))
        else:
            label = rng.randrange(num_classes) if rng.random() < 0.95 else num_classes + rng.choice([0, 1 << 32])
            yield Step("update", tuple(data), label)


def _data(model: Any, rng: Random) -> list[int]:
    refused = rng.random() < 0.1
    if isinstance(model, (DensePerceptron, NearestCentroidClassifier)):
        size = len(model.weights if isinstance(model, DensePerceptron) else model.centroids[0])
        if refused:
            return rng.choice([_unit(rng, size + 1), [rng.choice(_INT64)] * size, [2 * x for x in _unit(rng, size)]])
        return _unit(rng, size)
    data = sorted(rng.sample(range(_NUM_SPARSE), rng.randint(0, 5)))
    if refused:
        return rng.choice([[*data, -1], [*data, 1 << 40, 3], [5, 5]])
    return data


def _moderate(rng: Random) -> int:
    return rng.randint(-2 * TO_FLOAT, 2 * TO_FLOAT)


def _unit(rng: Random, size: int) -> list[int]:
    """Return a sample whose norm is 1, but for rounding."""
    direction = [rng.randint(-_SPREAD, _SPREAD) for _ in range(size - 1)] + [rng.randint(1, _SPREAD)]
    length = isqrt(sum(x * x for x in direction) * TO_FLOAT**2)
    return [round(x * TO_FLOAT * TO_FLOAT / length) for x in direction]
