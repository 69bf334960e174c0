"""The classifiers that a market trains anew: as their native models, after every call, before and after a restore."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcai.errors import Revert
from dcai.evm import Contract, Evm
from dcai.incentives import Piece, Terms
from dcai.models import DensePerceptron, SparsePerceptron
from tests.support.incentives.lockstep import PROVIDER, Lockstep, create_classifier

FEATURES = 5
LARGEST = 2**79 - 1
E9 = 10**9
#: Of norm 1; the last but one too long, the last too short.
DENSE = [[E9, 0, 0, 0, 0], [0, -E9, 0, 0, 0], [6 * E9 // 10, 0, -8 * E9 // 10, 0, 0], [0, 0, 0, 0, E9], [1] * 5, [E9]]

sparse_calls = st.tuples(st.lists(st.integers(-1, FEATURES - 1), max_size=4), st.integers(0, 2))
dense_calls = st.tuples(st.sampled_from(DENSE), st.integers(0, 2))
weights = st.lists(
    st.integers(-3 * E9, 3 * E9) | st.sampled_from([LARGEST, -LARGEST - 1]), min_size=FEATURES, max_size=FEATURES
)
rates = st.sampled_from([0, 1, E9, 2**32 - 1])


def outcome(call: Any) -> Any:
    try:
        return call()
    except Revert as error:
        return error


def agree(contract: Contract, initial: Any, calls: list[Any]) -> None:
    model = initial.copy()
    for call in calls:
        if call is None:
            contract.transact("restore", sender=PROVIDER)
            model = initial.copy()
        else:
            x, label = call
            predicted = outcome(lambda: contract.call("learn", x, label, sender=PROVIDER))  # noqa: B023
            assert outcome(lambda: contract.call("predict", x)) == outcome(lambda: model.predict(x))  # noqa: B023
            assert predicted == outcome(lambda: model.update(x, label))  # noqa: B023
            # `learn` and `update` are one.
            outcome(lambda: contract.transact(("learn", "update")[label & 1], x, label, sender=PROVIDER))  # noqa: B023
        assert [contract.call("weights", i) for i in range(FEATURES)] == [model.weights[i] for i in range(FEATURES)]


@settings(max_examples=40)
@given(weights, st.integers(-E9, E9), rates, st.lists(st.none() | sparse_calls, max_size=12))
def test_sparse(initial: list[int], intercept: int, rate: int, calls: list[Any]) -> None:
    model = SparsePerceptron(initial, intercept, rate)
    agree(create_classifier(Evm("revm"), model, PROVIDER), model, calls)


@settings(max_examples=40)
@given(weights, st.integers(-E9, E9), rates, st.lists(st.none() | dense_calls, max_size=12))
def test_dense(initial: list[int], intercept: int, rate: int, calls: list[Any]) -> None:
    model = DensePerceptron(initial, intercept, rate)
    agree(create_classifier(Evm("revm"), model, PROVIDER), model, calls)


@pytest.mark.parametrize("call", [("learn", [0], 1), ("update", [0], 1), ("restore",), ("initializeWeights", 0, [1])])
def test_only_the_owner_changes_a_model(call: tuple[Any, ...]) -> None:
    contract = create_classifier(Evm("revm"), SparsePerceptron([1], 0, 1), PROVIDER)
    with pytest.raises(Revert, match="OwnableUnauthorizedAccount"):
        contract.transact(*call)


def test_weights_set_in_chunks_are_initial_ones() -> None:
    contract = create_classifier(Evm("revm"), SparsePerceptron([1], 0, 7), PROVIDER)
    contract.transact("restore", sender=PROVIDER)
    contract.transact("initializeWeights", 1, [0, -5], sender=PROVIDER)
    contract.transact("initializeSparseWeights", [[4, 9]], sender=PROVIDER)
    expected = SparsePerceptron([1, 0, -5, 0, 9], 0, 7)
    agree(contract, expected, [([4], 0), ([2, 3], 1), None, ([1], 1)])
    with pytest.raises(Revert, match="IndexTooLarge"):
        contract.transact("initializeWeights", 2**64 - 1, [1, 1], sender=PROVIDER)


def test_the_longest_sample_is_learned_in_one_transaction() -> None:
    """The worst case of a unit: each of 512 weights is written for the first time; Osaka bounds the transaction."""
    longest = list(range(10**6, 10**6 + 512))
    market = Lockstep(SparsePerceptron([], 0, 1), Terms(1, 1, 1, 9, 9, 9, 9, 9))
    pieces = [Piece([[0]], [0], bytes(32)), Piece([longest], [1], bytes(32))]
    market.do("commit", [piece.hash() for piece in pieces], value=100)
    market.next_block()
    market.do("drawPiece")
    market.do("revealPiece", 0, pieces[0].data, pieces[0].labels, pieces[0].salt)
    market.do("addData", longest, 1, sender=PROVIDER, value=1)
    market.do("revealPiece", 1, pieces[1].data, pieces[1].labels, pieces[1].salt)
    while market.twin.end_time == 0:
        market.do("step", 1)
    assert market.twin.contributions[0].balance == 101
    with pytest.raises(Revert, match="WrongPhase"):
        market.contract.transact("step", 1)


def test_too_little_gas_decides_nothing() -> None:
    """A step that runs out of gas within the model must not pass for a sample that the model refuses."""
    market = Lockstep(SparsePerceptron([], 0, 1), Terms(1, 1, 1, 9, 9, 9, 9, 9))
    pieces = [Piece([[0]], [0], bytes(32)), Piece([[1]], [1], bytes(32))]
    market.do("commit", [piece.hash() for piece in pieces], value=100)
    market.next_block()
    market.do("drawPiece")
    market.do("revealPiece", 0, pieces[0].data, pieces[0].labels, pieces[0].salt)
    market.do("addData", list(range(100)), 1, sender=PROVIDER, value=1)
    market.do("revealPiece", 1, pieces[1].data, pieces[1].labels, pieces[1].salt)
    market.do("step", 1)
    needed = market.chain.simulate(
        market.contract.address, market.contract.abi.function("step", 1).encode([1]), sender=PROVIDER
    ).gas_used
    failures = set()
    for gas_limit in range(100_000, needed, needed // 40):
        try:
            market.contract.transact("step", 1, sender=PROVIDER, gas_limit=gas_limit)
        except Exception as error:  # noqa: BLE001 - out of gas, in the market or in the model
            failures.add(str(error)[:11])
        market.compare()
    assert "ModelFailed" in failures
    market.do("step", 1)
