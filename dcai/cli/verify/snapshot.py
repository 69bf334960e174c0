"""``dcai verify snapshot``: compare a model in a file with a contract in a block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dcai.chain import Snapshot
from dcai.cli._shared.fetching import block_options, fetch_with_progress
from dcai.cli._shared.node_options import node_options, rpc_option
from dcai.cli._shared.values import OLD_FILE
from dcai.cli.verify.common import finish, report_option, reporting
from dcai.errors import InputError
from dcai.models import Classifier
from dcai.tabular import load_model
from dcai.verify.against import Comparison, against, section

__all__ = ["snapshot"]


@click.command()
@click.argument("file", type=OLD_FILE)
@click.option("--address", required=True, help="Address of the contract that FILE is compared with, 0x...")
@click.option("--show", type=click.IntRange(min=0), default=20, help="Maximum number of differences to print.")
@rpc_option(required=True)
@block_options
@node_options
@report_option
def snapshot(
    file: Path, address: str, show: int, num_features: int | None, reports: tuple[Path, ...], **options: Any
) -> None:
    """Compare FILE, a model's JSON or a snapshot, with the contract at --address in a block, verified by proofs.

    For a sparse model the command reads the features in FILE and those below --num-features. The storage root of the
    contract then shows whether it has others.

    Exits with code 1 if they differ, and with code 3 after Ctrl-C.
    """
    with reporting("Snapshot against contract", "snapshot", "web3", "trie") as report:
        model = load_model(file)
        fetched = _fetch(model, address, num_features, options)
        result = against(fetched, model)
        _print(fetched, model, result, show)
        report.sections = [section(fetched, model, result)]
    if report.partial:
        click.echo("PARTIAL: interrupted before all was compared")
    finish(report, reports)


def _print(fetched: Snapshot, model: Classifier, result: Comparison, show: int) -> None:
    click.echo(f"contract:    {fetched.address} on chain {fetched.chain_id}, {fetched.layout}")
    click.echo(f"block:       {fetched.block.number} {fetched.block.hash}")
    for line in fetched.trust.splitlines():
        title, _, text = line.partition(": ")
        if not (result.complete and title == "assumed" and text.startswith("features")):
            click.echo(f"{title + ':':<13}{text}")
    if result.complete:
        click.echo("complete:    the storage root follows from the words compared: the contract stores nothing else")
    click.echo(f"chain has:   {fetched.model().fingerprint()}")
    click.echo(f"file has:    {model.fingerprint()}")
    for line in _findings(result, show):
        click.echo(line)
    if result.equal:
        click.echo("equal")


def _fetch(model: Classifier, address: str, num_features: int | None, options: dict[str, Any]) -> Snapshot:
    indices = _features(model, num_features)
    if indices is None:
        return fetch_with_progress(address, num_features=num_features, **options)
    try:
        return fetch_with_progress(address, indices=indices, **options)
    except InputError:
        # A dense contract takes no features; the comparison then reports the difference.
        return fetch_with_progress(address, **options)


def _features(model: Classifier, num_features: int | None) -> set[int] | None:
    """Return the features of a sparse model to read."""
    if not model.spec.is_sparse:
        return None
    return {*range(num_features or 0), *model.feature_indices, *model.spec.keys(model.state())}


def _findings(result: Comparison, show: int) -> list[str]:
    """Return the differences as lines of text."""
    lines = [f"{field}: chain {actual!r}, file {expected!r}" for field, expected, actual in result.differences[:show]]
    if len(result.differences) > show:
        lines.append(f"... and {len(result.differences) - show:,} more")
    if result.differences:
        count = len(result.differences)
        lines.append("1 field differs" if count == 1 else f"{count:,} fields differ")
    lines += [
        f"storage slot {slot:#x} holds bits that belong to no field, and that no transaction sets"
        for slot in result.unexplained[:show]
    ]
    if result.complete is False:
        lines.append(
            "the contract stores more than the words compared: their root is not its storage root. A sparse model has "
            "values for features that the file has none for; --num-features looks further"
        )
    return lines
