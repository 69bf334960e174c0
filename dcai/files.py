"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file, or replace it, in one step.

    Whoever reads the file, even after a crash, finds the old content or the new one.

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
    target = Path(path)
    partial = target.with_name(f".{target.name}.{os.urandom(8).hex()}")
    try:
        with partial.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
