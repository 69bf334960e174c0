"""The gas layer of a Perceptron over sparse binary samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.gas.layer import Call, FrameworkSize, GasModel, Labelled, SnapshotCase
from dcai.gas.models import draws
from dcai.gas.models.draws import INT64_MIN, INT80, ONE
from dcai.models.sparse_perceptron import SparsePerceptron

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from dcai.gas.initialization import Initialization

__all__ = ["GAS"]


def _samples(random: Random) -> Iterator[Labelled]:
    weights = [draws.weight(random) for _ in range(12)]
    intercept = random.choice([0, 5, -5, 2**60, -(2**60)])
    model = SparsePerceptron(weights, intercept, random.choice([ONE, ONE, 0, 7]))
    for _ in range(4):
        data = [random.randrange(14) for _ in range(random.choice([0, 1, 2, 5, 9]))]
        if random.random() < 0.5:
            data = sorted(set(data))
        if random.random() < 0.1:
            data.insert(random.randint(0, len(data)), random.choice([-1, INT64_MIN]))
        yield Labelled(model, data, draws.label(random, 2))
    # A weight without room left, behind one that moves twice: the last write is then a cheap one.
    bound, label = random.choice([(INT80[0], 0), (INT80[1], 1)])
    model = SparsePerceptron([0, bound, -bound - 1, -bound - 1], 0, ONE)
    yield Labelled(model, [0, *random.choice([[], [0]]), 1, 2, 3], label)


def _deployments(random: Random) -> Iterator[Call]:
    yield "constructor", draws.perceptron_arguments(random)
    for _ in range(2):
        yield "initializeWeights", (random.randrange(20), draws.numbers(random, draws.length(random)))
        pairs = [[random.randrange(30), random.choice([0, 5, -7])] for _ in range(draws.length(random))]
        yield "initializeSparseWeights", (pairs,)


def _constructor(run: Initialization, names: Sequence[str], weights: Sequence[int], intercept: int, rate: int) -> None:
    run.push_names(names)
    run.count("weights", len(weights))
    for index, weight in enumerate(weights):
        if weight:
            run.count("written_weights")
            run.store(("weights", index), weight)
    run.store_settings(intercept, rate)


def _initialize_weights(run: Initialization, start: int, weights: Sequence[int]) -> None:
    _initialize_sparse_weights(run, list(enumerate(weights, start)))


def _initialize_sparse_weights(run: Initialization, pairs: Sequence[Sequence[int]]) -> None:
    run.count("weights", len(pairs))
    for index, weight in pairs:
        run.store(("weights", index), weight)


def _snapshot() -> SnapshotCase:
    return SnapshotCase(
        SparsePerceptron([ONE, 0, -ONE, 0, 5 * ONE, ONE, *[0] * 20, ONE], 0, ONE, feature_indices=range(27)),
        {
            "update, mistake, first": ([1, 3, 4, 20], 0),
            "update, mistake, steady": ([4], 0),
            "update, mistake, refund": ([1, 2, 3], 1),
            "update, correct": ([0, 4, 5], 1),
            "update, correct, no features": ([], 0),
            "update, refused: UnknownClass": ([0, 1], 2),
            "update, refused: NegativeIndex": ([0, -1], 1),
        },
    )


def _framework() -> FrameworkSize:
    return FrameworkSize(
        "SparsePerceptron, 1,000 words",
        SparsePerceptron([ONE // 10 * (1 if i % 2 == 0 else -1) for i in range(1000)], 0, ONE),
        [*range(18), 100, 200],
        {"deploy": 30_260_977, "addData": 311_887, "refund": 221_111, "report": 181_225},
    )


GAS = GasModel(
    samples=_samples,
    deployments=_deployments,
    functions={
        "constructor": _constructor,
        "initializeWeights": _initialize_weights,
        "initializeSparseWeights": _initialize_sparse_weights,
    },
    impossible=("IndexTooLarge",),  # an index that is an int64 is below 2^63
    snapshot=_snapshot,
    framework=_framework,
    original_streams={
        "IMDB, 1,000 words": {"addData, mistake": 919_442, "addData, correct": 513_482, "addData": 601_440}
    },
)
