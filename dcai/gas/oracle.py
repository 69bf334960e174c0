"""Predict the gas of calls from the model's state and the arguments alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai import _kernels, artifacts
from dcai.errors import InputTypeError, Revert, shown
from dcai.evm.schedule import TRANSACTION_GAS
from dcai.gas.coefficients import UNAUTHORIZED, load
from dcai.gas.costs import Costs
from dcai.models import MODELS, Batch, Classifier, Labels, Sample

if TYPE_CHECKING:
    from collections.abc import Callable

    from dcai.artifacts import Artifact
    from dcai.gas.deployment import DeploymentPlan

__all__ = ["Oracle"]

#: The forks whose calldata have a floor (EIP-7623).
_NO_FLOOR = ("cancun",)


class Oracle:
    """Predicts the gas of a contract's functions, to the unit.

    No EVM runs. The kernel that computes what the contract will store counts on its way what the bytecode does: loop
    iterations, branches, slots read and written, bytes of calldata. Each count has a price that was derived from runs
    of the bytecode in an EVM, for each fork.

    Parameters
    ----------
    contract : str or Artifact
        Name of a contract, or an artifact; its bytecode must be one whose prices are known.
    fork : str
        Rules to count under, in lower case.

    Attributes
    ----------
    artifact : Artifact
        The contract.
    fork : str
        As given.

    Raises
    ------
    ArtifactError
        There is no such contract, or the artifact's bytecode differs from the calibrated bytecode.
    InputError
        The fork is not known.
    """

    def __init__(self, contract: str | Artifact, fork: str = "prague") -> None:
        if not isinstance(contract, (str, artifacts.Artifact)):
            raise InputTypeError(f"contract is {shown(contract)}; expected the name of a contract, or an artifact")
        if not isinstance(fork, str):
            raise InputTypeError(f"fork is {shown(fork)}; expected its name, in lower case")
        self.artifact = artifacts.load(contract) if isinstance(contract, str) else contract
        self.fork = fork
        self.coefficients = load(self.artifact, fork)

    def __repr__(self) -> str:
        return f"Oracle({self.artifact.name!r}, fork={self.fork!r})"

    def update(self, model: Classifier, sample: Sample, label: int, *, sender: str | None = None) -> Costs:
        """Predict the cost of one ``update`` transaction, which the model learns; see `update_batch`."""
        return self.update_batch(model, [sample], [label], sender=sender)

    def update_batch(self, model: Classifier, data: Batch, labels: Labels, *, sender: str | None = None) -> Costs:
        """Predict the costs of sending samples to ``update``, one transaction each, one after another.

        The model learns them, as the contract would. A sample that the contract refuses changes nothing, costs what its
        revert costs, and the next one follows.

        Parameters
        ----------
        model : model of dcai.models
            The contract's state before the first transaction; afterwards its state after the last.
        data, labels
            As of ``model.update_batch``, n rows.
        sender : str, optional
            Address that is not the owner; the contract refuses it. Default: the owner.

        Returns
        -------
        Costs
            Of n transactions.

        Raises
        ------
        InputError
            No contract would accept the samples, or the model is of another contract; nothing is learned.
        """
        kernel = self._kernel(model)
        rows = model.labelled_rows(data, labels)
        if sender is not None:
            return self._refused(
                self._costs("update", lambda tariff: kernel.copy().update_costs(*rows, tariff)), sender
            )
        return self._costs("update", lambda tariff: kernel.update_costs(*rows, tariff))

    def predict(self, model: Classifier, sample: Sample) -> Costs:
        """Predict the cost of one ``predict`` transaction; see `predict_batch`."""
        return self.predict_batch(model, [sample])

    def predict_batch(self, model: Classifier, data: Batch) -> Costs:
        """Predict the costs of calling ``predict``, in a transaction of its own for each sample.

        A node's gas estimate gives the same figure; a call from outside is free. Another contract that calls it pays
        ``execution``, and for the call.

        Parameters
        ----------
        model : model of dcai.models
            The contract's state.
        data : batch
            As of ``model.predict_batch``, n rows.

        Returns
        -------
        Costs
            Of n transactions.

        Raises
        ------
        InputError
            No contract would accept the samples, or the model is of another contract.
        """
        kernel = self._kernel(model)
        return self._costs("predict", lambda tariff: kernel.predict_costs(model.rows(data), tariff))

    def deployment(self, model: Classifier, gas_cap: int | None = None) -> DeploymentPlan:
        """Plan how to put a model on a chain, and predict what each transaction costs.

        The constructor takes as much of the model as fits; the rest follows in chunks, each half of what did not
        fit. ``dcai.evm.Evm.deploy`` sends the same transactions.

        Parameters
        ----------
        model : model of dcai.models
            The state that the contract is to have.
        gas_cap : int, optional
            The highest gas limit of a transaction: 2^24 (EIP-7825) unless given, and from Osaka on at most that.

        Returns
        -------
        DeploymentPlan
            The transactions in their order.

        Raises
        ------
        InputError
            No sequence of transactions leads to this state, it is a model of another contract, or the cap is invalid.
        EvmError
            Not even the smallest chunk fits.
        MissingExtraError
            The encoder of arguments is not installed.
        """
        from dcai.gas.deployment import plan  # noqa: PLC0415  # needs an extra, and update does not

        self._kernel(model)
        return plan(self.artifact, self.coefficients, self.fork, model, gas_cap)

    def _refused(self, costs: Costs, sender: str) -> Costs:
        """Return what the same calls cost where the contract refuses the sender, before it looks at anything else."""
        nothing = np.zeros_like(costs.execution)
        execution = nothing + np.uint64(self.coefficients["update"].gas[UNAUTHORIZED])
        gas = np.maximum(costs.intrinsic + costs.calldata + execution, costs.floor)
        refusals = {row: Revert("OwnableUnauthorizedAccount", (sender,), row=row) for row in range(len(costs))}
        return replace(
            costs,
            gas_used=gas,
            gas_limit=gas,
            execution=execution,
            refund=nothing,
            new_slots=nothing,
            mistake=np.zeros_like(costs.mistake),
            errors=refusals,
        )

    def _kernel(self, model: Classifier) -> Any:
        if not isinstance(model, MODELS[self.artifact.name]):
            raise InputTypeError(f"model is {shown(model)}; expected a {self.artifact.name}, whose contract this is")
        return model._kernel

    def _costs(self, function: str, run: Callable[[_kernels.Tariff], dict[str, Any]]) -> Costs:
        coefficients = self.coefficients[function]
        names = counters(self.artifact.name)[function]
        has_floor = self.fork not in _NO_FLOOR
        gas = [coefficients.gas[name] for name in names]
        tail = [coefficients.tail.get(name, 0) for name in names]
        columns = run(_kernels.Tariff(coefficients.selector, gas, tail, has_floor))
        calldata = columns["calldata"]
        intrinsic = np.full_like(calldata, TRANSACTION_GAS)
        # A token of calldata costs 4 gas, and its floor is 10 (EIP-7623).
        floor = intrinsic + calldata // 4 * 10 if has_floor else np.zeros_like(calldata)
        return Costs(intrinsic=intrinsic, floor=floor, **columns)


def counters(contract: str) -> dict[str, list[str]]:
    """Return the names of the counters of a contract's functions, in the kernel's order."""
    return dict(zip(("update", "predict"), MODELS[contract].spec.kernel.counters(), strict=True))
