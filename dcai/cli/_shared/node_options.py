"""Options of commands that read a contract from a node, and the lines that they print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai.cli._shared.values import add_options, timeout_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.chain import Snapshot

__all__ = ["MAX_WEIGHTS", "node_options", "rows_of", "rpc_option"]

#: The limit of `dcai.chain`, repeated here since commands with these options may run without that extra.
MAX_WEIGHTS = 1 << 22

F = TypeVar("F", bound="Callable[..., Any]")


def rpc_option(*, required: bool) -> Callable[[F], F]:
    """Add ``--rpc``."""
    return click.option(
        "--rpc",
        "rpc_url",
        required=required,
        envvar="DCAI_RPC_URL",
        help="URL of the node's JSON-RPC server.  [default: environment variable DCAI_RPC_URL]",
    )


node_options = add_options(
    click.option(
        "--chain-id",
        "expect_chain_id",
        type=int,
        help="Expected chain id. The command fails if the node serves another chain.  [default: any chain]",
    ),
    click.option("--no-verify", is_flag=True, help="Trust the node instead of verifying Merkle proofs."),
    click.option(
        "--num-features",
        type=int,
        help="Size of the vocabulary of a sparse model: features 0 to this number minus 1 are read.",
    ),
    click.option(
        "--layout",
        metavar="NAME",
        help="Contract and storage layout, such as 0xdeca10b:SparsePerceptron.  [default: recognised "
        "by code and getters]",
    ),
    click.option("--max-weights", type=int, default=MAX_WEIGHTS, help="Maximum number of storage slots to fetch."),
    timeout_option(30.0, "the node"),
)
"""Add the arguments of `dcai.chain.read.fetch` and `dcai.chain.Follower`, except the block."""


def rows_of(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return the lines that describe a snapshot: titles and texts."""
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
