"""The table at the end of a run: rates, and times as multiples of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol, TypeVar

from rich.console import Console
from rich.table import Table

__all__ = ["OURS", "Measure", "Measured", "table"]

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
    console = Console(width=170, color_system=None)
    with console.capture() as capture:
        console.print(layout)
    return "\n".join(line.rstrip() for line in capture.get().splitlines())
