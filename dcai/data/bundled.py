"""Data sets that come with scikit-learn, so that a demo needs no download."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dcai.data.dataset import Dataset
from dcai.data.features import present, standardized
from dcai.data.normalization import l2_normalized
from dcai.errors import MissingExtraError
from dcai.rows import CsrRows

__all__ = ["breast_cancer", "digits", "digits_parity", "digits_presence"]

#: Fixes the order of the samples, and with it every demo and every measured gas.
_SEED = 0

#: Half of full scale. A digits pixel counts the inked points in a block of 4 x 4 (0 .. 16), so from
#: 8 on at least half of the block is ink. It leaves 21 of 64 features present in a sample, and none
#: without any.
PRESENT_FROM = 8

_DENSE = "standardised with the training part's statistics, rows of norm 1"
_DIGITS = "Optical recognition of handwritten digits, UCI (Alpaydin and Kaynak 1998), from scikit-learn: "


def breast_cancer() -> Dataset[NDArray[np.int64]]:
    """Breast cancer (569 x 30, two classes), dense.

    Standardised with the statistics of the 455 training samples, each row divided by its norm; 114
    samples are hidden for the test.

    Raises
    ------
    MissingExtraError
        Where scikit-learn is not installed.
    """
    X, y, names = _from_sklearn("breast_cancer")
    source = "Breast Cancer Wisconsin (Diagnostic), UCI (Wolberg et al. 1995), from scikit-learn: "
    return _dense("breast-cancer", source + _DENSE, X, y, names, n_test=114)


def digits() -> Dataset[NDArray[np.int64]]:
    """Handwritten digits (1,797 x 64, ten classes), dense.

    Encoded as `breast_cancer`: 1,437 training samples and 360 for the test.

    Raises
    ------
    MissingExtraError
        Where scikit-learn is not installed.
    """
    X, y, names = _from_sklearn("digits")
    return _dense("digits", _DIGITS + _DENSE, X, y, names, n_test=360)


def digits_presence() -> Dataset[CsrRows]:
    """Handwritten digits, ten classes, sparse: a pixel of 8 or more (of 16) is present.

    The split and order are those of `digits`.

    Raises
    ------
    MissingExtraError
        Where scikit-learn is not installed.
    """
    X, y, names = _from_sklearn("digits")
    return _pixels("digits-presence", "pixels >= 8 of 16", X, y, names)


def digits_parity() -> Dataset[CsrRows]:
    """Handwritten digits as even (0) or odd (1), sparse: the task of two classes for a Perceptron.

    Parity, since it comes nearer to a straight line than "5 or more": one pass of a Perceptron gets
    about .82 of the test samples right, against .75. Features, split and order are those of
    `digits_presence`.

    Raises
    ------
    MissingExtraError
        Where scikit-learn is not installed.
    """
    X, y, _ = _from_sklearn("digits")
    return _pixels("digits-parity", "pixels >= 8 of 16, even or odd", X, y % 2, ("even", "odd"))


def _from_sklearn(name: str) -> tuple[NDArray[np.float64], NDArray[np.uint64], tuple[str, ...]]:
    try:
        from sklearn import datasets  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise MissingExtraError(f"the data set {name}", "sklearn") from error
    bunch = getattr(datasets, f"load_{name}")()
    return bunch.data, bunch.target.astype(np.uint64), tuple(map(str, bunch.target_names))


def _split(n: int, n_test: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shuffle the positions into train and test: the files have a writer's samples in a row."""
    # The legacy generator on purpose: its stream is frozen, so the order stays the same for ever.
    order = np.random.RandomState(_SEED).permutation(n).astype(np.int64)
    return order[n_test:], order[:n_test]


def _dense(
    name: str,
    source: str,
    X: NDArray[np.float64],
    y: NDArray[np.uint64],
    class_names: tuple[str, ...],
    *,
    n_test: int,
) -> Dataset[NDArray[np.int64]]:
    train, test = _split(len(X), n_test)
    X_train, X_test = standardized(X[train], X[test])
    return Dataset(
        name=name,
        source=source,
        class_names=class_names,
        n_features=X.shape[1],
        X_train=l2_normalized(X_train),
        y_train=y[train],
        X_test=l2_normalized(X_test),
        y_test=y[test],
    )


def _pixels(
    name: str,
    what: str,
    X: NDArray[np.float64],
    y: NDArray[np.uint64],
    class_names: tuple[str, ...],
) -> Dataset[CsrRows]:
    train, test = _split(len(X), 360)
    return Dataset(
        name=name,
        source=_DIGITS + what,
        class_names=class_names,
        n_features=X.shape[1],
        X_train=present(X[train] >= PRESENT_FROM),
        y_train=y[train],
        X_test=present(X[test] >= PRESENT_FROM),
        y_test=y[test],
    )
