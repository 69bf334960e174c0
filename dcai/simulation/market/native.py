"""Simulate a prediction market on its native twin."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from dcai.errors import Revert
from dcai.evm.hashing import keccak
from dcai.incentives import Ledger, Phase, PredictionMarket
from dcai.simulation.backend import START

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcai.evm.abi import Event
    from dcai.models import Classifier
    from dcai.simulation.backend import Call, Outcome
    from dcai.simulation.setup import Setup

__all__ = ["BLOCK_TIME_S", "MarketNative", "block_at"]

#: From one block to the next.
BLOCK_TIME_S = 12

#: The twin's methods; those that take money come with a payment.
_METHODS = {
    "commit": "commit",
    "drawPiece": "draw_piece",
    "revealPiece": "reveal_piece",
    "addData": "add_data",
    "step": "step",
    "expire": "expire",
    "collect": "collect",
    "collectBounty": "collect_bounty",
}
_PAYABLE = {"commit", "addData"}


def block_at(seed: int, timestamp: int) -> tuple[int, int]:
    """Return number and randomness of the block at a time."""
    number = 1 + (timestamp - START) // BLOCK_TIME_S
    return number, int.from_bytes(keccak(f"{seed} {number}".encode())[:8], "big")


class MarketNative:
    """Twin of the market, on its own ledger.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    model : Classifier
        The first model.
    market_address : str
        Address of the market's contract, real or assumed.

    Attributes
    ----------
    market : PredictionMarket
        The twin.
    """

    def __init__(self, setup: Setup, model: Classifier, market_address: str) -> None:
        assert setup.market is not None
        self._seed = setup.seed
        self.ledger = Ledger({agent.address: agent.start_balance for agent in setup.participants}, START)
        terms = setup.market.on_chain(setup.num_contributions)
        self.market = PredictionMarket(self.ledger, market_address, model, terms, provider=setup.provider.address)

    @property
    def trainer_address(self) -> str:
        """Account that holds bounty and stakes."""
        return self.market.address

    @property
    def model(self) -> Classifier:
        """Model at the last settlement; before the first, the provider's model."""
        return self.market.settled_classifier or self.market.classifier

    def phase(self, timestamp: int) -> Phase:
        """Return the phase at a time, and advance the clock to it."""
        self.ledger.timestamp = timestamp
        return self.market.phase

    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call in a block of that time."""
        self.ledger.timestamp = timestamp
        self.ledger.block_number, self.ledger.prevrandao = block_at(self._seed, timestamp)
        payment = {"value": call.value} if call.function in _PAYABLE else {}
        if call.function != "addData":
            vars(self).pop("stakes", None)
        try:
            if call.function == "returnClassifier":
                self.market.return_classifier(sender=call.sender)
                return ()
            method = getattr(self.market, _METHODS[call.function])
            events: tuple[Event, ...] = method(*call.args, sender=call.sender, **payment)
        except Revert as refused:
            return refused
        if call.function == "addData":
            wei, number = self.stakes.get(call.sender, (0, 0))
            vars(self)["stakes"] = {**self.stakes, call.sender: (wei + call.value, number + 1)}
        return events

    @cached_property
    def stakes(self) -> Mapping[str, tuple[int, int]]:
        """Return the stakes of each contributor in wei, and their number, without removed contributions."""
        stakes: dict[str, tuple[int, int]] = {}
        for contribution in self.market.contributions:
            if not contribution.is_removed:
                wei, number = stakes.get(contribution.contributor, (0, 0))
                stakes[contribution.contributor] = wei + contribution.balance, number + 1
        return stakes

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""
        return self.ledger.balance(address)

    def worth(self, address: str) -> int:
        """Return the money of an account in wei, including its stakes or bounty in the market."""
        bounty = self.market.bounty if address == self.market.provider else 0
        return self.ledger.balance(address) + bounty + self.stakes.get(address, (0, 0))[0]

    def num_valid(self, address: str) -> int:
        """Return how many contributions of an address were not removed."""
        return self.stakes.get(address, (0, 0))[1]

    def num_valid_total(self) -> int:
        """Return how many contributions were not removed."""
        return sum(number for _, number in self.stakes.values())
