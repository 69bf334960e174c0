"""The compiled loop against py-evm's own: results, gas, errors, state and every step are the same."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import pytest
from eth.vm.forks.prague import PragueVM
from eth.vm.logic import arithmetic
from eth.vm.opcode import as_opcode
from hypothesis import given
from hypothesis import strategies as st

from dcai import (
    DensePerceptron,
    NearestCentroidClassifier,
    Revert,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.errors import EvmError
from dcai.evm import Evm
from dcai.evm.engines.engine import Engine, EngineAccount, Execution, Keep, Trace, Transaction
from dcai.evm.engines.py_evm import PyEvm
from dcai.evm.engines.py_evm_compiled import PyEvmCompiled
from dcai.evm.engines.registry import create_engine
from dcai.evm.hashing import keccak
from dcai.models import Classifier
from tests.support.bounds import WORDS

# py-evm warns of SELFDESTRUCT.
pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT")

SENDER = b"\x01" * 20
PROGRAM = b"\x02" * 20
#: Returns its calldata and what it was paid; with none it reverts with "no".
ECHO = b"\x03" * 20
ECHO_CODE = bytes.fromhex("3615601057365f5f37345f35015f52365ff35b616e6f5f52 6002601efd".replace(" ", ""))
#: Has no code, but a balance.
NOBODY = b"\x04" * 20
#: A precompile.
IDENTITY = bytes(19) + b"\x04"

GAS = 300_000
UPFRONT = 21_000


# -- running -- #


@cache
def engine(name: str, fork: str) -> Engine:
    return create_engine(name, fork)


def world(code: bytes, storage: dict[int, int] | None = None) -> dict[bytes, EngineAccount]:
    return {
        SENDER: EngineAccount(balance=10**18),
        PROGRAM: EngineAccount(1, 10**6, code, storage or {}),
        ECHO: EngineAccount(1, 0, ECHO_CODE),
        NOBODY: EngineAccount(0, 5),
    }


def run(
    name: str,
    code: bytes,
    data: bytes = b"",
    *,
    fork: str = "prague",
    gas_limit: int = GAS,
    value: int = 0,
    storage: dict[int, int] | None = None,
    creates: bool = False,
    traced: bool = True,
) -> tuple[Execution, Trace | None, dict[bytes, EngineAccount]]:
    """Run a program, and return all that can be seen of it."""
    chosen = engine(name, fork)
    chosen.load(world(b"" if creates else code, storage))
    to, data = (None, code) if creates else (PROGRAM, data)
    transaction = Transaction(SENDER, to, data, value, gas_limit)
    execution, trace = chosen.trace(transaction, "always") if traced else (chosen.execute(transaction), None)
    return execution, trace, chosen.dump()


def assert_same(code: bytes, data: bytes = b"", **options: Any) -> Execution:
    """Run a program with both loops, and compare."""
    expected, steps, after = run("py-evm", code, data, **options)
    execution, our_steps, our_after = run("py-evm-compiled", code, data, **options)
    assert execution == expected
    assert our_after == after
    if steps is None or our_steps is None:
        return execution
    for column in ("pc", "op", "depth", "gas", "gas_after", "memory"):
        ours = getattr(our_steps, column)
        assert ours.dtype == getattr(steps, column).dtype
        assert ours.tolist() == getattr(steps, column).tolist(), column
    return execution


def push(number: int) -> bytes:
    """PUSH1 to PUSH32, since PUSH0 is younger than some forks."""
    size = max(1, (number.bit_length() + 7) // 8)
    return bytes([0x5F + size]) + number.to_bytes(size, "big")


def words(output: bytes) -> list[int]:
    return [int.from_bytes(output[i : i + 32], "big") for i in range(0, len(output), 32)]


# -- programs, against py-evm's loop -- #


@pytest.mark.parametrize("fork", PyEvmCompiled.FORKS)
def test_every_opcode_of_every_fork(fork: str) -> None:
    for op in range(256):
        code = push(2) * 3 + push(1) * 14 + bytes([op]) + push(7) * 32 + push(0) + b"\x52\x59\x5a\x58"
        assert_same(code, bytes(range(64)), fork=fork, value=3)


@pytest.mark.parametrize("height", [0, 1, 2, 3, 4, 5, 6, 7, 15, 16, 17, 1022, 1023, 1024])
def test_every_opcode_at_every_height_of_the_stack(height: int) -> None:
    for op in range(256):
        assert_same(b"\x5f" * height + bytes([op]), traced=False)


def test_the_stack_holds_1024_words() -> None:
    assert assert_same(b"\x5f" * 1024).success
    assert assert_same(b"\x5f" * 1025).halt == "Stack overflow"
    assert assert_same(b"\x5f" * 1024 + b"\x80").halt == "Stack overflow"
    assert assert_same(b"\x5f" * 1024 + b"\x9f\x50\x8f").success
    assert assert_same(b"\x50").halt == "Stack underflow"


PLACES = [0, 1, 31, 32, 33, 1_000, 2**20, 2**32 - 1, 2**42, 2**63, 2**64 - 33, 2**64 - 1, 2**64, 2**255, 2**256 - 1]
SIZES = [0, 1, 32, 33, 2**20, 2**64 - 1, 2**64, 2**256 - 1]


@pytest.mark.parametrize("op", [0x51, 0x52, 0x53], ids=["mload", "mstore", "mstore8"])
def test_places_in_memory(op: int) -> None:
    for place in PLACES:
        code = push(2**256 - 3) + push(place) + bytes([op]) + bytes.fromhex("595a") + push(0) + b"\x51"
        assert_same(code + bytes.fromhex("5f5260205ff3"))


@pytest.mark.parametrize("op", [0x20, 0xA0, 0xF3, 0xFD], ids=["keccak256", "log0", "return", "revert"])
def test_ranges_of_memory(op: int) -> None:
    for place, size in product(PLACES, SIZES):
        assert_same(bytes.fromhex("67112233445566778860035359") + push(size) + push(place) + bytes([op]))


@pytest.mark.parametrize("op", [0x37, 0x39, 0x3E, 0x5E], ids=["calldatacopy", "codecopy", "returndatacopy", "mcopy"])
def test_copies(op: int) -> None:
    # 33 bytes of calldata, and after a call 33 bytes of return data and a word.
    called = push(0) * 2 + push(33) + push(0) * 2 + b"\x73" + ECHO + push(10**5) + b"\xf1"
    sources = [0, 1, 31, 33, 34, 65, 66, 2**64 - 1, 2**256 - 1]
    for target, source, size in product([0, 3, 40, 2**64], sources, [0, 1, 32, 34, 2**64]):
        code = push(2**255 + 12345) + push(1) + b"\x52" + called + push(size) + push(source) + push(target)
        assert_same(code + bytes([op]) + bytes.fromhex("593df3"), bytes(range(1, 34)))


@pytest.mark.parametrize("place", [0, 1, 31, 32, 33, 63, 64, 2**64 - 1, 2**64, 2**256 - 1])
def test_calldata_has_zeros_after_its_end(place: int) -> None:
    code = push(place) + bytes.fromhex("355f5260205ff3")
    for size in (0, 1, 31, 32, 33, 64):
        execution = assert_same(code, bytes(range(1, size + 1)))
        assert execution.output == (bytes(range(1, size + 1))[place:][:32] if place < 64 else b"").ljust(32, b"\0")


@pytest.mark.parametrize(
    ("code", "halt"),
    [
        ("600356", "Invalid jump destination"),
        ("60ff56", "Invalid jump destination"),
        ("6801000000000000000356", "Invalid jump destination"),
        ("6003565b", None),
        ("600456605b", "Invalid jump destination"),
        ("6004567f5b", "Invalid jump destination"),
        ("60016006575b005b60016001 57".replace(" ", ""), "Invalid jump destination"),
        ("5f600357", None),
        ("60ff", None),
        ("61ff", None),
        ("7fff", None),
        ("0c", "Invalid opcode"),
        ("fe", "Invalid opcode"),
        ("", None),
    ],
)
def test_jumps_and_ends(code: str, halt: str | None) -> None:
    assert assert_same(bytes.fromhex(code)).halt == halt


PAYING = bytes.fromhex(
    "610123600a0a50"  # 0x123 ** 10
    "6103e860e65360206040602037"  # mstore8, calldatacopy
    "600a600360a039600a60c0600320"  # codecopy, keccak256
    "50602061012060055e5a5059505b"  # mcopy, gas, msize
    "5f545f556001600255600360015f5fa1"  # sload, sstore of the same and of another word, log1
    "60406103205ff3"
)


def test_every_gas_limit_up_to_what_a_program_costs() -> None:
    code = PAYING[: PAYING.index(b"\x5b\x5f\x54")]
    cost = assert_same(code, b"\1" * 33).gas_spent
    upfront = UPFRONT + 33 * 16
    assert 200 < cost - upfront < 600
    for gas_limit in range(upfront, cost + 2):
        assert assert_same(code, b"\1" * 33, gas_limit=gas_limit).success == (gas_limit >= cost)


def test_gas_limits_near_every_step() -> None:
    execution, trace, _ = run("py-evm", PAYING)
    assert trace is not None
    assert execution.success
    for left in {*trace.gas.tolist(), *trace.gas_after.tolist()}:
        for more in (-1, 0, 1, 2299, 2300, 2301):
            assert_same(PAYING, gas_limit=max(UPFRONT, GAS - left + more))


@pytest.mark.parametrize("original", [0, 1, 2])
def test_every_sequence_of_writes(original: int) -> None:
    for values in product([0, 1, 2], repeat=3):
        code = b"".join(push(value) + push(7) + b"\x55" + push(7) + b"\x54\x50" for value in values)
        execution = assert_same(code, storage={7: original})
        assert execution.success


@pytest.mark.parametrize("calling", [0xF1, 0xF2, 0xF4, 0xFA], ids=["call", "callcode", "delegatecall", "staticcall"])
def test_calls(calling: int) -> None:
    value = push(2) if calling in (0xF1, 0xF2) else b""
    # Return whether it succeeded, the size of what it returned and that; called with data, write, or revert if there
    # are many. A static call must not write.
    after = bytes.fromhex("5f523d6020523d5f60803e6101205ff3")
    inner = bytes.fromhex("5b602036116077576001600155305f525f5260205ff35b5f5ffd")
    for to, size, gas in product([ECHO, PROGRAM, NOBODY, b"\x05" * 20, IDENTITY], [0, 32, 40], [0, 9_000, 2**256 - 1]):
        call = push(48) + push(64) + push(size) + push(3) + value + b"\x73" + to + push(gas) + bytes([calling])
        code = (bytes.fromhex("36606057") + call + after).ljust(0x60, b"\0") + inner
        assert_same(code, storage={1: 5})


def test_what_a_reverted_call_has_touched_is_cold_again() -> None:
    # With data: write to slot 7, read slot 8 and the balance of 0x99, revert. Without: do so in a call, then again.
    touch = bytes.fromhex("60016007556008545060993150")
    call = bytes.fromhex("5f5f60015f5f305af150")
    code = bytes.fromhex("36602f57") + call + touch + b"\0"
    code = code.ljust(0x2F, b"\0") + b"\x5b" + touch + bytes.fromhex("5f5ffd")
    execution = assert_same(code, storage={7: 1, 8: 1})
    assert execution.success
    # The call, and each of the three accesses cold twice.
    assert execution.gas_spent > UPFRONT + 2 * (2_100 + 2_100 + 2_600)


def test_creations() -> None:
    runtime = bytes.fromhex("5f545f5260205ff3")
    init = bytes([0x60, len(runtime), 0x60, 12, 0x60, 0, 0x39, 0x60, len(runtime), 0x60, 0, 0xF3]) + runtime
    ends = {
        "created": init,
        "reserved": bytes.fromhex("60ef5f5360015ff3"),
        "too large": bytes.fromhex("6160015ff3"),
        "reverted": bytes.fromhex("600160025560015ffd"),
        "invalid": b"\xfe",
        "destroyed": bytes.fromhex("30ff"),
        "nested": bytes.fromhex("60055f5ff05f5260205ff3"),
    }
    halts = {
        "reserved": "Contract code begins with 0xEF",
        "too large": "Contract code too large",
        "invalid": "Invalid opcode",
    }
    for name, code in ends.items():
        assert assert_same(code, creates=True, gas_limit=10**7).halt == halts.get(name)
        for op, salt in ((0xF0, b""), (0xF5, push(9))):
            store = b"".join(push(byte) + push(i) + b"\x53" for i, byte in enumerate(code))
            create = salt + push(len(code)) + push(0) + push(1) + bytes([op])
            after = bytes.fromhex("803b90315f5260205260405ff3")
            assert_same(store + create + (create if salt else b"") + after, gas_limit=10**7)


def test_a_creation_of_initcode_that_is_too_long() -> None:
    assert assert_same(push(49_152) + push(0) + push(0) + b"\xf0", gas_limit=10**7).success
    assert assert_same(push(49_153) + push(0) + push(0) + b"\xf0", gas_limit=10**7).halt == "Out of gas"


# sload(0) + 1 to slot 0, call itself with all gas, return what that returned plus 1.
DEEP = bytes.fromhex("5f546001015f5560205f5f5f5f305af1505f516001015f5260205ff3")


def test_calls_up_to_the_greatest_depth() -> None:
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # as it is where nothing else has raised it
    try:
        execution = assert_same(DEEP, gas_limit=2**40, traced=False)
    finally:
        sys.setrecursionlimit(limit)
    assert words(execution.output) == [1025]


@pytest.mark.parametrize("name", ["py-evm", "py-evm-compiled"])
def test_calls_too_deep_for_python_say_so_and_leave_the_state_as_it_was(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = create_engine(name, "prague")
    chosen.load(world(DEEP))
    before = chosen.dump()
    limit = sys.getrecursionlimit()
    monkeypatch.setattr("dcai.evm.engines.py_evm.EVM_RECURSION_LIMIT", 0)
    sys.setrecursionlimit(1_000)
    try:
        with pytest.raises(EvmError, match="nest too deep for this Python"):
            chosen.execute(Transaction(SENDER, PROGRAM, b"", 0, 2**40))
    finally:
        sys.setrecursionlimit(limit)
    assert chosen.dump() == before


def test_calls_until_the_gas_is_used_up() -> None:
    assert 3 < words(assert_same(DEEP, gas_limit=80_000).output)[0] < 1025


# -- any programs -- #

SMALL = st.one_of(st.integers(0, 70), st.sampled_from(WORDS))
ADDRESSES = st.sampled_from([PROGRAM, ECHO, NOBODY, bytes(19) + b"\x02", bytes(19) + b"\x04", b"\x09" * 20])
PUSHES = SMALL.map(push)
ANY_OPCODE = st.integers(0, 255).map(lambda op: bytes([op]))


def with_arguments(op: int, *arguments: Any) -> st.SearchStrategy[bytes]:
    """An opcode with words that suit it; the first argument ends on top."""
    return st.tuples(*reversed(arguments)).map(lambda pushes: b"".join(pushes) + bytes([op]))


PLACE = st.integers(0, 100).map(push)
TO = ADDRESSES.map(lambda address: b"\x73" + address)
SOME_GAS = st.sampled_from([0, 700, 5_000, 30_000, 2**256 - 1]).map(push)
SLOT = st.integers(0, 2).map(push)
VALUE = st.integers(0, 2).map(push)
CHUNKS = st.one_of(
    PUSHES,
    ANY_OPCODE,
    st.integers(0x01, 0x20).map(lambda op: bytes([op])),
    st.binary(min_size=1, max_size=6),
    with_arguments(0x52, PLACE, PUSHES),
    with_arguments(0x51, PLACE),
    with_arguments(0x20, PLACE, PLACE),
    with_arguments(0x5E, PLACE, PLACE, PLACE),
    with_arguments(0x3E, PLACE, PLACE, PLACE),
    with_arguments(0x54, SLOT),
    with_arguments(0x55, SLOT, VALUE),
    with_arguments(0x5C, SLOT),
    with_arguments(0x5D, SLOT, VALUE),
    with_arguments(0xA2, PLACE, PLACE, PUSHES, PUSHES),
    with_arguments(0xF1, SOME_GAS, TO, VALUE, PLACE, PLACE, PLACE, PLACE),
    with_arguments(0xF4, SOME_GAS, TO, PLACE, PLACE, PLACE, PLACE),
    with_arguments(0xFA, SOME_GAS, TO, PLACE, PLACE, PLACE, PLACE),
    with_arguments(0xF0, VALUE, PLACE, PLACE),
    with_arguments(0xF5, VALUE, PLACE, PLACE, VALUE),
)
PROGRAMS = st.lists(CHUNKS, min_size=1, max_size=40).map(b"".join)


@given(
    code=PROGRAMS,
    data=st.binary(max_size=70),
    fork=st.sampled_from(PyEvmCompiled.FORKS),
    gas_limit=st.sampled_from([22_500, 40_000, 150_000]),
    value=st.integers(0, 1),
    storage=st.dictionaries(st.integers(0, 2), st.integers(1, 2)),
)
def test_any_program(code: bytes, data: bytes, fork: str, gas_limit: int, value: int, storage: dict[int, int]) -> None:
    assert_same(code, data, fork=fork, gas_limit=gas_limit, value=value, storage=storage)


@given(code=PROGRAMS, fork=st.sampled_from(PyEvmCompiled.FORKS))
def test_any_creation(code: bytes, fork: str) -> None:
    assert_same(code, fork=fork, creates=True)


# -- transactions that follow each other -- #

WRITER = b"\x07" * 20
#: sstore(calldataload(0), calldataload(32)), then a jump to the end that the third word names.
WRITER_CODE = bytes.fromhex("6020355f3555604035565b005b5f5ffd5bfe5b5fff")
STOPPED, REVERTED, HALTED, DESTROYED = 10, 12, 16, 18

FACTORY = b"\x06" * 20
#: Creates a contract of its calldata at an address that depends on that alone, and calls it.
FACTORY_CODE = bytes.fromhex("365f5f375f365f5ff55f5f5f5f5f85620186a0f100")


def child(runtime: str, end: str = "") -> bytes:
    """Return creation code that writes to slot 1, then ends as given or returns the code."""
    code = bytes.fromhex(runtime)
    start = bytes.fromhex("6009600155" + end)
    copy = push(len(code)) + push(len(start) + 11) + b"\x5f\x39" + push(len(code)) + b"\x5f\xf3"
    return start + copy.ljust(11, b"\0") + code


#: Writes to slot 2; then stops, destroys itself, halts, or destroys itself where it gets data.
RUNTIMES = ("600360025500", "60036002555fff", "6003600255fe", "600360025536600a57005b5fff")
CHILDREN = [child(runtime) for runtime in RUNTIMES] + [child("00", end) for end in ("5f5ffd", "5fff")]


def child_address(code: bytes) -> bytes:
    return keccak(b"\xff" + FACTORY + bytes(32) + keccak(code))[12:]


STEPS = st.one_of(
    st.builds(
        lambda slot, value, end: (WRITER, b"".join(number.to_bytes(32, "big") for number in (slot, value, end))),
        st.integers(0, 1),
        st.integers(0, 2),
        st.sampled_from([STOPPED, REVERTED, HALTED, DESTROYED]),
    ),
    st.sampled_from([(FACTORY, code) for code in CHILDREN]),
    st.sampled_from([(child_address(code), data) for code in CHILDREN for data in (b"", b"\1")]),
)


def assert_follow(fork: str, steps: list[tuple[tuple[bytes, bytes], Keep]]) -> None:
    engines = [engine(name, fork) for name in ("py-evm", "py-evm-compiled")]
    accounts = {WRITER: EngineAccount(1, 9, WRITER_CODE, {0: 1}), FACTORY: EngineAccount(1, 9, FACTORY_CODE)}
    for each in engines:
        each.load(world(b"") | accounts)
    for (to, data), keep in steps:
        stock, compiled = (each.execute(Transaction(SENDER, to, data, 0, 10**6), keep) for each in engines)
        assert compiled == stock
        assert engines[1].dump() == engines[0].dump()


def test_a_contract_destroyed_and_created_again_begins_with_empty_storage() -> None:
    code = CHILDREN[3]
    create, destroy = (FACTORY, code), (child_address(code), b"\1")
    assert_follow("shanghai", [(create, "always"), (destroy, "never"), (destroy, "always"), (create, "always")])


@given(
    fork=st.sampled_from(["shanghai", "prague"]),
    steps=st.lists(st.tuples(STEPS, st.sampled_from(["always", "success", "never"])), min_size=1, max_size=12),
)
def test_transactions_that_follow_each_other(fork: str, steps: list[tuple[tuple[bytes, bytes], Keep]]) -> None:
    assert_follow(fork, steps)


# -- the contracts -- #

MODELS: list[tuple[Classifier, list[tuple[Any, int]]]] = [
    (
        DensePerceptron([1, -2, 3], -5, 10**9),
        [([600_000_000, 800_000_000, 0], 1), ([600_000_000, 800_000_000, 0], 0), ([0, 10**9, 0], 1), ([1, 2, 3], 0)],
    ),
    (SparsePerceptron([5] * 9, -1, 5), [([1, 2, 3], 1), ([1, 2, 3], 0), ([2, 8], 0), ([1, -2], 0), ([1], 9)]),
    (
        NearestCentroidClassifier([[10**9, 0], [0, 10**9]], [2, 3]),
        [([600_000_000, 800_000_000], 1), ([600_000_000, 800_000_000], 0), ([1, 2], 0), ([0], 1)],
    ),
    (
        SparseNearestCentroidClassifier([[(0, 5), (3, 8)], [(1, 9)]], [3, 1]),
        [([0, 3], 0), ([1, 2], 0), ([2], 1), ([2, 1], 1)],
    ),
]


def story(name: str, fork: str, model: Classifier, rows: list[tuple[Any, int]]) -> Iterator[Any]:
    """Yield all that can be seen of a contract's life."""
    chain = Evm(name, fork)
    contract = chain.deploy(model)
    yield contract.deployment
    for x, label in rows:
        for act in (contract.predict, lambda x, label=label: contract.update(x, label), contract.predict):
            try:
                yield act(x)
            except Revert as revert:
                yield revert, revert.receipt
        yield contract.storage()
    data = contract.abi.function("predict", 1).encode((rows[0][0],))
    receipt, trace = chain.trace(contract.address, data)
    yield receipt
    yield [column.tolist() for column in (trace.pc, trace.op, trace.depth, trace.gas, trace.gas_after, trace.memory)]
    yield chain.snapshot()


@pytest.mark.parametrize(("model", "rows"), MODELS, ids=lambda part: type(part).__name__)
@pytest.mark.parametrize("fork", ["cancun", "prague"])
def test_the_contracts_live_the_same_life(fork: str, model: Classifier, rows: list[tuple[Any, int]]) -> None:
    stock = list(story("py-evm", fork, model, rows))
    assert any(isinstance(event, tuple) and isinstance(event[0], Revert) for event in stock)
    assert list(story("py-evm-compiled", fork, model, rows)) == stock


# -- what is the engine's own -- #


@pytest.mark.parametrize("body", ["", "5f5450"], ids=["empty", "sload"])
def test_an_interrupt_stops_a_loop_and_leaves_the_state_as_it_was(body: str) -> None:
    chosen = create_engine("py-evm-compiled", "prague")
    chosen.load(world(bytes.fromhex("6001600a555b" + body + "600556")))  # sstore(10, 1) for (;;) { body }
    before = chosen.dump()

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    handler = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(KeyboardInterrupt):
            chosen.execute(Transaction(SENDER, PROGRAM, b"", 0, 2**62))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
    assert chosen.dump() == before
    assert chosen.execute(Transaction(SENDER, PROGRAM, b"", 0, 100_000)).halt == "Out of gas"


def test_a_trace_ends_with_its_transaction() -> None:
    chosen = create_engine("py-evm-compiled", "prague")
    chosen.load(world(b"\x5f\x50"))
    message = Transaction(SENDER, PROGRAM, b"", 0, 100_000)
    assert [len(chosen.trace(message)[1]) for _ in range(2)] == [3, 3]
    assert chosen.execute(message).success
    assert len(chosen.trace(message)[1]) == 3


def test_a_long_trace_is_whole() -> None:
    # for (i = 5000; i; i--) {}
    code = bytes.fromhex("6113885b600190038060035700")
    execution = assert_same(code, gas_limit=10**6)
    assert execution.success


def test_opcodes_that_a_fork_does_otherwise_are_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def forty_two(computation: Any) -> None:
        computation.stack_pop_ints(2)
        computation.stack_push_int(42)

    opcodes = dict(PragueVM.get_state_class().computation_class.opcodes)
    opcodes[0x01] = as_opcode(forty_two, "ADD", 11)
    opcodes[0x02] = as_opcode(arithmetic.mul, "MUL", 100)
    opcodes[0x0A] = as_opcode(arithmetic.exp(gas_per_byte=1000), "EXP", 10)
    opcodes[0x54] = as_opcode(forty_two, "SLOAD", 5)
    del opcodes[0x03]
    state_class: Any = PragueVM.get_state_class()
    computation_class = state_class.computation_class.configure(opcodes=opcodes)
    vm = PragueVM.configure(_state_class=state_class.configure(computation_class=computation_class))
    monkeypatch.setattr("dcai.evm.engines.py_evm._VMS", (vm,) * len(PyEvm.FORKS))

    def spent(code: str) -> tuple[int, list[int], str | None]:
        chosen = create_engine("py-evm-compiled", "prague")
        chosen.load(world(bytes.fromhex(code + "5f5260205ff3")))
        execution = chosen.execute(Transaction(SENDER, PROGRAM, b"", 0, GAS))
        return execution.gas_spent - UPFRONT - 2 - 6 - 2 - 3, words(execution.output), execution.halt

    assert spent("6002600301") == (6 + 11, [42], None)
    assert spent("6002600302") == (6 + 100, [6], None)
    assert spent("600260030a") == (6 + 10 + 1000, [9], None)
    assert spent("6002600354") == (6 + 5, [42], None)
    assert spent("6002600303")[1:] == ([], "Invalid opcode")


def test_most_opcodes_are_compiled() -> None:
    for fork in PyEvmCompiled.FORKS:
        hosts = create_engine("py-evm-compiled", fork)._loop.hosted  # type: ignore[attr-defined]
        expected = {0x31, 0x32, 0x3A, 0x3B, 0x3C, 0x3F, *range(0x40, 0x49), *range(0xA0, 0xA5)}
        expected |= {0xF0, 0xF1, 0xF2, 0xF4, 0xF5, 0xFA, 0xFF}
        expected |= {0x49, 0x4A, 0x5C, 0x5D} if fork in ("cancun", "prague") else set()
        assert set(hosts) == expected


def test_a_build_without_the_loop_says_so_and_has_the_other_engine() -> None:
    program = """
import sys
sys.modules["dcai._evmloop"] = None
from dcai.errors import EvmError
from dcai.evm import Evm
Evm("py-evm")
try:
    Evm("py-evm-compiled")
except EvmError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "the engine 'py-evm-compiled' needs dcai._evmloop" in done.stdout
