"""Put a model into an EVM: by transactions, in chunks that fit, or directly as code and storage.

How much fits a transaction is measured and never computed: each chunk is sent with the gas limit
of a transaction, changes nothing where it fails, and is then tried at half its size.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from dcai import artifacts
from dcai.errors import EvmError
from dcai.evm.abi import Abi
from dcai.evm.classifier import ClassifierContract, contract_at
from dcai.evm.hashing import to_address
from dcai.evm.storage import expected_storage
from dcai.models.deployment import Driver
from dcai.models.registry import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.artifacts import Artifact
    from dcai.evm.contract import Contract
    from dcai.evm.machine import Machine
    from dcai.evm.receipt import Receipt
    from dcai.models import Classifier

__all__ = ["create", "deploy", "drive", "place"]


def deploy(
    evm: Machine, model: Classifier, *, sender: str | None = None, artifact: Artifact | None = None
) -> ClassifierContract:
    """Deploy the contract of a model.

    Parameters
    ----------
    evm : Machine
        The EVM to deploy to.
    model : model of dcai.models
        The contract's state will be exactly its state.
    sender : str, optional
        Who deploys and then owns it; the EVM's account unless given.
    artifact : Artifact, optional
        Another contract that is initialized in the same way; that of the model's class unless given.

    Returns
    -------
    Contract
        Its ``deployment`` has the receipt of each transaction: the constructor with as much as
        fits, then chunks of weights or centroids, then of feature indices, none over 2^24 gas.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    InputError
        No sequence of transactions leads to this state: a sparse centroid whose values are of
        different sample counts, a class of 2^191 samples. ``place`` takes any state.
    Revert
        The contract refused the model.
    EvmError
        Not even the smallest chunk fits a transaction.
    """
    deployment = _Deployment(evm, artifact or artifacts.load(spec_of(model).contract), sender)
    drive(deployment, model)
    return deployment.contract(model)


def create(evm: Machine, artifact: Artifact, *args: Any, sender: str | None = None, value: int = 0) -> Contract:
    """Create any contract in one transaction.

    Parameters
    ----------
    evm : Machine
        The EVM to deploy to.
    artifact : Artifact
        The contract.
    *args : Any
        Of its constructor.
    sender : str, optional
        Who creates it; the EVM's account unless given.
    value : int
        In wei.

    Returns
    -------
    Contract
        Its ``deployment`` has the receipt.

    Raises
    ------
    InputError, InputTypeError
        An argument does not fit its type.
    Revert
        The constructor refused.
    EvmError
        It does not fit a transaction.
    """
    abi = Abi(artifact.abi)
    evm.errors.learn(abi.errors.values())
    data = artifact.bytecode + abi.constructor.encode(args)
    receipt = evm.transact_if_successful(None, data, sender=sender, value=value)
    receipt.raise_for_error()
    if receipt.contract_address is None:
        raise EvmError(f"the creation of {artifact.name} gave no address")
    return contract_at(evm, artifact, receipt.contract_address, [receipt])


def place(
    evm: Machine,
    model: Classifier,
    *,
    owner: str | None = None,
    artifact: Artifact | None = None,
    address: str | None = None,
) -> ClassifierContract:
    """Put the contract of a model into an EVM as code and storage, without transactions.

    Parameters
    ----------
    evm : Machine
        The EVM to deploy to.
    model : model of dcai.models
        Any state.
    owner : str, optional
        The contract's owner; the EVM's account unless given.
    artifact : Artifact, optional
        Another compilation of the contract, or somebody else's with the same state variables; that of dcai unless
        given.
    address : str, optional
        Where to put it, in the place of whatever is there; an address that has no code unless given.

    Returns
    -------
    Contract
        At that address.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    """
    artifact = artifact or artifacts.load(spec_of(model).contract)
    storage = expected_storage(model, evm.account if owner is None else owner, artifact=artifact)
    address = address or next(a for a in _addresses() if not evm.code(a))
    evm.set_account(address, code=artifact.deployed_bytecode, storage=storage)
    contract = ClassifierContract(evm, artifact, address)
    contract.note_indices(spec_of(model).keys(model.state()))
    return contract


def _addresses() -> Iterator[str]:
    return (to_address(b"\x22" * 16 + n.to_bytes(4, "big")) for n in count())


def drive(driver: Driver, model: Classifier) -> None:
    """Have the transactions that put a model on a chain taken, in their order; errors as in ``deploy``."""
    spec_of(model).deploy(driver, model)
    indices = [int(index) for index in model.feature_indices]
    driver.extend("addFeatureIndices", indices, lambda _, chunk: (chunk,))


class _Deployment(Driver):
    """The transactions of one deployment so far."""

    def __init__(self, evm: Machine, artifact: Artifact, sender: str | None) -> None:
        self._evm = evm
        self._artifact = artifact
        self._abi = Abi(artifact.abi)
        self._sender = sender
        self._receipts: list[Receipt] = []
        evm.errors.learn(self._abi.errors.values())

    def contract(self, model: Classifier) -> ClassifierContract:
        contract = ClassifierContract(self._evm, self._artifact, self._address, self._receipts)
        contract.note_indices(spec_of(model).keys(model.state()))
        return contract

    @property
    def _address(self) -> str:
        address = self._receipts[0].contract_address
        if address is None:
            raise EvmError(f"the creation of {self._artifact.name} gave no address")
        return address

    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        """Send a transaction, and keep its receipt; where it fails, nothing changes."""
        if function == "constructor":
            to, data = None, self._artifact.bytecode + self._abi.constructor.encode(args)
        else:
            to, data = self._address, self._abi.function(function, len(args)).encode(args)
        receipt = self._evm.transact_if_successful(to, data, sender=self._sender)
        receipt.raise_for_error()
        self._receipts.append(receipt)
