"""Single transactions of a prediction, run in an EVM and compared figure by figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dcai.errors import EvmError
from dcai.evm import Contract, Evm, Receipt
from dcai.gas.costs import Costs
from dcai.gas.measuring.measure import RECEIPT_FIELDS, same_outcome
from dcai.models import Classifier

__all__ = ["GasDifference", "GasReplay"]


class GasDifference(NamedTuple):
    """A figure that is not what an EVM gives.

    Attributes
    ----------
    row : int
        Number of the contribution, from 0.
    field : str
        Name of the figure.
    predicted, measured : Any
        Predicted and measured value.
    """

    row: int
    field: str
    predicted: Any
    measured: Any

    def __str__(self) -> str:
        return f"row {self.row}: {self.field}: predicted {self.predicted}, measured {self.measured}"


class GasReplay:
    """An EVM in which contracts are put in the state of a model, to send them one transaction.

    Parameters
    ----------
    engine, fork : str
        EVM that runs the contract, and its rules.

    Attributes
    ----------
    engine : str
        As given.
    """

    def __init__(self, engine: str, fork: str) -> None:
        self.engine = engine
        self._evm = Evm(engine, fork)
        self._empty = self._evm.snapshot()

    def compare(
        self, model: Classifier, sample: Sequence[int], label: int, costs: Costs, row: int
    ) -> tuple[int, list[GasDifference]]:
        """Send a contribution to the contract of a model, and compare the first of ``costs`` with the receipt.

        Parameters
        ----------
        model : Classifier
            In the state before the transaction.
        sample, label
            Sample and label, sent to ``update``.
        costs : Costs
            Predicted costs.
        row : int
            Its number, for the differences.

        Returns
        -------
        int
            How many figures were compared.
        list of GasDifference
            Those that differ.
        """
        evm = self._evm
        evm.restore(self._empty)
        contract = evm.place(model)
        data = contract.abi.function("update", 2).encode((sample, label))
        receipt = evm.simulate(contract.address, data)
        predicted = {name: int(getattr(costs, name)[0]) for name in (*RECEIPT_FIELDS, "new_slots")} | {
            "error": costs.errors.get(0),
            "outcome with gas_limit": "the same",
            "outcome with gas_limit - 1": "another",
        }
        limit = int(costs.gas_limit[0])
        measured = {name: getattr(receipt, name) for name in (*RECEIPT_FIELDS, "error")} | {
            "outcome with gas_limit": self._outcome(contract, data, limit, receipt),
            "outcome with gas_limit - 1": self._outcome(contract, data, limit - 1, receipt),
            "new_slots": _new_slots(contract, data),
        }
        differences = [
            GasDifference(row, name, value, measured[name])
            for name, value in predicted.items()
            if value != measured[name]
        ]
        return len(predicted), differences

    def _outcome(self, contract: Contract, data: bytes, gas_limit: int, plenty: Receipt) -> str:
        try:
            receipt = self._evm.simulate(contract.address, data, gas_limit=gas_limit)
        except EvmError:  # no block could include it
            return "another"
        return "the same" if same_outcome(receipt, plenty) else "another"


def _new_slots(contract: Contract, data: bytes) -> int:
    before = contract.storage().keys()
    contract.evm.transact(contract.address, data)
    return len(contract.storage().keys() - before)
