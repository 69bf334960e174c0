"""A deployment on the EVM in this process before it is one on a chain: the same transactions, byte for byte.

The rehearsal has the sender's address and nonce and the chain's id, so contracts get the addresses that they will have,
and the gas of each transaction is exact. Afterwards what was mined is run once more, and code and storage of the node's
contracts must be what comes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from dcai import artifacts
from dcai.errors import EvmError
from dcai.evm import Evm
from dcai.evm import framework as evm_framework
from dcai.evm.abi import Abi, decode
from dcai.evm.contract import Contract
from dcai.evm.deploy import deploy as deploy_model
from dcai.evm.hashing import keccak
from dcai.evm.receipt import Receipt
from dcai.evm.schedule import MAX_TRANSACTION_GAS, SSTORE_SENTRY
from dcai.models import Classifier
from dcai.models.registry import spec_of
from dcai.reprs import short_repr

__all__ = [
    "Blueprint",
    "DeploymentStep",
    "FrameworkBlueprint",
    "MarketBlueprint",
    "PlannedContract",
    "constructor_arguments",
    "new_evm",
    "rehearse",
]

_ENGINE, _FORK = "revm", "osaka"
_FUNDS_WEI = 10**30
#: A node may run a later fork, and addresses of another nonce have other bytes: a little more than was measured.
_MARGIN, _MARGIN_GAS = 1.02, 2_000


@dataclass(frozen=True)
class DeploymentStep:
    """One transaction of a deployment.

    Attributes
    ----------
    contract : str
        Name of the contract that it creates or calls.
    function : str
        ``"constructor"``, or the function that is called.
    address : str
        Address of the contract.
    data : bytes
        Creation code or calldata.
    gas_used, gas_limit : int
        Gas used, and gas limit.
    """

    contract: str
    function: str
    address: str
    data: bytes
    gas_used: int
    gas_limit: int

    @property
    def creates(self) -> bool:
        """Whether it creates the contract."""
        return self.function == "constructor"

    def __str__(self) -> str:
        return f"{self.contract}.{self.function}"


@dataclass(frozen=True)
class PlannedContract:
    """A contract of a deployment.

    Attributes
    ----------
    role : str
        Role in the deployment: ``"trainer"``, ``"classifier"``.
    name : str
        Name of its artifact.
    address : str
        Future address.
    owner : str or None
        Role of the contract that will own it, ``"sender"`` of whoever deploys it, None where it has no owner.
    """

    role: str
    name: str
    address: str
    owner: str | None


class Blueprint(Protocol):
    """Description of a deployment."""

    #: How files and messages call it.
    kind: str

    def build(self, evm: Evm, sender: str) -> Mapping[str, tuple[Contract, str | None]]:
        """Deploy it in an EVM in this process; return contracts and their owners' roles, by role."""

    def identity(self) -> dict[str, Any]:
        """Return what distinguishes it from others, in values that JSON can hold."""


@dataclass(frozen=True)
class FrameworkBlueprint:
    """Trainer, data handler, incentive mechanism and classifier; as :func:`dcai.evm.framework.deploy`.

    Attributes
    ----------
    model : Classifier
        The initial state of the classifier.
    mechanism : str
        Name of the mechanism's contract.
    terms : sequence
        The arguments of its constructor.
    name, description, encoder : str
        Name, description and encoder that the trainer stores.
    """

    __repr__ = short_repr

    model: Classifier
    mechanism: str
    terms: Sequence[Any]
    name: str = ""
    description: str = ""
    encoder: str = ""
    kind = "framework"

    def build(self, evm: Evm, sender: str) -> Mapping[str, tuple[Contract, str | None]]:
        """See :class:`Blueprint`."""
        about = (self.name, self.description, self.encoder)
        made = evm_framework.deploy(evm, self.model, self.mechanism, self.terms, about=about, sender=sender)
        return {
            "dataHandler": (made.handler, "trainer"),
            "incentiveMechanism": (made.mechanism, "trainer"),
            "classifier": (made.classifier, "trainer"),
            "trainer": (made.trainer, "sender"),
        }

    def identity(self) -> dict[str, Any]:
        """See :class:`Blueprint`."""
        return {
            "kind": self.kind,
            "model": _fingerprint(self.model),
            "mechanism": self.mechanism,
            "terms": list(self.terms),
            "about": [self.name, self.description, self.encoder],
        }


@dataclass(frozen=True)
class MarketBlueprint:
    """A prediction market and the classifier that it owns.

    Attributes
    ----------
    model : Classifier
        A Perceptron, in its initial state.
    terms : sequence of int
        The members of the contract's ``Terms``.
    """

    __repr__ = short_repr

    model: Classifier
    terms: Sequence[int]
    kind = "market"

    def build(self, evm: Evm, sender: str) -> Mapping[str, tuple[Contract, str | None]]:
        """See :class:`Blueprint`."""
        artifact = artifacts.load(f"Restorable{spec_of(self.model).contract}")
        classifier = deploy_model(evm, self.model, sender=sender, artifact=artifact)
        terms = tuple(self.terms)
        market = evm.create(artifacts.load("PredictionMarket"), classifier.address, terms, sender=sender)
        classifier.transact("transferOwnership", market.address, sender=sender)
        return {"classifier": (classifier, "market"), "market": (market, None)}

    def identity(self) -> dict[str, Any]:
        """See :class:`Blueprint`."""
        return {"kind": self.kind, "model": _fingerprint(self.model), "terms": list(self.terms)}


def _fingerprint(model: Classifier) -> str:
    return f"{spec_of(model).contract}:{keccak(model.to_json().encode()).hex()}"


class _Rehearsal(Evm):
    """An EVM that remembers which transactions succeeded."""

    def __init__(self, gas_cap: int) -> None:
        super().__init__(_ENGINE, _FORK)
        self._gas_cap = gas_cap
        self.taken: list[tuple[str | None, bytes, Receipt]] = []

    def transact(self, to: str | None, data: bytes = b"", **options: Any) -> Receipt:
        return self._taken(to, data, super().transact(to, data, **self._capped(options)))

    def transact_if_successful(self, to: str | None, data: bytes = b"", **options: Any) -> Receipt:
        return self._taken(to, data, super().transact_if_successful(to, data, **self._capped(options)))

    def _capped(self, options: dict[str, Any]) -> dict[str, Any]:
        return options if options.get("gas_limit") is not None else {**options, "gas_limit": self._gas_cap}

    def _taken(self, to: str | None, data: bytes, receipt: Receipt) -> Receipt:
        if receipt.success:
            self.taken.append((to, data, receipt))
        return receipt


def new_evm(sender: str, nonce: int, chain_id: int, gas_cap: int = MAX_TRANSACTION_GAS) -> _Rehearsal:
    """Return an EVM in which an account is as on a chain, but for its wealth."""
    evm = _Rehearsal(gas_cap)
    state = evm.snapshot()
    evm.restore(replace(state, block=replace(state.block, chain_id=chain_id)))
    evm.set_account(sender, nonce=nonce, balance_wei=_FUNDS_WEI)
    return evm


def rehearse(
    blueprint: Blueprint, sender: str, nonce: int, chain_id: int, gas_cap: int = MAX_TRANSACTION_GAS
) -> tuple[list[DeploymentStep], list[PlannedContract]]:
    """Return the transactions of a deployment in their order, and the contracts that they make.

    Parameters
    ----------
    blueprint : Blueprint
        Description of the deployment.
    sender : str
        Address that sends all transactions.
    nonce : int
        Nonce of the first transaction.
    chain_id : int
        Chain id.
    gas_cap : int
        The most gas that a transaction may have, 2^24 at most.

    Raises
    ------
    Revert
        A contract refuses its arguments.
    InputError
        No transactions lead to this model.
    EvmError
        One of them cannot be made small enough for ``gas_cap``.
    """
    evm = new_evm(sender, nonce, chain_id, gas_cap)
    made = blueprint.build(evm, sender)
    names = {contract.address: contract for contract, _ in made.values()}
    steps = [_step(names, *taken, gas_cap) for taken in evm.taken]
    contracts = [PlannedContract(role, c.artifact.name, c.address, owner) for role, (c, owner) in made.items()]
    return steps, contracts


def _step(
    contracts: Mapping[str, Contract], to: str | None, data: bytes, receipt: Receipt, gas_cap: int
) -> DeploymentStep:
    address = receipt.contract_address if to is None else to
    if address is None or address not in contracts:
        raise EvmError("a transaction of the rehearsal belongs to none of its contracts")
    contract = contracts[address]
    function = "constructor"
    if to is not None:
        function = next(f.name for f in contract.abi.functions if f.selector == data[:4])
    needed = receipt.gas_used + receipt.refund + SSTORE_SENTRY
    limit = min(int(needed * _MARGIN) + _MARGIN_GAS, gas_cap)
    return DeploymentStep(contract.artifact.name, function, address, data, receipt.gas_used, limit)


def constructor_arguments(name: str, data: bytes) -> dict[str, Any]:
    """Return the arguments in the data of a creation, by name; large integers and bytes as JSON takes them."""
    artifact = artifacts.load(name)
    inputs = Abi(artifact.abi).constructor.inputs
    values = decode(inputs, data[len(artifact.bytecode) :], name)
    return {argument: value for (argument, _), value in zip(inputs, values, strict=True)}
