"""Machines that call a contract and its kernel at random, values near the bounds of every type, and compare each step.

Compared are results, errors with their arguments, the whole storage, and that a refused call changes nothing on either
side. That enough steps were compared, and every outcome of every operation was reached, is asserted for each contract,
so that the generators cannot decay into refusals; most outcomes are reached by rules of their own, and not by luck. The
fast profile is derandomised: what it runs depends on the code alone.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

import dcai
from dcai.errors import Revert
from dcai.models import Classifier
from dcai.verify.numbers import squares
from tests.support import bounds as n
from tests.support.engines import FASTEST, new_chain
from tests.support.models import strategies as s
from tests.support.models.twins import STEPS, TALLY, Twins, outcome

FAST = os.environ.get("HYPOTHESIS_PROFILE", "fast") == "fast"
PROFILE = settings(derandomize=True) if FAST else settings()
#: On the engines that take long for each step.
BRIEFLY = settings(PROFILE, max_examples=PROFILE.max_examples // 6)

#: The least that the fast profile must compare of one contract; 2,000 steps in all.
LEAST_STEPS = 500

#: Dimensions beyond this say nothing new about slots of three or four numbers.
LONGEST = 12

CONSTANTS = {"toFloat": dcai.TO_FLOAT, "dataCountLimit": n.COUNT_LIMIT, "UINT256_MAX": 2**256 - 1}

PERCEPTRON_NAMES = st.tuples(s.names, s.names).map(list)


class Machine(RuleBasedStateMachine):
    """What all four machines do."""

    twins: Twins
    #: Arguments of a call that a stranger makes.
    owner_functions: ClassVar[dict[str, tuple[Any, ...]]] = {"update": ([], 2**64 - 1), "addFeatureIndices": ([1],)}

    def begin(self, model: Classifier, data: st.DataObject) -> None:
        """Deploy the model, or let it learn first and then place it, which takes any state."""
        placed = data.draw(st.booleans(), label="placed")
        for _ in range(data.draw(st.integers(1, 4)) if placed else 0):
            sample, label = data.draw(self.samples(model)), data.draw(self.labels(model))
            outcome(lambda sample=sample, label=label: model.update(sample, label))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        self.twins = Twins(model, placed=placed)

    @staticmethod
    def samples(model: Any) -> st.SearchStrategy[list[int]]:
        raise NotImplementedError

    @staticmethod
    def labels(model: Classifier) -> st.SearchStrategy[int]:
        return s.labels(len(model.classifications))

    @rule(data=st.data())
    def predict(self, data: st.DataObject) -> None:
        self.twins.predict(data.draw(self.samples(self.twins.model)))

    @rule(data=st.data())
    def update(self, data: st.DataObject) -> None:
        model = self.twins.model
        self.twins.update(data.draw(self.samples(model)), data.draw(self.labels(model)))

    @staticmethod
    def refused_samples(model: Any) -> list[st.SearchStrategy[list[int]]]:
        """For each error that a sample can cause, samples that cause it."""
        raise NotImplementedError

    @rule(data=st.data())
    def refused(self, data: st.DataObject) -> None:
        twins, model = self.twins, self.twins.model
        known = st.integers(0, len(model.classifications) - 1)
        for samples in self.refused_samples(model):
            sample = data.draw(samples)
            twins.predict(sample)
            twins.update(sample, data.draw(known))
            if sample:  # a batch of empty rows has no form of its own
                twins.predict_batch([sample, sample])
        twins.update(data.draw(self.samples(model)), data.draw(s.unknown_labels(len(model.classifications))))

    @rule(data=st.data(), indices=s.uint32_lists)
    def common_functions(self, data: st.DataObject, indices: list[int]) -> None:
        """All that every contract has beside predicting and learning, and the refusal of strangers."""
        twins, model = self.twins, self.twins.model
        sample = data.draw(self.samples(model))
        twins.call("norm", [sample], lambda: model.norm(sample))

        twins.add_feature_indices(indices)
        model = twins.model
        twins.call("getNumFeatureIndices", [], lambda: len(model.feature_indices))
        if indices:
            last = len(model.feature_indices) - 1
            twins.call("featureIndices", [last], lambda: model.feature_indices[last])
        twins.call("getNumClassifications", [], lambda: len(model.classifications))
        k = data.draw(st.integers(0, len(model.classifications) - 1))
        twins.call("classifications", [k], lambda: model.classifications[k])
        for constant, value in CONSTANTS.items():
            if constant in twins.contract_functions:
                twins.call(constant, [], lambda value=value: value)  # type: ignore[misc]  # as above
        twins.read_back()
        for function, args in self.owner_functions.items():
            twins.refuses_strangers(function, *args)


class DenseMachine(Machine):
    @staticmethod
    def refused_samples(model: Any) -> list[st.SearchStrategy[list[int]]]:
        length = len(model.weights if isinstance(model, dcai.DensePerceptron) else model.centroids[0])
        return [
            s.accepted_samples(length + 1),
            s.unit_samples(length, s.REFUSED_NORMS),
            s.lists_of(n.int64s, length),
        ]

    @rule(data=st.data())
    def predict_batch(self, data: st.DataObject) -> None:
        length = len(data.draw(self.samples(self.twins.model)))
        if length:  # a batch of empty rows has no form of its own
            rows = st.lists(st.one_of(s.accepted_samples(length), s.lists_of(n.int64s, length)), min_size=1, max_size=3)
            self.twins.predict_batch(data.draw(rows))


class DensePerceptronMachine(DenseMachine):
    owner_functions: ClassVar = {**Machine.owner_functions, "initializeWeights": ([5],)}

    @initialize(data=st.data(), intercept=n.int80s, rate=n.uint32s, names=PERCEPTRON_NAMES)
    def build(self, data: st.DataObject, intercept: int, rate: int, names: list[str]) -> None:
        weights = data.draw(s.lists_of(n.int80s, data.draw(st.integers(0, 9))))
        self.begin(dcai.DensePerceptron(weights, intercept, rate, classifications=names), data)

    @staticmethod
    def samples(model: Any) -> st.SearchStrategy[list[int]]:
        return s.dense_samples(len(model.weights))

    @rule(data=st.data())
    def learn(self, data: st.DataObject) -> None:
        model = self.twins.model
        for _ in range(data.draw(st.integers(1, 3))):
            self.twins.mistaken_update(data.draw(s.accepted_samples(len(model.weights))), data.draw(self.labels(model)))

    @precondition(lambda self: len(self.twins.model.weights) <= LONGEST)
    @rule(weights=st.lists(n.int80s, max_size=4))
    def initialize_weights(self, weights: list[int]) -> None:
        model = self.twins.model
        self.twins.transact("initializeWeights", [weights], lambda: model.initialize_weights(weights))
        self.twins.call("intercept", [], lambda: model.intercept)
        self.twins.call("learningRate", [], lambda: model.learning_rate)
        for i in range(max(len(model.weights) - 3, 0), len(model.weights)):
            self.twins.call("weights", [i], lambda i=i: int(model.weights[i]))  # type: ignore[misc]  # as above

    @precondition(lambda self: len(self.twins.model.weights) <= LONGEST)
    @rule(x=st.sampled_from([1, 2, 10**5, 3 * 10**8]), room=st.sampled_from([-1, 0, 1, None]), up=st.booleans())
    def push_a_weight_over_its_bound(self, x: int, room: int | None, up: bool) -> None:
        """Or exactly to it: ``room`` says what is left after the step, None that there was none before."""
        model = self.twins.model
        step = x * model.learning_rate // n.ONE
        left = 0 if room is None else max(step + room, 0)
        # The second weight makes the model wrong about the sample.
        self.initialize_weights([n.INT80_MAX - left, n.INT80_MIN] if up else [n.INT80_MIN + left, n.INT80_MAX])
        sample = [0] * (len(model.weights) - 2) + [x, *squares(s.UNIT - x * x, 1)]
        self.twins.update(sample, int(up))


class NearestCentroidMachine(DenseMachine):
    owner_functions: ClassVar = {
        **Machine.owner_functions,
        "addClass": ([], "new", 2**255),
        "extendCentroid": ([1], 2**64 - 1),
    }

    @initialize(data=st.data(), size=st.integers(0, 9), classes=st.integers(1, 4))
    def build(self, data: st.DataObject, size: int, classes: int) -> None:
        centroid = st.one_of(s.accepted_samples(size), s.lists_of(n.int64s, size))
        centroids = data.draw(st.lists(centroid, min_size=classes, max_size=classes))
        counts = data.draw(s.lists_of(n.counts, classes))
        names = data.draw(st.lists(s.names, min_size=classes, max_size=classes))
        self.begin(dcai.NearestCentroidClassifier(centroids, counts, classifications=names), data)

    @staticmethod
    def samples(model: Any) -> st.SearchStrategy[list[int]]:
        return st.sampled_from(sorted(set(map(len, model.centroids)))).flatmap(s.dense_samples)

    @rule(data=st.data())
    def learn(self, data: st.DataObject) -> None:
        """Teach one class samples of its own length."""
        centroids = self.twins.model.centroids
        k = data.draw(st.integers(0, len(centroids) - 1))
        for _ in range(data.draw(st.integers(1, 3))):
            self.twins.update(data.draw(s.accepted_samples(len(centroids[k]))), k)

    @rule(data=st.data())
    def predict_a_centroid(self, data: st.DataObject) -> None:
        """Distances of 0, and equal ones where centroids are."""
        centroid = data.draw(st.sampled_from([c.tolist() for c in self.twins.model.centroids]))
        self.twins.predict(centroid)

    @precondition(lambda self: len(self.twins.model.counts) < 6)
    @rule(data=st.data(), name=s.names, count=st.one_of(n.counts, n.counts, s.large_counts))
    def add_class(self, data: st.DataObject, name: str, count: int) -> None:
        model = self.twins.model
        same = st.sampled_from([c.tolist() for c in model.centroids])
        centroid = data.draw(st.one_of(same, s.dense_samples(len(model.centroids[0]))))
        self.add(centroid, name, count)

    @precondition(lambda self: len(self.twins.model.counts) < 6)
    @rule(data=st.data())
    def fill_a_class(self, data: st.DataObject) -> None:
        """Up to the number of samples at which counting stops, and beyond."""
        length = len(self.twins.model.centroids[0])
        sample = data.draw(s.accepted_samples(length))
        self.add(sample, "full", n.COUNT_LIMIT - 1)
        k = len(self.twins.model.counts) - 1
        for factor in (1, 1, -1):
            self.twins.update([factor * x for x in sample], k)
        self.twins.update(data.draw(s.accepted_samples(length)), k)

    @precondition(lambda self: len(self.twins.model.counts) < 5)
    @rule(data=st.data(), ways=st.lists(st.sampled_from(s.WAYS_TO_TEN), min_size=2, max_size=2))
    def predict_at_equal_distances(self, data: st.DataObject, ways: list[tuple[int, ...]]) -> None:
        """Distances that are equal, or differ by 1, only because each term is rounded before the sum."""
        length = max(5, *map(len, self.twins.model.centroids))
        self.make_equal(n.INT64_MAX, length)
        sample = data.draw(s.lists_of(st.integers(-n.ONE, n.ONE), length))
        for way in ways:
            offsets = data.draw(st.permutations([*way, *[31_622] * (length - len(way))]))
            self.add([x + d for x, d in zip(sample, offsets, strict=True)], "near", 1)
        self.twins.predict(sample)
        self.twins.predict_batch([sample])

    def add(self, centroid: list[int], name: str, count: int) -> None:
        twins, model = self.twins, self.twins.model
        receipt = twins.transact("addClass", [centroid, name, count], lambda: model.add_class(centroid, name, count))
        expect_event(twins, receipt, name)

    @rule(data=st.data(), name=s.names, count=n.counts, large_count=s.large_counts)
    def refused_classes(self, data: st.DataObject, name: str, count: int, large_count: int) -> None:
        centroid = self.twins.model.centroids[0].tolist()
        self.add([*centroid, data.draw(n.int64s)], name, large_count)
        self.add(centroid, name, large_count)
        self.extend([1], data.draw(s.unknown_labels(len(self.twins.model.counts))))

    @precondition(lambda self: max(map(len, self.twins.model.centroids)) <= LONGEST)
    @rule(data=st.data(), extension=st.lists(n.int64s, max_size=5))
    def extend_centroid(self, data: st.DataObject, extension: list[int]) -> None:
        self.extend(extension, data.draw(self.labels(self.twins.model)))

    @rule(value=n.int64s)
    def equal_lengths(self, value: int) -> None:
        self.make_equal(value, max(map(len, self.twins.model.centroids)))

    def make_equal(self, value: int, length: int) -> None:
        """Extend every centroid that is too short, so that the model predicts again."""
        for k, centroid in enumerate(self.twins.model.centroids):
            if len(centroid) < length:
                self.extend([value] * (length - len(centroid)), k)

    def extend(self, extension: list[int], k: int) -> None:
        model = self.twins.model
        self.twins.transact("extendCentroid", [extension, k], lambda: model.extend_centroid(extension, k))

    @rule(data=st.data())
    def getters(self, data: st.DataObject) -> None:
        twins, model = self.twins, self.twins.model
        k = data.draw(st.one_of(self.labels(model), st.just(2**256 - 1)))
        lengths = [len(centroid) for centroid in model.centroids]
        j = data.draw(st.one_of(st.integers(0, max(lengths)), st.just(2**256 - 1)))

        def centroid_value() -> int:
            centroid = of_class(model.centroids, k)
            if j >= len(centroid):
                raise Revert("Panic", (0x32,))
            return int(centroid[j])

        twins.call("getCentroidValue", [k, j], centroid_value)
        twins.call("getNumSamples", [k], lambda: of_class(model.counts, k))
        if k < len(lengths):
            twins.call("dataCounts", [k], lambda: model.counts[k])
            if j < lengths[k]:
                twins.call("centroids", [k, j], centroid_value)


class SparseMachine(Machine):
    @staticmethod
    def refused_samples(model: Any) -> list[st.SearchStrategy[list[int]]]:
        """Of indices beyond 2^32 and of repeated ones a SparsePerceptron refuses none."""
        return [s.negative_samples, s.too_large_samples, s.repeated_samples]

    @rule(data=st.data(), times=st.sampled_from([1, 300]))
    def predict_batch(self, data: st.DataObject, times: int) -> None:
        """Batches; a long one takes whatever short cut the kernel keeps for those."""
        rows = data.draw(st.lists(self.samples(self.twins.model), min_size=1, max_size=3))
        label = outcome(lambda: self.twins.model.predict(rows[-1]))
        if not isinstance(label, Revert) and times > 1:
            assert self.twins.model.predict_batch(rows[-1:] * times).tolist() == [label] * times
        self.twins.predict_batch(rows)


class SparsePerceptronMachine(SparseMachine):
    owner_functions: ClassVar = {
        **Machine.owner_functions,
        "initializeWeights": (2**64 - 1, [1, 2]),
        "initializeSparseWeights": ([[1]],),
    }

    @initialize(
        data=st.data(),
        weights=st.lists(n.int80s, max_size=9),
        intercept=n.int80s,
        rate=n.uint32s,
        names=PERCEPTRON_NAMES,
    )
    def build(self, data: st.DataObject, weights: list[int], intercept: int, rate: int, names: list[str]) -> None:
        self.begin(dcai.SparsePerceptron(weights, intercept, rate, classifications=names), data)

    @staticmethod
    def samples(model: Any) -> st.SearchStrategy[list[int]]:
        return s.either(s.index_samples, s.negative_samples)

    @rule(data=st.data())
    def learn(self, data: st.DataObject) -> None:
        few = st.lists(st.integers(0, 3), min_size=1, max_size=9)
        for _ in range(data.draw(st.integers(1, 3))):
            sample = data.draw(st.one_of(s.index_samples, few))
            self.twins.mistaken_update(sample, data.draw(self.labels(self.twins.model)))

    @rule(start=s.starts, weights=st.lists(n.int80s, max_size=5))
    def initialize_weights(self, start: int, weights: list[int]) -> None:
        twins, model = self.twins, self.twins.model
        twins.transact("initializeWeights", [start, weights], lambda: model.initialize_weights(start, weights))
        twins.call("intercept", [], lambda: model.intercept)
        twins.call("learningRate", [], lambda: model.learning_rate)
        for index in [start, *list(model.weights)[-2:]]:
            twins.call("weights", [index], lambda index=index: model.weights[index])  # type: ignore[misc]  # as above

    @rule(rows=s.weight_rows)
    def initialize_sparse_weights(self, rows: list[list[int]]) -> None:
        model = self.twins.model
        self.twins.transact("initializeSparseWeights", [rows], lambda: model.initialize_sparse_weights(rows))

    @rule(data=st.data(), count=st.integers(3, 5))
    def refused_weights(self, data: st.DataObject, count: int) -> None:
        model = self.twins.model
        for kind in s.REFUSED_WEIGHT_ROWS:
            self.initialize_sparse_weights(data.draw(kind))
        start, weights = data.draw(st.integers(2**64 - 3, 2**64 - 1)), [5] * count
        self.twins.transact("initializeWeights", [start, weights], lambda: model.initialize_weights(start, weights))

    @rule(
        index=n.feature_indices,
        times=st.integers(1, 3),
        room=st.sampled_from([-1, 0, 1, None]),
        up=st.booleans(),
    )
    def push_a_weight_over_its_bound(self, index: int, times: int, room: int | None, up: bool) -> None:
        """Or exactly to it: ``room`` says what is left after the steps, None that there was none before."""
        model = self.twins.model
        left = 0 if room is None else max(times * model.learning_rate + room, 0)
        # The other weight makes the model wrong about the sample, whatever its intercept.
        high, low = [n.INT80_MAX - left, n.INT80_MIN] if up else [n.INT80_MIN + left, n.INT80_MAX]
        self.initialize_sparse_weights([[index, high], [2**62, low]])
        self.twins.update([2**62] * (times + 2) + [index] * times, int(up))

    @rule(batch=s.batches(s.either(s.index_samples, s.negative_samples)), times=st.sampled_from([1, 1, 20]))
    def evaluate_batch(self, batch: tuple[list[list[int]], list[int]], times: int) -> None:
        rows, labels = batch[0] * times, batch[1] * times
        model = self.twins.model
        self.twins.call("evaluateBatch", [rows, labels], lambda: model.evaluate_batch(rows, labels))


class SparseNearestCentroidMachine(SparseMachine):
    owner_functions: ClassVar = {
        **Machine.owner_functions,
        "addClass": ([[1]], "new", 1),
        "extendCentroid": ([[1]], 2**64 - 1),
    }

    @initialize(data=st.data(), classes=st.integers(1, 4))
    def build(self, data: st.DataObject, classes: int) -> None:
        centroids = data.draw(st.lists(s.pairs, min_size=classes, max_size=classes))
        counts = data.draw(s.lists_of(n.counts64, classes))
        names = data.draw(st.lists(s.names, min_size=classes, max_size=classes))
        self.begin(dcai.SparseNearestCentroidClassifier(centroids, counts, classifications=names), data)

    @staticmethod
    def samples(model: Any) -> st.SearchStrategy[list[int]]:
        return s.either(s.increasing_samples, st.one_of(s.index_samples, s.negative_samples, s.too_large_samples))

    @rule(data=st.data())
    def learn(self, data: st.DataObject) -> None:
        k = data.draw(st.integers(0, len(self.twins.model.counts) - 1))
        for _ in range(data.draw(st.integers(1, 4))):
            self.twins.update(data.draw(s.increasing_samples), k)

    @precondition(lambda self: len(self.twins.model.counts) < 6)
    @rule(centroid=s.pairs, name=s.names, count=n.counts64)
    def add_class(self, centroid: list[list[int]], name: str, count: int) -> None:
        twins, model = self.twins, self.twins.model
        receipt = twins.transact("addClass", [centroid, name, count], lambda: model.add_class(centroid, name, count))
        expect_event(twins, receipt, name)

    @precondition(lambda self: len(self.twins.model.counts) < 5)
    @rule(
        centroids=st.lists(st.sampled_from(s.EQUALLY_FAR), min_size=2, max_size=2),
        off_by_one=st.sampled_from([0, 0, 1]),
        count=n.counts64,
    )
    def predict_at_equal_distances(self, centroids: list[tuple[int, int]], off_by_one: int, count: int) -> None:
        """Distances that are equal, or nearly so, made of different magnitudes and values."""
        index = 200_000 + len(self.twins.model.counts)
        for present, absent in centroids:
            self.add_class([[index, present], [index + 1, absent + off_by_one]], "near", count)
        self.twins.predict([index])
        self.twins.predict_batch([[index]])

    @rule(data=st.data(), extension=s.pairs.map(lambda rows: rows[:2]))
    def extend_centroid(self, data: st.DataObject, extension: list[list[int]]) -> None:
        """Most often with features that the class has not, as an update may have given it any."""
        model, k = self.twins.model, data.draw(self.labels(self.twins.model))
        if data.draw(st.booleans()):
            offset = 100_000 + sum(map(len, model.stored))
            extension = [[offset + i, value] for i, (_, value) in enumerate(extension)]
        self.extend(extension, k)

    @rule(data=st.data(), name=s.names, count=n.counts64.filter(bool))
    def refused_pairs(self, data: st.DataObject, name: str, count: int) -> None:
        model = self.twins.model
        for kind in s.REFUSED_PAIRS:
            self.add_class(data.draw(kind), name, count)
            self.extend(data.draw(kind), data.draw(st.integers(0, len(model.counts) - 1)))
        self.extend([[0, 1]], data.draw(s.unknown_labels(len(model.counts))))

    def extend(self, extension: list[list[int]], k: int) -> None:
        model = self.twins.model
        self.twins.transact("extendCentroid", [extension, k], lambda: model.extend_centroid(extension, k))

    @rule(data=st.data(), j=n.feature_indices)
    def getters(self, data: st.DataObject, j: int) -> None:
        twins, model = self.twins, self.twins.model
        k = data.draw(self.labels(model))
        twins.call("getCentroidValue", [k, j], lambda: model.centroid_value(k, j))
        twins.call("getNumSamples", [k], lambda: of_class(model.counts, k))
        twins.call("getSquaredMagnitude", [k], lambda: of_class(model.squared_magnitudes, k))
        if k < len(model.counts):
            twins.call("classInfos", [k], lambda: (model.counts[k], model.squared_magnitudes[k]))
            assert model.centroids[k].get(j, 0) == model.centroid_value(k, j)


def of_class(values: list[Any], k: int) -> Any:
    """As the contracts' getters give it; models have lists in their place."""
    if k >= len(values):
        raise Revert("UnknownClass", (k, len(values)))
    return values[k]


def expect_event(twins: Twins, receipt: Any, name: str) -> None:
    if isinstance(receipt, Revert):
        return
    events = [(event.name, dict(event.args)) for event in twins.contract.events(receipt)]
    assert events == [("AddClass", {"name": name, "index": len(twins.model.counts) - 1})]


#: Outcomes that each machine must reach, by operation.
_ANY = {
    "deploy": {"ok"},
    "place": {"ok"},
    "read back": {"ok"},
    "addFeatureIndices": {"ok", "OwnableUnauthorizedAccount"},
    "classifications": {"ok"},
    "featureIndices": {"ok"},
    "getNumClassifications": {"ok"},
    "getNumFeatureIndices": {"ok"},
}
_STRANGER = "OwnableUnauthorizedAccount"
REACHED: dict[type[Machine], tuple[str, dict[str, set[str]]]] = {
    DensePerceptronMachine: (
        "DensePerceptron",
        {
            **_ANY,
            "predict": {"ok", "DimensionMismatch"},
            "predict batch": {"ok", "DimensionMismatch"},
            "update": {
                "changed",
                "unchanged",
                "DimensionMismatch",
                "UnknownClass",
                "NotNormalized",
                "SafeCastOverflowedIntDowncast",
                _STRANGER,
            },
            "norm": {"ok"},
            "initializeWeights": {"ok", _STRANGER},
            "intercept": {"ok"},
            "learningRate": {"ok"},
            "weights": {"ok"},
        },
    ),
    SparsePerceptronMachine: (
        "SparsePerceptron",
        {
            **_ANY,
            "predict": {"ok", "NegativeIndex"},
            "predict batch": {"ok", "NegativeIndex"},
            "update": {
                "changed",
                "unchanged",
                "UnknownClass",
                "NegativeIndex",
                "SafeCastOverflowedIntDowncast",
                _STRANGER,
            },
            "norm": {"NormNotDefined"},
            "initializeWeights": {"ok", "IndexTooLarge", _STRANGER},
            "initializeSparseWeights": {"ok", "MalformedPair", "NegativeIndex", "IndexTooLarge", _STRANGER},
            "evaluateBatch": {"ok", "NegativeIndex"},
            "intercept": {"ok"},
            "learningRate": {"ok"},
            "weights": {"ok"},
        },
    ),
    NearestCentroidMachine: (
        "NearestCentroidClassifier",
        {
            **_ANY,
            "predict": {"ok", "DimensionMismatch"},
            "predict batch": {"ok", "DimensionMismatch"},
            "update": {"changed", "unchanged", "DimensionMismatch", "UnknownClass", "NotNormalized", _STRANGER},
            "norm": {"ok"},
            "addClass": {"ok", "DimensionMismatch", "CountTooLarge", _STRANGER},
            "extendCentroid": {"ok", "UnknownClass", _STRANGER},
            "getNumSamples": {"ok", "UnknownClass"},
            "getCentroidValue": {"ok", "UnknownClass", "Panic"},
            "dataCounts": {"ok"},
            "centroids": {"ok"},
        },
    ),
    SparseNearestCentroidMachine: (
        "SparseNearestCentroidClassifier",
        {
            **_ANY,
            "predict": {"ok", "NegativeIndex", "IndexTooLarge", "NotStrictlyIncreasing"},
            "predict batch": {"ok", "NegativeIndex", "IndexTooLarge", "NotStrictlyIncreasing"},
            "update": {
                "changed",
                "UnknownClass",
                "NegativeIndex",
                "IndexTooLarge",
                "NotStrictlyIncreasing",
                "SafeCastOverflowedUintDowncast",
                _STRANGER,
            },
            "norm": {"NormNotDefined"},
            "addClass": {"ok", "MalformedPair", "IndexTooLarge", "DuplicateFeature", _STRANGER},
            "extendCentroid": {
                "ok",
                "UnknownClass",
                "MalformedPair",
                "IndexTooLarge",
                "DuplicateFeature",
                _STRANGER,
            },
            "getNumSamples": {"ok", "UnknownClass"},
            "getCentroidValue": {"ok", "UnknownClass"},
            "getSquaredMagnitude": {"ok", "UnknownClass"},
            "classInfos": {"ok"},
        },
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("machine", REACHED, ids=lambda machine: machine.__name__)
def test_contract_and_kernel_agree(machine: type[Machine], capsys: pytest.CaptureFixture[str], engine: str) -> None:
    contract, operations = REACHED[machine]
    new_chain()  # py-evm raises the recursion limit when it is first loaded, which Hypothesis must not see happen
    tally_before, steps_before = TALLY.copy(), STEPS[contract]
    run_state_machine_as_test(machine, settings=PROFILE if engine == FASTEST else BRIEFLY)
    tally, steps = TALLY - tally_before, STEPS[contract] - steps_before
    with capsys.disabled():
        print(f" {contract}: {steps:,} steps compared on {engine} ", end="")
    if engine != FASTEST:
        assert steps >= LEAST_STEPS // 10
        return
    assert steps >= LEAST_STEPS
    missing = {
        (operation, kind)
        for operation, kinds in operations.items()
        for kind in kinds
        if not tally[contract, operation, kind]
    }
    assert not missing, f"{contract}: never reached {sorted(missing)}"
