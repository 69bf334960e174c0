"""Simulate on the contracts in an in-process EVM: each call is a transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from dcai.errors import Revert
from dcai.evm import Evm
from dcai.evm.abi import Event
from dcai.evm.contract import Contract
from dcai.evm.framework import POINTS, STAKEABLE, deploy
from dcai.evm.receipt import Receipt
from dcai.incentives.keys import packed_words
from dcai.models import Classifier
from dcai.simulation.backend import START, TRANSFER, Call, Outcome
from dcai.simulation.setup import Setup

__all__ = ["Chain", "OnChain"]


class Chain(ABC):
    """Contracts on their own EVM.

    Attributes
    ----------
    gas_used : int
        Gas of all calls so far, refused ones included.
    """

    def __init__(self, engine: str, fork: str) -> None:
        self.evm = Evm(engine, fork)
        self.gas_used = 0

    @abstractmethod
    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call in a block of that time."""

    def send(
        self,
        call: Call,
        address: str,
        calldata: bytes,
        events: Callable[[Receipt], Iterable[Event]],
        gas_limit: int | None = None,
    ) -> Outcome:
        """Make a call; ``events`` decodes its logs."""
        receipt = self.evm.transact(address, calldata, sender=call.sender, value=call.value, gas_limit=gas_limit)
        self.gas_used += receipt.gas_used
        if isinstance(receipt.error, Revert):
            return receipt.error
        receipt.raise_for_error()
        return tuple(events(receipt))

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""
        return self.evm.balance(address)


class OnChain(Chain):
    """Contracts of the trainer.

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
    framework : Framework
        The contracts.
    """

    def __init__(self, setup: Setup, model: Classifier, engine: str, fork: str) -> None:
        super().__init__(engine, fork)
        self.evm.timestamp = START
        waits = (setup.refund_wait_s, setup.owner_claim_wait_s, setup.any_address_claim_wait_s)
        if setup.mechanism == "points":
            self.framework = deploy(self.evm, model, POINTS, (*waits, setup.thresholds, setup.badge_names))
        else:
            self.framework = deploy(self.evm, model, STAKEABLE, (*waits, setup.cost_weight))
        for agent in setup.agents:
            self.evm.set_balance(agent.address, agent.start_balance)
        parts = (self.framework.trainer, self.framework.mechanism, self.framework.handler, self.framework.classifier)
        self._parts = {part.address: part for part in parts}

    @property
    def trainer_address(self) -> str:
        """Account that holds the deposits."""
        return self.framework.trainer.address

    @property
    def owner(self) -> str:
        """Account that deployed the contracts."""
        return self.evm.account

    @property
    def model(self) -> Classifier:
        """Current model, read from storage."""
        return self.framework.classifier.model()

    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call in a block of that time."""
        self.evm.timestamp = timestamp
        if call.function == TRANSFER:
            return self.send(call, call.args[0], b"", self._events)
        trainer = self.framework.trainer
        return self.send(call, trainer.address, _calldata(trainer, call.function, call.args), self._events)

    def _events(self, receipt: Receipt) -> list[Event]:
        """Decode logs in order."""
        decoded = (
            self._parts[log.address].abi.event(log.topics, log.data)
            for log in receipt.logs
            if log.address in self._parts
        )
        return [event for event in decoded if event is not None]

    def num_valid(self, address: str) -> int:
        """Return how many contributions of an address were validated."""
        return int(self.framework.mechanism.call("numValidForAddress", address))

    def num_valid_total(self) -> int:
        """Return how many contributions were validated."""
        return int(self.framework.mechanism.call("totalGoodDataCount"))

    def claimable(self, contribution: tuple[Any, ...]) -> int:
        """Return the rest of the deposit of (data, label, time, author), in wei."""
        handler = self.framework.handler
        output = self.evm.call(handler.address, _calldata(handler, "getClaimableAmount", contribution))
        return int.from_bytes(output, "big")

    def storage(self) -> dict[int, int]:
        """Return every non-zero slot of the classifier."""
        return self.framework.classifier.storage()


def _calldata(contract: Contract, name: str, args: tuple[Any, ...]) -> bytes:
    """Encode a call whose first argument is an int64[], and each other a word; the ABI's encoder asks every element.

    Runs have tens of thousands of calls with a hundred elements each, which the twins have checked.
    """
    data, *others = args
    words = [32 * len(args), *(int(other, 16) if isinstance(other, str) else other for other in others), len(data)]
    head = b"".join(word.to_bytes(32, "big") for word in words)
    return contract.abi.function(name, len(args)).selector + head + packed_words(data)
