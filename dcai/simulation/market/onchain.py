"""Simulate a prediction market on its contract in an in-process EVM: each call is a transaction."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from dcai import artifacts
from dcai.errors import InputError
from dcai.evm import Evm
from dcai.evm.contract import Contract
from dcai.evm.deploy import deploy
from dcai.models import MODELS, Classifier
from dcai.models.registry import spec_of
from dcai.simulation.backend import START, Call, Outcome
from dcai.simulation.market.native import block_at
from dcai.simulation.onchain import Chain
from dcai.simulation.setup import Setup

__all__ = ["MarketOnChain"]

#: A whole replay in a transaction needs more gas than any block has; under Osaka there is a cap, and steps must be cut.
_GAS_LIMIT = 1 << 50


class MarketOnChain(Chain):
    """Contract of the market, on its own EVM.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    model : Classifier
        The first model, which is deployed and not touched.
    engine, fork : str
        EVM engine and fork.

    Attributes
    ----------
    market, classifier : Contract
        ``PredictionMarket`` and the model's contract, which it owns.

    Raises
    ------
    InputError
        There is no contract for that model that can begin again.
    """

    def __init__(self, setup: Setup, model: Classifier, engine: str, fork: str) -> None:
        assert setup.market is not None
        super().__init__(engine, fork)
        self._seed = setup.seed
        self._gas_limit = None if fork == "osaka" else _GAS_LIMIT
        self._set_block(START)
        owner = setup.provider.address
        for agent in setup.participants:
            self.evm.set_balance(agent.address, agent.start_balance)
        self.classifier = _deploy(self.evm, model, owner)
        self.market = self.evm.create(
            artifacts.load("PredictionMarket"),
            self.classifier.address,
            astuple(setup.market.on_chain(setup.num_contributions)),
            sender=owner,
        )
        self.evm.errors.learn(self.classifier.abi.errors.values())
        self.classifier.transact("transferOwnership", self.market.address, sender=owner)
        self._get_contribution = self.market.abi.function("getContribution", 1).selector

    @property
    def trainer_address(self) -> str:
        """Account that holds bounty and stakes."""
        return self.market.address

    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call in a block of that time."""
        self._set_block(timestamp)
        calldata = self.market.abi.function(call.function, len(call.args)).encode(call.args)
        return self.send(call, self.market.address, calldata, self.market.events, self._gas_limit)

    def _set_block(self, timestamp: int) -> None:
        self.evm.timestamp = timestamp
        self.evm.block_number, self.evm.prevrandao = block_at(self._seed, timestamp)

    def get(self, name: str, *args: Any) -> Any:
        """Call a getter of the market."""
        return self.market.call(name, *args)

    def contribution(self, number: int) -> tuple[int, int, int, bool]:
        """Return contributor (as a number), balance, score and removal of a contribution.

        Read word by word: a run asks tens of thousands of times, and the ABI's decoder takes a millisecond for each.
        """
        output = self.evm.call(self.market.address, self._get_contribution + number.to_bytes(32, "big"))
        contributor, balance, _, score, is_removed = (output[start : start + 32] for start in range(0, 160, 32))
        return (
            int.from_bytes(contributor, "big"),
            int.from_bytes(balance, "big"),
            int.from_bytes(score, "big", signed=True),
            is_removed[-1] == 1,
        )

    def weights(self, num_features: int) -> list[int]:
        """Return the current weights of the first features."""
        return [int(self.classifier.call("weights", i)) for i in range(num_features)]


def _deploy(evm: Evm, model: Classifier, owner: str) -> Contract:
    """Deploy the contract of a restorable model, in as many transactions as needed."""
    restorable = {name: f"Restorable{name}" for name in MODELS if f"Restorable{name}" in artifacts.names()}
    name = spec_of(model).contract
    if name not in restorable:
        raise InputError(
            f"a market on chain needs a model that can begin again: a {' or a '.join(restorable)}, not a {name}; with "
            "--engine native any will do"
        )
    return deploy(evm, model, sender=owner, artifact=artifacts.load(restorable[name]))
