import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcai.data import l2_normalized, present, standardized
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
def test_equal_features_pass_up_to_the_proved_dimension(dimension: int) -> None:
    [row] = l2_normalized(np.full((1, dimension), -0.3)).tolist()
    assert len(set(row)) == 1
    assert passes_on_chain(row)


def test_a_row_of_too_many_features_is_named() -> None:
    # 10,108 equal features: each is rounded up by nearly a half.
    X = np.ones((3, 10_108))
    X[:2, 0] = 1e6
    squared = 10_108 * round(10**9 / 10_108**0.5) ** 2
    assert not passes_on_chain([round(10**9 / 10_108**0.5)] * 10_108)
    with pytest.raises(InputError, match=f"row 2 has a squared norm of {squared} .*9,999"):
        l2_normalized(X)


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


def test_standardized_sees_only_the_training_part() -> None:
    train, test = standardized([[1, 5], [3, 5], [5, 5]], [[3, 6], [9, 5]])
    deviation = (8 / 3) ** 0.5
    np.testing.assert_allclose(train, [[-2 / deviation, 0], [0, 0], [2 / deviation, 0]])
    np.testing.assert_allclose(test, [[0, 1], [6 / deviation, 0]])


def test_a_constant_feature_is_only_shifted() -> None:
    # The mean of ten times 0.1 is not 0.1 in floats.
    _, test = standardized(np.full((10, 1), 0.1), [[1.1]])
    assert test[0, 0] == pytest.approx(1)


def test_standardized_refuses_what_does_not_fit() -> None:
    with pytest.raises(InputError, match="X_train has no rows"):
        standardized(np.empty((0, 2)), [[1, 2]])
    with pytest.raises(InputError, match="X_train has 1 features, but X_test has 2"):
        standardized([[1]], [[1, 2]])


def test_present_lists_what_is_true() -> None:
    rows = present(np.array([[0, 9, 8], [7, 0, 0], [8, 1, 16]]) >= 8)
    assert [row.tolist() for row in rows] == [[1, 2], [], [0, 2]]
    assert rows.indptr.dtype == rows.indices.dtype == np.int64
    assert len(present(np.zeros((0, 4), bool))) == 0


def test_present_takes_only_a_mask() -> None:
    with pytest.raises(InputTypeError, match="must be boolean, got int64; compare with"):
        present(np.array([[1, 0]]))
    with pytest.raises(InputError, match="two axes"):
        present([True, False])
