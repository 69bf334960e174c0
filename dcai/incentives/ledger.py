"""Balances, block time, and calls that happen whole or not at all: what a chain does for its contracts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from dcai.errors import InputError, InputTypeError, Revert, shown
from dcai.evm.abi import Event
from dcai.evm.hashing import to_address, to_bytes20

__all__ = ["Ledger"]


class Ledger:
    """The accounts of a chain and the time of its block.

    Gas is free here: a sender pays what it sends and nothing else.

    Parameters
    ----------
    balances : mapping of str to int
        Wei of each address; any other has 0.
    timestamp : int
        Time of the block, in seconds.

    Attributes
    ----------
    timestamp : int
        Time of the block; assign a later one to go on.
    block_number, prevrandao : int
        Number of the block, and the randomness that it has from the beacon chain.
    origin : str
        Sender of the running transaction.
    gas_price : int
        Gas price of transactions in wei, which a pool reads.
    receivers : dict of str to callable
        Accounts that are contracts: what each does when it is paid, given the amount. It may call twins again, and it
        may raise, which refuses the money.

    Raises
    ------
    InputError, InputTypeError
        An address or a balance is none.
    """

    def __init__(self, balances: Mapping[str, int] | None = None, timestamp: int = 0) -> None:
        self.timestamp = timestamp
        self.block_number = 1
        self.prevrandao = 0
        self.origin = ""
        self.gas_price = 0
        self.receivers: dict[str, Callable[[int], None]] = {}
        self._balances: dict[str, int] = {}
        self._undo: list[Callable[[], object]] = []
        self._log: list[Event] = []
        self._depth = 0
        for address, wei in (balances or {}).items():
            self.set_balance(address, wei)

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""
        return self._balances.get(address, 0)

    def set_balance(self, address: str, balance_wei: int) -> None:
        """Give an account a balance, out of nothing."""
        if isinstance(balance_wei, bool) or not isinstance(balance_wei, int):
            raise InputTypeError(f"the balance of {address} is {shown(balance_wei)}; it must be an integer, in wei")
        if balance_wei < 0:
            raise InputError(f"the balance of {address} is {balance_wei} wei; it must not be negative")
        self._balances[to_address(to_bytes20(address))] = balance_wei

    def balances(self) -> dict[str, int]:
        """Return the balance of every account that ever had one, in wei."""
        return dict(self._balances)

    # -- calls -- #

    @contextmanager
    def transaction(self, sender: str, to: str, value: int = 0) -> Iterator[list[Event]]:
        """Run a call with its payment: where the block raises, nothing has changed and nothing was logged.

        Parameters
        ----------
        sender, to : str
            Who calls, and the contract that is called; addresses with their checksum.
        value : int
            Wei that go with the call.

        Yields
        ------
        list of Event
            Filled when the block ends: what was logged in it, in order.

        Raises
        ------
        InputError
            The sender has less than that.
        """
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= self.balance(sender):
            raise InputError(f"{sender} has {self.balance(sender)} wei and cannot send {shown(value)}")
        start, first_event = len(self._undo), len(self._log)
        events: list[Event] = []
        if not self._depth:
            self.origin = sender
        self._depth += 1
        try:
            if value:
                self._move(sender, to, value)
            yield events
            events += self._log[first_event:]
        except BaseException:
            while len(self._undo) > start:
                self._undo.pop()()
            del self._log[first_event:]
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                self._undo.clear()
                self._log.clear()

    @property
    def is_nested(self) -> bool:
        """Return whether the running call is part of another, which may still fail."""
        return self._depth > 1

    def on_failure(self, undo: Callable[[], object]) -> None:
        """Have a change undone should the running call, or the one that it is part of, fail."""
        self._undo.append(undo)

    def emit(self, event: Event) -> None:
        """Log an event, unless the running call fails."""
        self._log.append(event)

    def accepts_blindly(self, address: str) -> bool:
        """Return whether an account has no code, and so accepts money without running any."""
        return address not in self.receivers

    def pay(self, sender: str, to: str, amount: int) -> None:
        """Pay from a contract to an account, within a call.

        Raises
        ------
        Revert
            ``PaymentFailed``: the receiver refuses, or there is less.
        """
        if self.balance(sender) < amount:
            raise Revert("PaymentFailed", (to, amount))
        self._move(sender, to, amount)
        receive = self.receivers.get(to)
        if receive is None:
            return
        try:
            with self.transaction(to, to):
                receive(amount)
        except (Revert, InputError) as error:
            raise Revert("PaymentFailed", (to, amount)) from error

    def _move(self, sender: str, to: str, amount: int) -> None:
        balances = self._balances
        self._undo.append(lambda: self._move_back(sender, to, amount))
        balances[sender] = balances.get(sender, 0) - amount
        balances[to] = balances.get(to, 0) + amount

    def _move_back(self, sender: str, to: str, amount: int) -> None:
        self._balances[to] -= amount
        self._balances[sender] += amount
