"""Ongoing self-assessment: deposit, refund, take."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from dcai.errors import InputError, Revert
from dcai.incentives.mechanism import IncentiveMechanism

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.incentives.data_handler import StoredData
    from dcai.incentives.ledger import Ledger

__all__ = ["Stakeable64"]

_SECONDS_PER_HOUR = 3600


class Stakeable64(IncentiveMechanism):
    """Twin of the contract ``Stakeable64``: a contribution costs a deposit, which the model's later opinion moves.

    Mirrors: contracts/src/incentives/Stakeable64.sol

    Parameters
    ----------
    ledger : Ledger
        The chain.
    refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s : int
        Waits, as for `IncentiveMechanism`.
    cost_weight : int
        uint80, in wei: the deposit is 3,600 times it one second after the last contribution, and falls with the
        root of the time since then.

    Attributes
    ----------
    last_update_time_s : int
        When data were last added, at first when this was deployed.

    Raises
    ------
    InputError
        A number out of range.
    Revert
        ``WaitsNotOrdered``.
    """

    def __init__(
        self,
        ledger: Ledger,
        refund_wait_time_s: int,
        owner_claim_wait_time_s: int,
        any_address_claim_wait_time_s: int,
        cost_weight: int,
    ) -> None:
        super().__init__(ledger, refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s)
        if not 0 <= cost_weight < 1 << 80:
            raise InputError(f"a cost weight of {cost_weight} wei; it must be from 0 to 2^80 - 1")
        self.cost_weight = cost_weight
        self.last_update_time_s = ledger.timestamp

    def get_next_add_data_cost(self, current_time_s: int | None = None) -> int:
        """Return the deposit for a contribution, in wei, rounded down.

        Parameters
        ----------
        current_time_s : int, optional
            When it is made; now unless given.

        Raises
        ------
        Revert
            ``TimeBeforeLastUpdate``.
        """
        if not self.cost_weight:
            return 0
        now = self._ledger.timestamp if current_time_s is None else current_time_s
        if now < self.last_update_time_s:
            raise Revert("TimeBeforeLastUpdate", (now, self.last_update_time_s))
        return self.cost_weight * _SECONDS_PER_HOUR // max(isqrt(now - self.last_update_time_s), 1)

    def handle_add_data(self, value: int) -> int:
        """Check that the deposit was paid, and return it; the rest of the payment is the sender's."""
        cost = self.get_next_add_data_cost()
        if value < cost:
            raise Revert("InsufficientPayment", (cost, value))
        before, self.last_update_time_s = self.last_update_time_s, self._ledger.timestamp
        self._ledger.on_failure(lambda: setattr(self, "last_update_time_s", before))
        return cost

    def handle_refund(self, record: StoredData, predict: Callable[[], int]) -> int:
        """Check a refund, count the contribution as validated, and return all that is claimable."""
        if record.sender in record.claimed_by:
            raise Revert("AlreadyClaimed", (record.sender,))
        if not record.claimable_amount:
            raise Revert("NothingToClaim")
        self._check_refund(record, predict)
        self._count_valid(record.sender)
        return record.claimable_amount

    def handle_report(self, reporter: str, record: StoredData, predict: Callable[[], int], *, by_owner: bool) -> int:
        """Check a report, and return the reporter's share of the deposit, rounded down, or all where that is none."""
        if not record.claimable_amount:
            raise Revert("NothingToClaim")
        age = self._ledger.timestamp - record.time
        if (by_owner and age >= self.owner_claim_wait_time_s) or age >= self.any_address_claim_wait_time_s:
            return record.claimable_amount
        self._check_report(reporter, record, predict)
        reward = record.initial_deposit * self.num_valid_for_address(reporter) // self.total_good_data_count
        return reward if 0 < reward <= record.claimable_amount else record.claimable_amount
