"""``dcai fetch``: the model of a contract on a chain, to a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dcai import chain

if TYPE_CHECKING:
    from dcai.chain import Snapshot

__all__ = ["fetch"]


@click.command()
@click.argument("address")
@click.option(
    "--rpc", "rpc_url", required=True, envvar="DCAI_RPC_URL", help="JSON-RPC server of a node; or set DCAI_RPC_URL."
)
@click.option("--block", default="finalized", show_default=True, help="finalized, safe, latest, earliest or a number.")
@click.option("--block-hash", help="Hash of the block, from a source that you trust.")
@click.option("--state-root", help="State root of the block, from a source that you trust.")
@click.option("--chain-id", "expect_chain_id", type=int, help="Chain that the node must be of.")
@click.option("--no-verify", is_flag=True, help="Believe the node, and ask for no proofs.")
@click.option("--num-features", type=int, help="Size of the vocabulary of a sparse model.")
@click.option(
    "--layout", type=click.Choice(chain.layout_names()), help="Contract and layout, where code and getters do not tell."
)
@click.option("--max-weights", type=int, default=chain.MAX_WEIGHTS, show_default=True, help="Most slots to fetch.")
@click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=30.0, show_default=True, help="Seconds an answer."
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    required=True,
    help="File to write; compressed where its name ends in .gz.",
)
def fetch(
    address: str,
    rpc_url: str,
    block: str,
    block_hash: str | None,
    state_root: str | None,
    expect_chain_id: int | None,
    no_verify: bool,
    num_features: int | None,
    layout: str | None,
    max_weights: int,
    timeout: float,
    output: Path,
) -> None:
    """Fetch the model of the contract at ADDRESS, prove that it is the real one, and write a snapshot.

    Storage is proven against the state root of the block, and that against the block's hash: compare it with
    another source, or give it by --block-hash.
    """
    # Before anything is fetched: a snapshot without a place to go is time lost.
    if not output.absolute().parent.is_dir():
        raise click.BadParameter(f"the folder {output.parent} does not exist", param_hint="--output")
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("storage slots", total=None)
        snapshot = chain.fetch(
            rpc_url,
            address,
            block,
            verify=not no_verify,
            block_hash=block_hash,
            state_root=state_root,
            expect_chain_id=expect_chain_id,
            layout=layout,
            num_features=num_features,
            max_weights=max_weights,
            limits=chain.Limits(timeout_s=timeout),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
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
