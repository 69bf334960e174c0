import json
import re
from typing import Any

import pytest

from dcai.encoders import (
    DemoImdbVocab,
    DemoMurmurHash3,
    Encoder,
    FixedPoint,
    HashedPresence,
    Integers,
    L2Normalized,
    Vocabulary,
    WordPresence,
    demo_client,
    from_string,
)
from dcai.errors import InputError, InputTypeError

WORDS = Vocabulary({"good": 9, "bad": 4})
OTHER = Vocabulary({"good": 9, "bad": 5})

ENCODERS: list[tuple[Encoder, Any]] = [
    (Integers(), "none"),
    (FixedPoint(), "Multiply by 1E9, then round"),
    (L2Normalized(), "L2 normalized"),
    (DemoMurmurHash3(), "MurmurHash3"),
    (HashedPresence(), {"type": "hashed presence", "n_features": 2**32, "seed": 0, "tokens": "whitespace"}),
    (HashedPresence(9, 3, "keras"), {"type": "hashed presence", "n_features": 9, "seed": 3, "tokens": "keras"}),
    (
        WordPresence(WORDS, unknown=2),
        {"type": "word presence", "vocabulary": WORDS.sha256, "tokens": "keras", "unknown": 2, "always": None},
    ),
]


@pytest.mark.parametrize(("encoder", "string"), ENCODERS)
def test_the_string_of_an_encoder_and_back(encoder: Encoder, string: Any) -> None:
    written = encoder.to_string()
    assert (json.loads(written) if isinstance(string, dict) else written) == string
    vocabulary = WORDS if isinstance(encoder, WordPresence) else None
    again = from_string(written, vocabulary=vocabulary)
    assert again == encoder
    assert hash(again) == hash(encoder)
    assert again.to_string() == written


def test_the_names_of_0xdeca10b_in_any_case(monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_string("NONE") == from_string('{"type": "none"}') == Integers()
    assert from_string("multiply by 1e9, THEN ROUND") == FixedPoint()
    assert from_string("murmurhash3") == DemoMurmurHash3()
    monkeypatch.setattr(demo_client, "IMDB_VOCAB_SHA256", WORDS.sha256)
    encoder = from_string("imdb vocab", vocabulary=WORDS)
    assert encoder == DemoImdbVocab(WORDS)
    assert encoder.to_string() == "IMDB vocab"


def test_options_that_are_not_given_have_their_defaults() -> None:
    assert from_string('{"type": "Hashed Presence", "n_features": 64}') == HashedPresence(64)
    string = json.dumps({"type": "word presence", "vocabulary": WORDS.sha256})
    assert from_string(string, vocabulary=WORDS) == WordPresence(WORDS)


@pytest.mark.parametrize(
    ("text", "vocabulary", "message"),
    [
        ("fasttext", None, "no encoder of type 'fasttext'; there are: 'none', 'Multiply by"),
        ("", None, "no encoder of type ''"),
        ("Universal Sentence Encoder", None, "a neural network, which dcai does not run; compute its embeddings"),
        ("mobilenetv2", None, "a neural network"),
        ('{"n_features": 3}', None, "the type of an encoder is None"),
        ('{"type": 7}', None, "the type of an encoder is 7"),
        ('{"type": "none"', None, "the string of an encoder is not JSON"),
        ('{"type": "none", "type": "none"}', None, "'type' appears twice"),
        ('{"type": "none", "seed": 3}', None, "'none' has no option 'seed'; its options: none"),
        ('{"type": "hashed presence", "sed": 3}', None, "no option 'sed'; its options: n_features, seed, tokens"),
        ('{"type": "hashed presence", "seed": 0.5}', None, "seed is 0.5, and must be an integer"),
        ("word presence", None, "'word presence' needs its vocabulary: from_string(text, vocabulary="),
        ("IMDB vocab", None, "'IMDB vocab' needs its vocabulary"),
        ("IMDB vocab", WORDS, "means the 1,000 words"),
        ("word presence", WORDS, "the string names the vocabulary with SHA-256 None"),
        (WordPresence(OTHER).to_string(), WORDS, f"with SHA-256 '{OTHER.sha256}', got <Vocabulary of 2 words"),
        ("MurmurHash3", WORDS, "'MurmurHash3' takes no vocabulary"),
    ],
)
def test_what_is_wrong_with_a_string(text: str, vocabulary: Vocabulary | None, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        from_string(text, vocabulary=vocabulary)


def test_no_text() -> None:
    with pytest.raises(InputTypeError, match="is None; expected str"):
        from_string(None)  # type: ignore[arg-type]  # on purpose
