"""Measured transactions: the least gas limit, deployments in chunks, updates in columns."""

from collections.abc import Sequence

import pytest

from dcai import DensePerceptron, SparseNearestCentroidClassifier, SparsePerceptron
from dcai.errors import EvmError
from dcai.evm import Contract, Evm
from dcai.gas import Oracle
from dcai.gas.measuring import measure
from dcai.models import Classifier

ONE = 10**9
SPARSE = SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE, feature_indices=[4, 5, 6, 7])


def encoded(contract: Contract, name: str, *args: object) -> bytes:
    return contract.abi.function(name, len(args)).encode(args)


@pytest.mark.parametrize(
    ("call", "needs_more_than_it_spends"),
    [
        (("predict", [0, 1]), False),
        (("update", [1, 3], 1), False),  # makes slots non-zero
        (("update", [2], 1), False),  # clears a slot, for a refund that comes after
        (("update", [1, 1], 1), True),  # the last write costs 100, and must find 2,300
        (("update", [0, -1], 1), False),  # reverts
        (("update", list(range(40)), 2), False),  # reverts, and pays the floor
    ],
)
def test_with_the_least_gas_limit_the_same_happens_and_with_one_less_it_does_not(
    call: tuple[object, ...], needs_more_than_it_spends: bool, engine: str
) -> None:
    chain = Evm(engine)
    contract = chain.place(SPARSE)
    data = encoded(contract, str(call[0]), *call[1:])
    before = contract.storage()
    limit = measure.least_gas_limit(chain, contract.address, data)
    assert contract.storage() == before
    plenty = chain.simulate(contract.address, data)
    spent = max(plenty.intrinsic + plenty.calldata + plenty.execution, plenty.floor)
    assert (limit > spent) is needs_more_than_it_spends
    exact = chain.simulate(contract.address, data, gas_limit=limit)
    assert (exact.success, exact.gas_used, exact.error) == (plenty.success, plenty.gas_used, plenty.error)
    try:
        less = chain.simulate(contract.address, data, gas_limit=limit - 1)
    except EvmError:
        assert limit == max(plenty.floor, plenty.intrinsic + plenty.calldata)  # no block could include it
    else:
        assert isinstance(less.error, EvmError)
        assert "Out of gas" in str(less.error)


def test_no_limit_is_enough_for_what_halts() -> None:
    chain = Evm()
    address = "0x" + "33" * 20
    chain.set_account(address, code=b"\xfe")
    with pytest.raises(EvmError, match="Invalid opcode"):
        measure.least_gas_limit(chain, address, b"")


MODELS = [
    SPARSE,
    DensePerceptron([ONE, -ONE] * 8, 7, ONE),
    SparseNearestCentroidClassifier([[[0, 5], [9, 7]], [[3, 4]]], [2, 3]),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("gas_cap", [1 << 24, 1_750_000])
def test_a_deployment_is_what_the_chain_says_and_the_oracle_predicts(model: Classifier, gas_cap: int) -> None:
    contract, deployment = measure.deploy(model, "revm", "prague", gas_cap)
    assert contract.model() == model
    assert max(chunk.gas_limit for chunk in deployment.chunks) <= gas_cap
    assert deployment == Oracle(type(model).__name__).deployment(model, gas_cap)
    if gas_cap == 1 << 24:
        receipts = Evm().deploy(model).deployment
        assert [chunk.gas_used for chunk in deployment.chunks] == [receipt.gas_used for receipt in receipts]


def test_a_lower_cap_gives_smaller_chunks() -> None:
    model = DensePerceptron([ONE] * 60, 0, ONE)
    whole = measure.deploy(model, "revm", "prague")[1]
    contract, chunked = measure.deploy(model, "revm", "prague", whole.chunks[0].gas_limit - 1)
    assert len(whole.chunks) == 1
    assert [chunk.function for chunk in chunked.chunks] == ["constructor", "initializeWeights"]
    assert sum(chunk.items for chunk in chunked.chunks) == 60
    assert contract.model() == model


def test_updates_in_columns_are_those_of_the_receipts() -> None:
    calls: list[tuple[Sequence[int], int]] = [([1, 3], 1), ([1, 3], 1), ([2], 1), ([0, -1], 1), ([0], 2)]
    measured_on, twin = Evm("revm").place(SPARSE), Evm("revm").place(SPARSE)
    costs = measure.as_costs(measure.update(measured_on, sample, label) for sample, label in calls)
    receipts = [twin.evm.transact(twin.address, encoded(twin, "update", *call)) for call in calls]
    assert costs.gas_used.tolist() == [receipt.gas_used for receipt in receipts]
    assert costs.execution.tolist() == [receipt.execution for receipt in receipts]
    assert {i: error.name for i, error in costs.errors.items()} == {3: "NegativeIndex", 4: "UnknownClass"}
    # Two weights that were zero; then the prediction is right; then a weight of -1 becomes 0.
    assert costs.new_slots.tolist() == [2, 0, 0, 0, 0]
    assert costs.mistake.tolist() == [True, False, True, False, False]
    assert (costs.refund > 0).tolist() == [False, False, True, False, False]
    assert measured_on.storage() == twin.storage()
