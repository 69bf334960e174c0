"""Points and badges in place of money."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from dcai.errors import Revert
from dcai.evm.abi import Event
from dcai.incentives.mechanism import IncentiveMechanism

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dcai.incentives.data_handler import StoredData
    from dcai.incentives.ledger import Ledger

__all__ = ["Points64"]


class Points64(IncentiveMechanism):
    """Twin of the contract ``Points64``: a validated contribution is a point, and enough points are a badge.

    Mirrors: contracts/src/incentives/Points64.sol

    Parameters
    ----------
    ledger : Ledger
        The chain.
    refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s : int
        Waits, as for `IncentiveMechanism`.
    thresholds : sequence of int
        Points of each level, from level 1 on, strictly increasing from at least 1.
    badge_names : sequence of str
        The name of each level's badge.

    Raises
    ------
    InputError
        A wait is no uint32.
    Revert
        ``WaitsNotOrdered``; ``DimensionMismatch`` where there are not as many names as thresholds;
        ``ThresholdsNotIncreasing``.
    """

    def __init__(
        self,
        ledger: Ledger,
        refund_wait_time_s: int,
        owner_claim_wait_time_s: int,
        any_address_claim_wait_time_s: int,
        thresholds: Sequence[int] = (),
        badge_names: Sequence[str] = (),
    ) -> None:
        super().__init__(ledger, refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s)
        if len(badge_names) != len(thresholds):
            raise Revert("DimensionMismatch", (len(thresholds), len(badge_names)))
        previous = 0
        for level, threshold in enumerate(thresholds, 1):
            if threshold <= previous:
                raise Revert("ThresholdsNotIncreasing", (level, threshold))
            previous = threshold
        self.thresholds = tuple(thresholds)
        self.badge_names = tuple(badge_names)

    def get_next_add_data_cost(self, current_time_s: int | None = None) -> int:
        """Return 0: contributions are free."""
        return 0

    def get_levels(self) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """Return the points of each level, and the name of its badge."""
        return self.thresholds, self.badge_names

    def get_level(self, address: str) -> int:
        """Return the level of an address, 0 before the first."""
        return bisect_right(self.thresholds, self.num_valid_for_address(address))

    def get_badges(self, address: str) -> tuple[str, ...]:
        """Return the badges of an address, the first level's first."""
        return self.badge_names[: self.get_level(address)]

    def handle_add_data(self, value: int) -> int:
        """Return the deposit, 0."""
        return 0

    def handle_refund(self, record: StoredData, predict: Callable[[], int]) -> int:
        """Check a validation, and count it: a point, and a badge where it reaches a level."""
        if record.sender in record.claimed_by:
            raise Revert("AlreadyClaimed", (record.sender,))
        self._check_refund(record, predict)
        self._count_valid(record.sender)
        if self.num_valid_for_address(record.sender) in self.thresholds:
            level = self.get_level(record.sender)
            self._ledger.emit(Event("BadgeEarned", {"account": record.sender, "level": level}))
        return 0

    def handle_report(self, reporter: str, record: StoredData, predict: Callable[[], int], *, by_owner: bool) -> int:
        """Check a report, which is recorded."""
        self._check_report(reporter, record, predict)
        return 0
