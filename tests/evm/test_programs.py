"""Random programs through every engine: the same success, output, gas, refund, logs, world, halt and trace.

py-evm is the reference; where it does not know the fork, the executable specification is. The fast profile runs fixed
seeds. The deep profile (``HYPOTHESIS_PROFILE=deep``) runs 100,000 from a seed that it prints; ``DCAI_FUZZ_SEED`` and
``DCAI_FUZZ_COUNT`` set the first seed and how many, to go on after a stop or to run one case again.
"""

from __future__ import annotations

import os
import secrets
from collections import Counter
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any, cast

import pytest
from eth.exceptions import VMError
from eth.vm.opcode import as_opcode

from dcai.evm.engines.engine import Engine, Trace
from dcai.evm.engines.py_evm import PyEvm
from dcai.evm.engines.registry import create_engine, engine_names
from tests.support.evm.comparison import Outcome, difference, run
from tests.support.evm.execution_specs import ExecutionSpecs
from tests.support.evm.opcodes import BY_NAME, FORKS
from tests.support.evm.programs import PLENTY, SENDER, Case, case, tightened
from tests.support.evm.shrinking import shrink, snippet

pytestmark = pytest.mark.filterwarnings("ignore:SELFDESTRUCT")  # py-evm warns of the opcode itself

FAST = os.environ.get("HYPOTHESIS_PROFILE", "fast") == "fast"
COUNT = int(os.environ.get("DCAI_FUZZ_COUNT") or (300 if FAST else 100_000))
FIRST = int(os.environ.get("DCAI_FUZZ_SEED") or (0 if FAST else secrets.randbelow(10**6) * 10**6))
FIXED = FAST and FIRST == 0 and COUNT >= 300

#: The fork of each seed, by its last hexadecimal digit: the newest most often, each at times.
_FORK_OF_DIGIT = (*["prague"] * 4, *["osaka"] * 4, "cancun", "cancun", "shanghai", "paris", *FORKS[:3], "london")
SPECIFICATION = ExecutionSpecs.NAME


def fork_of(seed: int) -> str:
    return _FORK_OF_DIGIT[seed % 16]


def new_engine(name: str, fork: str) -> Engine:
    return ExecutionSpecs(fork) if name == SPECIFICATION else create_engine(name, fork)


@cache
def engine_of(name: str, fork: str) -> Engine | None:
    """Return an engine to use again and again, or None where it does not know the fork."""
    knows_all = type(new_engine(name, "prague")).FORKS
    return new_engine(name, fork) if fork in knows_all else None


def reference_name(fork: str) -> str:
    return PyEvm.NAME if fork in PyEvm.FORKS else SPECIFICATION


@lru_cache(maxsize=512)
def reference(seed: int) -> tuple[tuple[Case, Outcome], ...]:
    """Return the two cases of a seed, with plenty of gas and near a bound, and what must become of each."""
    fork = fork_of(seed)
    engine = engine_of(reference_name(fork), fork)
    assert engine is not None
    plenty = case(seed, fork)
    expected = run(engine, plenty, traced=True)
    assert expected.trace is not None
    tight = tightened(plenty, expected.trace, expected.execution.gas_spent)
    # Every other tight one without a trace, which engines run another way.
    return (plenty, expected), (tight, run(engine, tight, traced=seed % 32 < 16))


def compare(name: str, engine: Engine, case: Case, expected: Outcome) -> str | None:
    """Say how an engine differs from what is expected, or return None."""
    try:
        actual = run(engine, case, traced=expected.trace is not None)
    except Exception as error:  # noqa: BLE001  # whatever an engine raises is a difference
        return f"{type(error).__name__}: {error}"
    # The specification looks for operands before it looks for gas, the engines the other way round; it has fewer
    # reasons, too.
    same_halts = SPECIFICATION not in (name, reference_name(case.fork))
    return difference(expected, actual, same_halts=same_halts)


def report(name: str, case: Case, found: str, make: Callable[[], Engine]) -> str:
    """Shrink a case that differs, on new engines, and say all about it."""
    fork = case.fork
    reference_engine, engine = new_engine(reference_name(fork), fork), make()

    def now(candidate: Case) -> str | None:
        nonlocal reference_engine, engine
        try:
            expected = run(reference_engine, candidate, traced=True)
        except Exception:  # noqa: BLE001  # the reference must have an answer
            reference_engine = new_engine(reference_name(fork), fork)
            return None
        difference = compare(name, engine, candidate, expected)
        if difference is not None:
            engine = make()  # it may have stopped half way
        return difference

    small = shrink(case, lambda candidate: now(candidate) is not None)
    program = snippet(small, reference_name(fork), name)
    return f"{name} differs at seed {case.seed}, {fork}: {found}\nshrunk: {now(small)}\n{program}"


@pytest.mark.long
def test_engines_agree_on_random_programs(capsys: pytest.CaptureFixture[str]) -> None:
    names = [*(name for name in engine_names() if name != PyEvm.NAME), SPECIFICATION]
    compared: Counter[str] = Counter()
    statistics = Statistics()
    for number, seed in enumerate(range(FIRST, FIRST + COUNT)):
        if not FAST and number % 1_000 == 0:
            with capsys.disabled():
                print(f"\n seed {seed}, {dict(compared)} compared", end="", flush=True)
        fork = fork_of(seed)
        for each, expected in reference(seed):
            statistics.add(expected)
            for name in names:
                engine = engine_of(name, fork)
                if engine is None or name == reference_name(fork):
                    continue
                compared[name] += 1
                found = compare(name, engine, each, expected)
                if found is not None:
                    pytest.fail(report(name, each, found, partial(new_engine, name, fork)))
    with capsys.disabled():
        print(f" seeds {FIRST} to {FIRST + COUNT - 1}: {dict(compared)} compared, {dict(statistics.kinds)} ", end="")
    if FIXED:
        assert all(compared[name] >= COUNT for name in names)
        statistics.check()


class Statistics:
    """What the programs did, so that the generator stays good."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.opcodes: Counter[int] = Counter()
        self.storage_costs: Counter[int] = Counter()
        self.depth = 0
        self.refunds = self.logs = self.created = 0

    def add(self, outcome: Outcome) -> None:
        execution, trace = outcome.execution, outcome.trace
        self.kinds[outcome.kind.split(":")[0]] += 1
        self.refunds += execution.gas_refund > 0
        self.logs += len(execution.logs)
        self.created += execution.created is not None
        if trace is not None and len(trace):
            self.opcodes.update(trace.op.tolist())
            self.storage_costs.update(_costs(trace, BY_NAME["SSTORE"].byte))
            self.depth = max(self.depth, int(trace.depth.max()))

    def check(self) -> None:
        unused = [opcode.name for opcode in BY_NAME.values() if not self.opcodes[opcode.byte]]
        assert not unused, f"no program of the fixed seeds ran {unused}"
        # Each price of EIP-2200 as of EIP-2929, the slot cold or warm.
        assert self.storage_costs.keys() >= {100, 2_200, 2_900, 5_000, 20_000, 22_100}
        assert self.depth == 1025
        assert min(self.refunds, self.logs, self.created) >= 10
        kinds, total = self.kinds, self.kinds.total()
        assert kinds["success"] > 0.3 * total
        assert kinds["revert"] > 0.02 * total
        assert kinds["Out of gas"] < 0.6 * total
        assert len(kinds) >= 8, kinds


def _costs(trace: Trace, opcode: int) -> list[int]:
    ran = (trace.op == opcode) & (trace.gas_after > 0)
    costs: list[int] = (trace.gas - trace.gas_after)[ran].tolist()
    return costs


# -- the comparison finds faults, and shrinks what shows them -- #


def _opcode(name: str, logic: Callable[[Any], None], gas: int) -> dict[int, Any]:
    return {BY_NAME[name].byte: as_opcode(logic, name, gas)}


def _add(computation: Any) -> None:
    left, right = computation.stack_pop_ints(2)
    computation.stack_push_int((left + right) % 2**256)


def _shift_without_sign(computation: Any) -> None:
    shift, value = computation.stack_pop_ints(2)
    computation.stack_push_int(value >> shift if shift < 256 else 0)


def _load_nothing(computation: Any) -> None:
    computation.stack_pop1_int()
    computation.stack_push_int(0)


def _log_in_reverse(computation: Any) -> None:
    offset, size = computation.stack_pop_ints(2)
    topics = computation.stack_pop_ints(2)
    computation.consume_gas(size * 8 + 750, "LOG2")
    computation.extend_memory(offset, size)
    if computation.msg.is_static:
        raise VMError("static")
    data = computation.memory_read_bytes(offset, size)
    computation.add_log_entry(computation.msg.storage_address, topics[::-1], data)


FAULTS = {
    "ADD costs 4": _opcode("ADD", _add, 4),
    "SAR shifts zeros in": _opcode("SAR", _shift_without_sign, 3),
    "TLOAD finds nothing": _opcode("TLOAD", _load_nothing, 100),
    "LOG2 turns its topics round": _opcode("LOG2", _log_in_reverse, 375),
    "MSIZE is free": _opcode("MSIZE", lambda frame: frame.stack_push_int(len(frame._memory)), 0),
}


def faulty(opcodes: dict[int, Any]) -> PyEvm:
    """Return py-evm with some opcodes exchanged."""
    engine = PyEvm("prague")
    state = cast(Any, engine._state_class)
    computation = state.computation_class
    changed = computation.configure(opcodes={**computation.opcodes, **opcodes})
    engine._state_class = state.configure(computation_class=changed)
    engine.load({})
    return engine


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_one_opcode_is_found_and_shrunk(fault: str) -> None:
    engine = faulty(FAULTS[fault])
    for seed in (seed for seed in range(1_000) if fork_of(seed) == "prague"):
        each, expected = reference(seed)[0]
        found = compare(fault, engine, each, expected)
        if found is not None:
            break
    else:
        pytest.fail("no difference found")
    text = report(fault, each, found, lambda: faulty(FAULTS[fault]))
    assert f"{fault} differs at seed {seed}, prague: " in text
    program = text[text.index("# seed") :]
    small: dict[str, Any] = {}
    exec(program[: program.index("for name in")], small)
    smallest = Case(seed, "prague", each.block, small["world"], small["transaction"])
    assert compare(fault, engine, smallest, run(PyEvm("prague"), smallest, traced=True)) is not None
    size = sum(len(account.code) for account in smallest.world.values())
    assert size <= 120, program
    assert SENDER in smallest.world


def test_a_case_depends_on_its_seed_alone() -> None:
    assert case(7, "prague") == case(7, "prague") != case(8, "prague")
    assert case(7, "prague").world != case(7, "cancun").world
    (plenty, _), (tight, _) = reference(2)
    assert reference.__wrapped__(2)[1][0] == tight != plenty
    assert plenty.transaction.gas_limit == PLENTY
