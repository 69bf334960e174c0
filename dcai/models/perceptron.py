"""Parts that all Perceptrons share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from dcai.errors import Revert
from dcai.fixed import TO_FLOAT
from dcai.models import json_format
from dcai.models.base import Classifier, as_names
from dcai.models.spec import Field, Getter, Int

__all__ = ["FIELDS", "GETTERS", "WORDS", "Perceptron", "constructor_arguments", "unscaled_rate"]

#: Fields of each Perceptron, after its weights.
FIELDS = (Field("intercept", "intercept", Int(80, signed=True)), Field("learning_rate", "learningRate", Int(32)))
GETTERS = {
    "intercept": Getter(lambda model: model.intercept, lambda _: iter([()]), 0),
    "learningRate": Getter(lambda model: model.learning_rate, lambda _: iter([()]), 0),
}
WORDS = {"intercept": "the intercept", "learningRate": "the learning rate"}

#: A learning rate up to this moves nothing at scale 10^9; without a scale, as a uint8, it is a usual one.
_UNSCALED_RATE = 255


class Perceptron(Classifier):
    """A Perceptron of two classes."""

    __slots__ = ()
    _kernel: Any

    @property
    def intercept(self) -> int:
        """The intercept, int80, scale ``10**9``."""
        return int(self._kernel.intercept)

    @property
    def learning_rate(self) -> int:
        """The learning rate, uint32, scale ``10**9``."""
        return int(self._kernel.learning_rate)

    @staticmethod
    def _check_names(classifications: Sequence[str] | None) -> Sequence[str]:
        """Return the names of the classes, "0" and "1" by default; ``Revert("NotTwoClasses")`` unless two."""
        names = ("0", "1") if classifications is None else as_names(classifications)
        if len(names) != 2:
            raise Revert("NotTwoClasses", (len(names),))
        return names

    @classmethod
    def fitted(cls, X: Any, y: Any, num_features: int, classifications: Sequence[str]) -> Self:
        """Learn the samples in one pass from zero weights, as the contract would; the learning rate is 1."""
        make: Any = cls
        model: Self = make([0] * num_features, 0, TO_FLOAT, classifications=classifications)
        model.update_batch(X, y)
        return model

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        make: Any = cls
        model: Self = make(
            cls._take_weights(fields),
            fields.take_fixed("intercept", "bias", bits=80),
            fields.take_fixed("learningRate", bits=32, signed=False, default=TO_FLOAT),
            classifications=fields.take_text_list("classifications"),
            feature_indices=fields.take_integer_list("featureIndices", (), bits=32),
        )
        return model

    @classmethod
    def _take_weights(cls, fields: json_format.Fields) -> Any:
        raise NotImplementedError

    def _weights_as_json(self) -> Any:
        raise NotImplementedError

    def _to_fields(self) -> dict[str, Any]:
        return {
            "classifications": self.classifications,
            "featureIndices": self.feature_indices,
            "weights": self._weights_as_json(),
            "intercept": json_format.real(self.intercept),
            "learningRate": json_format.real(self.learning_rate),
        }


def constructor_arguments(model: Perceptron, weights: list[int]) -> tuple[Any, ...]:
    """Return the arguments of the contract's constructor, with these weights."""
    return model.classifications, weights, model.intercept, model.learning_rate


def unscaled_rate(model: Perceptron) -> tuple[str, bool] | None:
    """Recognise the first generation of 0xDeCA10B (Solidity 0.5), where the learning rate had no scale."""
    rate = model.learning_rate
    if rate > _UNSCALED_RATE:
        return None
    return (
        f"the learning rate is {rate}, as in the first generation of 0xDeCA10B (Solidity 0.5), where it had no scale; "
        f"if it is {rate} / 10^9",
        True,
    )
