"""A contract and its kernel, driven by the same calls, compared after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dcai.errors import ArtifactError, DcaiError, EvmError, InputError, NotEqual, Revert
from dcai.evm.classifier import ClassifierContract
from dcai.evm.differing import FieldDifference
from dcai.evm.receipt import Receipt
from dcai.evm.storage import expected_storage, mentioned_indices
from dcai.gas.costs import Costs
from dcai.gas.oracle import Oracle
from dcai.models import Classifier
from dcai.reprs import short_repr
from dcai.verify import functions
from dcai.verify.fields import differing_fields
from dcai.verify.step import CONSTRUCTOR, Step

__all__ = ["Differential", "Outcome", "Step"]


@dataclass(frozen=True)
class Outcome:
    """Results of both twins for a step.

    Attributes
    ----------
    value : int, bool, Revert or None
        The label of a prediction, whether an update changed the model, the result of any other function, or the error
        of a refused call.
    receipt : Receipt or None
        The receipt of a transaction, refused or not.
    """

    __repr__ = short_repr

    value: Any
    receipt: Receipt | None


class Differential:
    """Runs steps through a contract and a model that must be the same.

    After each step the results, or the errors with their arguments, and the whole storage of the contract are compared
    with what the model says they must be; of transactions the events too, and the gas where it is predicted.

    Parameters
    ----------
    contract : ClassifierContract
        The contract, in the state of the model.
    model : Classifier
        Its twin; each step changes both.
    oracle : Oracle, optional
        Of the contract's bytecode and the EVM's fork: the gas of each ``predict`` and ``update`` is compared with
        what it predicts.
    owner : str, optional
        The contract's owner, who sends the steps that name no sender; the contract is asked for it unless given.

    Attributes
    ----------
    initial : Classifier
        A copy of the model at the start.
    steps : list of Step
        The steps so far, the last one included where it failed.
    owner : str
        As given, or as the contract says.
    differences : list of FieldDifference
        Of the last comparison of storage that failed, all values that differ.
    """

    def __init__(
        self, contract: ClassifierContract, model: Classifier, *, oracle: Oracle | None = None, owner: str | None = None
    ) -> None:
        self.contract = contract
        self.model = model
        self.initial = model.copy()
        self.steps: list[Step] = []
        self.differences: list[FieldDifference] = []
        self._oracle = oracle
        self.owner: str = contract.call("owner") if owner is None else owner

    def predict(self, data: Sequence[int]) -> Outcome:
        """Predict with both: ``run`` of a step of these arguments."""
        return self.run(Step("predict", tuple(data)))

    def update(self, data: Sequence[int], label: int) -> Outcome:
        """Update both: ``run`` of a step of these arguments."""
        return self.run(Step("update", tuple(data), label))

    def run(self, step: Step) -> Outcome:
        """Run a step on both.

        Parameters
        ----------
        step : Step
            Step to run.

        Returns
        -------
        Outcome
            Outcome of both.

        Raises
        ------
        NotEqual
            Result, error, gas, events or a part of the state differ; ``steps`` has all that led there.
        InputError
            The arguments fit no contract, or it is no function of both; the step is not taken.
        """
        step = step.checked()
        calldata = self._calldata(step)
        self.steps.append(step)
        if step.op == CONSTRUCTOR:
            return self._construct(step, calldata)
        if step.op != "update" and step.op not in functions.changes(self.model):
            return self._read(step, calldata)
        return self._change(step, calldata)

    def _calldata(self, step: Step) -> bytes:
        """Return what is sent; what the ABI cannot encode is refused here, before the step counts."""
        if step.op == CONSTRUCTOR:
            artifact = self.contract.artifact
            if not artifact.bytecode:
                raise InputError(f"{artifact.name} has no creation code, so its constructor cannot be called")
            return artifact.bytecode + self.contract.abi.constructor.encode(step.args)
        known = {"predict", "update", *functions.changes(self.model), *functions.reads(self.model)}
        if step.op not in known:
            raise InputError(f"{step.op!r} is not a step; expected one of {', '.join(sorted(known))}, {CONSTRUCTOR}")
        function = self.contract.abi.function(step.op, len(step.arguments))
        if step.form == "words":
            return function.selector + step.words()
        encoded = function.encode(step.arguments)
        return encoded if step.form == "abi" else encoded[:-1]

    # -- the three kinds of steps -- #

    def _read(self, step: Step, calldata: bytes) -> Outcome:
        """Call what changes nothing, as a transaction that is not kept: its gas is known."""
        receipt = self.contract.evm.simulate(self.contract.address, calldata, sender=step.sender)
        function = self.contract.abi.function(step.op, len(step.arguments))
        expected = receipt.error or _or_error(function.decode, receipt.output)
        if step.form != "abi":
            return self._compare_malformed(receipt)
        if step.op == "predict":
            actual = _or_error(self.model.predict, list(step.data))
            self._compare_results("label", expected, actual)
            if self._oracle is not None:
                self._compare_gas(receipt, self._oracle.predict(self.model, list(step.data)))
        else:
            actual = _or_error(functions.read, self.model, step.op, step.arguments)
            self._compare_results("result", expected, actual)
        return Outcome(actual, None)

    def _change(self, step: Step, calldata: bytes) -> Outcome:
        contract, sender = self.contract, step.sender or self.owner
        before = contract.storage()
        receipt = contract.evm.transact(contract.address, calldata, sender=sender)
        after = contract.storage()
        if step.form != "abi":
            self._compare_words(after)
            return self._compare_malformed(receipt)
        if receipt.success:
            contract.note_indices(mentioned_indices(step.op, step.arguments))
        stranger = sender.lower() != self.owner.lower()
        events = [] if stranger else functions.expected_events(self.model, step.op, step.arguments)
        costs = self._costs(step, sender if stranger else None)
        if stranger:
            actual: Any = Revert("OwnableUnauthorizedAccount", (sender,))
        elif step.op == "update":
            actual = _or_error(self.model.update, list(step.data), step.label)
        else:
            actual = _or_error(self._do, step)
        self._compare_words(after)
        expected = receipt.error or (after != before if step.op == "update" else None)
        self._compare_results("changed", expected, actual)
        if costs is not None:
            self._compare_gas(receipt, costs)
        if receipt.success:
            self._compare("events", contract.events(receipt), events)
            self._compare("number of log entries", len(receipt.logs), len(events))
        return Outcome(actual, receipt)

    def _construct(self, step: Step, calldata: bytes) -> Outcome:
        """Create another contract and another model of the same arguments; the two that are driven stay as they are."""
        contract = self.contract
        receipt = contract.evm.transact(None, calldata, sender=self.owner)
        model = _or_error(functions.construct, type(self.model), step.args)
        actual = model if isinstance(model, DcaiError) else None
        self._compare_results("changed", receipt.error, actual)
        if isinstance(model, Classifier) and receipt.contract_address is not None:
            self._compare("code", contract.evm.code(receipt.contract_address), contract.evm.code(contract.address))
            self._compare_words(contract.evm.storage(receipt.contract_address), model)
        return Outcome(actual, receipt)

    def _do(self, step: Step) -> None:
        self.model = functions.change(self.model, step.op, step.arguments)

    def _costs(self, step: Step, stranger: str | None) -> Costs | None:
        if self._oracle is None or step.op != "update" or step.label is None:
            return None
        # The oracle's model learns on its own; it is another way through the kernel.
        return self._oracle.update(self.model.copy(), list(step.data), step.label, sender=stranger)

    # -- comparisons -- #

    def _compare_results(self, field: str, expected: Any, actual: Any) -> None:
        refused = isinstance(expected, DcaiError) or isinstance(actual, DcaiError)
        self._compare("error" if refused else field, _same_case(expected), _same_case(actual))

    def _compare_malformed(self, receipt: Receipt) -> Outcome:
        """Which error malformed calldata get depends on where a contract looks first; that they get one does not."""
        if not isinstance(receipt.error, Revert):
            self._compare("error", receipt.error, "a revert, since the calldata are malformed")
        return Outcome(receipt.error, receipt)

    def _compare_gas(self, receipt: Receipt, costs: Costs) -> None:
        self._compare("gas used", receipt.gas_used, int(costs.gas_used[0]))
        self._compare("refund of gas", receipt.refund, int(costs.refund[0]))

    def compare_storage(self) -> None:
        """Compare the whole storage of the contract with the model, as each step does; once before the first step.

        Raises
        ------
        NotEqual
            A value differs.
        """
        self._compare_words(self.contract.storage())

    def _compare_words(self, contract: dict[int, int], model: Classifier | None = None) -> None:
        kernel = expected_storage(model or self.model, self.owner, artifact=self.contract.artifact)
        if contract == kernel:
            return
        indices = [key for step in self.steps for key in mentioned_indices(step.op, step.arguments)]
        for held in (self.initial, model or self.model):
            indices += held.spec.keys(held.state())
        self.differences = differing_fields(self.contract.artifact, contract, kernel, {i for i in indices if i >= 0})
        first = self.differences[0]
        self._compare(first.field, first.expected, first.actual)

    def _compare(self, field: str, expected: Any, actual: Any) -> None:
        if expected != actual:
            raise NotEqual(max(len(self.steps) - 1, 0), field, expected, actual)


def _same_case(value: Any) -> Any:
    """Addresses in errors, which differ in the case of their digits by who writes them."""
    if isinstance(value, Revert) and value.name == "OwnableUnauthorizedAccount":
        return Revert(value.name, tuple(str(arg).lower() for arg in value.args))
    return value


def _or_error(function: Any, *args: Any) -> Any:
    """The result, or the error of a call that a contract refuses or, as no kernel does, breaks on."""
    try:
        return function(*args)
    except (Revert, EvmError, ArtifactError) as error:
        return error
