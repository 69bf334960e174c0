"""Models in any state that a contract can be in, near the bounds of every type, with samples to update them with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from dcai.models import (
    Classifier,
    DensePerceptron,
    NaiveBayes,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from tests.support import bounds as n
from tests.support.models import strategies as s

#: Weights at their bounds, which the next step may push over them.
_full_weights = st.sampled_from([n.INT80_MIN, n.INT80_MIN, n.INT80_MIN + 1, 0, n.INT80_MAX - 1, n.INT80_MAX])
_intercepts = st.one_of(st.sampled_from([0, 1, -1]), n.int80s)


@st.composite
def dense_perceptrons(draw: st.DrawFn) -> Classifier:
    """Some of zeros, and some that a step takes back to zero: their weights are a sample."""
    some = st.lists(n.int80s, max_size=10)
    full = st.lists(_full_weights, min_size=2, max_size=10)
    zeros = st.integers(1, 10).map(lambda length: [0] * length)
    if draw(st.integers(0, 3)) == 3:
        return DensePerceptron(draw(st.integers(1, 10).flatmap(s.accepted_samples)), 0, n.ONE)
    weights = draw(st.one_of(some, full, zeros))
    if draw(st.booleans()):
        return DensePerceptron(weights, 0, n.ONE)
    return DensePerceptron(weights, draw(_intercepts), draw(n.uint32s))


@st.composite
def sparse_perceptrons(draw: st.DrawFn) -> Classifier:
    weights = draw(st.one_of(st.lists(n.int80s, max_size=9), st.lists(_full_weights, min_size=2, max_size=9)))
    model = SparsePerceptron(weights, draw(_intercepts), draw(n.uint32s))
    model.initialize_sparse_weights(draw(s.weight_rows))
    return model


@st.composite
def nearest_centroids(draw: st.DrawFn) -> Classifier:
    """Some with classes that count no further, and with centroids that are not of one length yet."""
    size = draw(st.integers(0, 9))
    tiny = s.lists_of(st.integers(-1, 1), size)  # which the next sample rounds to zero
    some = st.one_of(s.accepted_samples(size), s.lists_of(n.int64s, size), st.just([0] * size), tiny)
    centroids = draw(st.lists(some, min_size=1, max_size=4))
    model = NearestCentroidClassifier(centroids, draw(s.lists_of(st.one_of(st.just(1), n.counts), len(centroids))))
    if draw(st.integers(0, 3)):
        return model
    state = model.state()
    state["counts"][0] = n.COUNT_LIMIT
    state["centroids"][-1] = [*state["centroids"][-1], *draw(st.lists(n.int64s, max_size=3))]
    return NearestCentroidClassifier.restore(state, model.classifications, ())


@st.composite
def sparse_nearest_centroids(draw: st.DrawFn) -> Classifier:
    """Some with values that are not up to date, and with squared magnitudes that their values do not add up to."""
    centroids = draw(st.lists(s.pairs, min_size=1, max_size=4))
    model = SparseNearestCentroidClassifier(centroids, draw(s.lists_of(n.counts64, len(centroids))))
    for label, count in enumerate(model.counts):
        if count < n.UINT64_MAX and draw(st.booleans()):
            model.update(draw(s.increasing_samples), label)
    if draw(st.integers(0, 3)):
        return model
    state = model.state()
    state["squared_magnitudes"] = draw(s.lists_of(st.sampled_from([0, 10**18, 2**128, 2**200]), len(centroids)))
    return SparseNearestCentroidClassifier.restore(state, model.classifications, ())


@st.composite
def naive_bayes(draw: st.DrawFn) -> Classifier:
    """Some with counts and totals that leave no room, with scores that grow, and with nothing to divide by."""
    num_classes = draw(st.integers(1, 4))
    counts = st.sampled_from([1, 2, 1_000, n.UINT32_MAX - 1, n.UINT32_MAX])
    full = st.dictionaries(n.feature_indices, counts, max_size=6)
    feature_counts = draw(st.lists(st.one_of(st.just({}), full, full), min_size=num_classes, max_size=num_classes))
    totals = [sum(each.values()) for each in feature_counts]
    if not draw(st.integers(0, 3)):
        totals = [draw(st.sampled_from([total, n.UINT64_MAX - 2, n.UINT64_MAX])) for total in totals]
    state = {
        "num_samples": draw(s.lists_of(n.counts64, num_classes)),
        "total_feature_counts": totals,
        "feature_counts": feature_counts,
        "smoothing_factor": draw(st.sampled_from([0, 1, n.ONE, n.ONE, n.UINT32_MAX])),
        "total_num_features": draw(st.sampled_from([0, 1, 13, n.UINT64_MAX])),
    }
    return NaiveBayes.restore(state, list(map(str, range(num_classes))), ())


def _dense_lengths(model: Any) -> list[int]:
    return [len(model.weights)] if isinstance(model, DensePerceptron) else sorted(set(map(len, model.centroids)))


def _clearing(model: Any) -> list[list[int]]:
    """Samples that may take numbers to zero: the weights themselves, or what is opposite to a centroid."""
    if isinstance(model, DensePerceptron):
        rows = [[int(weight) for weight in model.weights]]
    else:
        rows = [[-value for value in centroid.tolist()] for centroid in model.centroids]
    return [[min(max(value, n.INT64_MIN), n.INT64_MAX) for value in row] for row in rows]


def samples(model: Classifier) -> st.SearchStrategy[list[int]]:
    """Samples most of which an update of the model takes."""
    if isinstance(model, DensePerceptron | NearestCentroidClassifier):
        lengths = st.sampled_from(_dense_lengths(model))
        good = lengths.flatmap(s.accepted_samples)
        return s.either(
            st.one_of(good, good, good, good, st.sampled_from(_clearing(model))), lengths.flatmap(s.dense_samples)
        )
    if not isinstance(model, SparseNearestCentroidClassifier):
        few = st.lists(st.integers(0, 3), min_size=1, max_size=9)
        any_order = st.one_of(s.increasing_samples, few)
        if isinstance(model, NaiveBayes):
            return s.either(any_order, st.one_of(s.repeated_samples, s.negative_samples, s.too_large_samples))
        return s.either(st.one_of(s.index_samples, any_order), s.negative_samples)
    refused = st.one_of(s.index_samples, s.negative_samples, s.too_large_samples, s.repeated_samples)
    return s.either(s.increasing_samples, refused)


#: Of each model of dcai.
STATES: dict[str, Callable[[], st.SearchStrategy[Classifier]]] = {
    "DensePerceptron": dense_perceptrons,
    "NaiveBayes": naive_bayes,
    "NearestCentroidClassifier": nearest_centroids,
    "SparseNearestCentroidClassifier": sparse_nearest_centroids,
    "SparsePerceptron": sparse_perceptrons,
}
