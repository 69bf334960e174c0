"""``dcai fetch``: the model of a contract on a chain, to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dcai.cli._shared.fetching import block_options, fetch_with_progress
from dcai.cli._shared.node_options import node_options, rows_of, rpc_option

__all__ = ["fetch"]


@click.command()
@click.argument("address")
@rpc_option(required=True)
@block_options
@node_options
@click.option(
    "--features-from-events",
    "features",
    flag_value="events",
    help="Look up the features that contributions to the model's trainer name, and those of --num-features as well: "
    "what the model had from the start is in no event.",
)
@click.option(
    "--from-block",
    type=click.IntRange(min=0),
    default=0,
    help="First block to search for contributions, such as that of the trainer's deployment.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="File to write; compressed where its name ends in .gz.",
)
def fetch(address: str, output: Path, **options: Any) -> None:
    """Fetch the model at ADDRESS, prove that it is the real one, and write a snapshot.

    ADDRESS is that of a classifier or of its trainer. Storage is proven against the state root of the block, and
    that against the block's hash: compare it with another source, or give it by --block-hash.
    """
    # Before anything is fetched: a snapshot without a place to go is time lost.
    if not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")
    snapshot = fetch_with_progress(address, **options)
    snapshot.save(output)
    for title, text in rows_of(snapshot):
        click.echo(f"{title + ':':<11}{text}")
    click.echo(f"{'written:':<11}{output}")
