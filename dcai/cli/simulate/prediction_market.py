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
@click.option("--bounty", "bounty_wei", type=WEI, help='What the provider stakes; wei, or text like "5 ether".')
@click.option("--rounds", type=click.IntRange(min=1), help="In how many the bounty is paid; 1,000 unless given.")
@click.option("--min-stake", "min_stake_wei", type=WEI, help="The least deposit for a sample.")
@click.option("--test-samples", "num_test", type=click.IntRange(min=2), help="Of the provider, who keeps them hidden.")
@click.option(
    "--pieces", "num_pieces", type=click.IntRange(min=2), help="In which it commits to them; 10 unless given."
)
@click.option(
    "--step-units", type=click.IntRange(min=1), help="Most units of work in a transaction; a replay unless given."
)
@click.option(
    "--step-every", "step_every_s", type=DURATION, help="From one such transaction to the next; an hour unless given."
)
def prediction_market(**options: Any) -> None:
    """Simulate a prediction market.

    Without options: the run of the paper. A Perceptron of 1,000 words has learned 2,000 reviews of IMDB; an honest and
    a malicious contributor send 8,000 more, each with a stake. Then they are scored by 1,000 reviews that the provider
    had committed to, and those that harm the model lose their stakes.

    On an EVM every prediction of a test sample costs gas: take few contributions, test samples and rounds.
    """
    carry_out(presets.prediction_market, **options)
