"""Run a simulation for a command, with progress bar, plots and output."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dcai.cli.simulate.options import given_agents
from dcai.report.progress import progress_bar
from dcai.simulation import setup as presets
from dcai.simulation.reports.plot import check, plot
from dcai.simulation.reports.table import as_text
from dcai.simulation.result import SimulationResult
from dcai.simulation.runner import run
from dcai.simulation.setup import Setup

__all__ = ["carry_out"]


def carry_out(
    preset: Callable[..., Setup],
    *,
    data: str | None,
    agents_text: tuple[str, ...],
    agents_file: Path | None,
    engine: str,
    fork: str,
    output: Path | None,
    plots: tuple[Path, ...],
    json_: bool,
    **changed: Any,
) -> None:
    """Run a preset with the given options, plot the result, and print it.

    After Ctrl-C the result so far is printed, marked as partial.
    """
    setup = preset(data, agents=given_agents(agents_text, agents_file), **presets.given(**changed))
    for path in plots:
        check(path)
    result, interrupted = _run(setup, engine, fork, output)
    if result is not None:
        for path in plots:
            plot(result, path)
        click.echo(json.dumps(result.as_json(), indent=2) if json_ else as_text(result))
    if interrupted:
        if output is not None:
            click.echo(f"run the same command again to resume from {output}", err=True)
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
