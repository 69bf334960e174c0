"""A vocabulary: the feature index of each word that a model knows."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Self

from dcai import strict_json
from dcai.data.imdb import INDEX_FROM
from dcai.encoders.base import check_index
from dcai.encoders.tokens import tokenizer
from dcai.errors import InputError, InputTypeError, shown
from dcai.files import write_whole

__all__ = ["Vocabulary"]


class Vocabulary(Mapping[str, int]):
    """The feature index of each word; no two words share one.

    Parameters
    ----------
    indices : mapping of str to int
        Word -> index, from 0 to 2^32 - 1, in any order, with gaps or without.

    Raises
    ------
    InputTypeError
        A word that is not text, an index that is not an integer.
    InputError
        An index that is negative, too large or there twice; no words at all. The message names the word.

    Examples
    --------
    >>> vocabulary = Vocabulary({"good": 0, "bad": 1})
    >>> vocabulary["bad"], len(vocabulary)
    (1, 2)
    >>> Vocabulary({"good": 0, "great": 0})
    Traceback (most recent call last):
    dcai.errors.InputError: 'great' and 'good' share the index 0; each word needs its own
    """

    def __init__(self, indices: Mapping[str, int]) -> None:
        self._indices = dict(indices)
        self._words = _checked(self._indices)

    @classmethod
    def from_texts(
        cls, texts: Iterable[str], *, max_words: int | None = None, min_count: int = 1, tokens: str = "keras"
    ) -> Self:
        """Learn the words of texts: index 0 for the word that is in most of them, equal ones in the order of letters.

        Parameters
        ----------
        texts : iterable of str
            The texts; a word counts once in each.
        max_words : int, optional
            Keep so many words, the most frequent ones; all by default.
        min_count : int, default 1
            Keep words that are in so many texts.
        tokens : {"keras", "plain", "whitespace"}
            How a text is cut into words, as for `WordPresence`.

        Raises
        ------
        InputTypeError
            Something that is not text; the message names its position.
        InputError
            A limit below 1, an unknown tokenizer, or no word left.

        Examples
        --------
        >>> dict(Vocabulary.from_texts(["a good movie", "a bad movie", "good"], min_count=2))
        {'a': 0, 'good': 1, 'movie': 2}
        """
        for name, limit in (("max_words", 1 if max_words is None else max_words), ("min_count", min_count)):
            if isinstance(limit, bool) or not isinstance(limit, int):
                raise InputTypeError(f"{name} is {shown(limit)}, and must be an integer from 1 on")
            if limit < 1:
                raise InputError(f"{name} is {limit}, and must be at least 1")
        if isinstance(texts, (str, bytes)) or not isinstance(texts, Iterable):
            raise InputTypeError(f"texts is {shown(texts)}; expected a sequence of texts")
        cut, counts = tokenizer(tokens), Counter[str]()
        for row, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputTypeError(f"text {row} is {shown(text)}; expected str")
            counts.update(set(cut(text)))
        frequent = sorted((-count, word) for word, count in counts.items() if count >= min_count)
        if not frequent:
            raise InputError(f"no word is in {min_count} of the texts; a vocabulary needs at least one word")
        return cls({word: index for index, (_, word) in enumerate(frequent[:max_words])})

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file with a JSON object of word -> index, such as ``imdb.json`` of 0xDeCA10B's demo client.

        Parameters
        ----------
        path : path
            The file, UTF-8.

        Raises
        ------
        InputError
            Not such a file, a word that appears twice, or as the constructor; with the path.
        OSError
            The file cannot be read.
        """
        return cls._from_file(path)

    @classmethod
    def from_keras(cls, path: str | os.PathLike[str], *, num_words: int = 1000) -> Self:
        """Read ``imdb_word_index.json`` of Keras, or another word index of its kind: word -> rank by frequency.

        Parameters
        ----------
        path : path
            The file, UTF-8.
        num_words : int, default 1000
            A word of rank r has index r + 3, as in ``keras.datasets.imdb.load_data(index_from=3)``, if that is below
            num_words; else it is not in the vocabulary.

        Raises
        ------
        InputError
            As `from_json`; or where num_words leaves no word.
        OSError
            The file cannot be read.
        """
        ranks = cls._from_file(path)
        frequent = {word: rank + INDEX_FROM for word, rank in ranks.items() if rank + INDEX_FROM < num_words}
        if not frequent:
            raise InputError(
                f"num_words = {num_words} leaves no word of {os.fspath(path)}; ranks start at {min(ranks.values())}, "
                f"so it must be above {min(ranks.values()) + INDEX_FROM}"
            )
        return cls(frequent)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the JSON object of word -> index that `from_json` reads, in the order of the indices.

        Parameters
        ----------
        path : path, optional
            File to write, whole or not at all.

        Returns
        -------
        str
            The JSON text.
        """
        text = json.dumps({word: index for index, word in sorted(self._words.items())}, indent=0) + "\n"
        if path is not None:
            write_whole(path, text)
        return text

    @classmethod
    def _from_file(cls, path: str | os.PathLike[str]) -> Self:
        fields = strict_json.read(path)
        if not isinstance(fields, dict):
            raise InputError(f"{os.fspath(path)} holds {shown(fields)}; expected a JSON object")
        try:
            return cls(fields)
        except InputError as error:
            raise type(error)(f"{os.fspath(path)}: {error}") from None

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the pairs in the order of the indices, in hexadecimal: the identity of this vocabulary.

        The pairs ``[word, index]`` are hashed as a JSON array without spaces, in ASCII with escapes.
        """
        pairs = [[word, index] for index, word in sorted(self._words.items())]
        return hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode("ascii")).hexdigest()

    @property
    def n_features(self) -> int:
        """One more than the largest index."""
        return max(self._words) + 1

    def word(self, index: int) -> str | None:
        """Return the word of an index, or None."""
        return self._words.get(index)

    def __getitem__(self, word: str) -> int:
        return self._indices[word]

    def __iter__(self) -> Iterator[str]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)

    def __eq__(self, other: object) -> bool:
        return self._indices == other._indices if isinstance(other, Vocabulary) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self):,} words, SHA-256 {self.sha256[:8]}...>"


def _checked(indices: dict[str, int]) -> dict[int, str]:
    """Return index -> word, or raise."""
    if not indices:
        raise InputError("a vocabulary needs at least one word")
    words: dict[int, str] = {}
    for word, index in indices.items():
        if not isinstance(word, str):
            raise InputTypeError(f"{shown(word)} is not a word; expected str")
        check_index(index, f"the index of {shown(word)}")
        if index in words:
            raise InputError(
                f"{shown(word)} and {shown(words[index])} share the index {index}; each word needs its own"
            )
        words[index] = word
    return words
