"""Progress bar of all commands, on standard error; silent without a terminal."""

from __future__ import annotations

from typing import Any, Literal

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

__all__ = ["progress_bar"]


def progress_bar(
    measure: Literal["count", "share", "bytes", "none"] = "count", *, silent: bool = False, **options: Any
) -> Progress:
    """Return a progress bar to use as a context manager; it vanishes at the end.

    Parameters
    ----------
    measure : {"count", "share", "bytes", "none"}
        Text beside the bar: done of total, percent or bytes; none: a spinner in place of a bar, for work without end.
    silent : bool
        Whether to show nothing on a terminal either.
    **options
        Options of `rich.progress.Progress`.
    """
    console = Console(stderr=True)
    columns: list[ProgressColumn] = [TextColumn("{task.description}")]
    if measure == "none":
        columns = [SpinnerColumn(), *columns, TimeElapsedColumn()]
    else:
        number = {"count": MofNCompleteColumn, "share": TaskProgressColumn, "bytes": DownloadColumn}[measure]
        columns += [BarColumn(), number(), TimeElapsedColumn(), TimeRemainingColumn()]
    return Progress(*columns, console=console, transient=True, disable=silent or not console.is_terminal, **options)
