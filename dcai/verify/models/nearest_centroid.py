"""Starts and steps of a nearest centroid classifier on dense data."""

from __future__ import annotations

from typing import Any, ClassVar

from dcai.models import NearestCentroidClassifier
from dcai.verify.generator import Generator
from dcai.verify.numbers import (
    COUNT_LIMIT,
    INT64_MAX,
    INT64_MIN,
    ONE,
    UINT64_MAX,
    between,
    unit_sample,
    wild_sample,
)
from dcai.verify.step import Step

__all__ = ["NearestCentroidGenerator"]

_COUNTS = (0, 0, 1, 1, 2, 3, 7, 2**63, UINT64_MAX, 2**128, COUNT_LIMIT - 2, COUNT_LIMIT - 1)
_LARGE_COUNTS = (COUNT_LIMIT, COUNT_LIMIT + 1, 2**255, 2**256 - 1)
_LONGEST = 12
_MOST_CLASSES = 5

#: Differences whose squares, each divided by 10^9 and rounded, add up to 10 or 9. The square of 10^5 is a multiple of
#: 10^9; that of 31,622, which adds nothing, is just below 10^9.
_WAYS_TO_TEN = (
    (100_000,),
    (-100_000,),
    (99_999, 31_623),
    (99_999,),
    (-70_711, 70_711),
    (63_246, -63_246, 44_722),
    (54_773, 54_773, -54_773, 31_623),
    (44_722,) * 5,
)


class NearestCentroidGenerator(Generator):
    """Equal distances, centroids of unequal length, counts next to where counting stops, means that are rounded."""

    KINDS: ClassVar = {
        "learn": 30,
        "update": 6,
        "norm_at_its_bounds": 6,
        "predict": 6,
        "predict_near_a_centroid": 10,
        "refused_update": 6,
        "refused_predict": 4,
        "add_class": 5,
        "add_equally_far_class": 6,
        "predict_zeros": 5,
        "extend_centroid": 2,
        "make_equal": 14,
        "get_num_samples": 1,
        "get_centroid_value": 2,
    }

    def start(self) -> NearestCentroidClassifier:
        """Centroids of one length, some of them equal; counts small, or next to where counting stops."""
        rng = self.rng
        length, classes = rng.randint(0, 9), rng.choice((1, 2, 2, 3, 4))
        centroids = [self._centroid(length) for _ in range(classes)]
        if rng.randrange(3) == 0:
            centroids[-1] = list(centroids[0])
        counts = [rng.choice(_COUNTS) for _ in range(classes)]
        return NearestCentroidClassifier(centroids, counts, classifications=self.names(classes))

    def _centroid(self, length: int) -> list[int]:
        kind = self.rng.randrange(4)
        if kind == 0:
            return wild_sample(self.rng, length)
        if kind == 1:
            return [self.rng.choice((INT64_MIN, INT64_MAX, 0)) for _ in range(length)]
        return unit_sample(self.rng, length)

    def sample(self, model: Any) -> list[int]:
        """A unit sample as long as one of the centroids."""
        return unit_sample(self.rng, len(self.rng.choice(model.centroids)))

    def refused_sample(self, model: Any) -> list[int]:
        """Another length, or another norm."""
        length = len(self.rng.choice(model.centroids))
        if self.rng.randrange(2):
            return wild_sample(self.rng, length)
        other = self.rng.choice((0, max(length - 1, 0), length + 1, length + 4))
        return self.rng.choice((unit_sample, wild_sample))(self.rng, other)

    def constructor_arguments(self) -> tuple[Any, ...]:
        """As a start, or with one thing wrong."""
        rng = self.rng
        start = self.start()
        names, counts = list(start.classifications), list(start.counts)
        centroids = [centroid.tolist() for centroid in start.centroids]
        fault = rng.randrange(8)
        if fault == 0:
            counts[rng.randrange(len(counts))] = rng.choice(_LARGE_COUNTS)
        elif fault == 1:
            centroids[-1] = [*centroids[-1], 1]
        elif fault == 2:
            rng.choice((names, centroids, counts)).pop()
        elif fault == 3:
            names, centroids, counts = [], [], []
        return names, centroids, counts

    def owner_call(self, model: Any) -> Step:
        """A class, or more features."""
        step = self.rng.choice((self.extend_centroid, self.add_class, self.add_feature_indices))(model)
        return step or Step("addClass", args=((), "new", 2**255))

    def learn(self, model: Any) -> Step:
        """A sample of the length of its own class."""
        k = self.rng.randrange(len(model.counts))
        return Step("update", tuple(unit_sample(self.rng, len(model.centroids[k]))), k)

    def norm_at_its_bounds(self, model: Any) -> Step:
        """A sample that is only just accepted, or only just refused."""
        k = self.rng.randrange(len(model.counts))
        return Step("update", tuple(unit_sample(self.rng, len(model.centroids[k]), accepted=False)), k)

    def predict_near_a_centroid(self, model: Any) -> Step:
        """A distance of 0, or next to it."""
        sample = self.rng.choice(model.centroids).tolist()
        if sample and self.rng.randrange(2):
            i = self.rng.randrange(len(sample))
            off = self.rng.choice((1, -1, 31_622, 31_623, ONE))
            sample[i] = min(max(sample[i] + off, INT64_MIN), INT64_MAX)
        return Step("predict", tuple(sample))

    def add_class(self, model: Any) -> Step | None:
        """A class that is like another, or of another length, or with too large a count."""
        rng = self.rng
        if len(model.counts) >= _MOST_CLASSES:
            return None
        first = model.centroids[0].tolist()
        other_length = len(first) + rng.choice((1, -1, 1))
        centroid = rng.choice((first, first, self._centroid(len(first)), self._centroid(max(other_length, 0))))
        count = rng.choice(_COUNTS if rng.randrange(5) else _LARGE_COUNTS)
        return Step("addClass", args=(tuple(centroid), self.names(1)[0], count))

    def add_equally_far_class(self, model: Any) -> Step | None:
        """A class whose distance from the sample of zeros is 10, or 9, after rounding each term."""
        length = len(model.centroids[0])
        if len(model.counts) >= _MOST_CLASSES or length < 5:
            return None
        way = self.rng.choice(_WAYS_TO_TEN)
        centroid = [*way, *[31_622] * (length - len(way))]
        self.rng.shuffle(centroid)
        return Step("addClass", args=(tuple(centroid), "near", 1))

    def predict_zeros(self, model: Any) -> Step:
        """The sample from which such classes are equally far, and others further."""
        return Step("predict", (0,) * len(model.centroids[0]))

    def extend_centroid(self, model: Any) -> Step | None:
        """More features for one class, which then has another length than the others."""
        if max(map(len, model.centroids)) > _LONGEST:
            return None
        extension = tuple(between(self.rng, INT64_MIN, INT64_MAX) for _ in range(self.rng.randint(0, 5)))
        known = self.rng.randrange(len(model.counts))
        return Step("extendCentroid", args=(extension, known if self.rng.randrange(5) else self._unknown(model)))

    def make_equal(self, model: Any) -> Step | None:
        """More features for a class that has fewer than another, so that the model predicts again."""
        lengths = [len(centroid) for centroid in model.centroids]
        short = [k for k, length in enumerate(lengths) if length < max(lengths)]
        if not short:
            return None
        k = self.rng.choice(short)
        extension = tuple(between(self.rng, INT64_MIN, INT64_MAX) for _ in range(max(lengths) - lengths[k]))
        return Step("extendCentroid", args=(extension, k))

    def get_num_samples(self, model: Any) -> Step:
        """A class that there is, or the next one."""
        return Step("getNumSamples", args=(self.rng.randint(0, len(model.counts)),))

    def get_centroid_value(self, model: Any) -> Step:
        """A feature that there is, or the next one."""
        k = self.rng.randint(0, len(model.counts))
        length = len(model.centroids[k]) if k < len(model.counts) else 0
        return Step("getCentroidValue", args=(k, self.rng.randint(0, length)))
