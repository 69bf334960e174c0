"""Options and output that the simulations share."""

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
    click.option("--data", type=click.Choice(list(CATALOGUE)), help="Data set; IMDB where it is here."),
    click.option(
        "--model",
        type=click.Choice(list(MODELS)),
        help="Contract of the model; the one that the demo has for the data.",
    ),
    click.option("--seed", type=int, default=0, help="Of all that is drawn."),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default="native",
        help="The native twins alone, or with the contracts on an EVM, compared after every call.",
    ),
    fork_option,
    click.option("--initial", "num_initial", type=click.IntRange(min=1), help="Samples of the first model."),
    click.option("--contributions", "num_contributions", type=click.IntRange(min=1), help="All unless given."),
    click.option(
        "--agent",
        "agents_text",
        multiple=True,
        metavar="NAME=VALUE,...",
        help='An agent in place of the paper\'s: "name=ann,start_balance=5 ether,good=false". Repeatable.',
    ),
    click.option(
        "--agents",
        "agents_file",
        type=OLD_FILE,
        help="A TOML file with a table [[agent]] for each.",
    ),
    click.option(
        "--output", type=NEW_FILE, help="Write every event here; where the file is there, go on from its end."
    ),
    click.option("--plot", "plots", type=NEW_FILE, multiple=True, help=".png, .svg or .html. Repeatable."),
    click.option("--json", "json_", is_flag=True, help="Print one JSON object."),
)
"""Add the options of every simulation: data, seed, engine, agents, output, plots."""


mechanism_options = add_options(
    click.option("--refund-wait", "refund_wait_s", type=DURATION, help='Seconds, or text like "1 day".'),
    click.option("--owner-wait", "owner_claim_wait_s", type=DURATION, help="Until the owner may take what is left."),
    click.option("--any-wait", "any_address_claim_wait_s", type=DURATION, help="Until anyone may."),
)
"""Add the waits of an incentive mechanism."""


def given_agents(texts: tuple[str, ...], file: Path | None) -> tuple[Agent, ...] | None:
    """Return the agents of the command line, or None where none is given."""
    if texts and file is not None:
        raise InputError("give --agent or --agents, not both")
    if texts:
        return agents_from_text(texts)
    return None if file is None else agents_from_toml(file)
