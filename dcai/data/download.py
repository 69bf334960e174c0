"""Download one file and check its SHA-256: the file appears whole or not at all.

The bytes go to a partial file beside the target, named after the checksum: it can be resumed from
any mirror, and never mixes with another version of the file. Only when its checksum is right does
it get the final name.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from dcai.errors import DataError, InputError, MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import BufferedRandom

    from requests import Response

__all__ = ["Progress", "download", "has_sha256", "kept", "partial_path"]

_CHUNK = 1 << 16


#: Takes the bytes that are there so far, and the size of the file where the server tells it.
Progress: TypeAlias = "Callable[[int, int | None], None]"


def partial_path(target: Path, sha256: str) -> Path:
    """Name the partial file of a download."""
    return target.with_name(f"{target.name}.{sha256[:16]}.part")


def kept(target: Path, sha256: str) -> str:
    """Describe the partial file of a download."""
    partial = partial_path(target, sha256)
    return _kept_bytes(partial.stat().st_size if partial.is_file() else 0, partial)


def has_sha256(path: Path, sha256: str) -> bool:
    """Return whether a file exists and has this SHA-256 (hexadecimal, any case)."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256.lower()
    except FileNotFoundError:
        return False


def download(
    url: str,
    target: Path,
    sha256: str,
    *,
    timeout_s: float = 30.0,
    progress: Progress | None = None,
) -> None:
    """Fetch a file over HTTP, and resume an earlier partial download.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://``.
    target : Path
        The final name; its folder is made. A file of that name is replaced only by a complete,
        right one.
    sha256 : str
        Checksum of the file, 64 hexadecimal digits.
    timeout_s : float
        Seconds to wait for the connection, and again for each piece of the answer.
    progress : callable, optional
        Called after each piece.

    Raises
    ------
    InputError
        The URL is not a valid http or https URL.
    DataError
        Where the server is unreachable, too slow, answers with an error or too little; where the
        disk is full; where another process fetches the same file; or where the checksum is wrong.
        The part that arrived is kept for the next try, except after a wrong checksum.
    MissingExtraError
        Where requests is not installed.

    Notes
    -----
    On Ctrl-C the exception passes through, and what arrived is kept.
    """
    try:
        from requests import exceptions  # noqa: PLC0415 - optional, and slow to load
    except ImportError as error:
        raise MissingExtraError("downloading", "data") from error
    sha256 = sha256.lower()
    partial = partial_path(target, sha256)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _opened_alone(partial) as file:
            # It may be whole already: an earlier run was stopped just before it gave the file its
            # name.
            if _sha256(file) != sha256:
                _receive(url, file, timeout_s, progress)
            os.fsync(file.fileno())
            actual = _sha256(file)
        if actual != sha256:
            partial.unlink(missing_ok=True)
            raise DataError(f"{url}: wrong checksum: expected SHA-256 {sha256}, got {actual}; the download was deleted")
        _give_name(partial, target, sha256)
    except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.MissingSchema) as error:
        raise InputError(f"{url!r} is not a valid http or https URL: {error}") from error
    # Before OSError, of which it is a kind.
    except exceptions.RequestException as error:
        timed_out = isinstance(error, exceptions.Timeout) or "timed out" in str(error)
        reason = f"no answer within {timeout_s:g} s" if timed_out else str(error)
        raise DataError(f"{url}: {reason}; {kept(target, sha256)}") from error
    except OSError as error:
        where = error.filename or partial
        raise DataError(f"{where}: {error.strerror or error}; {kept(target, sha256)}") from error


def _receive(url: str, file: BufferedRandom, timeout_s: float, progress: Progress | None) -> None:
    """Append the missing bytes to the file, or restart where the server cannot resume."""
    from requests.exceptions import ChunkedEncodingError  # noqa: PLC0415 - optional

    start = file.seek(0, os.SEEK_END)
    response = _get(url, start, timeout_s)
    # The partial file is not a beginning of this file (416), or the server sends another part than asked.
    if start and (response.status_code == 416 or (response.status_code == 206 and _first_byte(response) != start)):
        response.close()
        file.truncate(0)
        start = 0
        response = _get(url, start, timeout_s)
    with response:
        resumes = start > 0 and response.status_code == 206
        if response.status_code != 200 and not resumes:
            raise DataError(
                f"{url}: the server answers {response.status_code} {response.reason}; {_kept_bytes(start, file.name)}"
            )
        if not resumes:
            file.truncate(0)
            start = 0
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() else None
        _check_free(Path(file.name), 0 if total is None else total - start)
        done = start
        try:
            for chunk in response.iter_content(_CHUNK):
                file.write(chunk)
                # At once, so that a full disk shows here, and what we say is kept is on the disk.
                file.flush()
                done += len(chunk)
                if progress is not None:
                    progress(done, total)
        except ChunkedEncodingError:
            if total is None:
                raise
    # Whether a connection that closes early is an error or the end depends on the urllib3 below.
    if total is not None and done != total:
        raise DataError(
            f"{url}: the connection closed before all of {total} bytes arrived; {_kept_bytes(done, file.name)}"
        )


def _get(url: str, start: int, timeout_s: float) -> Response:
    import requests  # noqa: PLC0415 - optional, and slow to load

    # Lengths and checksum are of the file as stored, so the server must not compress it.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    return requests.get(url, headers=headers, stream=True, timeout=timeout_s)


def _first_byte(response: Response) -> int | None:
    """Position of the first byte of a partial answer, from "bytes 100-199/200"."""
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(match[1]) if match else None


def _check_free(partial: Path, missing: int) -> None:
    free = shutil.disk_usage(partial.parent).free
    if free < missing:
        raise OSError(errno.ENOSPC, f"the disk has {free} bytes left, and {missing} are missing", str(partial))


@contextlib.contextmanager
def _opened_alone(path: Path) -> Iterator[BufferedRandom]:
    """Open a file to append and read, locked against a second fetch; remove it if still empty.

    A second process that opened the file before the first one gave it its final name finds it whole
    here, and does not write to it any more.
    """
    with path.open("a+b") as file:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - there is none on Windows

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(f"{path}: another process is fetching this file; wait until it is done") from None
        try:
            yield file
        finally:
            empty = os.fstat(file.fileno()).st_size == 0
            file.close()
            if empty:
                path.unlink(missing_ok=True)


def _give_name(partial: Path, target: Path, sha256: str) -> None:
    try:
        partial.replace(target)
    except FileNotFoundError:
        # Another process had the whole file too, and was first.
        if not has_sha256(target, sha256):
            raise
    if sys.platform != "win32":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sha256(file: BufferedRandom) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _kept_bytes(n: int, where: Path | str) -> str:
    return f"{n} bytes are kept in {where} for the next run" if n else "nothing is kept"
