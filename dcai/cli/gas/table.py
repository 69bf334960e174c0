"""``dcai gas table``: one row for each kind of transaction of each scenario."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dcai.cli._shared.options import forks_option, price_options
from dcai.cli.gas.common import DATA_NAMES, FILE, PICTURE, check_picture, emit
from dcai.errors import InputError
from dcai.evm.engines.registry import DEFAULT_ENGINE, engine_names
from dcai.gas.measuring.stream import of_scenario
from dcai.gas.measuring.table import PREDICTED, rows_of
from dcai.gas.prices import Prices
from dcai.gas.reports.table import table_report
from dcai.models import MODELS
from dcai.report.progress import progress_bar
from dcai.report.tables import Tables, csv_text, json_text
from dcai.scenarios import SCENARIOS, scenarios

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.gas.measuring.rows import GasRow
    from dcai.scenarios import Scenario

__all__ = ["table"]


@click.command()
@click.option("--model", "models", type=click.Choice(tuple(MODELS)), multiple=True, help="Only this; repeatable.")
@click.option("--data", "data", type=click.Choice(DATA_NAMES), multiple=True, help="Only these data; repeatable.")
@forks_option
@click.option(
    "--engine",
    "engines",
    type=click.Choice((PREDICTED, *engine_names())),
    multiple=True,
    default=(PREDICTED, DEFAULT_ENGINE),
    help=f"'{PREDICTED}' is computed without an EVM; repeatable.",
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=20,
    help="Samples that an EVM learns and predicts, and that are spoilt for refused calls; predicted are all.",
)
@price_options
@click.option("--format", "form", type=click.Choice(("text", "json", "csv", "markdown")), default="text")
@click.option("--output", type=FILE, help="Write this file, whole or not at all, instead of printing.")
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
    """Print what each kind of transaction costs.

    Each row has its own kind: an update with a mistake or without, that makes storage slots non-zero (first) or not
    (steady), the constructor, chunks of a deployment, predictions as a call, refused updates. Never an average over
    kinds: n, the least, the median and the most gas used, of what that of the median transaction consists, the gas
    limit that is enough for all, and USD.

    Measured rows come from real transactions in an EVM in this process; predicted ones from the model's state alone.
    """
    check_picture(plot)
    chosen = _chosen(models, data)
    rows, complete = _run(chosen, engines, forks, samples)
    prices = Prices(gas_price_gwei, eth_usd)
    if not complete:
        # What was asked for is not there, so neither is the file; what is there is shown.
        click.echo("interrupted, partial: the last section may lack rows", err=True)
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
        raise InputError(f"no scenario is a {' or '.join(models)} on {' or '.join(data)}; there are: {pairs}")
    return found


def _run(
    chosen: Sequence[Scenario], engines: Sequence[str], forks: Sequence[str], samples: int
) -> tuple[list[GasRow], bool]:
    """The rows so far, and whether Ctrl-C let them be all."""
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
                        rows.append(row)  # noqa: PERF402  # an interrupted extend would lose what has come
                    progress.advance(task)
        except KeyboardInterrupt:
            return rows, False
    return rows, True


def _rendered(rows: list[GasRow], prices: Prices, form: str, *, complete: bool) -> str | Tables:
    fields = [row.as_fields(prices) for row in rows]
    if form == "json":
        figures = {"gas_price_gwei": prices.gas_price_gwei, "eth_usd": prices.eth_usd, "complete": complete}
        return json_text({**figures, "rows": fields})
    if form == "csv":
        return csv_text(fields)
    report = table_report(rows, prices)
    return report.as_markdown() if form == "markdown" else report
