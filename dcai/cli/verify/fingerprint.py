"""``dcai verify fingerprint``: print the fingerprint of a model, from a file or a node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dcai.cli._shared.fetching import block_options, fetch_with_progress
from dcai.cli._shared.node_options import node_options, rpc_option
from dcai.cli._shared.values import OLD_FILE
from dcai.errors import ChainError
from dcai.models import Classifier
from dcai.tabular import load_model
from dcai.verify.against import against

__all__ = ["fingerprint"]


@click.command()
@click.argument("file", required=False, type=OLD_FILE)
@click.option("--address", help="Address of a contract, instead of FILE; needs --rpc.")
@rpc_option(required=False)
@block_options
@node_options
def fingerprint(file: Path | None, address: str | None, rpc_url: str | None, no_verify: bool, **options: Any) -> None:
    """Print the fingerprint of the model in FILE, or of the contract at --address.

    FILE is a model's JSON or a snapshot. Models with the same fingerprint are equal: each weight, count, name and
    learning rate. It does not depend on the model's history, nor on the contract's owner, code or address.

    The storage of a contract is verified by proofs. A sparse model whose features are not all known gets no
    fingerprint.
    """
    if (file is None) == (address is None):
        raise click.UsageError("pass FILE or --address, and not both")
    if file is not None:
        model = load_model(file)
    elif rpc_url is None:
        raise click.UsageError("--address needs a node: pass --rpc, or set DCAI_RPC_URL")
    else:
        model = _on_chain(str(address), rpc_url=rpc_url, no_verify=no_verify, **options)
    click.echo(model.fingerprint())


def _on_chain(address: str, **options: Any) -> Classifier:
    fetched = fetch_with_progress(address, **options)
    model = fetched.model()
    result = against(fetched, model)
    if result.complete is False or result.unexplained:
        raise ChainError(
            "the contract stores more than the model that was read: its storage root does not follow from these "
            "features; pass --num-features, the size of the vocabulary"
        )
    return model
