"""Parse untrusted JSON without crashing the parser."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from dcai.errors import InputError

__all__ = ["DEEPEST", "loads", "parse", "read"]

#: More than any file or answer that dcai reads is nested.
DEEPEST = 20
#: Brackets, and texts as a whole, so that the brackets within them do not count. A text matches even where its end is
#: missing, and nothing is tried twice: the time is linear, whatever the input.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def _check_depth(text: str) -> None:
    """Raise before the parser recurses: a library may have raised Python's limit to where that ends in a crash.

    Raises
    ------
    ValueError
        The text is nested too deep.
    """
    depth = 0
    for token in _BRACKETS.finditer(text):
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(token[0], 0)
        if depth > DEEPEST:
            raise ValueError(f"it is nested more than {DEEPEST} deep")


def loads(text: str) -> Any:
    """Read JSON.

    Raises
    ------
    ValueError
        The text is not JSON, or is nested too deep.
    """
    _check_depth(text)
    return json.loads(text)


def parse(text: str, name: str, **numbers: Any) -> Any:
    """Read JSON whose objects have no field twice.

    Parameters
    ----------
    text : str
        The JSON.
    name : str
        How an error calls the text.
    **numbers : callable
        ``parse_int``, ``parse_float`` and ``parse_constant`` of ``json.loads``.

    Raises
    ------
    InputError
        It is no JSON, is nested too deep, or has a field twice.
    """
    try:
        _check_depth(text)
        return json.loads(text, object_pairs_hook=_without_repetition, **numbers)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON: {error}") from error


def read(path: str | os.PathLike[str], **numbers: Any) -> Any:
    """Read a JSON file; arguments and errors as of `parse`, and ``OSError`` where the file cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{os.fspath(path)} is not JSON: it is not UTF-8 text") from error
    return parse(text, os.fspath(path), **numbers)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise InputError(f"field {key!r} appears twice")
        fields[key] = value
    return fields
