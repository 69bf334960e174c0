"""One call of a sequence: which function, with what, sent by whom; and its form in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, Literal, cast, get_args

from dcai.errors import InputError, InputTypeError, shown
from dcai.reprs import short_repr

__all__ = ["CONSTRUCTOR", "STRANGER", "Form", "Step"]

#: An account that owns nothing.
STRANGER = "0x0505050505050505050505050505050505050505"

#: The ``op`` of a step that creates a contract of its own, beside the one that the others call.
CONSTRUCTOR = "constructor"

#: How the arguments stand in calldata: encoded by the ABI; each number as a word of 256 bits, whether it fits its type
#: or not; encoded, with the last byte missing.
Form = Literal["abi", "words", "short"]

_WORD = 1 << 256


@dataclass(frozen=True)
class Step:
    """One call.

    Attributes
    ----------
    op : str
        The function; ``"predict"`` and ``"update"`` of a classifier, or any other that its kernel has too.
    data : tuple of int
        The sample: fixed-point features, or feature indices.
    label : int or None
        The label of an update.
    args : tuple
        The arguments of a function that takes no sample, in place of the two above.
    sender : str or None
        Who sends it; the owner unless given.
    form : {"abi", "words", "short"}
        How the arguments stand in calldata. What fits no type, or is cut off, every contract must refuse.
    """

    __repr__ = short_repr

    op: str
    data: tuple[int, ...] = ()
    label: int | None = None
    args: tuple[Any, ...] = ()
    sender: str | None = None
    form: Form = "abi"

    @property
    def arguments(self) -> tuple[Any, ...]:
        """Arguments of the call."""
        if self.op not in _SAMPLED:
            return self.args
        return (self.data,) if self.label is None else (self.data, self.label)

    def checked(self) -> Step:
        """Return the step with numbers that are Python's own.

        Raises
        ------
        InputTypeError
            An element is not an integer.
        """
        data = tuple(_integer(f"data[{i}]", value) for i, value in enumerate(self.data))
        label = None if self.label is None else _integer("label", self.label)
        return Step(self.op, data, label, self.args, self.sender, self.form)

    def words(self) -> bytes:
        """Return the arguments as words: a sample behind its offset, and its label."""
        labels = [] if self.label is None else [self.label]
        numbers = [32 * (1 + len(labels)), *labels, len(self.data), *self.data]
        return b"".join((number % _WORD).to_bytes(32, "big") for number in numbers)

    def as_fields(self) -> dict[str, Any]:
        """Return the step as JSON has it; what is as usual is left out."""
        fields: dict[str, Any] = {"op": self.op}
        if self.op in _SAMPLED:
            fields |= {"data": self.data, "label": self.label}
        else:
            fields["args"] = self.args
        if self.sender is not None:
            fields["sender"] = self.sender
        if self.form != "abi":
            fields["form"] = self.form
        return fields

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Step:
        """Read a step from JSON.

        Raises
        ------
        InputError
            The fields do not describe a step.
        KeyError
            A field is missing.
        """
        op, sender, form = fields["op"], fields.get("sender"), fields.get("form", "abi")
        if not isinstance(op, str) or not isinstance(sender, str | None) or form not in get_args(Form):
            raise InputError(f"{shown(op)} from {shown(sender)} in the form {shown(form)} is not a step")
        if op not in _SAMPLED:
            if "args" not in fields:
                raise InputError(f"{op!r} without args is not a step; only predict, norm and update take data")
            if not isinstance(fields["args"], list) or form == "words":
                raise InputError(f"{op!r} with {shown(fields['args'])} in the form {form!r} is not a step")
            return cls(op, args=cast("tuple[Any, ...]", _frozen(fields["args"])), sender=sender, form=form)
        data, label = fields["data"], fields["label"]
        if (label is None) is (op == "update"):
            raise InputError(f"{op!r} with label {label!r} is not a step")
        if not isinstance(data, list) or not all(type(number) is int for number in [*data, label or 0]):
            raise InputError("the data of a step must be a list of integers")
        return cls(op, tuple(data), label, sender=sender, form=form)

    def __str__(self) -> str:
        label = "" if self.label is None else f", label {self.label}"
        inside = f"{list(self.data)}{label}" if self.op in _SAMPLED else ", ".join(map(_plain, self.args))
        how = {"abi": "", "words": " as raw words", "short": " with the last byte cut off"}[self.form]
        whom = "" if self.sender is None else f" sent by {self.sender}"
        return f"{self.op}({inside}){how}{whom}"


#: The functions of a sample.
_SAMPLED = ("predict", "update", "norm")


def _integer(what: str, value: Any) -> int:
    try:
        return index(value)
    except TypeError as error:
        raise InputTypeError(f"{what} is {shown(value)}; expected an integer (dcai.to_fixed scales floats)") from error


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _plain(value: Any) -> str:
    return str(_lists(value)) if isinstance(value, tuple) else repr(value)


def _lists(value: Any) -> Sequence[Any]:
    return [_lists(item) if isinstance(item, tuple) else item for item in value]
