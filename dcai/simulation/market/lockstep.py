"""Run each call on twin and contract of the market, and compare all results."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

from dcai.errors import Revert
from dcai.models.registry import spec_of
from dcai.simulation.lockstep import LockstepBase

if TYPE_CHECKING:
    from dcai.incentives import Phase, PredictionMarket
    from dcai.models import Classifier
    from dcai.simulation.backend import Call, Outcome
    from dcai.simulation.market.native import MarketNative
    from dcai.simulation.market.onchain import MarketOnChain
    from dcai.simulation.setup import Setup

__all__ = ["MarketLockstep"]

#: After these, balances of contributions may be others than before.
_SETTLING = {"step", "collect", "expire"}


class MarketLockstep(LockstepBase["MarketNative", "MarketOnChain"]):
    """A backend that runs twin and contract of the market, and compares them.

    Compared after every call: the events with all arguments, or the error; the balance of every account, the market's
    included; what the market says of its phase, its bounty and the progress of its scoring; the contribution that came;
    the stakes and scores of all, where a call may have moved them; and every weight of the model.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    native : MarketNative
        The twin.
    chain : MarketOnChain
        The contract.
    num_features : int
        Number of features of the model.
    """

    def __init__(self, setup: Setup, native: MarketNative, chain: MarketOnChain, num_features: int) -> None:
        super().__init__(native, chain, [agent.address for agent in setup.participants])
        self._num_features = num_features
        self._words: dict[int, int] = {}
        self._weights: list[int] = []

    @property
    def market(self) -> PredictionMarket:
        """The twin."""
        return self.native.market

    @property
    def model(self) -> Classifier:
        """Model at the last settlement."""
        return self.native.model

    def phase(self, timestamp: int) -> Phase:
        """Return the phase at a time."""
        return self.native.phase(timestamp)

    def worth(self, address: str) -> int:
        """Return the money of an account in wei, including its stakes or bounty in the market."""
        return self.native.worth(address)

    def compare_call(self, call: Call, timestamp: int, outcome: Outcome) -> None:
        """Compare the contributions that a call may have changed."""
        if isinstance(outcome, Revert):
            return
        if call.function in _SETTLING:
            self._compare_contributions(0)
        elif call.function == "addData":
            self._compare_contributions(len(self.market.contributions) - 1)

    def compare_all(self) -> None:
        """Compare balances, status of the market and the model.

        Raises
        ------
        NotEqual
            They differ.
        """
        self.compare_balances()
        market = self.market
        for getter, value in {
            "phase": market.phase,
            "deadline": market.deadline,
            "bounty": market.bounty,
            "totalDeposits": market.total_deposits,
            "pointWei": market.point_wei,
            "numRevealed": market.num_revealed,
            "testSetSize": market.test_set_size,
            "numContributions": len(market.contributions),
            "isModelFinal": market.is_model_final,
            "progress": astuple(market.progress),
        }.items():
            self.compare(getter, self.chain.get(getter), value)
        self._compare_model()

    def join(self) -> None:
        """Run the contract too, from then on."""
        super().join()
        self._compare_contributions(0)

    def _compare_model(self) -> None:
        model = self.market.classifier
        (field,) = (field for field in spec_of(model).fields if field.name == "weights")
        weights = field.to_solidity(model.state()["weights"])
        known = weights if isinstance(weights, dict) else dict(enumerate(weights))
        expected = [int(known.get(feature, 0)) for feature in range(self._num_features)]
        words = self.chain.classifier.storage()
        if (words, expected) == (self._words, self._weights):
            return  # both are what they were when they were compared
        actual = self.chain.weights(self._num_features)
        for feature, (on_chain, mine) in enumerate(zip(actual, expected, strict=True)):
            self.compare(f"weight {feature}", on_chain, mine)
        self._words, self._weights = words, expected

    def _compare_contributions(self, first: int) -> None:
        for number, mine in enumerate(self.market.contributions[first:], first):
            expected = (int(mine.contributor, 16), mine.balance, mine.score, mine.is_removed)
            self.compare(f"contribution {number}", self.chain.contribution(number), expected)
