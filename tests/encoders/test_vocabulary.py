import hashlib
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest

from dcai.encoders import Vocabulary
from dcai.errors import InputError, InputTypeError


def test_a_mapping_of_words_to_indices() -> None:
    vocabulary = Vocabulary({"good": 7, "bad": 0})
    assert dict(vocabulary) == {"good": 7, "bad": 0}
    assert vocabulary["good"] == 7
    assert "ugly" not in vocabulary
    assert vocabulary.n_features == 8
    assert (vocabulary.word(0), vocabulary.word(1)) == ("bad", None)
    assert pickle.loads(pickle.dumps(vocabulary)) == vocabulary
    assert repr(vocabulary).startswith("<Vocabulary of 2 words, SHA-256 ")


def test_it_does_not_change_with_what_it_was_made_from() -> None:
    words = {"good": 7}
    vocabulary = Vocabulary(words)
    words["bad"] = 7
    assert dict(vocabulary) == {"good": 7}


def test_the_hash_is_of_the_pairs_in_the_order_of_the_indices() -> None:
    expected = hashlib.sha256(rb'[["caf\u00e9",0],["good",7]]').hexdigest()
    assert Vocabulary({"good": 7, "café": 0}).sha256 == expected
    assert Vocabulary({"café": 0, "good": 7}).sha256 == expected
    assert Vocabulary({"café": 7, "good": 0}).sha256 != expected
    assert Vocabulary({"good": 7, "café": 0}) == Vocabulary({"café": 0, "good": 7})


WRONG: list[tuple[Any, type[Exception], str]] = [
    ({}, InputError, "at least one word"),
    ({"a": 3, "b": 1, "c": 3}, InputError, "'c' and 'a' share the index 3"),
    ({"a": 0, "b": -1}, InputError, "the index of 'b' is -1, and must be from 0 to 2^32 - 1"),
    ({"a": 2**32}, InputError, "the index of 'a' is 4294967296"),
    ({"a": 1.0}, InputTypeError, "the index of 'a' is 1.0, and must be an integer"),
    ({"a": True}, InputTypeError, "the index of 'a' is True"),
    ({"a": "1"}, InputTypeError, "the index of 'a' is '1'"),
    ({"a": None}, InputTypeError, "the index of 'a' is None"),
]


@pytest.mark.parametrize(("words", "error", "message"), WRONG)
def test_a_wrong_entry_is_named(words: Any, error: type[Exception], message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Vocabulary(words)
    path = tmp_path / "words.json"
    path.write_text(json.dumps(words))
    with pytest.raises(error, match=re.escape(str(path)) + ".*" + re.escape(message)):
        Vocabulary.from_json(path)


def test_a_word_that_is_no_text() -> None:
    with pytest.raises(InputTypeError, match="7 is not a word"):
        Vocabulary({7: 1})  # type: ignore[dict-item]  # on purpose


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"good": 1, "bad": 2, "good": 3}', "'good' appears twice"),
        (b'["good", "bad"]', "expected a JSON object"),
        (b'{"good": 1', "is not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"good": NaN}', "the index of 'good' is nan"),
    ],
)
def test_what_is_wrong_with_a_file(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "words.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(path)) + ".*" + re.escape(message)):
        Vocabulary.from_json(path)


def test_a_word_index_of_keras(tmp_path: Path) -> None:
    path = tmp_path / "imdb_word_index.json"
    path.write_text(json.dumps({"fawn": 34701, "the": 1, "movie": 6, "film": 7}))
    assert dict(Vocabulary.from_keras(path, num_words=10)) == {"the": 4, "movie": 9}
    assert dict(Vocabulary.from_keras(path)) == {"the": 4, "movie": 9, "film": 10}
    assert Vocabulary.from_json(path)["the"] == 1
    with pytest.raises(InputError, match=r"num_words = 4 leaves no word.*it must be above 4"):
        Vocabulary.from_keras(path, num_words=4)
    assert dict(Vocabulary.from_keras(path, num_words=5)) == {"the": 4}
