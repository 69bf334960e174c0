"""Naive Bayes in plain Python integers, written from the text of the semantics alone: the oracle of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.models.reference import INDEX_LIMIT, TO_FLOAT, Model, Refused, require

UINT32, UINT64 = 32, 64

Pairs = Sequence[Sequence[int]]


def fit(value: int, bits: int) -> int:
    require(value < 2**bits, "SafeCastOverflowedUintDowncast", bits, value)
    return value


def normalized(mantissa: int, shifts: int) -> tuple[int, int]:
    while 0 < mantissa < 2**128:
        mantissa, shifts = mantissa * 2**64, shifts + 1
    while mantissa >= 2**192:
        mantissa, shifts = mantissa // 2**64, shifts - 1
    return mantissa, shifts


@dataclass
class ClassCounts:
    num_samples: int
    total: int = 0
    counts: dict[int, int] = field(default_factory=dict)

    def with_pairs(self, pairs: Pairs) -> ClassCounts:
        counts, total = dict(self.counts), self.total
        for position, pair in enumerate(pairs):
            require(len(pair) == 2, "MalformedPair", position, len(pair))
            counts[pair[0]] = pair[1]
            total += pair[1]
        return ClassCounts(self.num_samples, fit(total, UINT64), counts)


class NaiveBayes(Model):
    def __init__(
        self,
        class_counts: Sequence[int],
        feature_counts: Sequence[Pairs],
        total_num_features: int,
        smoothing_factor: int,
        num_names: int | None = None,
    ) -> None:
        names = len(class_counts) if num_names is None else num_names
        require(names > 0, "NoClasses")
        require(names == len(class_counts), "DimensionMismatch", names, len(class_counts))
        require(names == len(feature_counts), "DimensionMismatch", names, len(feature_counts))
        self.total_num_features = fit(total_num_features, UINT64)
        self.smoothing_factor = smoothing_factor
        self.classes = [ClassCounts(n).with_pairs(pairs) for n, pairs in zip(class_counts, feature_counts, strict=True)]

    def predict(self, data: Sequence[int]) -> int:
        self._check_data(data)
        scores = [self.score(k, data) for k in range(len(self.classes))]
        return max(range(len(scores)), key=lambda k: (scores[k], -k))

    def score(self, k: int, data: Sequence[int]) -> tuple[int, ...]:
        """The score of a class, in a form that compares as scores do."""
        info = self.classes[k]
        denominator = self.denominator(k)
        require(denominator > 0 or len(data) == 0, "NoFeatureCounts", k)
        mantissa, shifts = normalized(info.num_samples * 2**64, 0)
        for index in data:
            mantissa, shifts = normalized(mantissa * self.factor(k, index) // denominator, shifts)
        return (0,) if mantissa == 0 else (1, -shifts, mantissa)

    def denominator(self, k: int) -> int:
        return TO_FLOAT * self.classes[k].total + self.smoothing_factor * self.total_num_features

    def factor(self, k: int, index: int) -> int:
        return TO_FLOAT * self.classes[k].counts.get(index, 0) + self.smoothing_factor

    def norm(self, data: Sequence[int]) -> int:
        raise Refused("NormNotDefined")

    def learn(self, data: Sequence[int], label: int) -> None:
        self._check_label(label)
        self._check_data(data)
        info = self.classes[label]
        learned = ClassCounts(fit(info.num_samples + 1, UINT64), fit(info.total + len(data), UINT64), dict(info.counts))
        for index in data:
            learned.counts[index] = fit(learned.counts.get(index, 0) + 1, UINT32)
        self.classes[label] = learned

    def add_class(self, num_samples: int, pairs: Pairs) -> None:
        self.classes.append(ClassCounts(num_samples).with_pairs(pairs))

    def initialize_counts(self, pairs: Pairs, label: int) -> None:
        self._check_label(label)
        self.classes[label] = self.classes[label].with_pairs(pairs)

    def num_samples(self, k: int) -> int:
        self._check_label(k)
        return self.classes[k].num_samples

    def total_feature_count(self, k: int) -> int:
        self._check_label(k)
        return self.classes[k].total

    def feature_count(self, k: int, index: int) -> int:
        self._check_label(k)
        return self.classes[k].counts.get(index, 0)

    def state(self) -> tuple[Any, ...]:
        return (
            [info.num_samples for info in self.classes],
            [info.total for info in self.classes],
            [{index: n for index, n in sorted(info.counts.items()) if n} for info in self.classes],
            self.total_num_features,
            self.smoothing_factor,
        )

    def _check_label(self, label: int) -> None:
        require(label < len(self.classes), "UnknownClass", label, len(self.classes))

    @staticmethod
    def _check_data(data: Iterable[int]) -> None:
        for position, index in enumerate(data):
            require(index >= 0, "NegativeIndex", position, index)
            require(index < INDEX_LIMIT, "IndexTooLarge", position, index, INDEX_LIMIT)
