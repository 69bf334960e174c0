"""Import of the optional ``mmh3``."""

from __future__ import annotations

from collections.abc import Callable

from dcai.errors import MissingExtraError

__all__ = ["murmur3_32"]


def murmur3_32() -> Callable[[bytes, int], int]:
    """Return MurmurHash3_x86_32 as a function of bytes and seed (uint32) to uint32.

    Raises
    ------
    MissingExtraError
        ``mmh3`` is not installed.
    """
    try:
        import mmh3  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError("an encoder that hashes words", "text") from error
    return mmh3.mmh3_32_uintdigest
