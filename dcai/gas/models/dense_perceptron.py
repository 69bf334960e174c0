"""The gas layer of a Perceptron over dense samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.gas.layer import Call, FrameworkSize, GasModel, Labelled, SnapshotCase
from dcai.gas.models import draws
from dcai.gas.models.draws import INT80, ONE
from dcai.gas.models.vectors import LEFT, RIGHT
from dcai.models.dense_perceptron import DensePerceptron

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from dcai.gas.initialization import Initialization

__all__ = ["GAS"]


def _samples(random: Random) -> Iterator[Labelled]:
    length = random.choice([1, 2, 3, 4, 7, 12])
    weights = [random.randint(-3 * ONE, 3 * ONE) for _ in range(length)]
    if random.random() < 0.5:
        weights = [draws.weight(random) for _ in range(length)]
    model = DensePerceptron(weights, random.choice([0, 5, -5]), random.choice([ONE, ONE, 0, 7]))
    for _ in range(4):
        yield Labelled(model, draws.dense_sample(random, length), draws.label(random, 2))
    # A weight without room left, in each place of a slot, and one of the other sign that makes the prediction a mistake
    # that pushes it on.
    full, opposite = random.sample(range(12), 2)
    weights, data = [0] * 12, [0] * 12
    bound, label = random.choice([(INT80[0], 0), (INT80[1], 1)])
    weights[full], weights[opposite] = bound, -bound - 1
    data[full], data[opposite] = 6 * 10**8, 8 * 10**8
    yield Labelled(DensePerceptron(weights, 0, ONE), data, label)


def _deployments(random: Random) -> Iterator[Call]:
    yield "constructor", draws.perceptron_arguments(random)
    for numbers in draws.appended(random):
        yield "initializeWeights", (numbers,)


def _constructor(run: Initialization, names: Sequence[str], weights: Sequence[int], intercept: int, rate: int) -> None:
    run.push_names(names)
    _initialize_weights(run, weights)
    run.store_settings(intercept, rate)


def _initialize_weights(run: Initialization, weights: Sequence[int]) -> None:
    run.append("weights", weights, 80)


def _snapshot() -> SnapshotCase:
    return SnapshotCase(
        DensePerceptron([0] * 12, 0, ONE, classifications=["bad", "good"]),
        {
            "update, mistake, first": (LEFT, 1),
            "update, correct": (LEFT, 1),
            "update, mistake, steady": (RIGHT, 1),
            "update, refused: UnknownClass": (LEFT, 2),
            "update, refused: DimensionMismatch": (LEFT[1:], 1),
            "update, refused: NotNormalized": ([2 * value for value in LEFT], 1),
        },
    )


def _framework() -> FrameworkSize:
    return FrameworkSize(
        "DensePerceptron, 9 features",
        DensePerceptron([ONE // 10 * (-1) ** i for i in range(9)], 0, ONE),
        [ONE // 3] * 9,
        {"deploy": 7_340_490, "addData": 209_835, "refund": 177_445, "report": 137_474},
    )


GAS = GasModel(
    samples=_samples,
    deployments=_deployments,
    functions={"constructor": _constructor, "initializeWeights": _initialize_weights},
    snapshot=_snapshot,
    framework=_framework,
)
