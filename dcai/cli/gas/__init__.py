"""``dcai gas``: gas of transactions, measured and predicted; one file a subcommand."""

from __future__ import annotations

import click

from dcai.cli.gas.forecast import forecast
from dcai.cli.gas.framework import framework
from dcai.cli.gas.plan import plan
from dcai.cli.gas.profile import profile
from dcai.cli.gas.snapshot import check, diff, snapshot
from dcai.cli.gas.table import table

__all__ = ["gas"]


class _TableByDefault(click.Group):
    """A group that runs the table where no subcommand is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx)):
            args = ["table", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_TableByDefault)
def gas() -> None:
    """Measure the gas of transactions in an EVM, and predict it without one.

    Without a subcommand, the command prints the table of all scenarios whose data are on this computer.
    """


for command in (table, framework, forecast, plan, profile, snapshot, check, diff):
    gas.add_command(command)
