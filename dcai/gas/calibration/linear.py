"""Linear equations in integers, solved exactly."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

__all__ = ["Undetermined", "solve"]


class Undetermined(ValueError):
    """The equations leave some unknowns open; ``columns`` are their positions."""

    def __init__(self, columns: Sequence[int]) -> None:
        super().__init__(f"the unknowns {list(columns)} are not determined")
        self.columns = tuple(columns)


def solve(rows: Sequence[Sequence[int]], values: Sequence[int]) -> list[Fraction]:
    """Solve ``rows @ x == values`` on as many independent rows as there are unknowns.

    Other rows are not used: the caller checks the solution against all rows.

    Raises
    ------
    Undetermined
        The rows do not determine every unknown.
    """
    width = len(rows[0])
    #: Rows in echelon form, by the column of their first entry, which is 1.
    echelon: dict[int, list[Fraction]] = {}
    for coefficients, value in zip(rows, values, strict=True):
        rest = [*map(Fraction, coefficients), Fraction(value)]
        for column in range(width):
            if rest[column] and column in echelon:
                factor = rest[column]
                rest = [a - factor * b for a, b in zip(rest, echelon[column], strict=True)]
        pivot = next((column for column in range(width) if rest[column]), None)
        if pivot is not None:
            echelon[pivot] = [a / rest[pivot] for a in rest]
        if len(echelon) == width:
            break
    if len(echelon) < width:
        raise Undetermined(sorted(set(range(width)) - echelon.keys()))
    solution = [Fraction(0)] * width
    for column in reversed(range(width)):
        row = echelon[column]
        later = (row[k] * solution[k] for k in range(column + 1, width))
        solution[column] = row[width] - sum(later, Fraction(0))
    return solution
