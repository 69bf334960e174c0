"""Backends that run the calls of a simulation: native twins, or contracts on an EVM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from dcai.errors import Revert
from dcai.evm.abi import Event
from dcai.models import Classifier

__all__ = ["START", "TRANSFER", "Backend", "Call", "Outcome"]

#: Block time at the start of every simulation: the first second of 2020.
START = 1_577_836_800

#: The call that is none: money from one account to another.
TRANSFER = "transfer"

#: The events of a call, or the error with which it was refused.
Outcome = tuple["Event", ...] | Revert


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an agent.

    Attributes
    ----------
    function : {"addData", "refund", "report", "transfer"}
        Function of the trainer, or a payment to an account.
    sender : str
        Address of the agent.
    args : tuple
        Arguments of the function, or the receiver of a payment.
    value : int
        Wei that are sent.
    """

    function: str
    sender: str
    args: tuple[Any, ...]
    value: int = 0


class Backend(Protocol):
    """A trainer with its accounts and its clock."""

    @property
    def trainer_address(self) -> str:
        """The account that holds the deposits."""

    @property
    def model(self) -> Classifier:
        """The model as it stands."""

    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call in a block of that time."""

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""

    def num_valid(self, address: str) -> int:
        """Return how many contributions of an address were validated."""

    def num_valid_total(self) -> int:
        """Return how many contributions were validated."""
