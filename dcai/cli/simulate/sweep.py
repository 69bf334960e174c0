"""``dcai simulate sweep``: run self-assessment for many parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from dcai.cli._shared.values import NEW_FILE
from dcai.cli.simulate.options import given_agents
from dcai.data import CATALOGUE
from dcai.errors import InputError
from dcai.files import write_whole
from dcai.report.progress import progress_bar
from dcai.simulation import setup as presets
from dcai.simulation import sweeps
from dcai.simulation.reports.table import sweep_text

__all__ = ["sweep"]


@click.command()
@click.option(
    "--vary",
    multiple=True,
    required=True,
    metavar="NAME=VALUE,...",
    help=f"Values of a parameter: {', '.join(sweeps.PARAMETERS)}. Repeatable; all combinations are run.",
)
@click.option(
    "--data",
    type=click.Choice(list(CATALOGUE)),
    help="Data set.  [default: imdb if it is on this computer, else digits]",
)
@click.option(
    "--contributions",
    "num_contributions",
    type=click.IntRange(min=1),
    help="Number of samples to contribute.  [default: all]",
)
@click.option(
    "--seeds", type=click.IntRange(min=1), default=3, help="Number of random seeds to run for each combination."
)
@click.option(
    "--agent",
    "agents_text",
    multiple=True,
    metavar="NAME=VALUE,...",
    help="Agent that replaces the paper's, as for self-assessment. Repeatable.",
)
@click.option("--ray", "on_ray", is_flag=True, help="Distribute the runs with Ray; RAY_ADDRESS names a cluster.")
@click.option("--output", type=NEW_FILE, help="Write all results to this file, as a JSON array.")
@click.option("--json", "json_", is_flag=True, help="Print one JSON array instead of text.")
def sweep(
    vary: tuple[str, ...],
    data: str | None,
    num_contributions: int | None,
    seeds: int,
    agents_text: tuple[str, ...],
    on_ray: bool,
    output: Path | None,
    json_: bool,
) -> None:
    """Run self-assessment for each combination of parameters, on all cores.

    The table counts the seeds for which honest agents profited, malicious agents lost and accuracy was kept. The
    parameters bad-share and agents multiply the agents; each acts less often, the more agents of its kind there are.
    """
    setup = presets.self_assessment(data, num_contributions=num_contributions, agents=given_agents(agents_text, None))
    variants = sweeps.variants(setup, sweeps.parse(vary), range(seeds))
    results, interrupted = _run(variants, on_ray)
    if output is not None:
        write_whole(output, json.dumps(results, indent=2))
    click.echo(json.dumps(results, indent=2) if json_ else sweep_text(results))
    if interrupted:
        click.echo(f"partial: {len(results)} of {len(variants)} runs", err=True)
        raise click.Abort


def _run(variants: list[sweeps.Variant], on_ray: bool) -> tuple[list[dict[str, Any]], bool]:
    if not variants:
        raise InputError("--vary gives no combination to run")
    results = []
    interrupted = False
    with progress_bar() as progress:
        task = progress.add_task("simulations", total=len(variants))
        try:
            for result in sweeps.sweep(variants, on_ray=on_ray):
                results.append(result)
                progress.advance(task)
        except KeyboardInterrupt:
            interrupted = True
    order = {json.dumps(variant.values): n for n, variant in enumerate(variants)}
    results.sort(key=lambda result: order[json.dumps(result["values"])])
    return results, interrupted
