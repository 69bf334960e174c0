"""The records of contributions, as the contract ``DataHandler64`` keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dcai.errors import Revert
from dcai.incentives.keys import contribution_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.incentives.ledger import Ledger

__all__ = ["DataHandler64", "StoredData"]


@dataclass(slots=True)
class StoredData:
    """Record of one contribution.

    Attributes
    ----------
    classification : int
        Its label.
    time : int
        When it was added, in seconds.
    sender : str
        Its author.
    initial_deposit, claimable_amount : int
        In wei.
    num_claims : int
        Number of claims.
    claimed_by : set of str
        Addresses of the claimants.
    payer : str
        Payer of the deposit, who is refunded: the author or a sponsor.
    """

    classification: int
    time: int
    sender: str
    initial_deposit: int
    claimable_amount: int
    payer: str
    num_claims: int = 0
    claimed_by: set[str] = field(default_factory=set)


class DataHandler64:
    """Twin of the contract ``DataHandler64``: records by the hash of (data, label, time, author).

    Mirrors: contracts/src/trainer/DataHandler64.sol

    Parameters
    ----------
    ledger : Ledger
        The chain.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._added: dict[bytes, StoredData] = {}

    def find(self, data: Sequence[int], classification: int, added_time: int, author: str) -> tuple[bytes, StoredData]:
        """Return the key and the record of a contribution.

        Raises
        ------
        Revert
            ``UnknownContribution``.
        """
        key = contribution_key(data, classification, added_time, author)
        record = self._added.get(key)
        if record is None:
            raise Revert("UnknownContribution", (key,))
        return key, record

    def get_claimable_amount(self, data: Sequence[int], classification: int, added_time: int, author: str) -> int:
        """Return what is left of a deposit, in wei."""
        return self.find(data, classification, added_time, author)[1].claimable_amount

    def get_initial_deposit(self, data: Sequence[int], classification: int, added_time: int, author: str) -> int:
        """Return what was deposited, in wei."""
        return self.find(data, classification, added_time, author)[1].initial_deposit

    def get_num_claims(self, data: Sequence[int], classification: int, added_time: int, author: str) -> int:
        """Return how many claims were granted."""
        return self.find(data, classification, added_time, author)[1].num_claims

    def has_claimed(self, data: Sequence[int], classification: int, added_time: int, author: str, claimer: str) -> bool:
        """Return whether an address has claimed."""
        return claimer in self.find(data, classification, added_time, author)[1].claimed_by

    def get_payer(self, data: Sequence[int], classification: int, added_time: int, author: str) -> str:
        """Return who gets the deposit back: the sponsor who paid it, or the author."""
        return self.find(data, classification, added_time, author)[1].payer

    # -- for the trainer -- #

    def handle_add_data(
        self, author: str, payer: str, cost: int, data: Sequence[int], classification: int
    ) -> tuple[bytes, int]:
        """Record a contribution, and return its key and time.

        Raises
        ------
        Revert
            ``ContributionExists``: the same, of this very second, and money is left to claim.
        """
        time = self._ledger.timestamp
        key = contribution_key(data, classification, time, author)
        old = self._added.get(key)
        if old is not None and old.claimable_amount:
            raise Revert("ContributionExists", (key,))
        record = StoredData(classification, time, author, cost, cost, payer)
        if old is not None:
            record.claimed_by = old.claimed_by  # who has claimed stays so
        self._added[key] = record
        self._ledger.on_failure(lambda: self._put_back(key, old))
        return key, time

    def handle_claim(self, record: StoredData, claimer: str, amount: int) -> None:
        """Take an amount off a record, and note who claimed it."""
        is_new = claimer not in record.claimed_by
        record.claimable_amount -= amount
        record.num_claims += 1
        record.claimed_by.add(claimer)

        def undo() -> None:
            record.claimable_amount += amount
            record.num_claims -= 1
            if is_new:
                record.claimed_by.discard(claimer)

        self._ledger.on_failure(undo)

    def _put_back(self, key: bytes, old: StoredData | None) -> None:
        if old is None:
            del self._added[key]
        else:
            self._added[key] = old
