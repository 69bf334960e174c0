"""Representations that fit in a cell, whatever an object holds."""

from __future__ import annotations

from dataclasses import fields
from reprlib import Repr
from typing import Any

__all__ = ["cut", "short_repr", "shortened"]

_LONGEST = 400
_SHORT = Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother, _SHORT.maxlong = 3, 60, 60, 80


def cut(text: str, longest: int) -> str:
    """Return at most ``longest`` characters of a text."""
    return text if len(text) <= longest else f"{text[: longest - 3]}..."


def shortened(value: Any, longest: int) -> str:
    """Return a representation of at most ``longest`` characters; of a large collection, its beginning."""
    return cut(" ".join(_SHORT.repr(value).split()), longest)


def short_repr(self: Any) -> str:
    """Represent a dataclass by its fields, each cut to its share of the line: ``__repr__ = short_repr``."""
    names = [each.name for each in fields(self) if each.repr]
    left = _LONGEST - sum(len(name) + 3 for name in names)
    parts = []
    for i, name in enumerate(names):
        text = shortened(getattr(self, name), max(left // (len(names) - i), 12))
        left -= len(text)
        parts.append(f"{name}={text}")
    return f"{type(self).__qualname__}({', '.join(parts)})"
