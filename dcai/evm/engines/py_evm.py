"""The reference engine: py-evm, in process, without blocks, signatures or state roots.

The only module that imports ``eth``. Each transaction runs through py-evm's own executor of the
fork, on its own state and with its own interpreter; only the wrapping of a block is left out.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, cast

from dcai.errors import EvmError, MissingExtraError
from dcai.evm.engines.engine import Engine, EngineAccount, Execution, Keep, RawLog, Trace, Transaction, World
from dcai.evm.engines.py_evm_trace import Recorder

_RECURSION_LIMIT = sys.getrecursionlimit()
try:
    from eth import EVM_RECURSION_LIMIT
    from eth.constants import CREATE_CONTRACT_ADDRESS
    from eth.db.account import AccountDB
    from eth.db.atomic import AtomicDB
    from eth.db.storage import CLEAR_COUNT_KEY_NAME, AccountStorageDB
    from eth.exceptions import (
        ContractCreationCollision,
        FullStack,
        InsufficientStack,
        InvalidInstruction,
        InvalidJumpDestination,
        OutOfBoundsRead,
        OutOfGas,
        ReservedBytesInCode,
        VMError,
        WriteProtection,
    )
    from eth.exceptions import Revert as RevertOpcode
    from eth.vm.execution_context import ExecutionContext
    from eth.vm.forks.arrow_glacier import ArrowGlacierVM
    from eth.vm.forks.cancun import CancunVM
    from eth.vm.forks.gray_glacier import GrayGlacierVM
    from eth.vm.forks.london import LondonVM
    from eth.vm.forks.paris import ParisVM
    from eth.vm.forks.prague import PragueVM
    from eth.vm.forks.shanghai import ShanghaiVM
    from eth.vm.spoof import SpoofTransaction
    from eth_typing import Address, BlockNumber, Hash32
    from eth_utils.exceptions import ValidationError
except ImportError as error:
    raise MissingExtraError("the engine 'py-evm'", "evm") from error
finally:
    # py-evm and what it imports raise the limit for the whole process, to where a deep recursion in C, such as that of
    # json, ends in a crash. Here it is high only while an EVM runs.
    sys.setrecursionlimit(_RECURSION_LIMIT)

if TYPE_CHECKING:
    from eth.abc import (
        AccountStorageDatabaseAPI,
        ComputationAPI,
        SignedTransactionAPI,
        StateAPI,
        VirtualMachineAPI,
    )
    from eth.typing import JournalDBCheckpoint

__all__ = ["PyEvm"]

_VMS: tuple[type[VirtualMachineAPI], ...] = (
    LondonVM,
    ArrowGlacierVM,
    GrayGlacierVM,
    ParisVM,
    ShanghaiVM,
    CancunVM,
    PragueVM,
)

#: After so many transactions the state is written anew: py-evm's journals keep some 4 kB of each, for good.
_RENEWED_AFTER = 1_000


class RevertibleStorageDB(AccountStorageDB):
    """py-evm's storage of an account, which also undoes two deletions at once.

    A creation at an address and a self-destruction there are two. No transaction of a block undoes both, but a
    simulation does.
    """

    def discard(self, checkpoint: JournalDBCheckpoint) -> None:
        try:
            super().discard(checkpoint)
        except ValidationError:
            # All but the trie has been undone.
            self._storage_lookup.rollback_trie(int.from_bytes(self._clear_count[CLEAR_COUNT_KEY_NAME], "big"))


class TrackingAccountDB(AccountDB):
    """py-evm's accounts, which also remember what was written: its tries cannot list their keys."""

    def __init__(self, db: AtomicDB, state_root: Hash32) -> None:
        super().__init__(db, state_root)
        self.accounts: set[Address] = set()
        self.slots: defaultdict[Address, set[int]] = defaultdict(set)

    def _get_address_store(self, address: Address) -> AccountStorageDatabaseAPI:
        if address not in self._account_stores:
            root = self._get_storage_root(address)
            self._account_stores[address] = RevertibleStorageDB(self._raw_store_db, root, address)
        return self._account_stores[address]

    def set_storage(self, address: Address, slot: int, value: int) -> None:
        super().set_storage(address, slot, value)
        self.slots[address].add(slot)

    def set_balance(self, address: Address, balance: int) -> None:
        super().set_balance(address, balance)
        self.accounts.add(address)

    def set_nonce(self, address: Address, nonce: int) -> None:
        super().set_nonce(address, nonce)
        self.accounts.add(address)

    def set_code(self, address: Address, code: bytes) -> None:
        super().set_code(address, code)
        self.accounts.add(address)


class PyEvm(Engine):
    """py-evm behind the interface of :class:`dcai.evm.engines.engine.Engine`."""

    NAME = "py-evm"
    FORKS: ClassVar[tuple[str, ...]] = tuple(cast(Any, vm).fork for vm in _VMS)

    def __init__(self, fork: str) -> None:
        super().__init__(fork)
        vm = _VMS[self.FORKS.index(fork)]
        self._transactions = vm.get_transaction_builder()
        self._state_class = self.state_class(vm.get_state_class())
        self._state = self._new_state()
        self._executed = 0

    def state_class(self, base: type[StateAPI]) -> type[StateAPI]:
        """Return the state class to run on: a subclass of the fork's, never a patch of it."""
        configured: type[StateAPI] = cast(Any, base).configure(account_db_class=TrackingAccountDB)
        return configured

    def _new_state(self) -> StateAPI:
        blank = AccountDB(AtomicDB()).state_root
        return self._state_class(AtomicDB(), self._execution_context(), blank)

    def _execution_context(self) -> ExecutionContext:
        block = self.block
        return ExecutionContext(
            coinbase=Address(block.coinbase),
            timestamp=block.timestamp,
            block_number=BlockNumber(block.number),
            difficulty=0,
            mix_hash=Hash32(block.prevrandao.to_bytes(32, "big")),
            gas_limit=block.gas_limit,
            prev_hashes=(),
            chain_id=block.chain_id,
            base_fee_per_gas=0,
            excess_blob_gas=0,
        )

    @property
    def _accounts(self) -> TrackingAccountDB:
        return cast(TrackingAccountDB, cast(Any, self._state)._account_db)

    # -- transactions -- #

    def execute(self, transaction: Transaction, keep: Keep = "always") -> Execution:
        """Run one transaction, isolated from those before it."""
        self._renew()
        return self._execute(transaction, keep)

    def trace(self, transaction: Transaction, keep: Keep = "never") -> tuple[Execution, Trace]:
        """Run one transaction and record every step."""
        self._renew()
        recorder = Recorder()
        state = cast(Any, self._state)
        state.computation_class = recorder.traced(type(state).computation_class)
        try:
            execution = self._execute(transaction, keep)
        finally:
            del state.computation_class
        return execution, recorder.trace()

    def _renew(self) -> None:
        if self._executed >= _RENEWED_AFTER:
            self.load(self.dump())

    def _execute(self, transaction: Transaction, keep: Keep) -> Execution:
        self._executed += 1
        state = self._state
        cast(Any, state).execution_context = self._execution_context()
        # The state after the last transaction is the original state now, and every access is cold again.
        state.lock_changes()
        before = state.snapshot()
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, EVM_RECURSION_LIMIT))
        try:
            computation = state.apply_transaction(self._spoof(transaction))
            # Its sums go as deep as the calls went.
            execution = self._execution(transaction, computation)
        except BaseException as error:  # even an interrupt must not leave half a transaction
            state.revert(before)
            if isinstance(error, RecursionError):
                raise EvmError(
                    "the calls of the transaction nest too deep for this Python: CPython 3.12 limits the "
                    "depth; other versions follow all 1,024 levels"
                ) from error
            raise
        finally:
            sys.setrecursionlimit(limit)
        if keep == "always" or (keep == "success" and execution.success):
            state.commit(before)
        else:
            state.revert(before)
        return execution

    def _spoof(self, transaction: Transaction) -> SignedTransactionAPI:
        """Wrap an unsigned transaction so that py-evm takes its sender as given."""
        sender = Address(transaction.sender)
        unsigned = self._transactions.create_unsigned_transaction(
            nonce=self._state.get_nonce(sender),
            gas_price=transaction.gas_price,
            gas=transaction.gas_limit,
            to=CREATE_CONTRACT_ADDRESS if transaction.to is None else Address(transaction.to),
            value=transaction.value,
            data=transaction.data,
        )
        return cast("SignedTransactionAPI", SpoofTransaction(unsigned, from_=sender))

    @staticmethod
    def _execution(transaction: Transaction, computation: ComputationAPI) -> Execution:
        created = computation.msg.storage_address if transaction.to is None else None
        halt = None
        if computation.is_error and not isinstance(computation.error, RevertOpcode):
            # One word for all that stops a precompile: whether it lacks gas or its input is bad is checked in another
            # order by each engine.
            is_precompile = computation.msg.code_address in computation.precompiles
            halt = "Precompile failed" if is_precompile else _describe(computation.error)
        return Execution(
            success=computation.is_success,
            gas_spent=transaction.gas_limit - computation.get_gas_remaining(),
            gas_refund=computation.get_gas_refund(),
            output=computation.output,
            logs=tuple(RawLog(*log) for log in computation.get_log_entries()),
            created=created if computation.is_success else None,
            halt=halt,
        )

    # -- state -- #

    def nonce(self, address: bytes) -> int:
        """Return the nonce of an account."""
        return self._state.get_nonce(Address(address))

    def balance(self, address: bytes) -> int:
        """Return the balance of an account in wei."""
        return self._state.get_balance(Address(address))

    def code(self, address: bytes) -> bytes:
        """Return the runtime code of an account."""
        return self._state.get_code(Address(address))

    def storage_at(self, address: bytes, slot: int) -> int:
        """Return one word of storage."""
        return self._state.get_storage(Address(address), slot)

    def storage(self, address: bytes) -> dict[int, int]:
        """Return every non-zero slot of an account."""
        accounts = self._accounts
        key = Address(address)
        words = ((slot, accounts.get_storage(key, slot)) for slot in sorted(accounts.slots[key]))
        return {slot: word for slot, word in words if word}

    def set_account(self, address: bytes, account: EngineAccount) -> None:
        """Replace an account outside of any transaction."""
        key = Address(address)
        state = self._state
        for slot in self._accounts.slots[key] - account.storage.keys():
            state.set_storage(key, slot, 0)
        state.set_nonce(key, account.nonce)
        state.set_balance(key, account.balance)
        state.set_code(key, account.code)
        for slot, word in account.storage.items():
            state.set_storage(key, slot, word)

    def dump(self) -> World:
        """Return every account that exists."""
        return {
            bytes(key): EngineAccount(self.nonce(key), self.balance(key), self.code(key), self.storage(key))
            for key in sorted(self._accounts.accounts)
            if self._state.account_exists(key)
        }

    def load(self, world: World) -> None:
        """Replace the whole state."""
        # A new state, not a revert: py-evm forgets its journal of storage once changes are locked.
        self._state = self._new_state()
        self._executed = 0
        for address, account in world.items():
            self.set_account(address, account)


#: Halts by the class of their error, in the words that all engines have for them. The first match counts: py-evm has
#: one class for some failures that others tell apart, and then its text begins as given.
_HALTS: tuple[tuple[type[VMError], str, str], ...] = (
    (OutOfGas, "Contract code size exceeds EIP170", "Contract code too large"),
    (OutOfGas, "", "Out of gas"),
    (InvalidInstruction, "Jump", "Invalid jump destination"),
    (InvalidInstruction, "", "Invalid opcode"),
    (InvalidJumpDestination, "", "Invalid jump destination"),
    (InsufficientStack, "", "Stack underflow"),
    (FullStack, "", "Stack overflow"),
    (WriteProtection, "", "Write in a static call"),
    (OutOfBoundsRead, "", "Return data out of bounds"),
    (ReservedBytesInCode, "", "Contract code begins with 0xEF"),
    (ContractCreationCollision, "", "Address collision"),
    (VMError, "", "Failed"),  # there is no other in the forks in question
)


def _describe(error: VMError) -> str:
    """Say what stopped the EVM."""
    said = str(error)
    return next(text for kind, start, text in _HALTS if isinstance(error, kind) and said.startswith(start))
