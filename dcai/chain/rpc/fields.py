"""Parse the fields of a node's answers; errors name the malformed field."""

from __future__ import annotations

import re
from typing import Any

from dcai.errors import ResponseError, shown

__all__ = ["AnswerFields", "data", "quantity"]

_QUANTITY = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*")


class AnswerFields:
    """An object in the answer to a method.

    Parameters
    ----------
    method : str
        The method, for messages.
    value : Any
        Value in the node's answer.
    where : str
        Its place in the answer, for messages.

    Raises
    ------
    ResponseError
        The value is not an object.
    """

    def __init__(self, method: str, value: Any, where: str = "result") -> None:
        self._method = method
        self._where = where
        if not isinstance(value, dict):
            raise self.wrong(where, value, "an object")
        self._fields = value

    def __contains__(self, name: str) -> bool:
        return self._fields.get(name) is not None

    def wrong(self, where: str, value: Any, expected: str) -> ResponseError:
        """Return the error of a malformed value."""
        return ResponseError(self._method, f"{where} is {shown(value)}; expected {expected}")

    def take(self, name: str) -> Any:
        """Return the value of a field.

        Raises
        ------
        ResponseError
            It is missing.
        """
        if name not in self._fields:
            raise ResponseError(self._method, f"{self._where} has no field {name!r}")
        return self._fields[name]

    def quantity(self, name: str, bits: int = 256) -> int:
        """Return an unsigned integer."""
        return quantity(self._method, self.take(name), f"{self._where}.{name}", bits)

    def data(self, name: str, size: int | None = None) -> bytes:
        """Return bytes; ``size`` is their required number, if any."""
        return data(self._method, self.take(name), f"{self._where}.{name}", size)

    def items(self, name: str, length: int | None = None) -> list[Any]:
        """Return a list; ``length`` is its required length, if any."""
        value = self.take(name)
        if not isinstance(value, list) or length not in (None, len(value)):
            some = "a list" if length is None else f"a list of {length}"
            raise self.wrong(f"{self._where}.{name}", value, some)
        return value

    def data_list(self, name: str) -> list[bytes]:
        """Return a list of bytes."""
        values = enumerate(self.items(name))
        return [data(self._method, value, f"{self._where}.{name}[{i}]") for i, value in values]


def quantity(method: str, value: Any, where: str = "result", bits: int = 256) -> int:
    """Parse an unsigned integer: ``0x`` and hexadecimal digits; nodes differ in leading zeros."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value) or int(value, 16) >> bits:
        raise ResponseError(method, f"{where} is {shown(value)}; expected a hexadecimal number of {bits} bits")
    return int(value, 16)


def data(method: str, value: Any, where: str = "result", size: int | None = None) -> bytes:
    """Parse bytes: ``0x`` and pairs of hexadecimal digits."""
    if not isinstance(value, str) or not _DATA.fullmatch(value) or size not in (None, len(value) // 2 - 1):
        some = "bytes" if size is None else f"{size} bytes"
        raise ResponseError(method, f"{where} is {shown(value)}; expected {some} in hexadecimal")
    return bytes.fromhex(value[2:])
