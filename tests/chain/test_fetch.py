"""What is fetched from a real node is what the contract there holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import dcai
from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.chain import Snapshot, fetch
from dcai.errors import (
    BlockError,
    InputError,
    NoCodeError,
    ProxyError,
    TooLargeError,
    UnknownContractError,
    UnknownFeaturesError,
    WrongChainError,
)
from dcai.evm.abi import Abi
from dcai.evm.storage import expected_storage
from tests.support.node.anvil import Anvil, Deployed

FEATURES = 40
UPDATES, ROWS = 200, 10_000


@dataclass
class Twin:
    """A contract on the node, and its local twin after the same updates."""

    deployed: Deployed
    model: Any
    rows: Any
    before: Any
    block: int

    @property
    def name(self) -> str:
        return type(self.model).__name__

    @property
    def arguments(self) -> dict[str, Any]:
        return {"num_features": FEATURES} if self.name.startswith("Sparse") else {}


def new_model(name: str) -> Any:
    rng = np.random.default_rng(3)
    names = ["no", "a name that is longer than the 31 bytes of one slot, with ümläuts"]
    if name == "DensePerceptron":
        return dcai.DensePerceptron(rng.integers(-(10**9), 10**9, FEATURES), -5, 10**8, classifications=names)
    if name == "SparsePerceptron":
        return dcai.SparsePerceptron(rng.integers(-(10**9), 10**9, FEATURES), 7, 10**9, classifications=names)
    if name == "NearestCentroidClassifier":
        centroids = rng.integers(-(10**9), 10**9, (2, FEATURES))
        return dcai.NearestCentroidClassifier(centroids, [3, 2**100], classifications=names, feature_indices=[4, 2])
    sparse = [[(i, int(rng.integers(1, 10**9))) for i in range(0, FEATURES, k + 2)] for k in range(2)]
    return dcai.SparseNearestCentroidClassifier(sparse, [5, 9], classifications=names)


def samples(name: str, count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    if name.startswith("Sparse"):
        return [np.flatnonzero(row).tolist() for row in rng.random((count, FEATURES)) < 0.2]
    X = rng.normal(size=(count, FEATURES))
    return dcai.to_fixed(X / np.linalg.norm(X, axis=1, keepdims=True))


MODELS = ["DensePerceptron", "SparsePerceptron", "NearestCentroidClassifier", "SparseNearestCentroidClassifier"]


@pytest.fixture(scope="module", params=MODELS)
def twin(request: pytest.FixtureRequest, node: Anvil) -> Twin:
    name = request.param
    model = new_model(name)
    deployed = node.deploy(model)
    before, block = model.copy(), int(node.rpc("eth_blockNumber"), 16)
    X, y = samples(name, UPDATES, 4), np.random.default_rng(5).integers(0, 2, UPDATES).tolist()
    deployed.update(X, y)
    model.update_batch(X, y)
    return Twin(deployed, model, samples(name, ROWS, 6), before, block)


def assert_equal(twin: Any, model: Any) -> None:
    assert type(model) is type(twin)
    assert model.classifications == twin.classifications
    assert model.feature_indices == twin.feature_indices
    expected, actual = twin.state(), model.state()
    for field in expected:
        assert actual[field] == expected[field], field
    assert actual.keys() == expected.keys()


@pytest.mark.parametrize("verify", [True, False])
def test_a_model_that_strangers_have_trained(node: Anvil, twin: Twin, verify: bool) -> None:
    snapshot = fetch(node.url, twin.deployed.address, "latest", verify=verify, **twin.arguments)
    model: Any = snapshot.model()
    assert_equal(twin.model, model)
    labels = model.predict_batch(twin.rows)
    assert np.array_equal(labels, twin.model.predict_batch(twin.rows))
    predict = Abi(artifacts.load(twin.name).abi).function("predict", 1)
    calls: Any = [
        ("eth_call", [{"to": twin.deployed.address, "data": f"0x{predict.encode([row]).hex()}"}, "latest"])
        for row in twin.rows[:50]
    ]
    assert [int(result, 16) for result in node.batch(calls)] == labels[:50].tolist()
    assert (snapshot.layout, snapshot.recognised_by) == (f"dcai:{twin.name}", "code hash")
    assert snapshot.verified is verify


def test_what_the_snapshot_says_of_the_chain(node: Anvil, twin: Twin) -> None:
    snapshot = fetch(node.url, twin.deployed.address, "latest", **twin.arguments)
    block = node.rpc("eth_getBlockByNumber", "latest", False)
    proof = node.rpc("eth_getProof", twin.deployed.address, [], "latest")
    assert snapshot.chain_id == 31337
    assert (hex(snapshot.block.number), snapshot.block.hash) == (block["number"], block["hash"])
    assert (snapshot.block.state_root, hex(snapshot.block.timestamp)) == (block["stateRoot"], block["timestamp"])
    assert (snapshot.code_hash, snapshot.storage_root) == (proof["codeHash"], proof["storageHash"])
    assert snapshot.address.lower() == twin.deployed.address.lower()


def test_the_model_of_an_earlier_block(node: Anvil, twin: Twin) -> None:
    snapshot = fetch(node.url, twin.deployed.address, twin.block, **twin.arguments)
    assert snapshot.block.number == twin.block
    assert_equal(twin.before, snapshot.model())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("recognise", ["getters", "argument"])
def test_a_contract_with_the_layout_of_0xdeca10b(
    node: Anvil, originals: dict[str, Artifact], name: str, recognise: str
) -> None:
    twin = new_model(name)
    twin.update_batch(samples(name, UPDATES, 4), np.random.default_rng(5).integers(0, 2, UPDATES).tolist())
    address = create_original(node, originals[name], twin)
    layout = f"0xdeca10b:{name}"
    arguments: dict[str, Any] = {"layout": layout} if recognise == "argument" else {}
    if name.startswith("Sparse"):
        arguments["num_features"] = FEATURES
    snapshot = fetch(node.url, address, "latest", **arguments)
    assert (snapshot.layout, snapshot.recognised_by) == (layout, recognise)
    assert_equal(twin, snapshot.model())
    model: Any = snapshot.model()
    rows = samples(name, ROWS, 6)
    assert np.array_equal(model.predict_batch(rows), twin.predict_batch(rows))


def create_original(node: Anvil, artifact: Artifact, model: Any) -> str:
    """Deploy a contract of tests/support/node/original, in the state of a model."""
    head: tuple[Any, ...] = (model.classifications, model.feature_indices)
    if artifact.name == "DensePerceptron":
        return node.create(artifact, *head, model.weights, model.intercept, model.learning_rate)
    if artifact.name == "SparsePerceptron":
        weights = model.weights
        return node.create(artifact, *head, list(weights), list(weights.values()), model.intercept, model.learning_rate)
    if artifact.name == "NearestCentroidClassifier":
        return node.create(artifact, *head, model.centroids, model.counts)
    address = node.create(artifact, *head, model.counts, model.squared_magnitudes)
    store = Abi(artifact.abi).function("store", 4)
    for k, stored in enumerate(model.stored):
        values, as_of = zip(*stored.values(), strict=True)
        node.send([(address, store.encode([k, list(stored), values, as_of]))])
    return address


def test_getters_of_another_layout_are_found_out(node: Anvil, originals: dict[str, Artifact]) -> None:
    address = node.create(originals["OtherOrder"])
    with pytest.raises(UnknownContractError, match=r"intercept\(\) of the contract gives"):
        fetch(node.url, address, "latest", num_features=4)


def test_a_learning_rate_without_scale_is_of_another_generation(node: Anvil, originals: dict[str, Artifact]) -> None:
    model = dcai.SparsePerceptron([5], 0, 1)
    address = create_original(node, originals["SparsePerceptron"], model)
    with pytest.raises(UnknownContractError, match="learning rate is 1, as in the first generation"):
        fetch(node.url, address, "latest", num_features=4)
    layout = "0xdeca10b:SparsePerceptron"
    assert fetch(node.url, address, "latest", num_features=4, layout=layout).model() == model


def test_values_without_sample_counts_are_of_another_generation(node: Anvil, originals: dict[str, Artifact]) -> None:
    artifact = originals["SparseNearestCentroidClassifier"]
    address = node.create(artifact, ["a", "b"], [], [4, 4], [25, 25])
    node.send([(address, Abi(artifact.abi).function("store", 4).encode([1, [3], [5], [0]]))])
    with pytest.raises(UnknownContractError, match="feature 3 of class 1 has a value at 0 samples"):
        fetch(node.url, address, "latest", num_features=4)


# -- which features -- #


def sparse(node: Anvil, feature_indices: list[int]) -> tuple[str, dcai.SparsePerceptron]:
    weights = {1: 5, 70_000: -6, 2**40: 7}
    model = dcai.SparsePerceptron([0, 5], 0, 10**9, feature_indices=feature_indices)
    model = dcai.SparsePerceptron.restore({**model.state(), "weights": weights}, ["0", "1"], feature_indices)
    return node.place(
        artifacts.load("SparsePerceptron").deployed_bytecode, expected_storage(model, node.account)
    ), model


def test_a_sparse_model_needs_its_features(node: Anvil) -> None:
    address, _ = sparse(node, [])
    with pytest.raises(UnknownFeaturesError, match="num_features="):
        fetch(node.url, address, "latest")


def test_features_are_those_that_are_given(node: Anvil) -> None:
    address, model = sparse(node, [])
    snapshot = fetch(node.url, address, "latest", indices=[2**40, 1, 70_000, 1])
    assert snapshot.model() == model
    assert snapshot.features_from == "4 indices, as given"
    snapshot = fetch(node.url, address, "latest", num_features=70_000 // 100)
    some: Any = snapshot.model()
    assert some.weights == {1: 5}
    assert snapshot.features_from == "num_features=700, as given"
    assert "num_features=700" in snapshot.trust


def test_features_are_those_of_the_contract(node: Anvil) -> None:
    address, model = sparse(node, [70_000, 9])
    snapshot = fetch(node.url, address, "latest")
    found: Any = snapshot.model()
    # 70,000 is one of its indices, 1 the position of the second; 2^40 is neither.
    assert found.weights == {1: 5, 70_000: -6}
    assert found.feature_indices == model.feature_indices
    assert snapshot.features_from == "the contract's 2 featureIndices, as indices and as positions from 0"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_features": 0}, "num_features is 0"),
        ({"num_features": 2**22 + 1}, "max_weights"),
        ({"num_features": "1000"}, "must be an integer"),
        ({"indices": [-1]}, "indices has -1"),
        ({"indices": [2**63]}, "2\\^63 - 1"),
        ({"indices": [1.5]}, "integers"),
        ({"indices": [1], "num_features": 2}, "give one"),
        ({"num_features": 2, "layout": "SparsePerceptron"}, "layout is 'SparsePerceptron'"),
        ({"num_features": 2, "block": "newest"}, "block is 'newest'"),
        ({"num_features": 2, "block": -1}, "block is -1"),
        ({"num_features": 2, "block_hash": "0x12"}, "block_hash is '0x12'"),
        ({"num_features": 2, "address": "0x12"}, "address is '0x12'"),
        ({"num_features": 2, "rpc_url": "ftp://localhost"}, "rpc_url"),
        ({"num_features": 2, "max_weights": 0}, "max_weights is 0"),
    ],
)
def test_arguments_that_cannot_be(node: Anvil, arguments: dict[str, Any], message: str) -> None:
    address, _ = sparse(node, [])
    with pytest.raises(InputError, match=message):
        fetch(**{"rpc_url": node.url, "address": address, "block": "latest", **arguments})


def test_a_dense_model_takes_no_features(node: Anvil) -> None:
    deployed = node.deploy(new_model("DensePerceptron"))
    with pytest.raises(InputError, match="takes no num_features"):
        fetch(node.url, deployed.address, "latest", num_features=40)


# -- what is asked for is not there -- #


def test_a_block_by_tag_number_and_hash(node: Anvil) -> None:
    address, model = sparse(node, [])
    for _ in range(3):
        node.mine()
    for block in ("finalized", "safe", "latest"):
        snapshot = fetch(node.url, address, block, indices=model.weights)
        expected = node.rpc("eth_getBlockByNumber", block, False)
        assert snapshot.block.hash == expected["hash"]
        assert snapshot.pinned == ()
    pinned = fetch(
        node.url, address, block_hash=expected["hash"], state_root=expected["stateRoot"], indices=model.weights
    )
    assert pinned.block == snapshot.block
    assert pinned.pinned == ("block_hash", "state_root")
    assert "the source of the block hash" in pinned.trust


def test_a_block_that_is_not_there(node: Anvil) -> None:
    with pytest.raises(BlockError, match="no block 0x5f5e100"):
        fetch(node.url, "0x" + "5e" * 20, 10**8)
    with pytest.raises(BlockError, match="no block 0x3333"):
        fetch(node.url, "0x" + "5e" * 20, block_hash="33" * 32)
    with pytest.raises(BlockError, match="and not 0x4444"):
        fetch(node.url, "0x" + "5e" * 20, "latest", state_root="44" * 32)


def test_another_chain(node: Anvil) -> None:
    with pytest.raises(WrongChainError, match="chain 31337; expected chain 1"):
        fetch(node.url, "0x" + "5e" * 20, "latest", expect_chain_id=1)


@pytest.mark.parametrize("verify", [True, False])
def test_no_contract(node: Anvil, verify: bool) -> None:
    for address in ("0x" + "77" * 20, node.account):  # an unused one, and one of a person
        with pytest.raises(NoCodeError, match=r"0x.* holds no contract"):
            fetch(node.url, address, "latest", verify=verify)


TARGET = "ab" * 20
SLOT_OF_1967 = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
BEACON_OF_1967 = 0xA3F0AD74E5423AEBFD80D3EF4346578335A9A72AEAEE59FF6CB3582B35133D50


@pytest.mark.parametrize(
    ("code", "storage", "message"),
    [
        (f"363d3d373d3d3d363d73{TARGET}5af43d82803e903d91602b57fd5bf3", {}, "EIP-1167"),
        (f"ef0100{TARGET}", {}, "EIP-7702"),
        ("6000", {SLOT_OF_1967: int(TARGET, 16)}, "EIP-1967.*implementation is 0xabab"),
        ("6000", {BEACON_OF_1967: int(TARGET, 16)}, "EIP-1967.*beacon is 0xabab"),
    ],
)
@pytest.mark.parametrize("verify", [True, False])
def test_a_proxy(node: Anvil, code: str, storage: dict[int, int], message: str, verify: bool) -> None:
    address = node.place(bytes.fromhex(code), storage, address="0x" + f"{len(code):02x}{len(message):02x}" * 10)
    with pytest.raises(ProxyError, match=message):
        fetch(node.url, address, "latest", layout="dcai:SparsePerceptron", verify=verify)


def test_a_contract_of_something_else(node: Anvil) -> None:
    address = node.place(bytes.fromhex("60006000f3"), {}, address="0x" + "5f" * 20)
    with pytest.raises(UnknownContractError, match="pass layout="):
        fetch(node.url, address, "latest")
    # Its empty storage is a Perceptron without classes.
    with pytest.raises(UnknownContractError, match=r"not that of dcai:DensePerceptron"):
        fetch(node.url, address, "latest", layout="dcai:DensePerceptron")
    dense = node.deploy(new_model("DensePerceptron"))
    with pytest.raises(UnknownContractError, match="the code is that of dcai's DensePerceptron"):
        fetch(node.url, dense.address, "latest", layout="dcai:SparsePerceptron")


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("length", [2**30, 2**200, 2**256 - 1])
def test_a_length_is_bounded_before_it_is_believed(node: Anvil, length: int, verify: bool) -> None:
    code = artifacts.load("DensePerceptron").deployed_bytecode
    address = node.place(code, {3: length}, address="0x" + "60" * 20)
    with pytest.raises(TooLargeError, match="slot 3 would be the length"):
        fetch(node.url, address, "latest", verify=verify)


def test_many_arrays_are_bounded_together(node: Anvil) -> None:
    code = artifacts.load("NearestCentroidClassifier").deployed_bytecode
    first = int("8a35acfbc15ff81a39ae7d344fd709f28e8600b4aa8c65c6b64bfe7fe36bd19b", 16)  # keccak256 of the word 4
    model = dcai.NearestCentroidClassifier([[10**9] * 100] * 8, [1] * 8)
    storage = {**expected_storage(model, node.account), 4: 90, first: 1}
    address = node.place(code, storage, address="0x" + "61" * 20)
    with pytest.raises(TooLargeError, match=r"more than 200 slots.*max_weights"):
        fetch(node.url, address, "latest", max_weights=200)


def test_progress_is_told(node: Anvil) -> None:
    seen: list[tuple[int, int]] = []
    address, _ = sparse(node, [])
    limits = dcai.chain.Limits(slots_per_request=100)
    snapshot: Snapshot = fetch(
        node.url, address, "latest", num_features=1000, limits=limits, progress=lambda *at: seen.append(at)
    )
    assert seen == sorted(seen)
    assert seen[-1] == (len(snapshot.storage), len(snapshot.storage))
    assert len(seen) >= 10
