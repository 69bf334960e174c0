"""What each function of a contract is in its kernel: the table by which both are called with the same arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import Revert
from dcai.evm.abi import Event
from dcai.models import (
    Classifier,
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["change", "changes", "construct", "expected_events", "read", "reads"]


def changes(model: Classifier) -> frozenset[str]:
    """Return the functions that change a model, beside ``update``; the owner alone may call them."""
    return frozenset({"addFeatureIndices", *_CHANGES[type(model).__name__]})


def reads(model: Classifier) -> frozenset[str]:
    """Return the functions that change nothing, beside ``predict``."""
    return frozenset({"norm", *_READS[type(model).__name__]})


def change(model: Classifier, function: str, args: Sequence[Any]) -> Classifier:
    """Do to a model what a function does to its contract; return the model, which may be a new one.

    Raises
    ------
    Revert
        As the contract.
    """
    if function == "addFeatureIndices":
        # A model has no function for it, since it does not look at them.
        indices = (*model.feature_indices, *args[0])
        return type(model).restore(model.state(), model.classifications, indices)
    _CHANGES[type(model).__name__][function](model, *args)
    return model


def read(model: Classifier, function: str, args: Sequence[Any]) -> Any:
    """Return what a function returns that changes nothing; errors as in `change`."""
    if function == "norm":
        return model.norm(list(args[0]))  # type: ignore[attr-defined]  # each of the four has it
    return _READS[type(model).__name__][function](model, *args)


def construct(model_class: Any, args: Sequence[Any]) -> Classifier:
    """Build a model of a class of the arguments of its contract's constructor; errors as in `change`."""
    names, first, *rest = args
    model: Classifier = model_class(_rows(first), *rest, classifications=names)
    return model


def expected_events(model: Classifier, function: str, args: Sequence[Any]) -> list[Event]:
    """Return what the contract of a model logs when this call of a function succeeds; ``model`` is as before it."""
    if function != "addClass":
        return []
    return [Event("AddClass", {"name": args[1], "index": len(model.classifications)})]


def _of_class(values: Sequence[Any], k: int) -> Any:
    if k >= len(values):
        raise Revert("UnknownClass", (k, len(values)))
    return values[k]


def _centroid_value(model: NearestCentroidClassifier, k: int, j: int) -> int:
    centroid = _of_class(model.centroids, k)
    if j >= len(centroid):
        raise Revert("Panic", (0x32,))  # an index that is out of bounds
    return int(centroid[j])


def _add_class(model: Any, centroid: Any, name: str, count: int) -> None:
    model.add_class(_rows(centroid), name, count)


def _extend_centroid(model: Any, extension: Any, label: int) -> None:
    model.extend_centroid(_rows(extension), label)


def _rows(values: Any) -> Any:
    """Lists in place of tuples, which some functions take for a batch in compressed form."""
    return [_rows(value) for value in values] if isinstance(values, list | tuple) else values


_CHANGES: dict[str, dict[str, Callable[..., None]]] = {
    DensePerceptron.__name__: {"initializeWeights": lambda model, weights: model.initialize_weights(_rows(weights))},
    SparsePerceptron.__name__: {
        "initializeWeights": lambda model, start, weights: model.initialize_weights(start, _rows(weights)),
        "initializeSparseWeights": lambda model, rows: model.initialize_sparse_weights(_rows(rows)),
    },
    NearestCentroidClassifier.__name__: {"addClass": _add_class, "extendCentroid": _extend_centroid},
    SparseNearestCentroidClassifier.__name__: {"addClass": _add_class, "extendCentroid": _extend_centroid},
}

_READS: dict[str, dict[str, Callable[..., Any]]] = {
    DensePerceptron.__name__: {},
    SparsePerceptron.__name__: {
        "evaluateBatch": lambda model, rows, labels: model.evaluate_batch(_rows(rows), list(labels)),
    },
    NearestCentroidClassifier.__name__: {
        "getNumSamples": lambda model, k: _of_class(model.counts, k),
        "getCentroidValue": _centroid_value,
    },
    SparseNearestCentroidClassifier.__name__: {
        "getNumSamples": lambda model, k: _of_class(model.counts, k),
        "getSquaredMagnitude": lambda model, k: _of_class(model.squared_magnitudes, k),
        "getCentroidValue": lambda model, k, j: model.centroid_value(k, j),
    },
}
