"""What users pass as samples and labels, sorted into one sample or a batch, in the form that the kernels read.

Contiguous arrays of the right dtype pass through without a copy; everything else is converted once, with checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcai import _kernels
from dcai.errors import InputError, InputTypeError, shown

__all__ = ["CsrBatch", "as_dense", "as_label", "as_labels", "as_sparse", "not_ones"]

#: What the kernels read in place.
_READABLE: tuple[Literal["C"], Literal["A"]] = ("C", "A")
#: Values of a matrix at which the kernels look themselves.
_VALUE_TYPES = frozenset(map(np.dtype, "fdlibhB?"))
_FLOAT_HINT = "dcai.to_fixed turns floats into fixed-point integers"


class CsrBatch(NamedTuple):
    """Sparse rows: row ``i`` holds ``indices[indptr[i]:indptr[i + 1]]``."""

    indptr: NDArray[Any]
    indices: NDArray[Any]
    #: What a matrix stores at the indices, where nobody has looked yet whether it is 1 throughout.
    values: NDArray[Any] | None = None

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
    return None, array


def as_sparse(data: Any, *, with_values: bool = False) -> tuple[Any, CsrBatch | None]:
    """Sort into (sample, None) or (None, batch), the numbers being feature indices.

    With ``with_values``, the batch may have values of a matrix that the caller must have checked: see `not_ones`.

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
        return None, _from_scipy(data, with_values=with_values)
    if hasattr(data, "indptr") and hasattr(data, "indices"):
        data = (data.indptr, data.indices)  # rows as dcai.data has them
    if isinstance(data, tuple) and len(data) == 2 and all(_is_row(part) for part in data):
        indptr, indices = _integers(data[0], "indptr"), _integers(data[1], "indices")
        return None, _csr(indptr, indices)
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
    return label  # type: ignore[no-any-return]  # an integer, or the kernel refuses it


def as_labels(labels: Any, num_rows: int | None) -> NDArray[np.uint64]:
    """Labels as uint64, one for each of ``num_rows`` rows, or any number of them for None.

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
        array = _as_array(labels, "labels")
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
    return np.require(array, np.uint64, _READABLE)


def _is_row(item: Any) -> bool:
    """Whether an item is a sequence of numbers rather than a number."""
    if isinstance(item, (list, tuple)):
        return True
    if isinstance(item, np.ndarray):
        return item.ndim > 0
    if isinstance(item, np.generic):
        return False
    return (isinstance(item, Sequence) and not isinstance(item, (str, bytes))) or hasattr(item, "__array__")


def _as_array(data: Any, what: str) -> NDArray[Any]:
    """An array of anything that numpy reads and that has no masked items."""
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


def _integers(data: Any, what: str) -> NDArray[Any]:
    """An array of int64, or int32 as it is, from anything that numpy reads."""
    array = _as_array(data, what)
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
    keeps_int32 = array.dtype == np.int32 and what != "samples"
    return np.require(array, np.int32 if keeps_int32 else np.int64, _READABLE)


def _rectangle(rows: Sequence[Any]) -> NDArray[np.int64]:
    indptr, values = _kernels.to_csr(rows)
    lengths = np.diff(indptr)
    odd = np.flatnonzero(lengths != lengths[0])
    if odd.size:
        row = int(odd[0])
        raise InputError(f"row {row} has {lengths[row]} values, row 0 has {lengths[0]}; all rows need one length")
    return values.reshape(len(rows), int(lengths[0]))


def _csr(indptr: NDArray[Any], indices: NDArray[Any], values: NDArray[Any] | None = None) -> CsrBatch:
    if indptr.ndim != 1 or indices.ndim != 1:
        raise InputError(f"(indptr, indices) have shapes {indptr.shape} and {indices.shape}; both need one dimension")
    return CsrBatch(indptr, indices, values)


def _from_scipy(matrix: Any, *, with_values: bool) -> CsrBatch:
    if matrix.format != "csr":
        matrix = matrix.tocsr()
    indptr = _integers(matrix.indptr, "indptr")
    # The arrays may be longer than what the matrix uses of them.
    used = slice(0, int(indptr[-1]) if indptr.ndim == 1 and indptr.size else None)
    values, indices = matrix.data[used], _integers(matrix.indices, "indices")[used]
    batch = _csr(indptr, indices, values)
    is_readable = values.dtype in _VALUE_TYPES and values.flags.c_contiguous and values.flags.aligned
    if with_values and is_readable:
        return batch
    if not (_kernels.are_ones(values) if is_readable else np.all(values == 1)):
        raise not_ones(batch)
    return CsrBatch(indptr, indices)


def not_ones(batch: CsrBatch) -> InputError:
    """Say which value of a matrix is not 1."""
    values = np.asarray(batch.values)
    others = np.flatnonzero(values != 1)
    if not others.size:
        return InputError(f"the matrix stores {len(values)} values at {len(batch.indices)} indices")
    position = int(others[0])
    row = int(np.searchsorted(batch.indptr, position, side="right")) - 1
    return InputError(
        f"row {row}, column {batch.indices[position]} of the matrix is {values[position]}; "
        "sparse models see presence alone, so every stored value must be 1"
    )
