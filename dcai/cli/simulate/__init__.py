"""``dcai simulate``: simulate contributors, incentives and a model over months; one file a subcommand."""

from __future__ import annotations

import click

from dcai.cli.simulate.points import points
from dcai.cli.simulate.prediction_market import prediction_market
from dcai.cli.simulate.self_assessment import self_assessment
from dcai.cli.simulate.sweep import sweep

__all__ = ["simulate"]


@click.group()
def simulate() -> None:
    """Simulate the contributions, deposits and profits of honest and malicious contributors.

    Without options, each subcommand repeats the run of the 0xDeCA10B paper on IMDB, or on digits if IMDB is not on this
    computer.
    """


for command in (self_assessment, prediction_market, points, sweep):
    simulate.add_command(command)
