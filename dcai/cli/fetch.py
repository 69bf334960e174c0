"""``dcai fetch``: the model of a contract on a chain, to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcai.cli.chain_options import chain_options, fetch_with_progress

if TYPE_CHECKING:
    from dcai.chain import Snapshot

__all__ = ["fetch"]


@click.command()
@click.argument("address")
@chain_options
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="File to write; compressed where its name ends in .gz.",
)
def fetch(address: str, output: Path, **options: Any) -> None:
    """Fetch the model of the contract at ADDRESS, prove that it is the real one, and write a snapshot.

    Storage is proven against the state root of the block, and that against the block's hash: compare it with
    another source, or give it by --block-hash.
    """
    # Before anything is fetched: a snapshot without a place to go is time lost.
    if not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")
    snapshot = fetch_with_progress(address, **options)
    snapshot.save(output)
    for title, text in _rows(snapshot):
        click.echo(f"{title + ':':<11}{text}")
    click.echo(f"{'written:':<11}{output}")


def _rows(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return what is printed of a snapshot."""
    block = snapshot.block
    rows = [
        ("contract", f"{snapshot.address} on chain {snapshot.chain_id}"),
        ("layout", f"{snapshot.layout}, by {snapshot.recognised_by}"),
        ("block", f"{block.number} {block.hash}"),
        ("state root", block.state_root),
        ("code hash", snapshot.code_hash),
        (
            "storage",
            f"{len(snapshot.storage):,} slots" + (f", root {snapshot.storage_root}" if snapshot.storage_root else ""),
        ),
    ]
    if snapshot.features is not None:
        rows.append(("features", f"{len(snapshot.features):,}: {snapshot.features.source}"))
    rows += [(title, text) for title, _, text in (line.partition(": ") for line in snapshot.trust.splitlines())]
    return [*rows, ("model", repr(snapshot.model()))]
