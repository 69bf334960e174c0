"""Costs of transactions, as columns."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from dcai.report import html
from dcai.report.frame import frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcai.errors import Revert
    from dcai.report.frame import DataFrame

__all__ = ["Costs"]


@dataclass(frozen=True, slots=True, eq=False)
class Costs:
    """Gas of each of ``n`` transactions; every array has one entry a transaction.

    ``gas_used = max(intrinsic + calldata + execution - refund, floor)``.

    Attributes
    ----------
    gas_used : ndarray of uint64, shape (n,)
        Gas used, as the receipt has it and the sender pays it.
    gas_limit : ndarray of uint64, shape (n,)
        The least gas limit with which the same happens: refunds come after, and a write of storage needs more than
        2,300 gas to be left (EIP-2200).
    intrinsic : ndarray of uint64, shape (n,)
        21,000.
    calldata : ndarray of uint64, shape (n,)
        4 for each zero byte of the data and 16 for each other byte.
    execution : ndarray of uint64, shape (n,)
        Gas of the opcodes.
    refund : ndarray of uint64, shape (n,)
        Refund, after the cap of a fifth (EIP-3529).
    floor : ndarray of uint64, shape (n,)
        The least that a transaction with these data uses (EIP-7623); 0 before Prague.
    new_slots : ndarray of uint64, shape (n,)
        Storage slots that it makes non-zero, at 20,000 gas each: many where a model sees features for the first time.
    mistake : ndarray of bool, shape (n,)
        Whether the model's prediction was not the label, which then cost a move of its weights. False where the
        transaction does not come to predict, and for nearest centroid models, whose updates predict nothing.
    errors : dict of int to Revert
        The transactions that revert, by number, and why. They cost what is said here all the same.
    """

    gas_used: NDArray[np.uint64]
    gas_limit: NDArray[np.uint64]
    intrinsic: NDArray[np.uint64]
    calldata: NDArray[np.uint64]
    execution: NDArray[np.uint64]
    refund: NDArray[np.uint64]
    floor: NDArray[np.uint64]
    new_slots: NDArray[np.uint64]
    mistake: NDArray[np.bool_]
    errors: Mapping[int, Revert]

    def __len__(self) -> int:
        """Return the number of transactions."""
        return len(self.gas_used)

    @property
    def success(self) -> NDArray[np.bool_]:
        """True for each transaction that succeeds, ndarray of bool, shape (n,)."""
        success = np.ones(len(self), dtype=np.bool_)
        success[list(self.errors)] = False
        return success

    @property
    def total(self) -> int:
        """The gas that all transactions use together."""
        return int(self.gas_used.sum())

    def to_frame(self) -> DataFrame:
        """Return a row for each transaction: the attributes, ``success``, and the name of the error."""
        names = [each.name for each in fields(self) if each.name != "errors"]
        errors = [self.errors[i].name if i in self.errors else "" for i in range(len(self))]
        columns = {name: getattr(self, name) for name in names} | {"success": self.success, "error": errors}
        return frame(columns, columns)

    def _repr_html_(self) -> str:
        names = ("gas_used", "gas_limit", "execution", "calldata", "intrinsic", "refund", "floor")
        rows = []
        for name in names if len(self) else ():
            values = getattr(self, name)
            numbers = (values.sum(), np.median(values), values.min(), values.max())
            rows.append([name, *(f"{int(number):,}" for number in numbers)])
        return html.table(repr(self)[1:-1], ["gas", "total", "median", "least", "most"], rows, 1)

    def __repr__(self) -> str:
        return f"<Costs of {len(self):,} transactions, {len(self.errors):,} of them reverted: {self.total:,} gas>"
