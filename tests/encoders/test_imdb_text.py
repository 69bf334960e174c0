"""On the real reviews, as texts of the words that Keras kept of them."""

import os
from functools import cache
from pathlib import Path

import numpy as np

import dcai
from dcai import data, encoders
from dcai.data.npz import NpzReader

FOLDER = Path(os.environ.get("DCAI_DATA_DIR", ""))
REVIEWS = FOLDER / "imdb.npz"
WORD_INDEX = FOLDER / "imdb_word_index.json"
VOCABULARY = FOLDER / "0xdeca10b" / "imdb.json"
MODEL = FOLDER / "0xdeca10b" / "imdb-sentiment-model.json"


@cache
def reviews() -> tuple[list[str], list[int]]:
    """The test reviews in the order of the file, and their labels."""
    words = {rank: word for word, rank in encoders.Vocabulary.from_json(WORD_INDEX).items()}
    with NpzReader(REVIEWS) as npz:
        lengths, ranks = npz.integer_lists("x_test")
        labels = npz.integers("y_test")
    ends = np.cumsum(lengths).tolist()
    texts = [
        " ".join(words[rank] for rank in ranks[end - length : end].tolist())
        for end, length in zip(ends, lengths.tolist(), strict=True)
    ]
    return texts, labels.tolist()


# Collected only where the files are: they may not be distributed with the project, and a test that
# is skipped on every other computer would hide one that is skipped by mistake.
if all(path.is_file() for path in (REVIEWS, WORD_INDEX, VOCABULARY, MODEL)):

    def test_the_published_model_and_vocabulary_score_as_measured_elsewhere() -> None:
        texts, labels = reviews()
        model = dcai.SparsePerceptron.from_json(MODEL)
        vocabulary = encoders.Vocabulary.from_json(VOCABULARY)
        rows = encoders.WordPresence(vocabulary).encode(texts)
        assert round(model.evaluate_batch(rows, labels) / 25_000, 3) == 0.751
        # The demo client's own way, on some of them: the name on the chain means this very vocabulary.
        client = encoders.from_string("IMDB vocab", vocabulary=vocabulary)
        sent = client.encode(texts[:500])
        assert [sorted({*row.tolist()} - {1337}) for row in sent] == [row.tolist() for row in rows[:500]]

    def test_text_becomes_the_features_of_the_data_set() -> None:
        texts, _ = reviews()
        order = np.arange(25_000)
        rng = np.random.RandomState(113)
        rng.shuffle(np.arange(25_000))  # the training reviews come first
        rng.shuffle(order)
        picked = order[:2_000]
        rows = encoders.keras_imdb(WORD_INDEX).encode(texts[i] for i in picked)
        expected = data.imdb().X_test[:2_000]
        assert np.array_equal(rows.indptr, expected.indptr)
        assert np.array_equal(rows.indices, expected.indices)
