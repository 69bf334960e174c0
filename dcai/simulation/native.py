"""Simulate on the native twins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import Revert
from dcai.incentives import CollaborativeTrainer64, DataHandler64, Ledger, Points64, Stakeable64
from dcai.simulation.backend import START, TRANSFER

if TYPE_CHECKING:
    from dcai.models import Classifier
    from dcai.simulation.backend import Call, Outcome
    from dcai.simulation.setup import Setup

__all__ = ["Native"]


class Native:
    """Twins of the contracts, on their own ledger.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    model : Classifier
        The first model; it is learned in place.
    trainer_address : str
        Address of the trainer's contract, real or assumed.
    owner : str, optional
        Deployer; nobody by default.
    """

    def __init__(self, setup: Setup, model: Classifier, trainer_address: str, owner: str = "") -> None:
        self.ledger = Ledger({agent.address: agent.start_balance for agent in setup.agents}, START)
        waits = (setup.refund_wait_s, setup.owner_claim_wait_s, setup.any_address_claim_wait_s)
        mechanism = (
            Points64(self.ledger, *waits, setup.thresholds, setup.badge_names)
            if setup.mechanism == "points"
            else Stakeable64(self.ledger, *waits, setup.cost_weight)
        )
        handler = DataHandler64(self.ledger)
        self.trainer = CollaborativeTrainer64(self.ledger, trainer_address, handler, mechanism, model, owner=owner)

    @property
    def trainer_address(self) -> str:
        """Account that holds the deposits."""
        return self.trainer.address

    @property
    def model(self) -> Classifier:
        """Current model."""
        return self.trainer.classifier

    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call in a block of that time."""
        self.ledger.timestamp = timestamp
        if call.function == TRANSFER:
            with self.ledger.transaction(call.sender, call.args[0], call.value):
                return ()
        trainer = self.trainer
        try:
            if call.function == "addData":
                return trainer.add_data(*call.args, sender=call.sender, value=call.value)
            if call.function == "refund":
                return trainer.refund(*call.args, sender=call.sender)
            return trainer.report(*call.args, sender=call.sender)
        except Revert as refused:
            return refused

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""
        return self.ledger.balance(address)

    def num_valid(self, address: str) -> int:
        """Return how many contributions of an address were validated."""
        return self.trainer.incentive_mechanism.num_valid_for_address(address)

    def num_valid_total(self) -> int:
        """Return how many contributions were validated."""
        return self.trainer.incentive_mechanism.total_good_data_count

    def claimable(self, contribution: tuple[Any, ...]) -> int:
        """Return the rest of the deposit of (data, label, time, author), in wei."""
        return self.trainer.data_handler.get_claimable_amount(*contribution)
