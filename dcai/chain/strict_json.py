"""JSON from elsewhere, which must not bring the parser down."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["decode"]

#: More than any answer of a node, or any snapshot, is nested.
_DEEPEST = 20
#: Brackets, and texts as a whole, so that the brackets within them do not count. A text matches even where its end
#: is missing, and nothing is tried twice: the time is linear, whatever the input.
_BRACKETS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def decode(raw: bytes) -> Any:
    """Decode JSON.

    Raises
    ------
    ValueError
        It is none, or is nested too deep.
    """
    # The parser recurses, and py-evm raises Python's limit of that to where a crash comes first.
    depth = 0
    for token in _BRACKETS.finditer(raw):
        first = raw[token.start()]
        if first in b"[{":
            depth += 1
            if depth > _DEEPEST:
                raise ValueError(f"it is nested more than {_DEEPEST} deep")
        elif first in b"]}":
            depth -= 1
    return json.loads(raw)
