"""Twins and contracts side by side: every call goes to both, and everything is compared after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import NotEqual, Revert
from dcai.evm.storage import expected_storage

if TYPE_CHECKING:
    from dcai.models import Classifier
    from dcai.simulation.backend import Call, Outcome
    from dcai.simulation.native import Native
    from dcai.simulation.onchain import OnChain
    from dcai.simulation.setup import Setup

__all__ = ["Lockstep"]


class Lockstep:
    """A backend of two: the native twins answer, the contracts must have said the same.

    Compared after every call: the events with all arguments, or the error; the balance of every account, the
    trainer's included; the number of validated contributions of everybody; what is left of the deposit that was
    touched; and every word of the model's storage.

    Parameters
    ----------
    setup : Setup
        What is simulated.
    native : Native
        The twins.
    chain : OnChain
        The contracts.

    Attributes
    ----------
    num_compared : int
        Calls that were compared.
    joined : bool
        Whether the contracts take part; until then the twins run alone.
    """

    def __init__(self, setup: Setup, native: Native, chain: OnChain) -> None:
        self.native = native
        self.chain = chain
        self.num_compared = 0
        self._accounts = [agent.address for agent in setup.agents]
        self.joined = False
        self._compared_model = native.model.copy()
        self._words = self._expected_words()

    @property
    def trainer_address(self) -> str:
        """The account that holds the deposits."""
        return self.native.trainer_address

    @property
    def model(self) -> Classifier:
        """The model as it stands."""
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
        self._compare("outcome", expected, actual)
        self.compare_all()
        if not isinstance(actual, Revert) and actual and actual[-1].name in ("AddData", "Refund", "Report"):
            contribution = _contribution(call, timestamp)
            self._compare("claimable", self.chain.claimable(contribution), self.native.claimable(contribution))
        self.num_compared += 1
        return actual

    def join(self) -> None:
        """Have the contracts take part from now on.

        Raises
        ------
        NotEqual
            They are not in the state of the twins.
        """
        self.joined = True
        self.compare_all()

    def compare_all(self) -> None:
        """Compare balances, counts and the model.

        Raises
        ------
        NotEqual
            They differ.
        """
        for account in (*self._accounts, self.trainer_address):
            self._compare(f"balance of {account}", self.chain.balance(account), self.native.balance(account))
        for account in self._accounts:
            self._compare(f"points of {account}", self.chain.num_valid(account), self.native.num_valid(account))
        self._compare("validated contributions", self.chain.num_valid_total(), self.native.num_valid_total())
        if self.native.model != self._compared_model:
            self._compared_model = self.native.model.copy()
            self._words = self._expected_words()
        words = self.chain.storage()
        if words != self._words:
            slot = min(s for s in words.keys() | self._words.keys() if words.get(s, 0) != self._words.get(s, 0))
            self._compare(f"storage slot {slot:#x} of the model", words.get(slot, 0), self._words.get(slot, 0))

    def _expected_words(self) -> dict[int, int]:
        return expected_storage(self.native.model, self.trainer_address)

    def _compare(self, field: str, expected: Any, actual: Any) -> None:
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


def _contribution(call: Call, timestamp: int) -> tuple[Any, ...]:
    """Return (data, label, time, author) of the contribution that a call is about."""
    data, label, *rest = call.args
    if call.function == "addData":
        return data, label, timestamp, call.sender
    return (data, label, *rest) if call.function == "report" else (data, label, rest[0], call.sender)
