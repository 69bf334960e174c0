"""Compute the keys of contributions: the hashes by which a contract finds their records."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from dcai.evm.hashing import keccak, to_bytes20

__all__ = ["contribution_key", "data_hash", "packed_words"]


def data_hash(data: Sequence[int]) -> bytes:
    """Return ``keccak256(abi.encodePacked(data))``, as a signed contribution has it."""
    return keccak(packed_words(data))


def contribution_key(data: Sequence[int], classification: int, added_time: int, author: str) -> bytes:
    """Return ``keccak256(abi.encodePacked(data, classification, addedTime, originalAuthor))``.

    Parameters
    ----------
    data : sequence of int
        int64 features or indices.
    classification : int
        uint64; the label.
    added_time : int
        uint256; seconds.
    author : str
        Address of who contributed.
    """
    return _key(tuple(data), classification, added_time, author)


@lru_cache(maxsize=1 << 12)  # claims come again and again to contributions of the last days
def _key(data: tuple[int, ...], classification: int, added_time: int, author: str) -> bytes:
    return keccak(
        packed_words(data) + classification.to_bytes(8, "big") + added_time.to_bytes(32, "big") + to_bytes20(author)
    )


def packed_words(data: Sequence[int]) -> bytes:
    """Pack an int64[] as ``abi.encodePacked``: a word for each element, its sign extended, and no length before."""
    words = np.empty((len(data), 4), ">i8")
    words[:, 3] = data
    words[:, :3] = np.where(words[:, 3:] < 0, -1, 0)
    return words.tobytes()
