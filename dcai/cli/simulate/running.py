"""Runs a simulation for a command: progress, Ctrl-C, plots, what is printed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from dcai.report.progress import progress_bar
from dcai.simulation.reports.plot import check, plot
from dcai.simulation.reports.table import as_text
from dcai.simulation.runner import run

if TYPE_CHECKING:
    from pathlib import Path

    from dcai.simulation.result import SimulationResult
    from dcai.simulation.setup import Setup

__all__ = ["carry_out"]


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
    with progress_bar() as progress:
        task = progress.add_task(f"{setup.data}, {engine}", total=setup.num_contributions)
        try:
            for result in run(setup, engine=engine, fork=fork, output=output):
                progress.update(task, completed=result.num_contributions)
        except KeyboardInterrupt:
            return result, True
    return result, False
