"""Rows of thousands of features, calls of strangers, and gas limits where the sentry of EIP-2200 binds."""

from __future__ import annotations

from typing import Any

import pytest

from dcai.gas.coefficients import UNAUTHORIZED
from dcai.gas.layer import GAS
from dcai.models import (
    MODELS,
    Classifier,
    DensePerceptron,
    NaiveBayes,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from tests.support.gas.receipts import FORKS, PY_EVM_FORKS, SENTRY, OnChain, Tally

ONE = 10**9
STRANGER = "0x" + "05" * 20


def hot(length: int, position: int = 0, sign: int = 1) -> list[int]:
    """A sample of norm 1 with one feature."""
    return [0] * position + [sign * ONE] + [0] * (length - position - 1)


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("name", MODELS)
def test_what_a_stranger_pays_is_known(name: str, fork: str) -> None:
    """Whatever the data are, for the owner is checked first."""
    case = GAS[name].snapshot()
    sample, _ = next(iter(case.contributions.values()))
    contract = OnChain(case.model, "revm", fork)
    price = contract.oracle.coefficients["update"].gas[UNAUTHORIZED]
    for data, label in [(sample, 0), ([], 2**64 - 1), ([-1] * 100, 5)]:
        receipt = contract.send(contract.encode("update", data, label), sender=STRANGER)
        assert not receipt.success
        assert receipt.error.name == "OwnableUnauthorizedAccount"  # type: ignore[union-attr]
        assert receipt.execution == price


# -- long rows -- #


def long_rows() -> dict[str, tuple[Classifier, list[tuple[list[int], int]]]]:
    length = 4_001  # no slot is full at its end: of neither three nor four numbers
    many = list(range(0, 3 * length, 3))
    weights = [(-1) ** i * i for i in range(length)]
    return {
        "DensePerceptron": (
            DensePerceptron(weights, 0, ONE),
            [(hot(length, length - 1, sign), label) for sign in (1, -1) for label in (0, 1)],
        ),
        "NaiveBayes": (
            NaiveBayes([3, 0], [[(i, i) for i in many[:2_000]], []], 5, ONE),
            [(many, 0), (many, 1), (many[::-1] + many, 1), (many[:1_000] * 4, 0), ([*many, -1], 0)],
        ),
        "NearestCentroidClassifier": (
            NearestCentroidClassifier([hot(length), hot(length, 77)], [0, 5]),
            [(hot(length, length - 1), 0), (hot(length, 3), 1), ([1] * length, 1)],
        ),
        "SparseNearestCentroidClassifier": (
            SparseNearestCentroidClassifier([[(i, i) for i in many[:2_000]], []], [3, 0]),
            [(many, 0), (many, 1), (many[:2_000], 0), ([*many, 5], 0)],
        ),
        "SparsePerceptron": (
            SparsePerceptron(weights, 0, 7),
            [(many, 0), (many, 1), (many, 0), (many[::-1] + many, 1), (many[:1_000] * 4, 0), ([*many, -1], 0)],
        ),
    }


@pytest.mark.parametrize("fork", ["cancun", "prague"])
@pytest.mark.parametrize("name", MODELS)
def test_rows_of_thousands_of_features(name: str, fork: str) -> None:
    """Some take more than any block of Osaka includes, and cost what is said all the same."""
    model, updates = long_rows()[name]
    contract = OnChain(model, "revm", fork)
    for sample, label in updates:
        contract.predict(sample)
        contract.update(sample, label, limits=True)
    contract.compare_storage()
    if MODELS[name].spec.is_sparse:
        assert contract.oracle.update_batch(model, [updates[0][0]], [1 - updates[0][1]]).gas_limit[0] > 2**24


# -- refunds, below their cap and at it -- #


def clearing() -> list[tuple[str, Classifier, list[int], int]]:
    """Models with updates that clear slots, by how the refund compares with a fifth of what is spent."""
    tiny = [[1] * 40 + [ONE]]
    return [
        ("below", DensePerceptron([ONE, 0, 0, 0], 0, ONE), hot(4), 0),
        ("below", NearestCentroidClassifier([hot(8)], [1]), hot(8, 0, -1), 0),
        ("below", SparsePerceptron([7, 5], 0, 7), [0], 0),
        ("at", DensePerceptron([10**7] * 10_000, 0, ONE), [10**7] * 10_000, 0),
        ("at", NearestCentroidClassifier(tiny, [2]), [0] * 40 + [ONE], 0),
        ("at", SparsePerceptron([7] * 300, 0, 7), list(range(300)), 0),
    ]


@pytest.mark.parametrize("fork", PY_EVM_FORKS)
@pytest.mark.parametrize(("cap", "model", "sample", "label"), clearing())
def test_refunds(cap: str, model: Classifier, sample: list[int], label: int, fork: str) -> None:
    contract = OnChain(model, "revm", fork, Tally())
    costs = contract.oracle.update_batch(model.copy(), [sample], [label])
    fifth, refund = int(costs.intrinsic[0] + costs.calldata[0] + costs.execution[0]) // 5, int(costs.refund[0])
    assert 0 < refund <= fifth
    assert (refund == fifth) is (cap == "at")
    contract.update(sample, label, limits=True)
    contract.compare_storage()


# -- where the sentry binds: the last write is cheap, and little follows it -- #


def cheap_last_writes() -> list[tuple[str, Any, list[int], int]]:
    """Models with updates that end in a write of 100 gas."""
    no_rate = SparsePerceptron([5, 0, -5], 0, 0)
    repeated = SparsePerceptron([5, 0, -5], 0, ONE)
    full = 2**79 - 1
    empty = SparseNearestCentroidClassifier([[], []], [0, 3])
    counted = NaiveBayes([1], [[(0, 1), (1, 2**32 - 2), (2, 2**32 - 1)]], 3, ONE)
    return [
        ("a learning rate of zero", no_rate, [0], 0),
        ("a learning rate of zero, many features", no_rate, list(range(50)), 1),
        ("a learning rate of zero, an index again", no_rate, [0, 0], 0),
        ("an index that repeats", repeated, [1, 1], 1),
        ("an index that repeats often", repeated, [7] * 300, 1),
        ("an index that repeats, behind others", repeated, [2, 3, 4, 5, 2], 1),
        ("back to where it was", SparsePerceptron([0], 5, 0), [0, 0, 0], 0),
        ("an overflow behind a cheap write", SparsePerceptron([0, full, -full, -full], 0, ONE), [0, 0, 1, 2, 3], 1),
        ("an overflow behind an expensive write", SparsePerceptron([0, full, -full, -full], 0, ONE), [0, 1, 2, 3], 1),
        ("an overflow behind no write", SparsePerceptron([0, full, -full, -full], 0, ONE), [1, 2, 3], 1),
        ("a magnitude that stays zero", empty, [], 0),
        ("a magnitude that stays", empty, [], 1),
        ("no feature at all", SparsePerceptron([], 5, ONE), [], 0),
        ("a feature that repeats", counted, [0, 0], 0),
        ("a new feature that repeats", counted, [5, 5, 5], 0),
        ("a count that overflows behind a cheap write", counted, [1, 0, 0, 1], 0),
        ("a count that overflows behind a cheap write and a cold read", counted, [0, 0, 2], 0),
        ("a count that overflows behind an expensive write", counted, [1, 1], 0),
        ("a feature once", counted, [0], 0),
    ]


@pytest.mark.parametrize(
    ("engine", "fork"), [("revm", "osaka"), ("revm", "cancun"), ("py-evm-compiled", "prague"), ("py-evm", "cancun")]
)
def test_gas_limits_of_cheap_last_writes(engine: str, fork: str) -> None:
    binding = {}
    for what, model, sample, label in cheap_last_writes():
        tally = Tally()
        OnChain(model, engine, fork, tally).update(sample, label, limits=True)
        binding[what] = tally.kinds["sentry binds"] == 1
    expected = dict.fromkeys(binding, True)
    for what in (
        "an overflow behind an expensive write",
        "an overflow behind no write",
        "no feature at all",
        "a count that overflows behind a cheap write and a cold read",
        "a count that overflows behind an expensive write",
        "a feature once",
    ):
        expected[what] = False
    assert binding == expected


def test_the_sentry_leaves_more_than_is_used() -> None:
    """What remains of the least limit: at most what a write must find, less what it costs."""
    contract = OnChain(SparsePerceptron([5], 0, 0), "revm", "prague")
    costs = contract.oracle.update(contract.model, [0], 0)
    spare = int(costs.gas_limit[0] - costs.intrinsic[0] - costs.calldata[0] - costs.execution[0])
    assert 2_000 < spare < SENTRY - 99
