"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["open_whole", "write_whole"]


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file, or replace it, in one step.

    Readers find the old content or the new content, even after a crash.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    content : str or bytes
        Text is written as UTF-8.

    Raises
    ------
    OSError
        The folder is missing, read-only or full; the old file is still there.
    """
    with open_whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def open_whole(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a file that takes its place, or replaces the old one, when the block ends without an exception.

    Until then its content stands in a hidden file beside it, which an exception removes, an interrupt included.

    Parameters
    ----------
    path : path
        The file; its folder must exist.

    Yields
    ------
    BinaryIO
        The file to write, which can seek.

    Raises
    ------
    OSError
        The folder is missing, read-only or full; the old file is still there.
    """
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    try:
        with partial.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
