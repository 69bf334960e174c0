"""Kernels against the oracle: stateful machines that compare result, change, error and full state at every step."""

from __future__ import annotations

import copy
import pickle
from functools import partial
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import dcai
from dcai import CsrRows, Revert
from dcai.verify.numbers import squares
from tests.support import bounds as n
from tests.support.models import reference
from tests.support.models import strategies as s
from tests.support.models.agreement import agree, of_kernel, of_reference, small_models, state


class Machine(RuleBasedStateMachine):
    """What all four machines share: update, copies, and the comparison of states."""

    model: Any
    oracle: Any
    sizes: ClassVar[tuple[int, ...]] = (0, 1, 2, 3, 9, 12, 65)

    def predict_both(self, data: list[int]) -> None:
        agree(lambda: self.model.predict(data), lambda: self.oracle.predict(data))

    def update_both(self, data: list[int], label: int, *, mistaken: bool) -> None:
        predicted = of_reference(lambda: self.oracle.predict(data))
        if mistaken and predicted[0] == "value":
            label = int(predicted[1] == 0)
        before = state(self.model)
        changed = agree(lambda: self.model.update(data, label), lambda: self.oracle.update(data, label))
        assert bool(changed) == (state(self.model) != before)

    @invariant()
    def same_state(self) -> None:
        if hasattr(self, "oracle"):
            assert state(self.model) == self.oracle.state()

    @rule(way=st.sampled_from([copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]))
    def go_on_with_a_copy(self, way: Any) -> None:
        twin = way(self.model)
        assert twin == self.model
        assert twin is not self.model
        self.model = twin

    def batch_both(self, data: Any, rows: list[list[int]], labels: list[int] | None) -> None:
        """Predict or update a batch and compare with the oracle row by row, up to the first refusal."""
        expected: list[Any] = []
        refused: tuple[str, Any] | None = None
        for row, sample in enumerate(rows):
            if labels is None:
                outcome = of_reference(partial(self.oracle.predict, sample))
            else:
                outcome = of_reference(partial(self.oracle.update, sample, labels[row]))
            if outcome[0] != "value":
                refused = outcome
                break
            expected.append(outcome[1])
        call = (
            partial(self.model.predict_batch, data)
            if labels is None
            else partial(self.model.update_batch, data, labels)
        )
        if refused is None:
            result = call()
            assert result.dtype == (np.intp if labels is None else np.bool_)
            assert result.tolist() == expected
        else:
            with pytest.raises(Revert) as caught:
                call()
            assert (caught.value.name, caught.value.args) == refused
            assert caught.value.row == len(expected)


class DenseMachine(Machine):
    dimension: int

    @rule(data=st.data(), label=s.labels(3), mistaken=st.booleans())
    def update(self, data: st.DataObject, label: int, mistaken: bool) -> None:
        self.update_both(data.draw(s.dense_samples(self.dimension)), label, mistaken=mistaken)

    @rule(data=st.data())
    def predict(self, data: st.DataObject) -> None:
        self.predict_both(data.draw(s.dense_samples(self.dimension)))

    @rule(sample=st.lists(n.int64s, max_size=6))
    def norm(self, sample: list[int]) -> None:
        agree(lambda: self.model.norm(sample), lambda: self.oracle.norm(sample))

    @rule(data=st.data(), learn=st.booleans(), as_list=st.booleans())
    def batch(self, data: st.DataObject, learn: bool, as_list: bool) -> None:
        length = data.draw(st.sampled_from([self.dimension, self.dimension, self.dimension + 1]))
        fixed = st.lists(n.int64s, min_size=length, max_size=length)
        rows = data.draw(st.lists(st.one_of(s.unit_samples(length), fixed), min_size=1, max_size=5))
        labels = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))) if learn else None
        batch = rows if as_list else np.array(rows, dtype=np.int64).reshape(len(rows), length)
        self.batch_both(batch, rows, labels)


class DensePerceptronMachine(DenseMachine):
    @initialize(data=st.data(), intercept=n.int80s, rate=n.uint32s, size=st.sampled_from(Machine.sizes))
    def build(self, data: st.DataObject, intercept: int, rate: int, size: int) -> None:
        weights = data.draw(st.lists(n.int80s, min_size=size, max_size=size))
        self.dimension = size
        self.model = dcai.DensePerceptron(weights, intercept, rate)
        self.oracle = reference.DensePerceptron(weights, intercept, rate)

    @rule(weights=st.lists(n.int80s, max_size=2))
    def initialize_weights(self, weights: list[int]) -> None:
        self.model.initialize_weights(weights)
        self.oracle.initialize_weights(weights)
        self.dimension += len(weights)

    @rule()
    def through_json(self) -> None:
        self.model = type(self.model).from_json(self.model.to_json())


class NearestCentroidMachine(DenseMachine):
    @initialize(data=st.data(), size=st.sampled_from(Machine.sizes), classes=st.integers(1, 4))
    def build(self, data: st.DataObject, size: int, classes: int) -> None:
        centroid = st.one_of(st.lists(n.int64s, min_size=size, max_size=size), s.unit_samples(size))
        centroids = data.draw(st.lists(centroid, min_size=classes, max_size=classes))
        counts = data.draw(st.lists(n.counts, min_size=classes, max_size=classes))
        self.dimension = size
        self.model = dcai.NearestCentroidClassifier(centroids, counts)
        self.oracle = reference.NearestCentroidClassifier(centroids, counts)

    @rule(data=st.data(), count=st.one_of(n.counts, st.sampled_from([2**191, 2**192, 2**256 - 1])))
    def add_class(self, data: st.DataObject, count: int) -> None:
        centroid = data.draw(s.dense_samples(self.dimension))
        agree(lambda: self.model.add_class(centroid, "new", count), lambda: self.oracle.add_class(centroid, count))
        assert len(self.model.classifications) == len(self.oracle.centroids)

    @rule(extension=st.lists(n.int64s, max_size=2), label=s.labels(3))
    def extend_one(self, extension: list[int], label: int) -> None:
        agree(
            lambda: self.model.extend_centroid(extension, label), lambda: self.oracle.extend_centroid(extension, label)
        )

    @rule(value=n.int64s)
    def make_equal(self, value: int) -> None:
        """Extend every centroid that is too short, so that the model predicts again."""
        self.dimension = max(map(len, self.oracle.centroids))
        for k, centroid in enumerate(self.oracle.centroids):
            extension = [value] * (self.dimension - len(centroid))
            self.model.extend_centroid(extension, k)
            self.oracle.extend_centroid(extension, k)


class SparseMachine(Machine):
    samples: ClassVar[Any]

    @rule(data=st.data(), label=s.labels(3), mistaken=st.booleans())
    def update(self, data: st.DataObject, label: int, mistaken: bool) -> None:
        self.update_both(data.draw(self.samples), label, mistaken=mistaken)

    @rule(data=st.data())
    def predict(self, data: st.DataObject) -> None:
        self.predict_both(data.draw(self.samples))

    @rule(sample=s.index_samples)
    def norm(self, sample: list[int]) -> None:
        agree(lambda: self.model.norm(sample), lambda: self.oracle.norm(sample))

    @rule(data=st.data(), learn=st.booleans(), times=st.sampled_from([1, 1, 700]), as_csr=st.booleans())
    def batch(self, data: st.DataObject, learn: bool, times: int, as_csr: bool) -> None:
        """Batches; repeated often enough, they take whatever short cut the kernel keeps for large ones."""
        rows = data.draw(st.lists(self.samples, min_size=1, max_size=4))
        rows = rows if learn else rows * times
        labels = data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))) if learn else None
        if as_csr:
            indptr = np.cumsum([0, *map(len, rows)])
            indices = np.array([index for row in rows for index in row], dtype=np.int64)
            self.batch_both(CsrRows(indptr, indices), rows, labels)
        else:
            self.batch_both(rows, rows, labels)


class SparsePerceptronMachine(SparseMachine):
    samples = s.any_index_samples

    @initialize(weights=st.lists(n.int80s, max_size=12), intercept=n.int80s, rate=n.uint32s)
    def build(self, weights: list[int], intercept: int, rate: int) -> None:
        self.model = dcai.SparsePerceptron(weights, intercept, rate)
        self.oracle = reference.SparsePerceptron(weights, intercept, rate)

    @rule(
        start=st.one_of(st.integers(0, 12), st.sampled_from([1023, 2**63, 2**64 - 2, 2**64 - 1])),
        weights=st.lists(n.int80s, max_size=4),
    )
    def initialize_weights(self, start: int, weights: list[int]) -> None:
        agree(
            lambda: self.model.initialize_weights(start, weights),
            lambda: self.oracle.initialize_weights(start, weights),
        )

    @rule(
        rows=st.lists(
            st.one_of(
                st.tuples(n.feature_indices, n.int80s),
                st.tuples(n.feature_indices, n.int80s),
                st.tuples(st.sampled_from([-1, 2**63, 2**64 - 1, 2**64, 2**79 - 1, -(2**79)]), n.int80s),
                st.lists(n.int80s, max_size=3),
            ),
            max_size=4,
        )
    )
    def initialize_sparse_weights(self, rows: list[Any]) -> None:
        agree(lambda: self.model.initialize_sparse_weights(rows), lambda: self.oracle.initialize_sparse_weights(rows))

    @rule(data=st.data(), times=st.sampled_from([1, 500]))
    def evaluate_batch(self, data: st.DataObject, times: int) -> None:
        rows = data.draw(st.lists(self.samples, max_size=4)) * times
        labels = data.draw(st.lists(st.integers(0, 2), min_size=min(len(rows), 4), max_size=4))
        labels = (labels * len(rows))[: len(rows)]
        agree(lambda: self.model.evaluate_batch(rows, labels), lambda: self.oracle.evaluate_batch(rows, labels))

    @rule()
    def through_json(self) -> None:
        self.model = type(self.model).from_json(self.model.to_json())


class SparseNearestCentroidMachine(SparseMachine):
    samples = st.one_of(s.increasing_samples, s.increasing_samples, s.any_index_samples)

    @initialize(classes=st.lists(st.tuples(s.pairs, n.counts64), min_size=1, max_size=4), dense=st.booleans())
    def build(self, classes: list[Any], dense: bool) -> None:
        centroids = [pairs for pairs, _ in classes]
        if dense:
            # Every class has values at small indices, as a table of distances would like it.
            centroids = [[(j, k * 10**8 + j) for j in range(12)] for k in range(len(classes))]
        counts = [count for _, count in classes]
        self.model = dcai.SparseNearestCentroidClassifier(centroids, counts)
        self.oracle = reference.SparseNearestCentroidClassifier(centroids, counts)

    @rule(pairs=st.one_of(s.pairs, s.wild_pairs), count=n.counts64)
    def add_class(self, pairs: Any, count: int) -> None:
        agree(lambda: self.model.add_class(pairs, "new", count), lambda: self.oracle.add_class(pairs, count))
        assert len(self.model.classifications) == len(self.oracle.classes)

    @rule(pairs=st.one_of(s.pairs, s.wild_pairs), label=s.labels(3))
    def extend_centroid(self, pairs: Any, label: int) -> None:
        agree(lambda: self.model.extend_centroid(pairs, label), lambda: self.oracle.extend_centroid(pairs, label))

    @rule(k=s.labels(3), j=n.feature_indices)
    def centroid_value(self, k: int, j: int) -> None:
        agree(lambda: self.model.centroid_value(k, j), lambda: self.oracle.centroid_value(k, j))

    @rule()
    def true_values(self) -> None:
        expected = [{j: info.true_value(j) for j in sorted(info.slots)} for info in self.oracle.classes]
        assert self.model.centroids == [{j: v for j, v in centroid.items() if v} for centroid in expected]

    @precondition(lambda self: len(set(self.model.classifications)) == len(self.model.classifications))
    @rule()
    def through_json(self) -> None:
        self.model = type(self.model).from_json(self.model.to_json())


TestDensePerceptron = DensePerceptronMachine.TestCase
TestSparsePerceptron = SparsePerceptronMachine.TestCase
TestNearestCentroid = NearestCentroidMachine.TestCase
TestSparseNearestCentroid = SparseNearestCentroidMachine.TestCase


# -- places where a random walk seldom gets -------------------------------------------------------------------------


@given(data=st.data(), offset=st.integers(-2, 2))
def test_the_sign_of_a_score_next_to_zero(data: st.DataObject, offset: int) -> None:
    size = data.draw(st.integers(1, 5))
    weights = data.draw(st.lists(st.integers(-(2**79) + 1, 2**79 - 1), min_size=size, max_size=size))
    sample = data.draw(st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=size, max_size=size))
    mirrored = [-w for w in weights]
    model = dcai.DensePerceptron(weights + mirrored, offset, 1)
    assert model.predict(sample + sample) == int(offset > 0)
    assert model.predict_batch(np.array([sample + sample])).tolist() == [int(offset > 0)]


@given(weight=n.int80s, x=n.int64s, offset=st.integers(-1, 1))
def test_an_intercept_that_cancels_the_product(weight: int, x: int, offset: int) -> None:
    weight = max(min(weight, 2**79 // max(abs(x), 1) - 2), -(2**79) // max(abs(x), 1) + 2)
    model = dcai.DensePerceptron([weight], -weight * x + offset, 1)
    assert model.predict([x]) == int(offset > 0)


@given(st.lists(n.int64s, max_size=40))
def test_norm(sample: list[int]) -> None:
    expected = reference.DensePerceptron([], 0, 0).norm(sample)
    assert dcai.DensePerceptron([], 0, 0).norm(sample) == expected
    assert dcai.NearestCentroidClassifier([[]], [0]).norm(np.array(sample, dtype=np.int64)) == expected


@pytest.mark.parametrize("squared", s.SQUARED_NORMS)
@pytest.mark.parametrize("length", [8, 20])
def test_norm_bounds_are_exclusive(squared: int, length: int) -> None:
    sample = [*squares(squared, length)]
    assert sum(x * x for x in sample) == squared
    passes = abs(squared - 10**18) < 10**11
    for model in (
        dcai.DensePerceptron([0] * length, 0, n.ONE),
        dcai.NearestCentroidClassifier([[0] * length], [1]),
    ):
        outcome = of_kernel(partial(model.update, sample, 0))
        assert outcome[0] == ("value" if passes else "NotNormalized")
        if not passes:
            assert outcome[1] == (squared,)


DISTANCE_EDGES = [
    n.INT64_MIN, n.INT64_MAX, 0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32, -(2**32),
    31622, 31623, n.ONE, -n.ONE,
]  # fmt: skip


@given(data=st.data(), size=st.sampled_from([1, 2, 63, 64, 65, 128, 130]), classes=st.integers(2, 5))
def test_the_nearest_of_nearly_equal_centroids(data: st.DataObject, size: int, classes: int) -> None:
    value = st.sampled_from(DISTANCE_EDGES)
    base = data.draw(st.lists(value, min_size=size, max_size=size))
    centroids = []
    for _ in range(classes):
        centroid = list(base)
        centroid[data.draw(st.integers(0, size - 1))] = data.draw(value)
        centroids.append(centroid)
    sample = data.draw(st.lists(value, min_size=size, max_size=size))
    expected = reference.NearestCentroidClassifier(centroids, [1] * classes).predict(sample)
    model = dcai.NearestCentroidClassifier(centroids, [1] * classes)
    assert model.predict(sample) == expected
    assert model.predict_batch(np.array([sample] * 3)).tolist() == [expected] * 3


@given(
    c=st.sampled_from(
        [
            n.INT64_MIN,
            n.INT64_MIN + 1,
            -n.ONE,
            -1,
            0,
            1,
            n.ONE,
            n.INT64_MAX - 1,
            n.INT64_MAX,
        ]
    ),
    n=n.counts,
    sign=st.sampled_from([1, -1]),
)
def test_a_mean_of_extremes(c: int, n: int, sign: int) -> None:
    model, oracle = dcai.NearestCentroidClassifier([[c]], [n]), reference.NearestCentroidClassifier([[c]], [n])
    sample = [sign * 10**9]
    for _ in range(3):
        agree(lambda: model.update(sample, 0), lambda: oracle.update(sample, 0))
        assert state(model) == oracle.state()


@given(
    values=st.lists(st.one_of(n.uint64s, st.sampled_from([2**62, 2**62 - 1, ONE_HALF := 5 * 10**8])), max_size=6),
    others=st.lists(n.uint64s, max_size=6),
    counts=st.tuples(n.counts64, n.counts64),
    rows=st.lists(st.lists(st.integers(0, 6), max_size=6, unique=True).map(sorted), min_size=1, max_size=6),
)
def test_large_sparse_batches_of_extreme_distances(
    values: list[int], others: list[int], counts: tuple[int, int], rows: list[list[int]]
) -> None:
    centroids = [list(enumerate(values)), list(enumerate(others))]
    model = dcai.SparseNearestCentroidClassifier(centroids, counts)
    oracle = reference.SparseNearestCentroidClassifier(centroids, counts)
    expected = [oracle.predict(row) for row in rows]
    assert model.predict_batch(rows * 600).tolist() == expected * 600


def test_sparse_squares_that_leave_256_bits() -> None:
    top = [(j, n.UINT64_MAX) for j in range(40)]
    model = dcai.SparseNearestCentroidClassifier([top], [n.UINT64_MAX - 3])
    oracle = reference.SparseNearestCentroidClassifier([top], [n.UINT64_MAX - 3])
    for sample in ([0], [], [1, 2], [3], [5]):
        agree(partial(model.update, sample, 0), partial(oracle.update, sample, 0))
        assert state(model) == oracle.state()


def test_terms_of_a_distance_are_divided_before_they_are_summed() -> None:
    """31622^2 is just below 10^9 and counts nothing, however often it stands there; 31623^2 counts one."""
    for size in (4, 64, 65, 200):
        far_in_all = [31622] * size
        for sign in (1, -1):
            near_but_one = [0] * (size - 1) + [sign * 31623]
            for order in (1, -1):
                model = dcai.NearestCentroidClassifier([far_in_all, near_but_one][::order], [1, 1])
                expected = 0 if order == 1 else 1
                oracle = reference.NearestCentroidClassifier([far_in_all, near_but_one][::order], [1, 1])
                assert model.predict([0] * size) == oracle.predict([0] * size) == expected
                assert model.predict_batch([[0] * size] * 2).tolist() == [expected] * 2


@pytest.mark.parametrize("beyond", [0, 1])
@pytest.mark.parametrize("label", [0, 1])
def test_weights_that_reach_or_leave_int80(label: int, beyond: int) -> None:
    """A step of 6 up to the bound and one beyond; the other weight sees to it that there is a mistake."""
    sign, bound = (1, 2**79 - 1) if label == 1 else (-1, -(2**79))
    start = bound - sign * (6 - beyond)
    sparse = dcai.SparsePerceptron([start, -start, -sign * 100], 0, 6)
    dense = dcai.DensePerceptron([start, -start, -sign * 2**78], 0, 10)
    data: Any
    for model, data in ((sparse, [1, 0, 2]), (dense, [6 * 10**8, 6 * 10**8, 529_150_262])):
        before = state(model)
        outcome = of_kernel(partial(model.update, data, label))
        if beyond:
            assert outcome == ("SafeCastOverflowedIntDowncast", (80, bound + sign))
            assert state(model) == before
        else:
            assert outcome == ("value", True)
            assert state(model)[0][0] == bound


def test_a_sparse_class_whose_rounding_goes_below_zero_is_clamped() -> None:
    model = dcai.SparseNearestCentroidClassifier([[(0, 3)]], [1])
    model.update([], 0)  # 9 * 1 / 4 = 2
    model.update([], 0)  # 2 * 4 / 9 = 0, though the true value is still 3 / 3 = 1
    assert (model.squared_magnitudes, model.centroid_value(0, 0)) == ([0], 1)
    model.update([0], 0)
    value = (3 * 1 + n.ONE) // 4
    oracle = reference.SparseNearestCentroidClassifier([[(0, 3)]], [1])
    assert [oracle.update(sample, 0) for sample in ([], [], [0])] == [True] * 3
    assert state(model) == oracle.state()
    assert (model.squared_magnitudes, model.stored) == ([value**2], [{0: (value, 4)}])


def test_a_zero_slot_may_be_written_again() -> None:
    """A value of 0 in a class without samples leaves its slot as it was: no duplicate."""
    pairs = [(5, 0), (5, 0), (5, 7)]
    model = dcai.SparseNearestCentroidClassifier([pairs, pairs], [0, 0])
    assert model.stored == [{5: (7, 0)}, {5: (7, 0)}]
    assert state(model) == reference.SparseNearestCentroidClassifier([pairs, pairs], [0, 0]).state()
    for count, rows in ((0, [*pairs, (5, 0)]), (1, pairs)):
        position = 3 if count == 0 else 1
        with pytest.raises(Revert) as caught:
            dcai.SparseNearestCentroidClassifier([rows], [count])
        assert caught.value == Revert("DuplicateFeature", (position, 5))


def test_a_class_without_samples_learns() -> None:
    model = dcai.SparseNearestCentroidClassifier([[(0, 7), (1, 9)], []], [0, 0])
    oracle = reference.SparseNearestCentroidClassifier([[(0, 7), (1, 9)], []], [0, 0])
    for sample in ([0, 2], [], [1], [0, 1, 2]):
        for label in (0, 1):
            agree(partial(model.predict, sample), partial(oracle.predict, sample))
            agree(partial(model.update, sample, label), partial(oracle.update, sample, label))
            assert state(model) == oracle.state()


@pytest.mark.parametrize("start", range(2**64 - 4, 2**64))
def test_weights_up_to_the_last_feature(start: int) -> None:
    for length in range(6):
        model, oracle = dcai.SparsePerceptron([], 0, 1), reference.SparsePerceptron([], 0, 1)
        weights = list(range(1, length + 1))
        agree(partial(model.initialize_weights, start, weights), partial(oracle.initialize_weights, start, weights))
        assert state(model) == oracle.state()
        refused = start + length > 2**64
        assert state(model)[0] == ({} if refused else {start + i: i + 1 for i in range(length)})


def test_the_sign_of_a_sparse_score_next_to_zero() -> None:
    for offset in (-1, 0, 1):
        for weights in ([5, 7], [2**79 - 1, -(2**79)], [2**62, 2**62]):
            # Half of the sum is in the intercept, half in a third weight: both are int80.
            total = weights[0] * 2 + weights[1]
            model = dcai.SparsePerceptron([*weights, -(total // 2)], -(total - total // 2) + offset, 1)
            assert model.predict([0, 1, 0, 2]) == int(offset > 0)
            assert model.predict_batch([[0, 1, 0, 2]] * 50).tolist() == [int(offset > 0)] * 50


def test_a_sparse_class_of_small_odd_values() -> None:
    model = dcai.SparseNearestCentroidClassifier([[(0, 3), (1, 1)]], [1])
    oracle = reference.SparseNearestCentroidClassifier([[(0, 3), (1, 1)]], [1])
    for step in range(300):
        sample = [[], [0], [1], [0, 1], [2]][step * 7 % 5]
        assert model.update(sample, 0) == oracle.update(sample, 0)
        assert state(model) == oracle.state()


#: Where a fast product of a batch must hand over to the exact one.
LIMITS = [0, 1, 2**22, 2**23, 2**31, 2**32, 2**44, 2**45, 2**53, 2**63 - 2]
near_limits = st.builds(
    lambda limit, d, sign: max(min(sign * (limit + d), 2**63 - 1), -(2**63)),
    st.sampled_from(LIMITS), st.integers(-2, 2), st.sampled_from([1, -1]),
)  # fmt: skip
near_small_limits = near_limits.map(lambda v: v if abs(v) < 2**46 else v % 2**31)


@given(
    data=st.data(),
    size=st.sampled_from([1, 3, 8, 255, 256, 257, 600]),
    offset=st.integers(-1, 1),
    number=st.sampled_from([near_limits, near_small_limits, st.integers(-(2**31), 2**31 - 1)]),
)
def test_batches_of_a_dense_perceptron_at_the_limits_of_fast_products(
    data: st.DataObject, size: int, offset: int, number: st.SearchStrategy[int]
) -> None:
    def many() -> list[int]:
        few = data.draw(st.lists(number, min_size=1, max_size=12))
        return (few * size)[:size]

    weights, rows = many(), [many() for _ in range(3)]
    score = sum(w * x for w, x in zip(weights, rows[0], strict=True))
    intercept = max(min(offset - score, 2**79 - 1), -(2**79))
    model = dcai.DensePerceptron(weights, intercept, 1)
    oracle = reference.DensePerceptron(weights, intercept, 1)
    expected = [oracle.predict(row) for row in rows]
    assert model.predict_batch(np.array(rows * 5)).tolist() == expected * 5
    assert [model.predict(row) for row in rows] == expected


@given(
    data=st.data(),
    size=st.sampled_from([1, 3, 64, 256, 257]),
    classes=st.integers(1, 4),
    number=st.sampled_from(
        [near_limits, near_small_limits, st.integers(-(10**5), 10**5), st.integers(-(2**31), 2**31)]
    ),
)
def test_batches_of_nearly_equal_distances(
    data: st.DataObject, size: int, classes: int, number: st.SearchStrategy[int]
) -> None:
    base = (data.draw(st.lists(number, min_size=1, max_size=8)) * size)[:size]
    centroids = []
    for _ in range(classes):
        centroid = list(base)
        for _ in range(data.draw(st.integers(0, 2))):
            centroid[data.draw(st.integers(0, size - 1))] = data.draw(number)
        centroids.append(centroid)
    rows = [base, [-x if x > -(2**63) else x for x in base], data.draw(st.permutations(base))]
    rows.append([(a + b) // 2 for a, b in zip(centroids[0], centroids[-1], strict=True)])
    model = dcai.NearestCentroidClassifier(centroids, [1] * classes)
    oracle = reference.NearestCentroidClassifier(centroids, [1] * classes)
    expected = [oracle.predict(row) for row in rows]
    assert model.predict_batch(np.array(rows * 5)).tolist() == expected * 5
    assert [model.predict(row) for row in rows] == expected


# -- construction ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("perceptron", [dcai.DensePerceptron, dcai.SparsePerceptron])
@pytest.mark.parametrize("names", [[], ["a"], ["a", "b", "c"]])
def test_a_perceptron_has_two_classes(perceptron: Any, names: list[str]) -> None:
    with pytest.raises(Revert) as caught:
        perceptron([1], 0, 0, classifications=names)
    assert caught.value == Revert("NotTwoClasses", (len(names),))


@given(
    centroids=st.lists(st.lists(n.int64s, min_size=1, max_size=2), max_size=4),
    counts=st.lists(st.one_of(n.counts, st.sampled_from([2**191, 2**256 - 1])), max_size=4),
    names=st.one_of(st.none(), st.integers(0, 4)),
)
def test_building_a_nearest_centroid_classifier(centroids: Any, counts: Any, names: int | None) -> None:
    text = None if names is None else [str(k) for k in range(names)]
    assert of_kernel(
        lambda: state(dcai.NearestCentroidClassifier(centroids, counts, classifications=text))
    ) == of_reference(lambda: reference.NearestCentroidClassifier(centroids, counts, names).state())


@given(
    centroids=st.lists(st.one_of(s.pairs, s.wild_pairs), max_size=3),
    counts=st.lists(n.counts64, max_size=3),
    names=st.one_of(st.none(), st.integers(0, 3)),
)
def test_building_a_sparse_nearest_centroid_classifier(centroids: Any, counts: Any, names: int | None) -> None:
    text = None if names is None else [str(k) for k in range(names)]
    assert of_kernel(
        lambda: state(dcai.SparseNearestCentroidClassifier(centroids, counts, classifications=text))
    ) == of_reference(lambda: reference.SparseNearestCentroidClassifier(centroids, counts, names).state())


@given(weights=st.dictionaries(st.one_of(s.wild_indices, st.just(2**64)), n.int80s, max_size=5))
def test_building_a_sparse_perceptron_from_a_mapping(weights: dict[int, int]) -> None:
    def oracle() -> Any:
        model = reference.SparsePerceptron([], 5, 6)
        model.initialize_sparse_weights(list(weights.items()))
        return model.state()

    assert of_kernel(lambda: state(dcai.SparsePerceptron(weights, 5, 6))) == of_reference(oracle)


def test_default_names_and_missing_weights() -> None:
    given, two, three = ("no", "yes"), ("0", "1"), ("0", "1", "2")
    assert [m.classifications for m in small_models()] == [given, given, three, two, two]
    weights = dcai.SparsePerceptron([0, 5], 0, 1).weights
    assert (dict(weights), weights[0], weights[2**63]) == ({1: 5}, 0, 0)
    assert dict(weights) == {1: 5}  # a look at a missing weight adds none
