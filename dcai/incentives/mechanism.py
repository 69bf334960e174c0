"""Base of incentive mechanisms: waits, and the order of the checks of a claim."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from dcai.errors import InputError, Revert

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.incentives.data_handler import StoredData
    from dcai.incentives.ledger import Ledger

__all__ = ["IncentiveMechanism"]

_UINT32 = 1 << 32


class IncentiveMechanism(ABC):
    """Rules of deposits, refunds and rewards for contributions.

    Parameters
    ----------
    ledger : Ledger
        The chain.
    refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s : int
        uint32, in seconds, none shorter than the one before it: when a contribution may be refunded or reported, when
        the owner may take what is left, and when anyone may.

    Attributes
    ----------
    total_good_data_count : int
        Number of validated contributions.

    Raises
    ------
    InputError
        A wait is no uint32.
    Revert
        ``WaitsNotOrdered``.
    """

    def __init__(
        self,
        ledger: Ledger,
        refund_wait_time_s: int,
        owner_claim_wait_time_s: int,
        any_address_claim_wait_time_s: int,
    ) -> None:
        waits = (refund_wait_time_s, owner_claim_wait_time_s, any_address_claim_wait_time_s)
        for wait in waits:
            if not 0 <= wait < _UINT32:
                raise InputError(f"a wait of {wait} s; it must be from 0 to 2^32 - 1")
        if list(waits) != sorted(waits):
            raise Revert("WaitsNotOrdered", waits)
        self._ledger = ledger
        self.refund_wait_time_s = refund_wait_time_s
        self.owner_claim_wait_time_s = owner_claim_wait_time_s
        self.any_address_claim_wait_time_s = any_address_claim_wait_time_s
        self.total_good_data_count = 0
        self._num_valid: dict[str, int] = {}

    def num_valid_for_address(self, address: str) -> int:
        """Return how many contributions of an address were validated."""
        return self._num_valid.get(address, 0)

    # -- for the trainer -- #

    @abstractmethod
    def handle_add_data(self, value: int) -> int:
        """Check the payment for a contribution, and return its deposit in wei."""

    @abstractmethod
    def handle_refund(self, record: StoredData, predict: Callable[[], int]) -> int:
        """Check a refund, count the contribution as validated, and return the amount in wei."""

    @abstractmethod
    def handle_report(self, reporter: str, record: StoredData, predict: Callable[[], int], *, by_owner: bool) -> int:
        """Check a report, and return the amount in wei; ``by_owner``: whether the reporter owns the trainer."""

    # -- shared checks -- #

    def _check_waited(self, record: StoredData) -> None:
        available_at = record.time + self.refund_wait_time_s
        if self._ledger.timestamp < available_at:
            raise Revert("TooEarly", (available_at,))

    def _check_refund(self, record: StoredData, predict: Callable[[], int]) -> None:
        self._check_waited(record)
        predicted = predict()
        if predicted != record.classification:
            raise Revert("PredictionDiffers", (predicted, record.classification))

    def _check_report(self, reporter: str, record: StoredData, predict: Callable[[], int]) -> None:
        if reporter == record.sender:
            raise Revert("OwnData", (record.sender,))
        if reporter in record.claimed_by:
            raise Revert("AlreadyClaimed", (reporter,))
        self._check_waited(record)
        if predict() == record.classification:
            raise Revert("PredictionAgrees", (record.classification,))
        if not self.num_valid_for_address(reporter):
            raise Revert("NoValidatedData", (reporter,))

    def _count_valid(self, address: str) -> None:
        self._num_valid[address] = self.num_valid_for_address(address) + 1
        self.total_good_data_count += 1
        self._ledger.on_failure(lambda: self._uncount_valid(address))

    def _uncount_valid(self, address: str) -> None:
        self._num_valid[address] -= 1
        self.total_good_data_count -= 1
