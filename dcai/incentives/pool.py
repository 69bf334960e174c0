"""A pool that pays back the fees of contributions that were validated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from dcai.errors import InputError, Revert
from dcai.evm.abi import Event
from dcai.evm.hashing import to_address, to_bytes20

if TYPE_CHECKING:
    from dcai.incentives.ledger import Ledger

__all__ = ["Fee", "ReimbursementPool"]


@dataclass(frozen=True, slots=True)
class Fee:
    """Fee that an account paid for a contribution.

    Attributes
    ----------
    payee : str
        Address that paid it.
    amount : int
        In wei.
    is_due : bool
        Whether the data were validated.
    """

    payee: str
    amount: int
    is_due: bool = False


class ReimbursementPool:
    """Twin of the contract ``ReimbursementPool``.

    Mirrors: contracts/src/incentives/ReimbursementPool.sol

    The twins count no gas: what a contribution used is given with it.

    Parameters
    ----------
    ledger : Ledger
        The chain.
    address : str
        Address of the contract, whose balance bounds the payments.
    trainer : str
        Address of the trainer that it serves.
    max_gas : int
        uint32; the most gas that is paid for a contribution.
    max_gas_price : int
        uint56; the highest price that is paid for a unit of gas, in wei.
    owner : str
        Address that may set limits and withdraw.
    """

    def __init__(
        self, ledger: Ledger, address: str, trainer: str, max_gas: int, max_gas_price: int, *, owner: str
    ) -> None:
        self._ledger = ledger
        self.address = to_address(to_bytes20(address))
        self.trainer = to_address(to_bytes20(trainer))
        self.owner = to_address(to_bytes20(owner))
        self._set_limits(max_gas, max_gas_price)
        self._fees: dict[bytes, Fee] = {}

    def get_fee(self, key: bytes) -> Fee | None:
        """Return the fee of a contribution that is not yet paid back."""
        return self._fees.get(key)

    def fund(self, *, sender: str, value: int) -> tuple[Event, ...]:
        """Pay money in."""
        with self._ledger.transaction(sender, self.address, value) as events:
            self._ledger.emit(Event("Funded", {"sender": sender, "amount": value}))
        return tuple(events)

    def set_limits(self, max_gas: int, max_gas_price: int, *, sender: str) -> tuple[Event, ...]:
        """Set the limits for contributions to come; only the owner."""
        with self._ledger.transaction(sender, self.address) as events:
            self._only_owner(sender)
            self._set_limits(max_gas, max_gas_price)
            self._ledger.emit(Event("LimitsSet", {"maxGas": max_gas, "maxGasPrice": max_gas_price}))
        return tuple(events)

    def withdraw(self, recipient: str, amount: int, *, sender: str) -> tuple[Event, ...]:
        """Take money out; only the owner.

        Raises
        ------
        Revert
            ``OwnableUnauthorizedAccount``; ``PaymentFailed``, also where there is less.
        """
        with self._ledger.transaction(sender, self.address) as events:
            self._only_owner(sender)
            self._ledger.pay(self.address, recipient, amount)
        return tuple(events)

    def claim(self, key: bytes, *, sender: str) -> tuple[Event, ...]:
        """Pay a fee that is due to whom it belongs; anyone may call.

        Raises
        ------
        Revert
            ``NothingDue``, ``PaymentFailed``.
        """
        with self._ledger.transaction(sender, self.address) as events:
            fee = self._fees.get(key)
            if fee is None or not fee.is_due:
                raise Revert("NothingDue", (key,))
            self._put(key, None)
            self._ledger.emit(Event("Reimbursed", {"key": key, "payee": fee.payee, "amount": fee.amount}))
            self._ledger.pay(self.address, fee.payee, fee.amount)
        return tuple(events)

    # -- for the trainer -- #

    def record_fee(self, key: bytes, payee: str, gas_used: int, gas_price: int) -> None:
        """Remember the fee of a contribution, within the limits."""
        amount = min(gas_used, self.max_gas) * min(gas_price, self.max_gas_price)
        if amount and key not in self._fees:
            self._put(key, Fee(payee, amount))

    def reimburse(self, key: bytes) -> None:
        """Pay the fee of a contribution that was validated, or note that it is due."""
        fee = self._fees.get(key)
        if fee is None or fee.is_due:
            return
        self._put(key, replace(fee, is_due=True))
        try:
            self.claim(key, sender=self.address)
        except Revert:
            self._ledger.emit(Event("Due", {"key": key, "payee": fee.payee, "amount": fee.amount}))

    def _put(self, key: bytes, fee: Fee | None) -> None:
        before = self._fees.pop(key, None)
        if fee is not None:
            self._fees[key] = fee

        def undo() -> None:
            self._fees.pop(key, None)
            if before is not None:
                self._fees[key] = before

        self._ledger.on_failure(undo)

    def _only_owner(self, sender: str) -> None:
        if sender != self.owner:
            raise Revert("OwnableUnauthorizedAccount", (sender,))

    def _set_limits(self, max_gas: int, max_gas_price: int) -> None:
        if not 0 <= max_gas < 1 << 32 or not 0 <= max_gas_price < 1 << 56:
            raise InputError(f"limits of {max_gas} gas at {max_gas_price} wei; they must be a uint32 and a uint56")
        self.max_gas = max_gas
        self.max_gas_price = max_gas_price
