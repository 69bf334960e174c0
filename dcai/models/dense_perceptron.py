"""A Perceptron over dense samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Self

from numpy.typing import NDArray

from dcai import _kernels
from dcai.fixed import TO_FLOAT
from dcai.models import json_format
from dcai.models._arrays import integer_array
from dcai.models.base import DenseClassifier, check_two_classes

__all__ = ["DensePerceptron"]


class DensePerceptron(DenseClassifier):
    """A Perceptron of two classes over dense samples, the twin of the contract ``DensePerceptron``.

    Parameters
    ----------
    weights : sequence of d ints
        int80, scale ``10**9``.
    intercept : int
        int80; added to the score as it is stored.
    learning_rate : int
        uint32, scale ``10**9``.
    classifications : sequence of two str, default ("0", "1")
        Names of the classes.
    feature_indices : sequence of ints, default ()
        uint32; which features of a shared encoder the model takes.

    Raises
    ------
    InputError
        A number out of range or not an integer; the message names it.
    Revert
        ``NotTwoClasses``, as the contract.

    Notes
    -----
    ``score(x) = intercept + sum(weights * x)``; label 1 where the score is positive. A mistake on a sample of norm 1
    moves each weight by ``x * learning_rate / 10**9``, rounded toward zero.
    Source: contracts/src/models/DensePerceptron.sol.

    Examples
    --------
    >>> model = DensePerceptron([0, 0], 0, 10**9)
    >>> model.update([600_000_000, -800_000_000], 1)
    True
    >>> model.weights
    array([ 600000000, -800000000])
    """

    __slots__ = ()
    json_types = ("dense perceptron", "perceptron")
    _kernel: _kernels.DensePerceptron

    def __init__(
        self,
        weights: Sequence[int] | NDArray[Any],
        intercept: int,
        learning_rate: int,
        *,
        classifications: Sequence[str] | None = None,
        feature_indices: Iterable[int] = (),
    ) -> None:
        names = check_two_classes(classifications)
        kernel = _kernels.DensePerceptron(weights, intercept, learning_rate)
        super().__init__(kernel, names, feature_indices)

    @property
    def weights(self) -> NDArray[Any]:
        """A copy of the weights, shape (d,), scale ``10**9``: int64, or Python integers where one needs more bits."""
        return integer_array(self._kernel.weights)

    @property
    def intercept(self) -> int:
        """The intercept, int80."""
        return self._kernel.intercept

    @property
    def learning_rate(self) -> int:
        """The learning rate, uint32, scale ``10**9``."""
        return self._kernel.learning_rate

    def initialize_weights(self, weights: Sequence[int] | NDArray[Any]) -> None:
        """Append weights, as the contract's ``initializeWeights``: for a deployment in chunks.

        Parameters
        ----------
        weights : sequence of ints
            int80, scale ``10**9``.

        Raises
        ------
        InputError
            A number out of range or not an integer; nothing is appended.
        """
        self._kernel.initialize_weights(weights)

    def _state(self) -> dict[str, Any]:
        kernel = self._kernel
        return {
            "weights": kernel.weights,
            "intercept": kernel.intercept,
            "learning_rate": kernel.learning_rate,
        }

    @classmethod
    def _restore_kernel(cls, state: dict[str, Any]) -> _kernels.DensePerceptron:
        return _kernels.DensePerceptron(state["weights"], state["intercept"], state["learning_rate"])

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        return cls(
            fields.take_fixed_list("weights", bits=80),
            fields.take_fixed("intercept", "bias", bits=80),
            fields.take_fixed("learningRate", bits=32, signed=False, default=TO_FLOAT),
            classifications=fields.take_text_list("classifications"),
            feature_indices=fields.take_integer_list("featureIndices", (), bits=32),
        )

    def _to_fields(self) -> dict[str, Any]:
        return {
            "classifications": self.classifications,
            "featureIndices": self.feature_indices,
            "weights": [json_format.real(weight) for weight in self._kernel.weights],
            "intercept": json_format.real(self.intercept),
            "learningRate": json_format.real(self.learning_rate),
        }

    def __repr__(self) -> str:
        return self._describe(
            weights=f"<{len(self._kernel.weights)} weights>",
            intercept=self.intercept,
            learning_rate=self.learning_rate,
        )
