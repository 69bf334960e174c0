"""The pieces of a test set, and the hashes by which a provider commits to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dcai.errors import InputError
from dcai.evm.abi import encode
from dcai.evm.hashing import keccak
from dcai.reprs import short_repr

__all__ = ["Piece", "cut"]

_SALT_BYTES = 32


@dataclass(frozen=True, slots=True)
class Piece:
    """Some samples of a test set, with what keeps others from guessing them.

    Attributes
    ----------
    data : sequence of sequences of int
        The samples, int64.
    labels : sequence of int
        Their labels, uint64.
    salt : bytes
        32 random bytes, for each piece its own.
    """

    __repr__ = short_repr

    data: Sequence[Sequence[int]]
    labels: Sequence[int]
    salt: bytes

    def hash(self) -> bytes:
        """Return ``keccak256(abi.encode(int64[][] data, uint64[] labels, bytes32 salt))``.

        Raises
        ------
        InputError, InputTypeError
            A value does not fit its type.
        """
        types = (("data", "int64[][]"), ("labels", "uint64[]"), ("salt", "bytes32"))
        return keccak(encode(types, (self.data, self.labels, self.salt), "piece"))


def cut(
    data: Sequence[Sequence[int]], labels: Sequence[int], num_pieces: int, random_bytes: Callable[[int], bytes]
) -> list[Piece]:
    """Cut a test set into pieces of nearly equal size, in order.

    Parameters
    ----------
    data, labels
        The test set.
    num_pieces : int
        At least 2; at most as many as there are samples.
    random_bytes : callable
        Gives so many bytes, for the salts: ``secrets.token_bytes`` where money is at stake.

    Raises
    ------
    InputError
        There are not as many labels as samples, or too few samples.
    """
    if len(data) != len(labels):
        raise InputError(f"a test set of {len(data)} samples has {len(labels)} labels")
    if not 2 <= num_pieces <= len(data):  # one is shown, and one must score
        raise InputError(f"{len(data)} samples cannot be cut into {num_pieces} pieces; from 2 to {len(data)} would do")
    bounds = [i * len(data) // num_pieces for i in range(num_pieces + 1)]
    return [Piece(data[start:end], labels[start:end], random_bytes(_SALT_BYTES)) for start, end in pairwise(bounds)]
