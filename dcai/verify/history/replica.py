"""Replica of a classifier on a chain, which receives the same transactions.

Samples are learned by the kernel. What else an owner may do, to construct and to initialise, is no business of the
kernel: that is done by the contract's own code, in an EVM in this process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from dcai.artifacts import Artifact
from dcai.chain.read.contracts import owner_in
from dcai.chain.read.reader import missing_slots
from dcai.errors import ArtifactError, Revert
from dcai.evm import Evm
from dcai.evm.abi import Abi, Function, decode
from dcai.evm.storage import expected_storage, mentioned_indices, read_model
from dcai.models import MODELS, Classifier

__all__ = ["Replica"]


class Replica:
    """A classifier that follows a history.

    Parameters
    ----------
    artifact : Artifact
        Interface and storage layout of the contract.
    address : str
        Of the contract.
    code : bytes
        Its code.
    words : mapping of int to int
        Its storage.
    indices : iterable of int
        Of a sparse model, the features that storage may have values for.
    complete : bool
        The storage is known to have no other words.
    """

    def __init__(
        self,
        artifact: Artifact,
        address: str,
        code: bytes,
        words: Mapping[int, int],
        indices: Iterable[int] = (),
        *,
        complete: bool,
    ) -> None:
        self.artifact = artifact
        self.address = address
        self.code = code
        self.complete = complete
        self.indices = set(indices)
        self._abi = Abi(artifact.abi)
        self._functions = {function.selector: function for function in self._abi.functions}
        self._words: dict[int, int] | None = {slot: word for slot, word in words.items() if word}
        self._model: Classifier | None = None
        self._owner = owner_in({0: words.get(0, 0)})

    @classmethod
    def created(cls, artifact: Artifact, address: str, code: bytes, creation: bytes, sender: str) -> Self | None:
        """Run a creation; None where it does not give this code, so that it cannot be said what the chain ran.

        Parameters
        ----------
        artifact, address, code
            Of the contract that the chain has.
        creation : bytes
            Creation code with the arguments of the constructor.
        sender : str
            Who sent it.
        """
        evm = _evm()
        receipt = evm.transact(None, creation, sender=sender, gas_limit=_ENOUGH_GAS)
        if not receipt.success or receipt.contract_address is None or evm.code(receipt.contract_address) != code:
            return None
        words = evm.storage(receipt.contract_address)
        return cls(artifact, address, code, words, _constructed(artifact, creation), complete=True)

    def copy(self) -> Self:
        """Return an independent copy."""
        other = type(self)(self.artifact, self.address, self.code, {}, self.indices, complete=self.complete)
        other._words = None if self._words is None else dict(self._words)
        other._model = None if self._model is None else self._model.copy()
        other._owner = self._owner
        return other

    @property
    def owner(self) -> str:
        """Address of the owner."""
        return self._owner if self._words is None else owner_in({0: self._words.get(0, 0)})

    def set_owner(self, owner: str) -> None:
        """Set the owner."""
        if self._words is None:
            self._owner = owner
        else:
            self._words[0] = int(owner, 16)

    def words(self) -> dict[int, int]:
        """Return its storage: the words that are not 0, by slot."""
        if self._words is not None:
            return self._words
        assert self._model is not None
        return expected_storage(self._model, self._owner, artifact=self.artifact)

    def slots(self, most: int) -> list[int]:
        """Return the slots of all that it has, zeros too."""
        words = self.words()
        return [*words, *missing_slots(self.artifact, words, sorted(self.indices), most)]

    def model(self) -> Classifier:
        """Return the model, which must not be changed.

        Raises
        ------
        InputError, ArtifactError
            Its storage does not hold a model, or has unnamed features.
        """
        if self._model is None:
            assert self._words is not None
            self._owner = self.owner
            self._model = read_model(self.artifact, self._words, indices=self.indices)
            self._words = None
        return self._model

    def add(self, indices: Iterable[int], words: Mapping[int, int]) -> None:
        """Add features that were not known so far, and what storage had of them."""
        self.indices.update(indices)
        found = {slot: word for slot, word in words.items() if word}
        if found:
            self._words, self._model = self.words() | found, None

    def learn(self, data: Iterable[int], label: int, sender: str) -> bool:
        """Learn a sample, and say whether that changed the model.

        Raises
        ------
        Revert
            The sender is not the owner, or the kernel refuses the sample.
        """
        if sender != self.owner:
            raise Revert("OwnableUnauthorizedAccount", (sender,))
        sample: Any = list(data)
        self.indices.update(index for index in sample if index >= 0)
        return bool(self.model().update(sample, label))

    def call(self, calldata: bytes, sender: str) -> str:
        """Take a transaction, and return the name of the function that it called.

        Raises
        ------
        Revert, EvmError
            It fails.
        """
        function = self._functions.get(calldata[:4])
        arguments = () if function is None else _arguments(function, calldata[4:])
        if function is not None and function.name == "update" and arguments:
            data, label = arguments
            self.learn(data, label, sender)
            return function.name
        if function is not None and arguments:
            self.indices |= mentioned_indices(function.name, arguments)
        evm = _evm()
        evm.errors.learn(self._abi.errors.values())
        evm.set_account(self.address, code=self.code, storage=self.words())
        evm.transact(self.address, calldata, sender=sender, gas_limit=_ENOUGH_GAS).raise_for_error()
        after = dict(evm.storage(self.address))
        if after != self.words():
            self._words, self._model = after, None
        return "an unknown function" if function is None else function.name


#: That it was enough for what the chain ran is known, and the price of it has changed from fork to fork.
_ENOUGH_GAS = 1 << 32


def _evm() -> Evm:
    """Return an EVM whose rules bound no transaction's gas."""
    return Evm(fork="prague")


def _arguments(function: Function, data: bytes) -> tuple[Any, ...]:
    try:
        return decode(function.inputs, data, function.name)
    except ArtifactError:
        return ()  # the contract itself says what it makes of them


def _constructed(artifact: Artifact, creation: bytes) -> set[int]:
    """Return the feature indices that a constructor was given, beside those that `read_model` searches anyway."""
    if not MODELS[artifact.name].spec.is_sparse or not creation.startswith(artifact.bytecode):
        return set()
    arguments = _arguments(Abi(artifact.abi).constructor, creation[len(artifact.bytecode) :])
    return mentioned_indices("constructor", arguments)
