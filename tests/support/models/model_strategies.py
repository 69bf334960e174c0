"""Values near the bounds of every type, samples exactly at the bounds of the norm, and the pairs kernel / oracle."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

import dcai
from dcai import errors
from tests.support.models import reference

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT80_MIN, INT80_MAX = -(2**79), 2**79 - 1
UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1
COUNT_LIMIT = 2**191
ONE = 10**9

_POWERS = [1, ONE, 2**16, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, 2**78, 2**79]


def edges(low: int, high: int) -> list[int]:
    """All whole numbers within bounds that are next to a power where something may overflow."""
    near = {sign * (power + d) for power in _POWERS for sign in (1, -1) for d in (-2, -1, 0, 1, 2)}
    return sorted((v for v in near | {0, low, low + 1, high - 1, high} if low <= v <= high), key=abs)


def bounded(low: int, high: int) -> st.SearchStrategy[int]:
    small = st.integers(max(low, -2 * ONE), min(high, 2 * ONE))
    return st.one_of(small, st.sampled_from(edges(low, high)), st.integers(low, high))


int64s = bounded(INT64_MIN, INT64_MAX)
int80s = bounded(INT80_MIN, INT80_MAX)
uint64s = bounded(0, UINT64_MAX)
uint32s = st.one_of(st.sampled_from([0, 1, ONE - 1, ONE, ONE + 1, 2**31, UINT32_MAX]), st.integers(0, UINT32_MAX))
counts = st.one_of(
    st.integers(0, 20),
    st.sampled_from([2**31, 2**32, 2**63 - 2, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 2**128, 2**190, COUNT_LIMIT - 1]),
)
counts64 = st.one_of(
    st.integers(0, 20), st.sampled_from([2**31, 2**32, 2**63 - 1, 2**63, UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX])
)
labels = st.one_of(st.integers(0, 2), st.sampled_from([3, 2**32, 2**63, UINT64_MAX]))

#: Squared norms at and around the bounds of the check, and in the middle.
SQUARED_NORMS = [
    10**18 + d for d in (-(10**11) - 1, -(10**11), -(10**11) + 1, -1, 0, 1, 10**11 - 1, 10**11, 10**11 + 1)
]


def exact_sample(head: Sequence[int], squared: int, length: int) -> list[int] | None:
    """A sample that begins with ``head`` and whose squares add up to exactly ``squared``; None where none was found."""
    rest = squared - sum(x * x for x in head)
    sample = list(head)
    while len(sample) < length:
        if rest < 0:
            return None
        sample.append(math.isqrt(rest))
        rest -= sample[-1] ** 2
    return sample if rest == 0 else None


@st.composite
def unit_samples(draw: st.DrawFn, length: int) -> list[int]:
    """Samples that an update takes, or only just refuses."""
    if length == 0:
        return []
    if length >= 8:
        head = draw(st.lists(st.integers(-(3 * 10**8), 3 * 10**8), max_size=min(length - 8, 8)))
        exact = exact_sample(head, draw(st.sampled_from(SQUARED_NORMS)), length)
        if exact is not None:
            signs = draw(st.lists(st.sampled_from([1, -1]), min_size=length, max_size=length))
            return draw(st.permutations([sign * x for sign, x in zip(signs, exact, strict=True)]))
    direction = draw(st.lists(st.integers(-100, 100), min_size=length, max_size=length))
    if not any(direction):
        direction[draw(st.integers(0, length - 1))] = 1
    size = math.sqrt(sum(x * x for x in direction))
    return [round(x * ONE / size) for x in direction]


def dense_samples(length: int) -> st.SearchStrategy[list[int]]:
    """Mostly of the right length and norm."""
    any_of_length = st.lists(int64s, min_size=length, max_size=length)
    return st.one_of(unit_samples(length), unit_samples(length), any_of_length, st.lists(int64s, max_size=4))


feature_indices = st.one_of(
    st.integers(0, 12),
    st.integers(0, 12),
    st.sampled_from([1023, 1024, 2047, 2048, 4095, 4096, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]),
)
#: What a SparsePerceptron takes, and what it refuses.
wild_indices = st.one_of(
    feature_indices,
    feature_indices,
    feature_indices,
    st.sampled_from([2**32, 2**62, INT64_MAX - 1, INT64_MAX, -1, -(2**31) - 1, INT64_MIN]),
)
index_samples = st.lists(st.one_of(feature_indices, st.sampled_from([2**32, INT64_MAX])), max_size=8)
increasing_samples = st.lists(feature_indices, max_size=8, unique=True).map(sorted)
any_index_samples = st.one_of(index_samples, increasing_samples, st.lists(wild_indices, max_size=6))

centroid_pairs = st.lists(
    st.tuples(feature_indices, st.one_of(uint64s, st.integers(0, ONE), st.integers(0, 3))),
    max_size=6,
    unique_by=lambda pair: pair[0],
)
wild_pairs = st.one_of(
    st.lists(st.tuples(st.one_of(feature_indices, st.sampled_from([2**32, UINT64_MAX])), uint64s), max_size=5),
    st.lists(st.lists(st.one_of(st.integers(0, 5), uint64s), max_size=3), max_size=3),
)

Outcome = tuple[str, Any]


def of_kernel(call: Callable[[], Any]) -> Outcome:
    """What a call of the package gave: a value, or a contract error with its arguments."""
    try:
        return "value", call()
    except errors.Revert as revert:
        return revert.name, revert.args


def of_reference(call: Callable[[], Any]) -> Outcome:
    """The same of the oracle."""
    try:
        return "value", call()
    except reference.Refused as refused:
        return refused.name, refused.args


def agree(kernel: Callable[[], Any], oracle: Callable[[], Any]) -> Any:
    """Run both, require the same outcome of the same type, return the value or None."""
    actual, expected = of_kernel(kernel), of_reference(oracle)
    assert actual == expected
    assert type(actual[1]) is type(expected[1])
    if actual[0] != "value":
        assert all(type(arg) is int for arg in actual[1])
    return actual[1] if actual[0] == "value" else None


def state(model: dcai.Classifier) -> tuple[Any, ...]:
    """All that a model holds, read through its public face, in the form of the oracle's ``state``."""
    if isinstance(model, dcai.DensePerceptron):
        return [int(weight) for weight in model.weights], model.intercept, model.learning_rate
    if isinstance(model, dcai.SparsePerceptron):
        return dict(model.weights), model.intercept, model.learning_rate
    if isinstance(model, dcai.NearestCentroidClassifier):
        return [centroid.tolist() for centroid in model.centroids], model.counts
    assert isinstance(model, dcai.SparseNearestCentroidClassifier)
    return model.counts, model.squared_magnitudes, model.stored


def small_models() -> list[dcai.Classifier]:
    """One model of each class, none of them symmetric."""
    return [
        dcai.DensePerceptron([3 * ONE, -ONE], 7, ONE // 2, classifications=["no", "yes"], feature_indices=[4, 9]),
        dcai.SparsePerceptron([ONE, -2 * ONE, 5], -3, ONE, classifications=["no", "yes"], feature_indices=[1]),
        dcai.NearestCentroidClassifier([[ONE, 0], [0, ONE], [5, 6]], [1, 2, 3]),
        dcai.SparseNearestCentroidClassifier([[(0, ONE), (7, 5)], [(1, ONE)]], [1, 4]),
    ]
