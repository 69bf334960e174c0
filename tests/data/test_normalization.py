import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from math import isqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcai.data import l2_normalized
from dcai.errors import InputError, InputTypeError


def passes_on_chain(row: list[int]) -> bool:
    return 10**18 - 10**11 < sum(value * value for value in row) < 10**18 + 10**11


def exactly_normalized(row: list[float]) -> list[int]:
    with localcontext(prec=60):
        values = [Decimal(value) for value in row]
        norm = sum((value * value for value in values), Decimal(0)).sqrt()
        return [int((value / norm * 10**9).quantize(Decimal(1), ROUND_HALF_UP)) for value in values]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(min_value=-1, max_value=1, allow_subnormal=True), min_size=1, max_size=60).filter(any),
    st.integers(-900, 900),
)
def test_every_row_passes_and_is_near_the_exact_one(row: list[float], exponent: int) -> None:
    scaled = [float(np.ldexp(value, exponent)) for value in row]
    if not any(scaled):
        return
    [actual] = l2_normalized([scaled]).tolist()
    assert passes_on_chain(actual)
    exact = exactly_normalized(scaled)
    # A float near a half may round to the neighbour.
    assert max(abs(a - e) for a, e in zip(actual, exact, strict=True)) <= 1


@pytest.mark.parametrize("dimension", [1, 2, 3, 4096, 9968, 9999])
def test_equal_features_are_rounded_alike_up_to_the_proved_dimension(dimension: int) -> None:
    [row] = l2_normalized(np.full((1, dimension), -0.3)).tolist()
    assert len(set(row)) == 1
    assert passes_on_chain(row)


def rounding_pushes_it_out(row: list[float]) -> bool:
    return not passes_on_chain(exactly_normalized(row))


def neighbours(row: list[int], actual: list[int]) -> bool:
    """Whether each feature is one of the two integers beside the exact value, for a row of integers."""
    norm_sq = sum(value * value for value in row)
    floors = [isqrt(10**18 * value * value // norm_sq) for value in row]
    return all(abs(a) - floor in (0, 1) and a * value >= 0 for a, floor, value in zip(actual, floors, row, strict=True))


# 10^9 / sqrt(d) lies just above a half in the first four, so that each feature is rounded up; just below in the others.
@pytest.mark.parametrize("dimension", [10_108, 22_000, 60_006, 99_904, 10_217, 22_001, 60_061, 99_902])
def test_equal_features_are_repaired_by_as_few_steps_as_will_do(dimension: int) -> None:
    nearest = round(10**9 / dimension**0.5)
    excess = dimension * nearest**2 - 10**18
    assert abs(excess) >= 10**11
    other = nearest - 1 if excess > 0 else nearest + 1
    gain = abs(other**2 - nearest**2)
    moved = -((10**11 - 1 - abs(excess)) // gain)  # divided, rounded up
    for sign in (1, -1):
        [row] = l2_normalized(np.full((1, dimension), 0.7 * sign)).tolist()
        assert passes_on_chain(row)
        assert row.count(sign * other) == moved
        assert row.count(sign * nearest) == dimension - moved


@pytest.mark.parametrize("rest", [0.45, 0.499, 0.501, 0.55])
@pytest.mark.parametrize("dimension", [20_000, 100_000])
def test_features_of_all_sizes_are_repaired(dimension: int, rest: float) -> None:
    # All but the last are rounded the same way, by nearly a half; the last makes the norm 10^9.
    rng = np.random.default_rng(dimension)
    whole = rng.integers(0, int(1.6e9 / dimension**0.5), dimension - 1) * rng.choice([-1, 1], dimension - 1)
    X = np.append(whole + np.where(whole < 0, -rest, rest), 0.0)
    X[-1] = (1e18 - (X * X).sum()) ** 0.5
    nearest = np.append(whole + np.where(rest > 0.5, np.where(whole < 0, -1, 1), 0), round(X[-1])).tolist()
    assert not passes_on_chain(nearest)
    [row] = l2_normalized(X[np.newaxis]).tolist()
    assert passes_on_chain(row)
    changed = [i for i, (a, n) in enumerate(zip(row, nearest, strict=True)) if a != n]
    # And one step less would not have done.
    smallest = min(changed, key=lambda i: abs(nearest[i]))
    assert not passes_on_chain([*row[:smallest], nearest[smallest], *row[smallest + 1 :]])
    assert all(abs(row[i]) - abs(nearest[i]) == (-1 if rest > 0.5 else 1) for i in changed)
    # Large features, of which few do: of those rounded alike, none left alone is larger than one that was moved.
    alike = set(range(dimension - 1))
    assert min(abs(whole[i]) for i in alike & set(changed)) >= max(abs(whole[i]) for i in alike - set(changed)) - 1


@pytest.mark.parametrize("dimension", [1, 7, 300, 9_999, 10_000, 100_000])
@pytest.mark.parametrize("kind", ["random", "tiny", "huge", "sparse", "small integers", "one and many"])
def test_any_row_passes_and_lies_beside_the_exact_one(kind: str, dimension: int) -> None:
    rng = np.random.default_rng(dimension)
    row = rng.integers(-(2**40), 2**40, dimension)

    if kind == "sparse":
        row[1:][rng.random(dimension - 1) < 0.99] = 0  # never all of them
    elif kind == "small integers":
        row = rng.integers(1, 4, dimension)
    elif kind == "one and many":
        row = np.ones(dimension, np.int64)
        row[0] = 10 * int(dimension**0.5)
    factor = {"tiny": -1000, "huge": 960}.get(kind, 0)
    [actual] = l2_normalized(np.ldexp(row[np.newaxis].astype(float), factor)).tolist()
    assert passes_on_chain(actual)
    assert neighbours(row.tolist(), actual)


def test_a_million_features() -> None:
    dimension = 1_000_001
    nearest = round(10**9 / dimension**0.5)
    assert not passes_on_chain([nearest] * dimension)
    [row] = l2_normalized(np.ones((1, dimension)))
    assert set(row.tolist()) == {nearest, nearest - 1}
    assert passes_on_chain(row.tolist())


def test_only_the_rows_that_need_it_are_repaired() -> None:
    dimension = 10_108
    X = np.ones((3, dimension))
    X[1, 0] = 1e6
    first, second, third = l2_normalized(X).tolist()
    assert rounding_pushes_it_out([1.0] * dimension)
    assert first == third
    assert len(set(first)) == 2
    assert second == exactly_normalized(X[1].tolist())


def test_rows_known_by_hand() -> None:
    X = [[3, 4, 0], [0, 0, -7], [1, 1, 1], [-1, 1, -1]]
    third = 577350269
    assert l2_normalized(X).tolist() == [
        [600_000_000, 800_000_000, 0],
        [0, 0, -(10**9)],
        [third, third, third],
        [-third, third, -third],
    ]
    assert l2_normalized(X).dtype == np.int64


@pytest.mark.parametrize("scale", [1e308, 1e-308, 5e-324])
def test_no_magnitude_is_too_large_or_too_small(scale: float) -> None:
    assert l2_normalized([[scale, -scale]]).tolist() == [[707106781, -707106781]]


def test_no_rows() -> None:
    assert l2_normalized(np.empty((0, 5))).shape == (0, 5)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        ([[1.0, 2], [0, -0.0]], InputError, "row 1 is all zeros"),
        ([[1.0, 2], [3, float("nan")]], InputError, "row 1, feature 1 is nan"),
        ([[float("-inf"), 1]], InputError, "row 0, feature 0 is -inf"),
        ([1.0, 2.0], InputError, "two axes (samples, features), got 1"),
        ([[1.0, 2], [3]], InputError, "rows of one length"),
        (np.empty((2, 0)), InputError, "row 0 has no features"),
        ([["a", "b"]], InputTypeError, "real numbers"),
        ([[1j]], InputTypeError, "real numbers, got complex128"),
    ],
)
def test_bad_samples_are_named(X: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        l2_normalized(X)
