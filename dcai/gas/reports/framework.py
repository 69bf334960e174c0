"""Gas of the incentive framework, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.report.tables import Table, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.gas.measuring.framework import FrameworkRow

__all__ = ["framework_report"]


def framework_report(rows: Sequence[FrameworkRow], fork: str) -> Tables:
    """Return a table of all rows."""
    cells = [
        [
            row.size,
            row.action,
            f"{row.n:,}",
            f"{row.gas_used:,}",
            "unknown" if row.original is None else f"{row.original:,}",
            "" if row.original is None else f"{row.gas_used / row.original:.2f}",
        ]
        for row in rows
    ]
    header = ("model", "action", "n", "gas used", "0xDeCA10B", "ratio")
    before = [
        f"Gas of the incentive framework under {fork}, beside the original contracts under prague: deployments "
        "include all contracts; several transactions show their mean."
    ]
    return Tables([Table("", header, cells, num_names=2)], before)
