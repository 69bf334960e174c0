"""From measurements to what a contract takes: normalised rows, or indices of what is present."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcai.data.dataset import SparseRows
from dcai.errors import InputError, InputTypeError
from dcai.fixed import to_fixed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["l2_normalized", "present", "standardized"]

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
        Rows x at scale 10^9, each with ``10^18 - 10^11 < sum x_i^2 < 10^18 + 10^11``. The same on
        every machine: only operations with one correct IEEE result, sums in a fixed order.

    Raises
    ------
    InputTypeError
        Where X holds something else than real numbers.
    InputError
        Where X has not two axes; where a row has an infinite or missing value, or is all zeros (it
        has no direction, so no length makes it pass); or where a row does not pass, which can be
        from d = 10,000 on. The message names the row.

    Notes
    -----
    Every row with d <= 9,999 features passes. Let u be the exact row of norm 1 and q_i the integer,
    so q_i = 10^9 u_i + e_i with |e_i| <= 1/2 (rounding to the nearest, half away from zero). Then

        sum q_i^2 - 10^18  =  2 * 10^9 * sum u_i e_i  +  sum e_i^2,

    where |sum u_i e_i| <= |u| |e| <= sqrt(d) / 2 (Cauchy-Schwarz) and sum e_i^2 <= d / 4. The
    deviation is at most 10^9 * sqrt(d) + d / 4, for d = 9,999 less than 10^11 - 4.9 * 10^6. What
    remains is room for the floats: with eps = 2^-53, the squares and their sum in order have a
    relative error of at most about d * eps, the root halves it, root and division add eps each; so
    the squared norm is off by at most 10^18 * (d + 4) * eps < 1.2 * 10^6. At d = 10,000 the first
    term alone reaches 10^11, so there the result is only checked, not proved. The check, done for
    every row in exact integers, never relies on this proof.
    """
    samples = _matrix(X)
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
    norms = np.sqrt(np.cumsum(samples * samples, axis=1)[:, -1:])
    rows: NDArray[np.int64] = to_fixed(samples / norms)
    # No overflow: the sum is at most 10^18 + 10^9 * sqrt(d) + d / 4, below 2^63.
    norms_sq_e18 = (rows * rows).sum(axis=1)
    off = np.abs(norms_sq_e18 - NORM_SQ_E18) >= NORM_SQ_TOLERANCE_E18
    if (failing := np.flatnonzero(off)).size:
        raise InputError(
            f"row {failing[0]} has a squared norm of {norms_sq_e18[failing[0]]} after rounding, "
            "and must lie strictly between 10^18 - 10^11 and 10^18 + 10^11; "
            f"it has {rows.shape[1]} features, and up to 9,999 always pass"
        )
    return rows


def standardized(X_train: ArrayLike, X_test: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shift and scale each feature to mean 0 and standard deviation 1 over the training samples.

    Parameters
    ----------
    X_train : array_like of real numbers, shape (n, d)
        Their statistics alone are used: the test samples stay unseen.
    X_test : array_like of real numbers, shape (m, d)

    Returns
    -------
    tuple of float64 arrays, shapes (n, d) and (m, d)
        A feature that is constant over the training samples is only shifted. The same on every
        machine.

    Raises
    ------
    InputTypeError, InputError
        As `l2_normalized`; or where there is no training sample or the number of features differs.
    """
    train, test = _matrix(X_train), _matrix(X_test)
    if len(train) == 0:
        raise InputError("X_train has no rows; the mean of a feature needs at least one")
    if train.shape[1] != test.shape[1]:
        raise InputError(f"X_train has {train.shape[1]} features, but X_test has {test.shape[1]}")
    mean = np.cumsum(train, axis=0)[-1] / len(train)
    centred = train - mean
    scale = np.sqrt(np.cumsum(centred * centred, axis=0)[-1] / len(train))
    # By the values: the mean of a constant may be rounded, and then the scale is not quite 0.
    scale[np.all(train == train[0], axis=0)] = 1.0
    return centred / scale, (test - mean) / scale


def present(mask: ArrayLike) -> SparseRows:
    """List the indices of the features that are present in each sample, for the sparse models.

    Parameters
    ----------
    mask : array_like of bool, shape (n, d)
        Whether sample i has feature j.

    Returns
    -------
    SparseRows
        n rows of strictly increasing indices below d.

    Raises
    ------
    InputTypeError
        Where the mask is not boolean: compare with a threshold first.
    InputError
        Where it has not two axes.
    """
    flags = np.asarray(mask)
    if flags.dtype != np.bool_:
        raise InputTypeError(f"mask must be boolean, got {flags.dtype}; compare with a threshold, as in X >= 8")
    if flags.ndim != 2:
        raise InputError(f"mask must have two axes (samples, features), got {flags.ndim}")
    indptr = np.zeros(len(flags) + 1, np.int64)
    np.cumsum(np.count_nonzero(flags, axis=1), out=indptr[1:])
    return SparseRows(indptr, np.ascontiguousarray(np.nonzero(flags)[1], np.int64))


def _matrix(X: ArrayLike) -> NDArray[np.float64]:
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
