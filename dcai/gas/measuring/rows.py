"""Rows of the table of gas: what kind of transactions, and the distribution of what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcai.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dcai.gas.costs import Costs
    from dcai.gas.prices import Prices

__all__ = ["TOTAL", "GasRow", "TransactionKind", "kinds", "row_of"]

#: The case of a deployment as a whole.
TOTAL = "total"
#: The parts of which a transaction's gas consists.
SPLIT = ("intrinsic", "calldata", "execution", "refund", "floor")


class TransactionKind(NamedTuple):
    """Kind of a transaction.

    Attributes
    ----------
    action : str
        "deploy", "update", "predict", or "refused" for an update that reverts.
    case : str
        Of a deployment the function, of a Perceptron's update "mistake" or "correct", of a refused one the error.
    slots : str
        Of an update, "first" where it makes storage slots non-zero, else "steady".
    """

    action: str
    case: str = ""
    slots: str = ""

    def __str__(self) -> str:
        if self.action == "deploy" and self.case != TOTAL:
            return self.case
        return ", ".join(filter(None, self))


def kinds(costs: Costs, contract: str) -> Iterator[tuple[TransactionKind, NDArray[np.bool_]]]:
    """Yield each kind of update that there is, and which transactions are of it; together they are all."""
    success, first = costs.success, costs.new_slots > 0
    cases = [("", success)]
    if MODELS[contract].spec.has_mistakes:
        cases = [("mistake", success & costs.mistake), ("correct", success & ~costs.mistake)]
    for case, mask in cases:
        yield TransactionKind("update", case, "first"), mask & first
        yield TransactionKind("update", case, "steady"), mask & ~first
    for name in sorted({error.name for error in costs.errors.values()}):
        refused = np.zeros(len(costs), dtype=np.bool_)
        refused[[i for i, error in costs.errors.items() if error.name == name]] = True
        yield TransactionKind("refused", name), refused


@dataclass(frozen=True, slots=True)
class GasRow:
    """The distribution of the gas of some transactions of one kind.

    Attributes
    ----------
    data, model : str
        Name of the data, and of the contract.
    kind : TransactionKind
        Kind of the transactions.
    engine : str
        "predicted", or the EVM that measured.
    fork : str
        The rules.
    n : int
        How many transactions.
    minimum, median, maximum : int
        Of gas used. The median is that of a transaction: the lower of the two in the middle where n is even.
    intrinsic, calldata, execution, refund, floor : int
        Where the gas of the median transaction goes.
    gas_limit : int
        The gas limit with which every one of them runs.
    """

    data: str
    model: str
    kind: TransactionKind
    engine: str
    fork: str
    n: int
    minimum: int
    median: int
    maximum: int
    intrinsic: int
    calldata: int
    execution: int
    refund: int
    floor: int
    gas_limit: int

    @property
    def at_floor(self) -> bool:
        """Whether the median transaction pays the floor of its calldata (EIP-7623), and not what it uses."""
        return self.median > self.intrinsic + self.calldata + self.execution - self.refund

    def as_fields(self, prices: Prices) -> dict[str, Any]:
        """Return plain values for JSON and CSV, units in the names."""
        return {
            "data": self.data,
            "model": self.model,
            **self.kind._asdict(),
            "engine": self.engine,
            "fork": self.fork,
            "n": self.n,
            "gas_used_min": self.minimum,
            "gas_used_median": self.median,
            "gas_used_max": self.maximum,
            **{name: getattr(self, name) for name in SPLIT},
            "gas_limit_max": self.gas_limit,
            "usd_median": round(prices.usd(self.median), 6),
        }


def row_of(costs: Costs, mask: NDArray[np.bool_], **what: Any) -> GasRow:
    """Summarise some transactions, of which there is at least one; ``what`` they are is passed on."""
    chosen = np.flatnonzero(mask)
    order = chosen[np.argsort(costs.gas_used[chosen], kind="stable")]
    middle = order[(len(order) - 1) // 2]
    split: dict[str, Any] = {name: int(getattr(costs, name)[middle]) for name in SPLIT}
    return GasRow(
        **what,
        n=len(order),
        minimum=int(costs.gas_used[order[0]]),
        median=int(costs.gas_used[middle]),
        maximum=int(costs.gas_used[order[-1]]),
        **split,
        gas_limit=int(costs.gas_limit[order].max()),
    )
