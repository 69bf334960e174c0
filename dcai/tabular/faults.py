"""Rows of a chunk that cannot be predicted, with reasons."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Faults"]


class Faults:
    """The rows of a chunk that cannot be predicted.

    Each kind of fault keeps only a mask; messages are made only for rows that are reported.

    Parameters
    ----------
    num_rows : int
        Length of the chunk.

    Attributes
    ----------
    bad : bool array, shape (num_rows,)
        True where a row has a fault.
    """

    def __init__(self, num_rows: int) -> None:
        self.bad = np.zeros(num_rows, dtype=bool)
        self._found: list[tuple[NDArray[np.bool_], Callable[[int], str]]] = []

    def add(self, rows: NDArray[np.bool_], why: Callable[[int], str]) -> None:
        """Mark rows; ``why`` says of one of them what is wrong, and what would be right."""
        if rows.any():
            self.bad |= rows
            self._found.append((rows, why))

    def add_column(self, rows: NDArray[np.bool_], column: str, why: Callable[[int], str]) -> None:
        """Mark rows for what stands in one column."""
        self.add(rows, lambda row: f"{column}: {why(row)}")

    def add_cells(self, cells: NDArray[np.bool_], column: Callable[[int], str], why: Callable[[int, int], str]) -> None:
        """Mark rows for what stands in cells of a matrix, shape (num_rows, number of columns)."""

        def first_of_row(row: int) -> str:
            position = int(np.argmax(cells[row]))
            return f"{column(position)}: {why(row, position)}"

        self.add(np.any(cells, axis=1), first_of_row)

    def why(self, row: int) -> str:
        """Say what is wrong with a row: the first fault that was found."""
        return next(why(row) for rows, why in self._found if rows[row])
