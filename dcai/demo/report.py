"""The results of the demo, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from rich.table import Table

from dcai.demo.run import DemoResult
from dcai.gas.prices import Prices

__all__ = ["as_json", "as_tables", "verdict"]


def as_tables(results: Sequence[DemoResult], prices: Prices) -> list[tuple[str, Table]]:
    """Two tables for a terminal, each with its title: what was learned, and what it cost."""
    return [
        (
            "Accuracy on hidden test samples before and after the updates; throughput of the kernel, all cores",
            _learning(results),
        ),
        (
            f"Gas to deploy, and of the median update with a mistake and without; USD at {prices}",
            _costs(results, prices),
        ),
    ]


def as_json(results: Sequence[DemoResult], prices: Prices, *, engine: str, fork: str) -> dict[str, Any]:
    """The same for a program: plain numbers, gas as measured, costs at the stated prices."""
    return {
        "engine": engine,
        "fork": fork,
        "gas_price_gwei": prices.gas_price_gwei,
        "eth_usd": prices.eth_usd,
        "scenarios": [_result_as_json(result, prices) for result in results],
        "steps": sum(result.steps for result in results),
        "mismatches": sum(result.difference is not None for result in results),
        "complete": all(result.complete for result in results),
    }


def _learning(results: Sequence[DemoResult]) -> Table:
    names = ("classes", "features", "updates", "before", "after", "predictions/s", "steps")
    table = _table(names)
    for result in results:
        table.add_row(
            result.data,
            result.contract,
            f"{result.num_classes}",
            f"{result.num_features:,}",
            f"{result.contributions:,}",
            _or_dash(result.accuracy_before, ".3f"),
            _or_dash(result.accuracy_after, ".3f"),
            _or_dash(result.predictions_per_second, ",.0f"),
            f"{result.steps:,}",
        )
    return table


def _costs(results: Sequence[DemoResult], prices: Prices) -> Table:
    table = _table(("deploy", "txs", "USD", "mistake", "USD", "correct", "USD"))
    for result in results:
        deploy_gas = sum(result.deploy_gas)
        table.add_row(
            result.data,
            result.contract,
            f"{deploy_gas:,}",
            f"{len(result.deploy_gas)}",
            f"{prices.usd(deploy_gas):.2f}",
            *_gas_and_usd(result.mistake_gas, prices),
            *_gas_and_usd(result.correct_gas, prices),
        )
    return table


def _table(numbers: Sequence[str]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("data", "contract"):
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _or_dash(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)


def _gas_and_usd(gas: Sequence[int], prices: Prices) -> tuple[str, str]:
    if not gas:
        return "-", "-"
    middle = median(gas)
    return f"{middle:,.0f}", f"{prices.usd(middle):.3f}"


def _result_as_json(result: DemoResult, prices: Prices) -> dict[str, Any]:
    return {
        "data": result.data,
        "contract": result.contract,
        "num_classes": result.num_classes,
        "num_features": result.num_features,
        "num_initial": result.num_initial,
        "contributions": result.contributions,
        "accuracy_before": result.accuracy_before,
        "accuracy_after": result.accuracy_after,
        "deploy": {
            "transactions": len(result.deploy_gas),
            "gas_used": sum(result.deploy_gas),
            "usd": prices.usd(sum(result.deploy_gas)),
        },
        "update_mistake": _distribution(result.mistake_gas, prices),
        "update_correct": _distribution(result.correct_gas, prices),
        "refused": result.refused,
        "predictions_per_second": result.predictions_per_second,
        "steps": result.steps,
        "difference": result.difference,
        "complete": result.complete,
    }


def _distribution(gas: Sequence[int], prices: Prices) -> dict[str, Any] | None:
    if not gas:
        return None
    return {
        "count": len(gas),
        "gas_used_min": min(gas),
        "gas_used_median": median(gas),
        "gas_used_max": max(gas),
        "usd_median": prices.usd(median(gas)),
    }


def verdict(results: Sequence[DemoResult], engine: str, fork: str, *, interrupted: bool) -> str:
    """Return how many steps were compared, and how many differ, in a sentence."""
    steps = sum(result.steps for result in results)
    mismatches = sum(result.difference is not None for result in results)
    refused = sum(result.refused for result in results)
    partial = "interrupted, partial: " if interrupted else ""
    return (
        f"{partial}contract on {engine} ({fork}) and kernel: {steps:,} steps compared ({refused} refused by both), "
        f"{mismatches} mismatches"
    )
