"""A Perceptron over dense samples."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dcai import _kernels
from dcai.models import json_format, perceptron
from dcai.models.base import DenseClassifier
from dcai.models.deployment import halvings
from dcai.models.registry import register
from dcai.models.spec import Array, Demo, Dense, Field, Getter, Int, ModelSpec, item

if TYPE_CHECKING:
    from dcai.models._inputs import Batch
    from dcai.models.deployment import Driver

__all__ = ["DensePerceptron"]


def _deploy(driver: Driver, model: DensePerceptron) -> None:
    weights = [int(weight) for weight in model.weights]
    done = driver.create(halvings(len(weights), 0), lambda n: perceptron.constructor_arguments(model, weights[:n]))
    driver.extend("initializeWeights", weights[done:], lambda _, chunk: (chunk,))


_SPEC = ModelSpec(
    contract="DensePerceptron",
    kernel=_kernels.DensePerceptron,
    samples=Dense(),
    fields=(Field("weights", "weights", Array(Int(80, signed=True))), *perceptron.FIELDS),
    getters={
        "weights": Getter(
            lambda model, i: int(item(model.weights, i)), lambda model: ((i,) for i in range(model.num_features)), 1
        ),
        **perceptron.GETTERS,
    },
    deploy=_deploy,
    changes=("initializeWeights",),
    num_classes=2,
    has_mistakes=True,
    hyperparameters=(perceptron.LEARNING_RATE,),
    json_types=("dense perceptron", "perceptron"),
    fingerprint="dense-perceptron",
    words={"weights.length": "the number of weights", **perceptron.WORDS},
    demos=(Demo("breast-cancer", 50),),
    earlier_generation=perceptron.unscaled_rate,
)


@register
class DensePerceptron(perceptron.Perceptron, DenseClassifier):
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
    Mirrors: contracts/src/models/DensePerceptron.sol.

    Examples
    --------
    >>> model = DensePerceptron([0, 0], 0, 10**9)
    >>> model.update([600_000_000, -800_000_000], 1)
    True
    >>> model.weights
    array([ 600000000, -800000000])
    """

    __slots__ = ()
    spec = _SPEC
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
        names = self._check_names(classifications)
        kernel = _kernels.DensePerceptron(weights, intercept, learning_rate)
        super().__init__(kernel, names, feature_indices)

    @property
    def weights(self) -> NDArray[Any]:
        """A copy of the weights, shape (d,), scale ``10**9``: int64, or Python integers where one needs more bits."""
        weights = self._kernel.weights
        try:
            return np.array(weights, dtype=np.int64)
        except OverflowError:
            return np.array(weights, dtype=object)

    @property
    def num_features(self) -> int:
        """Number of features of a sample, d."""
        return len(self._kernel.weights)

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

    def _scores(self, data: Batch) -> Iterable[int]:
        scores: Iterable[int] = self.rows(data).astype(object) @ self.weights.astype(object) + self.intercept
        return scores

    @classmethod
    def _take_weights(cls, fields: json_format.Fields) -> list[int]:
        return fields.take_fixed_list("weights", bits=80)

    def _weights_as_json(self) -> Any:
        return [json_format.real(weight) for weight in self._kernel.weights]
