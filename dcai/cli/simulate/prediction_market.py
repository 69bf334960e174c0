"""``dcai simulate prediction-market``: samples with a stake, scored by a hidden test set."""

from __future__ import annotations

from typing import Any

import click

from dcai.cli._shared.values import DURATION, WEI
from dcai.cli.simulate.options import run_options
from dcai.cli.simulate.running import carry_out
from dcai.simulation import setup as presets

__all__ = ["prediction_market"]


@click.command("prediction-market")
@run_options
@click.option(
    "--bounty",
    "bounty_wei",
    type=WEI,
    help="Bounty that the provider stakes, in wei or with a unit, such as 5 ether.  [default: in "
    "proportion to the contributions]",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), help="Number of rounds in which the bounty is paid.  [default: 1000]"
)
@click.option(
    "--min-stake",
    "min_stake_wei",
    type=WEI,
    help="Minimum stake of a sample, in wei or with a unit.  [default: 0.5 finney]",
)
@click.option(
    "--test-samples",
    "num_test",
    type=click.IntRange(min=2),
    help="Number of samples in the provider's hidden test set.  [default: one for every 8 contributions]",
)
@click.option(
    "--pieces", "num_pieces", type=click.IntRange(min=2), help="Number of pieces of the test set.  [default: 10]"
)
@click.option(
    "--step-units",
    type=click.IntRange(min=1),
    help="Maximum units of work in one scoring transaction.  [default: a full replay]",
)
@click.option(
    "--step-every",
    "step_every_s",
    type=DURATION,
    help="Time between scoring transactions, in seconds or with a unit.  [default: 1 hour]",
)
def prediction_market(**options: Any) -> None:
    """Simulate a prediction market.

    Without options, this is the run of the paper. A Perceptron of 1,000 words has learned 2,000 reviews of IMDB. An
    honest and a malicious contributor send 8,000 more, each with a stake. The market scores them by 1,000 reviews that
    the provider had committed to. Samples that harm the model lose their stakes.

    On an EVM each prediction of a test sample costs gas: choose few contributions, test samples and rounds.
    """
    carry_out(presets.prediction_market, **options)
