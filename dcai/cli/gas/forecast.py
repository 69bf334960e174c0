"""``dcai gas forecast``: predict the cost of a stream of contributions."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dcai.cli._shared.options import engine_option, fork_option, price_options
from dcai.cli.gas.common import (
    DATA,
    FILE,
    MODEL,
    PICTURE,
    check_picture,
    emit,
    form_options,
    rendered,
    stream_of,
)
from dcai.files import write_whole
from dcai.gas.measuring.forecast import Forecast
from dcai.gas.measuring.forecast import forecast as run
from dcai.gas.measuring.replay import GasReplay
from dcai.gas.measuring.stream import Stream
from dcai.gas.prices import Prices
from dcai.gas.reports.forecast import forecast_fields, forecast_report
from dcai.report.progress import progress_bar
from dcai.report.tables import csv_text, json_text

__all__ = ["forecast"]


@click.command()
@DATA
@MODEL
@click.option(
    "--contributions",
    type=click.IntRange(min=1),
    help="Number of contributions to forecast, from the first.  [default: all]",
)
@fork_option
@price_options
@click.option(
    "--verify",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Replay N of the transactions in an EVM, spread over the stream, and compare every gas "
    "figure. Exits with code 1 on a difference.",
)
@engine_option
@form_options("text", "json", "markdown")
@click.option(
    "--transactions", type=FILE, metavar="FILE.csv|.json", help="Also write one row for each transaction to this file."
)
@PICTURE
def forecast(
    data: str,
    model: str | None,
    contributions: int | None,
    fork: str,
    gas_price_gwei: float,
    eth_usd: float,
    verify: int,
    engine: str,
    form: str,
    output: Path | None,
    transactions: Path | None,
    plot: Path | None,
) -> None:
    """Predict the cost of a stream of contributions, sent one transaction each.

    The forecast takes one pass and no EVM: the model learns as its contract would. It prints totals and distributions,
    for all contributions and for each kind.
    """
    check_picture(plot)
    if transactions is not None and transactions.suffix not in (".csv", ".json"):
        raise click.BadParameter(
            f"{transactions} ends in neither .csv nor .json; rename it", param_hint="--transactions"
        )
    stream = stream_of(data, model)
    if contributions is not None:
        stream = stream.first(contributions)
    prices = Prices(gas_price_gwei, eth_usd)
    replay = GasReplay(engine, fork) if verify else None
    result = _run(stream, fork, replay, verify)
    if result is None:
        raise click.Abort
    text = rendered(form, forecast_report(result, prices), forecast_fields(result, prices))
    emit(text, output if result.complete else None)
    if not result.complete:
        raise click.Abort
    if transactions is not None:
        rows = result.transactions(prices)
        write_whole(transactions, csv_text(rows) if transactions.suffix == ".csv" else json_text(rows))
        click.echo(f"wrote {transactions}", err=True)
    if plot is not None:
        from dcai.gas.reports.plot import plot_forecast  # noqa: PLC0415  # matplotlib is slow to load, and optional

        plot_forecast(result, prices, plot)
        click.echo(f"wrote {plot}", err=True)
    if result.differences:
        sys.exit(1)


def _run(stream: Stream, fork: str, replay: GasReplay | None, num_replayed: int) -> Forecast | None:
    """Run the forecast, as far as Ctrl-C lets it."""
    result: Forecast | None = None
    with progress_bar() as progress:
        task = progress.add_task(f"{stream.data}, {stream.contract}", total=len(stream))
        try:
            for result in run(stream, fork, replay, num_replayed):
                progress.update(task, completed=result.done)
        except KeyboardInterrupt:
            return result
    return result
