"""Rows of norm 1, rounded to integers in such a way that the contracts take them, whatever their dimension."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcai.errors import InputError, InputTypeError
from dcai.fixed import TO_FLOAT, to_fixed

__all__ = ["NORM_SQ_E18", "NORM_SQ_TOLERANCE_E18", "as_samples", "l2_normalized"]

#: The contracts take a row x where |sum x_i^2 - NORM_SQ_E18| < NORM_SQ_TOLERANCE_E18
#: (``NotNormalized``).
NORM_SQ_E18 = 10**18
NORM_SQ_TOLERANCE_E18 = 10**11


def l2_normalized(X: ArrayLike) -> NDArray[np.int64]:
    """Divide each row by its Euclidean norm and scale it by 10^9, so that the contracts accept it.

    Parameters
    ----------
    X : array_like of real numbers, shape (n, d)
        Samples, of any magnitude that float64 holds.

    Returns
    -------
    int64 array, shape (n, d)
        Rows x at scale 10^9, each with ``10^18 - 10^11 < sum x_i^2 < 10^18 + 10^11``. Each feature is
        rounded to the nearest integer, half away from zero; where the row would not pass, some are rounded
        to the integer on the other side instead. A feature that is 0 stays 0. The same on every machine: only
        operations with one correct IEEE result, sums in a fixed order.

    Raises
    ------
    InputTypeError
        Where X holds something else than real numbers.
    InputError
        Where X has not two axes; or where a row has an infinite or missing value, has no features, or is
        all zeros (it has no direction, so no length makes it pass). The message names the row.

    Notes
    -----
    Let u be the exact row of norm 1 and q_i the nearest integer to ``10^9 u_i``. Then

        sum q_i^2 - 10^18  =  sum (|q_i| - 10^9 |u_i|) (|q_i| + 10^9 |u_i|),

    where each first factor is at most 1/2 in size. By Cauchy-Schwarz the deviation is at most
    10^9 * sqrt(d) + d / 4, so that every row of up to 9,999 features passes as it is; from there on,
    rounding may push the norm out of the tolerance, and ``_repaired`` pulls it back.

    That always succeeds. If the sum is too large, only features rounded away from zero made it so, each by at
    most ``(1/2) (2 |q_i|) = |q_i|``; taking one of them one step toward zero lowers the sum by
    ``2 |q_i| - 1 >= |q_i|``. If it is too small, only features rounded toward zero made it so, each by at most
    ``(1/2) (2 |q_i| + 1/2)``, and a step away from zero adds ``2 |q_i| + 1``. So the steps of the features
    that were rounded the wrong way outweigh the deviation. Nor do they jump over the tolerance: one changes
    the sum by at most 2 * 10^9 + 1. What remains is the error of the floats: with eps = 2^-53, the squares and
    their sum in order have a relative error of at most about d * eps, the root halves it, root and division
    add eps each; so the squared norm is off by at most 10^18 * (d + 4) * eps, for a million features by a
    thousandth of the tolerance.
    """
    samples = as_samples(X)
    if samples.shape[1] == 0 and len(samples):
        raise InputError("row 0 has no features, so no norm; every row needs at least one feature")
    largest = np.abs(samples).max(axis=1, initial=0.0, keepdims=True)
    if (zeros := np.flatnonzero(largest == 0)).size:
        raise InputError(
            f"row {zeros[0]} is all zeros and cannot be normalised; leave it out, or give every row a constant feature"
        )
    # A power of two is an exact factor; it keeps the squares of huge and of tiny values in range.
    samples = np.ldexp(samples, -np.frexp(largest)[1])
    # cumsum adds strictly in order, where sum adds in blocks that depend on the processor.
    units = samples / np.sqrt(np.cumsum(samples * samples, axis=1)[:, -1:])
    rows: NDArray[np.int64] = to_fixed(units)
    # No overflow: the sum is at most 10^18 + 10^9 * sqrt(d) + d / 4, below 2^63.
    excess = (rows * rows).sum(axis=1) - NORM_SQ_E18
    for row in np.flatnonzero(np.abs(excess) >= NORM_SQ_TOLERANCE_E18):
        rows[row] = _repaired(rows[row], units[row], int(excess[row]))
    return rows


def _repaired(row: NDArray[np.int64], unit: NDArray[np.float64], excess: int) -> NDArray[np.int64]:
    """Move some features to the integer on the other side of their exact value, until the row passes.

    A feature that was rounded by r is then off by 1 - r, which adds ``(1 - r)^2 - r^2 = 1 - 2 r`` to the squared
    distance from the exact row. Those go first which add least to it for what they take from the excess.
    """
    magnitudes = np.abs(row)
    rounded_by = magnitudes - np.abs(unit) * TO_FLOAT
    if excess > 0:
        wrong_way, step = np.flatnonzero(rounded_by > 0), -1
    else:
        wrong_way, step = np.flatnonzero(rounded_by < 0), 1
    gains = 2 * magnitudes[wrong_way] + step
    order = np.argsort((1 - 2 * np.abs(rounded_by[wrong_way])) / gains, kind="stable")
    needed = abs(excess) - NORM_SQ_TOLERANCE_E18 + 1
    num_steps = int(np.searchsorted(np.cumsum(gains[order]), needed)) + 1
    magnitudes[wrong_way[order[:num_steps]]] += step
    repaired = np.where(unit < 0, -magnitudes, magnitudes)
    norm_sq_e18 = int((repaired * repaired).sum())
    # The proof in l2_normalized is for dimensions that fit in memory; the contract would check as well.
    if abs(norm_sq_e18 - NORM_SQ_E18) >= NORM_SQ_TOLERANCE_E18:
        raise AssertionError(f"a row of {len(row)} features has a squared norm of {norm_sq_e18} after its repair")
    return repaired


def as_samples(X: ArrayLike) -> NDArray[np.float64]:
    """Return X as a finite float64 matrix, or raise InputTypeError or InputError, which name the place."""
    try:
        given = np.asarray(X)
    except ValueError as error:
        raise InputError(f"X must have rows of one length: {error}") from None
    if given.dtype.kind not in "fiub":
        raise InputTypeError(f"X must hold real numbers, got {given.dtype}")
    if given.ndim != 2:
        raise InputError(f"X must have two axes (samples, features), got {given.ndim}")
    samples = given.astype(np.float64)
    if (bad := np.argwhere(~np.isfinite(samples))).size:
        row, column = bad[0]
        raise InputError(f"row {row}, feature {column} is {samples[row, column]}; every value must be finite")
    return samples
