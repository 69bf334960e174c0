"""Fixed-point conversions against exact fractions, and bad input of every kind."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcai import TO_FLOAT, InputError, InputTypeError, from_fixed, to_fixed
from tests.support.bounds import int64s, int80s

ONE = 10**9
HUGE = 10**5000


def exact(value: Any) -> int:
    """``round(value * 10**9)``, half away from zero."""
    scaled = Fraction(value) * ONE
    magnitude = math.floor(abs(scaled) + Fraction(1, 2))
    return -magnitude if scaled < 0 else magnitude


floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False, min_value=-9.3e9, max_value=9.3e9),
    st.floats(-1, 1),
    st.integers(-(2**62), 2**62).map(lambda n: n / 2**32),  # ties
    st.integers(-(2**40), 2**40).map(lambda n: n / 2**10),
    st.integers(-(10**12), 10**12).map(lambda n: (n + 0.5) / ONE),
    st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 5e-10, 4.9999999999999997e-10, 1e-9, 0.1]),
    st.sampled_from([9223372036.854774, 9223372036.854776, 9223372036.854778, -9223372036.854776, -9223372036.854778]),
)


@given(floats)
def test_to_fixed_is_exact(real: float) -> None:
    expected = exact(real)
    if -(2**63) <= expected < 2**63:
        assert to_fixed(real) == expected
        assert type(to_fixed(real)) is int
        assert to_fixed(np.float64(real)) == expected
        assert to_fixed(np.array(real)) == expected
        array = to_fixed([[real, 0.5]])
        assert array.tolist() == [[expected, ONE // 2]]
        assert (array.dtype, array.shape) == (np.int64, (1, 2))
        assert to_fixed(Decimal(real)) == expected
        assert to_fixed(Fraction(real)) == expected
    else:
        for value in (real, [0.0, real], Decimal(real), Fraction(real), np.array([[0.0], [real]])):
            with pytest.raises(InputError, match="int64"):
                to_fixed(value)


@given(st.lists(floats, min_size=1, max_size=70), st.integers(1, 4))
def test_long_arrays_are_exact(reals: list[float], times: int) -> None:
    """Long enough that whatever works on several numbers at a time meets ties, tiny and large numbers together."""
    reals = [real for real in reals if abs(real) < 9e9] * times
    assert to_fixed(np.array(reals)).tolist() == [exact(real) for real in reals]
    fixed = to_fixed(np.array(reals))
    assert from_fixed(fixed).tolist() == [float(Fraction(value, ONE)) for value in fixed.tolist()]
    if len(reals) > 1:
        for bad in (float("nan"), 1e10, float("-inf")):
            spoiled = [*reals[:-1], bad]
            with pytest.raises(InputError, match=rf"value\[{len(reals) - 1}\]"):
                to_fixed(np.array(spoiled))


@given(st.integers(-(2**42), 2**42), st.sampled_from([0.25, 0.5, 0.75, 0.4999, 0.5001, 0.499, 0.501]))
def test_floats_next_to_ties(whole: int, part: float) -> None:
    real = (whole + part) / ONE
    for value in (real, math.nextafter(real, math.inf), math.nextafter(real, -math.inf)):
        assert to_fixed(value) == exact(value)
        assert to_fixed([value, -value]).tolist() == [exact(value), -exact(value)]


@given(st.floats(allow_nan=False, allow_infinity=False, width=32, min_value=-(2.0**32), max_value=2.0**32))
def test_narrow_floats_are_exact(real: float) -> None:
    assert to_fixed(np.array([real], dtype=np.float32)).tolist() == [exact(real)]
    assert to_fixed(np.float32(real)) == exact(real)
    assert to_fixed(np.array([np.float16(0.1)]))[0] == exact(float(np.float16(0.1)))


@given(
    st.one_of(st.decimals(-(10**15), 10**15, allow_nan=False), st.fractions(-(10**15), 10**15)),
    st.sampled_from([64, 80, 128]),
)
def test_decimals_and_fractions_are_exact(value: Any, bits: int) -> None:
    expected = exact(value)
    if -(2 ** (bits - 1)) <= expected < 2 ** (bits - 1):
        assert to_fixed(value, bits=bits) == expected
        assert to_fixed([value], bits=bits).tolist() == [expected]
    else:
        with pytest.raises(InputError):
            to_fixed(value, bits=bits)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0000000005", 1), ("-0.0000000005", -1), ("0.00000000049999999999999999999999999999999", 0),
        ("1.0000000015", 1000000002), ("-1.0000000025", -1000000003), ("1E-999999", 0), ("0E+999999", 0),
        ("9223372036.854775807", 2**63 - 1), ("9223372036.8547758074999", 2**63 - 1),
        ("-9223372036.854775808", -(2**63)), ("-9223372036.8547758084999", -(2**63)),
    ],
)  # fmt: skip
def test_decimals_at_ties_and_bounds(text: str, expected: int) -> None:
    assert to_fixed(Decimal(text)) == expected


@pytest.mark.parametrize("bits", [1, 8, 64, 65, 80, 256])
def test_bounds_of_a_width(bits: int) -> None:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    for value in (low, high):
        assert to_fixed(Fraction(value, ONE), bits=bits) == value
    for value in (low - 1, high + 1):
        with pytest.raises(InputError, match=f"int{bits}"):
            to_fixed(Fraction(value, ONE), bits=bits)
    array = to_fixed([Fraction(low, ONE), Fraction(high, ONE)], bits=bits)
    assert array.tolist() == [low, high]
    assert array.dtype == (np.int64 if bits <= 64 else object)


def test_narrow_widths_hold_for_arrays_of_floats() -> None:
    for bits in (1, 8, 32, 63):
        with pytest.raises(InputError, match=rf"value\[1\].*int{bits}"):
            to_fixed(np.array([0.0, 2.0**bits]), bits=bits)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (2, 3), (2, 1, 2), ()])
def test_shapes_are_kept(shape: tuple[int, ...]) -> None:
    array = np.full(shape, 0.25)
    for bits in (64, 80):
        fixed = to_fixed(array, bits=bits)
        assert np.shape(fixed) == shape
        assert np.shape(to_fixed(np.array(array, order="F"), bits=bits)) == shape
        assert np.all(np.asarray(fixed) == ONE // 4)
        assert np.all(np.asarray(from_fixed(fixed)) == 0.25)
        assert np.shape(from_fixed(fixed)) == shape


def test_strides_and_byte_order() -> None:
    array = np.arange(12, dtype=np.float64).reshape(3, 4) / 8
    expected = to_fixed(array).tolist()
    records = np.zeros((3, 4), dtype=[("tag", "i1"), ("value", "f8")])
    records["value"] = array
    moved = np.frombuffer(b"\0" + array.tobytes(), dtype=np.float64, offset=1).reshape(3, 4)
    for form in (array.T.copy().T, np.repeat(array, 2, axis=1)[:, ::2], array.astype(">f8"), records["value"], moved):
        assert to_fixed(form).tolist() == expected
        fixed = to_fixed(array)
        records_of_fixed = np.zeros((3, 4), dtype=[("tag", "i1"), ("value", "i8")])
        records_of_fixed["value"] = fixed
        moved_fixed = np.frombuffer(b"\0" + fixed.tobytes(), dtype=np.int64, offset=1).reshape(3, 4)
        for back in (fixed.T.copy().T, fixed.astype(">i8"), records_of_fixed["value"], moved_fixed):
            assert from_fixed(back).tolist() == array.tolist()


def test_longdoubles_are_exact_or_refused() -> None:
    """A float of more than 53 bits: never rounded twice in silence."""
    third = np.longdouble(1) / 3 * ONE
    try:
        fixed = to_fixed(np.array([third]))
    except InputError:
        return
    numerator, denominator = third.as_integer_ratio()
    assert fixed.tolist() == [exact(Fraction(numerator, denominator))]


def test_longdoubles_beyond_a_float_are_out_of_range() -> None:
    with pytest.raises(InputError):
        to_fixed(np.array([np.longdouble("1e400")]))


BAD_NUMBERS: list[Any] = [float("nan"), float("inf"), float("-inf"), 1e10, -1e10, 1e300, Decimal("NaN"),
                          Decimal("sNaN"), Decimal("Infinity"), Decimal("1E+999999999"), 10**30, HUGE, -HUGE,
                          Fraction(HUGE, 3)]  # fmt: skip


@pytest.mark.parametrize("value", BAD_NUMBERS, ids=lambda v: f"{type(v).__name__}")
def test_numbers_that_no_type_holds(value: Any) -> None:
    with pytest.raises(InputError, match="the value"):
        to_fixed(value)
    for bits in (64, 80):
        if bits == 80 and isinstance(value, float) and abs(value) == 1e10:
            continue
        array = np.empty((2, 2), dtype=object)
        array[:] = 0.5
        array[1, 0] = value
        for values in (array, array.tolist()):
            with pytest.raises(InputError, match=r"value\[1, 0\]"):
                to_fixed(values, bits=bits)


NOT_REAL: list[Any] = [None, "0.5", b"0.5", "", True, np.True_, [True], np.array([True]), 1j, np.array([1j]),
                       {0.5}, {1: 2}, object(), [None], ["a"], [1, "a"], [[0.5], ["b"]], np.array(["a"]),
                       np.array([b"a"]),
                       np.array(["2020"], dtype="M8[Y]"), np.array([1], dtype="m8[s]"), np.timedelta64(1, "s"),
                       np.zeros(1, dtype=[("a", "f8")]), np.array([None]), np.array([object()]), len, ...,
                       (x for x in [0.5]), bytearray]  # fmt: skip


@pytest.mark.parametrize("value", NOT_REAL, ids=lambda v: type(v).__name__)
def test_what_is_no_real_number(value: Any) -> None:
    for bits in (64, 80):
        with pytest.raises(InputTypeError):
            to_fixed(value, bits=bits)


def nested(depth: int) -> Any:
    result: Any = [0.5]
    for _ in range(depth):
        result = [result]
    return result


class BrokenArray:
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise TypeError("no array after all")


@pytest.mark.parametrize("function", [to_fixed, from_fixed])
@pytest.mark.parametrize("value", [[[1], [1, 2]], [[1, 2], 3], nested(70), nested(3000), [BrokenArray()],
                                   BrokenArray()],
                         ids=["ragged", "ragged too", "deep", "very deep", "list of broken", "broken"])  # fmt: skip
def test_what_is_no_array(function: Any, value: Any) -> None:
    with pytest.raises(InputError):
        function(value)


@pytest.mark.parametrize("bits", [0, -1, 257, HUGE, None, "64", 64.0, 0.5, True, [64]], ids=lambda b: type(b).__name__)
def test_bad_widths(bits: Any) -> None:
    for value in (0.5, [0.5]):
        with pytest.raises(InputError, match="bits"):
            to_fixed(value, bits=bits)


# -- back -----------------------------------------------------------------------------------------------------------


@given(
    st.one_of(
        int64s,
        int80s,
        st.integers(-4, 4).map(lambda d: 2**53 + d),
        st.integers(2**53, 2**63 - 1),
    )
)
def test_from_fixed_rounds_once(fixed: int) -> None:
    expected = float(Fraction(fixed, ONE))
    assert from_fixed(fixed) == expected
    assert type(from_fixed(fixed)) is float
    assert from_fixed([fixed]).tolist() == [expected]
    assert from_fixed(np.array([[fixed]], dtype=object)).tolist() == [[expected]]
    if -(2**63) <= fixed < 2**63:
        array = from_fixed(np.array([[fixed, 0]], dtype=np.int64))
        assert array.tolist() == [[expected, 0.0]]
        assert array.dtype == np.float64
        assert from_fixed(np.int64(fixed)) == expected


@given(st.integers(-(2**50), 2**50))
def test_there_and_back(fixed: int) -> None:
    assert to_fixed(from_fixed(fixed)) == fixed
    assert to_fixed(from_fixed([fixed, 1])).tolist() == [fixed, 1]


def test_from_fixed_of_other_integers() -> None:
    for dtype in (np.int8, np.uint8, np.int32, np.uint64, ">i8", ">i4", object):
        assert from_fixed(np.array([100, 0], dtype=dtype)).tolist() == [1e-7, 0.0]
    assert from_fixed(np.array([2**64 - 1], dtype=np.uint64)).tolist() == [float(Fraction(2**64 - 1, ONE))]
    assert from_fixed(np.uint8(200)) == 2e-7
    empty: Any
    for empty in ([], (), np.array([]), np.empty((0, 3), dtype=np.int64), np.empty((0, 3), dtype=object)):
        assert from_fixed(empty).size == 0


@pytest.mark.parametrize("value", [*NOT_REAL, 0.5, np.array([0.5]), [0.5], Decimal(1), Fraction(1), [Decimal(1)],
                                   np.array([1.0], dtype=object)], ids=lambda v: type(v).__name__)  # fmt: skip
def test_what_is_no_fixed_point_number(value: Any) -> None:
    with pytest.raises(InputTypeError):
        from_fixed(value)


@pytest.mark.parametrize("value", [10**400, -(10**400), [10**400], HUGE], ids=["large", "negative", "list", "huge"])
def test_fixed_point_numbers_that_no_float_holds(value: Any) -> None:
    with pytest.raises(InputError):
        from_fixed(value)


def test_the_scale() -> None:
    assert TO_FLOAT == ONE == to_fixed(1) == to_fixed(1.0)
