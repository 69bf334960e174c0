"""Options that the simulations share."""

from __future__ import annotations

from pathlib import Path

import click

from dcai.cli._shared.options import fork_option
from dcai.cli._shared.values import DURATION, NEW_FILE, OLD_FILE, add_options
from dcai.data import CATALOGUE
from dcai.errors import InputError
from dcai.models import MODELS
from dcai.simulation.agents import Agent, agents_from_text, agents_from_toml
from dcai.simulation.runner import ENGINES

__all__ = ["given_agents", "mechanism_options", "run_options"]

run_options = add_options(
    click.option(
        "--data",
        type=click.Choice(list(CATALOGUE)),
        help="Data set.  [default: imdb if it is on this computer, else digits]",
    ),
    click.option(
        "--model",
        type=click.Choice(list(MODELS)),
        help="Contract of the model.  [default: the demo's contract for these data]",
    ),
    click.option("--seed", type=int, default=0, help="Random seed; the same seed repeats the run."),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="native",
        help="native runs the native twins alone; an EVM also runs the contracts, and compares after each call.",
    ),
    fork_option,
    click.option(
        "--initial",
        "num_initial",
        type=click.IntRange(min=1),
        help="Number of samples that the initial model learns.  [default: 8% of the data]",
    ),
    click.option(
        "--contributions",
        "num_contributions",
        type=click.IntRange(min=1),
        help="Number of samples to contribute.  [default: those of the paper, or as many as the data have]",
    ),
    click.option(
        "--agent",
        "agents_text",
        multiple=True,
        metavar="NAME=VALUE,...",
        help='Agent that replaces the paper\'s, such as "name=ann,start_balance=5 ether,good=false". Repeatable.',
    ),
    click.option(
        "--agents",
        "agents_file",
        type=OLD_FILE,
        help="TOML file with one table [[agent]] for each agent.",
    ),
    click.option("--output", type=NEW_FILE, help="Write every event to this file, and resume from it if it exists."),
    click.option(
        "--plot",
        "plots",
        type=NEW_FILE,
        multiple=True,
        help="Draw the result into this file: .png, .svg or .html. Repeatable.",
    ),
    click.option("--json", "json_", is_flag=True, help="Print one JSON object instead of text."),
)
"""Add the options of every simulation: data, seed, engine, agents, output, plots."""


mechanism_options = add_options(
    click.option(
        "--refund-wait",
        "refund_wait_s",
        type=DURATION,
        help="Time until an author may claim the deposit, in seconds or with a unit.  [default: 1 day]",
    ),
    click.option(
        "--owner-wait",
        "owner_claim_wait_s",
        type=DURATION,
        help="Time until the owner may claim the rest of a deposit.  [default: 9 days]",
    ),
    click.option(
        "--any-wait",
        "any_address_claim_wait_s",
        type=DURATION,
        help="Time until any address may claim the rest of a deposit.  [default: 9 days]",
    ),
)
"""Add the waits of an incentive mechanism."""


def given_agents(texts: tuple[str, ...], file: Path | None) -> tuple[Agent, ...] | None:
    """Return the agents of the command line, or None if it names none."""
    if texts and file is not None:
        raise InputError("pass --agent or --agents, and not both")
    if texts:
        return agents_from_text(texts)
    return None if file is None else agents_from_toml(file)
