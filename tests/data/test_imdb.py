import os
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcai import data
from dcai.data import read_imdb
from dcai.errors import DataError, InputError

#: Positions after one shuffle by RandomState(113) of 7 training and then 6 test reviews.
ORDER_TRAIN = (1, 3, 0, 6, 2, 4, 5)
ORDER_TEST = (2, 3, 4, 1, 0, 5)


def some_reviews(n: int, seed: int) -> list[list[int]]:
    rng = random.Random(seed)
    # Around the borders on purpose: rank 996 is the last with an index of its own.
    ranks = [1, 2, 3, 500, 994, 995, 996, 997, 998, 1000, 88_584]
    return [rng.choices(ranks, k=rng.randrange(9)) for _ in range(n)]


def save(path: Path, **changes: Any) -> Path:
    arrays: dict[str, Any] = {
        "x_train": some_reviews(7, 1),
        "y_train": [0, 1, 1, 0, 0, 1, 0],
        "x_test": some_reviews(6, 2),
        "y_test": [1, 0, 0, 1, 1, 1],
    } | changes
    for name in ("x_train", "x_test"):
        if (reviews := arrays.get(name)) is not None:
            arrays[name] = np.empty(len(reviews), object)
            for i, review in enumerate(reviews):
                arrays[name][i] = review
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


def features(review: list[int], num_words: int) -> list[int]:
    """What Keras makes of a review, word by word, and of that the indices which are present."""
    words = [1, *(rank + 3 for rank in review)]
    return sorted({word if word < num_words else 2 for word in words})


@pytest.mark.parametrize("num_words", [3, 4, 10, 998, 1000, 1001, 100_000])
def test_the_features_are_those_of_keras(tmp_path: Path, num_words: int) -> None:
    loaded = read_imdb(save(tmp_path / "imdb.npz"), num_words=num_words)
    for X, reviews, order in (
        (loaded.X_train, some_reviews(7, 1), ORDER_TRAIN),
        (loaded.X_test, some_reviews(6, 2), ORDER_TEST),
    ):
        assert [row.tolist() for row in X] == [features(reviews[i], num_words) for i in order]
    assert loaded.y_train.tolist() == [[0, 1, 1, 0, 0, 1, 0][i] for i in ORDER_TRAIN]
    assert loaded.y_test.tolist() == [[1, 0, 0, 1, 1, 1][i] for i in ORDER_TEST]
    assert loaded.y_train.dtype == np.uint64
    assert loaded.n_features == num_words


def test_found_in_the_users_folder_then_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, cache = tmp_path / "mine", tmp_path / "cache"
    monkeypatch.setenv("DCAI_DATA_DIR", str(mine))
    monkeypatch.setenv("DCAI_CACHE_DIR", str(cache))
    with pytest.raises(DataError, match=r"dcai data fetch imdb.*DCAI_DATA_DIR.*imdb\.npz"):
        data.imdb()
    cache.mkdir()
    save(cache / "imdb.npz")
    assert data.locate("imdb") == cache / "imdb.npz"
    assert len(data.imdb().X_train) == 7
    mine.mkdir()
    save(mine / "imdb.npz", x_train=[[1], [2]], y_train=[0, 1])
    assert data.locate("imdb") == mine / "imdb.npz"
    assert len(data.load("imdb").X_train) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x_test": None}, "has no array 'x_test'; it has: x_train, y_test, y_train"),
        ({"y_train": [0, 1]}, "x_train has 7 reviews, but y_train has 2 labels"),
        ({"y_test": [0, 1, 1, 7, 0, 1]}, "y_test has label 7 at 3"),
        ({"y_test": [-1, 1, 1, 0, 0, 1]}, "y_test has label -1 at 0"),
        ({"x_test": [[1], [2, -3], [], [], [], []]}, "x_test has a word of rank -3"),
        ({"x_test": [[1], ["great"], [], [], [], []]}, "the list at 1 holds values that are not integers"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = save(tmp_path / "imdb.npz", **changes)
    with pytest.raises(DataError, match=re.escape(str(path)) + ".*" + re.escape(message)):
        read_imdb(path)


def test_a_truncated_file(tmp_path: Path) -> None:
    path = save(tmp_path / "imdb.npz")
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"imdb\.npz: not an \.npz file, or cut short"):
        read_imdb(path)


def test_too_few_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"num_words must be above 2.* got 2"):
        read_imdb(tmp_path / "imdb.npz", num_words=2)


REAL = Path(os.environ.get("DCAI_DATA_DIR", ""), "imdb.npz")
PACKED = REAL.with_name("imdb_1000_binary_packed.npz")

# Collected only where the files are: they may not be distributed with the project, and a test that
# is skipped on every other computer would hide one that is skipped by mistake.
if REAL.is_file() and PACKED.is_file():

    def test_bit_for_bit_the_features_of_the_paper() -> None:
        loaded = read_imdb(REAL)
        with np.load(PACKED) as packed:
            for part in ("train", "test"):
                rows: data.SparseRows = getattr(loaded, f"X_{part}")
                bits = np.packbits(rows.to_dense(1000), axis=1)
                assert bits.shape == (25_000, 125)
                assert np.array_equal(bits, packed[f"x_{part}"])
                assert np.array_equal(getattr(loaded, f"y_{part}"), packed[f"y_{part}"])
