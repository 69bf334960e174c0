"""A follower of a real node has the model that is in the contract's storage, whatever the chain does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dcai
from dcai import artifacts, chain
from dcai.artifacts import Artifact
from dcai.chain import Follower, Update, fetch, follow
from dcai.errors import (
    DepartureError,
    InputError,
    NoCodeError,
    NotEqual,
    ProofError,
    ReorgError,
    UnknownContractError,
    WrongChainError,
)
from tests.support.node import anvil
from tests.support.node.anvil import Anvil
from tests.support.node.trained import FEATURES, MODELS, Trained, arguments, height, new_model, samples

SPARSE = "SparsePerceptron"
#: keccak256 of AddData(int64[],uint64,uint256,address,uint256).
ADD_DATA = "0x" + "43990eb900dbf1bd132b1c5424d4a391a29eef2a51ae2771ad657340a8e55b91"


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    """A node whose chain may be reorganised."""
    with anvil.running("--slots-in-an-epoch", "1") as running:
        yield running


def deploy(node: Anvil, name: str = SPARSE, stranger: Artifact | None = None) -> Trained:
    return Trained(node, node.deploy(new_model(name)).address, artifacts.load(name), stranger)


def steps(follower: Follower) -> list[Update]:
    """Step until there is nothing new."""
    return list(iter(follower.step, None))


def in_storage(node: Anvil, trained: Trained, block: Any = "latest", **more: Any) -> Any:
    return fetch(node.url, trained.address, block, **more).model()


@pytest.fixture
def trained(node: Anvil) -> Trained:
    return deploy(node)


@pytest.fixture
def strange(node: Anvil, originals: dict[str, Artifact]) -> Trained:
    """With a trainer that does what it should not, too."""
    return deploy(node, stranger=originals["Trainer"])


def start(node: Anvil, trained: Trained, **more: Any) -> Follower:
    return Follower(node.url, trained.address, start="latest", **{"num_features": FEATURES, **more})


# -- in step with the chain -- #


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("verify", [True, False])
def test_each_block_is_that_of_the_contract(node: Anvil, name: str, verify: bool) -> None:
    trained = deploy(node, name)
    rows = samples(name, 24)
    with Follower(node.url, trained.address, start="latest", verify=verify, compare_every=5, **arguments(name)) as twin:
        first = twin.block.number
        # Blocks of one contribution, of none and of several.
        for begin, end in ((0, 1), (1, 2), (2, 2), (2, 7), (7, 8), (8, 8), (8, 20), (20, 24)):
            if begin == end:
                node.mine()
            else:
                trained.add(rows[begin:end])
        updates = steps(twin)
    assert [update.block.number for update in updates] == list(range(first + 1, first + 9))
    assert [update.compared for update in updates] == [False] * 4 + [True] + [False] * 3
    for update in updates:
        assert update.model == in_storage(node, trained, update.block.number, **arguments(name))
    applied = [one for update in updates for one in update.applied]
    assert [(list(one.contribution.data), one.contribution.label) for one in applied] == rows
    logged = {log["transactionHash"] for log in node.rpc("eth_getLogs", logs_of(trained))}
    assert {one.contribution.transaction for one in applied} == logged
    for update in updates:
        if len(update.applied) == 1:
            (only,) = update.applied
            before = in_storage(node, trained, update.block.number - 1, **arguments(name))
            assert only.predicted == trained.predict(list(only.contribution.data), update.block.number - 1)
            assert only.changed is (before != update.model)
            assert only.contribution.sender.lower() == node.account.lower()
            assert only.contribution.time == update.block.timestamp


def logs_of(trained: Trained) -> dict[str, Any]:
    return {"fromBlock": "0x0", "toBlock": "latest", "address": trained.trainer, "topics": [ADD_DATA]}


def test_a_contract_with_the_layout_of_0xdeca10b(node: Anvil, originals: dict[str, Artifact]) -> None:
    artifact = originals[SPARSE]
    address = node.create(artifact, ["ham", "spam"], [], [2, 5], [7, -8], 0, 10**9)
    trained = Trained(node, address, artifact, originals["Trainer"])
    with start(node, trained, compare_every=1) as twin:
        for row in samples(SPARSE, 6):
            trained.add([row])
        updates = steps(twin)
    assert [update.compared for update in updates] == [True] * 6
    assert twin.snapshot().layout == f"0xdeca10b:{SPARSE}"
    assert twin.model == in_storage(node, trained, num_features=FEATURES)
    assert sum(one.changed for update in updates for one in update.applied) > 1


def test_the_generator(node: Anvil, trained: Trained) -> None:
    begin = height(node)
    rows = samples(SPARSE, 5)
    for row in rows:
        trained.add([row])
    updates = list(follow(node.url, trained.trainer, start=begin, num_features=FEATURES, until=height(node)))
    assert [update.block.number for update in updates] == list(range(begin + 1, begin + 6))
    assert [update.compared for update in updates] == [False] * 4 + [True]
    assert updates[-1].model == in_storage(node, trained, num_features=FEATURES)


def test_it_waits_for_blocks_until_it_is_stopped(node: Anvil, trained: Trained) -> None:
    stop = threading.Event()
    updates = follow(node.url, trained.address, start="latest", num_features=FEATURES, poll_s=0.01, stop=stop)
    adding = threading.Timer(0.05, trained.add, [samples(SPARSE, 1)])
    adding.start()
    assert len(next(updates).applied) == 1
    adding.join()
    stop.set()
    assert list(updates) == []


def test_it_stays_behind_as_far_as_it_is_told(node: Anvil, trained: Trained) -> None:
    with start(node, trained, confirmations=2) as twin:
        for row in samples(SPARSE, 5):
            trained.add([row])
        steps(twin)
        assert twin.block.number == height(node) - 2 == twin.head - 2
        assert twin.model == in_storage(node, trained, twin.block.number, num_features=FEATURES)


def test_features_that_contributions_are_the_first_to_name(node: Anvil, trained: Trained) -> None:
    # Of twenty features three are looked up; the weights of the others are not 0.
    with start(node, trained, num_features=3, compare_every=1000) as twin:
        for row in ([19, 2], 1), ([2**40], 0), ([5, 19], 0):
            trained.add([row])
        updates = steps(twin)
        (update,) = twin.run(until=mined(node))
    indices = [0, 1, 2, 5, 19, 2**40]
    for one in (*updates, update):
        known = [i for i in indices if i in one.model.weights]  # type: ignore[attr-defined]
        assert one.model == in_storage(node, trained, one.block.number, indices=known)
    assert update.compared
    assert twin.model == in_storage(node, trained, indices=indices)
    assert twin.snapshot().features_from == "num_features=3, as given, and those that contributions name"


def mined(node: Anvil) -> int:
    node.mine()
    return height(node)


# -- reorganisations -- #


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("depth", [1, 3, 40])
def test_a_reorganisation_is_undone(node: Anvil, trained: Trained, depth: int, verify: bool) -> None:
    # An earlier block, a comparison and a new feature are among what is undone.
    with start(node, trained, verify=verify, num_features=FEATURES - 1, compare_every=7) as twin:
        trained.add(samples(SPARSE, 3))
        steps(twin)
        common, snapshot = twin.block, node.rpc("evm_snapshot")
        rows = samples(SPARSE, depth, seed=2)
        for row in rows:
            trained.add([row])
        first = steps(twin)
        assert len(first) == depth
        node.rpc("evm_revert", snapshot)
        for row in samples(SPARSE, depth + 2, seed=3):
            trained.add([row])
        undone, *rest = steps(twin)
    assert (undone.block, undone.applied) == (common, ())
    assert [block.hash for block in undone.undone] == [update.block.hash for update in reversed(first)]
    assert undone.model == in_storage(node, trained, common.number, indices=features_of(undone))
    for update in rest:
        assert update.block.hash == node.rpc("eth_getBlockByNumber", hex(update.block.number), False)["hash"]
        assert update.model == in_storage(node, trained, update.block.number, indices=features_of(update))
    assert len(rest) == depth + 2


def features_of(update: Update) -> list[int]:
    weights: Any = update.model.weights  # type: ignore[attr-defined]
    return sorted({*range(FEATURES - 1), *weights})


def test_a_chain_that_became_shorter(node: Anvil, trained: Trained) -> None:
    with start(node, trained) as twin:
        steps(twin)
        common, snapshot = twin.model, node.rpc("evm_snapshot")
        for row in samples(SPARSE, 4):
            trained.add([row])
        steps(twin)
        before = twin.block
        node.rpc("evm_revert", snapshot)
        node.mine()
        undone, update = steps(twin)
    assert len(undone.undone) == 4
    assert undone.undone[0] == before
    assert undone.model == common == update.model


def test_a_reorganisation_by_the_node(node: Anvil, trained: Trained) -> None:
    with start(node, trained) as twin:
        for row in samples(SPARSE, 4):
            trained.add([row])
        steps(twin)
        node.rpc("anvil_reorg", 2, [])  # blocks without their transactions in the place of the last two
        updates = steps(twin)
    assert [len(update.undone) for update in updates] == [2, 0, 0]
    assert twin.block.hash == node.rpc("eth_getBlockByNumber", "latest", False)["hash"]
    assert twin.model == in_storage(node, trained, num_features=FEATURES)


@pytest.mark.parametrize("history", [1, 5, 20])
def test_one_that_goes_deeper_than_is_remembered(node: Anvil, trained: Trained, history: int) -> None:
    snapshot = node.rpc("evm_snapshot")
    node.mine()
    with start(node, trained, history=history) as twin:
        for row in samples(SPARSE, 45):
            trained.add([row])
        steps(twin)
        before = twin.block, twin.model
        node.rpc("evm_revert", snapshot)
        for _ in range(50):
            node.mine()
        with pytest.raises(ReorgError, match=r"below block \d+, the earliest remembered one.*'finalized'"):
            twin.step()
        assert (twin.block, twin.model) == before


def test_as_many_blocks_as_are_asked_for_can_be_undone(node: Anvil, trained: Trained) -> None:
    with start(node, trained, history=20) as twin:
        for _ in range(50):
            node.mine()
        steps(twin)
        snapshot = node.rpc("evm_snapshot")
        for row in samples(SPARSE, 20):
            trained.add([row])
        steps(twin)
        node.rpc("evm_revert", snapshot)
        node.mine()
        assert [len(update.undone) for update in steps(twin)] == [20, 0]
        assert twin.model == in_storage(node, trained, num_features=FEATURES)


# -- departures -- #


@pytest.mark.parametrize("verify", [True, False])
def test_what_no_event_tells_is_found_out(node: Anvil, strange: Trained, verify: bool) -> None:
    with start(node, strange, compare_every=4, verify=verify) as twin:
        begin = twin.block.number
        strange.add(samples(SPARSE, 5))
        strange.add([([3, 4], 1), ([3, 4], 0)], "trainSilently")  # one of them is a mistake
        for _ in range(4):
            node.mine()
        with pytest.raises(DepartureError, match=f"in block {begin + 2}: weights\\[") as caught:
            steps(twin)
        error = caught.value
        assert isinstance(error, NotEqual)
        assert (error.after, error.until) == (begin + 1, begin + 2)
        index = int(error.field.removeprefix("weights[").removesuffix("]"))
        stored = in_storage(node, strange, begin + 2, num_features=FEATURES)
        assert (error.expected, error.actual) == (stored.weights[index], twin.model.weights[index])  # type: ignore[attr-defined]
        # It stays where it stood, and says the same again.
        assert twin.block.number == begin + 3
        assert twin.compared.number == begin
        with pytest.raises(DepartureError):
            twin.step()


def test_training_of_features_that_nobody_named_is_found_out_by_the_root(node: Anvil, strange: Trained) -> None:
    with start(node, strange, compare_every=2) as twin:
        strange.add([([10**6], 1)], "trainSilently")
        node.mine()
        with pytest.raises(DepartureError, match=f"in block {twin.block.number + 1}: the storage root differs"):
            steps(twin)


def test_an_event_without_training_is_found_out(node: Anvil, strange: Trained) -> None:
    with start(node, strange) as twin:
        strange.add([([3], 1)], "tell")
        with pytest.raises(DepartureError, match=r"in block \d+: weights\[3\] differs"):
            list(twin.run(until=height(node)))


def test_an_event_that_cannot_be_learned_is_found_out(node: Anvil, strange: Trained) -> None:
    with start(node, strange) as twin:
        before = twin.block, twin.model
        (_, receipt) = strange.add([([3], 1), ([3], 2)], "tell")
        with pytest.raises(DepartureError, match="label 2 is no class") as caught:
            twin.step()
        assert receipt["transactionHash"] in str(caught.value)
        assert (twin.block, twin.model) == before


def test_an_owner_that_gives_the_classifier_away_is_found_out(node: Anvil, strange: Trained) -> None:
    with start(node, strange, compare_every=1) as twin:
        strange.give_away()
        with pytest.raises(DepartureError, match="the owner differs"):
            twin.step()


# -- where it begins -- #


def test_from_a_file_and_back(node: Anvil, trained: Trained, tmp_path: Path) -> None:
    path = tmp_path / "model.snapshot.json.gz"
    with start(node, trained, compare_every=4) as twin:
        begin = twin.block
        trained.add(samples(SPARSE, 3))
        twin.step()
        twin.save(path)
    saved = chain.load(path)
    assert saved == twin.snapshot()
    assert (saved.block, saved.model()) == (twin.block, twin.model)
    assert saved.verified is False
    assert saved.followed == chain.Followed(begin, verified=True, num_learned=3, proven=True)
    assert f"storage in block {begin.number}, by its state root" in saved.trust
    assert "from 3 contributions; it was not compared since" in saved.trust
    # The words are those of storage, though nobody has read them there.
    assert saved.storage == fetch(node.url, trained.address, "latest", num_features=FEATURES).storage
    for row in samples(SPARSE, 2, seed=8):
        trained.add([row])
    with Follower(node.url, start=saved, compare_every=4, verify=False) as twin:
        steps(twin)
        assert twin.compared == begin
        followed: Any = twin.snapshot().followed
        assert (followed.num_learned, followed.proven) == (5, False)
        assert "the node, for the contributions" in twin.snapshot().trust
        trained.add(samples(SPARSE, 1))
        (update,) = steps(twin)  # the fourth since storage was read
        assert update.compared
        assert twin.snapshot() == fetch(node.url, trained.address, "latest", num_features=FEATURES, verify=False)


def test_the_trainer_is_found_and_finds_the_classifier(node: Anvil, trained: Trained) -> None:
    for address, own in ((trained.address, None), (trained.trainer, None), (trained.address, trained.trainer)):
        with Follower(node.url, address, trainer=own, start="latest", num_features=FEATURES) as twin:
            assert twin.address.lower() == trained.address.lower()
            assert twin.trainer.lower() == trained.trainer.lower()


def test_what_it_cannot_begin_with(node: Anvil, trained: Trained) -> None:
    alone = node.deploy(new_model("DensePerceptron")).address
    with pytest.raises(NoCodeError, match="an account without code"):
        Follower(node.url, alone, start="latest")
    other = deploy(node)
    with pytest.raises(ProofError, match=r"belongs to 0x\w+, so 0x"):
        start(node, trained, trainer=other.trainer)
    with pytest.raises(UnknownContractError, match="belongs to"):
        start(node, trained, trainer=other.trainer, verify=False)
    with pytest.raises(InputError, match="omit trainer"):
        Follower(node.url, trained.trainer, trainer=other.trainer, start="latest", num_features=FEATURES)
    with pytest.raises(InputError, match="address is missing"):
        Follower(node.url)
    with pytest.raises(WrongChainError, match="expected chain 1"):
        start(node, trained, expect_chain_id=1)
    snapshot = fetch(node.url, trained.address, "latest", num_features=FEATURES)
    with pytest.raises(WrongChainError, match="snapshot is of chain 1"):
        Follower(node.url, start=replace(snapshot, chain_id=1))
    with pytest.raises(InputError, match="and not of the classifier"):
        Follower(node.url, other.address, start=snapshot)
    with pytest.raises(ReorgError, match="fetch the model anew"):
        Follower(node.url, start=replace(snapshot, block=replace(snapshot.block, hash="0x" + "12" * 32)))
    for name in ("compare_every", "history"):
        with pytest.raises(InputError, match=f"{name} is 0; it must be 1 or more"):
            start(node, trained, **{name: 0})
    with start(node, trained) as twin, pytest.raises(InputError, match="is of block"):
        list(twin.run(until=1))


def test_a_trained_model_is_not_the_one_of_the_caller(node: Anvil, trained: Trained) -> None:
    """What was given out stays as it was."""
    with start(node, trained) as twin:
        before = twin.model
        kept = before.copy()
        trained.add(samples(SPARSE, 4))
        (update,) = steps(twin)
    assert before == kept
    assert update.model != kept
    assert np.all(np.array(update.model.predict_batch([[1], [2]])) <= 1)
    assert isinstance(update.model, dcai.SparsePerceptron)
