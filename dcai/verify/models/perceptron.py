"""Parts that the Perceptrons share: rates, mistakes, and claims about their state and labels."""

from __future__ import annotations

from random import Random
from typing import Any

from dcai.errors import InputError, Revert
from dcai.verify.generator import Generator
from dcai.verify.numbers import ONE, UINT32_MAX, between
from dcai.verify.proof.contracts import Setting, lanes, unknown, wide, wide_signed
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, refuses
from dcai.verify.proof.words import BITS, Word, to_bits
from dcai.verify.step import Step

__all__ = [
    "PerceptronGenerator",
    "class_rules",
    "intercept_and_rate",
    "learning_rate",
    "predicted",
]


def learning_rate(rng: Random) -> int:
    """Return a rate: small, one, next to one, large, or any; the steps of a rate of one need no rounding."""
    return rng.choice((0, 1, 3, 10**7, 10**8 + 7, ONE - 1, ONE, ONE + 1, UINT32_MAX, between(rng, 0, UINT32_MAX)))


class PerceptronGenerator(Generator):
    """Mistakes, from which a Perceptron learns."""

    def mistaken(self, model: Any, sample: list[int]) -> Step:
        """Return an update with the label that the model does not predict."""
        try:
            label = 1 - model.predict(sample)
        except (Revert, InputError):
            label = self.rng.randint(0, 1)
        return Step("update", tuple(sample), label)

    def learn(self, model: Any) -> Step:
        """A mistake."""
        return self.mistaken(model, self.sample(model))


# -- claims -- #


def intercept_and_rate() -> tuple[Word, Word, Word]:
    """Return any intercept and any learning rate, and the slot that holds them."""
    intercept, rate = unknown("intercept", 80), unknown("learningRate", 32)
    return wide_signed(intercept), wide(rate), lanes(intercept, rate)


def class_rules(setting: Setting, label: Word) -> list[Rule]:
    """Return the rules of an update about its label and its sender."""
    return [
        Rule(z3.UGE(label, 1 << 64), refuses()),
        setting.only_owner(),
        Rule(z3.UGE(label, 2), setting.refuses("UnknownClass", label, 2)),
    ]


def predicted(score: Word) -> Word:
    """Return the label that a score gives."""
    return z3.If(to_bits(score) > 0, z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS))
