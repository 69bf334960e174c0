"""``dcai simulate self-assessment``: deposits, refunds and reports."""

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
@click.option("--cost-weight", type=WEI, help='Of the deposit; wei, or text like "1 gwei".')
def self_assessment(**options: Any) -> None:
    """Simulate ongoing self-assessment.

    Without options: the run of the paper. A Perceptron of 1,000 words learns 2,000 reviews of IMDB; then an honest and
    a malicious contributor send the other 23,000. A deposit can be asked back after a day, and taken by anyone after
    nine.
    """
    carry_out(presets.self_assessment, **options)
