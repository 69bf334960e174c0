"""What users pass as samples and labels, sorted into one sample or a batch, in the form that the kernels read.

Contiguous arrays of the right dtype pass through without a copy; everything else is converted once, with checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcai import _kernels
from dcai.errors import InputError, InputTypeError

__all__ = ["CsrBatch", "as_dense", "as_label", "as_labels", "as_sparse"]

_FLOAT_HINT = "dcai.to_fixed turns floats into fixed-point integers"


class CsrBatch(NamedTuple):
    """Sparse rows: row ``i`` holds ``indices[indptr[i]:indptr[i + 1]]``."""

    indptr: NDArray[Any]
    indices: NDArray[Any]

    def __len__(self) -> int:
        return max(len(self.indptr) - 1, 0)


def as_dense(data: Any) -> tuple[Any, NDArray[np.int64] | None]:
    """Sort into (sample, None) or (None, batch of shape (n, d)).

    Raises
    ------
    InputError
        Rows of several lengths, more than two dimensions, integers that int64 does not hold.
    InputTypeError
        Floats, booleans, text, sparse matrices.
    """
    if hasattr(data, "tocsr"):
        raise InputTypeError("a dense model needs dense rows; pass matrix.toarray()")
    if isinstance(data, (list, tuple)):
        if not data or not _is_row(data[0]):
            return data, None
        return None, _rectangle(data)
    array = _integers(data, "samples")
    if array.ndim == 1:
        return array, None
    if array.ndim != 2:
        raise InputError(f"samples have shape {array.shape}; expected (d,) for one sample or (n, d) for n of them")
    return None, np.ascontiguousarray(array)


def as_sparse(data: Any) -> tuple[Any, CsrBatch | None]:
    """Sort into (sample, None) or (None, batch), the numbers being feature indices.

    Raises
    ------
    InputError
        A matrix with values other than 1, an array of two dimensions, integers that int64 does not hold.
    InputTypeError
        Floats, booleans, text.
    """
    if type(data) is list and data and type(data[0]) is int:
        return data, None  # the most frequent case, first
    if hasattr(data, "tocsr"):
        return None, _from_scipy(data)
    if hasattr(data, "indptr") and hasattr(data, "indices"):
        data = (data.indptr, data.indices)  # rows as dcai.data has them
    if isinstance(data, tuple) and len(data) == 2 and all(_is_row(part) for part in data):
        indptr, indices = (_integers(part, what) for part, what in zip(data, CsrBatch._fields, strict=True))
        if indptr.ndim != 1 or indices.ndim != 1:
            raise InputError(
                f"(indptr, indices) have shapes {indptr.shape} and {indices.shape}; both need one dimension"
            )
        return None, CsrBatch(_native(indptr), _native(indices))
    if isinstance(data, (list, tuple)):
        if not data or not _is_row(data[0]):
            return data, None
        return None, CsrBatch(*_kernels.to_csr(data))
    array = _integers(data, "feature indices")
    if array.ndim == 1:
        return array, None
    raise InputError(
        f"feature indices have shape {array.shape}; a sparse model takes the indices of the features that are present: "
        "one sample as a sequence of indices, a batch as scipy CSR, (indptr, indices) or a list of lists. "
        "From a 0/1 matrix: scipy.sparse.csr_array(matrix)"
    )


def as_label(label: Any) -> int:
    """One label; numpy booleans count as 0 and 1."""
    if type(label) is int:
        return label
    if isinstance(label, (bool, np.bool_)):
        return int(label)
    if isinstance(label, np.ndarray) and label.ndim == 0:
        return as_label(label.item())
    if _is_row(label):
        raise InputTypeError("one sample takes one label, not a sequence of labels")
    # The kernel checks type and range.
    return label  # type: ignore[no-any-return]  # an integer, or the kernel refuses it


def as_labels(labels: Any, num_rows: int) -> NDArray[np.uint64]:
    """One label a row as uint64.

    Raises
    ------
    InputError
        Another number of labels than rows, or a label that uint64 does not hold.
    InputTypeError
        Labels that are not integers.
    """
    if not _is_row(labels):
        raise InputTypeError(f"a batch takes a sequence of {num_rows} labels, not {labels!r}")
    array = np.asarray(labels)
    if array.size == 0:
        array = array.astype(np.uint64)
    if array.ndim != 1 or len(array) != num_rows:
        raise InputError(f"labels have shape {array.shape}; expected one for each of {num_rows} rows")
    if array.dtype.kind == "b":
        return array.astype(np.uint64)
    if array.dtype.kind not in "iuO":
        raise InputTypeError(f"labels are {array.dtype}; expected integers, the indices of classes")
    if array.dtype.kind == "O":
        # Python integers too large for numpy, or no integers at all: each is looked at.
        for row, label in enumerate(array):
            if isinstance(label, bool) or not isinstance(label, (int, np.integer)):
                raise InputTypeError(f"labels[{row}] is {label!r}; expected an integer")
    outside = np.flatnonzero((array < 0) | (array > np.iinfo(np.uint64).max))
    if outside.size:
        row = int(outside[0])
        raise InputError(f"labels[{row}] is {array[row]}, and must be from 0 to 2^64 - 1")
    return np.ascontiguousarray(array, dtype=np.uint64)


def _is_row(item: Any) -> bool:
    """Whether an item is a sequence of numbers rather than a number."""
    if isinstance(item, np.ndarray):
        return item.ndim > 0
    return isinstance(item, Sequence) and not isinstance(item, (str, bytes))


def _integers(data: Any, what: str) -> NDArray[Any]:
    """An array of int64, or int32 as it is, from anything that numpy reads."""
    if isinstance(data, (str, bytes)):
        raise InputTypeError(f"{what} are the text {data!r}; expected integers")
    if data is None:
        raise InputTypeError(f"{what} are None; expected integers")
    try:
        array = np.asarray(data)
    except (ValueError, TypeError) as error:
        raise InputTypeError(f"{what} cannot be read as an array of integers: {error}") from error
    kind = array.dtype.kind
    if array.size == 0 and kind == "f":
        return array.astype(np.int64)  # numpy's dtype of an empty list
    if kind == "f":
        raise InputTypeError(f"{what} are {array.dtype}; expected integers: {_FLOAT_HINT}")
    if kind == "b":
        raise InputTypeError(
            f"{what} are booleans; expected integers (np.flatnonzero turns presence into feature indices)"
        )
    if kind == "O" and array.ndim in (1, 2):
        rows = array if array.ndim == 2 else array[np.newaxis]
        _, values = _kernels.to_csr(rows)
        return values.reshape(array.shape)
    if kind not in "iu":
        raise InputTypeError(f"{what} are {array.dtype}; expected integers")
    if array.dtype == np.uint64 and array.size and int(array.max()) > np.iinfo(np.int64).max:
        place = np.unravel_index(int(array.argmax()), array.shape)
        raise InputError(f"{what}{[int(i) for i in place]} is {array.max()}, and must be below 2^63")
    return array if array.dtype == np.int32 and what != "samples" else array.astype(np.int64, copy=False)


def _native(array: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(array)


def _rectangle(rows: Sequence[Any]) -> NDArray[np.int64]:
    indptr, values = _kernels.to_csr(rows)
    lengths = np.diff(indptr)
    odd = np.flatnonzero(lengths != lengths[0])
    if odd.size:
        row = int(odd[0])
        raise InputError(f"row {row} has {lengths[row]} values, row 0 has {lengths[0]}; all rows need one length")
    return values.reshape(len(rows), int(lengths[0]))


def _from_scipy(matrix: Any) -> CsrBatch:
    if matrix.format != "csr":
        matrix = matrix.tocsr()
    if not np.all(matrix.data == 1):
        position = int(np.flatnonzero(matrix.data != 1)[0])
        row = int(np.searchsorted(matrix.indptr, position, side="right")) - 1
        raise InputError(
            f"row {row}, column {matrix.indices[position]} of the matrix is {matrix.data[position]}; "
            "sparse models see presence alone, so every stored value must be 1"
        )
    return CsrBatch(_native(matrix.indptr), _native(matrix.indices))
