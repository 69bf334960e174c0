"""IMDB reviews as the presence of frequent words, from the file of the Keras data set."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dcai.data.dataset import Dataset
from dcai.data.features import present
from dcai.data.npz import NpzReader
from dcai.errors import DataError, InputError
from dcai.rows import CsrRows

__all__ = ["read_imdb"]

#: Parameters that fix indices and order; named as the arguments of ``keras.datasets.imdb.load_data``.
START_CHAR = 1
OOV_CHAR = 2
INDEX_FROM = 3
SEED = 113

_SOURCE = (
    "IMDB reviews, Large Movie Review Dataset v1.0 (Maas et al., ACL 2011), in the format of "
    "Keras: presence of the {} most frequent words"
)


def read_imdb(path: str | os.PathLike[str], *, num_words: int = 1000) -> Dataset[CsrRows]:
    """Read the reviews of an ``imdb.npz`` file of Keras as the indices of the words in them.

    The same features in the same order as the presence of each index in what Keras gives for
    ``load_data(num_words=num_words, start_char=1, oov_char=2, index_from=3, seed=113)``:

    - one ``RandomState(113)`` shuffles the training reviews and then, without a new seed, the test
      reviews;
    - a word of rank r has index r + 3. Index 1 marks the start and is always present. An index of
      num_words or more becomes 2, "out of vocabulary". So indices 0 and 3 never occur, as ranks
      start at 1, and the num_words - 4 most frequent words have an index of their own.

    Parameters
    ----------
    path : path-like
        The file, with ``x_train``, ``x_test`` (lists of word ranks) and ``y_train``, ``y_test`` (0
        or 1).
    num_words : int, default 1000
        Number of features; above 2.

    Returns
    -------
    Dataset of CsrRows
        Labels: 0 negative, 1 positive.

    Raises
    ------
    InputError
        Where num_words is 2 or less.
    DataError
        Where the file is missing, damaged or not of this form; nothing in it is ever executed.
    """
    if num_words <= OOV_CHAR:
        raise InputError(f"num_words must be above {OOV_CHAR}, the index of rare words, got {num_words}")
    # The legacy generator on purpose: its stream is frozen, and Keras shuffles with it.
    rng = np.random.RandomState(SEED)
    with NpzReader(Path(path)) as npz:
        X_train, y_train = _part(npz, "train", num_words, rng)
        X_test, y_test = _part(npz, "test", num_words, rng)
    return Dataset(
        name="imdb",
        source=_SOURCE.format(f"{num_words:,}"),
        class_names=("negative", "positive"),
        n_features=num_words,
        X_train=X_train,
        y_train=y_train,
        X_test=X_test,
        y_test=y_test,
    )


def _part(npz: NpzReader, part: str, num_words: int, rng: np.random.RandomState) -> tuple[CsrRows, NDArray[np.uint64]]:
    lengths, ranks = npz.integer_lists(f"x_{part}")
    labels = npz.integers(f"y_{part}")
    if len(labels) != len(lengths):
        raise DataError(f"{npz.path}: x_{part} has {len(lengths)} reviews, but y_{part} has {len(labels)} labels")
    if (wrong := np.flatnonzero((labels != 0) & (labels != 1))).size:
        raise DataError(f"{npz.path}: y_{part} has label {labels[wrong[0]]} at {wrong[0]}; labels are 0 and 1")
    if ranks.size and ranks.min() < 0:
        raise DataError(f"{npz.path}: x_{part} has a word of rank {ranks.min()}; ranks start at 0")
    # Compared before the addition, which then cannot overflow.
    words = np.where(ranks < num_words - INDEX_FROM, ranks, OOV_CHAR - INDEX_FROM) + INDEX_FROM
    # A byte for each review and index, for Keras's data 25 MB a part: quicker than sorting words.
    has_word = np.zeros((len(lengths), num_words), np.bool_)
    has_word[:, START_CHAR] = True
    has_word[np.repeat(np.arange(len(lengths)), lengths), words] = True
    order = np.arange(len(lengths))
    rng.shuffle(order)
    return present(has_word[order]), labels[order].astype(np.uint64)
