"""Encoders stand in a Pipeline of scikit-learn before an estimator, and give what the deployed model gets."""

import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags

from dcai import SparsePerceptron
from dcai.encoders import (
    DemoMurmurHash3,
    Encoder,
    FixedPoint,
    HashedPresence,
    Integers,
    L2Normalized,
    Vocabulary,
    WordPresence,
)
from dcai.errors import InputError, InputTypeError
from dcai.models import sklearn as estimators
from dcai.models.sklearn import DensePerceptronEstimator, NearestCentroidEstimator, SparsePerceptronEstimator

TEXTS = ["buy now", "cheap offer, buy!", "meeting at noon", "see you at the meeting"]
CLASSES = ["spam", "spam", "ham", "ham"]
VOCABULARY = Vocabulary.from_texts(TEXTS)
TEXT_ENCODERS = [WordPresence(VOCABULARY), HashedPresence(64), HashedPresence(), DemoMurmurHash3()]
ENCODERS: list[Encoder] = [*TEXT_ENCODERS, Integers(), FixedPoint(), L2Normalized()]
SPARSE = [name for name in estimators.__all__ if name.startswith("Sparse")]


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize("encoder", TEXT_ENCODERS[:3], ids=repr)
def test_text_end_to_end(encoder: Any, name: str) -> None:
    estimator = getattr(estimators, name)()
    pipeline = make_pipeline(encoder, estimator).fit(np.array(TEXTS), CLASSES)
    new = ["buy cheap", "the meeting", ""]
    predicted = pipeline.predict(new)
    assert predicted[:2].tolist() == ["spam", "ham"]
    # The same encoder and the model that is deployed: what a contributor computes.
    model = pickle.loads(pickle.dumps(pipeline))[-1].model_
    assert [model.classifications[model.predict(encoder.encode(text))] for text in new] == predicted.tolist()
    assert get_tags(encoder).input_tags.string


@pytest.mark.parametrize("name", ["DensePerceptronEstimator", "NearestCentroidEstimator"])
@pytest.mark.parametrize("encoder", [FixedPoint(), L2Normalized()], ids=repr)
def test_numbers_end_to_end(encoder: Any, name: str) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), encoder, getattr(estimators, name)()).fit(X, y)
    assert pipeline.score(X, y) > 0.9


@pytest.mark.parametrize("Estimator", [DensePerceptronEstimator, NearestCentroidEstimator])
@pytest.mark.parametrize("num_features", [3, 30, 12_000])
def test_rows_of_the_contracts_norm_are_taken_as_they_are(Estimator: Any, num_features: int) -> None:
    random = np.random.default_rng(num_features)
    rows = L2Normalized().encode(random.normal(size=(40, num_features)) ** 3)
    rows[:, 0] += 1  # still in the tolerance of the contract, but not what normalisation gives
    y = rows[:, 1] > 0
    fitted = Estimator().partial_fit(rows, y, classes=[False, True])
    model = fitted.model_.blank(num_features, ("False", "True"))
    model.update_batch(rows, y)
    assert fitted.model_ == model
    assert fitted.predict(rows).tolist() == model.predict_batch(rows).astype(bool).tolist()
    # Another norm is made 10^9, whether of integers or not.
    assert Estimator().partial_fit(3 * rows, y, classes=[False, True]).model_.classifications == ("False", "True")


def test_transform_is_presence_in_a_matrix() -> None:
    encoder = WordPresence(Vocabulary({"good": 0, "bad": 4}), always=2)
    matrix = encoder.fit_transform(["good good", "", "Bad, good"], ["any", "any", "any"])
    assert isinstance(matrix, sparse.csr_array)
    assert matrix.toarray().tolist() == [[1, 0, 1, 0, 0], [0, 0, 1, 0, 0], [1, 0, 1, 0, 1]]
    assert HashedPresence().transform(["a"]).shape == (1, 2**32)
    model = SparsePerceptron([5, 0, -3, 0, -9], 0, 10**9)
    assert model.predict_batch(matrix).tolist() == [1, 0, 0]
    assert FixedPoint().transform([[0.5, -1.0]]).tolist() == [[500_000_000, -1_000_000_000]]


@pytest.mark.parametrize("encoder", ENCODERS, ids=repr)
def test_encoders_can_be_cloned(encoder: Any) -> None:
    copy = clone(encoder)
    assert copy is not encoder
    assert copy == encoder
    assert copy.fit(TEXTS) is copy
    assert set(encoder.get_params()) <= {"vocabulary", "tokens", "unknown", "always", "n_features", "seed"}


def test_a_grid_search_chooses_an_encoder() -> None:
    pipeline = Pipeline([("words", HashedPresence()), ("model", SparsePerceptronEstimator(random_state=0))])
    grid = {"words__n_features": [1, 64], "words__tokens": ["keras"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(TEXTS, CLASSES)
    assert search.best_params_["words__n_features"] == 64
    assert search.best_estimator_[0] == HashedPresence(64, tokens="keras")
    assert pipeline[0] == HashedPresence()


def test_wrong_parameters_are_refused_and_change_nothing() -> None:
    encoder = HashedPresence(64)
    with pytest.raises(InputError, match="no parameter 'words'; its parameters: n_features, seed, tokens"):
        encoder.set_params(words=3)
    with pytest.raises(InputError, match="n_features is 0"):
        encoder.set_params(seed=1, n_features=0)
    assert encoder == HashedPresence(64)
    with pytest.raises(InputError, match="no parameter 'scale'; its parameters: none"):
        FixedPoint().set_params(scale=1)


def test_one_sample_is_no_batch() -> None:
    with pytest.raises(InputTypeError, match="transform takes a sequence of texts, got one text; encode takes one"):
        HashedPresence().transform("one text")
    with pytest.raises(InputError, match=r"a batch of shape \(n, d\), got shape \(2,\); encode takes one sample"):
        L2Normalized().transform([3.0, 4.0])


# -- vocabularies ------------------------------------------------------------------------------------------------------


def test_a_vocabulary_of_texts() -> None:
    texts = ["b a b b", "c a", "c d", "A"]
    counts = Counter(word for text in texts for word in sorted(set(text.lower().split())))
    assert dict(counts) == {"a": 3, "b": 1, "c": 2, "d": 1}
    assert dict(Vocabulary.from_texts(texts)) == {"a": 0, "c": 1, "b": 2, "d": 3}
    assert dict(Vocabulary.from_texts(iter(texts), max_words=3)) == {"a": 0, "c": 1, "b": 2}
    assert dict(Vocabulary.from_texts(texts, min_count=2)) == {"a": 0, "c": 1}
    assert dict(Vocabulary.from_texts(["it's bad,"], tokens="whitespace")) == {"bad,": 0, "it's": 1}


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"texts": "one text"}, InputTypeError, "texts is 'one text'; expected a sequence of texts"),
        ({"texts": 3}, InputTypeError, "texts is 3"),
        ({"texts": ["a", None]}, InputTypeError, "text 1 is None; expected str"),
        ({"texts": []}, InputError, "no word"),
        ({"texts": ["a"], "min_count": 2}, InputError, "no word is in 2 of the texts"),
        ({"texts": ["a"], "min_count": 0}, InputError, "min_count is 0, and must be at least 1"),
        ({"texts": ["a"], "max_words": 0}, InputError, "max_words is 0"),
        ({"texts": ["a"], "max_words": 1.0}, InputTypeError, "max_words is 1.0"),
        ({"texts": ["a"], "max_words": True}, InputTypeError, "max_words is True"),
        ({"texts": ["a"], "tokens": "none"}, InputError, "must be one of: keras, plain, whitespace"),
    ],
)
def test_wrong_arguments_are_named(arguments: dict[str, Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        Vocabulary.from_texts(**arguments)


def test_a_vocabulary_is_written_and_read(tmp_path: Path) -> None:
    vocabulary = Vocabulary({"café": 9, "good": 0, '"': 3})
    text = vocabulary.to_json(tmp_path / "words.json")
    assert Vocabulary.from_json(tmp_path / "words.json") == vocabulary
    assert (tmp_path / "words.json").read_text(encoding="utf-8") == text
    assert list(Vocabulary.from_json(tmp_path / "words.json")) == ["good", '"', "café"]
