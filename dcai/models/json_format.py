"""The JSON format of 0xDeCA10B: a ``type``, real numbers instead of scaled integers, and nothing unknown.

Numbers are read as the decimals that stand in the file and written with all their digits, so a model survives the
round trip bit for bit, weights beyond 2^53 included.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from dcai import strict_json
from dcai.errors import InputError, InputTypeError, shown
from dcai.files import write_whole
from dcai.fixed import TO_FLOAT, scalar_to_fixed

__all__ = ["Fields", "read", "real", "require_distinct", "write"]


#: Digits of the largest uint64.
_LONGEST_INDEX = 20


class Fields:
    """The fields of a JSON object, taken one by one; whatever is left in the end is unknown.

    Parameters
    ----------
    fields : Mapping
        The object.
    where : str
        Its place in the file, as a prefix of the names of its fields, such as ``"intents.MUSIC."``.
    """

    def __init__(self, fields: object, where: str = "") -> None:
        if not isinstance(fields, Mapping):
            name = where.rstrip(".")
            place = f"field {name!r}" if name else "the model"
            raise InputTypeError(f"{place} is {shown(fields)}; expected a JSON object")
        for key in fields:
            if not isinstance(key, str):
                raise InputTypeError(f"field {where}{key!r}: names of fields are text")
        self._fields = dict(fields)
        self._where = where

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def place(self, name: str) -> str:
        """Return how an error calls a field."""
        return f"field '{self._where}{name}'"

    def take(self, *names: str) -> tuple[str, Any]:
        """Take the one field that goes by any of these names: its name and value."""
        present = [name for name in names if name in self._fields]
        if not present:
            alternatives = " or ".join(repr(self._where + name) for name in names)
            raise InputError(f"field {alternatives} is missing")
        if len(present) > 1:
            raise InputError(
                f"{self.place(present[0])} and {self.place(present[1])} mean the same; give only one of them"
            )
        return present[0], self._fields.pop(present[0])

    def take_fixed(self, *names: str, bits: int, signed: bool = True, default: int | None = None) -> int:
        """Take a real number, times ``10**9``."""
        if default is not None and not any(name in self._fields for name in names):
            return default
        name, value = self.take(*names)
        return scalar_to_fixed(_number(value), bits, self.place(name), signed=signed)

    def take_fixed_list(self, *names: str, bits: int) -> list[int]:
        """Take a list of real numbers, times ``10**9``."""
        name, values = self.take(*names)
        return self.fixed_list(name, values, bits)

    def fixed_list(self, name: str, values: object, bits: int, *, signed: bool = True) -> list[int]:
        """Turn the value of a field that has been taken into a list of scaled integers."""
        self._expect(name, values, list, "a list of numbers")
        return [
            scalar_to_fixed(_number(value), bits, self.place(f"{name}[{i}]"), signed=signed)
            for i, value in enumerate(self._iterate(values))
        ]

    def fixed_by_index(self, name: str, values: object, bits: int, *, signed: bool = True) -> dict[int, int]:
        """Turn a map of feature index to real number, or a list of numbers, into scaled integers by index."""
        if isinstance(values, list):
            return dict(enumerate(self.fixed_list(name, values, bits, signed=signed)))
        self._expect(name, values, Mapping, "a list of numbers or an object {index: number}")
        assert isinstance(values, Mapping)
        return {
            self.index(name, key): scalar_to_fixed(_number(value), bits, self.place(f"{name}.{key}"), signed=signed)
            for key, value in values.items()
        }

    def index(self, name: str, key: Any) -> int:
        """Turn the text of a feature index into the index."""
        # Digits as JavaScript writes an index, so that no two texts name the same one.
        is_number = isinstance(key, str) and key.isascii() and key.isdigit() and len(key) <= _LONGEST_INDEX
        if not is_number or key != str(int(key)):
            raise InputError(f"{self.place(name)} has the key {shown(key)}; expected a feature index")
        return int(key)

    def take_text_list(self, name: str) -> list[str]:
        """Take a list of texts."""
        _, values = self.take(name)
        self._expect(name, values, list, "a list of texts")
        for i, value in enumerate(self._iterate(values)):
            self._expect(f"{name}[{i}]", value, str, "text")
        return list(self._iterate(values))

    def take_integer(self, name: str, *, bits: int) -> int:
        """Take an unsigned integer that is not scaled: a count, for example."""
        return self.integer(name, self.take(name)[1], bits=bits)

    def integer(self, name: str, value: object, *, bits: int) -> int:
        """Check that the value of a field is a whole number of so many bits."""
        number = _number(value)
        if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
            raise InputTypeError(f"{self.place(name)} is {shown(value)}; expected a whole number")
        if isinstance(number, Decimal) and (not number.is_finite() or number != number.to_integral_value()):
            raise InputError(f"{self.place(name)} is {shown(value)}; expected a whole number")
        if not 0 <= number < 1 << bits:
            raise InputError(f"{self.place(name)} is {shown(value)}, and must be from 0 to 2^{bits} - 1")
        return int(number)

    def take_integer_list(self, name: str, default: Iterable[Any] | None = None, *, bits: int, depth: int = 1) -> Any:
        """Take a list of unsigned integers that are not scaled; of depth 2, a list of such lists."""
        if default is not None and name not in self._fields:
            return list(default)
        return self._integers(name, self.take(name)[1], bits, depth)

    def _integers(self, name: str, value: object, bits: int, depth: int) -> Any:
        if not depth:
            return self.integer(name, value, bits=bits)
        self._expect(name, value, list, f"a list of {'lists of ' * (depth - 1)}whole numbers")
        return [self._integers(f"{name}[{i}]", each, bits, depth - 1) for i, each in enumerate(self._iterate(value))]

    def take_objects(self, *names: str) -> dict[str, Fields]:
        """Take an object of objects: the inner ones by name."""
        name, values = self.take(*names)
        outer = Fields(values, f"{self._where}{name}.")
        return {key: Fields(value, f"{self._where}{name}.{key}.") for key, value in outer._fields.items()}

    def expect_type(self, types: tuple[str, ...]) -> None:
        """Take the field ``type``, which must be one of these."""
        _, value = self.take("type")
        if value not in types:
            raise InputError(f"field 'type' is {shown(value)}; expected {' or '.join(map(repr, types))}")

    def peek_type(self) -> object:
        """Return the field ``type`` and leave it where it is."""
        return self._fields.get("type")

    def refuse_unknown(self) -> None:
        """Raise where a field has not been taken."""
        if self._fields:
            raise InputError(f"{self.place(next(iter(self._fields)))} is unknown")

    def _expect(self, name: str, value: object, kind: type, what: str) -> None:
        if not isinstance(value, kind):
            raise InputTypeError(f"{self.place(name)} is {shown(value)}; expected {what}")

    @staticmethod
    def _iterate(values: object) -> list[Any]:
        assert isinstance(values, list)
        return values


def read(source: str | os.PathLike[str] | Mapping[str, Any]) -> Fields:
    """Read a JSON object from a file, from text that starts with a brace, or from an object that has been read."""
    if isinstance(source, Mapping):
        return Fields(source)
    if isinstance(source, str) and source.lstrip()[:1] in ("", "{", "["):
        return Fields(strict_json.parse(source, "the text", **_NUMBERS))
    if not isinstance(source, (str, os.PathLike)):
        raise InputTypeError(f"expected a path, JSON text or a dict, got {shown(source)}")
    try:
        return Fields(strict_json.read(source, **_NUMBERS))
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"{shown(source)} is not a path: {error}") from error


def write(fields: Mapping[str, Any], path: str | os.PathLike[str] | None) -> str:
    """Write fields as JSON, decimals with all their digits, to a file that is replaced whole or not at all."""
    text = _dump(fields) + "\n"
    if path is not None:
        write_whole(path, text)
    return text


def real(fixed: int) -> Decimal:
    """Return the real number of a scaled integer, exactly, without trailing zeros."""
    whole, rest = divmod(abs(fixed), TO_FLOAT)
    digits = f"{whole}.{rest:09}".rstrip("0").rstrip(".")
    return Decimal(f"-{digits}" if fixed < 0 else digits)


def require_distinct(names: Iterable[str]) -> None:
    """Raise where two classes share a name: the format keeps classes by name, and one would be lost."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InputError(f"two classes are named {name!r}; the JSON format keeps classes by name")
        seen.add(name)


def _dump(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)}: {_dump(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_dump, value)) + "]"
    return json.dumps(value)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        # An exponent beyond those that a decimal has.
        mantissa, _, exponent = text.lower().partition("e")
        vanishes = exponent.startswith("-") or Decimal(mantissa).is_zero()
        return Decimal(0) if vanishes else Decimal("Infinity").copy_sign(Decimal(mantissa))


#: Whatever stands for a number, NaN included, is kept until the field that has it can be named.
_NUMBERS: dict[str, Callable[[str], Decimal]] = {
    "parse_float": _decimal,
    "parse_int": _decimal,
    "parse_constant": Decimal,
}


def _number(value: object) -> object:
    """Turn what a caller's own ``json.load`` gives for a number into the decimal that stood there."""
    return Decimal(repr(float(value))) if isinstance(value, float) else value
