"""revm against py-evm, in everything that an engine says; and what only revm knows, against the EIPs."""

from __future__ import annotations

import threading
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from eth_keys.datatypes import PrivateKey
from py_ecc.bls12_381.bls12_381_curve import G1, G2, field_modulus
from py_ecc.bls12_381.bls12_381_curve import neg as bls_neg

from dcai import DensePerceptron, NearestCentroidClassifier, SparseNearestCentroidClassifier, SparsePerceptron, _kernels
from dcai.errors import EvmError, InputError, Revert
from dcai.evm import Evm
from dcai.evm.engines.engine import EngineAccount, EngineBlock, Transaction
from dcai.evm.engines.py_evm import PyEvm
from dcai.evm.engines.registry import create_engine
from dcai.evm.engines.revm import Revm
from dcai.evm.schedule import FORKS, MAX_TRANSACTION_GAS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.evm.engines.engine import Engine, Execution, Keep, Trace, World
    from dcai.models import Classifier

# py-evm warns of an opcode that a program uses.
pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT opcode present:DeprecationWarning")

SENDER = b"\x11" * 20
PROGRAM = b"\xa0" * 20
OTHER = b"\xa1" * 20
EMPTY = b"\xee" * 20
DELEGATED = b"\xdd" * 20
COINBASE = b"\xcb" * 20
ONE = 10**9

# -- both engines, side by side -- #


def code(*parts: str | int | bytes) -> bytes:
    """Assemble: text is hexadecimal code, an integer is pushed, bytes are pushed as an address."""
    out = b""
    for part in parts:
        if isinstance(part, str):
            out += bytes.fromhex(part)
        else:
            data = part if isinstance(part, bytes) else part.to_bytes(max(1, (part.bit_length() + 7) // 8), "big")
            out += bytes([0x5F + len(data)]) + data
    return out


def store(slot: int) -> bytes:
    return code(slot, "55")


def call_of(
    address: bytes, *, opcode: str = "f1", value: int = 0, gas: int | str = "5a", inputs: int = 0, outputs: int = 0
) -> bytes:
    values = (value,) if opcode in ("f1", "f2") else ()
    return code(outputs, 0, inputs, 0, *values, address, gas, opcode)


def in_memory(data: bytes) -> bytes:
    words = range(0, len(data), 32)
    return b"".join(code(int.from_bytes(data[i : i + 32].ljust(32, b"\0"), "big"), i, "52") for i in words)


def world_of(program: bytes, **options: Any) -> World:
    return {SENDER: EngineAccount(balance=10**18), PROGRAM: EngineAccount(**{"nonce": 1, "code": program, **options})}


def message(
    data: bytes = b"", to: bytes | None = PROGRAM, value: int = 0, gas_limit: int = 10**6, sender: bytes = SENDER
) -> Transaction:
    return Transaction(sender, to, data, value, gas_limit)


def engine_of(name: str, fork: str, world: World, block: EngineBlock | None = None) -> Engine:
    engine = create_engine(name, fork)
    engine.load(world)
    engine.block = EngineBlock(coinbase=COINBASE) if block is None else block
    return engine


def columns(trace: Trace) -> list[list[int]]:
    return [list(map(int, step)) for step in zip(*(getattr(trace, name) for name in trace.__slots__), strict=True)]


def same(execution: Execution) -> tuple[Any, ...]:
    """All of an execution but the words for a halt, which have a test of their own."""
    return (
        execution.success,
        execution.gas_spent,
        execution.gas_refund,
        execution.output,
        execution.logs,
        execution.created,
        execution.halt is None,
    )


def agree(
    fork: str, world: World, *transactions: Transaction, keep: Keep = "always", block: EngineBlock | None = None
) -> list[Execution]:
    """Run transactions on both engines, compare everything, and return what revm said."""
    revm, reference = (engine_of(name, fork, world, block) for name in ("revm", "py-evm"))
    executions = []
    for transaction in transactions:
        expected, steps = reference.trace(transaction, "never")
        traced, trace = revm.trace(transaction, "never")
        assert same(traced) == same(expected)
        assert columns(trace) == columns(steps)
        assert revm.dump() == reference.dump()
        assert revm.execute(transaction, keep) == traced
        reference.execute(transaction, keep)
        assert revm.dump() == reference.dump()
        executions.append(traced)
    return executions


def test_the_reference_knows_all_forks_but_the_last() -> None:
    assert (*PyEvm.FORKS, "osaka") == Revm.FORKS == FORKS


# -- the contracts of this project -- #

MODELS: dict[str, tuple[Classifier, list[tuple[list[int], int]]]] = {
    "dense-perceptron": (
        DensePerceptron([5, -7], 3, ONE),
        [([600_000_000, -800_000_000], 1), ([600_000_000, -800_000_000], 0), ([1, 1], 1), ([1], 0)],
    ),
    "sparse-perceptron": (
        SparsePerceptron([5] * 40, -1, 5),
        [([1, 2, 3], 1), ([1, 2, 3, 70], 0), ([1, 2, 70], 0), ([-1], 1), ([], 0), ([1], 7)],
    ),
    "nearest-centroid": (
        NearestCentroidClassifier([[ONE, 0], [0, ONE]], [1, 1]),
        [([ONE, 0], 0), ([0, ONE], 0), ([5], 0), ([0, ONE], 2)],
    ),
    "sparse-nearest-centroid": (
        SparseNearestCentroidClassifier([[(0, ONE), (7, 5)], [(9, ONE)]], [1, 1]),
        [([1, 2], 0), ([7, 70_000], 0), ([], 1), ([7, 0], 0)],
    ),
}


@pytest.mark.parametrize("fork", ["cancun", "prague"])
@pytest.mark.parametrize("name", MODELS)
def test_models_are_deployed_trained_and_asked(name: str, fork: str) -> None:
    model, samples = MODELS[name]
    chains = [Evm("revm", fork), Evm("py-evm", fork)]
    contracts = [chain.deploy(model) for chain in chains]
    assert contracts[0].deployment == contracts[1].deployment
    for sample, label in samples:
        function = contracts[0].abi.function("update", 2)
        data = function.encode((sample, label))
        receipts, traces = zip(*(c.evm.trace(c.address, data, keep="always") for c in contracts), strict=True)
        assert receipts[0] == receipts[1]
        assert columns(traces[0]) == columns(traces[1])
        answers = [answer(contract, sample) for contract in contracts]
        assert answers[0] == answers[1]
    assert chains[0].snapshot() == chains[1].snapshot()
    assert {bool(receipt.refund) for receipt in contracts[0].deployment} == {False}


def answer(contract: Any, sample: Sequence[int]) -> Any:
    try:
        return contract.predict(sample)
    except Revert as refused:
        return refused, refused.receipt


# -- programs -- #

BEYOND_CODE = code(1, 2, "01")
WRITES = {
    "sstore": code(1, 0, "55"),
    "log": code(0, 0, "a0"),
    "create": code(0, 0, 0, "f0"),
    "create2": code(0, 0, 0, 0, "f5"),
    "selfdestruct": code(0, "ff"),
    "call with value": call_of(EMPTY, value=1),
    "callcode with value": call_of(EMPTY, opcode="f2", value=1),
    "call without value": call_of(EMPTY),
}
REVERTING = in_memory(b"\xab" * 40) + code(40, 0, "fd")
CHILD = code(0xFE, 0, "52", 1, 31, "f3")  # returns the code "fe"


#: Of opcodes that take nothing and tell of the transaction, the block and the frame.
ENVIRONMENT = [f"{opcode:02x}" for opcode in (*range(0x30, 0x40), *range(0x41, 0x49), 0x58, 0x59, 0x5A)]
for taking in ("31", "35", "37", "39", "3b", "3c", "3e", "3f"):
    ENVIRONMENT.remove(taking)


def programs() -> dict[str, bytes]:
    creation = in_memory(CHILD)
    found = {
        "nothing": b"",
        "beyond its code": BEYOND_CODE,
        "within a push": bytes.fromhex("60017f01"),
        "loop": code(5, "5b", 1, "900380", 2, "57"),
        "memory": code(1, 1_000, "53", 32, 0, "20", 0, "55", 64, 32, "f3"),
        "logs": code(0, "51", 9, 8, 7, 6, 40, 3, "a4", 40, 3, "a0"),
        "reverts": REVERTING,
        "refunds": code(0, 0, "55", 0, 1, "55", 5, 1, "55", 2, 1, "55", 0, 2, "55", 9, 2, "55"),
        "call of a revert": call_of(OTHER, outputs=8) + code("3d", 0, "55", 0, "51", 1, "55"),
        "call of nothing": call_of(EMPTY) + store(0),
        "call with value": call_of(EMPTY, value=3) + store(0),
        "call without funds": call_of(EMPTY, value=10**9) + store(0) + code("3d", 1, "55"),
        "callcode": call_of(OTHER, opcode="f2", value=1) + store(0),
        "delegatecall": call_of(OTHER, opcode="f4") + store(0),
        "too little gas for a call": call_of(OTHER, gas=20) + store(0),
        "return data": call_of(OTHER) + code(41, 0, 0, "3e"),
        "just all return data": call_of(OTHER) + code(40, 0, 0, "3e"),
        "creation": creation + code(len(CHILD), 0, 1, "f0", 0, "55"),
        "creation by salt": creation + code(7, len(CHILD), 0, 0, "f5", 0, "55", 7, len(CHILD), 0, 0, "f5", 1, "55"),
        "creation that fails": in_memory(code("fe")) + code(1, 0, 0, "f0", 0, "55"),
        "creation that reverts": in_memory(code(9, 0, "fd")) + code(5, 0, 0, "f0", "3d", 0, "55"),
        "creation without code": code(0, 0, 0, "f0", 0, "55"),
        "environment": b"".join(code(opcode, slot, "55") for slot, opcode in enumerate(ENVIRONMENT)),
        "block hashes": code(0, "40", 0, "55", 299, "40", 1, "55", 44, "40", 2, "55"),
        "accounts": b"".join(
            code(address, opcode, slot, "55")
            for slot, (address, opcode) in enumerate(
                (address, opcode) for address in (OTHER, EMPTY, SENDER, COINBASE) for opcode in ("31", "3b", "3f", "31")
            )
        ),
        "copies code": code(9, 1, 2, OTHER, "3c", 20, 5, 33, "39", 40, 0, 70, "37", 96, 0, "20", 0, "55"),
    }
    found |= {f"{name} in a static call": call_of(OTHER, opcode="fa", gas=40_000) + store(0) for name in WRITES}
    return found


@pytest.mark.parametrize("fork", ["london", "shanghai", "cancun", "prague"])
@pytest.mark.parametrize("name", programs())
def test_programs(name: str, fork: str) -> None:
    other = WRITES.get(name.removesuffix(" in a static call"), REVERTING)
    world = world_of(programs()[name], balance=10, storage={0: 1, 1: 2, 2: 3})
    world |= {OTHER: EngineAccount(nonce=1, balance=5, code=other)}
    block = EngineBlock(number=300, timestamp=10**9, gas_limit=10**7, chain_id=5, coinbase=COINBASE)
    data = message(b"\x01\x02" * 20 + bytes(30), value=2)
    executions = agree(fork, world, data, data, message(gas_limit=23_456), block=block)
    assert name == "reverts" or any(execution.success for execution in executions) or executions[0].halt


@pytest.mark.parametrize("fork", FORKS[:-1])
def test_opcodes_come_with_their_fork(fork: str) -> None:
    young = {"5f": "shanghai", "5f5c": "cancun", "5f5f5d": "cancun", "5f5f5f5e": "cancun", "4a": "cancun"}
    for program, since in young.items():
        (execution,) = agree(fork, world_of(code(program)), message())
        exists = FORKS.index(fork) >= FORKS.index(since)
        assert execution.halt == (None if exists else "Invalid opcode")
    blobs = code("4a", 0, "55", 0, "49", 1, "55")
    if fork in ("cancun", "prague"):
        agree(fork, world_of(blobs), message())
        engine = engine_of("revm", fork, world_of(blobs))
        engine.execute(message())
        assert engine.storage(PROGRAM) == {0: 1}


def test_a_trace_is_what_a_person_would_write() -> None:
    world = world_of(code(1, 64, "53") + call_of(OTHER, opcode="fa", gas=100))
    world[OTHER] = EngineAccount(nonce=1, code=code("fe"))
    _, trace = engine_of("revm", "prague", world).trace(message(gas_limit=21_000 + 10_000))
    assert trace.op.dtype == np.dtype(np.uint8)
    assert trace.gas.dtype == np.dtype(np.int64)
    left = 10_000
    expected = []
    for pc, op, cost, memory in ((0, 0x60, 3, 0), (2, 0x60, 3, 0), (4, 0x53, 3 + 9, 0)):
        expected.append([pc, op, 1, left, left - cost, memory])
        left -= cost
    for pc, op in ((5, 0x60), (7, 0x60), (9, 0x60), (11, 0x60), (13, 0x73), (34, 0x60)):
        expected.append([pc, op, 1, left, left - 3, 96])
        left -= 3
    expected.append([36, 0xFA, 1, left, left - 2_600 - 100, 96])
    expected.append([0, 0xFE, 2, 100, 0, 0])
    left -= 2_700
    expected.append([37, 0x00, 1, left, left, 96])
    assert columns(trace) == expected


# -- isolation -- #


def test_each_transaction_is_isolated() -> None:
    # pop(sload(0)) pop(balance(other)) sstore(1, tload(0)) tstore(0, 1)
    program = code(0, "5450", OTHER, "3150", 0, "5c", 1, "55", 1, 0, "5d")
    first, second = agree("prague", world_of(program), message(), message())
    assert first == second
    cold = 3 + 2_100 + 2 + 3 + 2_600 + 2
    assert first.gas_spent == 21_000 + cold + (3 + 100 + 3 + 2_200) + (3 + 3 + 100)


def test_original_values_are_those_that_the_last_transaction_left() -> None:
    engine = engine_of("revm", "prague", world_of(code(0, "35", 0, "55")))
    base = 21_000 + 3 + 3 + 3

    def spent(word: int) -> tuple[int, int]:
        data = word.to_bytes(32, "big")
        execution = engine.execute(message(data))
        return execution.gas_spent - base - 4 * data.count(0) - 16 * (32 - data.count(0)), execution.gas_refund

    assert spent(1) == (22_100, 0)
    assert spent(2) == (5_000, 0)
    assert spent(2) == (2_200, 0)
    assert spent(0) == (5_000, 4_800)


@pytest.mark.parametrize("keep", ["always", "success", "never"])
def test_effects_are_kept_as_asked(keep: Keep) -> None:
    program = code(7, 0, "55", 0, "35", 12, "57", "fe", "5b")
    data = [bytes(31) + b"\x01", b""]
    succeeded, failed = agree("prague", world_of(program), *map(message, data), keep=keep)
    assert (succeeded.success, failed.success) == (True, False)
    engine = engine_of("revm", "prague", world_of(program))
    for each in data:
        engine.execute(message(each), keep)
    assert engine.nonce(SENDER) == {"always": 2, "success": 1, "never": 0}[keep]
    assert engine.storage(PROGRAM) == ({} if keep == "never" else {0: 7})


# -- creations -- #


@pytest.mark.parametrize("fork", ["london", "shanghai", "prague"])
@pytest.mark.parametrize(
    ("creation", "gas_limit", "halt"),
    [
        (CHILD, 200_000, None),
        (b"", 200_000, None),
        (code(0, 0, "fd"), 200_000, None),
        (code(0xEF, 0, "53", 1, 0, "f3"), 200_000, "Contract code begins with 0xEF"),
        (code(24_577, 0, "f3"), 10**7, "Contract code too large"),
        (code(24_576, 0, "f3"), 10**7, None),
        (code(24_576, 0, "f3"), 2 * 10**6, "Out of gas"),  # 200 gas a byte
        (code("33ff"), 200_000, None),
    ],
)
def test_creations(fork: str, creation: bytes, gas_limit: int, halt: str | None) -> None:
    world = world_of(b"")
    (execution, _) = agree(fork, world, *[message(creation, None, value=1, gas_limit=gas_limit)] * 2)
    assert execution.halt == halt
    assert (execution.created is None) == (not execution.success)


@pytest.mark.parametrize("fork", ["london", "prague"])
@pytest.mark.parametrize("account", [EngineAccount(nonce=1), EngineAccount(code=b"\x01"), EngineAccount(balance=5)])
def test_address_collisions(fork: str, account: EngineAccount) -> None:
    blank = engine_of("revm", fork, world_of(b""))
    creation = message(CHILD, None, gas_limit=100_000)
    created = blank.execute(creation, "never").created
    assert created is not None
    (execution,) = agree(fork, {**world_of(b""), created: account}, creation)
    assert execution.halt == (None if account.balance else "Address collision")
    factory = in_memory(CHILD) + code(len(CHILD), 0, 0, "f0", 0, "55")
    blank.set_account(PROGRAM, EngineAccount(nonce=1, code=factory))
    blank.execute(message())
    created = blank.storage_at(PROGRAM, 0).to_bytes(20, "big")
    agree(fork, {**world_of(factory), created: account}, message())


@pytest.mark.parametrize("nonce", [2**64 - 2, 2**64 - 1])
def test_the_last_nonces(nonce: int) -> None:
    agree("prague", world_of(in_memory(CHILD) + code(len(CHILD), 0, 0, "f0", 0, "55"), nonce=nonce), message())
    world = {SENDER: EngineAccount(nonce=nonce)}
    if nonce < 2**64 - 1:
        agree("prague", world, message(to=None))
    else:
        with pytest.raises(EvmError, match=r"sender 0x11.* has no nonce left"):
            engine_of("revm", "prague", world).execute(message(to=None))


def test_creation_code_that_is_too_long_is_out_of_gas_before_funds_are_looked_at() -> None:
    # EIP-3860. py-evm compares the balance first and goes on with a zero, which EIP-3860 does not allow.
    for value in (0, 1):
        program = code(49_153, 0, value, "f0", 0, "55")
        execution = engine_of("revm", "prague", world_of(program)).execute(message())
        assert (execution.success, execution.halt) == (False, "Out of gas")
    agree("prague", world_of(code(49_153, 0, 0, "f0", 0, "55")), message())
    agree("prague", world_of(code(49_152, 0, 1, "f0", 0, "55")), message())


# -- accounts that go -- #


@pytest.mark.parametrize("fork", ["london", "paris", "shanghai", "cancun", "prague"])
@pytest.mark.parametrize("target", [EMPTY, OTHER, PROGRAM, SENDER])
def test_selfdestruct(fork: str, target: bytes) -> None:
    world = world_of(code(target, "ff"), balance=7, storage={1: 2})
    agree(fork, {**world, OTHER: EngineAccount(balance=1)}, message(), message(value=3))
    gone = PROGRAM not in engine_after(fork, world).dump()
    assert gone == (FORKS.index(fork) < FORKS.index("cancun"))  # EIP-6780
    new = in_memory(code(target, "ff")) + code(22, 0, 5, "f0", 0, "55")
    agree(fork, world_of(new, balance=7), message())


def engine_after(fork: str, world: World) -> Engine:
    engine = engine_of("revm", fork, world)
    assert engine.execute(message()).success
    return engine


@pytest.mark.parametrize("opcode", ["f1", "fa", "f4", "f2", "ff", "31"])
@pytest.mark.parametrize("end", ["00", "fe"])
def test_empty_accounts_go_when_touched(opcode: str, end: str) -> None:
    program = code(EMPTY, opcode) if opcode in ("ff", "31") else call_of(EMPTY, opcode=opcode)
    world = world_of(program + code(end)) | {EMPTY: EngineAccount(), COINBASE: EngineAccount(), OTHER: EngineAccount()}
    engine = engine_of("revm", "prague", world)
    engine.execute(message())
    assert (OTHER in engine.dump(), COINBASE in engine.dump()) == (True, False)
    touched = opcode == "ff" or (opcode in ("f1", "fa") and end == "00")
    assert (EMPTY in engine.dump()) == (not touched)
    agree("prague", world, message(), message(to=OTHER))


# -- delegations -- #


@pytest.mark.parametrize("fork", ["cancun", "prague"])
@pytest.mark.parametrize("target", [OTHER, bytes(19) + b"\x02", EMPTY, DELEGATED])
def test_delegated_accounts(fork: str, target: bytes) -> None:
    designator = b"\xef\x01\x00" + target
    world = world_of(
        b"".join(call_of(DELEGATED, opcode=opcode) for opcode in ("f1", "f2", "f4", "fa"))
        + b"".join(code(DELEGATED, opcode, slot, "55") for slot, opcode in enumerate(("3b", "3f")))
    )
    world |= {
        DELEGATED: EngineAccount(nonce=1, code=designator),
        OTHER: EngineAccount(nonce=1, code=code("30", 3, "55")),
    }
    agree(fork, world, message(), message(to=DELEGATED), message(to=DELEGATED, value=1))
    for almost in (designator[:-1], designator + b"\0", b"\xef\x01\x01" + target, b"\xef\x01"):
        world[DELEGATED] = EngineAccount(nonce=1, code=almost)
        agree(fork, world, message(), message(to=DELEGATED))


# -- precompiles -- #


def big(*numbers: int, size: int = 32) -> bytes:
    return b"".join(number.to_bytes(size, "big") for number in numbers)


def g1(point: Any) -> bytes:
    return big(*(int(c) for c in point), size=64)


def g2(point: Any) -> bytes:
    return big(*(int(c) for coordinate in point for c in coordinate.coeffs), size=64)


def precompile_inputs() -> list[tuple[int, bytes]]:
    digest = sha256(b"dcai").digest()
    signature = PrivateKey(b"\x07" * 32).sign_msg_hash(digest)
    blake = (12).to_bytes(4, "big") + bytes(range(64)) + b"abc".ljust(128, b"\0") + bytes(16) + b"\x01"
    alt_bn = big(1, 2)
    alt_bn_g2 = big(
        0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
        0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
        0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
        0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
    )
    prime = 0x30644E72E131A029B85045B68181585D97816A916871CA8D3C208C16D87CFD47
    return [
        (1, digest + big(27 + signature.v, signature.r, signature.s)),
        (1, digest),
        (2, b"dcai" * 20),
        (3, b"dcai" * 20),
        (4, bytes(range(100))),
        (5, big(2, 3, 2) + b"\x12\x34" + b"\x01\x02\x03" + b"\x56\x79"),
        (5, big(1, 40, 40) + b"\x03" + b"\xff" * 80),
        (5, b""),
        (6, alt_bn + alt_bn),
        (6, big(1, 3)),
        (7, alt_bn + big(2**255)),
        (8, alt_bn + alt_bn_g2 + big(1, prime - 2) + alt_bn_g2),
        (8, b"\x01" * 191),
        (9, blake),
        (9, blake[:-1]),
        (0x0B, g1(G1) + g1(G1)),
        (0x0B, big(field_modulus, 0, 0, 0, size=64)),
        (0x0C, g1(G1) + big(3) + g1(bls_neg(G1)) + big(2**200)),
        (0x0D, g2(G2) + g2(G2)),
        (0x0E, g2(G2) + big(3)),
        (0x0F, g1(G1) + g2(G2) + g1(bls_neg(G1)) + g2(G2)),
        (0x10, big(7, size=64)),
        (0x11, big(7, 8, size=64)),
        (0x11, b""),
        (0x12, b"no precompile"),
        (0x100, b"none before Osaka"),
    ]


def forwarding(number: int, data: bytes) -> bytes:
    """Return a program that calls a precompile, and returns what it returned and whether it did."""
    call = call_of(big(number, size=20), inputs=len(data), gas=300_000)
    return in_memory(data) + call + code("3d", 0, 0, "3e", "3d", "52", 32, "3d01", 0, "f3")


@pytest.mark.parametrize(("number", "data"), precompile_inputs())
def test_precompiles(number: int, data: bytes) -> None:
    revm, reference = (engine_of(name, "prague", world_of(forwarding(number, data))) for name in ("revm", "py-evm"))
    execution = revm.execute(message())
    assert execution == reference.execute(message())
    assert revm.dump() == reference.dump()
    direct = revm.execute(message(data, big(number, size=20)))
    assert big(direct.success) == execution.output[-32:]
    assert direct.output == execution.output[:-32]
    assert direct.halt in (None, "Precompile failed")


@pytest.mark.parametrize("fork", ["london", "cancun"])
@pytest.mark.parametrize(("number", "data"), [(n, data) for n, data in precompile_inputs() if n not in (8, 0x0F)])
def test_older_forks_have_fewer_precompiles(fork: str, number: int, data: bytes) -> None:
    agree(fork, world_of(b""), message(data, big(number, size=20)))


def test_kzg_proofs_are_verified() -> None:
    # The zero polynomial: its commitment and its proof are the point at infinity, and it is zero everywhere. Not
    # compared with py-evm, which reads its trusted setup anew for each call, in seconds.
    infinity = b"\xc0" + bytes(47)
    data = b"\x01" + sha256(infinity).digest()[1:] + big(5, 0) + infinity + infinity
    for fork in ("cancun", "prague", "osaka"):
        engine = engine_of("revm", fork, world_of(b""))
        proven = engine.execute(message(data, big(10, size=20)))
        assert proven.output == big(
            4_096, 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
        )  # EIP-4844
        assert proven.gas_spent == 21_000 + 4 * data.count(0) + 16 * (192 - data.count(0)) + 50_000
        wrong = data[:95] + b"\x01" + data[96:]  # it is not one anywhere
        assert engine.execute(message(wrong, big(10, size=20))).halt == "Precompile failed"
    assert engine_of("revm", "shanghai", world_of(b"")).execute(message(data, big(10, size=20))).output == b""


def test_the_precompiles_compute_something() -> None:
    # Without this two engines without precompiles would agree as well.
    engine = engine_of("revm", "prague", world_of(b""))
    output = {
        number: engine.execute(message(data, big(number, size=20))).output for number, data in precompile_inputs()
    }
    assert output[2] == sha256(b"dcai" * 20).digest()
    assert output[4] == bytes(range(100))
    first: dict[int, Execution] = {}
    for number, data in precompile_inputs():
        first.setdefault(number, engine.execute(message(data, big(number, size=20))))
    assert first[1].output[12:] == PrivateKey(b"\x07" * 32).public_key.to_canonical_address()
    assert first[5].output == big(pow(0x1234, 0x010203, 0x5679), size=2)
    assert first[8].output == first[0x0F].output == big(1)
    assert [number for number, execution in first.items() if not execution.output] == [0x12, 0x100]


# -- limits -- #


@pytest.mark.parametrize("program", [b"", call_of(OTHER) + code(7, 1, "55")], ids=["stops", "calls"])
def test_every_gas_limit(program: bytes) -> None:
    world = world_of(program or code(5, "8015", 9, "57", 1, 0, "53", "5b", 32, 0, "20"), storage={1: 1})
    world[OTHER] = EngineAccount(nonce=1, code=code(9, 0, "55"))
    revm, reference = (engine_of(name, "prague", world) for name in ("revm", "py-evm"))
    limits = [*range(21_000, 21_100), *range(23_500, 24_000, 7), *range(45_000, 52_000, 47), *range(50_700, 50_900)]
    outcomes = set()
    for gas_limit in limits:
        transaction = message(gas_limit=gas_limit)
        execution = revm.execute(transaction, "never")
        assert same(execution) == same(reference.execute(transaction, "never"))
        outcomes.add(execution.halt)
    assert outcomes == {None, "Out of gas"}


def test_calls_go_1024_deep() -> None:
    counting = code(0, "54", 1, "01", 0, "55", 0, 0, 0, 0, 0, "305af1")  # sstore(0, sload(0) + 1), and call itself
    engine = engine_of("revm", "prague", world_of(counting))
    assert engine.execute(message(gas_limit=10**13)).success
    assert engine.storage(PROGRAM) == {0: 1_025}
    calling = world_of(code(0, 0, 0, 0, 0, "305af1"))
    revm, reference = (engine_of(name, "prague", calling) for name in ("revm", "py-evm"))
    assert revm.execute(message(gas_limit=10**13)) == reference.execute(message(gas_limit=10**13))


def test_memory_beyond_4_gib_is_out_of_gas() -> None:
    execution = engine_of("revm", "prague", world_of(code(1, 2**33, "52"))).execute(message(gas_limit=2**63))
    assert execution.halt == "Out of gas"


def test_the_refund_is_reported_before_its_cap_and_the_gas_before_the_floor() -> None:
    clear = b"".join(code(0, slot, "55") for slot in range(20))
    world = world_of(clear, storage=dict.fromkeys(range(20), 1))
    capped, floored = agree("prague", world, message(), message(b"\xff" * 3_000), keep="never")
    assert (capped.gas_spent, capped.gas_refund) == (21_000 + 20 * 5_006, 20 * 4_800)
    assert floored.gas_spent == 21_000 + 48_000 + 20 * 5_006
    receipts = []
    for name in ("revm", "py-evm"):
        chain = Evm(name)
        chain.set_account("0x" + PROGRAM.hex(), code=clear, storage=dict.fromkeys(range(20), 1))
        receipts.append(chain.simulate("0x" + PROGRAM.hex(), b"\xff" * 3_000))
    assert receipts[0] == receipts[1]
    assert receipts[0].gas_used == receipts[0].floor == 21_000 + 120_000


# -- halts -- #


@pytest.mark.parametrize(
    ("program", "gas", "halt"),
    [
        ("5b600056", 10_000, "Out of gas"),
        ("fe", 10_000, "Invalid opcode"),
        ("0c", 0, "Invalid opcode"),
        ("1e", 0, "Invalid opcode"),  # CLZ, of a later fork
        ("600056", 10_000, "Invalid jump destination"),
        ("01", 10_000, "Stack underflow"),
        ("01", 2, "Out of gas"),  # a fixed price comes first
        ("54", 2, "Stack underflow"),  # a price that depends on the operand cannot
        ("f1", 2, "Stack underflow"),
        ("600060006000f5", 10_000, "Stack underflow"),
        ("60006000a2", 380, "Out of gas"),  # LOG2, whose 375 come before the operands, and the rest after
        ("60006000a2", 381, "Stack underflow"),
        ("55", 2_300, "Out of gas"),  # EIP-2200 looks at the gas before anything else
        ("55", 2_301, "Stack underflow"),
        ("80", 10_000, "Stack underflow"),
        ("600090", 10_000, "Stack underflow"),
        ("6000" + "80" * 1_024, 10_000, "Stack overflow"),
        ("6000" * 1_025, 10_000, "Stack overflow"),
        ("60016000600" + "03e", 10_000, "Return data out of bounds"),
        ("61ffff600060003e", 12, "Return data out of bounds"),  # before the price of the words
        ("61ffff600060003e", 11, "Out of gas"),
    ],
)
def test_words_for_halts(program: str, gas: int, halt: str) -> None:
    (execution,) = agree("prague", world_of(code(program)), message(gas_limit=21_000 + gas))
    assert execution.halt == halt
    engine = engine_of("revm", "prague", world_of(code(program)))
    assert engine.trace(message(gas_limit=21_000 + gas))[0] == execution


# -- osaka -- #

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
P256VERIFY = bytes.fromhex("0100").rjust(20, b"\0")
MODEXP = b"\x05".rjust(20, b"\0")


def p256_multiply(scalar: int) -> tuple[int, int]:
    """Multiply the base point of P-256, in the plainest way."""

    def add(a: tuple[int, int] | None, b: tuple[int, int] | None) -> tuple[int, int] | None:
        if a is None or b is None:
            return a or b
        if a[0] == b[0] and (a[1] + b[1]) % P == 0:
            return None
        slope = (3 * a[0] ** 2 - 3) * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
        x = (slope**2 - a[0] - b[0]) % P
        return x, (slope * (a[0] - x) - a[1]) % P

    total: tuple[int, int] | None = None
    addend: tuple[int, int] | None = BASE
    while scalar:
        total = add(total, addend) if scalar & 1 else total
        addend, scalar = add(addend, addend), scalar >> 1
    assert total is not None
    return total


def osaka(program: bytes = b"", fork: str = "osaka") -> Engine:
    return engine_of("revm", fork, world_of(program))


def test_a_transaction_is_bounded_in_osaka_and_a_call_is_not() -> None:
    chain = Evm("revm", "osaka")
    chain.set_account("0x" + PROGRAM.hex(), code=code("5a", 0, "52", 32, 0, "f3"))
    to = "0x" + PROGRAM.hex()
    message_ = r"gas limit of 16,777,217 is above 16,777,216, the maximum of a transaction since Osaka \(EIP-7825\)"
    for send in (chain.transact, chain.simulate, chain.transact_if_successful, chain.trace):
        with pytest.raises(EvmError, match=message_):
            send(to, gas_limit=MAX_TRANSACTION_GAS + 1)
        send(to, gas_limit=MAX_TRANSACTION_GAS)
    assert int.from_bytes(chain.call(to, b""), "big") == 50_000_000 - 21_000 - 2
    assert Evm("revm", "prague").simulate(to, gas_limit=MAX_TRANSACTION_GAS + 1).success


@pytest.mark.parametrize(("word", "zeros"), [(0, 256), (1, 255), (2**255, 0), (2**200 + 5, 55)])
def test_clz(word: int, zeros: int) -> None:
    engine = osaka(code(word, "1e", 0, "52", 32, 0, "f3"))  # EIP-7939
    execution = engine.execute(message())
    assert execution.output == big(zeros)
    assert execution.gas_spent == 21_000 + 3 + 5 + 3 + 6 + 3 + 3


def test_p256_signatures_are_verified() -> None:
    digest, key, nonce = sha256(b"dcai").digest(), 0xDCA1, 0xC0FFEE
    r = p256_multiply(nonce)[0] % N
    s = pow(nonce, -1, N) * (int.from_bytes(digest, "big") + r * key) % N
    data = digest + big(r, s, *p256_multiply(key))
    spent = 21_000 + 4 * data.count(0) + 16 * (160 - data.count(0))
    for signed, output in ((data, big(1)), (data[:-1] + bytes([data[-1] ^ 1]), b""), (data[:-1], b"")):
        execution = osaka().execute(message(signed, P256VERIFY))
        assert (execution.success, execution.output) == (True, output)
    assert osaka().execute(message(data, P256VERIFY)).gas_spent == spent + 6_900  # EIP-7951
    assert osaka(fork="prague").execute(message(data, P256VERIFY)).gas_spent == spent


@pytest.mark.parametrize(
    ("sizes", "exponent", "prague", "since_osaka"),
    [
        ((1, 1, 1), 3, 200, 500),  # the least price of EIP-2565, and of EIP-7883
        ((32, 32, 32), 2**256 - 1, 16 * 255 // 3, 16 * 255),  # words squared a bit; no longer divided by three
        ((64, 32, 64), 2**256 - 1, 64 * 255 // 3, 2 * 64 * 255),  # twice that beyond 32 bytes
        ((32, 40, 32), 2**320 - 1, 16 * (255 + 8 * 8) // 3, 16 * (255 + 16 * 8)),  # 16 for each byte beyond 32
    ],
)
def test_modexp_has_another_price(sizes: tuple[int, int, int], exponent: int, prague: int, since_osaka: int) -> None:
    base, modulus = 3, 256 ** sizes[2] - 5
    data = big(*sizes) + big(base, size=sizes[0]) + big(exponent, size=sizes[1]) + big(modulus, size=sizes[2])
    calldata = 4 * data.count(0) + 16 * (len(data) - data.count(0))
    for fork, price in (("prague", prague), ("osaka", since_osaka)):
        execution = osaka(fork=fork).execute(message(data, MODEXP))
        assert execution.output == big(pow(base, exponent, modulus), size=sizes[2])
        assert execution.gas_spent == 21_000 + calldata + price


def test_modexp_is_bounded() -> None:
    data = big(1, 1, 1_025) + b"\x03\x05" + b"\xff" * 1_025  # EIP-7823
    assert osaka(fork="prague").execute(message(data, MODEXP)).success
    assert osaka().execute(message(data, MODEXP)).halt == "Precompile failed"


def test_osaka_leaves_what_prague_has() -> None:
    for name, program in programs().items():
        world = world_of(program, balance=10, storage={0: 1, 1: 2, 2: 3})
        engines = [engine_of("revm", fork, world) for fork in ("prague", "osaka")]
        executions, traces = zip(*(engine.trace(message(bytes(40)), "always") for engine in engines), strict=True)
        assert executions[0] == executions[1], name
        assert columns(traces[0]) == columns(traces[1])
        assert engines[0].dump() == engines[1].dump()


def test_py_evm_refuses_osaka_by_name() -> None:
    with pytest.raises(
        InputError, match=r"the engine 'py-evm' does not support the fork 'osaka'; it supports london, .*prague$"
    ):
        Evm("py-evm", "osaka")


# -- state -- #


def test_a_world_goes_from_one_engine_to_another() -> None:
    world = {
        SENDER: EngineAccount(nonce=2**64 - 1, balance=2**256 - 1),
        EMPTY: EngineAccount(),
        PROGRAM: EngineAccount(1, 5, BEYOND_CODE, {2**256 - 1: 2**255, 0: 1, 7: 2**64}),
    }
    revm, reference = create_engine("revm", "prague"), create_engine("py-evm", "prague")
    revm.load(world)
    reference.load(revm.dump())
    assert revm.dump() == reference.dump() == world
    assert list(revm.storage(PROGRAM)) == [0, 7, 2**256 - 1]
    assert (revm.storage_at(PROGRAM, 7), revm.storage_at(PROGRAM, 8), revm.storage_at(OTHER, 7)) == (2**64, 0, 0)
    assert (revm.nonce(SENDER), revm.balance(SENDER), revm.code(PROGRAM)) == (2**64 - 1, 2**256 - 1, BEYOND_CODE)
    assert (revm.nonce(OTHER), revm.balance(OTHER), revm.code(OTHER), revm.storage(OTHER)) == (0, 0, b"", {})
    revm.set_account(PROGRAM, EngineAccount(storage={1: 1, 2: 0}))
    assert revm.dump()[PROGRAM] == EngineAccount(storage={1: 1})
    revm.load({})
    assert revm.dump() == {}


def test_what_cannot_be_run_is_refused_and_changes_nothing() -> None:
    engine = engine_of("revm", "prague", world_of(b""))
    before = engine.dump()
    with pytest.raises(EvmError, match=rf"sender 0x1111.* has {10**18} wei and cannot send {10**18 + 1}"):
        engine.execute(message(value=10**18 + 1))
    with pytest.raises(EvmError, match=r"cannot be run: .*21000.*20999"):
        engine.trace(message(gas_limit=20_999))
    assert engine.dump() == before
    assert engine.execute(message()).success


@pytest.mark.parametrize(
    ("transaction", "keep", "text"),
    [
        (message(sender=b"\1" * 19), "never", "sender has 19 bytes; an address has 20"),
        (message(to=b""), "never", "to has 0 bytes; an address has 20"),
        (message(value=-1), "never", "value is -1, and must be an integer from 0 to 2\\^256 - 1"),
        (message(value=2**256), "never", "value is 1157920"),
        (message(gas_limit=2**64), "never", "gas limit is 18446744073709551616"),
        (message(), "sometimes", "keep is 'sometimes'; it must be 'always', 'success' or 'never'"),
    ],
)
def test_the_native_side_names_what_is_wrong(transaction: Transaction, keep: str, text: str) -> None:
    native = _kernels.Revm("prague")
    for run in (native.execute, native.trace):
        with pytest.raises(InputError, match=text):
            run(transaction, keep)
    with pytest.raises(InputError, match=r"fork 'berlin' is unknown to revm; it knows london, .*osaka$"):
        _kernels.Revm("berlin")
    with pytest.raises(InputError, match="storage word at slot 5 is -1"):
        native.set_account(SENDER, 0, 0, b"", {5: -1})


def test_threads_share_an_engine() -> None:
    engine = engine_of("revm", "prague", world_of(code(0, "54", 1, "01", 0, "55")))

    def send() -> None:
        for _ in range(200):
            engine.execute(message())

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (engine.storage(PROGRAM), engine.nonce(SENDER)) == ({0: 800}, 800)
