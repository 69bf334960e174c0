"""Prices of gas in money."""

from __future__ import annotations

from dataclasses import dataclass

from dcai.units import ETHER, GWEI

__all__ = ["PAPER", "Prices", "money"]


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of gas. They are parameters; nothing is fetched.

    Attributes
    ----------
    gas_price_gwei : float
        Price of a unit of gas.
    eth_usd : float
        Price of an ether.
    """

    gas_price_gwei: float
    eth_usd: float

    def __str__(self) -> str:
        return f"{self.gas_price_gwei:g} gwei and {self.eth_usd:g} USD/ETH"

    def eth(self, gas: float) -> float:
        """Cost of some gas in ether."""
        return gas * self.gas_price_gwei / (ETHER // GWEI)

    def usd(self, gas: float) -> float:
        """Cost of some gas in USD."""
        return self.eth(gas) * self.eth_usd


#: The prices of the 0xDeCA10B paper (Harris & Waggoner, 2019).
PAPER = Prices(gas_price_gwei=4.0, eth_usd=373.0)


def money(amount: float) -> str:
    """Return an amount for readers: in cents from 1 on, below with digits enough to tell it from nothing."""
    if amount >= 1:
        return f"{amount:,.2f}"
    return f"{amount:.3f}" if amount >= 0.01 else f"{amount:.2g}"
