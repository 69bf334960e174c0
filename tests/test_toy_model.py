"""A fifth kind of model, registered in a test, goes through every room; without one of its layers it fails by name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

import dcai
from dcai import artifacts
from dcai.chain import load as load_snapshot
from dcai.chain.read.contracts import check_getters
from dcai.chain.read.reader import Features
from dcai.chain.read.snapshot import Block, Snapshot
from dcai.cli import main
from dcai.errors import MissingLayerError, NotEqual
from dcai.evm import Evm
from dcai.evm.differing import FieldDifference, differing_variables
from dcai.evm.storage import expected_storage, read_model
from dcai.gas import Oracle
from dcai.models import MODELS, from_json
from dcai.verify import Case
from dcai.verify.against import against
from dcai.verify.history.replica import Replica
from dcai.verify.layer import VERIFY, claims, faults
from dcai.verify.search.search import Search
from dcai.verify.state_tests import export, random_model, random_steps, write_tests
from dcai.verify.state_tests.specs import run_file
from tests.support.models import toy

OWNER = "0x" + "ab" * 20


@pytest.fixture(autouse=True)
def _registered(request: pytest.FixtureRequest) -> Iterator[None]:
    with toy.registered(without=getattr(request, "param", None)):
        yield


def twin(model: Any) -> dcai.SparsePerceptron:
    """The model whose bytecode the toy has, in the same state."""
    state = model.state()
    weights = dict(state["table"])
    return dcai.SparsePerceptron(weights, state["bias"], state["rate"], classifications=model.classifications)


def test_storage() -> None:
    model = toy.example()
    words = expected_storage(model, OWNER)
    assert words == expected_storage(twin(model), OWNER)
    assert read_model(artifacts.load(toy.NAME), words, indices=[2**40]) == model
    assert Evm().place(model).model() == model
    assert type(Evm().deploy(model).model()) is toy.Toy


def test_json(tmp_path: Path) -> None:
    model = toy.example()
    assert from_json(model.to_json()) == model
    model.to_json(tmp_path / "toy.json")
    assert json.loads((tmp_path / "toy.json").read_text())["type"] == "toy"


def test_fingerprint() -> None:
    """The form of dcai.models.fingerprint, written out: the order is that of the spec and not of the contract."""

    def text(value: str) -> bytes:
        return len(value).to_bytes(8, "big") + value.encode()

    def number(value: int, bits: int) -> bytes:
        return (value % (1 << bits)).to_bytes(bits // 8, "big")

    table = [(0, 2**79 - 1), (7, -5), (2**40, -(2**79))]
    form = [text("dcai1"), text("toy"), number(2, 64), text("ham"), text("spam"), number(0, 64)]
    form += [number(2 * 10**9, 32), number(3, 64), *(number(i, 64) + number(w, 80) for i, w in table), number(-3, 80)]
    assert toy.example().fingerprint() == f"dcai1:toy:{hashlib.sha256(b''.join(form)).hexdigest()}"


def test_comparison() -> None:
    one, other = toy.example(), toy.example()
    other.update([7], 1)
    other.update([7], 1)
    assert list(differing_variables(one, other)) == [FieldDifference("weights[7]", -5, 2 * 10**9 - 5)]
    assert list(differing_variables(one, twin(one))) == [FieldDifference("contract", toy.NAME, toy.BASE)]


def snapshot_of(model: Any) -> Snapshot:
    block = Block(1, "0x" + "11" * 32, "0x" + "22" * 32, 0)
    features = Features.of("of the test", [0, 7, 2**40])
    words = {**dict.fromkeys(range(5), 0), **expected_storage(model, OWNER)}
    return Snapshot(1, block, OWNER, "0x" + "33" * 32, None, f"dcai:{toy.NAME}", "argument", features, False, (), words)


def test_snapshot(tmp_path: Path) -> None:
    model = toy.example()
    snapshot_of(model).save(tmp_path / "toy.snapshot")
    loaded = load_snapshot(tmp_path / "toy.snapshot")
    assert loaded.model() == model
    assert against(loaded, model).equal
    model.update([7], 1)
    assert [found.field for found in against(loaded, model).differences] == ["weights[7]"]
    check_getters(loaded.kind, artifacts.load(toy.NAME).deployed_bytecode, loaded.storage, loaded.model())


@pytest.mark.parametrize("fork", ["prague", "osaka"])
def test_gas(fork: str) -> None:
    oracle, rng = Oracle(toy.NAME, fork), Random(fork)
    model: Any = toy.Toy({i: rng.randint(-3, 3) for i in range(20)}, 0, 1)
    evm = Evm(fork=fork)
    contract = evm.deploy(model)
    assert [chunk.gas_used for chunk in oracle.deployment(model).chunks] == [r.gas_used for r in contract.deployment]
    for _ in range(20):
        sample, label = [rng.randrange(20) for _ in range(rng.randrange(6))], rng.randrange(2)
        costs = oracle.update(model, sample, label)
        assert int(costs.gas_used[0]) == contract.update(sample, label).gas_used
    assert contract.model() == model


def test_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["dcai", "verify", "differential", toy.NAME, "--cases", "20"])
    main()
    assert "ToyPerceptron: passed" in capsys.readouterr().out
    search = Search(artifacts.load(toy.NAME), toy.NAME, engine="revm", fork="prague", seed=1, cases=30)
    search.run()
    assert search.found is None
    assert search.tally.priced > search.tally.steps // 2
    reached = {outcome for _, outcome in search.tally.outcomes}
    assert {"changed", "UnknownClass", "NegativeIndex", "NotTwoClasses", "OwnableUnauthorizedAccount"} <= reached
    assert ("learningRate", "ok") in search.tally.outcomes


def test_the_search_finds_a_fault_of_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = toy.ToyKernel.predict
    # A score of 0 is class 1.
    monkeypatch.setattr(toy.ToyKernel, "predict", lambda self, x: right(toy.ToyKernel(0, self.table, self.bias + 1), x))
    search = Search(artifacts.load(toy.NAME), toy.NAME, engine="revm", fork="prague", seed=1, cases=30)
    search.run()
    assert search.found is not None
    assert isinstance(search.found.case.model, toy.Toy)
    search.found.case.save(tmp_path / "case.json")
    with pytest.raises(NotEqual):
        Case.load(tmp_path / "case.json").replay()


def test_state_tests(tmp_path: Path) -> None:
    rng = Random(toy.NAME)
    model = random_model(toy.NAME, rng)
    count = write_tests(tmp_path / "tests.json", toy.NAME, export(model, random_steps(model, rng, 10)))
    results = list(run_file(tmp_path / "tests.json"))
    assert len(results) == 2 * count
    assert all(result.passed for result in results)


def test_history() -> None:
    """What a replica makes of the transactions of a deployment and of a contribution."""
    model = toy.Toy({}, 0, 1)
    artifact = artifacts.load(toy.NAME)
    contract = Evm().deploy(model)
    creation = artifact.bytecode + contract.abi.constructor.encode((("0", "1"), (), 0, 1))
    replica = Replica.created(artifact, contract.address, artifact.deployed_bytecode, creation, OWNER)
    assert replica is not None
    for calldata in (
        contract.abi.function("initializeSparseWeights", 1).encode([((2**40, 5),)]),
        contract.abi.function("update", 2).encode([(3, 3), 1]),
    ):
        replica.call(calldata, replica.owner)
    assert replica.model() == toy.Toy({2**40: 5, 3: 2}, 0, 1)


def test_nothing_is_left_behind() -> None:
    with toy.registered():
        assert toy.NAME in MODELS
    assert toy.NAME not in MODELS
    assert toy.NAME not in artifacts.names()


MISSING: list[tuple[str, str, Callable[[], Any]]] = [
    ("class", "unknown model 'ToyPerceptron'", lambda: VERIFY[toy.NAME] and random_model(toy.NAME, Random(1))),
    ("artifact", "unknown artifact 'ToyPerceptron'", lambda: expected_storage(toy.example(), OWNER)),
    ("artifact", "unknown artifact 'ToyPerceptron'", lambda: Evm().deploy(toy.example())),
    ("artifact", "unknown artifact 'ToyPerceptron'", lambda: snapshot_of(toy.example()).model()),
    ("coefficients", "'ToyPerceptron' has no gas calibration", lambda: Oracle(toy.NAME)),
    ("coefficients", "'ToyPerceptron' has no gas calibration", lambda: searched().run()),
    ("gas", "ToyPerceptron lacks a layer: dcai.gas.models.toy", lambda: Oracle(toy.NAME).deployment(toy.example())),
    ("verify", "ToyPerceptron lacks a layer: dcai.verify.models.toy", lambda: searched().run()),
    ("verify", "ToyPerceptron lacks a layer: dcai.verify.models.toy", lambda: random_model(toy.NAME, Random(1))),
    ("verify", "ToyPerceptron lacks a layer: dcai.verify.models.toy", faults),
    ("verify", "ToyPerceptron lacks a layer: dcai.verify.models.toy", claims),
]


def searched() -> Search:
    return Search(artifacts.load(toy.NAME), toy.NAME, engine="revm", fork="prague", seed=1, cases=1)


@pytest.mark.parametrize(("_registered", "message", "use"), MISSING, indirect=["_registered"])
def test_without_a_layer_it_fails_by_name(message: str, use: Callable[[], Any]) -> None:
    with pytest.raises(MissingLayerError, match=message):
        use()


def test_every_layer_is_missed() -> None:
    assert {layer for layer, _, _ in MISSING} == set(toy.LAYERS)
