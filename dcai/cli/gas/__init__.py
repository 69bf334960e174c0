"""``dcai gas``: what transactions cost, measured and predicted; one file a subcommand."""

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
    """A group whose options, where no subcommand stands before them, are those of the table."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in self.get_help_option_names(ctx)):
            args = ["table", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_TableByDefault)
def gas() -> None:
    """Say what transactions cost, measured in an EVM and predicted without one.

    Without a subcommand: the table, of all scenarios whose data are on this computer.
    """


for command in (table, framework, forecast, plan, profile, snapshot, check, diff):
    gas.add_command(command)
