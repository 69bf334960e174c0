"""A contract and its kernel in step, for all functions that both have, with a count of what was compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dcai import artifacts
from dcai.errors import DcaiError, Revert
from dcai.evm import ClassifierContract
from dcai.evm.abi import Abi
from dcai.models import Classifier
from dcai.verify import Differential
from tests.support.engines import new_chain

#: How often each outcome of each operation was compared: (contract, operation, "ok" or the error's name).
TALLY: Counter[tuple[str, str, str]] = Counter()
#: How many predictions and transactions were compared, by contract; getters do not count.
STEPS: Counter[str] = Counter()

#: An account that owns nothing.
STRANGER = "0x" + "05" * 20


def outcome(function: Callable[[], Any]) -> Any:
    """The result, or the contract error."""
    try:
        return function()
    except Revert as revert:
        return revert


class Twins:
    """A contract, freshly on a chain of its own, and the model that it holds."""

    def __init__(self, model: Classifier, *, placed: bool = False) -> None:
        chain = new_chain()
        self.model: Any = model
        self.contract = chain.place(model) if placed else chain.deploy(model)
        self.contract_functions = {entry["name"] for entry in self.contract.artifact.abi if entry["type"] == "function"}
        self.differential = Differential(self.contract, model)
        self.differential.compare_storage()
        self.tally("place" if placed else "deploy", None)

    def tally(self, operation: str, result: Any, steps: int = 0) -> Any:
        if isinstance(result, Revert):
            kind = result.name
        elif isinstance(result, bool):
            kind = "changed" if result else "unchanged"
        else:
            kind = "ok"
        TALLY[type(self.model).__name__, operation, kind] += 1
        STEPS[type(self.model).__name__] += steps
        return result

    def predict(self, data: Sequence[int]) -> Any:
        with self._unchanged():
            return self.tally("predict", self.differential.predict(data).value, steps=1)

    def update(self, data: Sequence[int], label: int) -> Any:
        with self._unchanged_where_refused() as results:
            results.append(self.differential.update(data, label).value)
        return self.tally("update", results[0], steps=1)

    def mistaken_update(self, data: Sequence[int], label: int) -> Any:
        """Update a Perceptron with the class that it does not predict, where it predicts any."""
        predicted = outcome(lambda: self.model.predict(data))
        return self.update(data, label if isinstance(predicted, Revert) else 1 - predicted)

    def predict_batch(self, rows: list[list[int]]) -> Any:
        """Predict a batch natively, and row after row in the contract, up to the first that is refused."""
        expected: Any = []
        for row in rows:
            label = outcome(lambda row=row: self.contract.predict(row))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
            if isinstance(label, Revert):
                expected = label
                break
            expected.append(label)
        actual = outcome(lambda: self.model.predict_batch(rows))
        assert (actual if isinstance(actual, Revert) else actual.tolist()) == expected
        return self.tally("predict batch", expected, steps=1)

    def transact(self, function: str, args: Sequence[Any], native: Callable[[], None]) -> Any:
        """Send a transaction, do the same natively, and compare errors and storage; the receipt or the error."""
        with self._unchanged_where_refused() as results:
            expected = outcome(lambda: self.contract.transact(function, *args))
            actual = outcome(native)
            assert (actual if isinstance(actual, Revert) else None) == (
                expected if isinstance(expected, Revert) else None
            )
            self.differential.compare_storage()
            results.append(expected)
        return self.tally(function, expected, steps=1)

    def add_feature_indices(self, indices: list[int]) -> Any:
        """Append to the feature indices; a model has no function for it, so a new one takes its place."""

        def add() -> None:
            old = self.model
            self.model = type(old).restore(old.state(), old.classifications, (*old.feature_indices, *indices))
            self.differential.model = self.model

        return self.transact("addFeatureIndices", [indices], add)

    def call(self, function: str, args: Sequence[Any], native: Callable[[], Any]) -> Any:
        """Call a function that changes nothing, do the same natively, and compare what both give."""
        with self._unchanged():
            expected = outcome(lambda: self.contract.call(function, *args))
            actual = outcome(native)
            assert actual == expected, f"{function}{tuple(args)}: contract {expected!r}, kernel {actual!r}"
        return self.tally(function, expected)

    def refuses_strangers(self, function: str, *args: Any) -> None:
        """Only the owner may call this, whatever is wrong with the arguments."""
        with self._unchanged():
            refused = outcome(lambda: self.contract.transact(function, *args, sender=STRANGER))
        assert isinstance(refused, Revert)
        assert refused.name == "OwnableUnauthorizedAccount"
        assert refused.args[0].lower() == STRANGER
        self.tally(function, refused)

    def contract_error(self, function: str, *args: Any) -> Revert:
        """The error of a call that the contract must refuse."""
        refused = outcome(lambda: self.contract.call(function, *args))
        assert isinstance(refused, Revert)
        return refused

    def raw_error(self, function: str, sample: Sequence[int], *label: int) -> Revert:
        """The error of a call whose words need not fit the types of its arguments."""
        head = [32 * (1 + len(label)), *label]
        words = [*head, len(sample), *sample]
        selector = self.contract.abi.function(function, 1 + len(label)).selector
        data = selector + b"".join((word % 2**256).to_bytes(32, "big") for word in words)
        return self._transaction_error(data)

    def cut_off_error(self, function: str, sample: Sequence[int], *label: int) -> Revert:
        """The error of a call whose last byte is missing."""
        return self._transaction_error(
            self.contract.abi.function(function, 1 + len(label)).encode([sample, *label])[:-1]
        )

    def _transaction_error(self, calldata: bytes) -> Revert:
        with self._unchanged():
            error = self.contract.evm.transact(self.contract.address, calldata).error
        assert isinstance(error, Revert)
        return error

    def read_back(self) -> None:
        assert self.contract.model() == self.model
        self.tally("read back", None)

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        storage, model = self.contract.storage(), self.model.copy()
        yield
        assert self.contract.storage() == storage
        assert self.model == model

    @contextmanager
    def _unchanged_where_refused(self) -> Iterator[list[Any]]:
        storage, model = self.contract.storage(), self.model.copy()
        results: list[Any] = []
        yield results
        if isinstance(results[0], DcaiError):
            assert self.contract.storage() == storage
            assert self.model == model


def construct(name: str, args: Sequence[Any], native: Callable[[], Classifier]) -> Any:
    """Create a contract with these arguments of its constructor, build the model, compare; the model or the error."""
    artifact, chain = artifacts.load(name), new_chain()
    abi = Abi(artifact.abi)
    chain.errors.learn(abi.errors.values())
    receipt = chain.transact(None, artifact.bytecode + abi.constructor.encode(args))
    model = outcome(native)
    if isinstance(model, Revert) or receipt.contract_address is None or not receipt.success:
        assert receipt.error == model
    else:
        Differential(ClassifierContract(chain, artifact, receipt.contract_address), model).compare_storage()
    TALLY[name, "constructor", model.name if isinstance(model, Revert) else "ok"] += 1
    return model
