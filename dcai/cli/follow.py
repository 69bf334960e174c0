"""``dcai follow``: a file with a model that keeps in step with a chain."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from dcai import chain
from dcai.cli._shared.node_options import node_options, rows_of, rpc_option
from dcai.cli._shared.values import NEW_FILE, SECONDS
from dcai.report.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dcai.chain import Follower, Update

__all__ = ["follow"]


@click.command()
@click.argument("address")
@rpc_option(required=True)
@click.option("--trainer", help="Address of the trainer.  [default: the owner of the classifier]")
@click.option(
    "--output",
    type=NEW_FILE,
    required=True,
    help="Snapshot to go on from, if it is there, and to write; compressed where its name ends in .gz.",
)
@click.option("--start", metavar="BLOCK", help="Where to begin a new file.  [default: finalized]")
@click.option("--anew", is_flag=True, help="Replace the file that is there, rather than go on from it.")
@click.option("--until", type=click.IntRange(min=0), help="Last block.  [default: until Ctrl-C]")
@click.option(
    "--compare-every",
    type=click.IntRange(min=1),
    default=100,
    help="Compare with storage, and write the file, after so many blocks.",
)
@click.option(
    "--confirmations", type=click.IntRange(min=0), default=0, help="Stay so many blocks behind the latest one."
)
@click.option(
    "--history", type=click.IntRange(min=1), default=128, help="Blocks that can be undone in a reorganisation."
)
@click.option(
    "--poll",
    "poll_s",
    type=SECONDS,
    default=4.0,
    help="Time between two questions for a new block, in seconds or as 4s, 1m.",
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
    """Keep a model in step with the contributions to the contract at ADDRESS: a classifier or its trainer.

    Each contribution that the trainer logs is learned here; every so many blocks the model is compared with storage,
    proven, and the file is written. Ctrl-C writes it too, and the next run goes on from there. A contract that departs
    from its contributions ends the run with exit code 1, and leaves the file as it was.
    """
    resumed = chain.load(output) if output.exists() and not anew else None
    if resumed is not None:
        if start is not None:
            raise click.UsageError(f"{output} is there, and says where to begin: leave --start away, or add --anew")
        # Features and layout are those of the file.
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
            click.echo("not compared: the node no longer has the state of the last block", err=True)
            sys.exit(3)


def _run(follower: Follower, updates: Iterator[Update], output: Path) -> None:
    click.echo(f"from block {follower.block.number}, trainer {follower.trainer}")
    # What is printed goes above the line, unless it goes elsewhere.
    with progress_bar("none", redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(_stand(follower))
        for update in updates:
            for text in _lines(update):
                click.echo(text)
            # A file of a block that left the chain could not be gone on from.
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
    """Return what is printed of an update: nothing of a block in which nothing was done."""
    number = update.block.number
    lines = []
    if update.undone:
        lines.append(f"block {number}: back to here, {len(update.undone)} blocks left the chain")
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
