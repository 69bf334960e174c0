"""Runs a simulation for a command: progress, Ctrl-C, plots, what is printed."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dcai.simulation.reports.plot import check, plot
from dcai.simulation.reports.table import as_text
from dcai.simulation.runner import run

if TYPE_CHECKING:
    from pathlib import Path

    from dcai.simulation.result import SimulationResult
    from dcai.simulation.setup import Setup

__all__ = ["carry_out"]

_SECONDS_BETWEEN_UPDATES = 0.1


def carry_out(
    setup: Setup, *, engine: str, fork: str, output: Path | None, plots: tuple[Path, ...], json_: bool
) -> None:
    """Run a simulation, draw it, and print what came of it; Ctrl-C leaves what there is, marked partial."""
    for path in plots:
        check(path)
    result, interrupted = _run(setup, engine, fork, output)
    if result is not None:
        for path in plots:
            plot(result, path)
        click.echo(json.dumps(result.as_json(), indent=2) if json_ else as_text(result))
    if interrupted:
        if output is not None:
            click.echo(f"the same command goes on from {output}", err=True)
        raise click.Abort


def _run(setup: Setup, engine: str, fork: str, output: Path | None) -> tuple[SimulationResult | None, bool]:
    result = None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(f"{setup.data}, {engine}", total=setup.num_contributions)
        shown = 0.0
        try:
            for result in run(setup, engine=engine, fork=fork, output=output):
                if (now := time.monotonic()) - shown > _SECONDS_BETWEEN_UPDATES:
                    progress.update(task, completed=result.num_contributions)
                    shown = now
        except KeyboardInterrupt:
            return result, True
    return result, False
