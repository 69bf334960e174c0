"""The exact counts and means of classes, with which a deployer starts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dcai.fixed import TO_FLOAT

__all__ = ["dense_means", "presence_counts", "presence_means"]


def dense_means(
    X: NDArray[np.int64], labels: NDArray[Any], num_classes: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Mean of the samples of each class.

    Parameters
    ----------
    X : int64 array, shape (n, d)
        Fixed-point samples of norm 1, scale ``10**9``.
    labels : int array, shape (n,)
        Class of each sample.
    num_classes : int
        Number of classes k.

    Returns
    -------
    centroids : int64 array, shape (k, d)
        Means, scale ``10**9``, rounded half away from zero; zeros for a class without samples.
    counts : int64 array, shape (k,)
        Number of samples in each class.
    """
    counts = np.bincount(labels.astype(np.int64), minlength=num_classes)
    # int64 holds twice the sum of 4 * 10^9 rows whose values are at most 10^9.
    sums = np.array([X[labels == k].sum(axis=0) for k in range(num_classes)])
    return np.sign(sums) * _half_up(np.abs(sums), counts[:, np.newaxis]), counts


def presence_counts(
    indptr: NDArray[Any], indices: NDArray[Any], labels: NDArray[Any], num_classes: int
) -> tuple[list[tuple[NDArray[Any], NDArray[np.int64]]], NDArray[np.int64]]:
    """Count how often the samples of each class have a feature.

    Parameters
    ----------
    indptr, indices : int arrays
        Samples in compressed form: row ``i`` holds ``indices[indptr[i]:indptr[i + 1]]``.
    labels : int array, shape (n,)
        Class of each sample.
    num_classes : int
        Number of classes k.

    Returns
    -------
    present : list of k pairs of arrays
        Feature indices, increasing, and their counts, which are not zero.
    counts : int64 array, shape (k,)
        Number of samples in each class.
    """
    label_of_index = np.repeat(labels, np.diff(indptr))
    present = [np.unique(indices[label_of_index == k], return_counts=True) for k in range(num_classes)]
    return present, np.bincount(labels.astype(np.int64), minlength=num_classes)


def presence_means(
    indptr: NDArray[Any], indices: NDArray[Any], labels: NDArray[Any], num_classes: int
) -> tuple[list[dict[int, int]], NDArray[np.int64]]:
    """Return the share of the samples of each class that have a feature.

    Parameters
    ----------
    indptr, indices, labels, num_classes
        As for `presence_counts`; no row has an index twice.

    Returns
    -------
    centroids : list of k dicts of int to int
        Shares that are not zero by feature index, scale ``10**9``, rounded to nearest, halves up.
    counts : int64 array, shape (k,)
        Number of samples in each class.
    """
    present, counts = presence_counts(indptr, indices, labels, num_classes)
    centroids = []
    for (features, times), count in zip(present, counts, strict=True):
        shares = _half_up(times * TO_FLOAT, count)
        centroids.append(dict(zip(features.tolist(), shares.tolist(), strict=True)))
    return centroids, counts


def _half_up(totals: NDArray[np.int64], counts: Any) -> Any:
    """``totals / counts`` to the nearest integer, halves up; neither is negative. Where a count is 0, the total is."""
    divisors = np.maximum(counts, 1)
    return (2 * totals + divisors) // (2 * divisors)
