"""Options that several commands have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai.gas.prices import PAPER

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["price_options"]

F = TypeVar("F", bound="Callable[..., Any]")


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
