"""The interface of an engine: what an EVM must do for dcai.

An engine keeps one world state and runs one transaction at a time on it. It knows bytes and
integers only; ``dcai.evm.machine`` makes of them addresses as text, receipts and reverts with names.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcai.errors import InputError
from dcai.reprs import short_repr

__all__ = [
    "Engine",
    "EngineAccount",
    "EngineBlock",
    "Execution",
    "Keep",
    "RawLog",
    "Trace",
    "Transaction",
    "World",
]

#: When the effects of a transaction stay: always, only where it succeeded, or never.
Keep = Literal["always", "success", "never"]


@dataclass(frozen=True, slots=True)
class EngineBlock:
    """Fields of the current block that contracts can read."""

    number: int = 1
    timestamp: int = 1
    gas_limit: int = 60_000_000
    chain_id: int = 1
    coinbase: bytes = bytes(20)
    prevrandao: int = 0


@dataclass(frozen=True, slots=True)
class Transaction:
    """One message to run, unsigned: anyone may send it. ``to=None`` creates a contract of ``data``."""

    sender: bytes
    to: bytes | None
    data: bytes
    value: int
    gas_limit: int
    gas_price: int = 0


class RawLog(NamedTuple):
    """A log entry with its topics as 256-bit numbers."""

    address: bytes
    topics: tuple[int, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Execution:
    """Result of a transaction.

    Attributes
    ----------
    success : bool
        Whether it ran to its end.
    gas_spent : int
        Intrinsic gas, calldata and execution, before any refund and regardless of the calldata
        floor.
    gas_refund : int
        The refund that the execution earned; the cap is applied by the receipt.
    output : bytes
        Data that it returned; the data of the revert, where it reverted.
    logs : tuple of RawLog
        Empty unless it succeeded.
    created : bytes or None
        The address of the contract that it created.
    halt : str or None
        Why it stopped where it neither succeeded nor reverted, in the words that all engines have for it:
        ``"Out of gas"``, ``"Invalid opcode"``, ``"Stack underflow"``.
    """

    success: bool
    gas_spent: int
    gas_refund: int
    output: bytes
    logs: tuple[RawLog, ...]
    created: bytes | None
    halt: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """Every opcode that a transaction ran, in order; one entry of each array a step.

    The opcode on which a frame halts (out of gas, a bad jump) is a step too; its ``gas_after`` is 0, since a halt
    takes all that is left. A frame that runs past the end of its code ends in a STOP at that place. Calls of
    precompiles, and creations and calls of accounts without code, have no steps of their own.

    Attributes
    ----------
    pc : ndarray of int64
        The program counter.
    op : ndarray of uint8
        The opcode.
    depth : ndarray of int64
        1 in the frame of the transaction, one more in each call.
    gas : ndarray of int64
        The gas that its frame had left before the opcode.
    gas_after : ndarray of int64
        The same after it; for a call or creation, after the frame that it opened has returned what was left.
    memory : ndarray of int64
        The size of its frame's memory before the opcode, in bytes.
    """

    __repr__ = short_repr

    pc: NDArray[np.int64]
    op: NDArray[np.uint8]
    depth: NDArray[np.int64]
    gas: NDArray[np.int64]
    gas_after: NDArray[np.int64]
    memory: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.pc)


@dataclass(frozen=True, slots=True)
class EngineAccount:
    """The whole state of one account; ``storage`` holds non-zero slots only."""

    nonce: int = 0
    balance: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)


#: Every account of a state, by address: what one engine dumps, another loads.
World = dict[bytes, EngineAccount]


class Engine(ABC):
    """One EVM with one world state, under the rules of one fork.

    Fees are zero: neither the sender's balance nor the coinbase's changes by the gas used.

    Parameters
    ----------
    fork : str
        One of ``FORKS``.

    Attributes
    ----------
    block : EngineBlock
        The block in which the next transaction runs; assign another to change it.
    """

    NAME: ClassVar[str]
    FORKS: ClassVar[tuple[str, ...]]

    def __init__(self, fork: str) -> None:
        if fork not in self.FORKS:
            raise InputError(
                f"the engine {self.NAME!r} does not support the fork {fork!r}; it supports {', '.join(self.FORKS)}"
            )
        self.fork = fork
        self.block = EngineBlock()

    @abstractmethod
    def execute(self, transaction: Transaction, keep: Keep = "always") -> Execution:
        """Run one transaction, isolated from those before it.

        Accounts and slots are cold at its start, the original value of each slot is what the last
        transaction left, and transient storage is empty. The caller has checked that the gas limit
        covers what is due before the first opcode, and that the sender has the value. Where the
        effects are not kept, not even the nonce changes.
        """

    @abstractmethod
    def trace(self, transaction: Transaction, keep: Keep = "never") -> tuple[Execution, Trace]:
        """Run one transaction as ``execute`` does, and record every step."""

    @abstractmethod
    def nonce(self, address: bytes) -> int:
        """Return the number of transactions sent by (or contracts created by) an account."""

    @abstractmethod
    def balance(self, address: bytes) -> int:
        """Return the balance of an account in wei."""

    @abstractmethod
    def code(self, address: bytes) -> bytes:
        """Return the runtime code of an account, empty where it has none."""

    @abstractmethod
    def storage_at(self, address: bytes, slot: int) -> int:
        """Return one word of storage."""

    @abstractmethod
    def storage(self, address: bytes) -> dict[int, int]:
        """Return every non-zero slot of an account, in ascending order of slots."""

    @abstractmethod
    def set_account(self, address: bytes, account: EngineAccount) -> None:
        """Replace an account, its storage included, outside of any transaction."""

    @abstractmethod
    def dump(self) -> World:
        """Return every account that exists."""

    @abstractmethod
    def load(self, world: World) -> None:
        """Replace the whole state."""
