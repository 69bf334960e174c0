"""The options of the commands that read a contract from a node, and the reading."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dcai import chain

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.chain import Snapshot

__all__ = ["chain_options", "fetch_with_progress", "optional_chain_options"]

F = TypeVar("F", bound="Callable[..., Any]")

_OPTIONS = (
    click.option(
        "--block", default="finalized", show_default=True, help="finalized, safe, latest, earliest or a number."
    ),
    click.option("--block-hash", help="Hash of the block, from a source that you trust."),
    click.option("--state-root", help="State root of the block, from a source that you trust."),
    click.option("--chain-id", "expect_chain_id", type=int, help="Chain that the node must be of."),
    click.option("--no-verify", is_flag=True, help="Believe the node, and ask for no proofs."),
    click.option("--num-features", type=int, help="Size of the vocabulary of a sparse model."),
    click.option(
        "--layout",
        type=click.Choice(chain.layout_names()),
        help="Contract and layout, where code and getters do not tell.",
    ),
    click.option("--max-weights", type=int, default=chain.MAX_WEIGHTS, show_default=True, help="Most slots to fetch."),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=30.0,
        show_default=True,
        help="Seconds an answer.",
    ),
)


def chain_options(command: F) -> F:
    """Add ``--rpc``, which must be given, and what `fetch_with_progress` takes beside it."""
    return _with_options(command, required=True)


def optional_chain_options(command: F) -> F:
    """Add the same for a command that can do without a node."""
    return _with_options(command, required=False)


def _with_options(command: F, *, required: bool) -> F:
    rpc = click.option(
        "--rpc",
        "rpc_url",
        required=required,
        envvar="DCAI_RPC_URL",
        help="JSON-RPC server of a node; or set DCAI_RPC_URL.",
    )
    return reduce(lambda wrapped, option: option(wrapped), reversed((rpc, *_OPTIONS)), command)


def fetch_with_progress(
    address: str,
    *,
    rpc_url: str,
    block: str,
    no_verify: bool,
    timeout: float,
    indices: Iterable[int] | None = None,
    **options: Any,
) -> Snapshot:
    """Fetch a snapshot of the contract at an address, with a bar of the slots on a terminal; see `chain.fetch`."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("storage slots", total=None)
        return chain.fetch(
            rpc_url,
            address,
            block,
            verify=not no_verify,
            limits=chain.Limits(timeout_s=timeout),
            indices=indices,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            **options,
        )
