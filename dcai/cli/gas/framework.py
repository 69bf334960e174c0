"""``dcai gas framework``: gas of deposits, refunds and reports, beside 0xDeCA10B."""

from __future__ import annotations

from pathlib import Path

import click

from dcai import data
from dcai.cli._shared.options import engine_option, fork_option
from dcai.cli.gas.common import emit, form_options, rendered
from dcai.gas.measuring.framework import FrameworkRow, action_rows, stream_rows
from dcai.gas.measuring.stream import of_scenario
from dcai.gas.reports.framework import framework_report
from dcai.models import MODELS
from dcai.report.progress import progress_bar
from dcai.scenarios import scenario_of

__all__ = ["framework"]


@click.command()
@click.option(
    "--reviews",
    type=click.IntRange(min=0),
    default=300,
    help="Number of IMDB reviews to contribute, if IMDB is on this computer.",
)
@fork_option
@engine_option
@form_options("text", "json", "csv", "markdown")
def framework(reviews: int, fork: str, engine: str, form: str, output: Path | None) -> None:
    """Measure the gas of the incentive framework: trainer, data handler, mechanism and model together.

    Each model has the size at which the contracts of 0xDeCA10B were measured. One good and one bad contribution go
    through deposit, refund and report.
    """
    rows: list[FrameworkRow] = []
    with progress_bar() as progress:
        has_reviews = bool(reviews) and data.locate("imdb") is not None
        task = progress.add_task("", total=len(MODELS) + has_reviews)
        for contract in MODELS:
            progress.update(task, description=contract)
            rows += action_rows(contract, fork, engine)
            progress.advance(task)
        if has_reviews:
            progress.update(task, description="IMDB")
            rows += stream_rows(of_scenario(scenario_of("imdb")), reviews, fork, engine)
            progress.advance(task)
    fields = [row.as_fields() for row in rows]
    figures = {"fork": fork, "engine": engine, "rows": fields}
    emit(rendered(form, framework_report(rows, fork), figures, fields), output)
