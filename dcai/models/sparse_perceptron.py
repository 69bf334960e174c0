"""A Perceptron over the indices of the binary features that are present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from dcai import _kernels
from dcai.models import _inputs, json_format, perceptron
from dcai.models.base import SparseClassifier
from dcai.models.deployment import halvings
from dcai.models.registry import register
from dcai.models.spec import Demo, Field, Getter, Int, Map, ModelSpec, Sparse

if TYPE_CHECKING:
    from dcai.models._inputs import Batch, Labels
    from dcai.models.deployment import Driver

__all__ = ["SparsePerceptron", "SparseWeights"]

#: Of the first weights, this share must be non-zero to go in by position: a zero in between costs a storage access,
#: and a weight given with its index costs more calldata and memory. Either way the state is the same.
_DENSE_SHARE = 0.75


def _deploy(driver: Driver, model: SparsePerceptron) -> None:
    weights = dict(sorted(model.weights.items()))
    dense = [weights.get(index, 0) for index in range(_dense_length(list(weights)))]
    done = driver.create(halvings(len(dense), 0), lambda n: perceptron.constructor_arguments(model, dense[:n]))
    driver.extend("initializeWeights", dense[done:], lambda at, chunk: (done + at, chunk))
    rows = [[index, weight] for index, weight in weights.items() if index >= len(dense)]
    driver.extend("initializeSparseWeights", rows, lambda _, chunk: (chunk,))


def _dense_length(indices: Sequence[int]) -> int:
    """Return how many weights to give by position: while enough of them are non-zero."""
    dense = (i for n, i in enumerate(indices, 1) if n >= _DENSE_SHARE * (i + 1))
    return max(dense, default=-1) + 1


_SPEC = ModelSpec(
    contract="SparsePerceptron",
    kernel=_kernels.SparsePerceptron,
    samples=Sparse(index_bits=63),
    fields=(Field("weights", "weights", Map(Int(64), Int(80, signed=True))), *perceptron.FIELDS),
    getters={
        "weights": Getter(lambda model, i: model.weights[i], lambda model: ((i,) for i in model.weights), 1),
        **perceptron.GETTERS,
    },
    deploy=_deploy,
    changes=("initializeWeights", "initializeSparseWeights"),
    reads=("evaluateBatch",),
    num_classes=2,
    has_mistakes=True,
    hyperparameters=(perceptron.LEARNING_RATE,),
    linear=True,
    json_types=("sparse perceptron",),
    fingerprint="sparse-perceptron",
    words=perceptron.WORDS,
    demos=(Demo("digits-parity", 100), Demo("imdb", 2000)),
    earlier_generation=perceptron.unscaled_rate,
)


class SparseWeights(dict[int, int]):
    """The weights that are not zero, by feature index, in increasing order; any other index gives 0."""

    def __missing__(self, index: int) -> int:
        return 0


@register
class SparsePerceptron(perceptron.Perceptron, SparseClassifier):
    """A Perceptron of two classes over sparse binary samples, the twin of the contract ``SparsePerceptron``.

    Parameters
    ----------
    weights : sequence of ints, or mapping of feature index to int
        int80, scale ``10**9``. A sequence holds the weights of the features 0, 1, 2, ...; every other weight is 0.
    intercept : int
        int80, scale ``10**9``.
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
        ``NotTwoClasses``, or ``NegativeIndex`` and ``IndexTooLarge`` for an index of a mapping, as the contract.

    Notes
    -----
    ``score(x) = intercept + sum(weights[i] for i in x)``; label 1 where the score is positive. A mistake moves the
    weight of each index, as often as it stands there, by the learning rate.
    Mirrors: contracts/src/models/SparsePerceptron.sol.

    Examples
    --------
    >>> model = SparsePerceptron([0] * 300, 0, 10**9)
    >>> model.predict([3, 17, 256])
    0
    >>> model.update([3, 17, 256], 1)
    True
    >>> model.weights[17]
    1000000000
    """

    __slots__ = ()
    spec = _SPEC
    _kernel: _kernels.SparsePerceptron

    def __init__(
        self,
        weights: Sequence[int] | NDArray[Any] | Mapping[int, int],
        intercept: int,
        learning_rate: int,
        *,
        classifications: Sequence[str] | None = None,
        feature_indices: Iterable[int] = (),
    ) -> None:
        names = self._check_names(classifications)
        if isinstance(weights, Mapping):
            kernel = _kernels.SparsePerceptron((), intercept, learning_rate)
            kernel.initialize_sparse_weights(list(weights.items()))
        else:
            kernel = _kernels.SparsePerceptron(weights, intercept, learning_rate)
        super().__init__(kernel, names, feature_indices)

    @property
    def weights(self) -> SparseWeights:
        """A copy of the weights that are not zero, by feature index, scale ``10**9``; a missing index gives 0."""
        return SparseWeights(self._kernel.weights)

    def initialize_weights(self, start: int, weights: Sequence[int] | NDArray[Any]) -> None:
        """Set the weights of the features from ``start`` on, as the contract's ``initializeWeights``.

        Parameters
        ----------
        start : int
            uint64; index of the first feature.
        weights : sequence of ints
            int80, scale ``10**9``.

        Raises
        ------
        InputError
            A number out of range or not an integer.
        Revert
            ``IndexTooLarge`` for a feature index of ``2**64`` or more. In either case nothing is set.
        """
        self._kernel.initialize_weights(start, weights)

    def initialize_sparse_weights(self, weights: Sequence[Sequence[int]]) -> None:
        """Set weights by feature, as the contract's ``initializeSparseWeights``.

        Parameters
        ----------
        weights : sequence of pairs (int, int)
            Feature index, uint64, and weight, int80, scale ``10**9``; of a repeated index the last counts.

        Raises
        ------
        InputError
            A number out of range or not an integer.
        Revert
            ``MalformedPair``, ``NegativeIndex`` or ``IndexTooLarge``. In either case nothing is set.
        """
        self._kernel.initialize_sparse_weights(weights)

    def evaluate_batch(self, data: Batch, labels: Labels) -> int:
        """Count the rows that get their label, as the contract's ``evaluateBatch``.

        Parameters, result and errors are those of ``Classifier.evaluate_batch``, but for ``Revert`` with
        ``DimensionMismatch`` where there are more or fewer labels than rows.
        """
        return self._kernel.evaluate_batch(self.rows(data), _inputs.as_labels(labels, None))

    def _scores(self, data: Batch) -> Iterable[int]:
        rows, weights = self.rows(data), self.weights
        indices = rows.indices.tolist()
        for start, stop in pairwise(rows.indptr.tolist()):
            yield sum(map(weights.__getitem__, indices[start:stop]), self.intercept)

    @classmethod
    def _restore_kernel(cls, state: dict[str, Any]) -> _kernels.SparsePerceptron:
        kernel = _kernels.SparsePerceptron((), state["intercept"], state["learning_rate"])
        kernel.initialize_sparse_weights(list(dict(state["weights"]).items()))
        return kernel

    @classmethod
    def _take_weights(cls, fields: json_format.Fields) -> dict[int, int]:
        return fields.fixed_by_index(*fields.take("weights"), bits=80)

    def _weights_as_json(self) -> Any:
        """A list where most indices up to the largest have a weight, else {index: weight}: the format knows both."""
        weights = self.weights
        length = max(weights, default=-1) + 1
        if length <= 2 * len(weights) + 16:
            return [json_format.real(weights[i]) for i in range(length)]
        return {str(i): json_format.real(weight) for i, weight in weights.items()}
