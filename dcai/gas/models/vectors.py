"""Vectors of norm 1 for the snapshots of dense models: of integers alone, the same on every computer."""

from __future__ import annotations

from math import isqrt

__all__ = ["BETWEEN", "LEFT", "RIGHT"]

_ONE = 10**9


def _unit(*values: int) -> list[int]:
    """Return the fixed-point vector of norm 1 in a direction, rounded toward minus infinity."""
    norm_e9 = isqrt(sum(value * value for value in values) * _ONE**2)
    return [value * _ONE**2 // norm_e9 for value in values]


LEFT = _unit(3, -1, 4, -1, 5, -9, 2, -6, 0, 0, 5, -3)
RIGHT = _unit(-2, 7, -1, 8, -2, 8, 0, 0, -1, 8, -2, 8)
BETWEEN = _unit(1, 6, 1, 8, 0, 3, 3, 9, 8, 8, 7, 4)
