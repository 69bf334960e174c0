"""Rows from .npy files, mapped into memory, and from the arrays of .npz files, read piece by piece."""

from __future__ import annotations

import math
import zipfile
import zlib
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, InputTypeError
from dcai.tabular.chunk import Compressed, Matrix, RowChunk, column_name, numeric, row_place
from dcai.tabular.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from dcai.tabular.layout import Layout, Shape

__all__ = ["read_npy", "read_npz"]

_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_BEYOND = "is beyond int64"


def read_npy(path: Path, shape: Shape, layout: Layout) -> Iterator[RowChunk]:
    """Yield the rows of a matrix of shape (n, d); the file is mapped, so that it may be larger than memory."""
    if layout.side or layout.features is not None:
        raise InputError(f"{path}: an .npy file has no named columns; use .npz, or a table")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise InputError(f"{path} cannot be read as .npy: {error}") from error
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path} contains .npz data; rename it to .npz")
    _check_matrix(array.shape, f"{path}", shape, path)
    size = shape.batch_rows(layout, array.shape[1])
    for first in range(0, max(len(array), 1), size):
        values = np.ascontiguousarray(array[first : first + size])
        yield _chunk(values, f"{path}", first, len(array), {})


def read_npz(path: Path, shape: Shape, layout: Layout) -> Iterator[RowChunk]:
    """Yield the rows of a matrix of shape (n, d), or of a CSR matrix as ``scipy.sparse.save_npz`` writes it."""
    with ExitStack() as stack:
        try:
            archive = stack.enter_context(zipfile.ZipFile(path))
            arrays = _Arrays(path, archive, stack)
            if {"indptr", "indices", "format"} <= set(arrays.names):
                yield from _read_csr(path, arrays, shape, layout)
            else:
                yield from _read_dense(path, arrays, shape, layout)
        # RuntimeError and NotImplementedError: encrypted, or compressed in a way that this Python does not know.
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise InputError(f"{path} cannot be read as .npz: {error}") from error


def _read_dense(path: Path, arrays: _Arrays, shape: Shape, layout: Layout) -> Iterator[RowChunk]:
    rest = [name for name in arrays.names if name not in (*layout.ignore, *layout.side)]
    names = list(layout.features or rest)
    if len(names) != 1:
        raise InputError(
            f"{path} has the arrays {', '.join(arrays.names)}; name the one with the rows (--features, or features=)"
        )
    matrix = arrays.open(names[0])
    _check_matrix(matrix.shape, f"{path}, array {names[0]!r}", shape, path)
    side = _open_side(path, arrays, layout, matrix.shape[0])
    num_rows, size = matrix.shape[0], shape.batch_rows(layout, matrix.shape[1])
    for first in range(0, max(num_rows, 1), size):
        count = min(size, num_rows - first)
        values = matrix.read(count * matrix.shape[1]).reshape(count, matrix.shape[1])
        yield _chunk(values, f"{path}", first, num_rows, {name: array.read(count) for name, array in side.items()})


def _read_csr(path: Path, arrays: _Arrays, shape: Shape, layout: Layout) -> Iterator[RowChunk]:
    form = bytes(arrays.open("format").read(1)).rstrip(b"\0").decode("ascii", "replace").replace("\0", "")
    if form != "csr":
        raise InputError(f"{path} has a matrix in {form.upper()} form; expected CSR: save_npz(path, matrix.tocsr())")
    num_rows, num_columns = (int(size) for size in arrays.open("shape").read(2))
    shape.check_width(path, num_columns, "columns")
    indptr, indices = arrays.open("indptr"), arrays.open("indices")
    values = arrays.open("data") if "data" in arrays.names else None
    side = _open_side(path, arrays, layout, num_rows)
    if indptr.shape != (num_rows + 1,):
        raise InputError(f"{path}: indptr has shape {indptr.shape}; expected {num_rows + 1} entries, as of shape")
    last = indptr.read(1).astype(np.int64)
    size = shape.batch_rows(layout)
    for first in range(0, max(num_rows, 1), size):
        count = min(size, num_rows - first)
        bounds = np.concatenate([last, indptr.read(count).astype(np.int64)])
        if np.any(np.diff(bounds) < 0) or bounds[0] < 0 or (first == 0 and bounds[0] != 0):
            raise InputError(f"{path}: indptr must start with 0 and never decrease")
        last = bounds[-1:]
        entries = int(bounds[-1] - bounds[0])
        index, _, _ = numeric(indices.read(entries), f"{path}, array 'indices'")
        if index.dtype != np.int64:
            raise InputTypeError(f"{path}: indices are {index.dtype}; expected integers")
        stored, kinds = None, frozenset[str]()
        if values is not None:
            stored, kind, beyond = numeric(values.read(entries), f"{path}, array 'data'")
            kinds = frozenset([kind])
            if beyond is not None:
                raise InputError(f"{path}: array 'data' has a value beyond int64")
        yield RowChunk(
            Compressed(bounds - bounds[0], index, stored, kinds),
            Faults(count),
            np.arange(first, first + count),
            {name: array.read(count) for name, array in side.items()},
            (first + count) / max(num_rows, 1),
            row_place,
        )


class _Arrays:
    """The arrays of an .npz file, by name."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, stack: ExitStack) -> None:
        self._path, self._archive, self._stack = path, archive, stack
        self.names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]

    def open(self, name: str) -> _Stream:
        """Open an array, to be read in order."""
        if name not in self.names:
            raise InputError(f"{self._path} has no array {name!r}; it has: {', '.join(self.names) or 'none'}")
        return _Stream(f"{self._path}, array {name!r}", self._stack.enter_context(self._archive.open(f"{name}.npy")))


class _Stream:
    """The items of one array, read in order."""

    def __init__(self, what: str, file: IO[bytes]) -> None:
        self._what, self._file = what, file
        try:
            self.shape, fortran_order, self.dtype = _READ_HEADER[np.lib.format.read_magic(file)](file)
        except Exception as error:  # numpy evaluates the header as Python literals: any of their errors
            raise InputError(f"{what} has no readable header of .npy version 1.0 or 2.0: {error}") from error
        if self.dtype.hasobject:
            raise InputTypeError(f"{what} holds Python objects, which are not read; expected numbers")
        if fortran_order and len(self.shape) > 1:
            raise InputError(
                f"{what} is stored column by column, so that it cannot be read row by row; "
                "save numpy.ascontiguousarray(array), or an .npy file"
            )

    def read(self, count: int) -> NDArray[Any]:
        """Return the next ``count`` items."""
        content = self._file.read(count * self.dtype.itemsize)
        if len(content) != count * self.dtype.itemsize:
            raise InputError(f"{self._what} is cut short: expected {math.prod(self.shape)} items")
        return np.frombuffer(content, self.dtype)


def _open_side(path: Path, arrays: _Arrays, layout: Layout, num_rows: int) -> dict[str, _Stream]:
    side = {name: arrays.open(name) for name in layout.side}
    for name, array in side.items():
        if array.shape != (num_rows,):
            raise InputError(
                f"{path}, array {name!r} has shape {array.shape}; expected one entry for each of {num_rows} rows"
            )
    return side


def _check_matrix(array_shape: tuple[int, ...], what: str, shape: Shape, path: Path) -> None:
    if len(array_shape) != 2:
        raise InputError(f"{what} has shape {array_shape}; expected (number of rows, number of features)")
    shape.check_width(path, array_shape[1], "columns")


def _chunk(values: NDArray[Any], what: str, first: int, num_rows: int, side: dict[str, Any]) -> RowChunk:
    numbers, kind, beyond = numeric(values, what)
    faults = Faults(len(values))
    if beyond is not None:
        faults.add_cells(beyond, lambda j: column_name(None, j), lambda i, j: f"{values[i, j]} {_BEYOND}")
    rows = np.arange(first, first + len(values))
    fraction = (first + len(values)) / max(num_rows, 1)
    return RowChunk(Matrix(numbers, frozenset([kind])), faults, rows, side, fraction, row_place)
