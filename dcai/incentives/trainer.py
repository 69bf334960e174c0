"""The trainer: contributions are recorded, learned, refunded and reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.errors import Revert
from dcai.evm.abi import Event
from dcai.evm.hashing import to_address, to_bytes20
from dcai.incentives.sponsorship import Domain, contribution_digest, signed_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dcai.incentives.data_handler import DataHandler64
    from dcai.incentives.ledger import Ledger
    from dcai.incentives.mechanism import IncentiveMechanism
    from dcai.incentives.pool import ReimbursementPool
    from dcai.models import Classifier

__all__ = ["CollaborativeTrainer64"]


class CollaborativeTrainer64:
    """Twin of the contract ``CollaborativeTrainer64``.

    Mirrors: contracts/src/trainer/CollaborativeTrainer64.sol

    Each call returns the events that the contracts would log, and raises the contract's error, after which nothing has
    changed. Money moves last. Data are integers that the ABI could encode; addresses have their checksum.

    Parameters
    ----------
    ledger : Ledger
        The chain.
    address : str
        Address of the contract, which holds the deposits.
    data_handler, incentive_mechanism, classifier
        Contracts that it owns.
    owner : str, optional
        Deployer, who may claim after the second wait; nobody by default.
    chain_id : int
        For which signatures are made.
    is_signed_by : callable
        Whether (account, digest, signature) is a good signature. Unless given that of an account without code,
        recovered by eth_keys; what a contract would say (ERC-1271) must be given.

    Attributes
    ----------
    reimbursement_pool : ReimbursementPool or None
        Pool that reimburses fees, see `set_reimbursement_pool`.
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
        chain_id: int = 1,
        is_signed_by: Callable[[str, bytes, bytes], bool] = signed_by,
    ) -> None:
        self._ledger = ledger
        self._nonces: dict[str, int] = {}
        self._is_signed_by = is_signed_by
        self.address = to_address(to_bytes20(address))
        self.domain = Domain(self.address, chain_id)
        self.owner = to_address(to_bytes20(owner)) if owner else ""
        self.data_handler = data_handler
        self.incentive_mechanism = incentive_mechanism
        self.classifier = classifier
        self.reimbursement_pool: ReimbursementPool | None = None

    def nonces(self, account: str) -> int:
        """Return the nonce of the next contribution that an account signs."""
        return self._nonces.get(account, 0)

    def set_reimbursement_pool(self, pool: ReimbursementPool | None, *, sender: str) -> tuple[Event, ...]:
        """Choose the pool; only the owner.

        Raises
        ------
        Revert
            ``OwnableUnauthorizedAccount``.
        """
        with self._ledger.transaction(sender, self.address) as events:
            if sender != self.owner:
                raise Revert("OwnableUnauthorizedAccount", (sender,))
            self.reimbursement_pool = pool
            address = to_address(bytes(20)) if pool is None else pool.address
            self._ledger.emit(Event("ReimbursementPoolSet", {"pool": address}))
        return tuple(events)

    def add_data(
        self, data: Sequence[int], classification: int, *, sender: str, value: int = 0, gas_used: int = 0
    ) -> tuple[Event, ...]:
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
        gas_used : int
            By the transaction, for the pool.

        Raises
        ------
        Revert
            ``InsufficientPayment``, ``ContributionExists``, what the model refuses, ``PaymentFailed``.
        """
        with self._ledger.transaction(sender, self.address, value) as events:
            cost = self.incentive_mechanism.handle_add_data(value)
            self._add(data, classification, sender, sender, None, cost, value, gas_used)
        return tuple(events)

    def add_data_for(
        self,
        data: Sequence[int],
        classification: int,
        contributor: str,
        deadline: int,
        max_deposit: int,
        signature: bytes,
        *,
        sender: str,
        value: int = 0,
        gas_used: int = 0,
    ) -> tuple[Event, ...]:
        """Contribute a sample that its author signed, and pay the deposit, which comes back to the sender.

        Parameters
        ----------
        data, classification, sender, value, gas_used
            As for `add_data`; the sender is the sponsor.
        contributor : str
            The author.
        deadline, max_deposit : int
            As signed.
        signature : bytes
            Of the digest that ``contribution_digest`` gives.

        Raises
        ------
        Revert
            ``SignatureExpired``, ``InvalidSignature``, ``InsufficientPayment``, ``DepositTooHigh``, then as `add_data`.
        """
        with self._ledger.transaction(sender, self.address, value) as events:
            if self._ledger.timestamp > deadline:
                raise Revert("SignatureExpired", (deadline,))
            nonce = self._use_nonce(contributor)
            digest = contribution_digest(self.domain, data, classification, contributor, nonce, deadline, max_deposit)
            if not self._is_signed_by(contributor, digest, signature):
                raise Revert("InvalidSignature")
            cost = self.incentive_mechanism.handle_add_data(value)
            if cost > max_deposit:
                raise Revert("DepositTooHigh", (cost, max_deposit))
            self._add(data, classification, sender, contributor, sender, cost, value, gas_used)
        return tuple(events)

    def refund(self, data: Sequence[int], classification: int, added_time: int, *, sender: str) -> tuple[Event, ...]:
        """Validate one's contribution: the model must predict its label now. The deposit goes to who paid it.

        Raises
        ------
        Revert
            ``UnknownContribution``, ``AlreadyClaimed``, ``NothingToClaim``, ``TooEarly``, ``PredictionDiffers``,
            ``PaymentFailed``.
        """
        return self.refund_for(data, classification, added_time, sender, sender=sender)

    def refund_for(
        self, data: Sequence[int], classification: int, added_time: int, contributor: str, *, sender: str
    ) -> tuple[Event, ...]:
        """Validate a contribution as its author, or as who paid its deposit.

        Raises
        ------
        Revert
            As `refund`; after the first ``NeitherContributorNorPayer``.
        """
        with self._ledger.transaction(sender, self.address) as events:
            key, record = self.data_handler.find(data, classification, added_time, contributor)
            if sender not in (contributor, record.payer):
                raise Revert("NeitherContributorNorPayer", (sender,))
            amount = self.incentive_mechanism.handle_refund(record, self._prediction(data))
            self.data_handler.handle_claim(record, contributor, amount)
            self._ledger.emit(Event("Refund", {"key": key, "recipient": record.payer, "amount": amount}))
            if self.reimbursement_pool is not None:
                self.reimbursement_pool.reimburse(key)
            self._pay(record.payer, amount)
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
        with self._ledger.transaction(sender, self.address) as events:
            key, record = self.data_handler.find(data, classification, added_time, original_author)
            amount = self.incentive_mechanism.handle_report(
                sender, record, self._prediction(data), by_owner=sender == self.owner
            )
            self.data_handler.handle_claim(record, sender, amount)
            self._ledger.emit(Event("Report", {"key": key, "reporter": sender, "amount": amount}))
            self._pay(sender, amount)
        return tuple(events)

    # -- parts -- #

    def _add(
        self,
        data: Sequence[int],
        classification: int,
        sender: str,
        author: str,
        sponsor: str | None,
        cost: int,
        value: int,
        gas_used: int,
    ) -> None:
        key, time = self.data_handler.handle_add_data(author, sponsor or author, cost, data, classification)
        self._update(data, classification, sender)
        arguments = {"d": tuple(data), "c": classification, "t": time, "sender": author, "cost": cost}
        self._ledger.emit(Event("AddData", arguments))
        if sponsor is not None:
            self._ledger.emit(Event("Sponsored", {"key": key, "sponsor": sponsor, "contributor": author}))
        if self.reimbursement_pool is not None:
            self.reimbursement_pool.record_fee(key, self._ledger.origin, gas_used, self._ledger.gas_price)
        self._pay(sender, value - cost)

    def _prediction(self, data: Sequence[int]) -> Callable[[], int]:
        return lambda: int(self.classifier.predict(list(data)))

    def _update(self, data: Sequence[int], classification: int, sender: str) -> None:
        # What follows is a payment, which only a contract can refuse: nobody else pays for a copy of the model.
        before = None if self._ledger.accepts_blindly(sender) else self.classifier.copy()
        self.classifier.update(list(data), classification)
        if before is not None:
            self._ledger.on_failure(lambda: setattr(self, "classifier", before))

    def _use_nonce(self, account: str) -> int:
        nonce = self.nonces(account)
        self._nonces[account] = nonce + 1
        self._ledger.on_failure(lambda: self._nonces.update({account: nonce}))
        return nonce

    def _pay(self, to: str, amount: int) -> None:
        if amount:
            self._ledger.pay(self.address, to, amount)
