"""Command ``dcai``: one file a command, each loaded when it is called.

Exit codes: 0 fine, 1 a finding (a difference or a regression), 2 wrong usage or input, 3 a fault of the environment (a
missing package, an unreachable server), 130 interrupted.
"""

from __future__ import annotations

import sys

import click

from dcai._kernels import __version__
from dcai.cli._shared.lazy import LazyGroup
from dcai.errors import DcaiError, InputError, NotEqual, Revert

__all__ = ["main"]

#: By name, in the order of the help: the summary of a command, and the extra that it needs.
_COMMANDS = {
    "demo": ("Train contracts on real data beside their native twins, and compare each step.", "demo"),
    "data": ("List, locate and download data sets.", "data"),
    "gas": ("Measure, predict and monitor the gas of transactions.", "demo"),
    "predict": ("Predict the class of each row of CSV, Parquet, Arrow, numpy and svmlight files.", "tabular"),
    "fetch": ("Fetch the model of a contract from a node, and verify it by Merkle proofs.", "chain"),
    "follow": ("Keep a local model up to date with the contributions on a chain.", "chain"),
    "dataset": ("Export the contributions to a trainer as Parquet, CSV, Arrow or JSON lines.", "chain,tabular"),
    "deploy": ("Deploy a model with its trainer to a chain.", "chain,tabular"),
    "contribute": ("Contribute samples to a trainer on a chain.", "chain,tabular"),
    "refund": ("Claim refunds of your deposits.", "chain,tabular"),
    "report": ("Report wrong contributions, and earn a share of their deposits.", "chain,tabular"),
    "market": ("Take part in a prediction market on a chain.", "chain,tabular"),
    "simulate": ("Simulate contributors and incentives, on native twins or on contracts.", "demo"),
    "verify": ("Compare contracts with kernels, and replay differences.", "evm"),
}
#: Settings of every command: each option shows its default.
_SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True}


@click.group(cls=LazyGroup, package=__name__, table=_COMMANDS, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="dcai")
def _group() -> None:
    """Train, verify and price classifiers that live in smart contracts.

    dcai is the off-chain twin of on-chain learning: its native kernels compute the same integers as the contracts, bit
    for bit, and the same gas.
    """


def main() -> None:
    """Run the command line, and turn errors into exit codes."""
    try:
        _group(standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
    except (DcaiError, OSError) as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(_exit_code(error))


def _exit_code(error: Exception) -> int:
    if isinstance(error, NotEqual):
        return 1
    return 2 if isinstance(error, (InputError, Revert)) else 3
