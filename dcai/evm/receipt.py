"""Receipt of a transaction: its result, logs and gas."""

from __future__ import annotations

from dataclasses import dataclass

from dcai.errors import EvmError, Revert
from dcai.reprs import short_repr

__all__ = ["Log", "Receipt"]


@dataclass(frozen=True, slots=True)
class Log:
    """One log entry.

    Attributes
    ----------
    address : str
        The contract that wrote it.
    topics : tuple of int
        The indexed words; the first is the hash of the event's signature.
    data : bytes
        The other arguments, ABI encoded.
    """

    __repr__ = short_repr

    address: str
    topics: tuple[int, ...]
    data: bytes


@dataclass(frozen=True)
class Receipt:
    """Result of one transaction.

    ``gas_used = max(intrinsic + calldata + execution - refund, floor)``.

    Attributes
    ----------
    success : bool
        Whether it ran to its end; if not, it changed nothing but the sender's nonce.
    gas_used : int
        Gas that the sender pays for.
    gas_limit : int
        Gas that the sender allowed.
    intrinsic : int
        21,000, for a creation 32,000 more and the words of the creation code.
    calldata : int
        4 for each zero byte of the data and 16 for each other byte.
    execution : int
        Gas of the opcodes, the deposit of new code included.
    refund : int
        Refund, after the cap of a fifth (EIP-3529).
    floor : int
        The least that a transaction with these data uses (EIP-7623); 0 before Prague.
    logs : tuple of Log
        Logs of the transaction.
    output : bytes
        Data that it returned: ABI encoded results, the new runtime code of a creation, the payload of a
        revert.
    contract_address : str or None
        The contract that it created.
    error : Revert or EvmError or None
        Why it failed.
    """

    __repr__ = short_repr

    success: bool
    gas_used: int
    gas_limit: int
    intrinsic: int
    calldata: int
    execution: int
    refund: int
    floor: int
    logs: tuple[Log, ...]
    output: bytes
    contract_address: str | None
    error: Revert | EvmError | None

    def raise_for_error(self) -> None:
        """Raise ``error`` where there is one.

        Raises
        ------
        Revert
            The contract refused; its ``receipt`` is this one.
        EvmError
            The transaction ran out of gas, or met an invalid opcode.
        """
        if self.error is not None:
            raise self.error
