"""What every loader returns: a named data set in the form in which the models take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, overload

import numpy as np

from dcai.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Dataset", "SparseRows"]


@dataclass(frozen=True, eq=False)
class SparseRows:
    """Rows of the indices of the binary features that are present, in the layout of a CSR matrix.

    An integer picks one row, a slice some rows, so that code for dense rows also runs on these.
    SciPy takes the arrays as they are:
    ``csr_array((ones, rows.indices, rows.indptr), shape=(len(rows), n_features))``.

    Parameters
    ----------
    indptr : int64 array, shape (n + 1,)
        Row i is ``indices[indptr[i]:indptr[i + 1]]``.
    indices : int64 array
        Feature indices, strictly increasing within a row, not negative. (Not checked: some encoders keep the
        order and the repetitions of a text, which the sparse Perceptron takes.)

    Raises
    ------
    InputError
        Where ``indptr`` does not start at 0, decreases, or does not end at ``len(indices)``.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int64]

    def __post_init__(self) -> None:
        ptr = self.indptr
        if ptr.ndim != 1 or len(ptr) == 0 or ptr[0] != 0 or ptr[-1] != len(self.indices):
            raise InputError(f"indptr must be a row of offsets from 0 to {len(self.indices)}, the number of indices")
        if (drops := np.flatnonzero(np.diff(ptr) < 0)).size:
            raise InputError(f"indptr decreases after position {drops[0]}")

    @property
    def csr(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """``(indptr, indices)``, as the sparse models take a batch."""
        return self.indptr, self.indices

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @overload
    def __getitem__(self, key: int | np.integer) -> NDArray[np.int64]: ...
    @overload
    def __getitem__(self, key: slice) -> SparseRows: ...
    def __getitem__(self, key: int | np.integer | slice) -> NDArray[np.int64] | SparseRows:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1:
                raise InputError(f"rows are sliced in order, with step 1, got a step of {step}")
            stop = max(start, stop)
            first, last = self.indptr[start], self.indptr[stop]
            return SparseRows(self.indptr[start : stop + 1] - first, self.indices[first:last])
        row = int(key)
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)} rows")
        row %= len(self)
        return self.indices[self.indptr[row] : self.indptr[row + 1]]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        for start, stop in zip(self.indptr[:-1], self.indptr[1:], strict=True):
            yield self.indices[start:stop]

    def to_dense(self, n_features: int) -> NDArray[np.uint8]:
        """Give the rows as a matrix of 0 and 1.

        Parameters
        ----------
        n_features : int
            Number of columns; above every index.

        Returns
        -------
        uint8 array, shape (n, n_features)

        Raises
        ------
        InputError
            Where an index is not below ``n_features``.
        """
        if self.indices.size and (largest := int(self.indices.max())) >= n_features:
            raise InputError(f"feature index {largest} must be below n_features = {n_features}")
        dense = np.zeros((len(self), n_features), np.uint8)
        dense[np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices] = 1
        return dense


Rows = TypeVar("Rows", "NDArray[np.int64]", SparseRows)


@dataclass(frozen=True, eq=False)
class Dataset(Generic[Rows]):
    """A data set, split into training and hidden test samples, in the form the models take.

    The order of the samples is fixed. An on-chain model is first built from the first n training
    samples (``initial(n)``); the others arrive one transaction after another (``stream(n)``);
    ``X_test`` measures it and no model ever trains on it.

    Parameters
    ----------
    name : str
        The name in the catalogue, ``dcai data list``.
    source : str
        Where the data come from and what was done to them.
    class_names : tuple of str
        Name of each label 0, 1, ...: ``classifications`` of a model.
    n_features : int
        Dense: the length of each row. Sparse: every index is below it.
    X_train, X_test : int64 array, shape (n, n_features), or SparseRows of length n
        Dense: fixed-point rows at scale 10^9 that pass the contracts' norm check. Sparse: feature
        indices. The models take a row of either, and as a batch the dense array or ``X_test.csr``.
    y_train, y_test : uint64 array, shape (n,)
        Labels.

    Raises
    ------
    InputError
        Where samples and labels differ in number, or a label has no name.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    n_features: int
    X_train: Rows
    y_train: NDArray[np.uint64]
    X_test: Rows
    y_test: NDArray[np.uint64]

    def __post_init__(self) -> None:
        for part, X, y in (
            ("train", self.X_train, self.y_train),
            ("test", self.X_test, self.y_test),
        ):
            if len(X) != len(y):
                raise InputError(f"{self.name}: {len(X)} {part} samples, but {len(y)} {part} labels")
            if len(y) and int(y.max()) >= len(self.class_names):
                raise InputError(
                    f"{self.name}: {part} label {y.max()} has no name, there are {len(self.class_names)} classes"
                )

    def __repr__(self) -> str:
        form = "sparse" if isinstance(self.X_train, SparseRows) else "dense"
        return (
            f"<Dataset {self.name}: {len(self.y_train)} + {len(self.y_test)} samples, {form}, "
            f"{self.n_features} features, {len(self.class_names)} classes>"
        )

    def initial(self, n: int) -> tuple[Rows, NDArray[np.uint64]]:
        """Give the first n training samples and labels, from which the first model is built.

        Raises
        ------
        InputError
            Where n is not in 0 .. ``len(y_train)``.
        """
        self._check_part(n)
        return self.X_train[:n], self.y_train[:n]

    def stream(self, n: int) -> tuple[Rows, NDArray[np.uint64]]:
        """Give the training samples and labels after the first n, in the order of arrival.

        Raises
        ------
        InputError
            Where n is not in 0 .. ``len(y_train)``.
        """
        self._check_part(n)
        return self.X_train[n:], self.y_train[n:]

    def _check_part(self, n: int) -> None:
        if not 0 <= n <= len(self.y_train):
            raise InputError(
                f"{self.name} has {len(self.y_train)} training samples, "
                f"so the initial part has 0 to {len(self.y_train)}, got {n}"
            )
