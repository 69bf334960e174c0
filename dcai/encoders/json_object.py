"""Reading a JSON object so that nothing in it is lost or guessed."""

from __future__ import annotations

import json
from typing import Any

from dcai import strict_json
from dcai.errors import InputError, shown

__all__ = ["read_object"]


def read_object(text: str, name: str) -> dict[str, Any]:
    """Read a JSON object whose keys differ; ``name`` is how an error calls the text."""
    try:
        strict_json.check_depth(text)
        value = json.loads(text, object_pairs_hook=_without_repetition)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{name} holds {shown(value)}; expected a JSON object")
    return value


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise InputError(f"{key!r} stands there twice")
        fields[key] = value
    return fields
