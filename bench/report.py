"""The table at the end of a run: rates, and times as multiples of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

from rich.console import Console
from rich.table import Table

__all__ = ["OURS", "Measure", "Measured", "Target", "table", "target_table"]

T = TypeVar("T")

#: How the name of each implementation begins that is ours; the first of a group is what its rivals are compared with.
OURS = "dcai"


@dataclass(frozen=True)
class Measured:
    """The best round of one bench.

    Parameters
    ----------
    group : str
        What is computed.
    data : str
        From what.
    implementation : str
        By what; ours begin with ``dcai``.
    num_rows : int
        Rows in a round.
    seconds : float
        Time of the best round: others' load on the computer only ever adds to a round.
    """

    group: str
    data: str
    implementation: str
    num_rows: int
    seconds: float

    @property
    def seconds_a_row(self) -> float:
        """Time of one row."""
        return self.seconds / self.num_rows


@dataclass(frozen=True)
class Target:
    """How fast an implementation of ours should be beside a rival's, or by itself.

    Parameters
    ----------
    group : str
        What is computed.
    ours : str
        How the name of our implementation begins.
    rival : str or None
        How the rival's begins; None for a rate.
    at_least : float
        The rival's time over ours, or rows a second.
    data : str, default ""
        What the name of the data contains.
    """

    group: str
    ours: str
    rival: str | None
    at_least: float
    data: str = ""


class Measure(Protocol):
    """Runs a function, once or often, keeps its best time for the report, and gives its result."""

    def __call__(self, group: str, data: str, implementation: str, num_rows: int, run: Callable[[], T]) -> T:
        """Measure ``run``, which does ``num_rows`` rows."""


def table(results: Iterable[Measured]) -> str:
    """Lay out the results, group by group in the order in which they came."""
    layout = Table("what", "data", "implementation", "rows", "rows a second", "us a row", "time / dcai's", box=None)
    for column in layout.columns[3:]:
        column.justify = "right"
    for column in layout.columns:
        column.no_wrap = True
    for (group, data), members in groupby(results, key=lambda result: (result.group, result.data)):
        layout.add_section()
        measured = list(members)
        ours = next((result for result in measured if result.implementation.startswith(OURS)), None)
        for i, result in enumerate(measured):
            layout.add_row(
                "" if i else group,
                "" if i else data,
                result.implementation,
                f"{result.num_rows:,}",
                f"{1 / result.seconds_a_row:,.0f}",
                f"{1e6 * result.seconds_a_row:.3f}",
                f"{result.seconds_a_row / ours.seconds_a_row:.2f}" if ours else "",
            )
        layout.add_row()
    return _lines(layout)


def _lines(layout: Table) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(layout)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


def target_table(results: Iterable[Measured], targets: Iterable[Target]) -> str:
    """Lay out each target that was measured, with what was reached beside it."""
    measured = list(results)
    layout = Table("what", "data", "implementation", "beside", "target", "reached", "", box=None)
    for column in layout.columns:
        column.no_wrap = True
    for target in targets:
        for ours in measured:
            is_ours = ours.group == target.group and ours.implementation.startswith(target.ours)
            if not is_ours or target.data not in ours.data:
                continue
            if target.rival is None:
                _add(layout, ours, "rows a second", f"{target.at_least:,.0f}", 1 / ours.seconds_a_row, target.at_least)
                continue
            for rival in measured:
                if (rival.group, rival.data) == (ours.group, ours.data) and rival.implementation.startswith(
                    target.rival
                ):
                    ratio = rival.seconds_a_row / ours.seconds_a_row
                    _add(layout, ours, rival.implementation, f"{target.at_least:g}", ratio, target.at_least)
    return _lines(layout)


def _add(layout: Table, ours: Measured, beside: str, target: str, reached: float, at_least: float) -> None:
    shown = f"{reached:,.0f}" if at_least > 1e4 else f"{reached:.2f}"
    verdict = "met" if reached >= at_least else "NOT met"
    layout.add_row(ours.group, ours.data, ours.implementation, beside, target, shown, verdict)
