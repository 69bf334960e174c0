"""The gas layer of a nearest centroid classifier over dense samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.gas.layer import Call, FrameworkSize, GasModel, Labelled, SnapshotCase
from dcai.gas.models import draws
from dcai.gas.models.draws import ONE
from dcai.gas.models.vectors import BETWEEN, LEFT, RIGHT
from dcai.models.nearest_centroid import DATA_COUNT_LIMIT, NearestCentroidClassifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from dcai.gas.initialization import Initialization

__all__ = ["GAS"]


def _samples(random: Random) -> Iterator[Labelled]:
    length, num_classes = random.choice([1, 2, 3, 4, 7, 12]), random.choice([1, 2, 3, 4])
    centroids = [draws.unit(random, length) if random.random() < 0.7 else [0] * length for _ in range(num_classes)]
    counts = [random.choice([0, 1, 5, DATA_COUNT_LIMIT - 1]) for _ in range(num_classes)]
    model = NearestCentroidClassifier(centroids, counts)
    if random.random() < 0.3:
        state = model.state() | {"counts": [DATA_COUNT_LIMIT] * num_classes}
        if random.random() < 0.5:
            state["centroids"] = [*map(list, centroids[:-1]), [*centroids[-1], 5]]  # not extended to its length yet
        model = NearestCentroidClassifier.restore(state, model.classifications, ())
    for _ in range(4):
        data = list(random.choice(centroids)) if random.random() < 0.2 else draws.dense_sample(random, length)
        yield Labelled(model, data, draws.label(random, num_classes))


def _deployments(random: Random) -> Iterator[Call]:
    num_classes, length = random.choice([1, 2, 3, 4]), draws.length(random)
    counts = [random.choice([0, 5, 2**190]) for _ in range(num_classes)]
    centroids = [draws.numbers(random, length) for _ in range(num_classes)]
    yield "constructor", (draws.names(random, num_classes), centroids, counts)
    for _ in range(2):
        yield "addClass", (draws.numbers(random, length), *draws.names(random, 1), random.choice([0, 5]))
    for label in range(num_classes + 2):
        for numbers in draws.appended(random):
            yield "extendCentroid", (numbers, label)


def _constructor(
    run: Initialization, names: Sequence[str], centroids: Sequence[Sequence[int]], counts: Sequence[int]
) -> None:
    run.push_names(names)
    for centroid, count in zip(centroids, counts, strict=True):
        run.count("classes")
        _push(run, centroid, count)


def _push(run: Initialization, centroid: Sequence[int], count: int) -> None:
    run.append(("centroids", run.push("centroids")), centroid, 64)
    run.store(("dataCounts", run.push("dataCounts")), count)


def _add_class(run: Initialization, centroid: Sequence[int], name: str, count: int) -> None:
    run.slots.load(("centroids", 0))  # the length of the first, which all have
    _push(run, centroid, count)
    run.slots.load("classifications")
    run.push_name(name)


def _extend_centroid(run: Initialization, values: Sequence[int], label: int) -> None:
    run.slots.load("centroids")
    run.append(("centroids", label), values, 64)


def _snapshot() -> SnapshotCase:
    return SnapshotCase(
        NearestCentroidClassifier([LEFT, RIGHT, [0] * 12], [10, 20, 0], classifications=["left", "right", "none"]),
        {
            "update, steady": (BETWEEN, 0),
            "update, first": (BETWEEN, 2),
            "update, refused: UnknownClass": (LEFT, 3),
            "update, refused: DimensionMismatch": (LEFT[1:], 1),
            "update, refused: NotNormalized": ([2 * value for value in LEFT], 1),
        },
    )


def _framework() -> FrameworkSize:
    return FrameworkSize(
        "NearestCentroidClassifier, 9 features",
        NearestCentroidClassifier([[ONE // 3 * sign for _ in range(9)] for sign in (-1, 1)], [100, 100]),
        [ONE // 3] * 9,
        {"deploy": 7_934_427, "addData": 235_536, "refund": 194_490, "report": 154_533},
    )


GAS = GasModel(
    samples=_samples,
    deployments=_deployments,
    functions={"constructor": _constructor, "addClass": _add_class, "extendCentroid": _extend_centroid},
    snapshot=_snapshot,
    framework=_framework,
)
