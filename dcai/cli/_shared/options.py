"""Options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai.evm.engines.registry import DEFAULT_ENGINE, engine_names
from dcai.evm.schedule import DEFAULT_FORK, FORKS
from dcai.gas.prices import PAPER

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["engine_option", "fork_option", "forks_option", "price_options"]

F = TypeVar("F", bound="Callable[..., Any]")


def engine_option(command: F) -> F:
    """Add ``--engine``, of one EVM."""
    return click.option(
        "--engine",
        type=click.Choice(engine_names()),
        default=DEFAULT_ENGINE,
        show_default=True,
        help="EVM that runs the contracts; all give the same results and gas.",
    )(command)


def fork_option(command: F) -> F:
    """Add ``--fork``, of one fork."""
    return click.option(
        "--fork", type=click.Choice(FORKS), default=DEFAULT_FORK, show_default=True, help="Rules of the EVM."
    )(command)


def forks_option(command: F) -> F:
    """Add a repeatable ``--fork``, which gives ``forks``."""
    return click.option(
        "--fork",
        "forks",
        type=click.Choice(FORKS),
        multiple=True,
        default=(DEFAULT_FORK,),
        show_default=True,
        help="Rules of the EVM; repeatable.",
    )(command)


def price_options(command: F) -> F:
    """Add ``--gas-price-gwei`` and ``--eth-usd``."""
    eth = click.option(
        "--eth-usd",
        type=click.FloatRange(min=0),
        default=PAPER.eth_usd,
        show_default=True,
        help="Price of an ether; the default is that of the 0xDeCA10B paper. Nothing is fetched.",
    )
    gas = click.option(
        "--gas-price-gwei",
        type=click.FloatRange(min=0),
        default=PAPER.gas_price_gwei,
        show_default=True,
        help="Price of gas; the default is that of the 0xDeCA10B paper.",
    )
    return gas(eth(command))
