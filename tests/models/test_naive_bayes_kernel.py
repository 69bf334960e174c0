"""The kernel of NaiveBayes against plain integers: a stateful machine, batches, states that no contract reaches."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dcai import InputError, Revert, _kernels
from tests.models.naive_bayes import NaiveBayes
from tests.support.bounds import between
from tests.support.models.agreement import agree, of_kernel, of_reference

ONE = 10**9
UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1

uint32 = st.one_of(st.integers(0, 5), between(0, UINT32_MAX))
uint64 = st.one_of(st.integers(0, 5), between(0, UINT64_MAX))
#: Few indices, so that they repeat and are known; a few far away.
indices = st.one_of(st.integers(0, 6), st.sampled_from([999, 1_023, 1_024, 2**31, UINT32_MAX]))
pairs = st.lists(st.one_of(st.tuples(indices, uint32), st.lists(uint32, max_size=3)), max_size=8)
good_pairs = st.lists(st.tuples(indices, uint32), max_size=8)
samples = st.lists(indices, max_size=12)
wild_samples = st.lists(st.one_of(indices, between(-(2**63), 2**63 - 1)), max_size=4)
smoothing = st.one_of(st.just(ONE), st.integers(0, 2), between(0, UINT32_MAX))
num_features = st.one_of(st.integers(0, 9), between(0, 2**64))


def state(kernel: _kernels.NaiveBayes) -> tuple[Any, ...]:
    counts = [dict(entries) for entries in kernel.feature_counts]
    totals = kernel.total_feature_counts
    return kernel.num_samples, totals, counts, kernel.total_num_features, kernel.smoothing_factor


def csr(rows: list[list[int]], dtype: Any) -> tuple[Any, Any, None]:
    indptr = np.cumsum([0, *map(len, rows)]).astype(dtype)
    return indptr, np.array([index for row in rows for index in row], dtype=np.int64), None


class Machine(RuleBasedStateMachine):
    kernel: Any = None
    oracle: Any = None

    @initialize(classes=st.lists(st.tuples(uint64, pairs), max_size=4), smoothing=smoothing, num_features=num_features)
    def build(self, classes: list[Any], smoothing: int, num_features: int) -> None:
        counts, features = [count for count, _ in classes], [rows for _, rows in classes]
        built = partial(_kernels.NaiveBayes, counts, features, num_features, smoothing)
        expected = of_reference(partial(NaiveBayes, counts, features, num_features, smoothing))
        actual = of_kernel(built)
        if expected[0] == "value":
            self.kernel, self.oracle = actual[1], expected[1]
        else:
            assert actual == expected
            self.kernel, self.oracle = _kernels.NaiveBayes([3], [[]], 4, ONE), NaiveBayes([3], [[]], 4, ONE)

    @rule(data=st.one_of(samples, wild_samples), form=st.sampled_from([list, tuple, np.array]))
    def predict(self, data: list[int], form: Any) -> None:
        given = form(data) if data else data
        agree(lambda: self.kernel.predict(given), lambda: self.oracle.predict(data))

    @rule(data=st.one_of(samples, wild_samples), label=st.integers(0, 4))
    def update(self, data: list[int], label: int) -> None:
        agree(lambda: self.kernel.update(data, label), lambda: self.oracle.update(data, label))

    @rule(num_samples=uint64, counts=pairs)
    def add_class(self, num_samples: int, counts: Any) -> None:
        agree(lambda: self.kernel.add_class(num_samples, counts), lambda: self.oracle.add_class(num_samples, counts))

    @rule(counts=pairs, label=st.integers(0, 4))
    def initialize_counts(self, counts: Any, label: int) -> None:
        agree(
            lambda: self.kernel.initialize_counts(counts, label), lambda: self.oracle.initialize_counts(counts, label)
        )

    @rule(label=st.integers(0, 4), index=indices)
    def feature_count(self, label: int, index: int) -> None:
        agree(lambda: self.kernel.feature_count(label, index), lambda: self.oracle.feature_count(label, index))

    @rule(
        rows=st.lists(samples, max_size=6), times=st.sampled_from([1, 100]), dtype=st.sampled_from([np.int32, np.int64])
    )
    def predict_batch(self, rows: list[list[int]], times: int, dtype: Any) -> None:
        # Often enough, rows are many enough for a table of logarithms.
        expected = [of_reference(partial(self.oracle.predict, row)) for row in rows]
        refused = next(((k, outcome) for k, outcome in enumerate(expected) if outcome[0] != "value"), None)
        batch = csr(rows * times, dtype)
        if refused is None:
            assert self.kernel.predict_batch(batch).tolist() == [label for _, label in expected] * times
        else:
            with pytest.raises(Revert) as caught:
                self.kernel.predict_batch(batch)
            assert (caught.value.row, caught.value.name, caught.value.args) == (refused[0], *refused[1])

    @rule()
    def go_on_with_what_it_holds(self) -> None:
        counts = [dict(entries) for entries in self.kernel.feature_counts]
        twin = _kernels.NaiveBayes.restore(
            self.kernel.num_samples,
            self.kernel.total_feature_counts,
            counts,
            self.kernel.smoothing_factor,
            self.kernel.total_num_features,
        )
        assert twin.equals(self.kernel)
        self.kernel = twin

    @invariant()
    def same_state(self) -> None:
        if self.kernel is not None:
            assert state(self.kernel) == self.oracle.state()


TestMachine = Machine.TestCase


@given(
    classes=st.lists(st.tuples(st.integers(0, 9), good_pairs), min_size=1, max_size=4),
    rows=st.lists(samples, max_size=20),
    labels=st.data(),
)
def test_updates_as_a_batch(classes: list[Any], rows: list[list[int]], labels: st.DataObject) -> None:
    arguments = [count for count, _ in classes], [counts for _, counts in classes], 5, ONE
    chosen = [labels.draw(st.integers(0, len(classes) - 1)) for _ in rows]
    kernel, oracle = _kernels.NaiveBayes(*arguments), NaiveBayes(*arguments)
    outcomes = [of_reference(partial(oracle.update, row, label)) for row, label in zip(rows, chosen, strict=True)]
    refused = next(((k, outcome) for k, outcome in enumerate(outcomes) if outcome[0] != "value"), None)
    if refused is None:
        assert kernel.update_batch(csr(rows, np.int32), np.array(chosen, np.uint64)).all()
        assert state(kernel) == oracle.state()
    else:
        with pytest.raises(Revert) as caught:
            kernel.update_batch(csr(rows, np.int32), np.array(chosen, np.uint64))
        assert (caught.value.row, caught.value.name) == (refused[0], refused[1][0])


def test_a_long_sample_neither_vanishes_nor_overflows() -> None:
    counts = [[(i, 1 + (i * 7 + k) % 5) for i in range(1_000)] for k in range(3)]
    arguments = [10, 12, 9], counts, 1_000, ONE
    kernel, oracle = _kernels.NaiveBayes(*arguments), NaiveBayes(*arguments)
    rows = [list(range(start, 1_000, step)) * times for start, step, times in ((0, 1, 5), (3, 2, 3), (7, 3, 1))]
    expected = [oracle.predict(row) for row in rows]
    assert [kernel.predict(row) for row in rows] == expected
    assert kernel.predict_batch(csr(rows, np.int64)).tolist() == expected
    assert len(set(expected)) > 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (([], [], [], ONE, 3), Revert("NoClasses")),
        (([1], [], [[]], ONE, 3), Revert("DimensionMismatch", (1, 0))),
        (([1], [0], [], ONE, 3), Revert("DimensionMismatch", (1, 0))),
        (([1], [2], [[(0, 3)]], ONE, 3), Revert("CountTooLarge", (3, 3))),
        (([1], [3], [[(0, 3, 1)]], ONE, 3), Revert("MalformedPair", (0, 3))),
        (([1], [3], [[(0, 3)]], ONE, 2**64), Revert("SafeCastOverflowedUintDowncast", (64, 2**64))),
    ],
)
def test_states_that_no_contract_reaches(arguments: Any, error: Revert) -> None:
    with pytest.raises(Revert) as caught:
        _kernels.NaiveBayes.restore(*arguments)
    assert caught.value == error


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        (([-1], [[]], 3, ONE), r"class_counts\[0\] is -1"),
        (([1], [[(0, 2**32)]], 3, ONE), r"feature_counts\[0\]\[0\]\[1\] is 4294967296"),
        (([1], [{-1: 2}], 3, ONE), r"feature_counts\[0\]\[0\]\[0\] is -1"),
        (([1], [[]], -3, ONE), "total_num_features is -3"),
        (([1], [[]], 3, 0.5), "smoothing_factor is 0.5"),
    ],
)
def test_bad_numbers_are_named(arguments: Any, place: str) -> None:
    with pytest.raises(InputError, match=place):
        _kernels.NaiveBayes(*arguments)
