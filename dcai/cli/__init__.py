"""The command ``dcai``: one file a command, each loaded when it is called.

Exit codes: 0 fine, 1 a finding (not equal, a regression), 2 wrong usage, 3 the environment (a missing package, an
unreachable server), 130 interrupted.
"""

from __future__ import annotations

import sys

import click

from dcai._kernels import __version__
from dcai.cli._shared.lazy import LazyGroup
from dcai.errors import DcaiError, InputError, NotEqual, Revert

__all__ = ["main"]

#: Each command, what it does and the extra with what it needs, in the order in which the help shows them.
_COMMANDS = {
    "demo": ("Train four contracts on real data beside their native twins, and compare.", "demo"),
    "data": ("List, locate and fetch data sets.", "data"),
    "gas": ("Measure, predict and watch the gas of transactions.", "demo"),
    "predict": ("Predict the rows of files: CSV, Parquet, Arrow, numpy, svmlight.", "tabular"),
    "fetch": ("Fetch the model of a contract from a node, with proofs.", "chain"),
    "follow": ("Keep a model in step with the contributions on a chain.", "chain"),
    "dataset": ("Export what a trainer has collected: Parquet, CSV, Arrow.", "chain,tabular"),
    "deploy": ("Deploy a model and its trainer to a node.", "chain,tabular"),
    "contribute": ("Contribute samples to a trainer on a chain.", "chain,tabular"),
    "refund": ("Ask deposits back.", "chain,tabular"),
    "report": ("Take a share of deposits whose data the model disagrees with.", "chain,tabular"),
    "market": ("Take part in a prediction market on a chain.", "chain,tabular"),
    "simulate": ("Simulate contributors and incentives, on twins or on contracts.", "demo"),
    "verify": ("Compare contracts and kernels; replay a difference.", "evm"),
}
#: Of every command: each option shows its default.
_SETTINGS = {"help_option_names": ["-h", "--help"], "show_default": True}


@click.group(cls=LazyGroup, package=__name__, table=_COMMANDS, context_settings=_SETTINGS)
@click.version_option(__version__, prog_name="dcai")
def _group() -> None:
    """The off-chain twin of on-chain learning.

    Contracts and native kernels that compute the same integers, bit for bit.
    """


def main() -> None:
    """Run the command line; the one place where errors become exit codes."""
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
