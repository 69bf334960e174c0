"""``dcai gas table``: one row for each kind of transaction of each scenario."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import click

from dcai.cli._shared.options import forks_option, price_options
from dcai.cli.gas.common import DATA_NAMES, PICTURE, check_picture, emit, form_options, rendered
from dcai.errors import InputError
from dcai.evm.engines.registry import DEFAULT_ENGINE, engine_names
from dcai.gas.measuring.rows import GasRow
from dcai.gas.measuring.stream import of_scenario
from dcai.gas.measuring.table import PREDICTED, rows_of
from dcai.gas.prices import Prices
from dcai.gas.reports.table import table_report
from dcai.models import MODELS
from dcai.report.progress import progress_bar
from dcai.report.tables import Tables
from dcai.scenarios import SCENARIOS, Scenario, scenarios

__all__ = ["table"]


@click.command()
@click.option(
    "--model",
    "models",
    type=click.Choice(tuple(MODELS)),
    multiple=True,
    help="Contract to measure. Repeatable.  [default: all]",
)
@click.option(
    "--data",
    "data",
    type=click.Choice(DATA_NAMES),
    multiple=True,
    help="Data set to measure. Repeatable.  [default: all that are on this computer]",
)
@forks_option
@click.option(
    "--engine",
    "engines",
    type=click.Choice((PREDICTED, *engine_names())),
    multiple=True,
    default=(PREDICTED, DEFAULT_ENGINE),
    help=f"{PREDICTED} computes the gas without an EVM. Repeatable.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=20,
    help="Number of samples that an EVM learns and predicts, and that are corrupted for refused "
    "calls. Predicted rows use all samples.",
)
@price_options
@form_options("text", "json", "csv", "markdown")
@PICTURE
def table(
    models: tuple[str, ...],
    data: tuple[str, ...],
    forks: tuple[str, ...],
    engines: tuple[str, ...],
    samples: int,
    gas_price_gwei: float,
    eth_usd: float,
    form: str,
    output: Path | None,
    plot: Path | None,
) -> None:
    """Print the gas of each kind of transaction.

    An update is a mistake or not, and makes storage slots non-zero (first) or not (steady). Other kinds are the
    constructor, deployment chunks, predictions by call, and refused updates. Kinds are never averaged. Each row shows
    the count, minimum, median and maximum gas used, the parts of the median transaction, the sufficient gas limit, and
    US dollars.

    Measured rows come from real transactions in an in-process EVM. Predicted rows come from the model's state alone.
    """
    check_picture(plot)
    chosen = _chosen(models, data)
    rows, complete = _run(chosen, engines, forks, samples)
    prices = Prices(gas_price_gwei, eth_usd)
    if not complete:
        # Write no incomplete file, but show the rows so far.
        click.echo("interrupted: the table is partial, and its last section may lack rows", err=True)
        if rows:
            emit(_rendered(rows, prices, form, complete=False), None)
        raise click.Abort
    emit(_rendered(rows, prices, form, complete=True), output)
    if plot is not None:
        from dcai.gas.reports.plot import plot_table  # noqa: PLC0415  # matplotlib is slow to load, and optional

        plot_table(rows, plot)
        click.echo(f"wrote {plot}", err=True)


def _chosen(models: Sequence[str], data: Sequence[str]) -> list[Scenario]:
    found = [
        scenario
        for scenario in (SCENARIOS if data else scenarios())
        if (not models or scenario.contract.__name__ in models) and (not data or scenario.data in data)
    ]
    if not found:
        pairs = "; ".join(f"{scenario.contract.__name__} on {scenario.data}" for scenario in SCENARIOS)
        raise InputError(f"--model and --data match no scenario; the scenarios are: {pairs}")
    return found


def _run(
    chosen: Sequence[Scenario], engines: Sequence[str], forks: Sequence[str], samples: int
) -> tuple[list[GasRow], bool]:
    """Return the rows so far, and whether they are complete."""
    rows: list[GasRow] = []
    with progress_bar() as progress:
        task = progress.add_task("", total=len(chosen) * len(forks) * len(engines))
        try:
            for scenario in chosen:
                progress.update(task, description=f"{scenario.title}, {scenario.contract.__name__}: loading")
                stream = of_scenario(scenario)
                for fork, engine in product(forks, engines):
                    progress.update(task, description=f"{stream.data}, {stream.contract}: {fork}, {engine}")
                    for row in rows_of(stream, engine, fork, samples):
                        rows.append(row)  # noqa: PERF402  # an interrupted extend would lose rows
                    progress.advance(task)
        except KeyboardInterrupt:
            return rows, False
    return rows, True


def _rendered(rows: list[GasRow], prices: Prices, form: str, *, complete: bool) -> str | Tables:
    fields = [row.as_fields(prices) for row in rows]
    figures = {"gas_price_gwei": prices.gas_price_gwei, "eth_usd": prices.eth_usd, "complete": complete}
    return rendered(form, table_report(rows, prices), {**figures, "rows": fields}, fields)
