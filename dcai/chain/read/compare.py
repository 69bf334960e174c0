"""Where two models of one kind differ, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dcai.models import SparseNearestCentroidClassifier, SparsePerceptron

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.models import Classifier

__all__ = ["Difference", "first_difference"]


class Difference(NamedTuple):
    """A value in which two models differ.

    Attributes
    ----------
    field : str
        Its place, such as ``"weights[3]"`` or ``"centroids[1][7]"``.
    expected, actual : Any
        What the one has, and what the other has.
    """

    field: str
    expected: Any
    actual: Any


def first_difference(expected: Classifier, actual: Classifier) -> Difference | None:
    """Return the first value in which two models of the same class differ; None where they are equal."""
    if expected == actual:
        return None
    return next(_differences("", _fields(expected), _fields(actual)))


def _fields(model: Classifier) -> dict[str, Any]:
    state: dict[str, Any] = model.state()
    if isinstance(model, SparsePerceptron):
        state["weights"] = dict(state["weights"])
    elif isinstance(model, SparseNearestCentroidClassifier):
        state["stored"] = [dict(pairs) for pairs in state["stored"]]
    return {"classifications": model.classifications, "feature_indices": model.feature_indices, **state}


def _differences(place: str, expected: Any, actual: Any) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in sorted({*expected, *actual}) if place else expected:
            name = f"{place}[{key}]" if place else key
            # What a mapping does not hold is 0, as in storage.
            zero = _zero(expected.get(key, actual.get(key)))
            yield from _differences(name, expected.get(key, zero), actual.get(key, zero))
    elif isinstance(expected, (list, tuple)) and isinstance(actual, (list, tuple)):
        if len(expected) != len(actual):
            yield Difference(f"the length of {place}", len(expected), len(actual))
        for i, pair in enumerate(zip(expected, actual, strict=False)):
            yield from _differences(f"{place}[{i}]", *pair)
    elif expected != actual:
        yield Difference(place, expected, actual)


def _zero(value: Any) -> Any:
    return tuple(map(_zero, value)) if isinstance(value, tuple) else 0
