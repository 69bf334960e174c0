"""A contract in an EVM, called by the names and with the values of its ABI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import EvmError
from dcai.evm.abi import Abi
from dcai.evm.hashing import to_address, to_bytes20

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from dcai.artifacts import Artifact
    from dcai.evm.abi import Event
    from dcai.evm.machine import Machine
    from dcai.evm.receipt import Receipt

__all__ = ["Contract"]


class Contract:
    """A contract at an address of an EVM.

    Each function of the ABI is a method as well: ``contract.weights(3)`` calls a view or pure function as ``call``
    does and returns its result, ``contract.addClass(...)`` sends a transaction as ``transact`` does and returns the
    receipt. Where a function has the name of an attribute below, use ``call`` or ``transact``.

    Parameters
    ----------
    evm : Machine
        The EVM.
    artifact : Artifact
        The compiled contract: its ABI gives the names, its storage layout the state.
    address : str
        Address of the contract.
    deployment : sequence of Receipt
        Receipts of the transactions that deployed it.

    Attributes
    ----------
    evm : Machine
        The EVM.
    artifact : Artifact
        As given.
    address : str
        With its checksum.
    abi : Abi
        Of the artifact.
    deployment : tuple of Receipt
        As given; empty where the contract was placed.

    Raises
    ------
    EvmError
        There is no code at the address.
    """

    def __init__(self, evm: Machine, artifact: Artifact, address: str, deployment: Sequence[Receipt] = ()) -> None:
        self.evm = evm
        self.artifact = artifact
        self.address = to_address(to_bytes20(address))
        self.deployment = tuple(deployment)
        self.abi = Abi(artifact.abi)
        if not evm.code(self.address):
            raise EvmError(f"there is no contract at {self.address} in this EVM")
        evm.errors.learn(self.abi.errors.values())

    def __repr__(self) -> str:
        return f"<{self.artifact.name} at {self.address}>"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a function of the ABI as a method."""
        if "abi" not in vars(self):  # a copy that is being made
            raise AttributeError(name)
        abi, named = self.abi, self.abi.named(name)
        if not named:
            known = ", ".join(function.signature for function in abi.functions)
            raise AttributeError(f"{self.artifact.name} has no function {name!r}; it has {known}", name=name, obj=self)

        def method(*args: Any, **options: Any) -> Any:
            run = self.call if abi.function(name, len(args)).is_view else self.transact
            return run(name, *args, **options)

        method.__name__ = name
        method.__doc__ = "\n".join(function.signature for function in named)
        return method

    def __dir__(self) -> Iterable[str]:
        return {*super().__dir__(), *(function.name for function in self.abi.functions)}

    def call(self, name: str, *args: Any, sender: str | None = None, gas_limit: int | None = None) -> Any:
        """Call a function and return its result, or a tuple of them; nothing changes.

        Parameters
        ----------
        name : str
            The function, or a public variable's getter.
        *args : Any
            Its arguments: integers (NumPy's too), text, addresses as text, sequences or arrays of
            them.
        sender : str, optional
            The EVM's account unless given.
        gas_limit : int, optional
            50,000,000 unless given.

        Raises
        ------
        InputError, InputTypeError
            There is no such function, or an argument does not fit its type.
        Revert
            The contract refused.
        EvmError
            It ran out of gas.
        """
        function = self.abi.function(name, len(args))
        data = function.encode(args)
        return function.decode(self.evm.call(self.address, data, sender=sender, gas_limit=gas_limit))

    def transact(
        self,
        name: str,
        *args: Any,
        sender: str | None = None,
        value: int = 0,
        gas_limit: int | None = None,
    ) -> Receipt:
        """Call a function in a transaction and return the receipt.

        Parameters
        ----------
        name, *args, sender
            As in ``call``.
        value : int
            In wei.
        gas_limit : int, optional
            2^24 unless given.

        Raises
        ------
        InputError, InputTypeError
            There is no such function, or an argument does not fit its type.
        Revert
            The contract refused; ``receipt`` has the gas.
        EvmError
            It ran out of gas, or could not be included in a block.
        """
        data = self.abi.function(name, len(args)).encode(args)
        receipt = self.evm.transact(self.address, data, sender=sender, value=value, gas_limit=gas_limit)
        receipt.raise_for_error()
        return receipt

    def events(self, receipt: Receipt) -> list[Event]:
        """Decode what this contract logged in a transaction, in order."""
        mine = (log for log in receipt.logs if log.address == self.address)
        events = (self.abi.event(log.topics, log.data) for log in mine)
        return [event for event in events if event is not None]

    def storage(self) -> dict[int, int]:
        """Return every non-zero slot, in ascending order."""
        return self.evm.storage(self.address)
