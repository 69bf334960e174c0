"""Changes of gas as a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.report.tables import Table, Tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.gas.measuring.snapshot import GasChange

__all__ = ["changes_report"]

_HEADER = ("fork", "contract", "transaction", "before", "after", "change", "percent")


def changes_report(changes: Sequence[GasChange]) -> Tables:
    """Return a row for each change."""
    return Tables([Table("", _HEADER, [_cells(change) for change in changes], num_names=3)])


def _cells(change: GasChange) -> list[str]:
    before, after, percent = change.before, change.after, change.percent
    if before is None or after is None or percent is None:
        word = "new" if before is None else "missing"
        return [*change.key, _or_dash(before), _or_dash(after), word, ""]
    return [*change.key, f"{before:,}", f"{after:,}", f"{after - before:+,}", f"{percent:+.2f}%"]


def _or_dash(gas: int | None) -> str:
    return "-" if gas is None else f"{gas:,}"
