"""Transactions that an EVM really runs, in the columns of a prediction."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.errors import EvmError, Revert
from dcai.evm import MAX_TRANSACTION_GAS, ClassifierContract, Contract, Evm, Machine, Receipt
from dcai.evm.abi import Abi
from dcai.evm.deploy import drive
from dcai.gas.costs import Costs
from dcai.gas.deployment import Chunk, DeploymentPlan
from dcai.models import MODELS, Classifier
from dcai.models.deployment import Driver
from dcai.models.registry import spec_of

__all__ = [
    "RECEIPT_FIELDS",
    "Measured",
    "as_costs",
    "deploy",
    "least_gas_limit",
    "predict",
    "same_outcome",
    "update",
]

#: The function of the transaction that creates a contract.
_CONSTRUCTOR = "constructor"
#: Gas fields that receipts and predictions share.
RECEIPT_FIELDS = ("intrinsic", "calldata", "execution", "refund", "floor", "gas_used")
#: How much more than it spends a transaction may need at first guess: the 2,300 that a write must find left (EIP-2200).
_MARGIN = 2_400


@dataclass(frozen=True, slots=True)
class Measured:
    """One call of a contract, in a transaction.

    Attributes
    ----------
    receipt : Receipt
        Receipt of the transaction.
    gas_limit : int
        The least gas limit with which the same happens.
    new_slots : int
        Storage slots that it made non-zero.
    mistake : bool
        Whether a Perceptron predicted another label before it learned this one.
    """

    receipt: Receipt
    gas_limit: int
    new_slots: int = 0
    mistake: bool = False


def least_gas_limit(evm: Machine, to: str | None, data: bytes) -> int:
    """Search the least gas limit with which a transaction does what it does with plenty; nothing changes.

    Parameters
    ----------
    evm : Machine
        In the state before the transaction.
    to, data
        As for ``Evm.transact``.

    Returns
    -------
    int
        With one less the transaction cannot be included, or fails otherwise.

    Raises
    ------
    EvmError
        It halts even with 2^24 gas, so that no limit is enough.
    """
    plenty = evm.simulate(to, data)
    if isinstance(plenty.error, EvmError):
        raise plenty.error

    def is_enough(gas_limit: int) -> bool:
        try:
            receipt = evm.simulate(to, data, gas_limit=gas_limit)
        except EvmError:  # no block could include it
            return False
        return same_outcome(receipt, plenty)

    low = max(plenty.intrinsic + plenty.calldata + plenty.execution, plenty.floor)
    if is_enough(low):
        return low
    margin = _MARGIN
    while not is_enough(low + margin):
        margin *= 2
    return low + bisect_left(range(margin), True, key=lambda more: is_enough(low + more))


def same_outcome(one: Receipt, other: Receipt) -> bool:
    """Return whether two receipts tell of the same run, whatever its gas limit was."""
    return (one.success, one.gas_used, one.output) == (other.success, other.gas_used, other.output)


def deploy(
    model: Classifier, engine: str, fork: str, gas_cap: int = MAX_TRANSACTION_GAS
) -> tuple[ClassifierContract, DeploymentPlan]:
    """Deploy the contract of a model in an EVM of its own, and measure each transaction that this takes.

    Parameters
    ----------
    model : Classifier
        Model to deploy.
    engine, fork : str
        Where, under which rules.
    gas_cap : int
        The most gas that a transaction may be given; what does not fit goes in smaller chunks.

    Returns
    -------
    ClassifierContract
        The model's.
    DeploymentPlan
        As ``Oracle.deployment`` predicts it.

    Raises
    ------
    InputError, Revert, EvmError
        As ``Evm.deploy``.
    """
    driver = _Measuring(Evm(engine, fork), artifacts.load(spec_of(model).contract), gas_cap)
    drive(driver, model)
    return driver.contract, DeploymentPlan(tuple(driver.chunks), gas_cap)


class _Measuring(Driver):
    """Sends each transaction of a deployment with the least gas limit that is enough."""

    def __init__(self, evm: Evm, artifact: Artifact, gas_cap: int) -> None:
        self.chunks: list[Chunk] = []
        self._evm = evm
        self._artifact = artifact
        self._abi = Abi(artifact.abi)
        self._gas_cap = gas_cap
        self._address = ""
        evm.errors.learn(self._abi.errors.values())

    @property
    def contract(self) -> ClassifierContract:
        return ClassifierContract(self._evm, self._artifact, self._address)

    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        """Measure a transaction, and send it where it fits."""
        evm = self._evm
        if function == _CONSTRUCTOR:
            to, data = None, self._artifact.bytecode + self._abi.constructor.encode(args)
        else:
            to, data = self._address, self._abi.function(function, len(args)).encode(args)
        evm.simulate(to, data, gas_limit=self._gas_cap).raise_for_error()
        gas_limit = least_gas_limit(evm, to, data)
        receipt = evm.transact(to, data, gas_limit=gas_limit)
        self._address = receipt.contract_address or self._address
        split = {name: getattr(receipt, name) for name in RECEIPT_FIELDS}
        self.chunks.append(Chunk(function, args, items, len(data), gas_limit=gas_limit, **split))


def update(contract: ClassifierContract, sample: Sequence[int], label: int) -> Measured:
    """Send a sample to ``update``, with the least gas limit that is enough."""
    evm = contract.evm
    before = contract.storage()
    mistake = MODELS[contract.artifact.name].spec.has_mistakes and _predicts_otherwise(contract, sample, label)
    data = contract.abi.function("update", 2).encode((sample, label))
    gas_limit = least_gas_limit(evm, contract.address, data)
    receipt = evm.transact(contract.address, data, gas_limit=gas_limit)
    new_slots = len(contract.storage().keys() - before.keys())
    return Measured(receipt, gas_limit, new_slots, mistake and receipt.success)


def _predicts_otherwise(contract: ClassifierContract, sample: Sequence[int], label: int) -> bool:
    try:
        return contract.predict(sample) != label
    except Revert:
        return False


def predict(contract: Contract, sample: Sequence[int]) -> Measured:
    """Send a sample to ``predict``, as if in a transaction."""
    data = contract.abi.function("predict", 1).encode((sample,))
    gas_limit = least_gas_limit(contract.evm, contract.address, data)
    return Measured(contract.evm.simulate(contract.address, data, gas_limit=gas_limit), gas_limit)


def as_costs(measured: Iterable[Measured]) -> Costs:
    """Return transactions in columns, as a prediction has them."""
    rows = list(measured)
    receipts = [row.receipt for row in rows]

    def column(name: str, source: Sequence[Any] = receipts) -> Any:
        return np.array([getattr(each, name) for each in source], dtype=np.uint64)

    return Costs(
        **{name: column(name) for name in RECEIPT_FIELDS},
        gas_limit=column("gas_limit", rows),
        new_slots=column("new_slots", rows),
        mistake=np.array([row.mistake for row in rows], dtype=np.bool_),
        errors={i: receipt.error for i, receipt in enumerate(receipts) if isinstance(receipt.error, Revert)},
    )
