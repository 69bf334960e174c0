"""``dcai simulate self-assessment``: deposits, refunds and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dcai.cli._shared.values import WEI
from dcai.cli.simulate.options import given_agents, mechanism_options, run_options
from dcai.cli.simulate.running import carry_out
from dcai.simulation import setup as presets

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["self_assessment"]


@click.command("self-assessment")
@run_options
@mechanism_options
@click.option("--cost-weight", type=WEI, help='Of the deposit; wei, or text like "1 gwei".')
def self_assessment(
    data: str | None,
    model: str | None,
    seed: int,
    engine: str,
    fork: str,
    num_initial: int | None,
    num_contributions: int | None,
    agents_text: tuple[str, ...],
    agents_file: Path | None,
    output: Path | None,
    plots: tuple[Path, ...],
    json_: bool,
    refund_wait: int | None,
    owner_wait: int | None,
    any_wait: int | None,
    cost_weight: int | None,
) -> None:
    """Simulate ongoing self-assessment.

    Without options: the run of the paper. A Perceptron of 1,000 words learns 2,000 reviews of IMDB; then an honest and
    a malicious contributor send the other 23,000. A deposit can be asked back after a day, and taken by anyone after
    nine.
    """
    setup = presets.self_assessment(
        data,
        model=model,
        seed=seed,
        num_initial=num_initial,
        num_contributions=num_contributions,
        agents=given_agents(agents_text, agents_file),
        **presets.given(
            refund_wait_s=refund_wait,
            owner_claim_wait_s=owner_wait,
            any_address_claim_wait_s=any_wait,
            cost_weight=cost_weight,
        ),
    )
    carry_out(setup, engine=engine, fork=fork, output=output, plots=plots, json_=json_)
