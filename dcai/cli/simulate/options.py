"""Options and output that the simulations share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai.cli._shared.new_file import NEW_FILE
from dcai.cli._shared.options import fork_option
from dcai.data import CATALOGUE
from dcai.errors import InputError
from dcai.simulation.agents import Agent, agents_from_text, agents_from_toml
from dcai.simulation.amounts import duration_s, wei
from dcai.simulation.runner import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DURATION", "WEI", "given_agents", "mechanism_options", "run_options"]

F = TypeVar("F", bound="Callable[..., Any]")


class _Read(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """An amount or a time, read by a function of ours."""

    def __init__(self, name: str, read: Callable[[Any, str], int]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        text = int(value) if isinstance(value, str) and value.isdecimal() else value
        try:
            return self._read(text, param.opts[0] if param is not None else "it")
        except InputError as error:
            self.fail(str(error), param, ctx)


WEI = _Read("wei", wei)
DURATION = _Read("time", duration_s)


def _apply(options: list[Callable[[F], F]]) -> Callable[[F], F]:
    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def run_options(command: F) -> F:
    """Add the options of every simulation: data, seed, engine, agents, output, plots."""
    return _apply(
        [
            click.option("--data", type=click.Choice(list(CATALOGUE)), help="Data set; IMDB where it is here."),
            click.option("--seed", type=int, default=0, show_default=True, help="Of all that is drawn."),
            click.option(
                "--engine",
                type=click.Choice(ENGINES),
                default="native",
                show_default=True,
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
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="A TOML file with a table [[agent]] for each.",
            ),
            click.option(
                "--output", type=NEW_FILE, help="Write every event here; where the file is there, go on from its end."
            ),
            click.option("--plot", "plots", type=NEW_FILE, multiple=True, help=".png, .svg or .html. Repeatable."),
            click.option("--json", "json_", is_flag=True, help="Print one JSON object."),
        ]
    )(command)


def mechanism_options(command: F) -> F:
    """Add the waits of an incentive mechanism."""
    return _apply(
        [
            click.option("--refund-wait", type=DURATION, help='Seconds, or text like "1 day".'),
            click.option("--owner-wait", type=DURATION, help="Until the owner may take what is left."),
            click.option("--any-wait", type=DURATION, help="Until anyone may."),
        ]
    )(command)


def given_agents(texts: tuple[str, ...], file: Path | None) -> tuple[Agent, ...] | None:
    """Return the agents of the command line, or None where none is given."""
    if texts and file is not None:
        raise InputError("give --agent or --agents, not both")
    if texts:
        return agents_from_text(texts)
    return None if file is None else agents_from_toml(file)
