"""Presence of words by their hashes: feature indices without a stored vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dcai.encoders.base import NUM_INDICES, TextEncoder, check_index
from dcai.encoders.murmur import murmur3_32
from dcai.encoders.tokens import tokenizer
from dcai.errors import InputError, InputTypeError, shown

__all__ = ["HashedPresence"]


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class HashedPresence(TextEncoder):
    """The hashes of the words that are in a text, however often: strictly increasing, for all sparse models.

    The index of a word is MurmurHash3_x86_32 of its UTF-8 bytes, unsigned, modulo the number of features: that of
    the simulations of 0xDeCA10B (``mmh3.hash(token, signed=False)``). Words whose hashes meet share an index.

    Parameters
    ----------
    n_features : int, default 2**32
        Every index is below it; 1 to 2^32.
    seed : int, default 0
        uint32.
    tokens : {"whitespace", "keras", "plain"}
        How a text is cut into words, as for `WordPresence`.

    Raises
    ------
    InputTypeError, InputError
        A number out of range, or an unknown name.

    Examples
    --------
    >>> HashedPresence().encode("blockchain hey hey")
    [318325784, 3905957473]
    >>> HashedPresence(1000).encode("blockchain hey hey")
    [473, 784]
    """

    n_features: int = NUM_INDICES
    seed: int = 0
    tokens: str = "whitespace"

    type = "hashed presence"

    def __post_init__(self) -> None:
        if isinstance(self.n_features, bool) or not isinstance(self.n_features, int):
            raise InputTypeError(f"n_features is {shown(self.n_features)}, and must be an integer from 1 to 2^32")
        if not 1 <= self.n_features <= NUM_INDICES:
            raise InputError(f"n_features is {shown(self.n_features)}, and must be from 1 to 2^32")
        check_index(self.seed, "seed")
        tokenizer(self.tokens)

    def indices(self, text: str) -> list[int]:
        """Return the indices of one text, strictly increasing."""
        murmur3 = murmur3_32()
        words = set(tokenizer(self.tokens)(text))
        # A lone surrogate has no UTF-8, but JSON may hold one.
        return sorted({murmur3(word.encode("utf-8", "surrogatepass"), self.seed) % self.n_features for word in words})

    def options(self) -> dict[str, Any]:
        """Return the options of the string."""
        return {"n_features": self.n_features, "seed": self.seed, "tokens": self.tokens}
