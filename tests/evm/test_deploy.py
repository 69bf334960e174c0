from __future__ import annotations

import random

import pytest

from dcai import (
    DensePerceptron,
    InputError,
    InputTypeError,
    NearestCentroidClassifier,
    Revert,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.artifacts import load
from dcai.evm import MAX_TRANSACTION_GAS, Contract
from dcai.evm.storage import expected_storage
from dcai.models import Classifier
from dcai.models.deployment import _shrinkings, halvings
from dcai.models.sparse_perceptron import _dense_length
from tests.support.engines import new_chain

#: Each test runs on every engine.
pytestmark = pytest.mark.usefixtures("engine")

LONG = "a name of more than thirty-one bytes: übergroß"
OTHER = "0x" + "03" * 20


def numbers(count: int, bits: int = 30) -> list[int]:
    source = random.Random(count)
    return [source.randrange(1 - 2**bits, 2**bits) | 1 for _ in range(count)]  # odd, so never zero


def deploy(model: Classifier) -> Contract:
    """Deploy, and check all that holds for every model."""
    chain = new_chain()
    contract = chain.deploy(model)
    assert contract.storage() == expected_storage(model, chain.account)
    assert all(receipt.success and receipt.gas_used <= MAX_TRANSACTION_GAS for receipt in contract.deployment)
    assert chain.nonce(chain.account) == len(contract.deployment)
    assert chain.code(contract.address) == load(contract.artifact.name).deployed_bytecode
    assert contract.model() == model
    return contract


@pytest.mark.parametrize(
    "model",
    [
        DensePerceptron([], 0, 0),
        DensePerceptron([0, -1, 2**79 - 1, -(2**79)], -(2**79), 2**32 - 1, classifications=["", LONG]),
        SparsePerceptron([], 0, 0),
        SparsePerceptron([1, 0, 3], 2**79 - 1, 5, classifications=[LONG, LONG]),
        SparsePerceptron({2**64 - 1: -1, 0: 2**79 - 1, 2: -(2**79)}, -1, 1),
        NearestCentroidClassifier([[]], [0]),
        NearestCentroidClassifier([[2**63 - 1, 0], [-(2**63), -1]], [0, 2**191 - 1], classifications=[LONG, "b"]),
        SparseNearestCentroidClassifier([[]], [0], classifications=[LONG]),
        SparseNearestCentroidClassifier([[(9, 2**64 - 1), (2**32 - 1, 0)], [(9, 3)]], [2**64 - 1, 0]),
    ],
    ids=lambda model: type(model).__name__,
)
def test_one_transaction_deploys_a_small_model(model: Classifier) -> None:
    assert len(deploy(model).deployment) in (1, 2)


@pytest.mark.parametrize("indices", [[0], [2**32 - 1] * 9, list(range(20))])
def test_feature_indices_are_added(indices: list[int]) -> None:
    contract = deploy(SparsePerceptron([1], 0, 1, feature_indices=indices))
    assert contract.call("getNumFeatureIndices") == len(indices)
    assert len(contract.deployment) == 2


def test_a_dense_model_of_2000_weights_takes_chunks() -> None:
    contract = deploy(DensePerceptron(numbers(2_000), 1, 1))
    assert len(contract.deployment) == 2
    assert contract.call("weights", 1_999) == numbers(2_000)[-1]


def test_1000_sparse_weights_take_chunks() -> None:
    contract = deploy(SparsePerceptron(numbers(1_000), 1, 1))
    assert len(contract.deployment) == 2


def test_scattered_sparse_weights_take_chunks() -> None:
    weights = dict(zip(range(0, 10**12, 10**9), numbers(1_000), strict=True)) | {1: 1, 2: 2}
    assert len(deploy(SparsePerceptron(weights, 1, 1)).deployment) > 2


def test_many_features_and_many_classes_take_chunks() -> None:
    wide = deploy(NearestCentroidClassifier([numbers(900), numbers(900)[::-1]], [1, 2]))
    assert len(wide.deployment) > 1
    many = deploy(NearestCentroidClassifier([[value] for value in numbers(240)], [1] * 240))
    assert len(many.deployment) > 100
    assert many.call("getNumClassifications") == 240


def test_centroids_of_unequal_length_are_extended() -> None:
    model = NearestCentroidClassifier([[1, 2], [3, 4], [5, 6]], [1, 2, 3])
    model.extend_centroid([7, 8, 9], 1)
    deploy(model)


def test_many_sparse_centroid_values_take_chunks() -> None:
    centroids = [list(enumerate(map(abs, numbers(n)))) for n in (500, 3)]
    assert len(deploy(SparseNearestCentroidClassifier(centroids, [4, 5])).deployment) > 1


def test_the_sender_owns_what_it_deploys() -> None:
    chain = new_chain()
    model = SparsePerceptron([1], 0, 1)
    contract = chain.deploy(model, sender=OTHER)
    assert contract.call("owner") == OTHER
    assert contract.storage() == expected_storage(model, OTHER)


def test_a_trained_sparse_centroid_cannot_be_deployed_but_placed() -> None:
    model = SparseNearestCentroidClassifier([[(0, 10**9), (1, 10**9)]], [1])
    model.update([0], 0)
    chain = new_chain()
    with pytest.raises(InputError, match=r"feature 1 as .* at 1 samples, but has 2 samples now.*place\(model\)"):
        chain.deploy(model)
    assert chain.place(model).model() == model
    rounded = SparseNearestCentroidClassifier(model.centroids, model.counts)
    assert deploy(rounded).predict([0]) == model.predict([0])


def test_a_squared_magnitude_that_is_no_sum_of_squares_cannot_be_deployed() -> None:
    model = SparseNearestCentroidClassifier([[(0, 10**9), (1, 10**9)]], [2])
    model.update([0], 0)
    model.update([0, 1], 0)  # scales the lagging value 1, with a remainder that stays in the sum
    assert all(n == model.counts[0] for _, n in model.stored[0].values())
    with pytest.raises(InputError, match=r"squared magnitude of class 0 is .* from the sum of its squares"):
        new_chain().deploy(model)


def test_a_class_of_2_191_samples_cannot_be_deployed_but_placed() -> None:
    model = NearestCentroidClassifier([[10**9]], [2**191 - 1])
    model.update([10**9], 0)
    with pytest.raises(InputError, match=f"class 0 has {2**191} samples"):
        new_chain().deploy(model)
    assert new_chain().place(model).model() == model


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(InputTypeError, match=r"model is \{\}; expected a DensePerceptron, "):
        new_chain().deploy({})  # type: ignore[arg-type]  # what a user might pass
    with pytest.raises(InputTypeError, match="model is 5; expected"):
        new_chain().place(5)  # type: ignore[arg-type]  # what a user might pass


def test_a_revert_ends_the_deployment() -> None:
    model = DensePerceptron([1], 0, 1)
    model._classifications = ("one",)  # no public way leads to a model that a contract refuses
    chain = new_chain()
    with pytest.raises(Revert) as refused:
        chain.deploy(model)
    assert refused.value == Revert("NotTwoClasses", (1,))
    assert chain.nonce(chain.account) == 0


def test_placed_contracts_have_addresses_of_their_own() -> None:
    chain = new_chain()
    first, second = (chain.place(DensePerceptron([n], 0, 1)) for n in (1, 2))
    assert first.address != second.address
    assert (first.model(), second.model()) == (DensePerceptron([1], 0, 1), DensePerceptron([2], 0, 1))


def test_sizes_are_halved_to_the_last() -> None:
    assert [list(halvings(9)), list(halvings(1)), list(halvings(2, 0)), list(halvings(0, 0))] == [
        [9, 5, 3, 2, 1],
        [1],
        [2, 1, 0],
        [0],
    ]
    assert list(_shrinkings(3, 5)) == [(3, 5), (3, 3), (3, 2), (2, 2), (2, 1), (1, 1)]
    assert list(_shrinkings(1, 0)) == [(1, 0)]


@pytest.mark.parametrize(
    ("indices", "length"),
    [
        ([], 0),
        ([0], 1),
        ([1], 0),
        ([0, 1, 2], 3),
        ([0, 1, 2, 4], 5),
        ([0, 2, 4], 1),
        ([0, 1, 2, 4, 99], 5),
        ([7, 8], 0),
    ],
)
def test_the_first_weights_go_in_by_position_while_most_are_there(indices: list[int], length: int) -> None:
    assert _dense_length(indices) == length
