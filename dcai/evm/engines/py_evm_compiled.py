"""py-evm with a compiled interpreter loop: its own state, rules and prices, many times faster.

``dcai._evmloop`` (kernels/evmloop) runs the opcodes that concern a frame alone; what touches accounts stays py-evm's
own code. Which opcodes exist and what they cost is read from py-evm's table of the fork, and an opcode is compiled only
where its implementation there is one of those that the compiled loop was written after.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

# First, for it says by name what is missing where py-evm is, and keeps its import from raising the recursion limit.
from dcai.evm.engines.py_evm import PyEvm, TrackingAccountDB

# isort: split
from eth import constants
from eth.vm import opcode_values as op
from eth.vm.code_stream import CodeStream
from eth.vm.forks.berlin import constants as berlin_constants
from eth.vm.forks.berlin import logic as berlin
from eth.vm.forks.byzantium.opcodes import ensure_no_static
from eth.vm.logic import arithmetic, comparison, context, duplication, flow, memory, sha3, stack, swap, system
from eth.vm.opcode import _FastOpcode

from dcai.errors import EvmError
from dcai.evm.engines.engine import Execution, Keep, Trace, Transaction

try:
    from dcai._evmloop import (
        AccessSet,
        Frame,
        GasMeter,
        Loop,
        Memory,
        Recorder,
        Stack,
        Storage,
        StoragePrices,
    )
except ImportError as error:
    raise EvmError(
        f"the engine 'py-evm-compiled' needs dcai._evmloop, which this build of dcai does not have ({error}); "
        "the engine 'py-evm' does the same, more slowly"
    ) from error

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from eth.abc import ComputationAPI, MessageAPI, StateAPI, TransactionContextAPI
    from eth_typing import Address

__all__ = ["PyEvmCompiled"]

#: py-evm's implementations after which the compiled ones were written.
_KNOWN: dict[int, Any] = {
    op.STOP: flow.stop,
    op.ADD: arithmetic.add,
    op.MUL: arithmetic.mul,
    op.SUB: arithmetic.sub,
    op.DIV: arithmetic.div,
    op.SDIV: arithmetic.sdiv,
    op.MOD: arithmetic.mod,
    op.SMOD: arithmetic.smod,
    op.ADDMOD: arithmetic.addmod,
    op.MULMOD: arithmetic.mulmod,
    op.SIGNEXTEND: arithmetic.signextend,
    op.LT: comparison.lt,
    op.GT: comparison.gt,
    op.SLT: comparison.slt,
    op.SGT: comparison.sgt,
    op.EQ: comparison.eq,
    op.ISZERO: comparison.iszero,
    op.AND: comparison.and_op,
    op.OR: comparison.or_op,
    op.XOR: comparison.xor,
    op.NOT: comparison.not_op,
    op.BYTE: comparison.byte_op,
    op.SHL: arithmetic.shl,
    op.SHR: arithmetic.shr,
    op.SAR: arithmetic.sar,
    op.SHA3: sha3.sha3,
    op.ADDRESS: context.address,
    op.CALLER: context.caller,
    op.CALLVALUE: context.callvalue,
    op.CALLDATALOAD: context.calldataload,
    op.CALLDATASIZE: context.calldatasize,
    op.CALLDATACOPY: context.calldatacopy,
    op.CODESIZE: context.codesize,
    op.CODECOPY: context.codecopy,
    op.RETURNDATASIZE: context.returndatasize,
    op.RETURNDATACOPY: context.returndatacopy,
    op.POP: stack.pop,
    op.MLOAD: memory.mload,
    op.MSTORE: memory.mstore,
    op.MSTORE8: memory.mstore8,
    op.JUMP: flow.jump,
    op.JUMPI: flow.jumpi,
    op.PC: flow.program_counter,
    op.MSIZE: memory.msize,
    op.GAS: flow.gas,
    op.JUMPDEST: flow.jumpdest,
    op.MCOPY: memory.mcopy,
    op.RETURN: system.return_op,
    op.REVERT: system.revert,
    **{op.PUSH0 + size: getattr(stack, f"push{size}") for size in range(33)},
    **{op.DUP1 + place: getattr(duplication, f"dup{place + 1}") for place in range(16)},
    **{op.SWAP1 + place: getattr(swap, f"swap{place + 1}") for place in range(16)},
}

_EXP: Any = arithmetic.exp.func

#: Item that a code yields in place of its opcodes: the loop itself, which is not a byte.
_LOOP = 0x100


class PyEvmCompiled(PyEvm):
    """py-evm with a compiled loop; results, gas, errors and traces are those of :class:`dcai.evm.engines.py_evm.PyEvm`.

    A transaction may have less than 2^64 gas.
    """

    NAME = "py-evm-compiled"

    def state_class(self, base: type[StateAPI]) -> type[StateAPI]:
        """Return the fork's state class with compiled computations."""
        computation_class = cast(Any, base).computation_class
        self._loop = _loop(computation_class.opcodes)
        configured: type[StateAPI] = cast(Any, base).configure(
            account_db_class=_AccountDB,
            computation_class=_compiled(computation_class, self._loop),
        )
        return configured

    def trace(self, transaction: Transaction, keep: Keep = "never") -> tuple[Execution, Trace]:
        """Run one transaction and record every step."""
        recorder = self._loop.recorder = Recorder()
        try:
            execution = self.execute(transaction, keep)
        finally:
            self._loop.recorder = None
        columns = np.frombuffer(recorder.rows(), dtype=np.int64).reshape(-1, 6).T.copy()
        pc, opcode, depth, gas, gas_after, size = columns
        return execution, Trace(pc, opcode.astype(np.uint8), depth, gas, gas_after, size)


def _loop(opcodes: Mapping[int, Any]) -> Loop:
    """Return the loop of a fork: its opcodes where they are known, at its prices."""
    compiled = {value: opcode.gas_cost for value, opcode in opcodes.items() if _is_known(value, opcode)}
    return Loop(
        opcodes,
        compiled,
        exp_byte=opcodes[op.EXP].logic_fn.keywords["gas_per_byte"] if op.EXP in compiled else 0,
        keccak_word=constants.GAS_SHA3WORD,
        copied_word=constants.GAS_COPY,
        memory_word=constants.GAS_MEMORY,
        memory_quadratic_denominator=constants.GAS_MEMORY_QUADRATIC_DENOMINATOR,
        storage=_storage_prices(opcodes),
    )


def _is_known(value: int, opcode: Any) -> bool:
    if type(opcode) is not _FastOpcode:
        return False
    logic: Any = opcode.logic_fn
    if value == op.EXP:  # a function that has been given its price
        return getattr(logic, "func", None) is _EXP and not logic.args and set(logic.keywords) == {"gas_per_byte"}
    return logic is _KNOWN.get(value)


def _storage_prices(opcodes: Mapping[int, Any]) -> StoragePrices | None:
    """Return what SLOAD and SSTORE cost in a fork where both are those of Berlin, whatever their prices."""
    sload, sstore = opcodes[op.SLOAD], opcodes[op.SSTORE]
    # ensure_no_static(partial(sstore_eip2929_generic, schedule))
    guarded: Any = getattr(getattr(sstore, "logic_fn", None), "__wrapped__", None)
    known = (
        type(sload) is type(sstore) is _FastOpcode
        and sload.logic_fn is berlin.sload_eip2929
        and sstore.logic_fn.__code__ is ensure_no_static(berlin.sload_eip2929).__code__
        and getattr(guarded, "func", None) is berlin.sstore_eip2929_generic
        and sload.gas_cost == sstore.gas_cost == 0
    )
    if not known:
        return None
    (schedule,) = guarded.args
    if schedule.sload_gas != berlin_constants.WARM_STORAGE_READ_COST:
        return None
    return StoragePrices(
        cold_sload=berlin_constants.COLD_SLOAD_COST,
        warm_read=schedule.sload_gas,
        sstore_set=schedule.sstore_set_gas,
        sstore_reset=schedule.sstore_reset_gas,
        clear_refund=schedule.sstore_clears_schedule,
    )


class _FrameCode(CodeStream):
    """The code of a frame, as py-evm's opcodes see it; iterated, it is the loop alone."""

    def __init__(self, code: bytes, frame: Frame) -> None:
        self._frame = frame
        super().__init__(code)

    # In py-evm an attribute.
    program_counter = property(
        lambda self: self._frame.program_counter,
        lambda self, value: setattr(self._frame, "program_counter", value),
    )

    def __iter__(self) -> Iterator[int]:
        return iter((_LOOP,))


def _compiled(base: type[ComputationAPI], loop: Loop) -> type[ComputationAPI]:
    """Return a subclass of a fork's computation that runs in the loop."""

    class Compiled(cast(Any, base)):  # type: ignore[misc]
        # py-evm's own loop looks up each opcode of the code here, and so finds ours.
        opcodes: ClassVar[dict[int, Loop]] = {_LOOP: loop}

        def __init__(self, state: StateAPI, message: MessageAPI, context: TransactionContextAPI) -> None:
            self.frame = Frame(message.gas)
            super().__init__(state, message, context)
            self.code = _FrameCode(message.code, self.frame)
            self._stack = Stack(self.frame)
            self._memory = Memory(self.frame)

        def _configure_gas_meter(self) -> GasMeter:
            # The strategy is the fork's.
            return GasMeter(self.frame, super()._configure_gas_meter().refund_strategy)

    return cast("type[ComputationAPI]", Compiled)


class _AccountDB(TrackingAccountDB):
    """Accounts whose storage, and what a transaction has touched, are kept in compiled journals."""

    def _reset_access_counters(self) -> None:
        self._journal_accessed_state: Any = AccessSet()

    def _get_storage_tracker_key(self, address: Address, slot: int) -> Any:
        return (address, slot)

    def _get_address_store(self, address: Address) -> Any:
        stores: dict[Address, Any] = self._account_stores
        store = stores.get(address)
        if store is None:
            store = stores[address] = Storage()
        return store
