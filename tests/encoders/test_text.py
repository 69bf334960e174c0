import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dcai
from dcai.encoders import (
    DemoImdbVocab,
    DemoMurmurHash3,
    HashedPresence,
    TextEncoder,
    Vocabulary,
    WordPresence,
    demo_client,
    keras_imdb,
)
from dcai.encoders.tokens import TOKENIZERS, javascript_split
from dcai.errors import InputError, InputTypeError

WORDS = Vocabulary({"good": 9, "bad": 4, "it's": 5, "it": 6, "movie": 7, "movie,": 8})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("keras", ["it's", "a", "good", "movie", "über", "7", "don't"]),
        ("plain", ["it", "good", "movie", "über", "don"]),
        ("whitespace", ["it's", "a", "good-movie,", "über!", "7", "don't"]),
    ],
)
def test_the_ways_to_cut_a_text(name: str, expected: list[str]) -> None:
    assert TOKENIZERS[name](" It's a\tGOOD-movie,\n ÜBER! 7 don't") == expected
    assert TOKENIZERS[name]("") == []


def test_whitespace_is_that_of_javascript() -> None:
    # Printed by node: " A\u0085b\ufeffc\u001cd\u00a0e ".toLocaleLowerCase("en").split(/\s+/)
    assert javascript_split(" A\u0085b\ufeffc\u001cd\u00a0e ") == ["", "a\u0085b", "c\u001cd", "e", ""]
    assert javascript_split("") == [""]


def test_presence_of_words() -> None:
    assert WordPresence(WORDS).encode("Good movie, GOOD movie: it's good; nice") == [5, 7, 9]
    assert WordPresence(WORDS, tokens="plain").encode("Good movie, it's good") == [6, 7, 9]
    assert WordPresence(WORDS, tokens="whitespace").encode("Good movie, it's good.") == [5, 8, 9]
    assert WordPresence(WORDS).encode("nothing known") == []
    assert WordPresence(WORDS, unknown=2).encode("nothing known, but bad") == [2, 4]
    assert WordPresence(WORDS, always=1).encode("") == [1]
    assert WordPresence(WORDS, unknown=0, always=11).n_features == 12
    assert WordPresence(WORDS).n_features == 10


def test_hashes_are_those_of_the_simulations_of_0xdeca10b() -> None:
    # Its test_murmurhash3.py: hey -> 318325784, blockchain -> 3905957473.
    encoder = HashedPresence()
    assert encoder.encode("hey") == [318325784]
    assert encoder.encode("Blockchain hey  HEY") == [318325784, 3905957473]
    assert HashedPresence(2**31).encode("blockchain") == [3905957473 - 2**31]
    assert HashedPresence(1).encode("hey blockchain") == [0]
    assert HashedPresence(seed=1).encode("hello") == DemoMurmurHash3().encode("x hello")[1:]
    assert encoder.encode("") == []


def test_hashes_are_those_of_the_demo_client_of_0xdeca10b() -> None:
    # Printed by node with murmurhash-js 1.0.0: text.toLocaleLowerCase("en").split(/\s+/).map(murmur3)
    encoder = DemoMurmurHash3()
    assert encoder.encode("hello hello world") == [613153351, 3142237357, 3308445519]
    expected = [0, 2773076719, 2885192647, 1769719762, 1221526385, 3423425485]
    assert encoder.encode(" Caf\u00e9 \U0001f600 na\u00efve hello ") == expected


def test_words_of_the_demo_client(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match=r"1,000 words of .*imdb\.json.*<Vocabulary of 6 words.*WordPresence"):
        DemoImdbVocab(WORDS)
    monkeypatch.setattr(demo_client, "IMDB_VOCAB_SHA256", WORDS.sha256)
    encoder = DemoImdbVocab(WORDS)
    assert encoder.encode("Good movie, good plot ") == [9, 8, 9, 1337, 1337]
    # What it sends is what the Perceptron counts: a word twice, its weight twice.
    model = dcai.SparsePerceptron({9: -1, 1337: 1}, 1, 1)
    assert model.predict_batch(encoder.encode(["Good", "good good", "so good good"])).tolist() == [0, 0, 0]
    assert model.predict(encoder.encode("so so good good")) == 1


@pytest.mark.parametrize("encoder", [WordPresence(WORDS, unknown=2), HashedPresence(50), DemoMurmurHash3()])
def test_a_batch_has_the_rows_of_its_texts(encoder: TextEncoder) -> None:
    texts = ["Good movie", "", "a bad, bad movie"]
    for batch in (texts, tuple(texts), np.array(texts), iter(texts)):
        rows = encoder.encode(batch)
        assert [row.tolist() for row in rows] == [encoder.encode(text) for text in texts]
        assert rows.indptr.dtype == rows.indices.dtype == np.int64
    assert len(encoder.encode([])) == 0
    assert [row.tolist() for row in encoder.encode(["good"])] == [encoder.encode("good")]


@given(st.lists(st.text(), max_size=5), st.sampled_from(sorted(TOKENIZERS)))
def test_presence_passes_every_sparse_model(texts: list[str], tokens: str) -> None:
    model = dcai.SparseNearestCentroidClassifier([[(0, 5)], [(1, 5)]], [1, 1])
    for encoder in (WordPresence(WORDS, tokens=tokens, unknown=3), HashedPresence(tokens=tokens), HashedPresence(7)):
        rows = encoder.encode(texts)
        assert len(model.predict_batch(rows)) == len(texts)  # refuses what does not increase strictly


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (["good", 7], "text 1 is 7; expected str"),
        (["good", None], "text 1 is None"),
        ([b"good"], "text 0 is b'good'"),
        (b"good", "expected text, or a sequence of texts, got b'good'"),
        (7, "expected text, or a sequence of texts, got 7"),
    ],
)
def test_what_is_no_text_is_named(data: Any, message: str) -> None:
    with pytest.raises(InputTypeError, match=re.escape(message)):
        HashedPresence().encode(data)


NO_VOCABULARY: Any = {"good": 1}
FRACTION: Any = 1.5
NO_NAME: Any = None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WordPresence(NO_VOCABULARY), "vocabulary is {'good': 1}; expected a dcai.encoders.Vocabulary"),
        (lambda: DemoImdbVocab(NO_VOCABULARY), "vocabulary is {'good': 1}; expected a dcai.encoders.Vocabulary"),
        (
            lambda: WordPresence(WORDS, tokens="words"),
            "tokens is 'words', and must be one of: keras, plain, whitespace",
        ),
        (lambda: WordPresence(WORDS, unknown=9), "unknown is 9, the index of 'good'"),
        (lambda: WordPresence(WORDS, always=-1), "always is -1, and must be from 0"),
        (lambda: WordPresence(WORDS, always=FRACTION), "always is 1.5, and must be an integer"),
        (lambda: HashedPresence(0), "n_features is 0, and must be from 1 to 2^32"),
        (lambda: HashedPresence(2**32 + 1), "n_features is 4294967297"),
        (lambda: HashedPresence(True), "n_features is True, and must be an integer"),
        (lambda: HashedPresence(seed=2**32), "seed is 4294967296"),
        (lambda: HashedPresence(tokens=NO_NAME), "tokens is None"),
    ],
)
def test_wrong_options_are_named(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        make()


def test_without_mmh3_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["mmh3"] = None
from dcai import encoders
assert encoders.WordPresence(encoders.Vocabulary({"good": 1})).encode("good") == [1]
try:
    encoders.HashedPresence().encode("good")
except ImportError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "an encoder that hashes words needs an optional dependency: pip install 'dcai[text]'"


def test_keras_imdb_is_documented_by_its_constants(tmp_path: Any) -> None:
    path = tmp_path / "imdb_word_index.json"
    path.write_text('{"the": 1, "movie": 6, "film": 7}')
    encoder = keras_imdb(path, num_words=10)
    assert encoder.encode("The movie! A film...") == [1, 2, 4, 9]
    assert encoder.encode("") == [1]
