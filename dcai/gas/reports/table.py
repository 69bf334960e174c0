"""The table of gas as a report."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from dcai.gas.prices import Prices, money
from dcai.report.tables import Table, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.gas.measuring.rows import GasRow

__all__ = ["table_report"]

_HEADER = (
    "transactions",
    "n",
    "min",
    "median",
    "max",
    "intrinsic",
    "calldata",
    "execution",
    "refund",
    "limit",
    "USD",
)


def table_report(rows: Sequence[GasRow], prices: Prices) -> Tables:
    """Return a section for each scenario, fork and engine; rows of one section follow one another."""
    sections = [Table(title, _HEADER, [_cells(row, prices) for row in group]) for title, group in groupby(rows, _title)]
    before = [
        "Gas used by n transactions: least, median and most; the parts of the median; "
        f"a gas limit that suffices for all; USD of the median at {prices}."
    ]
    after = []
    if any(row.at_floor for row in rows):
        after.append("* The median transaction pays the calldata floor (EIP-7623), which is more than it uses.")
    return Tables(sections, before, after)


def _title(row: GasRow) -> str:
    return f"{row.data}: {row.model}, {row.fork}, {row.engine}"


def _cells(row: GasRow, prices: Prices) -> list[str]:
    least, most = (f"{row.minimum:,}", f"{row.maximum:,}") if row.n > 1 else ("", "")
    return [
        f"{row.kind}{'*' if row.at_floor else ''}",
        f"{row.n:,}",
        least,
        f"{row.median:,}",
        most,
        *(f"{part:,}" for part in (row.intrinsic, row.calldata, row.execution, row.refund)),
        f"{row.gas_limit:,}",
        money(prices.usd(row.median)),
    ]
