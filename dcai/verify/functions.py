"""Table of contract functions and their kernel methods, to call both with the same arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dcai.evm.abi import Event
from dcai.models import Classifier
from dcai.models.spec import Getter, item, per_class, snake_case

__all__ = ["change", "changes", "construct", "expected_events", "read", "readers", "reads"]

#: View functions of the state that every contract has.
_COMMON = {
    "classifications": Getter(lambda model, k: item(model.classifications, k), per_class, 1),
    "getNumClassifications": Getter(lambda model: len(model.classifications), lambda _: iter([()]), 0),
    "featureIndices": Getter(
        lambda model, i: item(model.feature_indices, i), lambda model: zip(range(len(model.feature_indices))), 1
    ),
    "getNumFeatureIndices": Getter(lambda model: len(model.feature_indices), lambda _: iter([()]), 0),
}


def changes(model: Classifier) -> frozenset[str]:
    """Return the functions that change a model, beside ``update``; the owner alone may call them."""
    return frozenset({"addFeatureIndices", *model.spec.changes})


def reads(model: Classifier) -> frozenset[str]:
    """Return the functions that change nothing, beside ``predict``."""
    return frozenset({"norm", *model.spec.reads, *readers(model)})


def readers(model: Classifier) -> Mapping[str, Getter]:
    """Return the view functions that read the state of a model."""
    return {**_COMMON, **model.spec.getters, **model.spec.own_getters}


def change(model: Classifier, function: str, args: Sequence[Any]) -> Classifier:
    """Apply a contract function to a model; return the model, which may be a new one.

    Raises
    ------
    Revert
        As the contract.
    """
    if function == "addFeatureIndices":
        # A model has no function for it, since it does not look at them.
        indices = (*model.feature_indices, *args[0])
        return type(model).restore(model.state(), model.classifications, indices)
    getattr(model, snake_case(function))(*map(_lists, args))
    return model


def read(model: Classifier, function: str, args: Sequence[Any]) -> Any:
    """Return what a function returns that changes nothing; errors as in `change`."""
    getter = readers(model).get(function)
    if getter is not None:
        return getter.read(model, *args)
    return getattr(model, snake_case(function))(*map(_lists, args))


def construct(model_class: Any, args: Sequence[Any]) -> Classifier:
    """Build a model of a class of the arguments of its contract's constructor; errors as in `change`."""
    names, *rest = map(_lists, args)
    model: Classifier = model_class(*rest, classifications=names)
    return model


def expected_events(model: Classifier, function: str, args: Sequence[Any]) -> list[Event]:
    """Return what the contract of a model logs when this call of a function succeeds; ``model`` is as before it."""
    if function != "addClass":
        return []
    (name,) = (arg for arg in args if isinstance(arg, str))
    return [Event("AddClass", {"name": name, "index": len(model.classifications)})]


def _lists(values: Any) -> Any:
    """Lists in place of tuples, which some functions take for a batch in compressed form."""
    return [_lists(value) for value in values] if isinstance(values, list | tuple) else values
