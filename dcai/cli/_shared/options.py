"""Options that several commands have."""

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
    help="EVM that runs the contracts; all give the same results and gas.",
)
"""Add ``--engine``, of one EVM."""

fork_option = click.option("--fork", type=click.Choice(FORKS), default=DEFAULT_FORK, help="Rules of the EVM.")
"""Add ``--fork``, of one fork."""

forks_option = click.option(
    "--fork",
    "forks",
    type=click.Choice(FORKS),
    multiple=True,
    default=(DEFAULT_FORK,),
    help="Rules of the EVM; repeatable.",
)
"""Add a repeatable ``--fork``, which gives ``forks``."""

price_options = add_options(
    click.option(
        "--gas-price-gwei",
        type=click.FloatRange(min=0),
        default=PAPER.gas_price_gwei,
        help="Price of gas; the default is that of the 0xDeCA10B paper.",
    ),
    click.option(
        "--eth-usd",
        type=click.FloatRange(min=0),
        default=PAPER.eth_usd,
        help="Price of an ether; the default is that of the 0xDeCA10B paper. Nothing is fetched.",
    ),
)
"""Add ``--gas-price-gwei`` and ``--eth-usd``."""
