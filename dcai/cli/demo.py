"""``dcai demo``: train contracts on real data, and compare them with their twins."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
from rich.console import Console

from dcai.cli._shared.options import engine_option, fork_option, price_options
from dcai.data import locate
from dcai.demo import DemoResult, as_json, as_tables, run_scenario, verdict
from dcai.errors import InputError
from dcai.gas.prices import Prices
from dcai.report.progress import progress_bar
from dcai.scenarios import Scenario, scenarios

__all__ = ["demo"]

#: Width of tables in files and pipes, in characters.
_WIDTH = 130


@click.command()
@click.option(
    "--contributions",
    type=click.IntRange(min=1),
    default=300,
    help="Number of samples to stream through each contract.",
)
@click.option(
    "--only", metavar="TEXT", help="Run only scenarios whose data set or contract contains TEXT.  [default: all]"
)
@engine_option
@fork_option
@price_options
@click.option("--json", "json_", is_flag=True, help="Print one JSON object instead of tables.")
@click.option(
    "--case-dir",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    default=".",
    help="Folder for the case file of a mismatch.",
)
def demo(
    contributions: int,
    only: str | None,
    engine: str,
    fork: str,
    gas_price_gwei: float,
    eth_usd: float,
    json_: bool,
    case_dir: Path,
) -> None:
    """Train contracts on real data, beside their native twins.

    For each data set, the command fits an initial model and deploys it on an in-process EVM. It streams contributions
    through contract and kernel, and compares label, error and all storage after each step. On a mismatch it exits with
    code 1 and writes a case file for 'dcai verify replay'.
    """
    chosen = scenarios()
    if only is not None:
        text = only.lower()
        titles = [f"{scenario.title}: {scenario.contract.__name__}" for scenario in chosen]
        chosen = [scenario for scenario, title in zip(chosen, titles, strict=True) if text in title.lower()]
        if not chosen:
            raise InputError(f"--only {only} matches no scenario; the scenarios are: {'; '.join(titles)}")
    results, interrupted = _run(chosen, contributions, engine, fork)
    prices = Prices(gas_price_gwei, eth_usd)
    if json_:
        click.echo(json.dumps(as_json(results, prices, engine=engine, fork=fork), indent=2))
    else:
        _print_tables(results, prices)
        if locate("imdb") is None:
            click.echo("IMDB is not on this computer; run 'dcai data fetch imdb' to add its scenario.\n")
    _save_cases(results, case_dir)
    if not json_:
        click.echo(verdict(results, engine, fork, interrupted=interrupted))
    if any(result.difference for result in results):
        sys.exit(1)
    if interrupted:
        raise click.Abort


def _run(chosen: list[Scenario], contributions: int, engine: str, fork: str) -> tuple[list[DemoResult], bool]:
    """The results so far, and whether Ctrl-C ended the run."""
    results: list[DemoResult] = []
    with progress_bar() as progress:
        for scenario in chosen:
            task = progress.add_task(f"{scenario.title}, {scenario.contract.__name__}", total=contributions)
            try:
                for result in run_scenario(scenario, contributions=contributions, engine=engine, fork=fork):
                    if result not in results:
                        results.append(result)
                    progress.update(task, completed=result.contributions)
            except KeyboardInterrupt:
                return results, True
            progress.update(task, total=results[-1].contributions)
    return results, False


def _print_tables(results: list[DemoResult], prices: Prices) -> None:
    console = Console()
    if not console.is_terminal or console.width < _WIDTH:
        console = Console(width=_WIDTH)
    for title, table in as_tables(results, prices):
        console.print(title, style="bold", highlight=False)
        console.print(table)
        console.print()


def _save_cases(results: list[DemoResult], folder: Path) -> None:
    for result in results:
        if result.case is None:
            continue
        path = folder / f"dcai-mismatch-{result.contract}-{result.num_features}-{result.steps}.json"
        result.case.save(path)
        click.echo(f"{result.data}, {result.contract}: {result.difference}", err=True)
        click.echo(f"replay it with: dcai verify replay {path}", err=True)
