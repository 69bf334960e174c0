"""A plan of a deployment as a report."""

from __future__ import annotations

from dataclasses import fields as dataclass_fields
from typing import Any

from dcai.gas.deployment import Chunk, DeploymentPlan
from dcai.gas.prices import Prices, money
from dcai.report.tables import Table, Tables

__all__ = ["plan_fields", "plan_report"]

_HEADER = ("#", "function", "items", "bytes", "gas used", "gas limit", "USD")


def plan_report(title: str, deployment: DeploymentPlan, prices: Prices) -> Tables:
    """Return a row for each transaction, and their sum."""
    chunks, gas_used = deployment.chunks, deployment.gas_used
    rows = [
        [
            str(number),
            chunk.function,
            f"{chunk.items:,}",
            f"{chunk.data_bytes:,}",
            f"{chunk.gas_used:,}",
            f"{chunk.gas_limit:,}",
            money(prices.usd(chunk.gas_used)),
        ]
        for number, chunk in enumerate(chunks, 1)
    ]
    items, data_bytes = sum(chunk.items for chunk in chunks), sum(chunk.data_bytes for chunk in chunks)
    rows.append(["", "total", f"{items:,}", f"{data_bytes:,}", f"{gas_used:,}", "", money(prices.usd(gas_used))])
    before = [
        f"Transactions of at most {deployment.gas_cap:,} gas that deploy the model, in this order: how many weights, "
        "values or indices each brings, the bytes of its data, the gas that it uses, the least gas limit with which it "
        f"runs, and USD at {prices}."
    ]
    return Tables([Table(title, _HEADER, rows, num_names=2)], before)


def plan_fields(title: str, deployment: DeploymentPlan, prices: Prices) -> dict[str, Any]:
    """Return the same for programs, with plain values; the arguments are left out."""
    fields = [field.name for field in dataclass_fields(Chunk) if field.name != "args"]
    return {
        "model": title,
        "gas_cap": deployment.gas_cap,
        "gas_price_gwei": prices.gas_price_gwei,
        "eth_usd": prices.eth_usd,
        "transactions": [
            {**{name: getattr(chunk, name) for name in fields}, "usd": round(prices.usd(chunk.gas_used), 6)}
            for chunk in deployment.chunks
        ],
        "gas_used": deployment.gas_used,
        "usd": round(prices.usd(deployment.gas_used), 6),
    }
