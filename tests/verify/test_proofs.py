"""The proofs of the scalar steps hold, and each of them fails where what it proves is wrong.

The claims that take a solver half a minute and more run by ``dcai verify proof`` and in the deep profile.
"""

from __future__ import annotations

import json
from dataclasses import replace
from math import isqrt
from pathlib import Path
from random import Random
from typing import Any

import pytest

import dcai
from dcai import artifacts
from dcai.cli import main
from dcai.evm import Evm
from dcai.models import MODELS
from dcai.verify.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.layer import claims
from dcai.verify.models import dense_perceptron, naive_bayes, nearest_centroid, sparse_nearest_centroid
from dcai.verify.proof import SHARED_CLAIMS, integers, mul_div, square_root
from dcai.verify.proof.contracts import Setting
from dcai.verify.proof.machine import SymbolicCall, paths
from dcai.verify.proof.solver import z3
from dcai.verify.proof.words import _CONCRETE, BITS, apply

ONE = 10**9
CLAIMS = (*SHARED_CLAIMS, *claims())
SLOW = {"dense weight step", "sparse weight step", "moving average", "lazy distance and argmin", "lazy update"}


@pytest.mark.parametrize("claim", [c for c in CLAIMS if c.name not in SLOW], ids=lambda c: c.name)
def test_claims(claim: ProofClaim) -> None:
    assert claim.prove(60).verdict == ("tested" if claim.method == "tested" else "proven")


def test_a_dense_step_of_one_feature() -> None:
    assert isinstance(dense_perceptron.dense_update(Setting("DensePerceptron"), 60, 1), Verified)


def faulty(name: str, call: Any, old: int, new: int, which: int = 0) -> bytes:
    """The code of a contract with another opcode where a call ran one, the first or that of the number."""
    _, trace = call
    code = bytearray(artifacts.load(name).deployed_bytecode)
    (places,) = (trace.op == old).nonzero()
    code[trace.pc[places[which]]] = new
    return bytes(code)


def trace(model: dcai.Classifier, function: str, *args: Any) -> Any:
    contract = Evm("revm", "osaka").place(model)
    return contract.evm.trace(contract.address, contract.abi.function(function, len(args)).encode(args))


DENSE, LAZY = dcai.DensePerceptron([5], 0, ONE), {"counts": [4], "squared_magnitudes": [25], "stored": [{5: (5, 3)}]}
CENTROIDS = dcai.NearestCentroidClassifier([[ONE], [0]], [1, 1])
STALE = dcai.SparseNearestCentroidClassifier.restore(LAZY, ["0"], ())
ADD, MUL, DIV, SDIV = 0x01, 0x02, 0x04, 0x05


BAYES = dcai.NaiveBayes([1], [{5: 1}], 9, ONE)
PREDICTED, READ = (CENTROIDS, "predict", [0]), (STALE, "getCentroidValue", 0, 5)


@pytest.mark.parametrize(
    ("check", "call", "old", "new", "which"),
    [
        # A quotient without a sign, a sign where there is none, a sum in place of a product.
        (dense_perceptron.dense_update, (DENSE, "update", [-ONE], 1), SDIV, DIV, 0),
        (nearest_centroid.centroid_predict, PREDICTED, DIV, SDIV, 0),
        # The first three products make features past the end 0, and what stands there is 0.
        (nearest_centroid.centroid_predict, PREDICTED, MUL, ADD, 3),
        (sparse_nearest_centroid.true_value, READ, DIV, MUL, 0),
        (sparse_nearest_centroid.true_value, READ, MUL, ADD, 0),
        # The last sum is that of the count.
        (naive_bayes.bayes_update, (BAYES, "update", [5, 5], 0), ADD, MUL, -1),
    ],
)
def test_a_fault_in_the_bytecode_is_found(check: Any, call: Any, old: int, new: int, which: int) -> None:
    name = call[0].spec.contract
    arguments = (1,) if check in (dense_perceptron.dense_update, nearest_centroid.centroid_predict) else ()
    outcome = check(Setting(name, faulty(name, trace(*call), old, new, which)), 60, *arguments)
    assert isinstance(outcome, Refuted)
    assert "the bytecode ends with" in outcome.counterexample


def test_a_wrong_formula_is_refuted() -> None:
    wrong = Setting("NearestCentroidClassifier", scale=ONE + 1)
    assert isinstance(nearest_centroid.centroid_predict(wrong, 60, 1), Refuted)


def test_what_is_not_followed_is_not_proven() -> None:
    gas = Setting("DensePerceptron", bytes([0x5A]))
    assert dense_perceptron.dense_update(gas, 60, 1) == Unknown("opcode 0x5a is not followed")


def test_a_wrong_bound_has_a_counterexample() -> None:
    c, n, x = z3.Ints("c n x")
    lemma = (
        [c >= -(2**63), c < 2**63, n >= 0, n <= 2**192, x == 0],
        z3.And(c * n + x >= -(2**254), c * n + x < 2**254),
    )
    proof = integers.integer_claim("wrong", "", "", "", lambda: [lemma]).prove()
    assert proof.verdict == "refuted"
    values = {name: int(value) for name, value in (part.split(" = ") for part in proof.detail.split(", "))}
    assert not -(2**254) <= values["c"] * values["n"] < 2**254


def test_five_steps_do_not_give_the_root() -> None:
    outcome = square_root.check_bounds(1, steps=5)
    assert isinstance(outcome, Refuted)
    assert isinstance(square_root.check_roots(lambda x: isqrt(sum(v * v for v in x) + 1)), Refuted)


def test_a_wrong_quotient_is_found() -> None:
    right = mul_div._narrow(6)

    def wrong(name: str, *words: Any) -> Any:
        return right("LT" if name == "GT" else name, *words)

    assert isinstance(mul_div.check_narrow(1, apply=wrong), Refuted)

    class Contract:
        def update(self, data: list[int], label: int) -> None: ...

        def call(self, name: str, label: int) -> int:
            return -1

    assert isinstance(sparse_nearest_centroid.check_lazy_scaling(1, Contract()), Refuted)


def test_a_wrong_score_is_found() -> None:
    def rounded_up(samples: int, factors: tuple[int, ...], divisor: int) -> int:
        return naive_bayes.narrow_score(samples, tuple(factor + 1 for factor in factors), divisor)

    assert isinstance(naive_bayes.check_narrow_scores(1, rounded_up), Refuted)


# -- the machine beside an EVM -- #

OPCODES = {
    "ADD": 1, "MUL": 2, "SUB": 3, "DIV": 4, "SDIV": 5, "MOD": 6, "SMOD": 7, "ADDMOD": 8, "MULMOD": 9, "EXP": 10,
    "SIGNEXTEND": 11, "LT": 16, "GT": 17, "SLT": 18, "SGT": 19, "EQ": 20, "ISZERO": 21, "AND": 22, "OR": 23, "XOR": 24,
    "NOT": 25, "BYTE": 26, "SHL": 27, "SHR": 28, "SAR": 29,
}  # fmt: skip
EDGES = [0, 1, 2, 7, 31, 32, 255, 256, 2**255, 2**255 - 1, 2**256 - 1, 2**63, 2**64 - 1, 2**256 - 2**63]


@pytest.mark.parametrize("name", _CONCRETE)
def test_words_compute_as_the_evm(name: str) -> None:
    """On numbers, and as terms of the solver into which the numbers are put."""
    rng, chain = Random(name), Evm("revm", "osaka")
    count = _CONCRETE[name].__code__.co_argcount
    for _ in range(60):
        words = [rng.choice([*EDGES, rng.getrandbits(256)]) for _ in range(count)]
        code = b"".join(b"\x7f" + word.to_bytes(32, "big") for word in reversed(words)) + bytes([OPCODES[name]])
        chain.set_account("0x" + "77" * 20, code=code + bytes.fromhex("5f5260205ff3"))
        expected = int.from_bytes(chain.call("0x" + "77" * 20, b""), "big")
        assert apply(name, *words) == expected
        if name in ("SIGNEXTEND", "BYTE"):  # the first operand is always known
            unknowns = [words[0], z3.BitVec("u1", BITS)]
        else:
            unknowns = [z3.BitVec(f"u{i}", BITS) for i in range(count)]
        if name == "BYTE" and words[0] > 31:
            continue
        term = apply(name, *unknowns)
        if "evm_" in str(term):
            continue  # of which nothing is said
        pairs = [(u, z3.BitVecVal(w, BITS)) for u, w in zip(unknowns, words, strict=True) if not isinstance(u, int)]
        value = z3.simplify(z3.substitute(term, *pairs)) if z3.is_expr(term) else z3.BitVecVal(term, BITS)
        assert value.as_long() == expected


@pytest.mark.parametrize("name", MODELS)
def test_the_machine_ends_as_an_evm(name: str) -> None:
    """Without unknowns there is one path, and it is that of revm: output, error, storage."""
    assert sum(_changes_as_an_evm(name, Random(f"{name} {number}")) for number in range(4)) > 4


def _changes_as_an_evm(name: str, rng: Random) -> int:
    """Run a sequence in both, and count the steps that changed the model."""
    from dcai.verify.state_tests import random_model, random_steps  # noqa: PLC0415

    model: Any = random_model(name, rng)
    chain = Evm("revm", "osaka")
    contract = chain.place(model)
    owner, changes = int(chain.account, 16), 0
    for step in random_steps(model, rng, 12):
        calldata = contract.abi.function(step.op, len(step.arguments)).encode(step.arguments)
        words = tuple(int.from_bytes(calldata[i : i + 32], "big") for i in range(4, len(calldata), 32))
        before = contract.storage()
        call = SymbolicCall(contract.artifact.deployed_bytecode, calldata[:4], words, before, owner, 0)
        (path,) = paths(call)
        receipt = chain.transact(contract.address, calldata)
        assert (path.kind == "return") is receipt.success
        head = b"" if path.selector is None else path.selector.to_bytes(4, "big")
        assert head + b"".join(word.to_bytes(32, "big") for word in path.output) == receipt.output
        after = {slot: word for slot, word in {**before, **path.storage}.items() if word}
        assert after == contract.storage()
        changes += after != before
    return changes


# -- the command -- #


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dcai", "verify", "proof", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


def test_command(tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    assert run(monkeypatch, "--only", "square root", "--json", str(tmp_path / "proof.json")) == 0
    printed = capsys.readouterr().out
    assert "PROVEN   integer square root: exact bounds, 65,536 numbers and 120 octaves" in printed
    assert "TESTED   integer square root, bytecode: tested, 2,695 norms" in printed
    assert printed.endswith("1 proven, 1 tested\n")
    written = json.loads((tmp_path / "proof.json").read_text())
    assert [claim["verdict"] for claim in written["claims"]] == ["proven", "tested"]
    assert run(monkeypatch, "--only", "nothing") == 2


@pytest.mark.parametrize(
    ("outcome", "code", "words"),
    [(Refuted("x = 1"), 1, "REFUTED"), (Unknown("timeout"), 3, "UNKNOWN"), (KeyboardInterrupt, 3, "PARTIAL")],
)
def test_exit_codes(outcome: Any, code: int, words: str, monkeypatch: Any, capsys: Any) -> None:
    def check(_timeout_s: float) -> Any:
        if outcome is KeyboardInterrupt:
            raise KeyboardInterrupt
        return outcome

    monkeypatch.setattr("dcai.cli.verify.proof.SHARED_CLAIMS", [replace(CLAIMS[0], check=check)])
    monkeypatch.setattr("dcai.cli.verify.proof.model_claims", list)
    assert run(monkeypatch) == code
    assert words in capsys.readouterr().out
