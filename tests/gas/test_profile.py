"""Profiles against receipts, against the steps of traces counted one by one, and against the text of the contracts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcai import DensePerceptron, NearestCentroidClassifier, SparseNearestCentroidClassifier, SparsePerceptron
from dcai.artifacts import Artifact, Place, Places, Run, load
from dcai.errors import ArtifactError, InputError
from dcai.evm import Contract, Evm, Trace
from dcai.evm.abi import Abi
from dcai.gas.profile.lines import frames
from dcai.gas.profile.profile import Profile, ProfileRow, profile, profile_call, profile_creation

SOURCES = Path(__file__).parents[2] / "contracts" / "src"
ONE = 10**9

#: EIP-2929 and EIP-2200, the prices that the storage of a line is made of.
COLD_READ, WARM_READ, SET, RESET = 2_100, 100, 20_000, 2_900
CODE_DEPOSIT_BYTE = 200

KINDS = {
    "storage_gas": {0x54, 0x55},  # SLOAD, SSTORE
    "memory_gas": {0x51, 0x52, 0x53, 0x59, 0x5E},  # MLOAD, MSTORE, MSTORE8, MSIZE, MCOPY
    "calldata_gas": {0x35, 0x36, 0x37},  # CALLDATALOAD, CALLDATASIZE, CALLDATACOPY
    "keccak_gas": {0x20},
}

MODELS = {
    "DensePerceptron": DensePerceptron([0] * 4, 0, ONE),
    "SparsePerceptron": SparsePerceptron([0] * 30, 0, ONE),
    "NearestCentroidClassifier": NearestCentroidClassifier([[ONE, 0, 0, 0, 0], [0, ONE, 0, 0, 0]], [1, 2]),
    "SparseNearestCentroidClassifier": SparseNearestCentroidClassifier([[(0, ONE), (7, 5)], [(9, ONE)]], [1, 1]),
}
DENSE = [600_000_000, 0, -800_000_000, 0]
#: Of each model: a sample with the label that is a mistake (or simply another) and the one that is not; and a bad one.
SAMPLES: dict[str, tuple[list[int], int, int, list[int]]] = {
    "DensePerceptron": (DENSE, 1, 0, [ONE]),
    "SparsePerceptron": ([3, 17, 29], 1, 0, [5, -1]),
    "NearestCentroidClassifier": ([*DENSE, 0], 1, 0, [ONE]),
    "SparseNearestCentroidClassifier": ([1, 7, 9], 0, 1, [7, 7]),
}
CREATIONS: dict[str, tuple[Any, ...]] = {
    "DensePerceptron": (["a", "b"], [1, -2, 3, 4], 5, 6),
    "SparsePerceptron": (["a", "b"], [1, -2, 0, 4], 5, 6),
    "NearestCentroidClassifier": (["a", "b" * 40], [[1, 2, 3], [4, 5, 6]], [1, 2]),
    "SparseNearestCentroidClassifier": (["a"], [[[1, 5], [9, 6]]], [3]),
}


def calls() -> list[Any]:
    for_each = []
    for name, (x, mistake, correct, bad) in SAMPLES.items():
        for what, function, args in (
            ("mistake", "update", (x, mistake)),
            ("correct", "update", (x, correct)),
            ("predict", "predict", (x,)),
            ("revert", "update", (bad, 0)),
        ):
            for_each.append(pytest.param(name, function, args, id=f"{name}-{what}"))
    return for_each


def assert_exact(found: Profile, trace: Trace) -> None:
    """The rows make up the execution; of each kind of opcode they have what the steps have, none of which calls."""
    for rows in (found.lines, found.functions):
        assert sum(row.gas for row in rows) == found.execution
        assert sum(row.steps for row in rows) == len(trace)
        assert sum(row.share for row in rows) == pytest.approx(1)
        assert [row.gas for row in rows] == sorted((row.gas for row in rows), reverse=True)
        for kind, opcodes in KINDS.items():
            spent = sum(int(trace.gas[i] - trace.gas_after[i]) for i in range(len(trace)) if trace.op[i] in opcodes)
            assert sum(getattr(row, kind) for row in rows) == spent, kind
    used = found.intrinsic + found.calldata + found.execution - found.refund
    assert found.gas_used == max(used, found.floor)
    assert len({(row.file, row.line, row.function) for row in found.lines}) == len(found.lines)


@pytest.mark.parametrize(("name", "function", "args"), calls())
def test_the_rows_make_up_the_receipt_of_a_call(name: str, function: str, args: tuple[Any, ...]) -> None:
    chain = Evm()
    contract = chain.place(MODELS[name])
    data = contract.abi.function(function, len(args)).encode(args)
    found = profile_call(contract, function, *args)
    receipt = chain.simulate(contract.address, data)
    for field in ("success", "gas_used", "intrinsic", "calldata", "execution", "refund", "floor"):
        assert getattr(found, field) == getattr(receipt, field), field
    assert_exact(found, chain.trace(contract.address, data)[1])
    assert {"(no line known)", "(compiler helpers)", "(code deposit)"}.isdisjoint(row.function for row in found.lines)


@pytest.mark.parametrize("name", MODELS)
def test_the_rows_make_up_the_receipt_of_a_creation(name: str) -> None:
    chain = Evm()
    artifact = load(name)
    found = profile_creation(chain, artifact, *CREATIONS[name])
    data = creation(name)
    _, trace = chain.trace(None, data)
    receipt = chain.transact(None, data)
    assert (found.success, found.execution, found.gas_used) == (True, receipt.execution, receipt.gas_used)
    assert_exact(found, trace)
    (deposit,) = (row for row in found.lines if row.function == "(code deposit)")
    assert receipt.contract_address is not None
    assert deposit.gas == CODE_DEPOSIT_BYTE * len(chain.code(receipt.contract_address))
    assert deposit.steps == deposit.storage_gas == 0
    assert f"{name}.constructor" in {row.function for row in found.functions}


def creation(name: str) -> bytes:
    artifact = load(name)
    return artifact.bytecode + Abi(artifact.abi).constructor.encode(CREATIONS[name])


# -- lines -- #


def line_of(file: str, statement: str, function: str) -> int:
    """The line of a statement in a function, found in the text of the source."""
    lines = (SOURCES / file).read_text(encoding="utf-8").splitlines()
    head = "constructor(" if function == "constructor" else f"function {function}("
    start = next(n for n, line in enumerate(lines) if line.lstrip().startswith(head))
    return next(n for n, line in enumerate(lines) if n >= start and statement in line) + 1


def storage(found: Profile) -> dict[tuple[str, str, int], int]:
    """The gas for storage of each line of the project's own sources, and of each function of others."""
    gas = {}
    for row in found.lines:
        is_own = row.file.startswith("src/")
        key = (row.function, row.file.removeprefix("src/"), row.line) if is_own else (row.function, "", 0)
        if row.storage_gas:
            gas[key] = row.storage_gas
    return gas


SPARSE = "models/SparsePerceptron.sol"
OWNER = {("Ownable.owner", "", 0): COLD_READ}


def at(file: str, function: str, statement: str) -> tuple[str, str, int]:
    contract = Path(file).stem
    return f"{contract}.{function}", file, line_of(file, statement, function)


def test_storage_stands_at_the_lines_of_a_sparse_perceptron_that_access_it() -> None:
    contract = Evm().place(MODELS["SparsePerceptron"])
    x, mistake, correct, _ = SAMPLES["SparsePerceptron"]
    reads = {
        at(SPARSE, "_score", "score = intercept;"): COLD_READ,
        at(SPARSE, "_score", "score += int80("): len(x) * COLD_READ,
    }
    # `_score` is a function of the bytecode too; `_add` was inlined, and so were the library's functions in both.
    writes = {
        at(SPARSE, "update", "= int256(uint256(learningRate))"): WARM_READ,
        at(SPARSE, "_add", "int256 weight ="): len(x) * WARM_READ,
        at(SPARSE, "_add", "slot.value ="): len(x) * SET,
    }
    assert storage(profile_call(contract, "predict", x)) == reads
    assert storage(profile_call(contract, "update", x, correct)) == OWNER | reads
    assert storage(profile_call(contract, "update", x, mistake)) == OWNER | reads | writes


def test_storage_stands_at_the_lines_of_a_dense_perceptron_that_access_it() -> None:
    file = "models/DensePerceptron.sol"
    contract = Evm().place(DensePerceptron([5] * 4, 0, ONE))
    assert storage(profile_call(contract, "update", DENSE, 1)) == OWNER | {
        at(file, "_requireDimension", "weights.length"): COLD_READ,
        at(file, "_scoreAndSquaredNorm", "score = intercept;"): COLD_READ,
        at(file, "_scoreAndSquaredNorm", "word = slot"): 2 * COLD_READ,  # four weights, three a slot
        at(file, "update", "= int256(uint256(learningRate))"): WARM_READ,
        at(file, "_addScaled", "word = slot"): 2 * WARM_READ,
        at(file, "_addScaled", "if (newWord != word)"): RESET,  # of the second slot the only feature is 0
    }


def test_storage_stands_at_the_lines_of_a_nearest_centroid_that_access_it() -> None:
    file = "models/NearestCentroidClassifier.sol"
    contract = Evm().place(MODELS["NearestCentroidClassifier"])
    assert storage(profile_call(contract, "update", [*DENSE, 0], 1)) == OWNER | {
        at(file, "update", "_requireClass("): COLD_READ,
        at(file, "update", "centroid = centroids["): WARM_READ,  # its bounds check
        at(file, "_requireDimension", "centroid.length"): COLD_READ,
        at(file, "update", "count = dataCounts["): 2 * COLD_READ,  # the length, for the bounds, and the count
        at(file, "_moveCentroid", "word = slot"): 2 * COLD_READ,
        at(file, "_moveCentroid", "if (newWord != word)"): RESET,
        at(file, "update", "dataCounts[classification] = newCount"): 2 * WARM_READ + RESET,
    }


def test_storage_stands_at_the_lines_of_a_sparse_nearest_centroid_that_access_it() -> None:
    file = "models/SparseNearestCentroidClassifier.sol"
    contract = Evm().place(MODELS["SparseNearestCentroidClassifier"])
    x = [1, 7, 9]
    found = storage(profile_call(contract, "predict", x))
    assert found[at(file, "_distance", "word = features")] == 2 * len(x) * COLD_READ
    assert found[at(file, "_distance", "info.squaredMagnitude")] == 2 * COLD_READ
    found = storage(profile_call(contract, "update", x, 0))
    assert found[at(file, "update", "_trueValue(feature.value")] == len(x) * COLD_READ
    assert found[at(file, "update", "feature.value =")] == 2 * SET + RESET


def test_a_constructor_has_lines_too() -> None:
    chain = Evm()
    found = storage(profile_creation(chain, load("SparsePerceptron"), *CREATIONS["SparsePerceptron"]))
    cold_set = SET + COLD_READ
    assert found[at(SPARSE, "constructor", "if (weight != 0)")] == 3 * cold_set  # of four weights one is 0
    found = storage(profile_creation(chain, load("DensePerceptron"), *CREATIONS["DensePerceptron"]))
    packed = "libraries/PackedArray.sol"
    assert found[at(packed, "_append", "length = arraySlot")] == COLD_READ
    assert found[at(packed, "_append", "length + words.length;")] == SET
    assert found[at(packed, "_append", "if (word != 0)")] == cold_set
    assert found[at("models/DensePerceptron.sol", "constructor", "intercept = initialIntercept;")] == cold_set


@pytest.mark.parametrize(
    ("function", "args", "where"),
    [
        ("weights", (3,), "SparsePerceptron.weights"),
        ("intercept", (), "SparsePerceptron.intercept"),
        ("learningRate", (), "SparsePerceptron.learningRate"),
        ("owner", (), "Ownable.owner"),
        ("classifications", (1,), "Classifier.classifications"),
        ("getNumClassifications", (), "Classifier.getNumClassifications"),
        ("getNumFeatureIndices", (), "Classifier.getNumFeatureIndices"),
    ],
)
def test_what_a_getter_reads_stands_at_it(function: str, args: tuple[int, ...], where: str) -> None:
    contract = Evm().place(SparsePerceptron([5] * 5, 6, 7, classifications=["a", "b"]))
    found = profile_call(contract, function, *args)
    assert {row.function for row in found.functions if row.storage_gas} == {where}


# -- other code -- #


def caller(target: str, value_wei: int = 0) -> Artifact:
    """A contract that hands its calldata to another one, with places as if it had two lines."""
    copy = bytes.fromhex("365f5f37")
    call = bytes.fromhex(f"5f5f365f60{value_wei:02x}73{target[2:]}5af100")
    places = (
        Run(0, len(copy), Place("src/Caller.sol", "Caller.fallback", 3)),
        Run(len(copy), len(call), Place("src/Caller.sol", "Caller.fallback", 4)),
    )
    artifact = load("SparsePerceptron")
    return replace(
        artifact, name="Caller", abi=(), bytecode=b"\xfe", deployed_bytecode=copy + call, places=Places((), places)
    )


@pytest.mark.parametrize("value_wei", [0, 1])
def test_a_call_stands_at_its_line_or_at_lines_of_its_own(value_wei: int) -> None:
    chain = Evm()
    contract = chain.place(MODELS["SparsePerceptron"])
    artifact = caller(contract.address, value_wei)
    address = "0x" + "77" * 20
    chain.set_account(address, code=artifact.deployed_bytecode, balance_wei=5)
    data = contract.abi.function("predict", 1).encode(([3, 17, 29],))
    receipt, trace = chain.trace(address, data)
    inside = int((trace.depth == 2).sum())
    assert inside > 0

    unknown = profile(receipt, trace, artifact)
    assert sum(row.gas for row in unknown.lines) == receipt.execution == chain.simulate(address, data).execution
    assert len(unknown.lines) == 3
    first, second = (row_of(unknown, "Caller.fallback", line) for line in (3, 4))
    called = row_of(unknown, "(call in Caller.fallback)", 4)
    assert (first.steps, second.steps, called.steps) == (4, 9, inside)
    # A call that hands over a wei has 2,300 gas for nothing (and costs 9,000): its own price is without them.
    call_price = 2_600 + (9_000 - 2_300 if value_wei else 0)
    assert second.gas == call_price + 5 * 2 + 2 * 3  # five opcodes of 2 gas, two of 3, and STOP
    known = profile(receipt, trace, artifact, others=[contract.artifact])
    assert row_of(known, "Caller.fallback", 4) == second
    own = [row for row in known.lines if row.function != "Caller.fallback"]
    assert sum(row.gas for row in own) == called.gas
    if not value_wei:
        alone = profile_call(contract, "predict", [3, 17, 29])
        assert {(r.function, r.line, r.gas) for r in own} == {(r.function, r.line, r.gas) for r in alone.lines}


def test_what_unknown_code_calls_stands_with_it() -> None:
    chain = Evm()
    target = chain.place(MODELS["SparsePerceptron"])
    middle, address = "0x" + "78" * 20, "0x" + "79" * 20
    jumpdest = b"\x5b"  # so that the one in the middle is told from the outer one
    chain.set_account(middle, code=jumpdest + caller(target.address).deployed_bytecode)
    artifact = caller(middle)
    chain.set_account(address, code=artifact.deployed_bytecode)
    receipt, trace = chain.trace(address, target.abi.function("predict", 1).encode(([3],)))
    assert trace.depth.max() == 3
    found = profile(receipt, trace, artifact)
    assert sum(row.gas for row in found.lines) == receipt.execution
    assert row_of(found, "(call in Caller.fallback)", 4).steps == (trace.depth > 1).sum()
    assert {row.function for row in found.functions} == {"Caller.fallback", "(call in Caller.fallback)"}
    known = profile(receipt, trace, artifact, others=[target.artifact])
    assert row_of(known, "(call in Caller.fallback)", 4).steps == (trace.depth == 2).sum()
    assert "SparsePerceptron._score" in {row.function for row in known.functions}


def row_of(found: Profile, function: str, line: int) -> ProfileRow:
    (row,) = (row for row in found.lines if (row.function, row.line) == (function, line))
    return row


def test_frames_are_told_apart() -> None:
    depth = np.array([1, 1, 2, 3, 3, 2, 1, 2, 1], dtype=np.int64)
    zeros = np.zeros(len(depth), dtype=np.int64)
    trace = Trace(zeros, zeros.astype(np.uint8), depth, zeros, zeros, zeros)
    assert [(steps.tolist(), caller) for steps, caller in frames(trace)] == [
        ([0, 1, 6, 8], -1),
        ([2, 5], 1),
        ([3, 4], 2),
        ([7], 6),
    ]
    none = zeros[:0]
    assert frames(Trace(none, none.astype(np.uint8), none, none, none, none)) == []


# -- failures -- #


def test_the_opcode_that_runs_out_of_gas_takes_what_is_left() -> None:
    chain = Evm()
    contract = chain.place(MODELS["SparsePerceptron"])
    data = contract.abi.function("update", 2).encode(([3, 17, 29], 1))
    receipt, trace = chain.trace(contract.address, data, gas_limit=60_000)
    found = profile(receipt, trace, contract.artifact)
    assert not found.success
    assert sum(row.gas for row in found.lines) == found.execution == 60_000 - found.intrinsic - found.calldata
    assert found.gas_used == 60_000
    assert "60,000" in found.text()


def test_a_deposit_that_cannot_be_paid_takes_what_is_left() -> None:
    chain = Evm()
    artifact = load("SparsePerceptron")
    data = creation("SparsePerceptron")
    whole, whole_trace = chain.trace(None, data)
    receipt, trace = chain.trace(None, data, gas_limit=whole.gas_used + whole.refund - 1)
    assert not receipt.success
    assert len(trace) == len(whole_trace)
    found = profile(receipt, trace, artifact)
    (deposit,) = (row for row in found.lines if row.function == "(code deposit)")
    assert deposit.gas == CODE_DEPOSIT_BYTE * len(artifact.deployed_bytecode) - 1
    assert sum(row.gas for row in found.lines) == receipt.execution


def test_what_does_not_belong_together_is_refused() -> None:
    chain = Evm()
    sparse, dense = chain.place(MODELS["SparsePerceptron"]), chain.place(MODELS["DensePerceptron"])
    receipt, trace = traced(sparse, [1])
    other, _ = traced(sparse, [1, 2])
    with pytest.raises(InputError, match="not of the same transaction"):
        profile(other, trace, sparse.artifact)
    with pytest.raises(InputError, match="other code than DensePerceptron"):
        profile(receipt, trace, dense.artifact)


def test_an_artifact_without_places_is_refused_with_what_is_missing() -> None:
    contract = Evm().place(MODELS["SparsePerceptron"])
    receipt, trace = traced(contract, [1])
    bare = replace(contract.artifact, places=None)
    with pytest.raises(ArtifactError, match=r"SparsePerceptron has no source lines: it lacks the field 'places'"):
        profile(receipt, trace, bare)


def traced(contract: Contract, x: list[int]) -> tuple[Any, Trace]:
    return contract.evm.trace(contract.address, contract.abi.function("predict", 1).encode((x,)))


# -- what it can be turned into -- #


def test_a_profile_is_plain_data() -> None:
    contract = Evm().place(MODELS["SparsePerceptron"])
    found = profile_call(contract, "predict", [1, 2])
    again = json.loads(json.dumps(found.to_dict()))
    assert again["contract"] == "SparsePerceptron"
    assert again["execution"] == found.execution == sum(row["gas"] for row in again["functions"])
    assert set(again["lines"][0]) >= {"file", "function", "line", "gas", "share", "steps", "storage_gas"}


def test_folded_stacks_have_the_gas_of_the_execution() -> None:
    contract = Evm().place(MODELS["SparsePerceptron"])
    found = profile_call(contract, "predict", [1, 2])
    stacks = [line.rsplit(" ", 1) for line in found.folded()]
    assert sum(int(gas) for _, gas in stacks) == found.execution
    line = line_of(SPARSE, "score += int80(", "_score")
    assert f"SparsePerceptron;SparsePerceptron._score;src/{SPARSE}:{line}" in [stack for stack, _ in stacks]
    assert "SparsePerceptron;(ABI and dispatch)" in [stack for stack, _ in stacks]


def test_a_table_has_every_row_or_sums_up_the_rest() -> None:
    contract = Evm().place(MODELS["SparsePerceptron"])
    found = profile_call(contract, "predict", [1, 2])
    header, *rows, total = found.text(top=1_000).splitlines()
    assert len(rows) == len(found.lines)
    assert header.split() == ["gas", "share", "steps", "storage", "memory", "calldata", "keccak"]
    assert f"execution {found.execution:,}" in total
    _, first, rest, _ = found.text("function", top=1).splitlines()
    assert first.split()[0] == "SparsePerceptron._score"
    assert rest.split()[:3] == [str(len(found.functions) - 1), "more", f"{found.execution - found.functions[0].gas:,}"]
    with pytest.raises(InputError, match="by is 'file'"):
        found.text("file")


def test_a_table_says_where_the_floor_decides() -> None:
    contract = Evm().place(MODELS["SparsePerceptron"])
    data = contract.abi.function("norm", 1).encode(([ONE] * 300,))
    receipt, trace = contract.evm.trace(contract.address, data)
    assert receipt.gas_used == receipt.floor
    assert f"raised to the floor {receipt.floor:,}" in profile(receipt, trace, contract.artifact).text()
    assert "floor" not in profile_call(contract, "predict", [1]).text()
