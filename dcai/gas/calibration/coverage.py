"""Branch coverage of a contract's bytecode, and the missed branches that matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from dcai.evm import Trace

__all__ = ["Coverage"]

_JUMP, _JUMPI, _JUMPDEST = 0x56, 0x57, 0x5B
_PUSH0, _PUSH1, _PUSH32 = 0x5F, 0x60, 0x7F
_MSTORE, _SHL, _REVERT = 0x52, 0x1B, 0xFD
#: STOP, RETURN, REVERT, INVALID and SELFDESTRUCT.
_ENDS = {0x00, 0xF3, _REVERT, 0xFE, 0xFF}
#: The selector of ``Panic(uint256)``, with which the compiler refuses what it cannot do: ``array[i]`` past the end.
_PANIC = bytes.fromhex("4e487b71")


class Coverage:
    """The branches of one bytecode, as traces take them.

    A branch that was never taken is one of two things: a check that no call in question can fail (malformed calldata, a
    panic), whose way ends in a revert without data or with an error that is excused; or a gap.

    Parameters
    ----------
    code : bytes
        The code that the traces run.
    selectors : set of bytes
        The selectors of all functions: comparisons with them lead to other functions, and are no gaps.
    excused : set of bytes
        The selectors of errors that the calls in question cannot raise.
    """

    def __init__(self, code: bytes, selectors: set[bytes], excused: set[bytes]) -> None:
        self._code = code
        self._selectors = selectors
        self._excused = {*excused, _PANIC}
        self._taken: defaultdict[int, set[int]] = defaultdict(set)

    def add(self, trace: Trace) -> None:
        """Note the branches that a transaction took; it makes no calls."""
        jumps = np.flatnonzero(trace.op[:-1] == _JUMPI)
        for pc, next_pc in set(zip(trace.pc[jumps].tolist(), trace.pc[jumps + 1].tolist(), strict=True)):
            self._taken[pc].add(next_pc)

    def gaps(self) -> list[int]:
        """Return the places of conditional jumps of which one way matters and was never taken."""
        return sorted(pc for pc, taken in self._taken.items() if len(taken) < 2 and self._matters(pc, taken))

    def _matters(self, pc: int, taken: set[int]) -> bool:
        instructions = list(self._instructions_before(pc))
        if any(data in self._selectors for _, data in instructions[-5:]):
            return False  # a comparison of the dispatcher
        target = int.from_bytes(instructions[-1][1], "big")
        other = target if pc + 1 in taken else pc + 1
        return not self._is_excused(other)

    def _instructions_before(self, pc: int) -> Iterator[tuple[int, bytes]]:
        """Yield (opcode, data) of the instructions before a place."""
        for place, opcode, data in self._instructions(0):
            if place >= pc:
                return
            yield opcode, data

    def _instructions(self, start: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (place, opcode, data) in the order of the bytecode."""
        place = start
        while place < len(self._code):
            opcode = self._code[place]
            size = opcode - _PUSH0 if _PUSH1 <= opcode <= _PUSH32 else 0
            yield place, opcode, self._code[place + 1 : place + 1 + size]
            place += 1 + size

    def _is_excused(self, start: int) -> bool:
        """Return whether the only way from a place is to a revert without data, or with an error that is excused."""
        stores = False
        words: set[int] = set()
        pushed = [0, 0]
        visited: set[int] = set()
        place = start
        while place not in visited:
            visited.add(place)
            for _, opcode, data in self._instructions(place):
                if opcode == _JUMPI:
                    return False
                if opcode == _JUMP:
                    place = pushed[-1]
                    break
                if opcode in _ENDS:
                    # A selector stands at either end of its word, by where the revert's data begin.
                    texts = [word.to_bytes(32, "big") for word in words]
                    errors = {text[:4] for text in texts} | {text[-4:] for text in texts}
                    return opcode == _REVERT and (not stores or bool(errors & self._excused))
                stores |= opcode == _MSTORE
                if _PUSH0 <= opcode <= _PUSH32:
                    pushed.append(int.from_bytes(data, "big"))
                    words.add(pushed[-1])
                if opcode == _SHL:  # an error's selector comes as a short number, and how far to shift it
                    words.add((pushed[-2] << min(pushed[-1], 256)) % 2**256)
            else:
                return False
        return False
