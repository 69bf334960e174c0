"""The options of commands that read a contract from a node, and what they print of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai.cli._shared.values import add_options, timeout_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.chain import Snapshot

__all__ = ["MAX_WEIGHTS", "node_options", "rows_of", "rpc_option"]

#: That of `dcai.chain`, which not every command that has these options needs.
MAX_WEIGHTS = 1 << 22

F = TypeVar("F", bound="Callable[..., Any]")


def rpc_option(*, required: bool) -> Callable[[F], F]:
    """Add ``--rpc``."""
    return click.option(
        "--rpc",
        "rpc_url",
        required=required,
        envvar="DCAI_RPC_URL",
        help="JSON-RPC server of a node; or set DCAI_RPC_URL.",
    )


node_options = add_options(
    click.option("--chain-id", "expect_chain_id", type=int, help="Chain that the node must be of."),
    click.option("--no-verify", is_flag=True, help="Believe the node, and ask for no proofs."),
    click.option("--num-features", type=int, help="Size of the vocabulary of a sparse model."),
    click.option(
        "--layout",
        metavar="NAME",
        help="Contract and layout, where code and getters do not tell, such as 0xdeca10b:SparsePerceptron.",
    ),
    click.option("--max-weights", type=int, default=MAX_WEIGHTS, help="Most slots to fetch."),
    timeout_option(30.0, "an answer of the node"),
)
"""Add what `dcai.chain.read.fetch` and `dcai.chain.Follower` are told: all but which block."""


def rows_of(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return what is printed of a snapshot: titles and texts."""
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
