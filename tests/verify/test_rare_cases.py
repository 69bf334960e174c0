"""Each rare case once, by construction, through contract and kernel: what random steps reach only by luck."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import dcai
from dcai.errors import InputError, Revert
from dcai.models import Classifier
from dcai.verify.numbers import squares
from tests.support import bounds as n
from tests.support.models import strategies as s
from tests.support.models.twins import Twins, construct, outcome

#: Each test runs on every engine.
pytestmark = pytest.mark.usefixtures("engine")

ONE = n.ONE
LOW, HIGH = n.INT80_MIN, n.INT80_MAX
LIMIT = n.COUNT_LIMIT
MAX64 = n.UINT64_MAX
UNIT = [600_000_000, 800_000_000]
HUGE = [n.INT64_MIN, n.INT64_MAX]


def dense(weights: Sequence[int], intercept: int = 0, rate: int = ONE) -> dcai.DensePerceptron:
    return dcai.DensePerceptron(weights, intercept, rate)


def sparse(weights: Any, intercept: int = 0, rate: int = ONE) -> dcai.SparsePerceptron:
    return dcai.SparsePerceptron(weights, intercept, rate)


def nearest(centroids: Sequence[Sequence[int]], counts: Sequence[int]) -> dcai.NearestCentroidClassifier:
    return dcai.NearestCentroidClassifier(centroids, counts)


def sparse_nearest(centroids: Any, counts: Sequence[int]) -> dcai.SparseNearestCentroidClassifier:
    return dcai.SparseNearestCentroidClassifier(centroids, counts)


def overflow(value: int) -> Revert:
    return Revert("SafeCastOverflowedIntDowncast", (80, value))


#: Model, sample, label, and what the update must give.
UPDATES: list[tuple[Classifier, list[int], int, bool | Revert]] = [
    # The checks of a dense Perceptron in their order: each sample fails this one and all that follow.
    (dense([LOW, HIGH]), [1], 2, Revert("DimensionMismatch", (2, 1))),
    (dense([LOW, HIGH]), [1, 1], 2, Revert("UnknownClass", (2, 2))),
    (dense([LOW, HIGH]), [1, 1], MAX64, Revert("UnknownClass", (MAX64, 2))),
    (dense([LOW, HIGH]), [1, 1], 0, Revert("NotNormalized", (2,))),
    (dense([]), [], 0, Revert("NotNormalized", (0,))),
    (dense([0] * 9), [n.INT64_MIN] * 9, 0, Revert("NotNormalized", (9 * 2**126,))),
    # Scores of exactly 0 and 1, as stored and not rescaled.
    (dense([0, 0]), UNIT, 0, False),
    (dense([0, 0]), UNIT, 1, True),
    (dense([0, 0], 1), UNIT, 1, False),
    (dense([0, 0], 1), UNIT, 0, True),
    (dense([8, -6], -1), UNIT, 0, False),
    (dense([8, -6], 1), UNIT, 0, True),
    # Steps that round to zero change nothing.
    (dense([0, 0], 0, 0), UNIT, 1, False),
    (dense([0, 0], 0, 1), UNIT, 1, False),
    (dense([0], 0, 1), [ONE], 1, True),
    (dense([0], 0, 1), [-ONE - 1], 1, True),
    # Negative steps are rounded toward zero.
    (dense([0, 0, 0], 0, 1), [-999_999_999, 0, 31_623], 1, False),
    (dense([5, 5, 5], 0, 10**9 - 1), [-(10**9), -1, -1], 1, True),
    # The largest rate with the largest weights.
    (dense([LOW, LOW], LOW, n.UINT32_MAX), UNIT, 1, True),
    (dense([HIGH, HIGH], HIGH, n.UINT32_MAX), UNIT, 0, True),
    # A binary sample: indices in any order, repeated, at the bounds.
    (sparse([1], LOW), [0, 0], 2, Revert("UnknownClass", (2, 2))),
    (sparse([1], LOW), [0, -1, -2], 3, Revert("UnknownClass", (3, 2))),
    (sparse([1], LOW), [0, -1, -2], 1, Revert("NegativeIndex", (1, -1))),
    (sparse([1]), [0, n.INT64_MIN], 0, Revert("NegativeIndex", (1, n.INT64_MIN))),
    (sparse([]), [], 0, False),
    (sparse([]), [], 1, False),
    (sparse([], 1), [], 0, False),
    (sparse([], 0, 0), [1, 2], 1, False),
    (sparse([]), [n.INT64_MAX, 2**32, 5, 5, 2**32], 1, True),
    (sparse([ONE]), [0], 0, True),
    (sparse([HIGH], LOW), [0], 1, overflow(HIGH + ONE)),
    (sparse([HIGH - ONE], LOW), [0], 1, True),
    (sparse([HIGH - ONE], LOW), [0, 5], 1, True),
    (sparse([HIGH - ONE, LOW, LOW], LOW), [1, 0, 0, 2], 1, overflow(HIGH + ONE)),
    (sparse([LOW, HIGH, HIGH], HIGH), [1, 0, 2], 0, overflow(LOW - ONE)),
    (sparse([LOW + ONE], HIGH), [0], 0, True),
    (sparse([LOW + ONE - 1], HIGH), [0], 0, overflow(LOW - 1)),
    # A dense centroid, its checks in order.
    (nearest([[0, 0]], [1]), [1], 1, Revert("UnknownClass", (1, 1))),
    (nearest([[0, 0]], [1]), [1], 0, Revert("DimensionMismatch", (2, 1))),
    (nearest([[0, 0]], [1]), [1, 1], 0, Revert("NotNormalized", (2,))),
    (nearest([[]], [0]), [], 0, Revert("NotNormalized", (0,))),
    (nearest([HUGE], [0]), UNIT, 0, True),
    (nearest([HUGE], [1]), UNIT, 0, True),
    (nearest([UNIT], [5]), UNIT, 0, True),
    (nearest([HUGE], [LIMIT - 1]), UNIT, 0, True),
    (nearest([[-1, -2, -3, 1, 2]], [1]), [ONE, 1, 0, -1, 2], 0, True),
    # A sparse centroid, its checks in order.
    (sparse_nearest([[]], [MAX64]), [-1, 2**32], 1, Revert("UnknownClass", (1, 1))),
    (sparse_nearest([[]], [MAX64]), [5, 5, -1], 0, Revert("NotStrictlyIncreasing", (1, 5, 5))),
    (sparse_nearest([[]], [MAX64]), [5, 4, 2**32], 0, Revert("NotStrictlyIncreasing", (1, 5, 4))),
    (sparse_nearest([[]], [MAX64]), [5, -1, 2**32], 0, Revert("NegativeIndex", (1, -1))),
    (sparse_nearest([[]], [MAX64]), [5, 2**32, 1], 0, Revert("IndexTooLarge", (1, 2**32, 2**32))),
    (sparse_nearest([[]], [MAX64]), [0, 0], 0, Revert("NotStrictlyIncreasing", (1, 0, 0))),
    (sparse_nearest([[]], [MAX64]), [0, 1], 0, Revert("SafeCastOverflowedUintDowncast", (64, 2**64))),
    (sparse_nearest([[]], [MAX64]), [], 0, Revert("SafeCastOverflowedUintDowncast", (64, 2**64))),
    (sparse_nearest([[(0, MAX64)]], [MAX64 - 1]), [0, n.UINT32_MAX], 0, True),
    (sparse_nearest([[(0, MAX64)]], [0]), [0, 1], 0, True),
    (sparse_nearest([[(0, MAX64)]], [0]), [1], 0, True),
    (sparse_nearest([[(3, ONE)]], [1]), [], 0, True),
]


@pytest.mark.parametrize(("model", "sample", "label", "expected"), UPDATES)
def test_update(model: Classifier, sample: list[int], label: int, expected: bool | Revert) -> None:
    twins = Twins(model.copy())
    assert twins.update(sample, label) == expected
    # What an update left behind serves the next steps.
    twins.predict(sample)
    twins.update(sample, label)
    twins.read_back()


@pytest.mark.parametrize("lane", range(7))
@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("room", [-1, 0, 1])
def test_a_weight_at_its_bound_in_each_lane(lane: int, up: bool, room: int) -> None:
    """A step of 5 * 10^8, with that much room, one more, and one less."""
    step = 500_000_000
    left = step + room
    weights, sample = [7] * 8, [0] * 8
    weights[lane], sample[lane] = (HIGH - left if up else LOW + left), step
    # The last weight makes the model wrong about the sample.
    weights[7], sample[7] = (LOW if up else HIGH), squares(s.UNIT - step**2, 1)[0]
    twins = Twins(dense(weights))
    bound = HIGH + 1 if up else LOW - 1
    assert twins.update(sample, int(up)) == (overflow(bound) if room < 0 else True)


def test_the_first_of_several_weights_that_overflow_is_named() -> None:
    sample = [10**8] * 5 + [*squares(s.UNIT - 5 * 10**16, 1)]
    twins = Twins(dense([0, 0, HIGH - 5, HIGH, HIGH - 1, LOW], LOW))
    assert twins.update(sample, 1) == overflow(HIGH - 5 + 10**8)


@pytest.mark.parametrize("length", range(4, 10))
@pytest.mark.parametrize("squared_norm", s.SQUARED_NORMS)
def test_the_bounds_of_the_norm(length: int, squared_norm: int) -> None:
    sample = list(squares(squared_norm, length))
    assert sum(x * x for x in sample) == squared_norm
    accepted = squared_norm in s.ACCEPTED_NORMS
    for model in (dense([0] * length), nearest([[0] * length], [1])):
        expected = True if accepted else Revert("NotNormalized", (squared_norm,))
        label = int(isinstance(model, dcai.DensePerceptron))
        assert Twins(model).update([-x for x in sample[::-1]], label) == expected


@pytest.mark.parametrize("x", [ONE - 51, ONE - 50, ONE + 49, ONE + 50])
def test_the_bounds_of_the_norm_of_one_feature(x: int) -> None:
    expected = True if abs(x * x - s.UNIT) < s.TOLERANCE else Revert("NotNormalized", (x * x,))
    assert Twins(dense([0])).update([x], 1) == expected
    assert Twins(nearest([[0]], [1])).update([-x], 0) == expected


def test_a_class_that_has_all_the_samples_it_can_count() -> None:
    """Its values no longer follow the samples: one that a sample pulls toward zero loses 1, and the others stay."""
    twins = Twins(nearest([[5, -5, 0, 1, -1, *HUGE], [0] * 7], [LIMIT - 2, 0]))
    sample = [4 * 10**8] * 6 + [2 * 10**8]
    for count in (LIMIT - 1, LIMIT, LIMIT):
        assert twins.update(sample, 0) is True
        assert twins.model.counts[0] == count
    assert twins.update([-x for x in sample], 0) is True
    before = twins.model.centroids[0].tolist()
    assert twins.update(sample, 0) is True
    pulled = [c + 1 if c < 0 else c for c in before]
    assert twins.model.centroids[0].tolist() == pulled
    twins.read_back()


def test_a_full_class_that_a_sample_does_not_change() -> None:
    twins = Twins(nearest([[5, -5, 0, 0, 1, -1, 7]], [LIMIT - 1]))
    sample = [4 * 10**8] * 6 + [2 * 10**8]
    assert twins.update(sample, 0) is True
    results = [twins.update([sign * x for x in sample], 0) for sign in (1, -1) * 8]
    assert results[-2:] == [False, False]
    assert twins.model.centroids[0].tolist() == [0] * 7


@pytest.mark.parametrize(
    ("centroids", "sample", "label"),
    [
        ([[5, 5], [5, 5]], [5, 5], 0),
        ([[6, 5], [5, 5]], [5, 5], 0),  # below 10^9 every square rounds to 0
        ([[n.INT64_MIN] * 9, [n.INT64_MAX] * 9], [-1] * 9, 0),
        ([[n.INT64_MIN] * 9, [n.INT64_MAX] * 9], [0] * 9, 1),
        ([[n.INT64_MAX] * 9, [n.INT64_MIN] * 9], [n.INT64_MIN] * 9, 1),
        ([[0, 31_623], [31_622, 31_622]], [0, 0], 1),  # 1 against 0 + 0, each rounded before the sum
        ([[0, 44_722], [31_623, 31_623]], [0, 0], 0),  # 2 against 1 + 1
        ([[], []], [], 0),
        ([[ONE] * 5, [0] * 4 + [ONE], [ONE] * 5], [ONE] * 5, 0),
        ([[0] * 8 + [1], [0] * 9], [0] * 9, 0),
        ([[99_999, 0], [100_000, 0]], [0, 0], 0),  # 9 against 10
        ([[70_711, 70_711], [100_000, 0]], [0, 0], 0),  # 5 + 5 against exactly 10
        ([[100_000, 0], [70_711, 70_711]], [0, 0], 0),
    ],
)
def test_the_nearest_centroid(centroids: list[list[int]], sample: list[int], label: int) -> None:
    twins = Twins(nearest(centroids, [1] * len(centroids)))
    assert twins.predict(sample) == label
    if sample:  # a batch of empty rows has no form of its own
        assert twins.predict_batch([sample, sample]) == [label, label]


def test_centroids_of_unequal_length_cannot_predict() -> None:
    twins = Twins(nearest([UNIT, UNIT], [1, 1]))
    model = twins.model
    twins.transact("extendCentroid", [[7], 1], lambda: model.extend_centroid([7], 1))
    assert twins.predict(UNIT) == Revert("DimensionMismatch", (3, 2))
    assert twins.predict([*UNIT, 0]) == Revert("DimensionMismatch", (2, 3))
    assert twins.update([*UNIT, 0], 1) is True
    assert twins.update(UNIT, 1) == Revert("DimensionMismatch", (3, 2))
    refused = twins.transact("addClass", [[1] * 3, "c", 0], lambda: model.add_class([1] * 3, "c", 0))
    assert refused == Revert("DimensionMismatch", (2, 3))
    twins.transact("extendCentroid", [[8], 0], lambda: model.extend_centroid([8], 0))
    assert twins.predict([*UNIT, 0]) in (0, 1)


def test_a_squared_magnitude_that_rounding_has_moved_is_clamped_at_zero() -> None:
    twins = Twins(sparse_nearest([[(0, 6)], []], [1, 1]))
    for _ in range(5):
        twins.update([], 0)
    assert (twins.model.centroid_value(0, 0), twins.model.squared_magnitudes[0]) == (1, 0)
    assert twins.update([0], 0) is True
    value = (6 + ONE) // 7
    assert twins.model.squared_magnitudes[0] == value**2


def test_a_distance_that_rounding_has_made_negative_is_the_smallest() -> None:
    twins = Twins(sparse_nearest([[(0, ONE)], [(0, 7 * ONE)]], [1, 1]))
    assert twins.predict([0]) == 0
    for _ in range(6):
        twins.update([], 1)
    assert twins.model.centroid_value(1, 0) == ONE
    assert twins.model.squared_magnitudes[1] < s.UNIT
    assert twins.predict([0]) == 1
    assert twins.predict_batch([[0], [], [0]]) == [1, 1, 1]


@pytest.mark.parametrize("first", s.EQUALLY_FAR)
@pytest.mark.parametrize("second", s.EQUALLY_FAR)
def test_of_two_equally_far_sparse_centroids_the_first_is_chosen(
    first: tuple[int, int], second: tuple[int, int]
) -> None:
    centroids = [[(5, a), (6, b)] for a, b in (first, second)]
    assert Twins(sparse_nearest(centroids, [3, 4])).predict([5]) == 0
    centroids[0][1] = (6, first[1] + 1)
    assert Twins(sparse_nearest(centroids, [3, 4])).predict([5]) == 1


def test_a_class_added_without_samples_learns() -> None:
    twins = Twins(sparse_nearest([[(0, 5)]], [1]))
    pairs = [[7, MAX64], [3, 0], [n.UINT32_MAX, 2]]
    twins.transact("addClass", [pairs, "empty", 0], lambda: twins.model.add_class(pairs, "empty", 0))
    again = [[3, 9]]  # a value of 0 without samples leaves no trace, so it may be given once more
    twins.transact("extendCentroid", [again, 1], lambda: twins.model.extend_centroid(again, 1))
    twice = twins.transact("extendCentroid", [again, 1], lambda: twins.model.extend_centroid(again, 1))
    assert twice == Revert("DuplicateFeature", (0, 3))
    assert twins.predict([7]) == 0
    assert twins.update([3, 8], 1) is True
    assert [twins.model.centroid_value(1, j) for j in (3, 7, 8)] == [ONE, 0, ONE]
    twins.update([3, 7], 1)
    twins.read_back()


def test_the_largest_values_of_a_sparse_centroid() -> None:
    pairs = [[j, MAX64] for j in range(8)]
    twins = Twins(sparse_nearest([pairs, pairs[:7]], [2**63, MAX64 - 2]))
    for label in (0, 1, 0, 1, 1):
        twins.predict([0, 1, 9])
        twins.update([0, 9, 2**31], label)
        twins.update([], label)
    assert twins.update([0], 1) == Revert("SafeCastOverflowedUintDowncast", (64, 2**64))
    twins.read_back()


def test_runs_of_weights_at_the_end_of_the_index_space() -> None:
    twins = Twins(sparse([1]))
    model = twins.model
    for start, weights, expected in [
        (MAX64, [5], None),
        (MAX64, [5, 6], Revert("IndexTooLarge", (1, 2**64, 2**64))),
        (MAX64 - 2, [1, 2, 3, 4, 5], Revert("IndexTooLarge", (3, 2**64, 2**64))),
        (MAX64, [], None),
        (MAX64, [0], None),
    ]:
        result = twins.transact(
            "initializeWeights",
            [start, weights],
            lambda start=start, weights=weights: model.initialize_weights(start, weights),  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        )
        assert (result if isinstance(result, Revert) else None) == expected
    assert model.weights == {0: 1}


def test_labels_of_a_batch_may_be_any_uint64() -> None:
    twins = Twins(sparse([1]))
    rows, labels = [[0], [1]], [1, MAX64]
    right = twins.call("evaluateBatch", [rows, labels], lambda: twins.model.evaluate_batch(rows, labels))
    assert right == 1
    refused = outcome(lambda: twins.model.update_batch(rows, labels))
    assert refused == twins.contract_error("update", rows[1], MAX64)


@pytest.mark.parametrize(("rows", "labels"), [([[0]], [1, 1]), ([[0], [1]], []), ([[-1]], [1, 1]), ([], [1])])
def test_a_batch_with_another_number_of_labels_than_rows(rows: list[list[int]], labels: list[int]) -> None:
    twins = Twins(sparse([1]))
    refused = twins.call("evaluateBatch", [rows, labels], lambda: twins.model.evaluate_batch(rows, labels))
    assert refused == Revert("DimensionMismatch", (len(rows), len(labels)))


def test_a_batch_without_rows() -> None:
    twins = Twins(sparse([1]))
    assert twins.call("evaluateBatch", [[], []], lambda: twins.model.evaluate_batch([], [])) == 0


#: Contract, arguments of its constructor, model, expected error.
CONSTRUCTIONS: list[tuple[str, list[Any], Revert | None]] = [
    *[
        (name, [["x"] * names, [], 0, 0], None if names == 2 else Revert("NotTwoClasses", (names,)))
        for name in ("DensePerceptron", "SparsePerceptron")
        for names in (0, 1, 2, 3)
    ],
    *[
        (name, [["", "y" * 40], [LOW, HIGH, 0, 1, -1, 0, HIGH][:length], LOW, n.UINT32_MAX], None)
        for name in ("DensePerceptron", "SparsePerceptron")
        for length in range(8)
    ],
    ("NearestCentroidClassifier", [[], [], []], Revert("NoClasses")),
    ("NearestCentroidClassifier", [[], [[1]], [LIMIT]], Revert("NoClasses")),
    ("NearestCentroidClassifier", [["a"], [[1], [1, 2]], [LIMIT]], Revert("DimensionMismatch", (1, 2))),
    ("NearestCentroidClassifier", [["a", "b"], [], []], Revert("DimensionMismatch", (2, 0))),
    ("NearestCentroidClassifier", [["a", "b"], [[1], [1, 2]], [LIMIT]], Revert("DimensionMismatch", (2, 1))),
    ("NearestCentroidClassifier", [["a", "b"], [[1], [1, 2]], [LIMIT, 1]], Revert("CountTooLarge", (LIMIT, LIMIT))),
    ("NearestCentroidClassifier", [["a", "b"], [[1], [1, 2]], [1, LIMIT]], Revert("DimensionMismatch", (1, 2))),
    (
        "NearestCentroidClassifier",
        [["a", "b"], [[1], [2]], [1, 2**256 - 1]],
        Revert("CountTooLarge", (2**256 - 1, LIMIT)),
    ),
    *[
        ("NearestCentroidClassifier", [["a", "b"], [[HUGE[j % 2] for j in range(d)], [-1] * d], [0, LIMIT - 1]], None)
        for d in range(10)
    ],
    ("SparseNearestCentroidClassifier", [[], [], []], Revert("NoClasses")),
    ("SparseNearestCentroidClassifier", [["a"], [[[1]], []], [1]], Revert("DimensionMismatch", (1, 2))),
    ("SparseNearestCentroidClassifier", [["a", "b"], [], [1, 2]], Revert("DimensionMismatch", (2, 0))),
    ("SparseNearestCentroidClassifier", [["a"], [[[1]]], [1, 2]], Revert("DimensionMismatch", (1, 2))),
    ("SparseNearestCentroidClassifier", [["a"], [[[0, 1], [0]]], [1]], Revert("MalformedPair", (1, 1))),
    ("SparseNearestCentroidClassifier", [["a"], [[[]]], [1]], Revert("MalformedPair", (0, 0))),
    ("SparseNearestCentroidClassifier", [["a"], [[[0, 1], [1, 2, 3]]], [1]], Revert("MalformedPair", (1, 3))),
    ("SparseNearestCentroidClassifier", [["a"], [[[2**32, 1]]], [1]], Revert("IndexTooLarge", (0, 2**32, 2**32))),
    ("SparseNearestCentroidClassifier", [["a"], [[[MAX64, 0]]], [0]], Revert("IndexTooLarge", (0, MAX64, 2**32))),
    ("SparseNearestCentroidClassifier", [["a"], [[[5, 1], [4, 1], [5, 0]]], [1]], Revert("DuplicateFeature", (2, 5))),
    ("SparseNearestCentroidClassifier", [["a"], [[[5, 0], [5, 0]]], [1]], Revert("DuplicateFeature", (1, 5))),
    # A value of 0 without samples leaves no trace.
    ("SparseNearestCentroidClassifier", [["a"], [[[5, 0], [5, 0], [5, 7]]], [0]], None),
    ("SparseNearestCentroidClassifier", [["a"], [[[5, 0], [5, 7], [5, 7]]], [0]], Revert("DuplicateFeature", (2, 5))),
    (
        "SparseNearestCentroidClassifier",
        [["a", "b"], [[[n.UINT32_MAX, MAX64], [0, MAX64], [9, 0]], []], [MAX64, 0]],
        None,
    ),
    # The first class that is wrong counts.
    (
        "SparseNearestCentroidClassifier",
        [["a", "b"], [[[1, 1], [1, 1]], [[1]]], [1, 1]],
        Revert("DuplicateFeature", (1, 1)),
    ),
]


@pytest.mark.parametrize(("name", "args", "error"), CONSTRUCTIONS)
def test_construction(name: str, args: list[Any], error: Revert | None) -> None:
    make: Any = dcai.models.MODELS[name]
    classifications, *rest = args
    built = construct(name, args, lambda: make(*rest, classifications=classifications))
    assert (built if isinstance(built, Revert) else None) == error


@pytest.mark.parametrize("word", [2**63, 2**64 - 1, 2**64, 2**255, -(2**63) - 1, -(2**64)])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7])
def test_a_word_that_is_no_int64_is_refused_everywhere(word: int, length: int) -> None:
    """By the contract without a reason, as the ABI decoder of the compiler, and by the model as an argument."""
    indices = list(range(length))
    models = [
        dense([1] * length),
        nearest([[1] * length, [2] * length], [1, 1]),
        sparse([1] * length),
        sparse_nearest([[(0, 1)], []], [1, 1]),
    ]
    for model in models:
        twins = Twins(model)
        for position in indices:
            sample = [*indices[:position], word, *indices[position + 1 :]]
            assert twins.raw_error("predict", sample) == Revert("")
            assert twins.raw_error("update", sample, 1) == Revert("")
            with pytest.raises(InputError):
                model.predict(sample)
            with pytest.raises(InputError):
                model.update(sample, 1)


@pytest.mark.parametrize("model", [dense([0, 0]), sparse([]), nearest([UNIT], [1]), sparse_nearest([[]], [1])])
def test_a_label_that_is_no_uint64_is_refused(model: Classifier) -> None:
    twins = Twins(model.copy())
    for label in (2**64, 2**255, -1):
        assert twins.raw_error("update", [0, 1], label) == Revert("")
        with pytest.raises(InputError):
            twins.model.update([0, 1], label)


@pytest.mark.parametrize("model", [dense([0, 0]), sparse([]), nearest([UNIT], [1]), sparse_nearest([[]], [1])])
def test_a_call_that_is_cut_off_is_refused(model: Classifier) -> None:
    twins = Twins(model.copy())
    assert twins.cut_off_error("predict", UNIT) == Revert("")
    assert twins.cut_off_error("update", UNIT, 0) == Revert("")
