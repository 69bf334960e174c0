"""Samples, batches and labels in the form that the kernels read.

Contiguous arrays of the right dtype pass through without a copy; everything else is converted once, with checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dcai import _kernels
from dcai.errors import InputError, InputTypeError, shown
from dcai.rows import PRESENCE_HINT, READABLE, CsrRows, as_array, as_integers

__all__ = [
    "Batch",
    "CsrBatch",
    "Labels",
    "Sample",
    "as_label",
    "as_labels",
    "dense_batch",
    "dense_sample",
    "refuse_presence",
    "sparse_batch",
    "sparse_sample",
]

#: Types of an array that the kernels read; numpy has one object for each.
_INT32, _INT64 = np.dtype(np.int32), np.dtype(np.int64)
#: Types of the values of a matrix that the kernels read.
_VALUE_TYPES = frozenset(map(np.dtype, "fdlibhB?"))


class SupportsArray(Protocol):
    """A column or table that numpy reads: of pandas, polars or pyarrow."""

    def __array__(self, dtype: Any = None, /) -> NDArray[Any]: ...


class SupportsCsr(Protocol):
    """A sparse matrix of SciPy."""

    def tocsr(self) -> Any: ...


#: One sample: features, or feature indices.
Sample: TypeAlias = Sequence[int] | NDArray[Any]
#: Rows: a list of samples, an array, CSR, or a column of lists.
Batch: TypeAlias = Sequence[Sample] | CsrRows | SupportsCsr | SupportsArray | NDArray[Any]
#: One label a row.
Labels: TypeAlias = Sequence[int] | SupportsArray | NDArray[Any]


class CsrBatch(NamedTuple):
    """Sparse rows as the kernels take them: row ``i`` holds ``indices[indptr[i]:indptr[i + 1]]``."""

    indptr: NDArray[Any]
    indices: NDArray[Any]
    #: Values that a matrix stores at the indices; the kernels refuse anything but 1.
    values: NDArray[Any] | None = None

    def __len__(self) -> int:
        return max(len(self.indptr) - 1, 0)


def dense_sample(data: Any) -> Any:
    """Return one sample of a dense model as the kernels take it.

    Raises
    ------
    InputError
        A batch, or integers that int64 does not hold.
    InputTypeError
        Floats, booleans, text, sparse matrices.
    """
    if _is_plain(data):
        return data
    _refuse_matrix(data)
    return _sample(data, "samples")


def sparse_sample(data: Any) -> Any:
    """Return the feature indices of one sample as the kernels take them; errors as of `dense_sample`."""
    if _is_plain(data) or (type(data) is list and data and type(data[0]) is int):
        return data  # the most frequent cases, first
    if hasattr(data, "tocsr"):
        raise _a_batch()
    if isinstance(data, (list, tuple)) and data and type(data[0]) in (bool, float):
        raise InputTypeError(f"sample[0] is {data[0]} ({type(data[0]).__name__}); expected an integer: {PRESENCE_HINT}")
    return _sample(data, "feature indices")


def _is_plain(data: Any) -> bool:
    """Return whether data are a one-dimensional array that the kernels read without a slower conversion."""
    return type(data) is np.ndarray and data.ndim == 1 and (data.dtype is _INT32 or data.dtype is _INT64)


def refuse_presence(sample: Any) -> None:
    """Refuse an array of 0 and 1 that cannot be strictly increasing indices."""
    # The third of such indices is above 1.
    if isinstance(sample, np.ndarray) and sample.size > 2 and sample[2] <= 1 and np.isin(sample, (0, 1)).all():
        raise InputError(
            f"the sample is a row of 0 and 1; expected strictly increasing feature indices: {PRESENCE_HINT}"
        )


def _sample(data: Any, what: str) -> Any:
    if isinstance(data, (list, tuple)):
        if data and _is_row(data[0]):
            raise _a_batch()
        return data
    if isinstance(data, CsrRows):
        raise _a_batch()
    array = as_integers(data, what)
    if array.ndim != 1:
        raise _a_batch(f" of shape {array.shape}")
    return array


def _a_batch(of_shape: str = "") -> InputTypeError:
    return InputTypeError(f"expected one sample, got a batch{of_shape}: predict_batch and update_batch take batches")


def dense_batch(data: Any) -> NDArray[np.int64]:
    """Return a batch as an array of shape (n, d).

    Raises
    ------
    InputError
        One sample, rows of several lengths, more than two dimensions, integers that int64 does not hold.
    InputTypeError
        Floats, booleans, text, sparse matrices.
    """
    _refuse_matrix(data)
    data = _rows_of_column(data, "samples")
    if isinstance(data, CsrRows):
        return _rectangle(*_readable(data))
    if isinstance(data, (list, tuple)):
        return _rectangle(*_kernels.to_csr(_checked_rows(data)))
    array = as_integers(data, "samples")
    if array.ndim == 1:
        raise _one_sample()
    if array.ndim != 2:
        raise InputError(f"the batch has shape {array.shape}; expected (n, d): n samples of d features")
    return array


def sparse_batch(data: Any) -> CsrBatch:
    """Return a batch in compressed form, the numbers being feature indices.

    Raises
    ------
    InputError
        One sample, an array of two dimensions, integers that int64 does not hold.
    InputTypeError
        Floats, booleans, text.
    """
    if hasattr(data, "tocsr"):
        return _from_scipy(data)
    data = _rows_of_column(data, "feature indices")
    if isinstance(data, CsrRows):
        return CsrBatch(*_readable(data))
    if isinstance(data, (list, tuple)):
        return CsrBatch(*_kernels.to_csr(_checked_rows(data)))
    array = as_integers(data, "feature indices")
    if array.ndim == 1:
        raise _one_sample()
    raise InputError(
        f"the batch has shape {array.shape}; a sparse model takes the indices of the features that are present, as "
        "scipy CSR, dcai.CsrRows(indptr, indices) or a list of lists. From a 0/1 matrix: scipy.sparse.csr_array(matrix)"
    )


def _refuse_matrix(data: Any) -> None:
    if hasattr(data, "tocsr"):
        raise InputTypeError("a dense model takes dense rows; pass matrix.toarray()")


def _checked_rows(rows: Sequence[Any]) -> Sequence[Any]:
    if rows and not _is_row(rows[0]):
        raise _one_sample()
    return rows


def _one_sample() -> InputTypeError:
    return InputTypeError("expected a batch, got one sample: predict and update take one sample")


def _rows_of_column(data: Any, what: str) -> Any:
    """Turn a column of lists, of pandas, polars or pyarrow, into rows; return anything else as it is."""
    if hasattr(data, "combine_chunks") and hasattr(data, "type"):  # pyarrow.ChunkedArray
        data = data.combine_chunks()
    if hasattr(data, "value_lengths") and hasattr(data, "flatten"):  # an array of lists of pyarrow
        if data.null_count:
            raise InputError(f"the column has {data.null_count} missing rows; expected a list in each")
        indptr = np.cumsum([0, *np.asarray(data.value_lengths())], dtype=np.int64)
        values = data.flatten()
        if values.null_count:
            raise InputError(f"the lists of the column have {values.null_count} missing values; expected integers")
        return CsrRows(indptr, as_integers(np.asarray(values), what))
    if isinstance(data, (np.ndarray, list, tuple, CsrRows)) or not hasattr(data, "to_list"):
        return data
    items = data.to_list()  # a series of pandas or polars
    return items if not items or _is_row(items[0]) else data


def _readable(rows: CsrRows) -> tuple[NDArray[Any], NDArray[Any]]:
    return np.require(rows.indptr, requirements=READABLE), np.require(rows.indices, requirements=READABLE)


def as_label(label: Any) -> int:
    """Return one label; numpy booleans count as 0 and 1."""
    if type(label) is int:
        return label
    if isinstance(label, (bool, np.bool_)):
        return int(label)
    if isinstance(label, np.ndarray) and label.ndim == 0:
        return as_label(label.item())
    if _is_row(label):
        raise InputTypeError("one sample takes one label, not a sequence of labels")
    return label  # type: ignore[no-any-return]  # an integer, or the kernel refuses it


def as_labels(labels: Labels, num_rows: int | None) -> NDArray[np.uint64]:
    """Return labels as uint64, one for each of ``num_rows`` rows; None allows any number.

    Raises
    ------
    InputError
        Another number of labels than rows, or a label that uint64 does not hold.
    InputTypeError
        Labels that are not integers.
    """
    if not _is_row(labels):
        raise InputTypeError(f"a batch takes a sequence of labels, one a row, not {shown(labels)}")
    if isinstance(labels, (list, tuple)):
        array = _kernels.to_labels([as_label(label) for label in labels])
    else:
        array = as_array(labels, "labels")
        if array.dtype.kind == "O" and array.ndim == 1:
            array = _kernels.to_labels(array)
        elif array.dtype.kind not in "iub" and array.size:
            raise InputTypeError(f"labels are {array.dtype}; expected integers, the indices of classes")
        elif array.dtype.kind == "i" and array.size and array.min() < 0:
            row = int(array.argmin())
            raise InputError(f"labels[{row}] is {array.flat[row]}, and must be an integer from 0 to 2^64 - 1")
    if array.ndim != 1 or num_rows not in (None, len(array)):
        rows = "row" if num_rows is None else f"of {num_rows} rows"
        raise InputError(f"labels have shape {array.shape}; expected one for each {rows}")
    return np.require(array, np.uint64, READABLE)


def _is_row(item: Any) -> bool:
    """Return whether an item is a sequence of numbers rather than a number."""
    if isinstance(item, (list, tuple)):
        return True
    if isinstance(item, np.ndarray):
        return item.ndim > 0
    if isinstance(item, np.generic):
        return False
    return (isinstance(item, Sequence) and not isinstance(item, (str, bytes))) or hasattr(item, "__array__")


def _rectangle(indptr: NDArray[Any], values: NDArray[Any]) -> NDArray[np.int64]:
    lengths = np.diff(indptr)
    if not lengths.size:
        return np.empty((0, 0), np.int64)
    odd = np.flatnonzero(lengths != lengths[0])
    if odd.size:
        row = int(odd[0])
        raise InputError(f"row {row} has {lengths[row]} values, row 0 has {lengths[0]}; all rows need one length")
    return np.require(values.reshape(len(lengths), int(lengths[0])), np.int64, READABLE)


def _from_scipy(matrix: Any) -> CsrBatch:
    if matrix.format != "csr":
        matrix = matrix.tocsr()
    indptr = as_integers(matrix.indptr, "indptr")
    if indptr.ndim != 1 or np.ndim(matrix.indices) != 1:
        raise InputError("indptr and indices of a CSR matrix have one dimension each")
    # The arrays may be longer than what the matrix uses of them.
    used = slice(0, int(indptr[-1]) if indptr.size else None)
    values, indices = matrix.data[used], as_integers(matrix.indices, "indices")[used]
    if values.dtype not in _VALUE_TYPES:
        values = values.astype(np.float64) if values.dtype.kind in "iu" else values == 1
    return CsrBatch(indptr, indices, np.require(values, requirements=READABLE))
