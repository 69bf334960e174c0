"""The executable specification of Ethereum (``ethereum-execution``) as one more engine, for tests alone.

It shares no code with the engines of dcai and is the only other one in Python that knows Osaka. It is slow, and copies
its whole state at every call.
"""

from __future__ import annotations

import sys
from dataclasses import fields
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from dcai.evm.engines.engine import Engine, EngineAccount, Execution, Keep, RawLog, Trace, Transaction, World
from tests.support.evm.opcodes import FORKS, knows

_RECURSION_LIMIT = sys.getrecursionlimit()
try:
    import ethereum
    from ethereum.crypto.hash import Hash32
    from ethereum.trace import EvmStop, OpEnd, OpException, OpStart, TransactionEnd, set_evm_trace
    from ethereum_types.bytes import Bytes0, Bytes32
    from ethereum_types.numeric import U64, U256, Uint
finally:
    sys.setrecursionlimit(_RECURSION_LIMIT)  # raised by the import, for the whole process

#: What the specification calls the reasons of a halt. Code that is too large is out of gas there, and so is creation
#: code in CREATE; a precompiled contract that refuses its input has no opcode to blame.
_HALTS = {
    "OutOfGasError": "Out of gas",
    "InvalidOpcode": "Invalid opcode",
    "InvalidJumpDestError": "Invalid jump destination",
    "StackUnderflowError": "Stack underflow",
    "StackOverflowError": "Stack overflow",
    "WriteInStaticContext": "Write in a static call",
    "OutOfBoundsRead": "Return data out of bounds",
    "InvalidContractPrefix": "Contract code begins with 0xEF",
    "AddressCollision": "Address collision",
}


class ExecutionSpecs(Engine):
    """The specification behind the interface of the engines."""

    NAME = "execution-specs"
    FORKS: ClassVar[tuple[str, ...]] = FORKS

    def __init__(self, fork: str) -> None:
        super().__init__(fork)
        self._package = f"ethereum.forks.{fork.replace('-', '_')}"
        self._state_module = self._module("state")
        self._vm = self._module("vm")
        self._interpreter = self._module("vm.interpreter")
        self._types = self._module("fork_types")
        self._state: Any = self._state_module.State()

    def _module(self, name: str) -> Any:
        return import_module(f"{self._package}.{name}")

    # -- transactions -- #

    def execute(self, transaction: Transaction, keep: Keep = "always") -> Execution:
        """Run one transaction, isolated from those before it."""
        return self.trace(transaction, keep)[0]

    def trace(self, transaction: Transaction, keep: Keep = "never") -> tuple[Execution, Trace]:
        """Run one transaction and record every step."""
        before = self.dump() if keep != "always" else {}
        recorder = _Recorder()
        previous, limit = set_evm_trace(recorder), sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, ethereum.EVM_RECURSION_LIMIT))
        try:
            execution = self._run(transaction, recorder)
        finally:
            set_evm_trace(previous)
            sys.setrecursionlimit(limit)
        if keep == "never" or (keep == "success" and not execution.success):
            self.load(before)
        return execution, recorder.trace()

    def _run(self, transaction: Transaction, recorder: _Recorder) -> Execution:
        """Follow ``process_transaction``, without signatures, fees and receipts."""
        state, sender = self._state, self._types.Address(transaction.sender)
        coinbase = self._types.Address(self.block.coinbase)
        self._state_module.increment_nonce(state, sender)
        unsigned = self._module("transactions").LegacyTransaction(
            nonce=U256(0),
            gas_price=Uint(0),
            gas=Uint(transaction.gas_limit),
            to=Bytes0() if transaction.to is None else self._types.Address(transaction.to),
            value=U256(transaction.value),
            data=transaction.data,
            v=U256(0),
            r=U256(0),
            s=U256(0),
        )
        # From Prague on the second is the floor.
        intrinsic = self._module("transactions").calculate_intrinsic_cost(unsigned)
        gas = unsigned.gas - (intrinsic[0] if isinstance(intrinsic, tuple) else intrinsic)
        environment = self._of_fork(
            self._vm.TransactionEnvironment,
            origin=sender,
            gas_price=Uint(0),
            gas=gas,
            access_list_addresses={coinbase} if knows(self.fork, "shanghai") else set(),
            access_list_storage_keys=set(),
            transient_storage=getattr(self._state_module, "TransientStorage", object)(),
            blob_versioned_hashes=(),
            authorizations=(),
            index_in_block=Uint(0),
            tx_hash=Hash32(bytes(32)),
        )
        message = self._module("utils.message").prepare_message(self._block_environment(), environment, unsigned)
        output = self._interpreter.process_message_call(message)
        for address in output.accounts_to_delete:
            self._state_module.destroy_account(state, address)
        if not knows(self.fork, "paris"):
            touched = {*output.touched_accounts, coinbase}
            self._state_module.destroy_touched_empty_accounts(state, touched)
        success = output.error is None
        name = type(output.error).__name__
        reverted = name == "Revert"
        return Execution(
            success=success,
            gas_spent=transaction.gas_limit - int(output.gas_left),
            gas_refund=int(output.refund_counter),
            output=recorder.output,
            logs=tuple(
                RawLog(bytes(log.address), tuple(int.from_bytes(t, "big") for t in log.topics), bytes(log.data))
                for log in output.logs
            ),
            created=bytes(message.current_target) if transaction.to is None and success else None,
            halt=None if success or reverted else _HALTS.get(name, name),
        )

    def _block_environment(self) -> Any:
        block = self.block
        return self._of_fork(
            self._vm.BlockEnvironment,
            chain_id=U64(block.chain_id),
            state=self._state,
            block_gas_limit=Uint(block.gas_limit),
            block_hashes=[Hash32(bytes(32))] * 256,
            coinbase=self._types.Address(block.coinbase),
            number=Uint(block.number),
            base_fee_per_gas=Uint(0),
            time=U256(block.timestamp),
            difficulty=Uint(0),
            prev_randao=Bytes32(bytes(32)),
            excess_blob_gas=U64(0),
            parent_beacon_block_root=Hash32(bytes(32)),
        )

    @staticmethod
    def _of_fork(made: type, **values: Any) -> Any:
        """Make an object whose fields have grown with the forks."""
        return made(**{name: values[name] for name in (field.name for field in fields(made))})

    # -- state -- #

    def _account(self, address: bytes) -> Any:
        return self._state_module.get_account(self._state, self._types.Address(address))

    def nonce(self, address: bytes) -> int:
        """Return the nonce of an account."""
        return int(self._account(address).nonce)

    def balance(self, address: bytes) -> int:
        """Return the balance of an account in wei."""
        return int(self._account(address).balance)

    def code(self, address: bytes) -> bytes:
        """Return the code of an account."""
        return bytes(self._account(address).code)

    def storage_at(self, address: bytes, slot: int) -> int:
        """Return one word of storage."""
        return self.storage(address).get(slot, 0)

    def storage(self, address: bytes) -> dict[int, int]:
        """Return every non-zero slot of an account."""
        trie = self._state._storage_tries.get(self._types.Address(address))
        words = {} if trie is None else {int.from_bytes(key, "big"): int(word) for key, word in trie._data.items()}
        return dict(sorted(words.items()))

    def set_account(self, address: bytes, account: EngineAccount) -> None:
        """Replace an account outside of any transaction."""
        key, state = self._types.Address(address), self._state
        self._state_module.destroy_account(state, key)
        self._state_module.set_account(
            state, key, self._types.Account(Uint(account.nonce), U256(account.balance), account.code)
        )
        for slot, word in account.storage.items():
            self._state_module.set_storage(state, key, Bytes32(slot.to_bytes(32, "big")), U256(word))

    def dump(self) -> World:
        """Return every account that exists."""
        addresses = sorted(bytes(key) for key, account in self._state._main_trie._data.items() if account is not None)
        return {
            address: EngineAccount(
                self.nonce(address), self.balance(address), self.code(address), self.storage(address)
            )
            for address in addresses
        }

    def load(self, world: World) -> None:
        """Replace the whole state."""
        self._state = self._state_module.State()
        for address, account in world.items():
            self.set_account(address, account)


class _Recorder:
    """Makes steps of the events that the specification emits."""

    def __init__(self) -> None:
        self.output = b""
        #: pc, opcode, depth, gas, gas after, memory.
        self._steps: list[list[int]] = []
        #: The step that each frame is in, innermost last.
        self._open: list[list[int]] = []

    def __call__(self, evm: Any, event: object) -> None:
        if isinstance(event, OpStart):
            self._begin(evm, event.op.value)
        elif isinstance(event, OpEnd):
            self._open.pop()[4] = int(evm.gas_left)
        elif isinstance(event, OpException):
            self._fail(evm, event.error)
        elif isinstance(event, EvmStop) and evm.running and evm.code:
            self._begin(evm, 0)
            self._open.pop()
        elif isinstance(event, TransactionEnd):
            self.output = bytes(event.output)

    def _begin(self, evm: Any, opcode: int) -> None:
        gas = int(evm.gas_left)
        step = [int(evm.pc), opcode, int(evm.message.depth) + 1, gas, gas, len(evm.memory)]
        self._steps.append(step)
        self._open.append(step)

    def _fail(self, evm: Any, error: Exception) -> None:
        kind = type(error).__name__
        if kind == "InvalidOpcode":  # the opcode never began
            self._begin(evm, evm.code[evm.pc])
        depth = int(evm.message.depth) + 1
        if self._open and self._open[-1][2] == depth:  # a precompiled contract has no step
            self._open.pop()[4] = int(evm.gas_left) if kind == "Revert" else 0

    def trace(self) -> Trace:
        """Return what was recorded."""
        pc, op, depth, gas, gas_after, memory = np.array(self._steps, dtype=np.int64).reshape(-1, 6).T
        return Trace(pc, op.astype(np.uint8), depth, gas, gas_after, memory)
