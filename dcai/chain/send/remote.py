"""A contract on a node: its functions by name, tried before they are sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypedDict

from dcai import artifacts
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.provider import Limits
from dcai.chain.send.accounts import Sender
from dcai.chain.send.fees import Fees, Price
from dcai.chain.send.transact import Attempt, Mined, Transactor, Waiting, limit_of
from dcai.errors import ArtifactError, InputError, Revert, TransactionError
from dcai.evm.abi import Abi, ErrorDecoder, Event
from dcai.evm.hashing import to_address, to_bytes20

__all__ = ["ConnectionOptions", "Proposal", "RemoteContract", "connect"]


@dataclass(frozen=True)
class Proposal:
    """A transaction that would succeed now, and what it would cost.

    Attributes
    ----------
    to : str
        The contract.
    function : str
        Name of the called function.
    data : bytes
        Calldata.
    value_wei : int
        Value sent, in wei.
    gas, gas_limit : int
        Gas estimate of the node, and gas limit.
    price : Price
        Price per gas.
    """

    to: str
    function: str
    data: bytes
    value_wei: int
    gas: int
    gas_limit: int
    price: Price

    @property
    def expected_wei(self) -> int:
        """The fee at the present price, without the value."""
        return self.gas * self.price.expected_wei

    @property
    def most_wei(self) -> int:
        """The highest fee, without the value."""
        return self.gas_limit * self.price.most_wei


class RemoteContract:
    """A contract at an address of a node.

    Parameters
    ----------
    transactor : Transactor
        The node, and who sends.
    name : str
        Name of its artifact.
    address : str
        Address of the contract.
    """

    def __init__(self, transactor: Transactor, name: str, address: str) -> None:
        self._transactor = transactor
        self._abi = Abi(artifacts.load(name).abi)
        self.address = to_address(to_bytes20(address))

    def call(self, name: str, *args: Any) -> Any:
        """Return the result of a function as of the latest block, as the node says; raises as `Transactor.call`."""
        function = self._abi.function(name, len(args))
        return function.decode(self._transactor.call(self.address, function.encode(args)))

    def propose(self, name: str, *args: Any, value: int = 0) -> Proposal:
        """Try a function without sending anything.

        Raises
        ------
        Revert
            The contract would refuse.
        EvmError
            It would fail otherwise.
        InputError
            The account cannot pay for it.
        """
        transactor = self._transactor
        data = self._abi.function(name, len(args)).encode(args)
        transactor.call(self.address, data, value)
        gas = transactor.estimate(self.address, data, value)
        proposal = Proposal(self.address, name, data, value, gas, limit_of(gas), transactor.price())
        balance = transactor.balance()
        if balance < value + proposal.most_wei:
            raise InputError(
                f"{transactor.sender.address} has {balance} wei; {name} sends {value} and may cost {proposal.most_wei}"
            )
        return proposal

    def send(self, proposal: Proposal, keep: Callable[[Attempt], None]) -> Mined:
        """Send what was proposed, and wait for it; ``keep`` as in :meth:`Transactor.transact`."""
        mined = self._transactor.transact(
            proposal.to, proposal.data, proposal.value_wei, proposal.gas_limit, keep, price=proposal.price
        )
        self.raise_for_failure(mined, proposal.data, proposal.value_wei)
        return mined

    def raise_for_failure(self, mined: Mined, data: bytes, value: int) -> None:
        """Raise where a transaction failed; with the error of the contract, where it still gives one.

        Raises
        ------
        Revert, TransactionError
            It failed.
        """
        if mined.succeeded:
            return
        try:
            self._transactor.call(self.address, data, value)
        except Revert as error:
            error.receipt = mined
            raise
        raise TransactionError(f"the transaction {mined.hash} failed in block {mined.block_number}")

    def events(self, mined: Mined) -> list[Event]:
        """Decode what this contract logged in a transaction, in order."""
        mine = (log for log in mined.logs if log.address == self.address)
        events = (self._abi.event(log.topics, log.data) for log in mine)
        return [event for event in events if event is not None]

    def event(self, mined: Mined, name: str) -> Event:
        """Return the one event of a name that a transaction must have logged."""
        found = [event for event in self.events(mined) if event.name == name]
        if not found:
            raise ArtifactError(
                f"{mined.hash} logged no {name} event: the contract at {self.address} may be another one"
            )
        return found[0]


class ConnectionOptions(TypedDict, total=False):
    """Options of each connection that sends.

    Attributes
    ----------
    fees : Fees
        Fees per gas.
    waiting : Waiting
        Time limits and confirmations of transactions.
    expect_chain_id : int
        The chain that the node must be of.
    limits : Limits
        Limits on time, size and number of requests.
    """

    fees: Fees | None
    waiting: Waiting | None
    expect_chain_id: int | None
    limits: Limits | None


@contextmanager
def connect(
    rpc_url: str,
    sender: Sender,
    *,
    fees: Fees | None = None,
    waiting: Waiting | None = None,
    expect_chain_id: int | None = None,
    limits: Limits | None = None,
) -> Iterator[Transactor]:
    """Connect to a node, with the errors of all contracts of dcai known: one may pass on what another raised."""
    errors = ErrorDecoder()
    for name in artifacts.names():
        errors.learn(Abi(artifacts.load(name).abi).errors.values())
    with Node(rpc_url, limits or Limits()) as node:
        yield Transactor(node, sender, errors, fees=fees, waiting=waiting, expect_chain_id=expect_chain_id)
