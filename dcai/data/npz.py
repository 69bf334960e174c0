"""Read .npz files with lists of integers without running code from their pickles.

numpy stores an object array as a pickle, and a pickle may call anything. Here the unpickler gets
stand-ins for the few names that such an array needs; they only remember what they were given. So a
file can yield integers, lists and tuples of them, or an error, and nothing else; not even numpy's
own array code runs on its content.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from dcai.errors import DataError

__all__ = ["NpzReader"]

#: Names that numpy and the pickle protocols 2 to 5 use in the pickle of an object array.
_ADMITTED = frozenset(
    [
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("_codecs", "encode"),
    ]
)

_READ_HEADER = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


class _Made:
    """What a stand-in made: the arguments of the call, and the state that the pickle then set."""

    __slots__ = ("args", "name", "state")

    def __init__(self, name: str, args: tuple[Any, ...]) -> None:
        self.name = name
        self.args = args
        self.state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _StandIn:
    """A callable in place of a name that a pickle asks for."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *args: Any) -> _Made:
        return _Made(self.name, args)

    def __setstate__(self, state: Any) -> NoReturn:
        raise pickle.UnpicklingError(f"sets the state of {self.name}")


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> _StandIn:
        if (module, name) not in _ADMITTED:
            raise pickle.UnpicklingError(f"asks for {module}.{name}, which is not part of an array")
        return _StandIn(name)


class NpzReader:
    """The arrays of one .npz file; a context manager.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    DataError
        Where the file cannot be opened or is no .npz file. The methods raise it where an array is
        missing, damaged, or of another kind; the message names file and array.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise DataError(f"{path}: there is no such file") from None
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise DataError(f"{path}: not an .npz file, or cut short: {error}") from error

    def __enter__(self) -> NpzReader:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def integers(self, key: str) -> NDArray[np.int64]:
        """Read a one-dimensional array of integers.

        Returns
        -------
        int64 array, shape (n,)
        """
        shape, dtype, body = self._array(key)
        if dtype.kind not in "iu" or len(shape) != 1:
            raise self._error(key, f"must be a row of integers, is {dtype} of shape {shape}")
        if len(body) != dtype.itemsize * shape[0]:
            raise self._error(key, f"holds {len(body)} bytes where {shape[0]} x {dtype} are announced")
        values = np.frombuffer(body, dtype)
        if values.size and int(values.max()) > np.iinfo(np.int64).max:
            raise self._error(key, f"holds {values.max()}, which is above the 64-bit range")
        return values.astype(np.int64)

    def integer_lists(self, key: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Read a one-dimensional object array whose entries are lists of integers.

        Returns
        -------
        lengths : int64 array, shape (n,)
            Length of each list.
        values : int64 array, shape (sum of lengths,)
            All entries, list after list.
        """
        shape, dtype, body = self._array(key)
        if dtype.kind != "O" or len(shape) != 1:
            raise self._error(key, f"must be a row of lists of integers, is {dtype} of shape {shape}")
        lists = self._unpickled(key, body, shape[0])
        if not all(type(entry) is list for entry in lists):
            position = next(i for i, entry in enumerate(lists) if type(entry) is not list)
            raise self._error(key, f"entry {position} is not a list of integers")
        if not set(map(type, chain.from_iterable(lists))) <= {int}:
            position = next(i for i, e in enumerate(lists) if any(type(v) is not int for v in e))
            raise self._error(key, f"the list at {position} holds values that are not integers")
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        try:
            values = np.fromiter(chain.from_iterable(lists), np.int64, int(lengths.sum()))
        except OverflowError:
            raise self._error(key, "holds an integer outside the 64-bit range") from None
        return lengths, values

    def _unpickled(self, key: str, body: bytes, size: int) -> Sequence[Any]:
        stream = io.BytesIO(body)
        try:
            made = _ArrayUnpickler(stream).load()
        except Exception as error:  # damage may show in any operation of a pickle
            raise self._error(key, f"is not the pickle of an array of integer lists: {error}") from error
        if stream.read(1):
            raise self._error(key, "has bytes after the end of its pickle")
        # The state of an array: version, shape, dtype, Fortran order, entries.
        match made:
            case _Made(name="_reconstruct", state=(_, (int(n),), _Made(name="dtype"), _, list(x))):
                if n == size == len(x):
                    return x
                raise self._error(key, f"announces {size} lists and holds {len(x)}")
        raise self._error(key, "is not the pickle of a one-dimensional object array")

    def _array(self, key: str) -> tuple[tuple[int, ...], np.dtype[Any], bytes]:
        """Shape, dtype and raw body of one array of the file."""
        try:
            content = self._zip.read(f"{key}.npy")
        except KeyError:
            keys = ", ".join(sorted(name.removesuffix(".npy") for name in self._zip.namelist()))
            raise DataError(f"{self.path}: has no array {key!r}; it has: {keys or 'none'}") from None
        # RuntimeError: encrypted, or compressed in a way that this Python does not know.
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise self._error(key, f"is damaged or cut short: {error}") from error
        stream = io.BytesIO(content)
        try:
            read_header = _READ_HEADER[np.lib.format.read_magic(stream)]
            shape, _, dtype = read_header(stream)
        except Exception as error:  # numpy evaluates the header as Python literals: any of their errors
            raise self._error(key, f"has no readable header of .npy version 1.0 or 2.0: {error}") from error
        return shape, dtype, stream.read()

    def _error(self, key: str, what: str) -> DataError:
        return DataError(f"{self.path}: array {key!r} {what}")
