"""A forecast as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.gas.measuring.rows import kinds
from dcai.gas.prices import Prices, money
from dcai.report.tables import Table, Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcai.gas.measuring.forecast import Forecast

__all__ = ["forecast_fields", "forecast_report"]

#: Shares of the transactions that use at most so much gas; each figure is that of a transaction.
_QUANTILES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "p95": 0.95, "max": 1.0}
#: Differences that are written out; one is enough to be wrong.
_SHOWN = 20


def forecast_report(forecast: Forecast, prices: Prices) -> Tables:
    """Return totals and distributions, of all contributions and of each kind."""
    header = ("contributions", "n", "gas used", "ETH", "USD", *_QUANTILES)
    rows = [_cells(name, gas_used, prices) for name, gas_used in _groups(forecast)]
    stream = forecast.stream
    return Tables(
        [Table(f"{stream.data}: {stream.contract}, {forecast.fork}, predicted", header, rows)],
        [f"Gas used by one transaction for each contribution; costs at {prices}."],
        _verdict(forecast),
    )


def forecast_fields(forecast: Forecast, prices: Prices) -> dict[str, Any]:
    """Return the same for programs, with plain values."""
    stream = forecast.stream
    return {
        "data": stream.data,
        "model": stream.contract,
        "fork": forecast.fork,
        "gas_price_gwei": prices.gas_price_gwei,
        "eth_usd": prices.eth_usd,
        "complete": forecast.complete,
        "num_contributions": len(stream),
        "contributions": [_fields(name, gas_used, prices) for name, gas_used in _groups(forecast)],
        "verified": {
            "engine": forecast.engine,
            "transactions": len(forecast.replayed),
            "figures": forecast.fields_compared,
            "differences": [
                {**each._asdict(), "predicted": _plain(each.predicted), "measured": _plain(each.measured)}
                for each in forecast.differences
            ],
        }
        if forecast.replayed
        else None,
    }


def _groups(forecast: Forecast) -> list[tuple[str, NDArray[np.uint64]]]:
    costs = forecast.costs
    groups = [("all", costs.gas_used)]
    groups += [(str(kind), costs.gas_used[mask]) for kind, mask in kinds(costs, forecast.stream.contract) if mask.any()]
    return groups


def _quantiles(gas_used: NDArray[np.uint64]) -> list[int]:
    return [int(each) for each in np.quantile(gas_used, list(_QUANTILES.values()), method="inverted_cdf")]


def _cells(name: str, gas_used: NDArray[np.uint64], prices: Prices) -> list[str]:
    total = int(gas_used.sum())
    return [
        name,
        f"{len(gas_used):,}",
        f"{total:,}",
        money(prices.eth(total)),
        money(prices.usd(total)),
        *(f"{each:,}" for each in _quantiles(gas_used)),
    ]


def _fields(name: str, gas_used: NDArray[np.uint64], prices: Prices) -> dict[str, Any]:
    total = int(gas_used.sum())
    return {
        "kind": name,
        "n": len(gas_used),
        "gas_used": total,
        "eth": prices.eth(total),
        "usd": round(prices.usd(total), 6),
        **{f"gas_used_{name}": value for name, value in zip(_QUANTILES, _quantiles(gas_used), strict=True)},
    }


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int) else str(value)


def _verdict(forecast: Forecast) -> list[str]:
    lines = []
    if not forecast.complete:
        lines.append(f"interrupted, partial: {forecast.done:,} of {len(forecast.stream):,} contributions")
    if forecast.replayed:
        lines.append(
            f"{len(forecast.replayed):,} transactions replayed on {forecast.engine}: {forecast.fields_compared:,} "
            f"figures compared, {len(forecast.differences):,} differences"
        )
    lines += [str(difference) for difference in forecast.differences[:_SHOWN]]
    if (more := len(forecast.differences) - _SHOWN) > 0:
        lines.append(f"and {more:,} more")
    return lines
