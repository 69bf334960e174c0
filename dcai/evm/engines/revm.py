"""The fast engine: revm, compiled in, some hundred times as fast as py-evm and independent of it.

The crate ``kernels/evm`` surrounds revm with what an engine must do; this module makes its tuples the records of
``dcai.evm.engines.engine``. A transaction runs without the GIL and cannot be interrupted; its gas limit bounds it.

The two engines agree in every result, unit of gas and step, and in the reason of every halt, but for:

- Creation code over the limit of EIP-3860, created by an opcode with more value than there is. revm is right: the
  frame is out of gas. py-evm compares the balance first, and goes on with a zero.
- A creation at an address that has storage and neither code nor nonce. No transaction leaves such an account;
  ``set_account`` can. EIP-7610 calls it a collision; neither engine does: revm begins with empty storage, py-evm goes
  on with the old (with an empty one after CREATE2).
- A transfer to an account that would then have 2^256 wei or more, which there are not. revm fails the call; py-evm
  raises an error of its own.
- Memory beyond 4 GiB, which only gas limits beyond 2^44 pay for: revm is out of gas.
"""

from __future__ import annotations

from typing import ClassVar

from dcai import _kernels
from dcai.errors import InputError
from dcai.evm.engines.engine import (
    Engine,
    EngineAccount,
    EngineBlock,
    Execution,
    Keep,
    RawLog,
    Trace,
    Transaction,
    World,
)
from dcai.evm.schedule import FORKS

__all__ = ["Revm"]


class Revm(Engine):
    """revm behind the interface of :class:`dcai.evm.engines.engine.Engine`."""

    NAME = "revm"
    FORKS: ClassVar[tuple[str, ...]] = FORKS

    def __init__(self, fork: str) -> None:
        super().__init__(fork)
        self._native = _kernels.Revm(fork)
        #: The block that the native side was told last.
        self._told: EngineBlock | None = None

    # -- transactions -- #

    def execute(self, transaction: Transaction, keep: Keep = "always") -> Execution:
        """Run one transaction, isolated from those before it."""
        _check_free(transaction)
        self._tell_block()
        return _execution(self._native.execute(transaction, keep))

    def trace(self, transaction: Transaction, keep: Keep = "never") -> tuple[Execution, Trace]:
        """Run one transaction and record every step."""
        _check_free(transaction)
        self._tell_block()
        execution, columns = self._native.trace(transaction, keep)
        return _execution(execution), Trace(*columns)

    def _tell_block(self) -> None:
        block = self.block
        if block is not self._told:
            self._native.set_block(block)
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

    def set_account(self, address: bytes, account: EngineAccount) -> None:
        """Replace an account outside of any transaction."""
        storage = dict(account.storage)
        self._native.set_account(address, account.nonce, account.balance, account.code, storage)

    def dump(self) -> World:
        """Return every account that exists."""
        return {
            address: EngineAccount(nonce, balance, code, storage)
            for address, nonce, balance, code, storage in self._native.accounts()
        }

    def load(self, world: World) -> None:
        """Replace the whole state."""
        self._native.clear()
        for address, account in world.items():
            self.set_account(address, account)


def _check_free(transaction: Transaction) -> None:
    """Refuse a gas price, which the native side does not know."""
    if transaction.gas_price:
        raise InputError(
            f"gas_price is {transaction.gas_price} wei; the engine revm supports only 0: use the engine py-evm"
        )


def _execution(native: _kernels._Execution) -> Execution:
    success, gas_spent, gas_refund, output, logs, created, halt = native
    return Execution(success, gas_spent, gas_refund, output, tuple(RawLog(*log) for log in logs), created, halt)
