"""Chunks that every reader yields: some rows of one file, with dense or sparse features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcai.errors import InputTypeError
from dcai.tabular.faults import Faults

__all__ = ["Compressed", "Kind", "Matrix", "RowChunk", "column_name", "numeric", "row_place"]

#: Stored type of a column of numbers; it decides whether they are taken for fixed-point or real numbers.
Kind = str
INT, SMALL_INT, FLOAT, TEXT = "integers", "integers of at most 16 bits", "floats", "text"

_INT64_MAX = np.iinfo(np.int64).max


@dataclass
class Matrix:
    """Dense numbers, shape (n, d), int64 or float64; what was missing or unreadable is 0, and a fault."""

    values: NDArray[Any]
    kinds: frozenset[Kind]
    names: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass
class Compressed:
    """Sparse rows: row ``i`` has ``indices[indptr[i]:indptr[i + 1]]``, and their values, or 1 throughout for None."""

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]
    values: NDArray[Any] | None
    kinds: frozenset[Kind] = frozenset()

    def __len__(self) -> int:
        return len(self.indptr) - 1

    def row_of(self) -> NDArray[np.int64]:
        """The row of each index."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))


@dataclass
class RowChunk:
    """Some rows of one file, in order.

    Attributes
    ----------
    features : Matrix or Compressed
        Of n rows.
    faults : Faults
        Faults that the reader found; the checks of the features add theirs.
    rows : int64 array, shape (n,)
        Number of each row in the file, from 0.
    side : dict
        Columns that are no features, by name: arrays of numpy or Arrow, of n entries.
    fraction : float
        How much of the file has been read.
    place : callable
        How a message calls a row: ``"line 7"``, or its number.
    unreadable : list of (int, str)
        Rows that could not be taken apart, so that they are not among the n: their number and why.
    """

    features: Matrix | Compressed
    faults: Faults
    rows: NDArray[np.int64]
    side: dict[str, Any]
    fraction: float
    place: Callable[[int], str]
    unreadable: list[tuple[int, str]] = field(default_factory=list)


def row_place(row: int) -> str:
    """Return how a message calls a row of a file without lines."""
    return f"row {row} (the first is 0)"


def column_name(names: Sequence[str] | None, position: int) -> str:
    """Return how a message calls a column."""
    return f"column {position} (the first is 0)" if names is None else f"column {names[position]!r}"


def numeric(array: NDArray[Any], what: str) -> tuple[NDArray[Any], Kind, NDArray[np.bool_] | None]:
    """Turn numbers of any dtype into int64 or float64.

    Returns
    -------
    values : int64 or float64 array, of the same shape
        Without a copy where it can be; 0 in place of what int64 does not hold.
    kind : str
        Kind of the values.
    beyond : bool array or None
        Where int64 does not hold them.

    Raises
    ------
    InputTypeError
        No numbers, or floats of more than 64 bits.
    """
    dtype = array.dtype
    if dtype.kind == "f" and dtype.itemsize <= 8:
        return array.astype(np.float64, copy=False), FLOAT, None
    if dtype.kind not in "iub":
        raise InputTypeError(f"{what} has dtype {dtype}; expected integers, or floats of at most 64 bits")
    kind = SMALL_INT if dtype.itemsize <= 2 else INT
    beyond = None
    if dtype.kind == "u" and dtype.itemsize == 8 and array.size and array.max() > _INT64_MAX:
        beyond = array > _INT64_MAX
        array = np.where(beyond, 0, array)
    return array.astype(np.int64, copy=False), kind, beyond
