"""What two engines made of one case, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from dcai.evm.engines.engine import Engine, Execution, Trace, World
from tests.support.evm.programs import Case


@dataclass(frozen=True)
class Outcome:
    """All that can be seen of a transaction afterwards."""

    execution: Execution
    world: World
    trace: Trace | None = None

    @property
    def kind(self) -> str:
        """Success, revert, or why it halted."""
        if self.execution.success:
            return "success"
        return "revert" if self.execution.halt is None else self.execution.halt


def run(engine: Engine, case: Case, *, traced: bool) -> Outcome:
    """Run a case on a state of its own, as a plain transaction or step by step."""
    engine.load(case.world)
    engine.block = case.block
    if not traced:
        execution = engine.execute(case.transaction)
        return Outcome(execution, engine.dump())
    execution, trace = engine.trace(case.transaction, "always")
    return Outcome(execution, engine.dump(), trace)


def difference(expected: Outcome, actual: Outcome, *, same_halts: bool = True) -> str | None:
    """Say what differs, or return None.

    Without ``same_halts`` it only counts that both stopped for some reason.
    """
    for field in fields(Execution):
        values = [getattr(each.execution, field.name) for each in (expected, actual)]
        if field.name == "halt" and not same_halts:
            values = [value is not None for value in values]
        if values[0] != values[1]:
            return f"{field.name}: expected {values[0]!r}, got {values[1]!r}"
    for address in sorted(expected.world.keys() | actual.world.keys()):
        accounts = [each.world.get(address) for each in (expected, actual)]
        if accounts[0] != accounts[1]:
            return f"account {address.hex()} afterwards: expected {accounts[0]}, got {accounts[1]}"
    if expected.trace is not None and actual.trace is not None:
        return _trace_difference(expected.trace, actual.trace)
    return None


def _trace_difference(expected: Trace, actual: Trace) -> str | None:
    """Say at which step two traces part."""
    steps = min(len(expected), len(actual))
    columns = [(getattr(expected, field.name)[:steps], getattr(actual, field.name)[:steps]) for field in fields(Trace)]
    parted = np.flatnonzero(np.any([left != right for left, right in columns], axis=0))
    if len(parted):
        step = int(parted[0])
        return f"step {step} of the trace: expected {_row(expected, step)}, got {_row(actual, step)}"
    if len(expected) != len(actual):
        longer = expected if len(expected) > steps else actual
        return f"the trace: expected {len(expected)} steps, got {len(actual)}; the next is {_row(longer, steps)}"
    return None


def _row(trace: Trace, step: int) -> dict[str, int]:
    return {field.name: int(getattr(trace, field.name)[step]) for field in fields(Trace)}
