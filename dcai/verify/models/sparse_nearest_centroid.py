"""Starts and steps of a nearest centroid classifier on sparse data."""

from __future__ import annotations

from typing import Any, ClassVar

from dcai.models import SparseNearestCentroidClassifier
from dcai.verify.generator import Generator
from dcai.verify.models.sparse_perceptron import INDICES, NEGATIVE
from dcai.verify.numbers import INT64_MAX, ONE, UINT64_MAX, between
from dcai.verify.step import Step

__all__ = ["SparseNearestCentroidGenerator"]

_COUNTS = (0, 0, 1, 1, 2, 3, 7, 100, ONE, 2**32, 2**63, UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX)
_TOO_LARGE = (2**32, 2**32 + 1, 2**62, INT64_MAX)
_MOST_CLASSES = 5
_ALL_INDICES = sorted(set(INDICES))

#: Two values of a centroid, a and b with a^2 + b^2 = 2 * 10^9 * a: from a sample that has the feature of the first and
#: not that of the second, all such centroids are 10^18 away.
_EQUALLY_FAR = (
    (0, 0),
    (2 * 10**8, 6 * 10**8),
    (4 * 10**8, 8 * 10**8),
    (ONE, ONE),
    (16 * 10**8, 8 * 10**8),
    (18 * 10**8, 6 * 10**8),
    (2 * ONE, 0),
)


class SparseNearestCentroidGenerator(Generator):
    """Values stored at different counts, equal distances, magnitudes that rounding makes too small, full counts."""

    KINDS: ClassVar = {
        "update": 36,
        "learn_again": 10,
        "predict": 12,
        "predict_a_class": 8,
        "predict_equally_far": 5,
        "refused_update": 7,
        "refused_predict": 5,
        "add_class": 3,
        "add_equally_far_class": 5,
        "extend_centroid": 3,
        "get_num_samples": 1,
        "get_squared_magnitude": 1,
        "get_centroid_value": 7,
    }

    def start(self) -> SparseNearestCentroidClassifier:
        """Classes as a constructor makes them, or values of any age with any squared magnitude."""
        rng = self.rng
        classes = rng.choice((1, 2, 2, 3, 4))
        counts = [rng.choice(_COUNTS) for _ in range(classes)]
        centroids = [self._pairs() for _ in range(classes)]
        names = self.names(classes)
        if rng.randrange(2):
            return SparseNearestCentroidClassifier(centroids, counts, classifications=names)
        stored = [
            [(index, (min(value, 2 * ONE), rng.choice((n, n, n // 2, max(n - 1, 0))))) for index, value in pairs]
            for n, pairs in zip(counts, centroids, strict=True)
        ]
        # Of what is stored as of 0 samples nothing is left once there are any.
        stored = [[entry for entry in entries if entry[1] != (0, 0)] for entries in stored]
        magnitudes = [
            max(sum(value * value for _, (value, _) in entries) + rng.choice((0, -1, -(10**18), 10**18)), 0)
            for entries in stored
        ]
        state = {"counts": counts, "squared_magnitudes": magnitudes, "stored": stored}
        return SparseNearestCentroidClassifier.restore(state, names, ())

    def _pairs(self) -> list[tuple[int, int]]:
        rng = self.rng
        indices = rng.sample(_ALL_INDICES, rng.randint(0, 7))
        if rng.randrange(3) == 0:  # of which every sample had each feature
            return [(index, ONE) for index in indices]
        values = (
            rng.choice((0, 1, 2, ONE, ONE - 1, rng.randint(0, ONE), between(rng, 0, UINT64_MAX))) for _ in indices
        )
        return list(zip(indices, values, strict=True))

    def sample(self, model: Any) -> list[int]:
        """Increasing indices, half of them of features that some class has."""
        rng = self.rng
        pool = set(rng.sample(_ALL_INDICES, rng.randint(0, 6)))
        stored = list(rng.choice(model.stored))
        pool.update(rng.sample(stored, min(len(stored), rng.randint(0, 3))))
        return sorted(pool)

    def refused_sample(self, model: Any) -> list[int]:
        """An index that is negative, too large, repeated or out of order."""
        rng = self.rng
        sample = self.sample(model)
        bad = rng.choice((rng.choice(NEGATIVE), rng.choice(_TOO_LARGE), rng.choice(sample or [0]), rng.choice(INDICES)))
        sample.insert(rng.randint(0, len(sample)), bad)
        if rng.randrange(3) == 0:
            sample.insert(rng.randint(0, len(sample)), rng.choice((*NEGATIVE, *_TOO_LARGE)))
        return sample

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Centroids that it takes, or with one thing wrong."""
        rng = self.rng
        classes = rng.choice((1, 2, 3))
        names, counts = self.names(classes), [rng.choice(_COUNTS) for _ in range(classes)]
        centroids: list[list[tuple[int, ...]]] = [list(self._pairs()) for _ in range(classes)]
        fault = rng.randrange(6)
        if fault == 0:
            self._spoil(centroids[rng.randrange(classes)])
        elif fault == 1:
            rng.choice((names, centroids, counts)).pop()
        elif fault == 2:
            names, centroids, counts = [], [], []
        return names, centroids, counts

    def _spoil(self, pairs: list[tuple[int, ...]]) -> None:
        """Put a pair among others that no centroid takes: none, of an index too large, or of one that is there."""
        rng = self.rng
        twice = (pairs[0][0], 5) if pairs and len(pairs[0]) == 2 else (1,)
        bad: tuple[int, ...] = rng.choice(
            ((), (1,), (1, 2, 3), (2**32, 1), (2**63, 0), (UINT64_MAX, UINT64_MAX), twice)
        )
        pairs.insert(rng.randint(0, len(pairs)), bad)

    def owner_call(self, model: Any) -> Step:
        """A class, or more features."""
        step = self.rng.choice((self.extend_centroid, self.add_class, self.add_feature_indices))(model)
        return step or Step("addClass", args=(((1,),), "new", 1))

    def learn_again(self, model: Any) -> Step:
        """The features that a class has."""
        k = self.rng.randrange(len(model.counts))
        return Step("update", tuple(sorted(model.stored[k])[:8]), k)

    def add_class(self, model: Any) -> Step | None:
        """A class, or one that is refused."""
        if len(model.counts) >= _MOST_CLASSES:
            return None
        pairs: list[tuple[int, ...]] = list(self._pairs())
        if self.rng.randrange(4) == 0:
            self._spoil(pairs)
        return Step("addClass", args=(tuple(pairs), self.names(1)[0], self.rng.choice(_COUNTS)))

    def add_equally_far_class(self, model: Any) -> Step | None:
        """A class that is as far from the sample [200000] as others made so, or nearer by one."""
        if len(model.counts) >= _MOST_CLASSES:
            return None
        present, absent = self.rng.choice(_EQUALLY_FAR)
        pairs = ((200_000, present), (200_001, absent + self.rng.choice((0, 0, 1))))
        return Step("addClass", args=(pairs, "near", self.rng.choice(_COUNTS)))

    def predict_a_class(self, model: Any) -> Step:
        """The features that a class mostly has: no distance is smaller, and rounding may bring it below 0."""
        k = self.rng.randrange(len(model.counts))
        most = [index for index, (value, _) in model.stored[k].items() if 2 * value > ONE]
        return Step("predict", tuple(sorted(most)[:8]))

    def predict_equally_far(self, model: Any) -> Step:  # all kinds are called in the same way
        """The sample from which such classes are equally far."""
        return Step("predict", (200_000,))

    def extend_centroid(self, model: Any) -> Step:
        """More features for one class, some of which it has."""
        pairs: list[tuple[int, ...]] = list(self._pairs()[:3])
        if self.rng.randrange(2):
            pairs = [(100_000 + self.rng.getrandbits(12), pair[1]) for pair in pairs]
        if self.rng.randrange(5) == 0:
            self._spoil(pairs)
        known = self.rng.randrange(len(model.counts))
        return Step("extendCentroid", args=(tuple(pairs), known if self.rng.randrange(5) else self._unknown(model)))

    def get_num_samples(self, model: Any) -> Step:
        """A class that there is, or the next one."""
        return Step("getNumSamples", args=(self.rng.randint(0, len(model.counts)),))

    def get_squared_magnitude(self, model: Any) -> Step:
        """A class that there is, or the next one."""
        return Step("getSquaredMagnitude", args=(self.rng.randint(0, len(model.counts)),))

    def get_centroid_value(self, model: Any) -> Step:
        """A feature that a class has, most often, or any."""
        k = self.rng.randint(0, len(model.counts))
        stored = list(model.stored[k]) if k < len(model.counts) else []
        return Step("getCentroidValue", args=(k, self.rng.choice([*stored, *stored, *_ALL_INDICES[:4]])))
