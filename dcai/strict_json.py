"""JSON from elsewhere, which must not bring the parser down."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["DEEPEST", "check_depth", "loads"]

#: More than any file or answer that dcai reads is nested.
DEEPEST = 20
#: Brackets, and texts as a whole, so that the brackets within them do not count. A text matches even where its end is
#: missing, and nothing is tried twice: the time is linear, whatever the input.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def check_depth(text: str) -> None:
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
        It is none, or is nested too deep.
    """
    check_depth(text)
    return json.loads(text)
