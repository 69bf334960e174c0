"""A contract on a chain, called by the names and with the values of its ABI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import EvmError
from dcai.evm.abi import Abi
from dcai.evm.hashing import to_address, to_bytes20
from dcai.evm.storage import mentioned_indices, read_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcai.artifacts import Artifact
    from dcai.evm.abi import Event
    from dcai.evm.evm import Evm
    from dcai.evm.receipt import Receipt
    from dcai.models import Classifier

__all__ = ["Contract"]


class Contract:
    """A contract at an address of a chain.

    Parameters
    ----------
    chain : Evm
        The chain.
    artifact : Artifact
        What was compiled: the ABI gives the names, the storage layout the state.
    address : str
        Where it is.
    deployment : sequence of Receipt
        Of the transactions that put it there.

    Attributes
    ----------
    evm : Evm
        The chain.
    artifact : Artifact
        As given.
    address : str
        With its checksum.
    abi : Abi
        Of the artifact.
    deployment : tuple of Receipt
        As given; empty where it was placed.

    Raises
    ------
    EvmError
        There is no code at the address.
    """

    def __init__(self, chain: Evm, artifact: Artifact, address: str, deployment: Sequence[Receipt] = ()) -> None:
        self.evm = chain
        self.artifact = artifact
        self.address = to_address(to_bytes20(address))
        self.deployment = tuple(deployment)
        self.abi = Abi(artifact.abi)
        if not chain.code(self.address):
            raise EvmError(f"there is no contract at {self.address} on this chain")
        chain.errors.learn(self.abi.errors.values())
        self._indices: set[int] = set()

    def __repr__(self) -> str:
        return f"<{self.artifact.name} at {self.address}>"

    # -- any function -- #

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
            The chain's account unless given.
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
        self._indices.update(mentioned_indices(name, args))
        return receipt

    def events(self, receipt: Receipt) -> list[Event]:
        """Decode what this contract logged in a transaction, in order."""
        mine = (log for log in receipt.logs if log.address == self.address)
        events = (self.abi.event(log.topics, log.data) for log in mine)
        return [event for event in events if event is not None]

    # -- classifiers -- #

    def predict(self, x: Any) -> int:
        """Return the label that the contract gives a sample.

        Parameters
        ----------
        x : sequence or array of int
            Features scaled by 10^9, or the indices of binary features, as the model has them.

        Raises
        ------
        InputError, InputTypeError
            Not an array of int64.
        Revert
            The contract refused the sample.
        """
        return int(self.call("predict", x))

    def norm(self, x: Any) -> int:
        """Return the norm of a sample, scaled as it is and rounded down; raises as ``predict``."""
        return int(self.call("norm", x))

    def update(self, x: Any, label: int, *, sender: str | None = None) -> Receipt:
        """Train on one sample.

        Parameters
        ----------
        x : sequence or array of int
            As in ``predict``.
        label : int
            The class that it belongs to.
        sender : str, optional
            The chain's account unless given; only the owner may.

        Raises
        ------
        InputError, InputTypeError
            Not an array of int64, or not a uint64.
        Revert
            The contract refused; nothing changed, and ``receipt`` has the gas.
        """
        return self.transact("update", x, label, sender=sender)

    # -- state -- #

    def storage(self) -> dict[int, int]:
        """Return every non-zero slot, in ascending order."""
        return self.evm.storage(self.address)

    def model(self, *, indices: Iterable[int] = ()) -> Classifier:
        """Read the model back from storage.

        Parameters
        ----------
        indices : iterable of int
            Feature indices of a sparse model to look for. Storage holds only their hashes; those
            below 2^16, and those named to this object's functions, are found without.

        Returns
        -------
        Classifier
            Of the class in ``dcai.models`` that has the contract's name.

        Raises
        ------
        InputError
            Some slots belong to feature indices that are not known.
        ArtifactError
            The contract is no model.
        """
        return read_model(self.artifact, self.storage(), indices={*self._indices, *indices})

    def note_indices(self, indices: Iterable[int]) -> None:
        """Remember feature indices for ``model`` to look for."""
        self._indices.update(indices)
