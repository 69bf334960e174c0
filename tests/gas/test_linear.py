"""Exact solutions of linear equations."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcai.gas.calibration.linear import Undetermined, solve


def test_by_hand() -> None:
    assert solve([[2, 1], [1, -1]], [5, 1]) == [2, 1]
    assert solve([[0, 2], [3, 0]], [1, 1]) == [Fraction(1, 3), Fraction(1, 2)]
    assert solve([[7]], [0]) == [0]


def test_columns_that_need_rows_to_be_exchanged() -> None:
    assert solve([[0, 0, 1], [0, 1, 1], [1, 1, 1]], [3, 5, 6]) == [1, 2, 3]


def test_rows_that_say_nothing_new_are_passed_over() -> None:
    assert solve([[0, 0], [1, 1], [2, 2], [1, 1], [1, 2]], [0, 3, 6, 3, 5]) == [1, 2]


def test_rows_beyond_those_needed_are_not_looked_at() -> None:
    assert solve([[1, 0], [0, 1], [1, 1]], [1, 2, 999]) == [1, 2]


def test_nothing_is_rounded() -> None:
    """The determinant is 1, and floats of 53 bits would give 0."""
    large = 10**30
    assert solve([[large, large + 1], [large - 1, large]], [1, 0]) == [large, 1 - large]


@pytest.mark.parametrize(
    ("rows", "open_columns"),
    [
        ([[0]], (0,)),
        ([[1, 1]], (1,)),
        ([[1, 1], [2, 2]], (1,)),
        ([[0, 1, 0]], (0, 2)),
        ([[1, 0, 1], [0, 1, 1], [1, 1, 2]], (2,)),
    ],
)
def test_what_is_not_determined(rows: list[list[int]], open_columns: tuple[int, ...]) -> None:
    with pytest.raises(Undetermined, match="not determined") as refused:
        solve(rows, [0] * len(rows))
    assert refused.value.columns == open_columns


@st.composite
def systems(draw: st.DrawFn) -> tuple[list[list[int]], list[int], list[int]]:
    """Rows, their values, and the whole numbers from which these were made."""
    width = draw(st.integers(1, 6))
    solution = draw(st.lists(st.integers(-(10**6), 10**6), min_size=width, max_size=width))
    row = st.lists(st.integers(-3, 3), min_size=width, max_size=width)
    rows = draw(st.lists(row, min_size=width, max_size=3 * width))
    return rows, [sum(a * x for a, x in zip(row, solution, strict=True)) for row in rows], solution


@given(systems())
def test_what_equations_were_made_of(system: tuple[list[list[int]], list[int], list[int]]) -> None:
    rows, values, solution = system
    rank = _rank(rows)
    if rank == len(solution):
        assert solve(rows, values) == solution
        return
    with pytest.raises(Undetermined) as refused:
        solve(rows, values)
    assert len(refused.value.columns) == len(solution) - rank


def _rank(rows: list[list[int]]) -> int:
    """By elimination over the integers, column by column."""
    rest = [list(row) for row in rows]
    rank = 0
    for column in range(len(rows[0])):
        pivot = next((row for row in rest if row[column]), None)
        if pivot is None:
            continue
        rest.remove(pivot)
        rest = [[a * pivot[column] - b * row[column] for a, b in zip(row, pivot, strict=True)] for row in rest]
        rank += 1
    return rank
