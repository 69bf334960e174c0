"""Fixed-point numbers: a real ``r`` is the integer ``round(r * 10**9)``, half away from zero.

Floats exist only left of ``to_fixed`` and in reports. A float stands for its exact value, so the
result is the nearest integer to ``r * 10**9``, not to a product that a float multiplication has already rounded.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from numbers import Rational
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcai import _kernels
from dcai.errors import InputError, InputTypeError, shown

__all__ = ["TO_FLOAT", "from_fixed", "to_fixed"]

#: Scale of every fixed-point number, as ``toFloat`` of the contracts.
TO_FLOAT = 10**9

#: Decimal digits that no stored type reaches: 10^40 > 2^79.
_TOO_MANY_DIGITS = 40


def to_fixed(values: Any, *, bits: int = 64) -> Any:
    """Turn real numbers into fixed-point integers.

    Parameters
    ----------
    values : float, int, Decimal, Fraction or array_like of floats or ints
        Real numbers, of any shape.
    bits : int, default 64
        Width of the signed integer that must hold each result: 64 for features and centroids (``int64``), 80 for
        weights and intercepts (``int80``).

    Returns
    -------
    int or numpy.ndarray
        ``round(value * 10**9)``, half away from zero, exactly. For an array: int64 of the same shape, or an object
        array of Python integers where ``bits`` is above 64.

    Raises
    ------
    InputError
        A value is NaN, infinite or out of range; the message names its place.
    InputTypeError
        The values are not real numbers.

    Examples
    --------
    >>> to_fixed(0.5)
    500000000
    >>> to_fixed([[0.6, -0.8]])
    array([[ 600000000, -800000000]])
    """
    if isinstance(bits, bool) or not isinstance(bits, int | np.integer) or not 1 <= bits <= 256:
        raise InputError(f"bits is {shown(bits)}, and must be an integer from 1 to 256")
    if isinstance(values, (int, float, Decimal, Fraction)):
        return scalar_to_fixed(values, bits, "the value")
    array = as_array(values)
    if array.dtype.kind == "f" and array.dtype.itemsize <= 8 and bits == 64:
        return _floats_to_int64(array)
    if array.dtype.kind not in "fiuO":
        raise InputTypeError(f"expected real numbers, got an array of {array.dtype}")
    fixed = np.empty(array.shape, dtype=object)
    for place, value in np.ndenumerate(array):
        fixed[place] = scalar_to_fixed(_plain(value), bits, f"value{list(place)}" if place else "the value")
    if bits > 64:
        return fixed if array.ndim else fixed.item()
    return fixed.astype(np.int64) if array.ndim else fixed.item()


def from_fixed(values: Any) -> Any:
    """Turn fixed-point integers into the nearest floats.

    Parameters
    ----------
    values : int or array_like of ints
        Fixed-point numbers, scale ``10**9``, of any shape and size.

    Returns
    -------
    float or numpy.ndarray of float64
        ``value / 10**9``, rounded once, to nearest; of the same shape.

    Raises
    ------
    InputTypeError
        The values are not integers.

    Examples
    --------
    >>> from_fixed(500000000)
    0.5
    """
    if type(values) is int:
        return _divide(values, "the value")
    array = as_array(values)
    if array.size == 0:
        return np.zeros(array.shape)
    if array.dtype == np.int64:
        flat = _kernels.from_fixed_int64(np.require(array, np.int64, ("C", "A")).reshape(-1))
        return flat.reshape(array.shape) if array.ndim else float(flat[0])
    if array.dtype.kind not in "iuO" or not all(isinstance(value, int | np.integer) for value in array.flat):
        raise InputTypeError(f"expected fixed-point integers, got an array of {array.dtype}")
    floats = np.array([_divide(int(value), f"value[{i}]") for i, value in enumerate(array.flat)], dtype=np.float64)
    return floats.reshape(array.shape) if array.ndim else float(floats[0])


def scalar_to_fixed(value: Any, bits: int, what: str, *, signed: bool = True) -> int:
    """Scale one real number exactly; ``what`` names it in an error.

    Parameters
    ----------
    value : int, float, Decimal or Fraction
        The number.
    bits : int
        Width of the result.
    signed : bool, default True
        Whether the result may be negative.
    what : str
        How an error calls the value.

    Raises
    ------
    InputError
        The value is not finite or out of range.
    InputTypeError
        The value is no real number.
    """
    if isinstance(value, bool) or not isinstance(value, (float, Rational, Decimal)):
        raise InputTypeError(f"{what} is {shown(value)}; expected a real number")
    if not isinstance(value, Rational) and not Decimal(value).is_finite():
        raise InputError(f"{what} is {value}; expected a finite number")
    scaled = _scale_decimal(value) if isinstance(value, Decimal) else _scale(Fraction(value))
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if scaled is None or not low <= scaled <= high:
        kind = "int" if signed else "uint"
        raise InputError(
            f"{what} is {shown(value)}, which times 10^9 does not fit in {kind}{bits}; "
            f"it must be from {_as_real(low)} to {_as_real(high)}"
        )
    return scaled


def _as_real(fixed: int) -> str:
    whole, rest = divmod(abs(fixed), TO_FLOAT)
    return f"{'-' if fixed < 0 else ''}{whole}.{rest:09}".rstrip("0").rstrip(".")


def _plain(value: Any) -> Any:
    """Convert a number of numpy to an equal Python number."""
    if isinstance(value, np.longdouble):
        return Fraction(*value.as_integer_ratio()) if np.isfinite(value) else float(value)
    return value.item() if isinstance(value, np.generic) else value


def _divide(fixed: int, what: str) -> float:
    """Divide integers of any size, rounded once."""
    try:
        return fixed / TO_FLOAT
    except OverflowError as error:
        raise InputError(f"{what} is {shown(fixed)}, which no float holds") from error


def _scale(value: Fraction) -> int:
    doubled = 2 * abs(value.numerator) * TO_FLOAT
    magnitude = (doubled + value.denominator) // (2 * value.denominator)
    return -magnitude if value < 0 else magnitude


def _scale_decimal(value: Decimal) -> int | None:
    """Scale without ever writing out an exponent such as that of 1E+999999999."""
    if value.is_zero() or value.adjusted() < -20:
        return 0
    if value.adjusted() > _TOO_MANY_DIGITS:
        return None
    with localcontext() as context:
        context.prec = len(value.as_tuple().digits) + 2 * _TOO_MANY_DIGITS
        return int(value.scaleb(9).to_integral_value(ROUND_HALF_UP))


def _floats_to_int64(array: NDArray[Any]) -> Any:
    flat = np.require(array, np.float64, ("C", "A")).reshape(-1)
    try:
        fixed = _kernels.to_fixed_int64(flat)
    except InputError as error:
        position: int = error.position  # type: ignore[attr-defined]  # which the kernel adds
        place = np.unravel_index(position, array.shape)
        what = f"value{[int(i) for i in place]}" if array.ndim else "the value"
        # The exact scalar path says what is wrong.
        scalar_to_fixed(float(flat[position]), 64, what)
        raise
    return fixed.reshape(array.shape) if array.ndim else int(fixed[0])


def as_array(values: object) -> NDArray[Any]:
    """Convert with ``numpy.asarray``; ragged or textual input raises ``InputError``."""
    if isinstance(values, (str, bytes)):
        raise InputTypeError(f"expected numbers, got the text {values!r}")
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise InputError("the array has masked items; expected numbers throughout")
    try:
        return np.asarray(values)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InputError(f"expected an array in which all rows have one length: {error}") from error
