"""The gas layer of a multinomial naive Bayes classifier.

Of the original (solc 0.6.2 without optimizer) these figures are known: ``predict`` 6,413 a feature; ``update`` 157,293
with 20 known features, 499,293 with 20 new ones; the deployment of 1,000 words of IMDB 51,219,631 in 8 transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.gas.layer import FrameworkSize, GasModel, Labelled, SnapshotCase
from dcai.gas.models import draws
from dcai.gas.models.draws import INT64_MAX, INT64_MIN, ONE, UINT64_MAX
from dcai.models.naive_bayes import NaiveBayes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from dcai.gas.initialization import Initialization
    from dcai.gas.layer import Call

__all__ = ["GAS"]

_UINT32_MAX = 2**32 - 1


def _counts(random: Random) -> dict[int, int]:
    """Return feature counts: none, so that there may be nothing to divide by; a small one, so that scores may grow."""
    kind = random.random()
    if kind < 0.4:
        return {} if kind < 0.2 else {random.randrange(14): 1}
    return {j: random.choice([1, 7, _UINT32_MAX - 1, _UINT32_MAX]) for j in range(12) if random.random() < 0.6}


def _samples(random: Random) -> Iterator[Labelled]:
    num_classes = random.choice([1, 2, 3])
    counts = [_counts(random) for _ in range(num_classes)]
    totals = [sum(each.values()) for each in counts]
    if random.random() < 0.2:
        totals = [random.choice([total, UINT64_MAX - 3, UINT64_MAX]) for total in totals]
    state = {
        "num_samples": [random.choice([0, 1, 5, 2**63, UINT64_MAX - 1, UINT64_MAX]) for _ in range(num_classes)],
        "total_feature_counts": totals,
        "feature_counts": counts,
        "smoothing_factor": random.choice([0, 1, ONE, ONE, _UINT32_MAX]),
        "total_num_features": random.choice([0, 0, 1, 14, UINT64_MAX]),
    }
    model = NaiveBayes.restore(state, list(map(str, range(num_classes))), ())
    for _ in range(4):
        data = [random.randrange(14) for _ in range(random.choice([0, 1, 2, 5, 9, 40]))]
        fate = random.random()
        if fate < 0.06:
            data.insert(random.randint(0, len(data)), random.choice([-1, INT64_MIN]))
        elif fate < 0.12:
            data.insert(random.randint(0, len(data)), random.choice([2**32, INT64_MAX]))
        yield Labelled(model, data, draws.label(random, num_classes))


def _pairs(random: Random) -> list[list[int]]:
    counts = (random.choice([0, 1, _UINT32_MAX, random.randint(0, 1_000)]) for _ in range(draws.length(random)))
    return [[random.randrange(200), count] for count in counts]


def _deployments(random: Random) -> Iterator[Call]:
    num_classes = random.choice([1, 2, 3, 4])
    counts = [random.choice([0, 5, 2**63]) for _ in range(num_classes)]
    settings = random.choice([0, 14, UINT64_MAX]), random.choice([0, ONE])
    yield "constructor", (draws.names(random, num_classes), counts, [_pairs(random) for _ in counts], *settings)
    for _ in range(2):
        yield "addClass", (random.choice([0, 5]), _pairs(random), *draws.names(random, 1))
    for label in range(num_classes + 2):
        yield "initializeCounts", (_pairs(random), label)


def _constructor(
    run: Initialization,
    names: Sequence[str],
    class_counts: Sequence[int],
    feature_counts: Sequence[Sequence[Sequence[int]]],
    num_features: int,
    smoothing: int,
) -> None:
    run.push_names(names)
    run.store("totalNumFeatures", num_features)
    run.slots.load("smoothingFactor")
    run.store("smoothingFactor", smoothing)
    for num_samples, pairs in zip(class_counts, feature_counts, strict=True):
        run.count("classes")
        _store(run, run.push("classInfos"), pairs, num_samples, 0)


def _store(run: Initialization, label: int, pairs: Sequence[Sequence[int]], num_samples: int, total: int) -> None:
    run.count("pairs", len(pairs))
    for index, count in pairs:
        run.store(("counts", label, index), count)
        total += count
    run.store(("totals", label), total << 64 | num_samples)


def _add_class(run: Initialization, num_samples: int, pairs: Sequence[Sequence[int]], name: str) -> None:
    _store(run, run.push("classInfos"), pairs, num_samples, 0)
    run.slots.load("classifications")
    run.push_name(name)


def _initialize_counts(run: Initialization, pairs: Sequence[Sequence[int]], label: int) -> None:
    run.slots.load("classInfos")
    totals = run.slots.load(("totals", label))
    _store(run, label, pairs, totals & UINT64_MAX, totals >> 64)


def _snapshot() -> SnapshotCase:
    low, high = ([[index, 1 + index % 3] for index in indices] for indices in (range(8), range(4, 16)))
    return SnapshotCase(
        NaiveBayes([10, 20], [low, high], 20, ONE, classifications=["low", "high"]),
        {
            "update, steady": ([0, 2, 5], 0),
            "update, steady, repeated feature": ([7, 1, 7], 0),
            "update, steady, no features": ([], 1),
            "update, first": ([4, 17, 19], 1),
            "update, refused: UnknownClass": ([0, 1], 2),
            "update, refused: NegativeIndex": ([0, -1], 1),
            "update, refused: IndexTooLarge": ([0, 2**32], 1),
        },
    )


def _framework() -> FrameworkSize:
    counts = [[(i, 1 + (i + k) % 2) for i in range(1000)] for k in (0, 1)]
    return FrameworkSize(
        "NaiveBayes, 1,000 words",
        NaiveBayes([100, 100], counts, 1000, ONE),
        list(range(0, 40, 2)),
        {},  # its framework was not measured
    )


GAS = GasModel(
    samples=_samples,
    deployments=_deployments,
    functions={"constructor": _constructor, "addClass": _add_class, "initializeCounts": _initialize_counts},
    snapshot=_snapshot,
    framework=_framework,
)
