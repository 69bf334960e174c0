from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dcai import DensePerceptron, NearestCentroidClassifier, Revert, SparseNearestCentroidClassifier, SparsePerceptron
from dcai.artifacts import load
from dcai.errors import EvmError, InputError, InputTypeError
from dcai.evm import ClassifierContract, Contract, Evm
from dcai.evm.abi import Event
from dcai.evm.storage import expected_storage

ONE = 10**9
OTHER = "0x" + "03" * 20


@pytest.fixture
def chain(engine: str) -> Evm:
    return Evm(engine)


def test_a_dense_perceptron_is_called_by_name(chain: Evm) -> None:
    contract = chain.place(DensePerceptron([ONE, -ONE], 5, ONE, classifications=["no", "yes"], feature_indices=[8, 9]))
    assert contract.predict([1, 0]) == contract.predict(np.array([1, 0])) == 1
    assert contract.norm([3, -4]) == 5
    assert contract.call("weights", 1) == -ONE
    assert contract.call("classifications", 1) == "yes"
    assert contract.call("featureIndices", 1) == 9
    assert contract.call("intercept") == 5
    assert contract.call("owner") == chain.account
    assert repr(contract) == f"<DensePerceptron at {contract.address}>"


def test_a_contract_is_trained_and_read_back(chain: Evm) -> None:
    model = DensePerceptron([0, 0], 0, ONE)
    contract = chain.place(model)
    for label in (1, 1, 0):
        before = contract.storage()
        assert contract.update([600_000_000, -800_000_000], label).success
        changed = model.update([600_000_000, -800_000_000], label)
        assert (contract.storage() != before) == changed
        assert contract.storage() == expected_storage(model, chain.account)
        assert contract.model() == model


def test_a_lazily_scaled_centroid_is_read_back_exactly(chain: Evm) -> None:
    model = SparseNearestCentroidClassifier([[(0, ONE), (7, 5)], [(2**32 - 1, ONE)]], [1, 1])
    contract = chain.place(model)
    for data, label in (([1, 2], 0), ([7, 70_000], 0), ([], 1), ([0, 7], 0)):
        contract.update(data, label)
        model.update(data, label)
        assert contract.storage() == expected_storage(model, chain.account)
    assert any(n != model.counts[0] for _, n in model.stored[0].values())
    assert contract.model() == model
    assert chain.place(model).model() == model


def test_a_refused_update_raises_the_kernels_error_with_a_receipt(chain: Evm) -> None:
    model = NearestCentroidClassifier([[ONE, 0], [0, ONE]], [1, 1])
    contract = chain.place(model)
    for data, label in (([1], 0), ([ONE, 0], 2), ([ONE, ONE], 1)):
        with pytest.raises(Revert) as refused:
            contract.update(data, label)
        with pytest.raises(Revert) as expected:
            model.update(data, label)
        assert refused.value == expected.value
        assert not refused.value.receipt.success
        assert refused.value.receipt.gas_used > 21_000
    assert contract.storage() == expected_storage(model, chain.account)


def test_only_the_owner_may_train(chain: Evm) -> None:
    contract = chain.place(SparsePerceptron([1], 0, 1), owner=OTHER)
    with pytest.raises(Revert) as refused:
        contract.update([0], 0)
    assert refused.value == Revert("OwnableUnauthorizedAccount", (chain.account,))
    assert contract.update([0], 0, sender=OTHER).success


def test_running_out_of_gas_is_an_evm_error(chain: Evm) -> None:
    contract = chain.place(DensePerceptron([0] * 20, 0, ONE))
    with pytest.raises(EvmError, match="Out of gas"):
        contract.transact("initializeWeights", [1] * 20, gas_limit=60_000)
    with pytest.raises(EvmError, match="Out of gas"):
        contract.call("predict", [1] * 20, gas_limit=30_000)


def test_arguments_are_checked_before_anything_runs(chain: Evm) -> None:
    contract = chain.place(DensePerceptron([0], 0, ONE))
    with pytest.raises(InputTypeError, match=r"update: argument 0 \(int64\[\] data\), element 0, is 0.5"):
        contract.update([0.5], 1)  # type: ignore[list-item]
    with pytest.raises(InputError, match=r"update: argument 1 \(uint64 classification\) is -1"):
        contract.update([0], -1)
    with pytest.raises(InputError, match="no function 'addClass'"):
        contract.transact("addClass", [1], "x", 1)
    assert chain.nonce(chain.account) == 0


def test_events_are_read_from_receipts(chain: Evm) -> None:
    contract = chain.deploy(NearestCentroidClassifier([[1]], [1]))
    receipt = contract.transact("addClass", [2], "new", 3)
    assert contract.events(receipt) == [Event("AddClass", {"name": "new", "index": 1})]
    assert [event.name for event in contract.events(contract.deployment[0])] == ["OwnershipTransferred"]


def test_a_contract_can_be_attached_by_its_address(chain: Evm) -> None:
    placed = chain.place(SparsePerceptron({3: 4}, 0, 1))
    attached = ClassifierContract(chain, load("SparsePerceptron"), placed.address.lower())
    assert (attached.address, attached.deployment) == (placed.address, ())
    assert attached.model() == placed.model()
    with pytest.raises(EvmError, match=f"no contract at {OTHER}"):
        chain.contract(load("SparsePerceptron"), OTHER)


def test_large_feature_indices_are_found_where_they_were_named(chain: Evm) -> None:
    model = SparsePerceptron({2**64 - 1: 4, 5: 6}, 0, 1)
    contract = chain.place(model)
    contract.update([2**40, 5], 0)
    model.update([2**40, 5], 0)
    contract.transact("initializeWeights", 2**50, [7, 8])
    model.initialize_weights(2**50, [7, 8])
    contract.transact("initializeSparseWeights", [[2**51, 9]])
    model.initialize_sparse_weights([[2**51, 9]])
    assert contract.model() == model
    attached = chain.contract(contract.artifact, contract.address)
    message = r"5 of 6 words .* neither named in indices nor below 65,536.*pass every trained feature in indices="
    with pytest.raises(InputError, match=message):
        attached.model()
    assert attached.model(indices=model.weights) == model


# -- functions as methods -- #


def test_a_function_of_the_abi_is_a_method(chain: Evm) -> None:
    contract = chain.place(SparsePerceptron({3: -4, 7: ONE}, 5, 2))
    assert (contract.weights(3), contract.weights(7), contract.weights(8)) == (-4, ONE, 0)
    assert contract.intercept() == 5
    assert contract.owner() == chain.account
    assert chain.nonce(chain.account) == 0  # views send no transaction
    receipt = contract.initializeSparseWeights([[2**40, 9]])
    assert receipt.success
    assert chain.nonce(chain.account) == 1
    assert contract.weights(2**40) == 9
    assert contract.model() == SparsePerceptron({3: -4, 7: ONE, 2**40: 9}, 5, 2)  # the index is remembered
    with pytest.raises(Revert) as refused:
        contract.transferOwnership(OTHER, sender=OTHER)
    assert refused.value == Revert("OwnableUnauthorizedAccount", (OTHER,))
    with pytest.raises(EvmError, match="Out of gas"):
        contract.transferOwnership(OTHER, gas_limit=25_000)


def test_overloads_are_told_by_the_number_of_arguments(chain: Evm) -> None:
    contract = chain.place(SparsePerceptron({}, 0, 1))
    overloads: list[dict[str, Any]] = [
        {"type": "function", "name": "weights", "stateMutability": "view", "inputs": [], "outputs": []},
        {
            "type": "function",
            "name": "weights",
            "stateMutability": "payable",
            "inputs": [{"name": "at", "type": "uint64"}, {"name": "to", "type": "int64"}],
            "outputs": [],
        },
    ]
    artifact = replace(contract.artifact, abi=(*contract.artifact.abi, *overloads))
    overloaded = Contract(chain, artifact, contract.address)
    assert overloaded.weights(1) == 0
    with pytest.raises(
        Revert
    ):  # the contract has no such function: each of these reaches it, as a call or a transaction
        overloaded.weights()
    assert chain.nonce(chain.account) == 0
    with pytest.raises(Revert):
        overloaded.weights(1, 2)
    assert chain.nonce(chain.account) == 1
    with pytest.raises(InputError, match=r"3 arguments do not select one overload of 'weights'"):
        overloaded.weights(1, 2, 3)


def test_an_unknown_function_is_an_attribute_error_with_the_known_ones(chain: Evm) -> None:
    contract = chain.place(DensePerceptron([0], 0, ONE))
    with pytest.raises(
        AttributeError, match=r"DensePerceptron has no function 'centroids'; it has .*weights\(uint256\)"
    ):
        contract.centroids(0)
    assert not hasattr(contract, "_repr_html_")
    assert {"weights", "initializeWeights", "update", "model", "call"} <= set(dir(contract))
    assert "weights(uint256)" in (contract.weights.__doc__ or "")
    assert copy(contract).weights(0) == 0


def test_contracts_are_classifiers_where_they_hold_a_model(chain: Evm) -> None:
    model = SparsePerceptron({3: 4}, 0, 1)
    placed = chain.place(model)
    assert isinstance(chain.contract(placed.artifact, placed.address), ClassifierContract)
    created = chain.create(load("SparsePerceptron"), ["no", "yes"], [], 0, 1)
    assert isinstance(created, ClassifierContract)
    points = chain.create(load("Points64"), 1, 2, 3, [], [])
    assert type(points) is Contract
    with pytest.raises(AttributeError, match="Points64 has no function 'model'"):
        points.model()
