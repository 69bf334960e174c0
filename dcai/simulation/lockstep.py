"""Run each call on twins and contracts, and compare all results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dcai.errors import NotEqual, Revert
from dcai.evm.storage import expected_storage

if TYPE_CHECKING:
    from dcai.models import Classifier
    from dcai.simulation.backend import Backend, Call, Outcome
    from dcai.simulation.native import Native
    from dcai.simulation.onchain import Chain, OnChain
    from dcai.simulation.setup import Setup

__all__ = ["Lockstep", "LockstepBase"]

N = TypeVar("N", bound="Backend")
C = TypeVar("C", bound="Chain")


class LockstepBase(ABC, Generic[N, C]):
    """A backend that runs native twins and contracts, and compares them.

    Parameters
    ----------
    native
        The twins.
    chain
        The contracts.
    accounts : list of str
        Accounts whose balances are compared, beside the holder of the deposits.

    Attributes
    ----------
    num_compared : int
        Calls that were compared.
    joined : bool
        Whether the contracts take part; until then the twins run alone.
    """

    def __init__(self, native: N, chain: C, accounts: list[str]) -> None:
        self.native = native
        self.chain = chain
        self.num_compared = 0
        self.accounts = accounts
        self.joined = False

    @property
    def trainer_address(self) -> str:
        """Account that holds the deposits."""
        return self.native.trainer_address

    @property
    def model(self) -> Classifier:
        """Current model."""
        return self.native.model

    def run(self, call: Call, timestamp: int) -> Outcome:
        """Make a call on both.

        Raises
        ------
        NotEqual
            They differ in anything.
        """
        if not self.joined:
            return self.native.run(call, timestamp)
        expected = self.chain.run(call, timestamp)
        actual = self.native.run(call, timestamp)
        self.compare("outcome", expected, actual)
        self.compare_all()
        self.compare_call(call, timestamp, actual)
        self.num_compared += 1
        return actual

    def join(self) -> None:
        """Run the contracts too, from then on.

        Raises
        ------
        NotEqual
            They are not in the state of the twins.
        """
        self.joined = True
        self.compare_all()

    @abstractmethod
    def compare_all(self) -> None:
        """Compare balances, counts and the model.

        Raises
        ------
        NotEqual
            They differ.
        """

    @abstractmethod
    def compare_call(self, call: Call, timestamp: int, outcome: Outcome) -> None:
        """Compare the results of a call."""

    def compare_balances(self) -> None:
        """Compare the balance of every account."""
        for account in (*self.accounts, self.trainer_address):
            self.compare(f"balance of {account}", self.chain.balance(account), self.native.balance(account))

    def compare(self, field: str, expected: Any, actual: Any) -> None:
        """Raise NotEqual if two values differ."""
        if expected != actual:
            raise NotEqual(self.num_compared, field, expected, actual)

    def balance(self, address: str) -> int:
        """Return the balance of an account in wei."""
        return self.native.balance(address)

    def num_valid(self, address: str) -> int:
        """Return how many contributions of an address were validated."""
        return self.native.num_valid(address)

    def num_valid_total(self) -> int:
        """Return how many contributions were validated."""
        return self.native.num_valid_total()


class Lockstep(LockstepBase["Native", "OnChain"]):
    """Twins and contracts of the trainer.

    Compared after every call: the events with all arguments, or the error; the balance of every account, the
    trainer's included; the number of validated contributions of everybody; what is left of the deposit that was
    touched; and every word of the model's storage.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    native : Native
        The twins.
    chain : OnChain
        The contracts.
    """

    def __init__(self, setup: Setup, native: Native, chain: OnChain) -> None:
        super().__init__(native, chain, [agent.address for agent in setup.agents])
        self._compared_model = native.model.copy()
        self._words = self._expected_words()

    def compare_call(self, call: Call, timestamp: int, outcome: Outcome) -> None:
        """Compare the rest of the deposit that a call touched."""
        if not isinstance(outcome, Revert) and outcome and outcome[-1].name in ("AddData", "Refund", "Report"):
            contribution = _contribution(call, timestamp)
            self.compare("claimable", self.chain.claimable(contribution), self.native.claimable(contribution))

    def compare_all(self) -> None:
        """Compare balances, counts and the model.

        Raises
        ------
        NotEqual
            They differ.
        """
        self.compare_balances()
        for account in self.accounts:
            self.compare(f"points of {account}", self.chain.num_valid(account), self.native.num_valid(account))
        self.compare("validated contributions", self.chain.num_valid_total(), self.native.num_valid_total())
        if self.native.model != self._compared_model:
            self._compared_model = self.native.model.copy()
            self._words = self._expected_words()
        words = self.chain.storage()
        if words != self._words:
            slot = min(s for s in words.keys() | self._words.keys() if words.get(s, 0) != self._words.get(s, 0))
            self.compare(f"storage slot {slot:#x} of the model", words.get(slot, 0), self._words.get(slot, 0))

    def _expected_words(self) -> dict[int, int]:
        return expected_storage(self.native.model, self.trainer_address)


def _contribution(call: Call, timestamp: int) -> tuple[Any, ...]:
    """Return (data, label, time, author) of a call's contribution."""
    data, label, *rest = call.args
    if call.function == "addData":
        return data, label, timestamp, call.sender
    return (data, label, *rest) if call.function == "report" else (data, label, rest[0], call.sender)
