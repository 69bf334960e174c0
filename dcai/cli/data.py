"""``dcai data``: list, locate and download data sets."""

from __future__ import annotations

import re
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dcai.cli._shared.values import timeout_option
from dcai.data.catalogue import CATALOGUE, DATA_DIR_VARIABLE, cache_dir, locate
from dcai.data.download import download, has_sha256, kept, partial_path
from dcai.errors import DataError, InputError, MissingExtraError
from dcai.report.progress import progress_bar

__all__ = ["data"]

_FETCHABLE = tuple(name for name, entry in CATALOGUE.items() if entry.remote is not None)
#: Exit code that shells report for a program that Ctrl-C ended.
_INTERRUPTED = 130


class _EnvironmentFailure(click.ClickException):
    """A fault of the environment: something is missing, unreachable or altered."""

    exit_code = 3


@click.group()
def data() -> None:
    """List, locate and download the data sets of demos, tests and benchmarks."""


@data.command("list")
def list_() -> None:
    """List all data sets with their size, and their path or how to get them."""
    console = Console()
    # Keep each data set on one line in files and pipes.
    if not console.is_terminal:
        console = Console(width=240)
    table = Table(box=None, pad_edge=False)
    table.add_column("name", no_wrap=True)
    table.add_column("size")
    table.add_column("where", overflow="fold")
    for entry in CATALOGUE.values():
        path = locate(entry.name)
        # Text, since rich would read brackets in a path as markup.
        where = Text(entry.how_to_get if path is None else str(path))
        table.add_row(entry.name, entry.size, where)
    console.print(table)


@data.command()
@click.argument("name", type=click.Choice(tuple(CATALOGUE)))
def path(name: str) -> None:
    """Print the path of a data set; exit with code 3 if it is not on this computer."""
    found = locate(name)
    if found is None:
        raise _EnvironmentFailure(f"{name} is not on this computer; {CATALOGUE[name].how_to_get}")
    click.echo(str(found))


def _sha256(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise click.BadParameter(f"{value} is not a SHA-256; pass 64 hexadecimal digits")
    return value


@data.command()
@click.argument("name", type=click.Choice(_FETCHABLE))
@click.option("--url", help="URL of a mirror.  [default: where the data set is published]")
@click.option(
    "--sha256",
    callback=_sha256,
    help="Expected SHA-256 of the file, in hexadecimal.  [default: checksum of the published file]",
)
@timeout_option(30.0, "the server")
@click.pass_context
def fetch(context: click.Context, name: str, url: str | None, sha256: str | None, timeout_s: float) -> None:
    """Download a data set into the cache folder, and print its path.

    The command verifies the SHA-256 of the file. If a download is interrupted, run the same command again: it resumes.
    """
    remote = CATALOGUE[name].remote
    if remote is None:  # for the type checker: the choice above excludes it
        raise click.BadParameter(f"{name} cannot be downloaded")
    url, sha256 = url or remote.url, sha256 or remote.sha256
    try:
        target = cache_dir() / remote.file_name
    except MissingExtraError as error:
        raise _EnvironmentFailure(str(error)) from error
    try:
        if has_sha256(target, sha256):
            click.echo(f"{name} is already downloaded, and its checksum is correct", err=True)
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
        click.echo(f"{first} takes precedence, since {DATA_DIR_VARIABLE} comes first", err=True)


def _download(url: str, target: Path, sha256: str, timeout_s: float) -> None:
    partial = partial_path(target, sha256)
    if partial.is_file():
        click.echo(f"resuming after {partial.stat().st_size:,} bytes of an earlier run", err=True)
    with progress_bar("bytes") as bar:
        task = bar.add_task("", total=None)
        download(
            url,
            target,
            sha256,
            timeout_s=timeout_s,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
