"""Parts that all Perceptrons share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dcai.errors import InputError, Revert
from dcai.fixed import TO_FLOAT, scalar_to_fixed
from dcai.models import json_format
from dcai.models._inputs import Batch, Labels
from dcai.models.base import Classifier, as_names, fitted_classes
from dcai.models.spec import Field, Getter, Hyperparameter, Int

__all__ = ["FIELDS", "GETTERS", "LEARNING_RATE", "WORDS", "Perceptron", "constructor_arguments", "unscaled_rate"]

#: Fields of each Perceptron, after its weights.
FIELDS = (Field("intercept", "intercept", Int(80, signed=True)), Field("learning_rate", "learningRate", Int(32)))
GETTERS = {
    "intercept": Getter(lambda model: model.intercept, lambda _: iter([()]), 0),
    "learningRate": Getter(lambda model: model.learning_rate, lambda _: iter([()]), 0),
}
WORDS = {"intercept": "the intercept", "learningRate": "the learning rate"}
LEARNING_RATE = Hyperparameter(
    "learning_rate",
    1.0,
    "How far a mistake moves the weights, from 1e-9 to 4.29; stored as uint32, scale ``10**9``.",
    zero="with which no weight ever changes",
)

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
    def blank(cls, num_features: int, classifications: Sequence[str], *, learning_rate: int = TO_FLOAT) -> Self:
        """Return a model of zero weights; ``learning_rate`` has scale ``10**9``."""
        return cls._new({} if cls.spec.is_sparse else [0] * num_features, 0, learning_rate, classifications)

    @classmethod
    def fitted(
        cls, X: Batch, y: Labels, num_features: int, classifications: Sequence[str], *, learning_rate: int = TO_FLOAT
    ) -> Self:
        """Learn the samples in one pass from zero weights, as the contract would.

        The intercept of the contract never learns. Where the classes are not on two sides of the origin, append a
        feature that is always present, or constant, in its place.
        """
        model = cls.blank(num_features, classifications, learning_rate=learning_rate)
        model.update_batch(X, y)
        return model

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """Turn a fitted linear classifier of scikit-learn with two classes into a model.

        Parameters
        ----------
        estimator : SGDClassifier, Perceptron, LogisticRegression, LinearSVC or their like
            It has ``coef_``, ``intercept_`` and ``classes_``. Its samples are those of the model: presence of
            features for a sparse model, real numbers, which become fixed-point, for a dense one.

        Returns
        -------
        Perceptron
            Weights and intercept are those of the estimator, each rounded once, half away from zero. The learning
            rate is ``eta0`` if it is constant, else 1; the names of the classes are the text of ``classes_``.

        Raises
        ------
        InputTypeError
            No linear classifier.
        InputError
            It is not fitted, has other than two classes, or a number that the contract does not hold.

        Examples
        --------
        >>> from sklearn.linear_model import SGDClassifier
        >>> from dcai import SparsePerceptron
        >>> fitted = SGDClassifier(random_state=0).fit([[1, 1, 0], [0, 1, 1]], ["no", "yes"])
        >>> SparsePerceptron.from_sklearn(fitted).predict([2])
        1
        """
        names = fitted_classes(estimator, "linear classifier", "coef_", "intercept_")
        coef = estimator.coef_.toarray() if hasattr(estimator.coef_, "toarray") else np.asarray(estimator.coef_)
        if len(names) != 2 or coef.ndim != 2 or len(coef) != 1:
            kind = type(estimator).__name__
            raise InputError(f"the {kind} has {len(names)} classes: {', '.join(names)}; a Perceptron has two")
        weights = {j: scalar_to_fixed(w, 80, f"coef_[0, {j}]") for j, w in enumerate(coef[0].tolist())}
        b = np.ravel(estimator.intercept_).tolist()[0]
        intercept = scalar_to_fixed(b, 80, "intercept_")
        if not cls.spec.is_sparse:
            # The contract adds it as it is stored to products of scale 10^18.
            intercept = scalar_to_fixed(Fraction(b) * TO_FLOAT, 80, "intercept_ times 10^9")
        constant = getattr(estimator, "learning_rate", None) == "constant"
        rate = LEARNING_RATE.to_fixed(estimator.eta0) if constant else TO_FLOAT
        present = {j: weight for j, weight in weights.items() if weight}
        return cls._new(present if cls.spec.is_sparse else list(weights.values()), intercept, rate, names)

    def decision_function(self, data: Batch) -> NDArray[np.float64]:
        """Return the score of each row as a real number: label 1 where it is positive.

        Parameters
        ----------
        data : batch
            As in `predict_batch`.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            The integer score of the contract, computed exactly and rounded once.

        Raises
        ------
        Revert, InputError
            As in `predict_batch`.
        """
        self.predict_batch(data)  # which refuses what the contract refuses
        unit = TO_FLOAT if self.spec.is_sparse else TO_FLOAT**2
        return np.array([score / unit for score in self._scores(data)], dtype=np.float64)

    @abstractmethod
    def _scores(self, data: Batch) -> Iterable[int]:
        """Yield the exact score of each row: a weight alone may need 80 bits."""

    @classmethod
    def _new(
        cls, weights: Any, intercept: int, rate: int, names: Sequence[str], feature_indices: Iterable[int] = ()
    ) -> Self:
        make: Any = cls  # each Perceptron has this constructor
        model: Self = make(weights, intercept, rate, classifications=names, feature_indices=feature_indices)
        return model

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        return cls._new(
            cls._take_weights(fields),
            fields.take_fixed("intercept", "bias", bits=80),
            fields.take_fixed("learningRate", bits=32, signed=False, default=TO_FLOAT),
            fields.take_text_list("classifications"),
            fields.take_integer_list("featureIndices", (), bits=32),
        )

    @classmethod
    @abstractmethod
    def _take_weights(cls, fields: json_format.Fields) -> Any:
        """Read the weights."""

    @abstractmethod
    def _weights_as_json(self) -> Any:
        """Return the weights as JSON has them."""

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
