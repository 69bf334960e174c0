"""``dcai simulate self-assessment``: simulate deposits, refunds and reports."""

from __future__ import annotations

from typing import Any

import click

from dcai.cli._shared.values import WEI
from dcai.cli.simulate.options import mechanism_options, run_options
from dcai.cli.simulate.running import carry_out
from dcai.simulation import setup as presets

__all__ = ["self_assessment"]


@click.command("self-assessment")
@run_options
@mechanism_options
@click.option(
    "--cost-weight",
    type=WEI,
    help="Scale of the deposit, in wei or with a unit. One hour after the last contribution the deposit is 60 times "
    "this. It falls with the square root of that time.  [default: 1/60 finney]",
)
def self_assessment(**options: Any) -> None:
    """Simulate ongoing self-assessment.

    Without options, this is the run of the paper. A Perceptron of 1,000 words learns 2,000 reviews of IMDB. Then an
    honest and a malicious contributor send the other 23,000. A deposit can be claimed back after one day, and claimed
    by any address after nine.
    """
    carry_out(presets.self_assessment, **options)
