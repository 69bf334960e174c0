"""``dcai verify``: evidence that contract and kernel are the same; one file a subcommand.

Each subcommand's module is imported when it runs, so that one which needs more packages than another does not keep
that one from running.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

__all__ = ["verify"]

#: Each subcommand, its function in the module of that name, and what it does, in the order of the help.
_COMMANDS = {
    "differential": "Search for a difference between contracts and kernels.",
    "mutants": "Check that the search finds contracts with a fault.",
    "replay": "Replay a difference from the file in which a run wrote it.",
    "history": "Replay all contributions to a contract, and compare its storage.",
    "snapshot": "Compare a model from a file with a contract in a block.",
    "fingerprint": "Print one line for a model, to compare with that of others.",
    "export": "Write sequences of calls as Ethereum state tests, for any client.",
    "statetest": "Run state tests under the executable specification of Ethereum.",
    "proof": "Prove the scalar steps of the contracts, on their bytecode.",
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"dcai.cli.verify.{cmd_name}"), cmd_name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; what Ctrl-C ends before there is a report is partial like any other run cut short."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted; nothing is reported", err=True)
            # Not the context's exit, which gives the code to `main` as a result and not as an error.
            sys.exit(3)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=_LazyGroup)
def verify() -> None:
    """Verify that contract and kernel are the same, and give evidence.

    Exit codes: 0 no difference, 1 a difference, 2 wrong usage, 3 the environment, or a run that was cut short and
    whose report is partial.
    """
