"""Options that several commands share."""

from __future__ import annotations

import click

from dcai.cli._shared.values import add_options
from dcai.evm.engines.registry import DEFAULT_ENGINE, engine_names
from dcai.evm.schedule import DEFAULT_FORK, FORKS
from dcai.gas.prices import PAPER

__all__ = ["engine_option", "fork_option", "forks_option", "price_options"]

engine_option = click.option(
    "--engine",
    type=click.Choice(engine_names()),
    default=DEFAULT_ENGINE,
    help="EVM that runs the contracts. All engines give the same results and gas.",
)
"""Add ``--engine``."""

fork_option = click.option(
    "--fork", type=click.Choice(FORKS), default=DEFAULT_FORK, help="Ethereum fork whose rules and gas prices apply."
)
"""Add ``--fork``."""

forks_option = click.option(
    "--fork",
    "forks",
    type=click.Choice(FORKS),
    multiple=True,
    default=(DEFAULT_FORK,),
    help="Ethereum fork whose rules and gas prices apply. Repeatable.",
)
"""Add a repeatable ``--fork``, passed as ``forks``."""

price_options = add_options(
    click.option(
        "--gas-price-gwei",
        type=click.FloatRange(min=0),
        default=PAPER.gas_price_gwei,
        help="Gas price in gwei. The default is the price in the 0xDeCA10B paper.",
    ),
    click.option(
        "--eth-usd",
        type=click.FloatRange(min=0),
        default=PAPER.eth_usd,
        help="Price of one ether in US dollars. The default is the price in the 0xDeCA10B paper; no price is fetched.",
    ),
)
"""Add ``--gas-price-gwei`` and ``--eth-usd``."""
