"""``dcai verify history``: whether a contract is what its contributions make of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dcai import chain
from dcai.cli._shared.node_options import node_options, rpc_option
from dcai.cli.verify.common import TIME_BUDGET, emit, report_options, this_command
from dcai.report.progress import progress_bar
from dcai.verify.history.replay import history as replay
from dcai.verify.history.run import COMPARE_EVERY

__all__ = ["history"]


@click.command()
@click.argument("address")
@rpc_option(required=True)
@click.option(
    "--from-block",
    type=click.IntRange(min=0),
    help="Block of the deployment, which is searched unless given, or a later one, whose storage is then the start.",
)
@click.option("--block", default="finalized", help="The last: finalized, safe, latest or a number.")
@click.option(
    "--compare-every",
    type=click.IntRange(min=1),
    default=COMPARE_EVERY,
    help="Compare with storage after so many contributions too, not at the end alone.",
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

    The deployment, every contribution that its trainer accepted and every transaction that an account sent to it as its
    owner are replayed in the order of the chain. Storage is compared at the end and on the way, proofs checked, and the
    first block that departs is named.

    Exits with 1 where the contract departs from its history; with 3 where the run was cut short, by Ctrl-C, by
    --time-budget or by the node, and was right so far.
    """
    command = this_command("verify", "history")
    with progress_bar() as progress:
        task = progress.add_task("blocks", total=None)
        report = replay(
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
