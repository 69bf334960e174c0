"""``dcai gas snapshot``, ``check`` and ``diff``: compare gas with a committed file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from dcai.cli._shared.options import engine_option, forks_option
from dcai.cli._shared.values import OLD_FILE
from dcai.cli.gas.common import FILE, emit
from dcai.gas.measuring.snapshot import Snapshot, Tolerance, beyond, changes, read, take, text_of
from dcai.gas.reports.snapshot import changes_report
from dcai.report.progress import progress_bar

__all__ = ["check", "diff", "snapshot"]

_SNAPSHOT = click.argument("file", type=OLD_FILE)


@click.command()
@click.option("--write", "path", type=FILE, help="Write the snapshot to this file.  [default: print]")
@forks_option
@engine_option
def snapshot(path: Path | None, forks: tuple[str, ...], engine: str) -> None:
    """Measure fixed transactions of each contract, and write them as JSON to commit.

    The models and samples are small, fixed integers. Every engine gives the same file.
    """
    emit(text_of(_take(engine, forks)), path)


@click.command()
@_SNAPSHOT
@click.option(
    "--tolerance",
    default="0%",
    metavar="GAS|PERCENT%",
    help="Maximum change of a row, up or down: gas such as 200, or a percentage such as 1.5%.",
)
@engine_option
def check(file: Path, tolerance: str, engine: str) -> None:
    """Measure again, and compare with the snapshot in FILE.

    Exits with code 1 if a row changed by more than the tolerance, is missing or is new.
    """
    allowed = Tolerance.parse(tolerance)
    before = read(file)
    forks = sorted({key.fork for key in before})
    after = _take(engine, forks)
    found = beyond(changes(before, after), allowed)
    if found:
        emit(changes_report(found), None)
        click.echo(f"{len(found)} of {len(before.keys() | after.keys())} rows changed by more than {tolerance}")
        click.echo(f"if the change is intended, run: dcai gas snapshot --write {file}", err=True)
        sys.exit(1)
    click.echo(f"{len(before)} rows measured on {engine}, none changed by more than {tolerance}")


@click.command()
@_SNAPSHOT
@engine_option
def diff(file: Path, engine: str) -> None:
    """Measure again, and print each row that differs from the snapshot in FILE."""
    before = read(file)
    forks = sorted({key.fork for key in before})
    after = _take(engine, forks)
    found = changes(before, after)
    if found:
        emit(changes_report(found), None)
    click.echo(f"{len(found)} of {len(before.keys() | after.keys())} rows changed")


def _take(engine: str, forks: Sequence[str]) -> Snapshot:
    rows: Snapshot = {}
    with progress_bar() as progress:
        task = progress.add_task(f"measuring on {engine}", total=None)
        for key, gas_used in take(engine, forks):
            rows[key] = gas_used
            progress.advance(task)
    return rows
