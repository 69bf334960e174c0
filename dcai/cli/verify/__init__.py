"""``dcai verify``: compare contracts with kernels, and give evidence; one file a subcommand.

Each subcommand is imported when it runs, so that a missing package disables only the subcommands that need it.
"""

from __future__ import annotations

import sys
from typing import Any

import click

from dcai.cli._shared.lazy import LazyGroup

__all__ = ["verify"]

#: By name, in the order of the help: the summary of a subcommand, and the extra that it needs.
_COMMANDS = {
    "differential": ("Search for a difference between contracts and kernels.", "evm"),
    "mutants": ("Check that the search finds faults planted in the contracts.", "evm"),
    "replay": ("Replay a difference from its case file.", "evm"),
    "history": ("Replay the history of a contract, and compare with its storage.", "chain"),
    "snapshot": ("Compare a model in a file with a contract in a block.", "chain"),
    "fingerprint": ("Print the fingerprint of a model.", "chain"),
    "export": ("Write sequences of calls as Ethereum state tests.", "evm"),
    "statetest": ("Run state tests under Ethereum's executable specification.", "specs"),
    "proof": ("Prove the scalar steps of the contracts on their bytecode.", "proof"),
}


class _VerifyGroup(LazyGroup):
    def invoke(self, ctx: click.Context) -> Any:
        """Run a subcommand; an interrupt before the report exits with code 3, as every partial run does."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted before there was a report", err=True)
            # sys.exit, since the context's exit would return the code to `main` as a result.
            sys.exit(3)


@click.group(cls=_VerifyGroup, package=__name__, table=_COMMANDS)
def verify() -> None:
    """Verify that contracts and kernels agree, and report the evidence.

    Exit codes: 0 no difference, 1 a difference, 2 wrong usage, 3 a fault of the environment or a partial run.
    """
