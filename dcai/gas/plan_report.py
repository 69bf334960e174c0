"""A plan of a deployment as a report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dcai.gas.report import Report, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.gas.prices import Prices

__all__ = ["PlannedChunk", "plan_fields", "plan_report"]

_HEADER = ("#", "function", "items", "from", "gas used", "gas limit", "USD")


@dataclass(frozen=True, slots=True)
class PlannedChunk:
    """One transaction of a deployment.

    Attributes
    ----------
    function : str
        "constructor", or what it calls.
    start, count : int or None
        Which weights, centroid entries or indices it brings; None where that is not known.
    gas_used, gas_limit : int
        What it uses, and the least limit with which it runs.
    """

    function: str
    start: int | None
    count: int | None
    gas_used: int
    gas_limit: int


def plan_report(title: str, chunks: Sequence[PlannedChunk], gas_cap: int, prices: Prices) -> Report:
    """Return a row for each transaction, and their sum."""
    rows = [
        [
            str(number),
            chunk.function,
            _or_blank(chunk.count),
            _or_blank(chunk.start),
            f"{chunk.gas_used:,}",
            f"{chunk.gas_limit:,}",
            f"{prices.usd(chunk.gas_used):,.2f}",
        ]
        for number, chunk in enumerate(chunks, 1)
    ]
    total = sum(chunk.gas_used for chunk in chunks)
    rows.append(["", "total", "", "", f"{total:,}", "", f"{prices.usd(total):,.2f}"])
    before = [f"Transactions of at most {gas_cap:,} gas that deploy a model, in this order; USD at {prices}."]
    return Report([Section(title, _HEADER, rows, num_names=2)], before)


def plan_fields(title: str, chunks: Sequence[PlannedChunk], gas_cap: int, prices: Prices) -> dict[str, Any]:
    """Return the same for programs, with plain values."""
    total = sum(chunk.gas_used for chunk in chunks)
    return {
        "model": title,
        "gas_cap": gas_cap,
        "gas_price_gwei": prices.gas_price_gwei,
        "eth_usd": prices.eth_usd,
        "transactions": [{**asdict(chunk), "usd": round(prices.usd(chunk.gas_used), 6)} for chunk in chunks],
        "gas_used": total,
        "usd": round(prices.usd(total), 6),
    }


def _or_blank(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
