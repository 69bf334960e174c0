"""Symbolic execution of bytecode: every path of a call, with its condition and its result.

Jumps, memory addresses, storage slots and the length of calldata are known numbers, since arrays have a fixed length
here; whatever else is in calldata and storage may be unknown. Where a jump depends on an unknown, both ways are
followed, unless the solver proves one of them impossible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dcai.errors import EvmError
from dcai.evm.hashing import keccak
from dcai.verify.proof.solver import z3
from dcai.verify.proof.words import MASK, Word, apply, bits_of, simplified, to_bits

__all__ = ["Path", "SymbolicCall", "paths"]

_ALU = {
    0x01: ("ADD", 2), 0x02: ("MUL", 2), 0x03: ("SUB", 2), 0x04: ("DIV", 2), 0x05: ("SDIV", 2), 0x06: ("MOD", 2),
    0x07: ("SMOD", 2), 0x08: ("ADDMOD", 3), 0x09: ("MULMOD", 3), 0x0A: ("EXP", 2), 0x0B: ("SIGNEXTEND", 2),
    0x10: ("LT", 2), 0x11: ("GT", 2), 0x12: ("SLT", 2), 0x13: ("SGT", 2), 0x14: ("EQ", 2), 0x15: ("ISZERO", 1),
    0x16: ("AND", 2), 0x17: ("OR", 2), 0x18: ("XOR", 2), 0x19: ("NOT", 1), 0x1A: ("BYTE", 2), 0x1B: ("SHL", 2),
    0x1C: ("SHR", 2), 0x1D: ("SAR", 2),
}  # fmt: skip
_STOP, _KECCAK256, _CALLER, _CALLVALUE, _CALLDATALOAD, _CALLDATASIZE, _CALLDATACOPY = (
    0,
    0x20,
    0x33,
    0x34,
    0x35,
    0x36,
    0x37,
)
_POP, _MLOAD, _MSTORE, _MSTORE8, _SLOAD, _SSTORE, _JUMP, _JUMPI = 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57
_JUMPDEST, _PUSH0, _PUSH32, _DUP1, _DUP16, _SWAP1, _SWAP16 = 0x5B, 0x5F, 0x7F, 0x80, 0x8F, 0x90, 0x9F
_RETURN, _MCOPY, _REVERT, _INVALID = 0xF3, 0x5E, 0xFD, 0xFE
#: More than any path of a contract of dcai takes on the few features that are given to it here.
_MOST_STEPS = 100_000


@dataclass(frozen=True)
class SymbolicCall:
    """A call whose data and state may be unknown.

    Attributes
    ----------
    code : bytes
        What runs.
    calldata : sequence of Word
        After the four bytes of the selector, words.
    selector : bytes
        The first four bytes.
    storage : mapping of int to Word
        What is there before; other slots hold 0.
    caller, value : Word
        Who calls, and with how much.
    assumptions : tuple of z3 conditions
        What is known of the unknowns.
    """

    code: bytes
    selector: bytes
    calldata: tuple[Word, ...]
    storage: Mapping[int, Word]
    caller: Word
    value: Word
    assumptions: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Path:
    """One way through the code.

    Attributes
    ----------
    conditions : tuple of z3 conditions
        When it is taken, the call's assumptions included.
    kind : {"return", "revert", "invalid"}
        How it ends.
    output : bytes or tuple of Word
        What it gives: words, after the four bytes of a selector where its length asks for one.
    storage : mapping of int to Word
        Every slot that was written.
    """

    conditions: tuple[Any, ...]
    kind: str
    output: tuple[Word, ...]
    selector: Word | None
    storage: Mapping[int, Word]


@dataclass
class _SymbolicState:
    """State of a path in progress."""

    pc: int = 0
    stack: list[Word] = field(default_factory=list)
    #: Each byte is a byte of a word: the word, and which of its 32.
    memory: dict[int, tuple[Word, int]] = field(default_factory=dict)
    storage: dict[int, Word] = field(default_factory=dict)
    conditions: tuple[Any, ...] = ()

    def fork(self, condition: Any) -> _SymbolicState:
        return replace(
            self,
            stack=list(self.stack),
            memory=dict(self.memory),
            storage=dict(self.storage),
            conditions=(*self.conditions, condition),
        )


def paths(call: SymbolicCall) -> Iterator[Path]:
    """Yield every path of a call.

    Raises
    ------
    EvmError
        The code does something that is not followed here: an opcode of another kind, an unknown address.
    """
    machine = _Machine(call)
    waiting = [_SymbolicState(conditions=call.assumptions)]
    while waiting:
        path = machine.run(waiting.pop(), waiting)
        if path is not None:
            yield path


class _Machine:
    """Runs the paths of one call."""

    def __init__(self, call: SymbolicCall) -> None:
        self._call = call
        self._size = 4 + 32 * len(call.calldata)
        # A word per offset that is asked for: the head of a word, or its middle.
        self._calldata: dict[int, tuple[Word, int]] = {
            i: (int.from_bytes(call.selector, "big"), 28 + i) for i in range(4)
        }
        for number, word in enumerate(call.calldata):
            self._calldata |= {4 + 32 * number + i: (word, i) for i in range(32)}

    def run(self, state: _SymbolicState, waiting: list[_SymbolicState]) -> Path | None:
        """Follow a path to its end, or to where it turns out impossible; other ways are added to those that wait."""
        code = self._call.code
        for _ in range(_MOST_STEPS):
            op = code[state.pc] if state.pc < len(code) else _STOP
            state.pc += 1
            if op in _ALU:
                name, count = _ALU[op]
                operands = [state.stack.pop() for _ in range(count)]
                state.stack.append(apply(name, *operands))
            elif _PUSH0 <= op <= _PUSH32:
                size = op - _PUSH0
                state.stack.append(int.from_bytes(code[state.pc : state.pc + size], "big"))
                state.pc += size
            elif _DUP1 <= op <= _DUP16:
                state.stack.append(state.stack[-(op - _DUP1 + 1)])
            elif _SWAP1 <= op <= _SWAP16:
                other = -(op - _SWAP1 + 2)
                state.stack[-1], state.stack[other] = state.stack[other], state.stack[-1]
            elif op in (_JUMP, _JUMPI):
                self._jump(op, state, waiting)
            elif op in (_STOP, _RETURN, _REVERT, _INVALID):
                return self._end(op, state)
            else:
                self._other(op, state)
        raise EvmError(f"a path has more than {_MOST_STEPS:,} steps")

    def _jump(self, op: int, state: _SymbolicState, waiting: list[_SymbolicState]) -> None:
        target = _known(state.stack.pop(), "the target of a jump")
        condition = 1 if op == _JUMP else state.stack.pop()
        if not isinstance(condition, int):
            taken, passed = to_bits(condition) != 0, to_bits(condition) == 0
            if not _possible(*state.conditions, passed):
                condition = 1
            elif not _possible(*state.conditions, taken):
                condition = 0
            else:
                waiting.append(state.fork(passed))
                state.conditions = (*state.conditions, taken)
                condition = 1
        if condition:
            if self._call.code[target] != _JUMPDEST:
                raise EvmError(f"a jump to {target:#x}, which is not a JUMPDEST")
            state.pc = target

    def _other(self, op: int, state: _SymbolicState) -> None:
        stack = state.stack
        if op == _POP:
            stack.pop()
        elif op == _JUMPDEST:
            pass
        elif op == _CALLER:
            stack.append(self._call.caller)
        elif op == _CALLVALUE:
            stack.append(self._call.value)
        elif op == _CALLDATASIZE:
            stack.append(self._size)
        elif op == _CALLDATALOAD:
            stack.append(_word(self._calldata, _known(stack.pop(), "an offset of calldata")))
        elif op == _SLOAD:
            slot = _known(stack.pop(), "a slot")
            stack.append(state.storage.get(slot, self._call.storage.get(slot, 0)))
        elif op == _SSTORE:
            slot, word = _known(stack.pop(), "a slot"), stack.pop()
            state.storage[slot] = word
        else:
            self._memory(op, state)

    def _memory(self, op: int, state: _SymbolicState) -> None:
        stack = state.stack
        if op == _MLOAD:
            stack.append(_word(state.memory, _known(stack.pop(), "an address of memory")))
        elif op == _MSTORE:
            offset, word = _known(stack.pop(), "an address of memory"), stack.pop()
            state.memory.update({offset + i: (word, i) for i in range(32)})
        elif op == _MSTORE8:
            offset, word = _known(stack.pop(), "an address of memory"), stack.pop()
            state.memory[offset] = (word, 31)
        elif op in (_CALLDATACOPY, _MCOPY):
            to, start, size = (_known(stack.pop(), "what is copied") for _ in range(3))
            source = dict(state.memory) if op == _MCOPY else self._calldata
            state.memory.update({to + i: source.get(start + i, (0, 31)) for i in range(size)})
        elif op == _KECCAK256:
            offset, size = _known(stack.pop(), "an address of memory"), _known(stack.pop(), "a size")
            data = b"".join(
                _known(_word(state.memory, offset + i), "what is hashed").to_bytes(32, "big")
                for i in range(0, size, 32)
            )
            stack.append(int.from_bytes(keccak(data[:size]), "big"))
        else:
            raise EvmError(f"opcode {op:#04x} is not followed")

    @staticmethod
    def _end(op: int, state: _SymbolicState) -> Path:
        offset = size = 0
        if op in (_RETURN, _REVERT):
            offset, size = _known(state.stack.pop(), "an address of memory"), _known(state.stack.pop(), "a size")
        kind = {_REVERT: "revert", _INVALID: "invalid"}.get(op, "return")
        selector = None
        if size % 32 == 4:
            selector = simplified(z3.ZeroExt(224, bits_of(_word(state.memory, offset), 255, 224)))
            offset, size = offset + 4, size - 4
        if size % 32:
            raise EvmError(f"an output of {size} bytes is not followed")
        output = tuple(_word(state.memory, offset + i) for i in range(0, size, 32))
        return Path(state.conditions, kind, output, selector, state.storage if kind == "return" else {})


def _known(word: Word, what: str) -> int:
    if not isinstance(word, int):
        raise EvmError(f"{what} is unknown: {word}")
    return word


def _word(memory: Mapping[int, tuple[Word, int]], offset: int) -> Word:
    """Read 32 bytes, whatever words they are from."""
    cells = [memory.get(offset + i, (0, 31)) for i in range(32)]
    first = cells[0][0]
    if all(word is first and index == i for i, (word, index) in enumerate(cells)):
        return first
    if all(isinstance(word, int) for word, _ in cells):
        return int.from_bytes(bytes(word >> 8 * (31 - index) & 0xFF for word, index in cells), "big") & MASK
    return simplified(z3.Concat(*[bits_of(word, 255 - 8 * index, 248 - 8 * index) for word, index in cells]))


def _possible(*conditions: Any) -> bool:
    """Return whether conditions may hold together: only a proof of the contrary gives False."""
    solver = z3.Solver()
    solver.set("timeout", 2000)
    solver.add(*conditions)
    return bool(solver.check() != z3.unsat)
