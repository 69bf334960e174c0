"""Integers of any size as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["integer_array"]


def integer_array(values: Sequence[int]) -> NDArray[Any]:
    """Return an int64 array, or an object array of Python integers where one does not fit."""
    try:
        return np.array(values, dtype=np.int64)
    except OverflowError:
        return np.array(values, dtype=object)
