"""Branches of small programs: which were taken, which of the others matter."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from dcai.evm import Evm
from dcai.gas.calibration.coverage import Coverage
from tests.support.evm.assembler import Assembler

ADDRESS = "0x" + "c0" * 20
PANIC, ERROR, OTHER = bytes.fromhex("4e487b71"), bytes.fromhex("aabbccdd"), bytes.fromhex("00bbccdd")
FUNCTION = bytes.fromhex("bd7a1d61")


@cache
def chain() -> Evm:
    return Evm("revm")


def branch(ending: Callable[[Assembler], None], *, jumps_away: bool) -> tuple[bytes, int]:
    """Code that goes one way where its argument is 1, and the way to ``ending`` where it is not; the jump's place."""
    code = Assembler()
    code.push(0)
    code.op("CALLDATALOAD")
    if jumps_away:
        code.op("ISZERO")
    to_other = code.jump_to_later("JUMPI")
    place = len(code.code) - 1
    if jumps_away:
        code.op("STOP")
        code.land(to_other)
        ending(code)
    else:
        ending(code)
        code.op("STOP")
        code.land(to_other)
        code.op("STOP")
    return bytes(code.code), place


def covered(code: bytes, *arguments: int, selectors: set[bytes] | None = None) -> Coverage:
    chain().set_account(ADDRESS, code=code)
    coverage = Coverage(code, selectors or set(), {ERROR})
    for argument in arguments:
        _, trace = chain().trace(ADDRESS, argument.to_bytes(32, "big"))
        coverage.add(trace)
    return coverage


def revert(code: Assembler, size: int = 0) -> None:
    code.push(size)
    code.push(0)
    code.op("REVERT")


def stop(code: Assembler) -> None:
    code.op("STOP")


def store(code: Assembler) -> None:
    code.push(1)
    code.push(2)
    code.op("SSTORE")
    code.op("STOP")


def panic(code: Assembler) -> None:
    code.write(PANIC, 0)
    code.push(0x32)
    code.push(4)
    code.op("MSTORE")
    revert(code, 36)


def excused_error(code: Assembler) -> None:
    """Its selector as the compiler writes it: a short number, shifted to the left end of its word."""
    code.push(int.from_bytes(ERROR, "big"))
    code.push(224)
    code.op("SHL")
    code.push(0)
    code.op("MSTORE")
    revert(code, 4)


def excused_error_at_the_right(code: Assembler) -> None:
    """Data that begin with the last four bytes of a word."""
    code.push(int.from_bytes(ERROR, "big"))
    code.push(0)
    code.op("MSTORE")
    code.push(4)
    code.push(28)
    code.op("REVERT")


def other_error(code: Assembler) -> None:
    code.write(OTHER, 0)
    revert(code, 4)


def jump_then_revert(code: Assembler) -> None:
    end = code.jump_to_later("JUMP")
    code.op("STOP")
    code.land(end)
    revert(code)


def invalid(code: Assembler) -> None:
    code.byte(0xFE)


def endless(code: Assembler) -> None:
    start = code.here()
    code.push(start)
    code.op("JUMP")


def another_branch(code: Assembler) -> None:
    code.op("CALLVALUE")
    end = code.jump_to_later("JUMPI")
    revert(code)
    code.land(end)
    revert(code)


def the_end(code: Assembler) -> None:
    """Nothing at all: what runs past the end of the code stops."""


EXCUSED = [revert, panic, excused_error, excused_error_at_the_right, jump_then_revert]
MATTERS = [stop, store, other_error, invalid, endless, another_branch]


@pytest.mark.parametrize("jumps_away", [True, False])
@pytest.mark.parametrize("ending", [*EXCUSED, stop, store, other_error, invalid], ids=lambda ending: ending.__name__)
def test_a_branch_that_was_taken_both_ways_is_no_gap(ending: Callable[[Assembler], None], jumps_away: bool) -> None:
    code, _ = branch(ending, jumps_away=jumps_away)
    assert covered(code, 1, 0).gaps() == covered(code, 0, 1).gaps() == []


@pytest.mark.parametrize("jumps_away", [True, False])
@pytest.mark.parametrize("ending", MATTERS, ids=lambda ending: ending.__name__)
def test_a_branch_that_matters_and_was_not_taken(ending: Callable[[Assembler], None], jumps_away: bool) -> None:
    code, place = branch(ending, jumps_away=jumps_away)
    assert covered(code, 1).gaps() == [place]


def test_running_past_the_end_matters() -> None:
    code, place = branch(the_end, jumps_away=True)
    assert covered(code, 1).gaps() == [place]


@pytest.mark.parametrize("jumps_away", [True, False])
@pytest.mark.parametrize("ending", EXCUSED, ids=lambda ending: ending.__name__)
def test_a_revert_that_no_call_can_cause_is_excused(ending: Callable[[Assembler], None], jumps_away: bool) -> None:
    code, _ = branch(ending, jumps_away=jumps_away)
    assert covered(code, 1).gaps() == []


@pytest.mark.parametrize("ending", EXCUSED, ids=lambda ending: ending.__name__)
def test_where_only_the_revert_was_taken_the_way_on_matters(ending: Callable[[Assembler], None]) -> None:
    code, place = branch(ending, jumps_away=True)
    assert covered(code, 0).gaps() == [place]


def test_code_that_was_never_reached_is_no_gap_of_its_own() -> None:
    code, place = branch(another_branch, jumps_away=True)
    assert covered(code, 1).gaps() == [place]
    assert covered(code).gaps() == []


def dispatcher(selector: bytes) -> bytes:
    code = Assembler()
    code.push(0)
    code.op("CALLDATALOAD")
    code.push(224)
    code.op("SHR")
    code.push(int.from_bytes(selector, "big"), 4)
    code.op("EQ")
    there = code.jump_to_later("JUMPI")
    store(code)
    code.land(there)
    code.op("STOP")
    return bytes(code.code)


def test_comparisons_of_the_dispatcher_are_no_gaps() -> None:
    call = int.from_bytes(FUNCTION, "big") << 224
    assert covered(dispatcher(FUNCTION), call, selectors={FUNCTION}).gaps() == []
    assert len(covered(dispatcher(FUNCTION), call, selectors={OTHER}).gaps()) == 1


def test_gaps_are_in_the_order_of_the_code() -> None:
    code = Assembler()
    places = []
    for slot in range(4):
        code.push(32 * slot)
        code.op("CALLDATALOAD")
        after = code.jump_to_later("JUMPI")
        places.append(len(code.code) - 1)
        code.op("ADDRESS")
        code.op("POP")
        code.land(after)
    assert covered(bytes(code.code), 1, 2).gaps() == places
    coverage = covered(bytes(code.code), 0, 1)
    assert coverage.gaps() == places[1:]
