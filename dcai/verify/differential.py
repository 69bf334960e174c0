"""A contract and its kernel, driven by the same calls, compared after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, Literal

from dcai.errors import DcaiError, EvmError, InputTypeError, NotEqual, Revert, shown
from dcai.evm.contract import Contract
from dcai.evm.receipt import Receipt
from dcai.evm.storage import expected_storage
from dcai.models import Classifier

__all__ = ["Differential", "Outcome", "Step"]


@dataclass(frozen=True)
class Step:
    """One call.

    Attributes
    ----------
    op : {"predict", "update"}
        The function.
    data : tuple of int
        The sample: fixed-point features, or feature indices.
    label : int or None
        The label of an update.
    """

    op: Literal["predict", "update"]
    data: tuple[int, ...]
    label: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What both twins gave for a step.

    Attributes
    ----------
    value : int, bool or Revert
        The label of a prediction, whether an update changed the model, or the error of a refused call.
    receipt : Receipt or None
        The receipt of an update, refused or not.
    """

    value: int | bool | Revert
    receipt: Receipt | None


class Differential:
    """Runs steps through a contract and a model that must be the same.

    After each step the labels, or the errors with their arguments, and the whole storage of the contract are compared
    with what the model says they must be.

    Parameters
    ----------
    contract : Contract
        The contract, in the state of the model.
    model : Classifier
        Its twin; each step changes both.

    Attributes
    ----------
    initial : Classifier
        A copy of the model at the start.
    steps : list of Step
        The steps so far, the last one included where it failed.
    """

    def __init__(self, contract: Contract, model: Classifier) -> None:
        self.contract = contract
        self.model = model
        self.initial = model.copy()
        self.steps: list[Step] = []
        self._owner: str = contract.call("owner")

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
            What to call.

        Returns
        -------
        Outcome
            What both gave.

        Raises
        ------
        NotEqual
            Label, error or a storage slot differs; ``steps`` has all that led there.
        InputError
            The arguments fit no contract; the step is not taken.
        """
        step = Step(
            step.op, _integers("data", step.data), None if step.label is None else _integer("label", step.label)
        )
        # What the ABI cannot encode is refused here, before the step counts.
        arguments = (step.data,) if step.op == "predict" else (step.data, step.label)
        self.contract.abi.function(step.op, len(arguments)).encode(arguments)
        self.steps.append(step)
        return self._predict(step) if step.op == "predict" else self._update(step)

    def _predict(self, step: Step) -> Outcome:
        expected = _or_error(self.contract.predict, step.data)
        actual = _or_error(self.model.predict, list(step.data))
        self._compare_results("label", expected, actual)
        return Outcome(actual, None)

    def _update(self, step: Step) -> Outcome:
        before = self.contract.storage()
        result = _or_error(self.contract.update, step.data, step.label)
        after = self.contract.storage()
        receipt = result if isinstance(result, Receipt) else getattr(result, "receipt", None)
        expected = after != before if isinstance(result, Receipt) else result
        actual = _or_error(self.model.update, list(step.data), step.label)
        self._compare_words(after)
        self._compare_results("changed", expected, actual)
        return Outcome(actual, receipt)

    def _compare_results(self, field: str, expected: Any, actual: Any) -> None:
        refused = isinstance(expected, DcaiError) or isinstance(actual, DcaiError)
        self._compare("error" if refused else field, expected, actual)

    def compare_storage(self) -> None:
        """Compare the whole storage of the contract with the model, as each step does; once before the first step.

        Raises
        ------
        NotEqual
            A slot differs.
        """
        self._compare_words(self.contract.storage())

    def _compare_words(self, expected: dict[int, int]) -> None:
        actual = expected_storage(self.model, self._owner, artifact=self.contract.artifact)
        if expected == actual:
            return
        slot = min(slot for slot in expected.keys() | actual.keys() if expected.get(slot, 0) != actual.get(slot, 0))
        self._compare(f"storage slot {slot:#x}", f"{expected.get(slot, 0):#x}", f"{actual.get(slot, 0):#x}")

    def _compare(self, field: str, expected: Any, actual: Any) -> None:
        if expected != actual:
            raise NotEqual(max(len(self.steps) - 1, 0), field, expected, actual)


def _integers(what: str, values: Sequence[int]) -> tuple[int, ...]:
    return tuple(_integer(f"{what}[{i}]", value) for i, value in enumerate(values))


def _integer(what: str, value: Any) -> int:
    try:
        return index(value)
    except TypeError as error:
        raise InputTypeError(f"{what} is {shown(value)}; expected an integer (dcai.to_fixed scales floats)") from error


def _or_error(function: Any, *args: Any) -> Any:
    """The result, or the error of a call that a contract refuses or, as no kernel does, breaks on."""
    try:
        return function(*args)
    except (Revert, EvmError) as error:
        return error
