"""Base of all generators: choose a kind of step by weight; kinds that every contract has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Container
from random import Random
from typing import Any, ClassVar

from dcai.models import Classifier
from dcai.verify.functions import readers
from dcai.verify.numbers import INT64_MAX, INT64_MIN, UINT32_MAX, UINT64_MAX
from dcai.verify.step import CONSTRUCTOR, STRANGER, Step

__all__ = ["NAMES", "Generator"]

#: Names of classes: strings that share a slot with their length, that fill it, and that do not fit.
NAMES = ("", "spam", "x" * 31, "x" * 32, "a name of more than sixty-four bytes, and not in ASCII alone: übergroß")


class Generator(ABC):
    """Draws the start of a case, then one step after another.

    Parameters
    ----------
    rng : random.Random
        Of the case's own seed; nothing else is random.
    functions : container of str, optional
        What may be called, ``"constructor"`` included; any function unless given.
    """

    #: How often each kind of step is drawn; a kind is a method that returns a step, or None where it does not apply.
    KINDS: ClassVar[dict[str, int]]

    _COMMON: ClassVar[dict[str, int]] = {
        "getter": 8,
        "unknown_label": 3,
        "stranger": 4,
        "malformed": 4,
        "norm": 2,
        "add_feature_indices": 1,
        "construct": 3,
    }

    def __init__(self, rng: Random, functions: Container[str] | None = None) -> None:
        self.rng = rng
        self._functions = functions
        kinds = {**self._COMMON, **self.KINDS}
        self._kinds = list(kinds)
        self._weights = list(kinds.values())

    def step(self, model: Any) -> Step:
        """Return the next step for a model in its present state."""
        while True:
            (kind,) = self.rng.choices(self._kinds, self._weights)
            step: Step | None = getattr(self, kind)(model)
            if step is not None and (self._functions is None or step.op in self._functions):
                return step

    # -- of each model -- #

    @abstractmethod
    def start(self) -> Classifier:
        """Return a model: near the bounds, with ties, or ordinary."""

    @abstractmethod
    def sample(self, model: Any) -> list[int]:
        """Return a sample, most often one that an update takes."""

    @abstractmethod
    def refused_sample(self, model: Any) -> list[int]:
        """Return a sample that is refused, most often."""

    @abstractmethod
    def constructor_arguments(self) -> tuple[Any, ...]:
        """Return what the constructor takes, or refuses."""

    @abstractmethod
    def owner_call(self, model: Any) -> Step:
        """Return a call that only the owner may send, whatever is wrong with its arguments."""

    # -- kinds of steps -- #

    def update(self, model: Any) -> Step:
        """A sample of any known class."""
        return Step("update", tuple(self.sample(model)), self.rng.randrange(len(model.classifications)))

    def predict(self, model: Any) -> Step:
        """A sample."""
        return Step("predict", tuple(self.sample(model)))

    def refused_update(self, model: Any) -> Step:
        """A sample that is refused, most often, of a known class."""
        return Step("update", tuple(self.refused_sample(model)), self.rng.randrange(len(model.classifications)))

    def refused_predict(self, model: Any) -> Step:
        """A prediction of a sample that is refused, most often."""
        return Step("predict", tuple(self.refused_sample(model)))

    def unknown_label(self, model: Any) -> Step:
        """A label that is no class, of a sample that is refused or not."""
        sample = self.rng.choice((self.sample, self.refused_sample))(model)
        return Step("update", tuple(sample), self._unknown(model))

    def stranger(self, model: Any) -> Step:
        """Generate a call by a stranger that only the owner may make."""
        step = self.rng.choice((self.update, self.unknown_label, self.refused_update, self.owner_call))(model)
        return Step(step.op, step.data, step.label, step.args, STRANGER)

    def malformed(self, model: Any) -> Step:
        """Words that fit no int64 or uint64, and calldata that are cut off."""
        step = self.rng.choice((self.update, self.predict))(model)
        data, label = list(step.data), step.label
        place = self.rng.randrange(-1 if label is not None else 0, len(data)) if data else None
        if place is None or self.rng.randrange(4) == 0:
            return Step(step.op, step.data, label, form="short")
        if place == -1:
            label = self.rng.choice((UINT64_MAX + 1, 2**255, 2**64 + (label or 0)))
        else:
            # The lowest 64 bits are those of a good number, or only just none.
            data[place] = self.rng.choice((INT64_MAX + 1, INT64_MIN - 1, data[place] + 2**64, data[place] - 2**128))
        return Step(step.op, tuple(data), label, form="words")

    def getter(self, model: Any) -> Step:
        """A value of the state, or that next to where there is one."""
        rng = self.rng
        getters = readers(model)
        name = rng.choice(sorted(getters))
        getter = getters[name]
        places = list(getter.places(model))
        args = list(rng.choice(places) if places else (0,) * getter.num_args)
        if args and rng.randrange(3) == 0:
            # The last place of all is where an argument is most often only just out of range.
            args = list(places[-1]) if places else args
            i = rng.randrange(len(args))
            args[i] += 1 if args[i] < UINT32_MAX else -1
        return Step(name, args=tuple(args))

    def norm(self, model: Any) -> Step:
        """The norm of a sample."""
        return Step("norm", tuple(self.rng.choice((self.sample, self.refused_sample))(model)))

    def add_feature_indices(self, model: Any) -> Step | None:
        """More feature indices, which share slots with those before."""
        if len(model.feature_indices) > 20:
            return None
        count = self.rng.randint(0, 9)
        indices = tuple(self.rng.choice((0, 7, 2**31, UINT32_MAX, self.rng.getrandbits(32))) for _ in range(count))
        return Step("addFeatureIndices", args=(indices,))

    def construct(self, model: Any) -> Step:  # all kinds are called in the same way
        """The constructor, of arguments that it takes or refuses."""
        return Step(CONSTRUCTOR, args=self.constructor_arguments())

    # -- for subclasses -- #

    def names(self, count: int) -> list[str]:
        """Return names of classes."""
        return [self.rng.choice(NAMES) for _ in range(count)]

    def _unknown(self, model: Any) -> int:
        count = len(model.classifications)
        return self.rng.choice((count, count + 1, 2**32, 2**32 + 1, 2**63, UINT64_MAX))
