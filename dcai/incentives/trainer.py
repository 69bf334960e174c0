"""The trainer: contributions are recorded, learned, refunded and reported."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from dcai.errors import Revert
from dcai.evm.abi import Event
from dcai.evm.hashing import to_address, to_bytes20

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcai.incentives.data_handler import DataHandler64
    from dcai.incentives.ledger import Ledger
    from dcai.incentives.mechanism import IncentiveMechanism
    from dcai.models import Classifier

__all__ = ["CollaborativeTrainer64"]


class CollaborativeTrainer64:
    """Twin of the contract ``CollaborativeTrainer64``.

    Each call returns the events that the contract would log, and raises the contract's error, after which nothing has
    changed. Money moves last.

    Parameters
    ----------
    ledger : Ledger
        The chain.
    address : str
        Where the contract is; it holds the deposits.
    data_handler, incentive_mechanism, classifier
        What it owns.
    owner : str, optional
        Who deployed it, and may claim after the second wait; nobody unless given.
    """

    def __init__(
        self,
        ledger: Ledger,
        address: str,
        data_handler: DataHandler64,
        incentive_mechanism: IncentiveMechanism,
        classifier: Classifier,
        *,
        owner: str = "",
    ) -> None:
        self._ledger = ledger
        self._entered = False
        self.address = to_address(to_bytes20(address))
        self.owner = to_address(to_bytes20(owner)) if owner else ""
        self.data_handler = data_handler
        self.incentive_mechanism = incentive_mechanism
        self.classifier = classifier

    def add_data(self, data: Sequence[int], classification: int, *, sender: str, value: int = 0) -> tuple[Event, ...]:
        """Contribute a sample: record it, learn it, give back what was paid beyond the deposit.

        Parameters
        ----------
        data : sequence of int
            As the model takes it.
        classification : int
            Its label.
        sender : str
            The author.
        value : int
            Wei that are sent; at least the deposit.

        Raises
        ------
        Revert
            ``InsufficientPayment``, ``ContributionExists``, what the model refuses, ``PaymentFailed``.
        """
        with self._transaction(sender, value) as events:
            self._add(data, classification, author=sender, payer=sender, value=value)
        return tuple(events)

    def refund(self, data: Sequence[int], classification: int, added_time: int, *, sender: str) -> tuple[Event, ...]:
        """Get back a deposit, by the author: the model must predict the label now.

        Raises
        ------
        Revert
            ``UnknownContribution``, ``AlreadyClaimed``, ``NothingToClaim``, ``TooEarly``, ``PredictionDiffers``,
            ``PaymentFailed``.
        """
        with self._transaction(sender) as events:
            self._refund(data, classification, added_time, author=sender)
        return tuple(events)

    def report(
        self, data: Sequence[int], classification: int, added_time: int, original_author: str, *, sender: str
    ) -> tuple[Event, ...]:
        """Take a share of the deposit of somebody else's contribution that the model disagrees with.

        After the longer waits the owner, then anyone, takes what is left, whatever the model says.

        Raises
        ------
        Revert
            ``UnknownContribution``, ``NothingToClaim``, ``OwnData``, ``AlreadyClaimed``, ``TooEarly``,
            ``PredictionAgrees``, ``NoValidatedData``, ``PaymentFailed``.
        """
        with self._transaction(sender) as events:
            key, record = self.data_handler.find(data, classification, added_time, original_author)
            amount = self.incentive_mechanism.handle_report(
                sender, record, self._prediction(data), by_owner=sender == self.owner
            )
            self.data_handler.handle_claim(record, sender, amount)
            self._ledger.emit(Event("Report", {"key": key, "reporter": sender, "amount": amount}))
            self._pay(sender, amount)
        return tuple(events)

    # -- parts -- #

    def _add(self, data: Sequence[int], classification: int, *, author: str, payer: str, value: int) -> None:
        cost = self.incentive_mechanism.handle_add_data(value)
        key, time = self.data_handler.handle_add_data(author, payer, cost, data, classification)
        self._update(data, classification, payer)
        arguments = {"d": tuple(data), "c": classification, "t": time, "sender": author, "cost": cost}
        self._ledger.emit(Event("AddData", arguments))
        if payer != author:
            self._ledger.emit(Event("Sponsored", {"key": key, "sponsor": payer, "contributor": author}))
        self._pay(payer, value - cost)

    def _refund(self, data: Sequence[int], classification: int, added_time: int, *, author: str) -> None:
        key, record = self.data_handler.find(data, classification, added_time, author)
        amount = self.incentive_mechanism.handle_refund(record, self._prediction(data))
        self.data_handler.handle_claim(record, author, amount)
        self._ledger.emit(Event("Refund", {"key": key, "recipient": record.payer, "amount": amount}))
        self._pay(record.payer, amount)

    def _prediction(self, data: Sequence[int]) -> Callable[[], int]:
        return lambda: int(self.classifier.predict(list(data)))

    def _update(self, data: Sequence[int], classification: int, payer: str) -> None:
        # What follows is a payment, which only a contract can refuse: nobody else pays for a copy of the model.
        before = None if self._ledger.accepts_blindly(payer) else self.classifier.copy()
        self.classifier.update(list(data), classification)
        if before is not None:
            self._ledger.on_failure(lambda: setattr(self, "classifier", before))

    def _pay(self, to: str, amount: int) -> None:
        if amount:
            self._ledger.pay(self.address, to, amount)

    @contextmanager
    def _transaction(self, sender: str, value: int = 0) -> Iterator[list[Event]]:
        if self._entered:
            raise Revert("ReentrancyGuardReentrantCall")
        with self._ledger.transaction(sender, self.address, value) as events:
            self._entered = True
            try:
                yield events
            finally:
                self._entered = False
