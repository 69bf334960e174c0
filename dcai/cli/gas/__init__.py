"""``dcai gas``: what transactions cost, measured and predicted; one file a subcommand."""

from __future__ import annotations

import click

from dcai.cli.gas.forecast import forecast
from dcai.cli.gas.plan import plan
from dcai.cli.gas.profile import profile
from dcai.cli.gas.snapshot import check, diff, snapshot
from dcai.cli.gas.table import table

__all__ = ["gas"]


@click.group(invoke_without_command=True)
@click.pass_context
def gas(context: click.Context) -> None:
    """Say what transactions cost, measured in an EVM and predicted without one.

    Without a subcommand: the table, of all scenarios whose data are on this computer.
    """
    if context.invoked_subcommand is None:
        context.invoke(table)


for command in (table, forecast, plan, profile, snapshot, check, diff):
    gas.add_command(command)
