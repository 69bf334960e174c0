"""Starts and steps of a sparse Perceptron."""

from __future__ import annotations

from typing import Any, ClassVar

from dcai.models import SparsePerceptron
from dcai.verify.generator import Generator
from dcai.verify.models.dense_perceptron import learning_rate
from dcai.verify.numbers import INT64_MAX, INT64_MIN, INT80_MAX, INT80_MIN, ONE, UINT64_MAX, between
from dcai.verify.step import Step

__all__ = ["INDICES", "NEGATIVE", "SparsePerceptronGenerator"]

#: Indices of features: few small ones, so that samples meet, and those next to the bounds of types.
INDICES = (0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 12, 255, 1023, 1024, 2**16, 2**31, 2**32 - 2, 2**32 - 1)
NEGATIVE = (-1, -1, -(2**31), -(2**32), INT64_MIN + 1, INT64_MIN)
_LARGE = (2**32, 2**32 + 1, 2**62, INT64_MAX - 1, INT64_MAX)
#: Beyond what samples can name; weights may stand there.
_BEYOND = (2**63, UINT64_MAX - 1, UINT64_MAX)


class SparsePerceptronGenerator(Generator):
    """Ties at a score of 0, indices that repeat, weights a step or a few from the bounds of int80."""

    KINDS: ClassVar = {
        "learn": 30,
        "update": 8,
        "push_a_weight": 10,
        "tie": 8,
        "predict": 6,
        "refused_update": 5,
        "refused_predict": 4,
        "evaluate_batch": 4,
        "initialize_weights": 4,
        "initialize_sparse_weights": 4,
    }

    def start(self) -> SparsePerceptron:
        """Few weights, small, at the bounds, or any."""
        rng = self.rng
        kind = rng.randrange(3)
        weights = {index: self._weight(kind) for index in rng.sample(sorted(set(INDICES)), rng.randint(0, 9))}
        intercept = rng.choice((0, 0, 1, -1, ONE, between(rng, INT80_MIN, INT80_MAX)))
        return SparsePerceptron(weights, intercept, learning_rate(rng), classifications=self.names(2))

    def _weight(self, kind: int) -> int:
        if kind == 0:
            return self.rng.choice((0, 1, -1, 2))
        if kind == 1:
            return self.rng.choice((INT80_MAX, INT80_MAX - 1, INT80_MIN, INT80_MIN + 1))
        return between(self.rng, INT80_MIN, INT80_MAX)

    def sample(self, model: Any) -> list[int]:  # any index will do
        """Indices in any order, some of them more than once."""
        rng = self.rng
        pool = INDICES if rng.randrange(5) else (*INDICES, *_LARGE)
        return [rng.choice(pool) for _ in range(rng.choice((0, 1, 1, 2, 3, 4, 5, 8)))]

    def refused_sample(self, model: Any) -> list[int]:
        """One or two negative indices among the others."""
        sample = self.sample(model)
        for _ in range(self.rng.choice((1, 1, 2))):
            sample.insert(self.rng.randint(0, len(sample)), self.rng.choice(NEGATIVE))
        return sample

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Two classes, or another number."""
        rng = self.rng
        weights = [self._weight(rng.randrange(3)) for _ in range(rng.randint(0, 6))]
        names = self.names(rng.choice((2, 2, 2, 0, 1, 3)))
        return names, weights, between(rng, INT80_MIN, INT80_MAX), learning_rate(rng)

    def owner_call(self, model: Any) -> Step:
        """More weights, in either form, or feature indices."""
        kinds = (self.initialize_weights, self.initialize_sparse_weights, self.add_feature_indices)
        return self.rng.choice(kinds)(model) or self.initialize_weights(model)

    def learn(self, model: Any) -> Step:
        """A mistake."""
        return self.mistaken(model, self.sample(model))

    def push_a_weight(self, model: Any) -> Step | None:
        """Move a weight that is near a bound exactly to it, or beyond; where none is near, put one there first."""
        rng, rate = self.rng, model.learning_rate
        weights = dict(model.weights)
        near = [i for i, w in weights.items() if i <= INT64_MAX and min(INT80_MAX - w, w - INT80_MIN) <= 3 * rate]
        if near and rate and rng.randrange(3):
            i = rng.choice(near)
            up = weights[i] > 0
            # Weights at the other bound make the model wrong about the sample.
            other = [
                j for j, w in weights.items() if j <= INT64_MAX and (w < 0) is up and abs(w) >= abs(weights[i]) // 2
            ]
            times = rng.randint(1, 3)
            return Step("update", tuple([rng.choice(other or [i])] * (times + 1) + [i] * times), int(up))
        left = max(rng.randint(1, 3) * rate + rng.choice((-1, 0, 1)), 0)
        pair = (INT80_MAX - left, INT80_MIN) if rng.randrange(2) else (INT80_MIN + left, INT80_MAX)
        return Step("initializeSparseWeights", args=(((rng.choice(INDICES), pair[0]), (2**62, pair[1])),))

    def tie(self, model: Any) -> Step | None:
        """A score of exactly 0, or next to it; a weight is first made for it where there is none."""
        intercept = model.intercept
        for index, weight in dict(model.weights).items():
            if weight and index <= INT64_MAX and intercept % weight == 0 and 0 < -(intercept // weight) <= 8:
                return Step("predict", (index,) * -(intercept // weight))
        if intercept == 0:
            return Step("predict", ())
        if intercept >= -INT80_MAX:
            weight = -intercept + self.rng.choice((0, 0, 0, 1, -1))
            if INT80_MIN <= weight <= INT80_MAX:
                return Step("initializeSparseWeights", args=(((self.rng.choice(INDICES), weight),),))
        return None

    def evaluate_batch(self, model: Any) -> Step:
        """Rows with labels, not all of which are classes, and now and then one too few."""
        rng = self.rng
        rows = tuple(
            tuple(self.sample(model) if rng.randrange(8) else self.refused_sample(model))
            for _ in range(rng.randint(0, 4))
        )
        count = max(len(rows) + rng.choice((0, 0, 0, 0, 1, -1)), 0)
        return Step("evaluateBatch", args=(rows, tuple(rng.choice((0, 1, 0, 1, 2, UINT64_MAX)) for _ in range(count))))

    def initialize_weights(self, model: Any) -> Step:  # all kinds are called in the same way
        """Weights of consecutive features, up to the last that there can be and beyond."""
        rng = self.rng
        start = rng.choice((*INDICES, 2**32, 2**63 - 1, 2**63, 2**64 - 3, 2**64 - 2, 2**64 - 1))
        return Step(
            "initializeWeights", args=(start, tuple(self._weight(rng.randrange(3)) for _ in range(rng.randint(0, 5))))
        )

    def initialize_sparse_weights(self, model: Any) -> Step:  # as above
        """Weights by index, some of them in rows that are refused."""
        rng = self.rng
        rows: list[tuple[int, ...]] = [
            (rng.choice((*INDICES, *_LARGE, *_BEYOND)), self._weight(rng.randrange(3)))
            for _ in range(rng.randint(0, 5))
        ]
        if rng.randrange(3) == 0:
            bad = rng.choice(((), (1,), (1, 2, 3), (-1, 0), (INT80_MIN, 5), (2**64, 0), (INT80_MAX, 5)))
            rows.insert(rng.randint(0, len(rows)), bad)
        return Step("initializeSparseWeights", args=(tuple(rows),))
