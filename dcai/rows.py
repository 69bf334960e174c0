"""Arrays of integers of any origin, and rows of feature indices in compressed form: a batch of sparse samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from dcai import _kernels
from dcai.errors import InputError, InputTypeError, MissingExtraError, shown
from dcai.reprs import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

__all__ = ["PRESENCE_HINT", "READABLE", "CsrRows", "as_array", "as_integers"]

#: Memory that the kernels read in place.
READABLE: tuple[Literal["C"], Literal["A"]] = ("C", "A")
PRESENCE_HINT = "np.flatnonzero turns presence into feature indices"
_FLOAT_HINT = "dcai.to_fixed turns floats into fixed-point integers"


@dataclass(frozen=True, eq=False)
class CsrRows:
    """Rows of the indices of the binary features that are present, in the layout of a CSR matrix.

    The sparse models take them as a batch. An integer picks one row, a slice some rows, so that code for dense rows
    also runs on these.

    Parameters
    ----------
    indptr : int64 or int32 array, shape (n + 1,)
        Row i is ``indices[indptr[i]:indptr[i + 1]]``.
    indices : int64 or int32 array
        Feature indices, strictly increasing within a row, not negative. (Not checked: some encoders keep the
        order and the repetitions of a text, which the sparse Perceptron takes.)

    Raises
    ------
    InputError
        Where ``indptr`` does not start at 0, decreases, or does not end at ``len(indices)``.
    """

    __repr__ = short_repr

    indptr: NDArray[Any]
    indices: NDArray[Any]

    def __init__(self, indptr: Sequence[int] | NDArray[Any], indices: Sequence[int] | NDArray[Any]) -> None:
        for name, values in (("indptr", indptr), ("indices", indices)):
            array = as_integers(values, name)
            if array.ndim != 1:
                raise InputError(f"{name} has shape {array.shape}; expected one dimension")
            object.__setattr__(self, name, array)
        self._check()

    def _check(self) -> None:
        ptr = self.indptr
        if len(ptr) == 0 or ptr[0] != 0 or ptr[-1] != len(self.indices):
            raise InputError(f"indptr must be a row of offsets from 0 to {len(self.indices)}, the number of indices")
        if (drops := np.flatnonzero(np.diff(ptr) < 0)).size:
            raise InputError(f"indptr decreases after position {drops[0]}")

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @overload
    def __getitem__(self, key: int | np.integer) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, key: slice) -> CsrRows: ...
    def __getitem__(self, key: int | np.integer | slice) -> NDArray[Any] | CsrRows:
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            if step != 1:
                raise InputError(f"rows are sliced in order, with step 1, got a step of {step}")
            stop = max(start, stop)
            first, last = self.indptr[start], self.indptr[stop]
            return CsrRows(self.indptr[start : stop + 1] - first, self.indices[first:last])
        row = int(key)
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} of {len(self)} rows")
        row %= len(self)
        return self.indices[self.indptr[row] : self.indptr[row + 1]]

    def __iter__(self) -> Iterator[NDArray[Any]]:
        for start, stop in zip(self.indptr[:-1], self.indptr[1:], strict=True):
            yield self.indices[start:stop]

    def to_csr(self, n_features: int) -> csr_array:
        """Return the rows as a SciPy matrix of ones, shape (n, n_features), without a copy of the indices.

        Raises
        ------
        InputError
            An index is not below ``n_features``.
        MissingExtraError
            SciPy is not installed.
        """
        try:
            from scipy.sparse import csr_array  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise MissingExtraError("CsrRows.to_csr", "sklearn") from error
        self._check_below(n_features)
        ones = np.ones(len(self.indices), np.int8)
        return csr_array((ones, self.indices, self.indptr), shape=(len(self), n_features))

    def to_dense(self, n_features: int) -> NDArray[np.uint8]:
        """Return the rows as a matrix of 0 and 1.

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
        self._check_below(n_features)
        dense = np.zeros((len(self), n_features), np.uint8)
        dense[np.repeat(np.arange(len(self)), np.diff(self.indptr)), self.indices] = 1
        return dense

    def _check_below(self, n_features: int) -> None:
        if self.indices.size and (largest := int(self.indices.max())) >= n_features:
            raise InputError(f"feature index {largest} must be below n_features = {n_features}")


def as_array(data: Any, what: str) -> NDArray[Any]:
    """Convert to an array; masked items are an error."""
    if data is None or isinstance(data, (str, bytes)):
        raise InputTypeError(f"{what} are {shown(data)}; expected integers")
    if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
        raise InputError(f"{what} have masked items; expected integers throughout")
    if not hasattr(data, "__array__") and not isinstance(data, (int, float, Sequence)):
        raise InputTypeError(f"{what} are of type {type(data).__name__}; expected a sequence of integers or an array")
    try:
        return np.asarray(data)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InputTypeError(f"{what} cannot be read as an array of integers: {error}") from error


def as_integers(data: Any, what: str) -> NDArray[Any]:
    """Convert to an array of int64; int32 stays as it is."""
    array = as_array(data, what)
    kind = array.dtype.kind
    if array.size == 0 and kind == "f":
        return array.astype(np.int64)  # numpy's dtype of an empty list
    if kind == "f":
        hint = _FLOAT_HINT if what == "samples" else PRESENCE_HINT
        raise InputTypeError(f"{what} are {array.dtype}; expected integers: {hint}")
    if kind == "b":
        raise InputTypeError(f"{what} are booleans; expected integers: {PRESENCE_HINT}")
    if kind == "O" and array.ndim in (1, 2):
        rows = array if array.ndim == 2 else array[np.newaxis]
        _, values = _kernels.to_csr(rows)
        return values.reshape(array.shape)
    if kind not in "iu":
        raise InputTypeError(f"{what} are {array.dtype}; expected integers")
    if array.dtype == np.uint64 and array.size and int(array.max()) > np.iinfo(np.int64).max:
        place = np.unravel_index(int(array.argmax()), array.shape)
        raise InputError(f"{what}{[int(i) for i in place]} is {array.max()}, and must be below 2^63")
    keeps_int32 = array.dtype == np.int32 and what != "samples"
    return np.require(array, np.int32 if keeps_int32 else np.int64, READABLE)
