"""``dcai verify``: evidence that contract and kernel are the same; one file a subcommand.

Each subcommand's module is imported when it runs, so that one which needs more packages than another does not keep
that one from running.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from dcai.cli._shared.lazy import LazyGroup

__all__ = ["verify"]

#: Each subcommand, what it does and the extra that it needs, in the order of the help.
_COMMANDS = {
    "differential": ("Search for a difference between contracts and kernels.", "evm"),
    "mutants": ("Check that the search finds contracts with a fault.", "evm"),
    "replay": ("Replay a difference from the file in which a run wrote it.", "evm"),
    "history": ("Replay all contributions to a contract, and compare its storage.", "chain"),
    "snapshot": ("Compare a model from a file with a contract in a block.", "chain"),
    "fingerprint": ("Print one line for a model, to compare with that of others.", "chain"),
    "export": ("Write sequences of calls as Ethereum state tests, for any client.", "evm"),
    "statetest": ("Run state tests under the executable specification of Ethereum.", "specs"),
    "proof": ("Prove the scalar steps of the contracts, on their bytecode.", "proof"),
}


class _VerifyGroup(LazyGroup):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; what Ctrl-C ends before there is a report is partial like any other run cut short."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted; nothing is reported", err=True)
            # Not the context's exit, which gives the code to `main` as a result and not as an error.
            sys.exit(3)


@click.group(cls=_VerifyGroup, package=__name__, table=_COMMANDS)
def verify() -> None:
    """Verify that contract and kernel are the same, and give evidence.

    Exit codes: 0 no difference, 1 a difference, 2 wrong usage, 3 the environment, or a run that was cut short and
    whose report is partial.
    """
