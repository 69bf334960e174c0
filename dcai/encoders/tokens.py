"""Tokenizers: each has a name, which the string of an encoder contains."""

from __future__ import annotations

import re
from collections.abc import Callable

from dcai.errors import InputError, shown

__all__ = ["TOKENIZERS", "javascript_split", "tokenizer"]

#: ``\s`` of JavaScript: without four control characters and a line end of Python's, with the BOM.
_JAVASCRIPT_SPACE = re.compile("[\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+")
#: The default ``filters`` of ``text_to_word_sequence`` in Keras: punctuation but for the apostrophe.
_KERAS_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_KERAS_TO_SPACES = str.maketrans(_KERAS_FILTERS, " " * len(_KERAS_FILTERS))


def keras_words(text: str) -> list[str]:
    """Cut as ``text_to_word_sequence`` of Keras: lower case, punctuation but for the apostrophe is no part of a word.

    The words of Keras's IMDB index are of this kind.

    >>> keras_words("It's bad: <br /> REALLY bad")
    ["it's", 'bad', 'br', 'really', 'bad']
    """
    return [word for word in text.lower().translate(_KERAS_TO_SPACES).split(" ") if word]


def plain_words(text: str) -> list[str]:
    """Cut into the runs of two or more letters, digits or underscores, as scikit-learn's vectorizers do; lower case.

    >>> plain_words("It couldn't be worse")
    ['it', 'couldn', 'be', 'worse']
    """
    return _PLAIN_WORD.findall(text.lower())


_PLAIN_WORD = re.compile(r"\b\w\w+\b")


def whitespace_words(text: str) -> list[str]:
    """Cut at white space; lower case. Punctuation stays with its word.

    >>> whitespace_words(" Bad,  really bad ")
    ['bad,', 'really', 'bad']
    """
    return [word for word in javascript_split(text) if word]


def javascript_split(text: str) -> list[str]:
    r"""Cut as ``text.toLocaleLowerCase('en').split(/\s+/)`` in JavaScript, with its empty tokens at the ends.

    >>> javascript_split(" Bad ")
    ['', 'bad', '']
    """
    return _JAVASCRIPT_SPACE.split(text.lower())


#: Every way to cut a text, by name.
TOKENIZERS: dict[str, Callable[[str], list[str]]] = {
    "keras": keras_words,
    "plain": plain_words,
    "whitespace": whitespace_words,
}


def tokenizer(name: object) -> Callable[[str], list[str]]:
    """Return the tokenizer of a name, or raise an InputError that lists the names."""
    if not isinstance(name, str) or name not in TOKENIZERS:
        raise InputError(f"tokens is {shown(name)}, and must be one of: {', '.join(TOKENIZERS)}")
    return TOKENIZERS[name]
