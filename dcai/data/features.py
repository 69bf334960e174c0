"""From measurements to features: standardised, or as indices of what is present."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcai.data.normalization import as_samples
from dcai.errors import InputError, InputTypeError
from dcai.rows import CsrRows

__all__ = ["present", "standardized"]


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
        As `dcai.data.l2_normalized`; or where there is no training sample or the number of features differs.
    """
    train, test = as_samples(X_train), as_samples(X_test)
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


def present(mask: ArrayLike) -> CsrRows:
    """List the indices of the features that are present in each sample, for the sparse models.

    Parameters
    ----------
    mask : array_like of bool, shape (n, d)
        Whether sample i has feature j.

    Returns
    -------
    CsrRows
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
    return CsrRows(indptr, np.ascontiguousarray(np.nonzero(flags)[1], np.int64))
