"""Traces of py-evm's stock loop, which has no place of its own for them.

The loop looks each opcode up in ``computation.opcodes``; a subclass of the fork's computation
notes each lookup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from dcai.evm.engines.engine import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eth.abc import ComputationAPI

__all__ = ["Recorder"]

_STOP = 0x00
_PUSH0 = 0x5F


class Recorder:
    """The steps of one transaction, as its computations run."""

    def __init__(self) -> None:
        #: pc, opcode, depth, gas, gas after, memory.
        self._steps: list[list[int]] = []

    def traced(self, base: type[ComputationAPI]) -> type[ComputationAPI]:
        """Return a subclass of a fork's computation whose frames are recorded here."""
        recorder = self

        class Traced(cast(Any, base)):  # type: ignore[misc]
            @property
            def opcodes(self) -> _Lookup:
                return _Lookup(recorder._steps, self, super().opcodes)

            @classmethod
            def apply_computation(cls, *args: Any, **kwargs: Any) -> ComputationAPI:
                computation = super().apply_computation(*args, **kwargs)
                lookup = getattr(computation, "_lookup", None)
                if lookup is not None:  # a precompile looks up no opcode
                    lookup.end_step()
                return cast("ComputationAPI", computation)

        return cast("type[ComputationAPI]", Traced)

    def trace(self) -> Trace:
        """Return what was recorded."""
        columns = np.array(self._steps, dtype=np.int64).reshape(-1, 6).T
        pc, op, depth, gas, gas_after, memory = columns
        return Trace(pc, op.astype(np.uint8), depth, gas, gas_after, memory)


class _Lookup:
    """The opcodes of one frame; a lookup is the beginning of a step."""

    def __init__(self, steps: list[list[int]], frame: Any, opcodes: Mapping[int, Any]) -> None:
        self._steps = steps
        self._frame = frame
        self._opcodes = opcodes
        self._step: list[int] | None = None
        frame._lookup = self

    def __getitem__(self, opcode: int) -> Any:
        self.end_step()
        frame = self._frame
        if len(frame.code) == 0:  # the loop stops by itself, and nothing ran
            return self._opcodes[opcode]
        # The loop has moved the counter past the opcode, save where the code has ended and it stops by itself.
        pc = frame.code.program_counter - (0 if opcode == _STOP and self._has_ended() else 1)
        gas = frame.get_gas_remaining()
        self._step = [pc, opcode, frame.msg.depth + 1, gas, gas, len(frame._memory)]
        self._steps.append(self._step)
        return self._opcodes[opcode]

    def _has_ended(self) -> bool:
        """Return whether there is no opcode after the last one; that was no jump, for a jump goes to an opcode."""
        if self._step is None:
            return False
        pc, opcode = self._step[:2]
        data = opcode - _PUSH0 if _PUSH0 < opcode <= _PUSH0 + 32 else 0
        return pc + 1 + data >= len(self._frame.code)

    def end_step(self) -> None:
        """Note what the last step has left."""
        if self._step is not None:
            self._step[4] = self._frame.get_gas_remaining()
