"""File formats by name and by suffix."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dcai.errors import InputError

__all__ = ["INPUT_FORMATS", "OUTPUT_FORMATS", "expand", "input_format", "output_format"]

_SUFFIXES = {
    ".npy": "npy",
    ".npz": "npz",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".svm": "svmlight",
    ".svmlight": "svmlight",
    ".libsvm": "svmlight",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
#: Text may be compressed; the other formats do that themselves.
_COMPRESSIONS = {".gz", ".bz2"}

INPUT_FORMATS = ("npy", "npz", "csv", "parquet", "arrow", "svmlight")
OUTPUT_FORMATS = ("csv", "parquet", "arrow", "npy", "jsonl")


def input_format(path: Path, given: str | None = None) -> str:
    """Return the format of a file to read."""
    if given is not None:
        if given not in INPUT_FORMATS:
            raise InputError(f"format {given!r} cannot be read; expected one of {', '.join(INPUT_FORMATS)}")
        return given
    form = _of_name(path)
    if form not in INPUT_FORMATS:
        raise InputError(f"{path}: cannot tell the format from the file name; choose one of {', '.join(INPUT_FORMATS)}")
    compressed = path.suffix.lower() in _COMPRESSIONS
    if compressed and form not in ("csv", "svmlight"):
        raise InputError(f"{path}: only CSV and svmlight files are read compressed; decompress it first")
    return form


def output_format(path: Path | None, given: str | None = None) -> str:
    """Return the format of a file to write; CSV for standard output."""
    form = given or ("csv" if path is None else _SUFFIXES.get(path.suffix.lower()))
    if form not in OUTPUT_FORMATS:
        what = f"format {given!r} cannot be written" if given else f"{path}: cannot tell the format from the file name"
        raise InputError(f"{what}; expected one of {', '.join(OUTPUT_FORMATS)}")
    return form


def expand(paths: Iterable[Path], given: str | None = None) -> list[Path]:
    """Return the files of paths, in order: a folder gives its files, sorted by path.

    Raises
    ------
    InputError
        A path does not exist, or a folder has no file, or files of several formats.
    """
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files += _files_of(path, given)
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"{path}: there is no such file or folder")
    if not files:
        raise InputError("there is no file to read; expected at least one")
    return files


def _files_of(folder: Path, given: str | None) -> list[Path]:
    # Hidden files, and those that begin with an underscore, are notes of the program that wrote the folder.
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    ]
    if given is None:
        files = [path for path in files if _of_name(path) in INPUT_FORMATS]
    formats = {given or _of_name(path) for path in files}
    if not files:
        raise InputError(f"{folder} has no file of a known format ({', '.join(INPUT_FORMATS)})")
    if len(formats) > 1:
        raise InputError(
            f"{folder} has files of several formats ({', '.join(sorted(map(str, formats)))}); expected one"
        )
    return files


def _of_name(path: Path) -> str | None:
    name = Path(path.stem) if path.suffix.lower() in _COMPRESSIONS else path
    return _SUFFIXES.get(name.suffix.lower())
