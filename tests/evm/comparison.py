"""What two engines made of one case, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from dcai.evm.engine import Engine, Execution, Trace, World

if TYPE_CHECKING:
    from evm.programs import Case


@dataclass(frozen=True)
class Outcome:
    """All that can be seen of a transaction afterwards."""

    execution: Execution
    world: World


def outcome(engine: Engine, case: Case) -> Outcome:
    """Run a case on a state of its own."""
    _prepare(engine, case)
    return Outcome(engine.execute(case.transaction), engine.dump())


def traced(engine: Engine, case: Case) -> tuple[Outcome, Trace]:
    """Run a case on a state of its own, step by step."""
    _prepare(engine, case)
    execution, trace = engine.trace(case.transaction, "always")
    return Outcome(execution, engine.dump()), trace


def _prepare(engine: Engine, case: Case) -> None:
    engine.load(case.world)
    engine.block = case.block


def difference(expected: Outcome, actual: Outcome, *, coarse_halts: bool = False) -> str | None:
    """Say what differs, or return None.

    With ``coarse_halts`` it only counts that both stopped for a reason: the specification looks for operands before
    it looks for gas, and the other engines do not.
    """
    for field in fields(Execution):
        values = [getattr(each.execution, field.name) for each in (expected, actual)]
        if field.name == "halt" and coarse_halts:
            values = [value is not None for value in values]
        if values[0] != values[1]:
            return f"{field.name}: expected {values[0]!r}, got {values[1]!r}"
    for address in sorted(expected.world.keys() | actual.world.keys()):
        accounts = [each.world.get(address) for each in (expected, actual)]
        if accounts[0] != accounts[1]:
            return f"account {address.hex()} afterwards: expected {accounts[0]}, got {accounts[1]}"
    return None


def trace_difference(expected: Trace, actual: Trace) -> str | None:
    """Say at which step two traces part, or return None."""
    steps = min(len(expected), len(actual))
    for step in range(steps):
        rows = [_row(trace, step) for trace in (expected, actual)]
        if rows[0] != rows[1]:
            return f"step {step} of the trace: expected {rows[0]}, got {rows[1]}"
    if len(expected) != len(actual):
        longer = expected if len(expected) > steps else actual
        return f"the trace: expected {len(expected)} steps, got {len(actual)}; the next is {_row(longer, steps)}"
    return None


def _row(trace: Trace, step: int) -> dict[str, int]:
    return {field.name: int(np.asarray(getattr(trace, field.name))[step]) for field in fields(Trace)}


def summary(execution: Execution) -> str:
    """Name the outcome: "success", "revert", or why it halted."""
    if execution.success:
        return "success"
    return "revert" if execution.halt is None else execution.halt.split(":")[0]


def with_canonical_halt(result: Outcome, halt: str | None) -> Outcome:
    """Return an outcome with another reason of its halt."""
    return replace(result, execution=replace(result.execution, halt=halt))
