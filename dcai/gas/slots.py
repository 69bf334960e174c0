"""Storage as a transaction finds it, slot by slot, and what touching it costs."""

from __future__ import annotations

from collections.abc import Hashable

from dcai.evm.schedule import CLEARED_SLOT_REFUND, COLD_SLOT, RESET_SLOT, SET_SLOT, WARM_SLOT

__all__ = ["Slots"]


class Slots:
    """The storage of one contract under symbolic names, with a gas ledger of the current transaction.

    Attributes
    ----------
    gas : int
        Gas of the transaction's reads and writes so far.
    refund : int
        Refund of them, before the cap.
    last_store : int or None
        Gas of the last write.
    """

    def __init__(self) -> None:
        self._values: dict[Hashable, int] = {}
        self.begin()

    def begin(self) -> None:
        """Begin a transaction: every slot is cold."""
        self._originals: dict[Hashable, int] = {}
        self.gas = 0
        self.refund = 0
        self.last_store: int | None = None

    def revert(self) -> None:
        """Undo the transaction under way."""
        self._values |= self._originals

    def load(self, slot: Hashable) -> int:
        """Read a slot."""
        self.gas += self._access(slot) or WARM_SLOT
        return self._values.get(slot, 0)

    def store(self, slot: Hashable, value: int) -> None:
        """Write a slot."""
        cold = self._access(slot)
        original, current = self._originals[slot], self._values.get(slot, 0)
        cost = WARM_SLOT
        if current != value:
            if original == current:
                cost = RESET_SLOT if original else SET_SLOT
            self.refund += self._refund(original, current, value)
        self._values[slot] = value
        self.last_store = cost + cold
        self.gas += self.last_store

    def _access(self, slot: Hashable) -> int:
        if slot in self._originals:
            return 0
        self._originals[slot] = self._values.get(slot, 0)
        return COLD_SLOT

    @staticmethod
    def _refund(original: int, current: int, value: int) -> int:
        refund = 0
        if original:
            refund += CLEARED_SLOT_REFUND * ((value == 0) - (current == 0))
        if current != original == value:
            refund += (RESET_SLOT if original else SET_SLOT) - WARM_SLOT
        return refund
