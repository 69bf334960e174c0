"""The fast engine: revm, compiled in, some hundred times as fast as py-evm and independent of it.

The crate ``kernels/evm`` surrounds revm with what an engine must do; this module makes its tuples the records of
``dcai.evm.engine``. A transaction runs without the GIL and cannot be interrupted; its gas limit bounds it.
"""

from __future__ import annotations

from typing import ClassVar

from dcai import _kernels
from dcai.evm.engine import Account, Block, Engine, Execution, Keep, RawLog, Trace, Transaction, World
from dcai.evm.schedule import FORKS

__all__ = ["Revm"]


class Revm(Engine):
    """revm behind the interface of :class:`dcai.evm.engine.Engine`."""

    NAME = "revm"
    FORKS: ClassVar[tuple[str, ...]] = FORKS

    def __init__(self, fork: str) -> None:
        super().__init__(fork)
        self._native = _kernels.Revm(fork)
        #: The block that the native side was told last.
        self._told: Block | None = None

    # -- transactions -- #

    def execute(self, transaction: Transaction, keep: Keep = "always") -> Execution:
        """Run one transaction, isolated from those before it."""
        self._tell_block()
        return _execution(
            self._native.execute(
                transaction.sender, transaction.to, transaction.data, transaction.value, transaction.gas_limit, keep
            )
        )

    def trace(self, transaction: Transaction, keep: Keep = "never") -> tuple[Execution, Trace]:
        """Run one transaction and record every step."""
        self._tell_block()
        execution, columns = self._native.trace(
            transaction.sender, transaction.to, transaction.data, transaction.value, transaction.gas_limit, keep
        )
        return _execution(execution), Trace(*columns)

    def _tell_block(self) -> None:
        block = self.block
        if block is not self._told:
            self._native.set_block(block.number, block.timestamp, block.gas_limit, block.chain_id, block.coinbase)
            self._told = block

    # -- state -- #

    def nonce(self, address: bytes) -> int:
        """Return the nonce of an account."""
        return self._native.nonce(address)

    def balance(self, address: bytes) -> int:
        """Return the balance of an account in wei."""
        return self._native.balance(address)

    def code(self, address: bytes) -> bytes:
        """Return the runtime code of an account."""
        return self._native.code(address)

    def storage_at(self, address: bytes, slot: int) -> int:
        """Return one word of storage."""
        return self._native.storage_at(address, slot)

    def storage(self, address: bytes) -> dict[int, int]:
        """Return every non-zero slot of an account."""
        return self._native.storage(address)

    def set_account(self, address: bytes, account: Account) -> None:
        """Replace an account outside of any transaction."""
        storage = dict(account.storage)
        self._native.set_account(address, account.nonce, account.balance, account.code, storage)

    def dump(self) -> World:
        """Return every account that exists."""
        return {address: Account(*account) for address, *account in self._native.accounts()}

    def load(self, world: World) -> None:
        """Replace the whole state."""
        self._native.clear()
        for address, account in world.items():
            self.set_account(address, account)


def _execution(native: _kernels._Execution) -> Execution:
    success, gas_spent, gas_refund, output, logs, created, halt = native
    return Execution(success, gas_spent, gas_refund, output, tuple(RawLog(*log) for log in logs), created, halt)
