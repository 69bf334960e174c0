"""``dcai data``: list the data sets, fetch what can be fetched, say where the files are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dcai.cli._shared.values import timeout_option
from dcai.data.catalogue import CATALOGUE, DATA_DIR_VARIABLE, cache_dir, locate
from dcai.data.download import download, has_sha256, kept, partial_path
from dcai.errors import DataError, InputError, MissingExtraError
from dcai.report.progress import progress_bar

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["data"]

_FETCHABLE = tuple(name for name, entry in CATALOGUE.items() if entry.remote is not None)
#: What a shell reports for a program that Ctrl-C ended.
_INTERRUPTED = 130


class _EnvironmentFailure(click.ClickException):
    """Not the user's mistake: something is missing, unreachable or altered."""

    exit_code = 3


@click.group()
def data() -> None:
    """List, find and fetch the data sets of demos, tests and benches."""


@data.command("list")
def list_() -> None:
    """Show every data set, its size, and where it is or how to get it."""
    console = Console()
    # Into a file or a pipe, each data set stays on one line.
    if not console.is_terminal:
        console = Console(width=240)
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("size")
    table.add_column("where", overflow="fold")
    for entry in CATALOGUE.values():
        path = locate(entry.name)
        # Text: a path may hold what rich would take for markup.
        where = Text(entry.how_to_get if path is None else str(path))
        table.add_row(entry.name, entry.size, where)
    console.print(table)


@data.command()
@click.argument("name", type=click.Choice(tuple(CATALOGUE)))
def path(name: str) -> None:
    """Print the path of a data set; exit with 3 where it is not on this computer."""
    found = locate(name)
    if found is None:
        raise _EnvironmentFailure(f"{name} is not on this computer; {CATALOGUE[name].how_to_get}")
    click.echo(str(found))


def _sha256(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise click.BadParameter(f"a SHA-256 is 64 hexadecimal digits, got {value!r}")
    return value


@data.command()
@click.argument("name", type=click.Choice(_FETCHABLE))
@click.option("--url", help="A mirror, in place of where the data set is published.")
@click.option("--sha256", callback=_sha256, help="Checksum of the file, if not the published one.")
@timeout_option(30.0, "an answer of the server")
@click.pass_context
def fetch(context: click.Context, name: str, url: str | None, sha256: str | None, timeout_s: float) -> None:
    """Download a data set into the cache folder and print its path.

    The file is checked by its SHA-256. A download that was cut short goes on where it stopped.
    """
    remote = CATALOGUE[name].remote
    if remote is None:  # the choice of names above leaves none
        raise click.BadParameter(f"{name} is not a file to download")
    url, sha256 = url or remote.url, sha256 or remote.sha256
    try:
        target = cache_dir() / remote.file_name
    except MissingExtraError as error:
        raise _EnvironmentFailure(str(error)) from error
    try:
        if has_sha256(target, sha256):
            click.echo(f"{name} is there already, and its checksum is right", err=True)
        else:
            _download(url, target, sha256, timeout_s)
    except KeyboardInterrupt:
        click.echo(f"interrupted; {kept(target, sha256)}", err=True)
        context.exit(_INTERRUPTED)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint="--url") from error
    except (DataError, MissingExtraError, OSError) as error:
        raise _EnvironmentFailure(str(error)) from error
    click.echo(str(target))
    if (first := locate(name)) not in {None, target}:
        click.echo(f"{first} is used in its place, as {DATA_DIR_VARIABLE} comes first", err=True)


def _download(url: str, target: Path, sha256: str, timeout_s: float) -> None:
    partial = partial_path(target, sha256)
    if partial.is_file():
        click.echo(f"{partial.stat().st_size} bytes are there from an earlier run", err=True)
    with progress_bar("bytes") as bar:
        task = bar.add_task("", total=None)
        download(
            url,
            target,
            sha256,
            timeout_s=timeout_s,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
