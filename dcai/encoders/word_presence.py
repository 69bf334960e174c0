"""Presence of the words of a vocabulary in a text."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from dcai.data.imdb import OOV_CHAR, START_CHAR
from dcai.encoders.base import TextEncoder, check_index
from dcai.encoders.tokens import tokenizer
from dcai.encoders.vocabulary import Vocabulary
from dcai.errors import InputError, InputTypeError, shown

__all__ = ["WordPresence", "keras_imdb"]


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class WordPresence(TextEncoder):
    """The indices of the words that are in a text, however often: strictly increasing, for all sparse models.

    Parameters
    ----------
    vocabulary : Vocabulary
        The index of each word, in lower case.
    tokens : {"keras", "plain", "whitespace"}
        How a text is cut into words, all in lower case: at punctuation and white space, but apostrophes are letters
        ("keras"); runs of two or more letters or digits ("plain"); at white space alone ("whitespace").
    unknown : int, optional
        The index of all words that the vocabulary lacks; by default they are left out.
    always : int, optional
        An index that every text has.

    Raises
    ------
    InputTypeError, InputError
        No vocabulary; an unknown name; an index out of range, or one that a word has already.

    Examples
    --------
    >>> encoder = WordPresence(Vocabulary({"good": 4, "bad": 5}), unknown=2, always=1)
    >>> encoder.encode("Good... very, VERY good.")
    [1, 2, 4]
    """

    vocabulary: Vocabulary
    tokens: str = "keras"
    unknown: int | None = None
    always: int | None = None

    type = "word presence"

    def __post_init__(self) -> None:
        if not isinstance(self.vocabulary, Vocabulary):
            raise InputTypeError(f"vocabulary is {shown(self.vocabulary)}; expected a dcai.encoders.Vocabulary")
        tokenizer(self.tokens)
        for name, index in (("unknown", self.unknown), ("always", self.always)):
            if index is None:
                continue
            check_index(index, name)
            if (word := self.vocabulary.word(index)) is not None:
                raise InputError(f"{name} is {index}, the index of {shown(word)}; expected an index that no word has")

    @property
    def n_features(self) -> int:
        """One more than the largest index."""
        extra = [index + 1 for index in (self.unknown, self.always) if index is not None]
        return max(self.vocabulary.n_features, *extra) if extra else self.vocabulary.n_features

    def indices(self, text: str) -> list[int]:
        """Return the indices of one text, strictly increasing."""
        find = self.vocabulary._indices.get  # plain dict: many times faster than a Mapping's methods
        found = {find(word, self.unknown) for word in tokenizer(self.tokens)(text)}
        found.add(self.always)
        return sorted(index for index in found if index is not None)

    def options(self) -> dict[str, Any]:
        """Return the options of the string; the vocabulary is named by its SHA-256, not written out."""
        return {
            "vocabulary": self.vocabulary.sha256,
            "tokens": self.tokens,
            "unknown": self.unknown,
            "always": self.always,
        }


def keras_imdb(path: str | os.PathLike[str], *, num_words: int = 1000) -> WordPresence:
    """Encode as the features of `dcai.data.imdb`: those of Keras's IMDB data set.

    Parameters
    ----------
    path : path
        ``imdb_word_index.json`` of Keras.
    num_words : int, default 1000
        Number of features, as for ``keras.datasets.imdb.load_data``.

    Returns
    -------
    WordPresence
        A word of rank r has index r + 3; index 1 is always present; rarer and unknown words have index 2.

    Raises
    ------
    InputError, OSError
        As `Vocabulary.from_keras`.
    """
    vocabulary = Vocabulary.from_keras(path, num_words=num_words)
    return WordPresence(vocabulary, tokens="keras", unknown=OOV_CHAR, always=START_CHAR)
