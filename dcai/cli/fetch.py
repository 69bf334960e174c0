"""``dcai fetch``: fetch the model of a contract on a chain to a file."""

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
    help="Find the features of a sparse model in the events of its trainer, in addition to "
    "--num-features. Features of the initial model are in no event.",
)
@click.option(
    "--from-block",
    type=click.IntRange(min=0),
    default=0,
    help="With --features-from-events: first block to search, such as the block of the trainer's deployment.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="Write the snapshot to this file, compressed if its name ends in .gz.",
)
def fetch(address: str, output: Path, **options: Any) -> None:
    """Fetch the model at ADDRESS, verify it by Merkle proofs, and write a snapshot.

    ADDRESS is the classifier's or its trainer's. Storage is proven against the state root of the block, and the state
    root against the block's hash. Compare that hash with a second source, or pass it as --block-hash.
    """
    # Fail before a long download.
    if not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")
    snapshot = fetch_with_progress(address, **options)
    snapshot.save(output)
    for title, text in rows_of(snapshot):
        click.echo(f"{title + ':':<11}{text}")
    click.echo(f"{'written:':<11}{output}")
