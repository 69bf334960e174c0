"""The features of a sparse model from the contributions to its trainer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import dcai
from dcai.chain import fetch
from dcai.errors import InputError, TooLargeError, UnknownContractError, UnknownFeaturesError
from dcai.evm.hashing import mapping_slot
from tests.support.node.anvil import Anvil
from tests.support.node.lies import Liar, in_result
from tests.support.node.trainers import Framework, deploy_framework

#: Of the mapping, after owner, classifications and featureIndices.
WEIGHTS_SLOT = 3

SAMPLES = [([5, 700, 2**40], 1), ([5, 9], 0), ([9, 2**63 - 1], 1), ([0, 2], 1)]
NAMED = {0, 2, 5, 9, 700, 2**40, 2**63 - 1}


def contribute(framework: Framework, model: Any, samples: list[Any]) -> None:
    """Send samples to a trainer, and teach them to the twin of its model."""
    for sample, label in samples:
        framework.trainer.receipt(mined(framework, framework.trainer.send(1, "addData", sample, label)))
        model.update(sample, label)


def mined(framework: Framework, hash_: str) -> str:
    framework.trainer.node.mine()
    return hash_


@pytest.fixture(scope="module")
def trained(node: Anvil) -> tuple[Framework, Any, int]:
    """A trainer whose model had no weights before it was trained, the twin, and the block of deployment."""
    model = dcai.SparsePerceptron([], 3, 10**9)
    framework = deploy_framework(node, model, "Stakeable64", 0, 0, 0, 0)
    block = int(framework.trainer.block()["number"], 16)
    contribute(framework, model, SAMPLES)
    return framework, model, block


def test_the_features_are_those_that_were_contributed(node: Anvil, trained: tuple[Framework, Any, int]) -> None:
    framework, model, first = trained
    seen: list[tuple[int, int]] = []
    snapshot = fetch(
        node.url,
        framework.classifier,
        "latest",
        features="events",
        from_block=first,
        progress_events=lambda done, total: seen.append((done, total)),
    )
    assert set(snapshot.features or ()) == NAMED
    assert snapshot.model() == model
    assert any(model.weights.values())
    blocks = snapshot.block.number - first + 1
    assert seen == [(blocks, blocks)]
    source = (
        f"7 in 4 contributions to {framework.trainer.address} in blocks {first} to {snapshot.block.number}, "
        "as the node says; none for weights that were there before"
    )
    assert snapshot.features_from == source
    assert f"assumed: features other than these have no weight, which nothing proves: {source}" in snapshot.trust
    # Without it nothing is guessed.
    with pytest.raises(UnknownFeaturesError, match="pass num_features="):
        fetch(node.url, framework.classifier, "latest")


def test_what_was_there_before_must_be_told(node: Anvil) -> None:
    model = dcai.SparsePerceptron([7, 8, 9, 10], 0, 10**9)
    framework = deploy_framework(node, model, "Stakeable64", 0, 0, 0, 0)
    contribute(framework, model, [([0, 90], 0)])
    alone = fetch(node.url, framework.classifier, "latest", features="events")
    assert set(alone.features or ()) == {0, 90}
    assert alone.model() != model
    for known in ({"num_features": 4}, {"indices": [1, 2, 3]}):
        snapshot = fetch(node.url, framework.classifier, "latest", features="events", **known)
        assert snapshot.model() == model
        assert "as the node says; and " in str(snapshot.features_from)
        assert str(snapshot.features_from).endswith("as given")


def test_centroids_of_sparse_data(node: Anvil) -> None:
    model = dcai.SparseNearestCentroidClassifier([[(1, 10**9)], [(2, 10**9)]], [1, 1])
    framework = deploy_framework(node, model, "Points64", 0, 0, 0, [], [])
    contribute(framework, model, [([1, 2**32 - 1], 0), ([5], 1)])
    assert fetch(node.url, framework.classifier, "latest", features="events", num_features=3).model() == model


def test_an_invented_feature_has_no_weight(liar: Liar, trained: tuple[Framework, Any, int]) -> None:
    framework = trained[0]
    liar.alter = in_result("eth_getLogs", set_last_word(12345))
    snapshot = fetch(liar.url, framework.classifier, "latest", features="events")
    assert set(snapshot.features or ()) == NAMED - {2} | {12345}
    assert snapshot.storage[mapping_slot(12345, WEIGHTS_SLOT)] == 0


def set_last_word(value: int) -> Callable[[Any], None]:
    def change(logs: list[Any]) -> None:
        logs[-1]["data"] = logs[-1]["data"][:-64] + f"{value % 2**256:064x}"

    return change


def test_a_feature_that_cannot_be(liar: Liar, trained: tuple[Framework, Any, int]) -> None:
    liar.alter = in_result("eth_getLogs", set_last_word(-1))
    with pytest.raises(UnknownContractError, match=r"contributes feature -1 to 0x.* trains another model"):
        fetch(liar.url, trained[0].classifier, "latest", features="events")


def test_what_cannot_be_asked(node: Anvil, trained: tuple[Framework, Any, int]) -> None:
    address = trained[0].classifier
    latest = int(trained[0].trainer.block()["number"], 16)
    with pytest.raises(InputError, match="features is 'all'; it must be 'events'"):
        fetch(node.url, address, "latest", features="all")
    with pytest.raises(InputError, match="from_block needs features='events'"):
        fetch(node.url, address, "latest", from_block=5)
    with pytest.raises(InputError, match="from_block is -1"):
        fetch(node.url, address, "latest", features="events", from_block=-1)
    with pytest.raises(InputError, match="it must be from 0 to"):
        fetch(node.url, address, "latest", features="events", from_block=latest + 1)
    with pytest.raises(TooLargeError, match="14 features are more than max_weights, 12"):
        fetch(node.url, address, "latest", features="events", num_features=11, max_weights=12)
    dense = node.deploy(dcai.DensePerceptron([1], 0, 1)).address
    with pytest.raises(InputError, match="all its weights in arrays; it takes no features='events'"):
        fetch(node.url, dense, "latest", features="events")


def test_an_owner_that_is_no_trainer(node: Anvil) -> None:
    address = node.deploy(dcai.SparsePerceptron([1], 0, 1)).address
    with pytest.raises(UnknownFeaturesError, match="has logged no contribution in blocks"):
        fetch(node.url, address, "latest", features="events")
    assert len(fetch(node.url, address, "latest", features="events", num_features=2).features or ()) == 2
