"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

__all__ = ["write_whole"]

# Once, at import: to read it is to set it, for all threads.
_UMASK = os.umask(0)
os.umask(_UMASK)


def write_whole(path: str | os.PathLike[str], text: str) -> None:
    """Write a text file, or replace it, in one step.

    Whoever reads the file, even after a crash, finds the old text or the new one.

    Parameters
    ----------
    path : path
        The file; its folder must exist.
    text : str
        Its text, as UTF-8.

    Raises
    ------
    OSError
        The folder is missing, read-only or full; the old file is still there.
    """
    target = Path(path)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files for the owner alone.
        partial.chmod(0o666 & ~_UMASK)
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
