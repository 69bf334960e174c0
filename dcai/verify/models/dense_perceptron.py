"""Starts and steps of a dense Perceptron."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING, Any, ClassVar

from dcai.models import DensePerceptron
from dcai.verify.generator import Generator
from dcai.verify.numbers import (
    INT64_MAX,
    INT64_MIN,
    INT80_MAX,
    INT80_MIN,
    ONE,
    UINT32_MAX,
    between,
    unit_sample,
    wild_sample,
)
from dcai.verify.step import Step

if TYPE_CHECKING:
    from random import Random

__all__ = ["DensePerceptronGenerator", "learning_rate"]

#: Slots hold three weights; more than a few of them say nothing new.
_LONGEST = 12


def learning_rate(rng: Random) -> int:
    """Return a rate: small, one, next to one, large, or any; the steps of a rate of one need no rounding."""
    return rng.choice((0, 1, 3, 10**7, 10**8 + 7, ONE - 1, ONE, ONE + 1, UINT32_MAX, between(rng, 0, UINT32_MAX)))


class DensePerceptronGenerator(Generator):
    """Ties at a score of 0, weights a step from the bounds of int80, quotients that must be rounded."""

    KINDS: ClassVar = {
        "learn": 30,
        "update": 8,
        "norm_at_its_bounds": 6,
        "push_a_weight": 10,
        "tie": 8,
        "predict": 6,
        "refused_update": 6,
        "refused_predict": 4,
        "initialize_weights": 3,
    }

    def start(self) -> DensePerceptron:
        """Weights in pairs at both bounds, all small so that scores tie, or any."""
        rng = self.rng
        length = rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
        kind = rng.randrange(4)
        if kind == 0:  # the second of each pair makes the model wrong about samples that push the first
            near = (INT80_MAX - rng.choice((0, 1, rng.getrandbits(33))), INT80_MIN + rng.choice((0, 1, 5)))
            order = near if rng.randrange(2) else (near[1], near[0])
            weights = [order[i % 2] for i in range(length)]
        elif kind == 1:
            weights = [rng.choice((0, 1, -1, 2)) for _ in range(length)]
        else:
            weights = [between(rng, INT80_MIN, INT80_MAX) for _ in range(length)]
        intercept = rng.choice((0, 0, 1, -1, ONE, -ONE, between(rng, INT80_MIN, INT80_MAX)))
        return DensePerceptron(weights, intercept, learning_rate(rng), classifications=self.names(2))

    def sample(self, model: Any) -> list[int]:
        """A unit sample of the model's length."""
        return unit_sample(self.rng, len(model.weights))

    def refused_sample(self, model: Any) -> list[int]:
        """Another length, or another norm."""
        length = len(model.weights)
        if self.rng.randrange(2):
            return wild_sample(self.rng, length)
        other = self.rng.choice((0, max(length - 1, 0), length + 1, length + 3))
        return self.rng.choice((unit_sample, wild_sample))(self.rng, other)

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Two classes, or another number."""
        start = self.start()
        names = self.names(self.rng.choice((2, 2, 2, 0, 1, 3)))
        return names, [int(weight) for weight in start.weights], start.intercept, start.learning_rate

    def owner_call(self, model: Any) -> Step:
        """More weights."""
        step = self.rng.choice((self.initialize_weights, self.add_feature_indices))(model)
        return step or Step("addFeatureIndices", args=((1,),))

    def learn(self, model: Any) -> Step:
        """A mistake."""
        return self.mistaken(model, self.sample(model))

    def norm_at_its_bounds(self, model: Any) -> Step:
        """A sample that is only just accepted, or only just refused."""
        return self.mistaken(model, unit_sample(self.rng, len(model.weights), accepted=False))

    def push_a_weight(self, model: Any) -> Step | None:
        """Move a weight that is near a bound of int80 exactly to it, one short of it, or one beyond."""
        rng, weights, rate = self.rng, [int(weight) for weight in model.weights], model.learning_rate
        near = [i for i, w in enumerate(weights) if min(INT80_MAX - w, w - INT80_MIN) <= 2 * rate]
        if not near or len(weights) < 2 or not rate:
            return None
        i = rng.choice(near)
        up = weights[i] > 0
        left = INT80_MAX - weights[i] if up else weights[i] - INT80_MIN
        x = min(-(-(left + rng.choice((-1, 0, 1))) * ONE // rate), ONE)
        # The feature of another weight brings the norm to 1 and, where that weight is at the other bound, the mistake.
        j = rng.choice([j for j in range(len(weights)) if j != i])
        sample = [0] * len(weights)
        sample[i], sample[j] = x, isqrt(max(ONE * ONE - x * x, 0))
        return Step("update", tuple(sample), int(up))

    def tie(self, model: Any) -> Step | None:
        """A score of exactly 0, or next to it."""
        weights = [int(weight) for weight in model.weights]
        for i, weight in enumerate(weights):
            if weight and model.intercept % weight == 0:
                x = -(model.intercept // weight) + self.rng.choice((0, 0, 1, -1))
                if INT64_MIN <= x <= INT64_MAX:
                    sample = [0] * len(weights)
                    sample[i] = x
                    return Step("predict", tuple(sample))
        if not any(weights):
            return self.update(model)  # every score is the intercept
        return None

    def initialize_weights(self, model: Any) -> Step | None:
        """More weights, which share a slot with the last ones."""
        if len(model.weights) > _LONGEST:
            return None
        weights = tuple(between(self.rng, INT80_MIN, INT80_MAX) for _ in range(self.rng.randint(0, 4)))
        return Step("initializeWeights", args=(weights,))
