"""The state variables in which two models differ, by the names that their contract gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dcai.evm.storage import state_variables
from dcai.models import Classifier
from dcai.models.registry import spec_of

__all__ = ["FieldDifference", "differing_variables"]


class FieldDifference(NamedTuple):
    """A value that is not as it should be.

    Attributes
    ----------
    field : str
        Its name: ``weights[3]``, ``classInfos[0].features[7].value``, ``classifications.length``, or in words.
    expected, actual : Any
        The value that it should have, and the value that it has.
    """

    field: str
    expected: Any
    actual: Any


def differing_variables(expected: Classifier, actual: Classifier) -> Iterator[FieldDifference]:
    """Yield the values that two models have differently, in the order of the contract's state variables."""
    names = spec_of(expected).contract, spec_of(actual).contract
    if names[0] != names[1]:
        yield FieldDifference("contract", *names)
        return
    others = state_variables(actual)
    for name, value in state_variables(expected).items():
        yield from _differences(name, value, others[name])


def _differences(field: str, expected: Any, actual: Any) -> Iterator[FieldDifference]:
    if isinstance(expected, Mapping):
        for key in sorted(expected.keys() | actual.keys()):
            pair = expected.get(key), actual.get(key)
            place = f"{field}.{key}" if isinstance(key, str) else f"{field}[{key}]"
            # A mapping has 0 where it has no value, in each member of a struct.
            yield from _differences(place, _or_zeros(*pair), _or_zeros(*reversed(pair)))
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        if len(expected) != len(actual):
            yield FieldDifference(f"{field}.length", len(expected), len(actual))
        for i, pair in enumerate(zip(expected, actual, strict=False)):
            yield from _differences(f"{field}[{i}]", *pair)
    elif expected != actual:
        yield FieldDifference(field, expected, actual)


def _or_zeros(value: Any, like: Any) -> Any:
    if value is not None:
        return value
    return dict.fromkeys(like, 0) if isinstance(like, Mapping) else 0
