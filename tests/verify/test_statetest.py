"""Exported state tests: other implementations confirm them, and whatever is altered in them fails."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from ethereum.crypto.hash import keccak256
from ethereum_rlp import rlp

import dcai
from dcai import artifacts
from dcai.cli import main
from dcai.errors import InputError, NotEqual
from dcai.evm import Evm
from dcai.models import MODELS
from dcai.verify import Case, Step
from dcai.verify.state_tests import export, random_model, random_steps, write_tests
from dcai.verify.state_tests.specs import run_file

MODEL = dcai.SparsePerceptron([-1, 5], 0, 10**9)
#: One of each kind: a mistake, a prediction, a correct one, two refusals.
STEPS = [
    Step("update", (0,), 1),
    Step("predict", (0, 1)),
    Step("update", (0,), 1),
    Step("update", (0,), 2),
    Step("predict", (-1,)),
]
NAMES = [
    "0000-update-accepted",
    "0001-predict",
    "0002-update-accepted",
    "0003-update-refused",
    "0003-update-UnknownClass",
    "0004-predict-NegativeIndex",
]


@pytest.fixture(scope="module")
def fixtures() -> dict[str, Any]:
    return {test.name: test.fixture for test in export(MODEL, STEPS)}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dcai", "verify", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


@pytest.mark.parametrize("name", MODELS)
def test_the_executable_specification_confirms(name: str, tmp_path: Path) -> None:
    rng = Random(name)
    model = random_model(name, rng)
    count = write_tests(tmp_path / "tests.json", name, export(model, random_steps(model, rng, 25)))
    results = list(run_file(tmp_path / "tests.json"))
    assert len(results) == 2 * count >= 50
    assert {result.fork for result in results} == {"Prague", "Osaka"}
    assert [result for result in results if not result.passed] == []


def test_its_own_tool_confirms(fixtures: dict[str, Any], tmp_path: Path) -> None:
    """What other people would use: `ethereum-spec-evm statetest`, in a process of its own."""
    # Beside the interpreter, whose environment need not be activated.
    tool = shutil.which(
        "ethereum-spec-evm", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    assert tool, "ethereum-execution is not installed"
    (tmp_path / "tests.json").write_text(json.dumps(fixtures))
    printed = subprocess.run(
        [tool, "statetest", str(tmp_path / "tests.json")], capture_output=True, text=True, check=True, timeout=120
    )
    results = json.loads(printed.stdout)
    assert [(r["name"], r["fork"], r["pass"]) for r in results] == [
        (name, fork, True) for name in NAMES for fork in ("Prague", "Osaka")
    ]


def test_what_is_exported(fixtures: dict[str, Any]) -> None:
    assert list(fixtures) == NAMES
    accepted, predicted, correct, refused, error, refused_prediction = fixtures.values()
    contract = "0x" + "0" * 36 + "c0de"
    witness = "0x" + "0" * 36 + "ca11"
    sender = "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b"

    def storage(fixture: Any, when: str, address: str) -> Any:
        state = fixture["pre"] if when == "pre" else fixture["post"]["Osaka"][0]["state"]
        return {int(slot, 16): int(word, 16) for slot, word in state[address]["storage"].items()}

    def changed(fixture: Any, address: str) -> int:
        return len(storage(fixture, "pre", address).items() ^ storage(fixture, "post", address).items())

    # The mistake moves one weight, the other update none; each begins where the one before has ended.
    assert (changed(accepted, contract), changed(correct, contract)) == (2, 0)
    assert storage(correct, "pre", contract) == storage(accepted, "post", contract)
    # What came back: success, size, first word, hash.
    label = (1).to_bytes(32, "big")
    assert storage(predicted, "post", witness) == {0: 2, 1: 32, 2: 1, 3: int.from_bytes(keccak256(label), "big")}
    payload = keccak256(b"UnknownClass(uint256,uint256)")[:4] + (2).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert storage(error, "post", witness)[0] == 1
    assert storage(error, "post", witness)[3] == int.from_bytes(keccak256(payload), "big")
    payload = keccak256(b"NegativeIndex(uint256,int256)")[:4] + bytes(32) + b"\xff" * 32
    assert storage(refused_prediction, "post", witness)[3] == int.from_bytes(keccak256(payload), "big")
    # The gas is that of the receipt, by what the sender pays.
    receipt = Evm("py-evm", "prague").place(MODEL).update([0], 1)
    balance = int(accepted["post"]["Prague"][0]["state"][sender]["balance"], 16)
    assert balance == 10**20 - 10 * receipt.gas_used
    assert changed(refused, contract) == 0
    # The transaction is a signed one of the fields beside it.
    fields: Any = rlp.decode(bytes.fromhex(accepted["post"]["Osaka"][0]["txbytes"][2:]))
    nonce, price, limit, to, value, data, v, _, _ = fields
    transaction = accepted["transaction"]
    assert (f"0x{to.hex()}", f"0x{data.hex()}") == (transaction["to"], transaction["data"][0])
    assert (nonce, value, int.from_bytes(price, "big"), v[0] in (37, 38)) == (b"", b"", 10, True)
    assert int.from_bytes(limit, "big") == int(transaction["gasLimit"][0], 16) == 2**24
    assert all(fixture["pre"][contract]["code"] == f"0x{code().hex()}" for fixture in fixtures.values())


def code() -> bytes:
    return artifacts.load("SparsePerceptron").deployed_bytecode


def alter_storage(fixture: dict[str, Any]) -> None:
    words = fixture["pre"]["0x" + "0" * 36 + "c0de"]["storage"]
    words["0x04"] = hex(int(words["0x04"], 16) + 2)


def alter_gas(fixture: dict[str, Any]) -> None:
    fixture["transaction"]["gasPrice"] = "0x0b"


def alter_data(fixture: dict[str, Any]) -> None:
    data = fixture["transaction"]["data"]
    data[0] = data[0][:-2] + "01"


def alter_logs(fixture: dict[str, Any]) -> None:
    for posts in fixture["post"].values():
        posts[0]["logs"] = "0x" + "11" * 32


def alter_limit(fixture: dict[str, Any]) -> None:
    fixture["transaction"]["gasLimit"] = ["0x5208"]


@pytest.mark.parametrize(
    ("alter", "message"),
    [
        (alter_storage, "state root is"),
        (alter_gas, "state root is"),
        (alter_data, "state root is"),
        (alter_logs, "hash of logs is"),
        (alter_limit, "the transaction is refused"),
    ],
)
def test_each_can_fail(alter: Any, message: str, fixtures: dict[str, Any], tmp_path: Path) -> None:
    fixture = json.loads(json.dumps(fixtures[NAMES[0]]))
    alter(fixture)
    (tmp_path / "tests.json").write_text(json.dumps({"altered": fixture}))
    results = list(run_file(tmp_path / "tests.json"))
    assert [result.passed for result in results] == [False, False]
    assert all(any(failure.startswith(message) for failure in result.failures) for result in results)


def test_a_kernel_that_differs_is_not_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    predict = dcai.SparsePerceptron.predict
    monkeypatch.setattr(dcai.SparsePerceptron, "predict", lambda self, data: 1 - predict(self, data))
    with pytest.raises(NotEqual, match="what the call returned"):
        list(export(MODEL, [Step("predict", (0,))]))
    monkeypatch.undo()
    monkeypatch.setattr(dcai.SparsePerceptron, "update", lambda self, data, label: False)
    with pytest.raises(NotEqual, match="step 1: storage"):
        list(export(MODEL, [Step("predict", (0,)), *STEPS[:1]]))


def test_engines_export_the_same(fixtures: dict[str, Any]) -> None:
    others = {test.name: test.fixture for test in export(MODEL, STEPS, forks=["prague"], engine="py-evm")}
    assert [test["post"]["Prague"] for test in others.values()] == [f["post"]["Prague"] for f in fixtures.values()]


def test_commands(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    case = Case("revm", "osaka", "00" * 32, "none", MODEL, tuple(STEPS))
    case.save(tmp_path / "case.json")
    MODEL.to_json(tmp_path / "model.json")
    out = tmp_path / "out"
    assert run(monkeypatch, "export", str(tmp_path / "case.json"), "--output", str(out)) == 0
    assert run(monkeypatch, "export", str(tmp_path / "model.json"), "--output", str(out), "--steps", "3") == 0
    assert run(monkeypatch, "export", "DensePerceptron", "--output", str(out), "--steps", "2", "--seed", "7") == 0
    assert "6 state tests of SparsePerceptron for prague,osaka" in capsys.readouterr().out
    assert sorted(path.name for path in out.iterdir()) == ["DensePerceptron-7.json", "case.json", "model-0.json"]
    first = (out / "DensePerceptron-7.json").read_bytes()
    assert run(monkeypatch, "export", "DensePerceptron", "--output", str(out), "--steps", "2", "--seed", "7") == 0
    assert (out / "DensePerceptron-7.json").read_bytes() == first
    capsys.readouterr()
    assert run(monkeypatch, "statetest", *map(str, sorted(out.iterdir()))) == 0
    assert capsys.readouterr().out.startswith("Prague: ")
    tests = json.loads((out / "case.json").read_text())
    alter_logs(tests[f"case/{NAMES[0]}"])
    (out / "case.json").write_text(json.dumps(tests))
    assert run(monkeypatch, "statetest", str(out / "case.json")) == 1
    assert capsys.readouterr().out.endswith("2 failed\n")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"a": 1}', '{"a": {"env": {}, "pre": {}, "post": {}}}'])
def test_no_state_tests(content: str, tmp_path: Path) -> None:
    (tmp_path / "tests.json").write_text(content)
    with pytest.raises(InputError, match="holds no state tests"):
        list(run_file(tmp_path / "tests.json"))


def test_a_step_that_has_no_form() -> None:
    with pytest.raises(InputError, match="has no form as a state test"):
        list(export(MODEL, [STEPS[0], Step("update", (0,), 1, sender="0x" + "05" * 20)]))


def test_wrong_usage(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    out = ("--output", str(tmp_path))
    assert run(monkeypatch, "export", "Forest", *out) == 2
    assert "neither a file nor one of" in capsys.readouterr().err
    assert run(monkeypatch, "export", "DensePerceptron", "--fork", "prague,paris", *out) == 2
    assert "state tests are known for cancun, prague, osaka" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
