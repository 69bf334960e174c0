"""What Python asks of any object: pickles, copies, equality, repr, no hash, no stray attributes."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import dcai
from tests.support.models.agreement import small_models, state

ONE = 10**9


class Named(dcai.DensePerceptron):
    """A class of a user's own."""

    __slots__ = ()


def lagging() -> dcai.SparseNearestCentroidClassifier:
    """Values that were written at several sample counts, and the largest that there are."""
    model = dcai.SparseNearestCentroidClassifier([[(0, ONE), (2**32 - 1, 2**64 - 1)], [(5, 0)]], [2**64 - 3, 0])
    model.update([0, 7], 0)
    model.update([], 0)
    model.update([3], 1)
    return model


def half_extended() -> dcai.NearestCentroidClassifier:
    model = dcai.NearestCentroidClassifier([[ONE], [2]], [2**191 - 1, 0])
    model.update([ONE], 0)
    model.extend_centroid([-(2**63), 2**63 - 1], 1)
    return model


MODELS: dict[str, Callable[[], dcai.Classifier]] = {
    **{type(model).__name__: model.copy for model in small_models()},
    "wide weights": lambda: dcai.DensePerceptron([2**79 - 1, -(2**79), 0], -(2**79), 2**32 - 1),
    "no weights": lambda: dcai.DensePerceptron([], 0, 0),
    "scattered weights": lambda: dcai.SparsePerceptron({2**64 - 1: -(2**79), 5000: 1, 3: 2**79 - 1}, 2**79 - 1, 0),
    "half extended": half_extended,
    "lagging": lagging,
    "subclass": lambda: Named([1], 2, 3),
}


def pickled(protocol: int, model: Any) -> Any:
    return pickle.loads(pickle.dumps(model, protocol))


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "method": lambda model: model.copy(),
    **{f"pickle {protocol}": partial(pickled, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", MODELS)
def test_copies_are_equal_and_independent(name: str, way: str) -> None:
    model = MODELS[name]()
    twin = COPIES[way](model)
    assert type(twin) is type(model)
    assert twin == model
    assert state(twin) == state(model)
    assert (twin.classifications, twin.feature_indices) == (model.classifications, model.feature_indices)
    assert repr(twin) == repr(model)
    before = state(model)
    if isinstance(twin, dcai.DensePerceptron):
        twin.initialize_weights([1])
    elif isinstance(twin, dcai.SparsePerceptron):
        twin.initialize_weights(77, [1])
    elif isinstance(twin, dcai.NearestCentroidClassifier):
        twin.extend_centroid([1], 0)
    elif isinstance(twin, dcai.SparseNearestCentroidClassifier):
        twin.extend_centroid([(77, 1)], 0)
    elif isinstance(twin, dcai.NaiveBayes):
        twin.initialize_counts([(77, 1)], 0)
    assert state(model) == before
    assert twin != model


def test_copies_within_containers_are_shared() -> None:
    model = MODELS["DensePerceptron"]()
    one, other = pickle.loads(pickle.dumps([model, model]))
    assert one is other
    one, other = copy.deepcopy([model, model])
    assert one is other
    memo: dict[int, Any] = {}
    assert copy.deepcopy(model, memo) == model


def different() -> list[tuple[str, Any, Any]]:
    """Pairs that differ in one part of their state."""
    dense = {"weights": [1, 2], "intercept": 3, "learning_rate": 4}
    nearest: dict[str, Any] = {"centroids": [[1, 2], [3, 4]], "counts": [1, 2]}
    sparse_nearest: dict[str, Any] = {"centroids": [[(0, 5)], [(1, 6)]], "counts": [1, 2]}
    names = {"classifications": ["a", "b"]}
    features = {"feature_indices": [1]}
    changes: list[tuple[Any, dict[str, Any], list[dict[str, Any]]]] = [
        (
            dcai.DensePerceptron,
            dense,
            [{"weights": [1, 3]}, {"weights": [1, 2, 0]}, {"weights": [1, 2**79 - 1]}, {"intercept": 2**79 - 1}],
        ),
        (dcai.DensePerceptron, dense, [{"learning_rate": 5}, names, features]),
        (dcai.SparsePerceptron, dense, [{"weights": [1]}, {"weights": {0: 1, 1: 2, 2**64 - 1: 1}}, {"intercept": 2}]),
        (dcai.SparsePerceptron, dense, [{"learning_rate": 5}, names, features]),
        (dcai.NearestCentroidClassifier, nearest, [{"centroids": [[1, 2], [3, 5]]}, {"counts": [1, 3]}]),
        (dcai.NearestCentroidClassifier, nearest, [{"counts": [2**64 + 1, 2]}, names, features]),
        (dcai.SparseNearestCentroidClassifier, sparse_nearest, [{"centroids": [[(0, 5)], [(1, 7)]]}, names, features]),
        (
            dcai.SparseNearestCentroidClassifier,
            sparse_nearest,
            [{"counts": [1, 3]}, {"centroids": [[(0, 5)], [(2, 6)]]}, {"centroids": [[(0, 5), (9, 0)], [(1, 6)]]}],
        ),
    ]
    return [
        (f"{kind.__name__} {change}", kind(**base), kind(**(base | change)))
        for kind, base, all_changes in changes
        for change in all_changes
    ]


@pytest.mark.parametrize(
    ("one", "other"), [(a, b) for _, a, b in different()], ids=[name for name, _, _ in different()]
)
def test_models_that_differ_in_one_part(one: Any, other: Any) -> None:
    assert one != other
    assert other != one
    assert not one == other  # noqa: SIM201  # both operators are under test
    assert one == one.copy()
    assert not one != one.copy()  # noqa: SIM202  # the same


def test_equality_is_that_of_state() -> None:
    assert dcai.SparsePerceptron([0, 5, 0, 0], 1, 2) == dcai.SparsePerceptron({1: 5}, 1, 2)
    assert dcai.SparsePerceptron({1: 5, 9: 0}, 1, 2) == dcai.SparsePerceptron([0, 5], 1, 2)
    scattered = dcai.SparsePerceptron({}, 1, 2)
    scattered.initialize_weights(2**40, [7])
    scattered.initialize_sparse_weights([[2**40, 0], [1, 5]])
    assert scattered == dcai.SparsePerceptron([0, 5], 1, 2)
    there = dcai.SparsePerceptron([0], 0, ONE)
    there.update([3000], 1)
    there.update([3000], 0)
    assert there == dcai.SparsePerceptron([], 0, ONE)
    wide = dcai.DensePerceptron([2**63 - 1, -(2**78)], 0, ONE)
    assert wide.update([6 * 10**8, 8 * 10**8], 1)  # one weight leaves 64 bits
    assert wide == dcai.DensePerceptron([2**63 - 1 + 6 * 10**8, -(2**78) + 8 * 10**8], 0, ONE)
    narrow = dcai.DensePerceptron([2**63, -(2**63)], 0, ONE)
    assert narrow.update([6 * 10**8, 8 * 10**8], 1)
    assert narrow.update([ONE, 0], 0)  # and comes back
    assert narrow == dcai.DensePerceptron([2**63 - 4 * 10**8, -(2**63) + 8 * 10**8], 0, ONE)
    pairs = [(5, 1), (0, 2)]
    in_order, reversed_, mapped = (
        dcai.SparseNearestCentroidClassifier([centroid], [1]) for centroid in (pairs, pairs[::-1], dict(pairs))
    )
    assert in_order == reversed_ == mapped


def test_models_of_other_classes_and_other_things_are_not_equal() -> None:
    models = [build() for build in MODELS.values()]
    for i, one in enumerate(models):
        for k, other in enumerate(models):
            assert (one == other) is (i == k)
        for thing in (None, 5, "model", object(), one._kernel, np.array([1, 2]), []):
            result = one == thing
            assert not np.any(result)
        assert one.__eq__(5) is NotImplemented
    assert Named([1], 2, 3) != dcai.DensePerceptron([1], 2, 3)


def test_no_hash() -> None:
    for build in MODELS.values():
        with pytest.raises(TypeError, match="unhashable"):
            hash(build())


def test_repr_says_what_a_model_is_and_stays_short() -> None:
    assert repr(dcai.DensePerceptron([1, 2], 3, 4)) == (
        "DensePerceptron(weights=<2 weights>, intercept=3, learning_rate=4, classifications=('0', '1'))"
    )
    for name, build in MODELS.items():
        text = repr(build())
        assert text.startswith(type(build()).__name__ + "(")
        assert repr(build().classifications) in text
        assert str(build()) == text
        assert len(text) < 300, name
    assert len(repr(dcai.DensePerceptron([1] * 10_000, 0, 0))) < 300
    assert len(repr(dcai.SparsePerceptron([1] * 10_000, 0, 0))) < 300
    assert len(repr(dcai.NearestCentroidClassifier([[1] * 10_000] * 2, [1, 1]))) < 300


@pytest.mark.parametrize("name", MODELS)
def test_state_cannot_be_set_past_the_kernel(name: str) -> None:
    model: Any = MODELS[name]()
    for attribute in ("weights", "intercept", "learning_rate", "centroids", "counts", "stored", "surprise"):
        if hasattr(model, attribute) or attribute == "surprise":
            with pytest.raises(AttributeError):
                setattr(model, attribute, 5)


def test_types_of_what_models_give() -> None:
    dense, sparse, nearest, sparse_nearest, naive_bayes = small_models()
    assert isinstance(dense, dcai.DensePerceptron)
    assert dense.weights.dtype == np.int64
    assert dcai.DensePerceptron([2**63], 0, 0).weights.dtype == object
    assert dcai.DensePerceptron([2**63 - 1, -(2**63)], 0, 0).weights.dtype == np.int64
    assert type(dcai.DensePerceptron([2**63], 0, 0).weights[0]) is int
    assert type(dense.predict([1, 2])) is int
    assert type(dense.update([ONE, 0], 0)) is bool
    assert type(dense.norm([3, 4])) is int
    assert (type(dense.intercept), type(dense.learning_rate)) == (int, int)
    assert isinstance(sparse, dcai.SparsePerceptron)
    assert list(dcai.SparsePerceptron({2**64 - 1: 1, 5: 2, 2000: 3}, 0, 0).weights) == [5, 2000, 2**64 - 1]
    assert type(sparse.evaluate_batch([[1]], [0])) is int
    assert isinstance(nearest, dcai.NearestCentroidClassifier)
    assert [centroid.dtype for centroid in nearest.centroids] == [np.int64] * 3
    assert all(type(count) is int for count in nearest.counts)
    assert isinstance(sparse_nearest, dcai.SparseNearestCentroidClassifier)
    assert type(sparse_nearest.update([0], 0)) is bool
    assert type(sparse_nearest.centroid_value(0, 0)) is int
    assert isinstance(naive_bayes, dcai.NaiveBayes)
    assert naive_bayes.feature_counts == [{0: 3, 7: 5}, {1: 2}]
    assert type(naive_bayes.feature_count(0, 7)) is int
    assert {type(n) for n in (*naive_bayes.num_samples, *naive_bayes.total_feature_counts)} == {int}
    for model in small_models():
        assert type(model.classifications) is tuple
        assert type(model.feature_indices) is tuple
        assert all(type(index) is int for index in model.feature_indices)
