"""``dcai verify history``: replay the history of a contract, and compare with its storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dcai import chain
from dcai.cli._shared.node_options import node_options, rpc_option
from dcai.cli.verify.common import TIME_BUDGET, emit, report_options, this_command
from dcai.report.progress import progress_bar
from dcai.verify.history.replay import replay_history
from dcai.verify.history.run import COMPARE_EVERY

__all__ = ["history"]


@click.command()
@click.argument("address")
@rpc_option(required=True)
@click.option(
    "--from-block",
    type=click.IntRange(min=0),
    help="Block of the deployment, or a later block whose storage is the start.  [default: search for the deployment]",
)
@click.option("--block", default="finalized", help="Last block to replay: finalized, safe, latest or a number.")
@click.option(
    "--compare-every",
    type=click.IntRange(min=1),
    default=COMPARE_EVERY,
    help="Interval in contributions at which storage is compared, in addition to the end.",
)
@node_options
@TIME_BUDGET
@report_options
def history(
    address: str,
    rpc_url: str,
    no_verify: bool,
    timeout_s: float,
    time_budget: float | None,
    json_: bool,
    reports: tuple[Path, ...],
    **arguments: Any,
) -> None:
    """Replay the history of the classifier or trainer at ADDRESS in the kernel, and compare with its storage.

    The command replays the deployment, each accepted contribution and each transaction of an owner, in the order of the
    chain. It compares storage at the end and on the way, verifies proofs, and names the first block that departs.

    Exits with code 1 if the contract departs from its history. Exits with code 3 if Ctrl-C, --time-budget or the node
    ended the run before a difference.
    """
    command = this_command("verify", "history")
    with progress_bar() as progress:
        task = progress.add_task("blocks", total=None)
        report = replay_history(
            rpc_url,
            address,
            command=command,
            verify=not no_verify,
            limits=chain.Limits(timeout_s=timeout_s),
            time_budget_s=time_budget,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
            **arguments,
        )
    emit(report, json_=json_, reports=reports)
