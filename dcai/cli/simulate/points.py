"""``dcai simulate points``: points and badges in place of money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dcai.cli.simulate.options import given_agents, mechanism_options, run_options
from dcai.cli.simulate.running import carry_out
from dcai.simulation import setup as presets

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["points"]


@click.command()
@run_options
@mechanism_options
def points(
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
) -> None:
    """Simulate points and badges: the contributors of self-assessment, without money."""
    setup = presets.points(
        data,
        model=model,
        seed=seed,
        num_initial=num_initial,
        num_contributions=num_contributions,
        agents=given_agents(agents_text, agents_file),
        **presets.given(refund_wait_s=refund_wait, owner_claim_wait_s=owner_wait, any_address_claim_wait_s=any_wait),
    )
    carry_out(setup, engine=engine, fork=fork, output=output, plots=plots, json_=json_)
