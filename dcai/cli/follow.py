"""``dcai follow``: keep a model in a file up to date with a chain."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from dcai import chain
from dcai.chain import Follower, Update
from dcai.cli._shared.node_options import node_options, rows_of, rpc_option
from dcai.cli._shared.values import NEW_FILE, SECONDS
from dcai.report.progress import progress_bar

__all__ = ["follow"]


@click.command()
@click.argument("address")
@rpc_option(required=True)
@click.option("--trainer", help="Address of the trainer.  [default: the owner of the classifier]")
@click.option(
    "--output",
    type=NEW_FILE,
    required=True,
    help="Snapshot file to write, and to resume from if it exists; compressed if its name ends in .gz.",
)
@click.option(
    "--start",
    metavar="BLOCK",
    help="First block of a new file: finalized, safe, latest or a number.  [default: finalized]",
)
@click.option("--anew", is_flag=True, help="Overwrite an existing file instead of resuming from it.")
@click.option("--until", type=click.IntRange(min=0), help="Last block to follow.  [default: until Ctrl-C]")
@click.option(
    "--compare-every",
    type=click.IntRange(min=1),
    default=100,
    help="Interval in blocks at which the model is compared with storage, and the file is written.",
)
@click.option(
    "--confirmations", type=click.IntRange(min=0), default=0, help="Number of blocks to stay behind the latest block."
)
@click.option(
    "--history", type=click.IntRange(min=1), default=128, help="Number of blocks that a reorganisation can undo."
)
@click.option(
    "--poll",
    "poll_s",
    type=SECONDS,
    default=4.0,
    help="Interval between requests for a new block, in seconds or with a unit, such as 4s or 1m.",
)
@node_options
def follow(
    address: str,
    rpc_url: str,
    output: Path,
    start: str | None,
    anew: bool,
    until: int | None,
    poll_s: float,
    no_verify: bool,
    timeout_s: float,
    **arguments: Any,
) -> None:
    """Keep a model up to date with the contributions to the contract at ADDRESS.

    ADDRESS is the classifier's or its trainer's. The command learns each contribution that the trainer logs. Every
    --compare-every blocks it compares the model with storage, verified by proofs, and writes the file. Ctrl-C writes
    the file too, and the next run resumes from it. If the contract departs from its contributions, the command exits
    with code 1 and keeps the old file.
    """
    resumed = chain.load(output) if output.exists() and not anew else None
    if resumed is not None:
        if start is not None:
            raise click.UsageError(
                f"{output} exists, and defines the first block: omit --start, or add --anew to overwrite the file"
            )
        # The file defines features and layout.
        for name in ("num_features", "layout"):
            arguments[name] = None
    with chain.Follower(
        rpc_url,
        address,
        start=resumed or start or "finalized",
        verify=not no_verify,
        limits=chain.Limits(timeout_s=timeout_s),
        **arguments,
    ) as follower:
        try:
            updates = follower.run(until=until, poll_s=poll_s)
            if resumed is None:
                follower.save(output)
            _run(follower, updates, output)
        except KeyboardInterrupt:
            follower.save(output)
            _report(follower, output)
            raise
        is_compared = follower.compared == follower.block or follower.compare()
        follower.save(output)
        _report(follower, output)
        if not is_compared:
            click.echo(
                "not compared: the node has pruned the state of the last block; use an archive node",
                err=True,
            )
            sys.exit(3)


def _run(follower: Follower, updates: Iterator[Update], output: Path) -> None:
    click.echo(f"from block {follower.block.number}, trainer {follower.trainer}")
    # On a terminal, print above the progress line.
    with progress_bar("none", redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(_stand(follower))
        for update in updates:
            for text in _lines(update):
                click.echo(text)
            # After a reorganisation the old file is of a block off the chain: nothing could resume from it.
            if update.compared or update.undone:
                follower.save(output)
            bar.update(task, description=_stand(follower))


def _stand(follower: Follower) -> str:
    behind = follower.head - follower.block.number
    return (
        f"block {follower.block.number}"
        + (f", {behind:,} behind" if behind else "")
        + f"; equal to storage in block {follower.compared.number}"
    )


def _lines(update: Update) -> list[str]:
    """Return the lines that describe an update; none for a block without a contribution."""
    number = update.block.number
    lines = []
    if update.undone:
        lines.append(f"block {number}: reorganisation, undone {len(update.undone)} blocks")
    for contribution, predicted, changed in update.applied:
        outcome = "the model changed" if changed else "no change"
        lines.append(
            f"block {number}: {contribution.transaction} label {contribution.label}, predicted {predicted}, {outcome}"
        )
    if update.compared:
        lines.append(f"block {number}: equal to storage")
    return lines


def _report(follower: Follower, output: Path) -> None:
    for title, text in rows_of(follower.snapshot()):
        click.echo(f"{title + ':':<11}{text}")
    click.echo(f"{'compared:':<11}last in block {follower.compared.number}")
    click.echo(f"{'written:':<11}{output}")
