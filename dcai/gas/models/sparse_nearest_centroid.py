"""The gas layer of a nearest centroid classifier over sparse binary samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.gas.layer import Call, FrameworkSize, GasModel, Labelled, SnapshotCase
from dcai.gas.models import draws
from dcai.gas.models.draws import INT64_MAX, INT64_MIN, ONE, UINT64_MAX
from dcai.models.sparse_nearest_centroid import SparseNearestCentroidClassifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from dcai.gas.initialization import Initialization

__all__ = ["GAS"]


def _samples(random: Random) -> Iterator[Labelled]:
    num_classes = random.choice([1, 2, 3])
    counts = [random.choice([0, 1, 5, 2**63, UINT64_MAX - 1, UINT64_MAX]) for _ in range(num_classes)]
    centroids = [
        [[index, random.randint(0, ONE)] for index in range(12) if random.random() < 0.6] for _ in range(num_classes)
    ]
    model = SparseNearestCentroidClassifier(centroids, counts)
    for label, count in enumerate(counts):
        if count < UINT64_MAX:  # makes the values of other features stale
            model.update(sorted({random.randrange(14) for _ in range(3)}), label)
    if random.random() < 0.3:
        state = model.state()
        state["squared_magnitudes"] = [random.choice([m, 2**200, 0]) for m in state["squared_magnitudes"]]
        model = SparseNearestCentroidClassifier.restore(state, model.classifications, ())
    for _ in range(4):
        data = sorted({random.randrange(14) for _ in range(random.choice([0, 1, 2, 5, 9]))})
        fate = random.random()
        if fate < 0.06:
            data.insert(random.randint(0, len(data)), random.choice([-1, INT64_MIN]))
        elif fate < 0.12:
            data.insert(random.randint(0, len(data)), random.choice([2**32, INT64_MAX]))
        elif fate < 0.18 and data:
            data.insert(random.randint(1, len(data)), data[0])
        yield Labelled(model, data, draws.label(random, num_classes))


def _pairs(random: Random, first: int) -> list[list[int]]:
    values = (random.choice([0, UINT64_MAX, random.randint(0, ONE)]) for _ in range(draws.length(random)))
    return [[index, value] for index, value in enumerate(values, first)]


def _deployments(random: Random) -> Iterator[Call]:
    num_classes = random.choice([1, 2, 3, 4])
    counts = [random.choice([0, 5, 2**63]) for _ in range(num_classes)]
    yield "constructor", (draws.names(random, num_classes), [_pairs(random, 0) for _ in range(num_classes)], counts)
    for _ in range(2):
        yield "addClass", (_pairs(random, 0), *draws.names(random, 1), random.choice([0, 5]))
    for label in range(num_classes + 2):
        yield "extendCentroid", (_pairs(random, 1_000), label)


def _constructor(
    run: Initialization, names: Sequence[str], centroids: Sequence[Sequence[Sequence[int]]], counts: Sequence[int]
) -> None:
    run.push_names(names)
    for pairs, count in zip(centroids, counts, strict=True):
        run.count("classes")
        label = _push(run, count)
        _store(run, label, pairs, count, 0)


def _push(run: Initialization, count: int) -> int:
    label = run.push("classInfos")
    run.slots.load(("numSamples", label))
    run.store(("numSamples", label), count)
    return label


def _store(run: Initialization, label: int, pairs: Sequence[Sequence[int]], count: int, squared: int) -> None:
    run.count("pairs", len(pairs))
    for index, value in pairs:
        run.slots.load(("features", label, index))
        run.store(("features", label, index), count << 64 | value)
        squared += value * value
    run.store(("squaredMagnitude", label), squared)


def _add_class(run: Initialization, pairs: Sequence[Sequence[int]], name: str, count: int) -> None:
    label = _push(run, count)
    run.slots.load(("numSamples", label))
    _store(run, label, pairs, count, run.slots.load(("squaredMagnitude", label)))
    run.slots.load("classifications")
    run.push_name(name)


def _extend_centroid(run: Initialization, pairs: Sequence[Sequence[int]], label: int) -> None:
    run.slots.load("classInfos")
    count = run.slots.load(("numSamples", label))
    _store(run, label, pairs, count, run.slots.load(("squaredMagnitude", label)))


def _snapshot() -> SnapshotCase:
    low, high = ([[index, ONE // (index + 2)] for index in indices] for indices in (range(8), range(4, 16)))
    return SnapshotCase(
        SparseNearestCentroidClassifier([low, high], [10, 20], classifications=["low", "high"]),
        {
            "update, steady": ([0, 2, 5], 0),
            "update, steady, stale values": ([1, 2, 7], 0),
            "update, first": ([4, 17, 19], 1),
            "update, no features": ([], 1),
            "update, refused: UnknownClass": ([0, 1], 2),
            "update, refused: NegativeIndex": ([-1, 0], 1),
            "update, refused: IndexTooLarge": ([0, 2**32], 1),
            "update, refused: NotStrictlyIncreasing": ([5, 5], 1),
        },
    )


def _framework() -> FrameworkSize:
    centroids = [[(i, ONE // 10 * (1 + (i + k) % 2)) for i in range(1000)] for k in (0, 1)]
    return FrameworkSize(
        "SparseNearestCentroidClassifier, 1,000 words",
        SparseNearestCentroidClassifier(centroids, [100, 100]),
        list(range(0, 40, 2)),
        {"deploy": 58_137_527, "addData": 332_988, "refund": 305_199, "report": 265_219},
    )


GAS = GasModel(
    samples=_samples,
    deployments=_deployments,
    functions={"constructor": _constructor, "addClass": _add_class, "extendCentroid": _extend_centroid},
    snapshot=_snapshot,
    framework=_framework,
)
