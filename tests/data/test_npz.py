import io
import pickle
import random
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcai.data.npz import NpzReader
from dcai.errors import DataError

LISTS: list[list[int]] = [[1, 2, 3], [], [70_000, 255, 256], [2**63 - 1, -(2**63)]]


def objects(entries: list[Any]) -> np.ndarray[Any, Any]:
    array = np.empty(len(entries), object)
    for i, entry in enumerate(entries):
        array[i] = entry
    return array


def npy(body: bytes, shape: tuple[int, ...] = (4,), descr: str = "|O") -> bytes:
    stream = io.BytesIO()
    header = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)
    return stream.getvalue() + body


def write(path: Path, **arrays: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, content in arrays.items():
            file.writestr(f"{name}.npy", content)
    return path


def read_lists(path: Path) -> list[list[int]]:
    with NpzReader(path) as reader:
        lengths, values = reader.integer_lists("x")
    ends = np.cumsum(lengths).tolist()
    return [values[end - n : end].tolist() for n, end in zip(lengths.tolist(), ends, strict=True)]


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_lists_and_integers_as_numpy_writes_them(tmp_path: Path, save: Any) -> None:
    save(tmp_path / "a.npz", x=objects(LISTS), y=np.array([3, -1], np.int8))
    assert read_lists(tmp_path / "a.npz") == LISTS
    with NpzReader(tmp_path / "a.npz") as reader:
        labels = reader.integers("y")
    assert labels.tolist() == [3, -1]
    assert labels.dtype == np.int64


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("module", [b"numpy._core.multiarray", b"numpy.core.multiarray"])
def test_pickles_of_every_numpy_and_protocol(tmp_path: Path, protocol: int, module: bytes) -> None:
    body = pickle.dumps(objects(LISTS), protocol)
    for name in (b"numpy._core.multiarray", b"numpy.core.multiarray"):
        # A name is written with its length, or up to the end of the line.
        body = body.replace(bytes([len(name)]) + name, bytes([len(module)]) + module)
        body = body.replace(b"c" + name + b"\n", b"c" + module + b"\n")
    if protocol >= 4:  # a frame states the number of its bytes; without frames none has to be right
        body = re.sub(rb"^(\x80.)\x95.{8}", rb"\1", body, flags=re.DOTALL)
    assert module in body
    assert read_lists(write(tmp_path / "a.npz", x=npy(body))) == LISTS


class Harm:
    """Pickles as a call of any function."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("wrap", [lambda harm: harm, lambda harm: objects([[harm]] * 4)])
def test_nothing_in_a_file_is_executed(tmp_path: Path, wrap: Any) -> None:
    trace = tmp_path / "executed"
    body = pickle.dumps(wrap(Harm(Path.touch, trace)))
    pickle.loads(body)
    assert trace.exists(), "the pickle must be able to do harm, or this test shows nothing"
    trace.unlink()
    with pytest.raises(DataError, match=r"a\.npz: array 'x' .* which is not part of an array"):
        read_lists(write(tmp_path / "a.npz", x=npy(body)))
    assert not trace.exists()


def test_the_state_of_a_stand_in_cannot_be_set(tmp_path: Path) -> None:
    # Build: the state of the function numpy.dtype, in place of an object's.
    body = b"\x80\x02cnumpy\ndtype\n}U\x05__x__K\x01sb."
    with pytest.raises(DataError, match="sets the state of dtype"):
        read_lists(write(tmp_path / "a.npz", x=npy(body)))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (pickle.dumps(objects([[1], [2], [3]])), "announces 4 lists and holds 3"),
        (pickle.dumps([[1], [2], [3], [4]]), "not the pickle of a one-dimensional object array"),
        (pickle.dumps(np.arange(4)), "not the pickle of a one-dimensional object array"),
        (pickle.dumps(objects([[1], (2,), [3], [4]])), "entry 1 is not a list of integers"),
        (pickle.dumps(objects([[1], [2], 3, [4]])), "entry 2 is not a list of integers"),
        (pickle.dumps(objects([[1], [2], [3], [4.0]])), "the list at 3 holds values that are not integers"),
        (pickle.dumps(objects([[True], [2], [3], [4]])), "the list at 0 holds values that are not integers"),
        (pickle.dumps(objects([[1], [[2]], [3], [4]])), "the list at 1 holds values that are not integers"),
        (pickle.dumps(objects([[1], [2**63], [3], [4]])), "outside the 64-bit range"),
        (pickle.dumps(objects(LISTS))[:-30], "not the pickle of an array of integer lists"),
        (pickle.dumps(objects(LISTS)) + b".", "bytes after the end"),
        (b"", "not the pickle of an array of integer lists"),
    ],
)
def test_other_content_of_an_object_array(tmp_path: Path, body: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"a\.npz: array 'x' .*{re.escape(message)}"):
        read_lists(write(tmp_path / "a.npz", x=npy(body)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no readable header"),
        (b"\x93NUMPY\x07\x00\x10\x00{}", "no readable header"),
        (b"\x93NUMPY\x01\x00\x10\x00{'shape': ((((((", "no readable header"),
        (npy(b"\0" * 32, (4,), "<i8"), "must be a row of lists of integers, is int64"),
        (npy(pickle.dumps(objects(LISTS)), (2, 2)), r"of shape (2, 2)"),
    ],
)
def test_other_arrays_than_lists(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=rf"a\.npz: array 'x' .*{re.escape(message)}"):
        read_lists(write(tmp_path / "a.npz", x=content))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (npy(b"\0" * 31, (4,), "<i8"), "holds 31 bytes where 4 x int64 are announced"),
        (npy(b"\0" * 32, (-4,), "<i8"), "holds 32 bytes where -4"),
        (npy(b"\0" * 32, (4,), "<f8"), "must be a row of integers, is float64"),
        (npy(b"\0" * 32, (2, 2), "<i8"), "must be a row of integers, is int64 of shape (2, 2)"),
        (npy(b"\xff" * 8, (1,), "<u8"), "which is above the 64-bit range"),
        (npy(pickle.dumps(objects(LISTS))), "must be a row of integers, is object"),
    ],
)
def test_other_arrays_than_integers(tmp_path: Path, content: bytes, message: str) -> None:
    with (
        NpzReader(write(tmp_path / "a.npz", y=content)) as reader,
        pytest.raises(DataError, match=rf"a\.npz: array 'y' .*{re.escape(message)}"),
    ):
        reader.integers("y")


def test_a_missing_array_is_named_with_those_there(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", b=npy(b""), a=npy(b""))
    with pytest.raises(DataError, match=r"a\.npz: has no array 'x'; it has: a, b"):
        read_lists(path)
    with pytest.raises(DataError, match=r"it has: none"):
        read_lists(write(tmp_path / "a.npz"))


def test_files_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("not found")
    (tmp_path / "empty.npz").touch()
    for name, message in (
        ("text.npz", "not an .npz file"),
        ("empty.npz", "not an .npz file"),
        ("gone.npz", "there is no such file"),
        ("", "cannot be read"),
    ):
        with pytest.raises(DataError, match=re.escape(f"{tmp_path / name}: {message}")):
            NpzReader(tmp_path / name)


@pytest.mark.filterwarnings("ignore:Reading `.npy` or `.npz` file:UserWarning")
def test_whatever_is_damaged_the_answer_is_one_error(tmp_path: Path) -> None:
    rng = random.Random(7)
    whole = npy(pickle.dumps(objects(LISTS)))
    intact = write(tmp_path / "a.npz", x=whole).read_bytes()
    failures = 0
    for trial in range(1500):
        if trial % 3 == 0:  # the file cut short
            (tmp_path / "a.npz").write_bytes(intact[: rng.randrange(len(intact))])
        else:  # bytes of the file changed, or those of the array, whose checksum then is right
            damaged = bytearray(intact if trial % 3 == 1 else whole)
            for _ in range(rng.choice((1, 3))):
                damaged[rng.randrange(len(damaged))] = rng.randrange(256)
            if trial % 3 == 1:
                (tmp_path / "a.npz").write_bytes(damaged)
            else:
                write(tmp_path / "a.npz", x=bytes(damaged))
        try:
            read_lists(tmp_path / "a.npz")
        except DataError as error:
            assert str(tmp_path / "a.npz") in str(error)  # noqa: PT017 - no error is right too
            failures += 1
    assert failures > 1000
