"""Transactions of a dense Perceptron on py-evm, with its own loop and with the compiled one.

All that can be seen of a transaction is the same, and the label is the model's.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from bench.report import Measure
from dcai import DensePerceptron, to_fixed
from dcai.evm import Contract, Evm
from dcai.evm.engines.engine import Engine, Execution, Transaction
from dcai.evm.engines.registry import create_engine
from dcai.evm.hashing import to_bytes20

NUM_FEATURES = 400
PREDICT = "predict on an EVM"
MISTAKE = "update with a mistake on an EVM"
DATA = f"dense Perceptron, {NUM_FEATURES} features"
COMPILED = "dcai, py-evm-compiled"
STOCK = "py-evm"


class Workload:
    """A contract in a state of weights that are not zero, and a sample of unit norm that it gets wrong."""

    def __init__(self) -> None:
        source = np.random.default_rng(0)
        model = DensePerceptron(to_fixed(source.normal(size=NUM_FEATURES)), 0, 500_000_000)
        sample = source.normal(size=NUM_FEATURES)
        x = to_fixed(sample / np.linalg.norm(sample))
        self.label = int(model.predict(x))
        evm = Evm()
        contract = evm.place(model)
        self.world = evm.snapshot().world
        self.predict = transaction(contract, "predict", x)
        self.mistake = transaction(contract, "update", x, 1 - self.label)

    def engine(self, name: str) -> Engine:
        """Return a new engine with the contract."""
        engine = create_engine(name, "prague")
        engine.load(self.world)
        return engine


def transaction(contract: Contract, name: str, *arguments: object) -> Transaction:
    data = contract.abi.function(name, len(arguments)).encode(arguments)
    sender, to = to_bytes20(contract.evm.account), to_bytes20(contract.address)
    return Transaction(sender, to, data, 0, 1 << 24)


@pytest.fixture(scope="module")
def workload() -> Workload:
    return Workload()


def compare(measure: Measure, workload: Workload, group: str, implementation: str, sent: Transaction) -> Execution:
    """Measure one engine without keeping what the transaction does; compare both where it is kept."""
    name = implementation.removeprefix("dcai, ")
    engine = workload.engine(name)
    execution = measure(group, DATA, implementation, 1, partial(engine.execute, sent, "never"))
    assert engine.dump() == workload.world
    other = workload.engine("py-evm" if name == "py-evm-compiled" else "py-evm-compiled")
    assert engine.execute(sent) == other.execute(sent) == execution
    assert engine.dump() == other.dump()
    assert execution.success
    return execution


@pytest.mark.parametrize("implementation", [COMPILED, STOCK])
def bench_predict(measure: Measure, workload: Workload, implementation: str) -> None:
    execution = compare(measure, workload, PREDICT, implementation, workload.predict)
    assert int.from_bytes(execution.output, "big") == workload.label


@pytest.mark.parametrize("implementation", [COMPILED, STOCK])
def bench_mistake(measure: Measure, workload: Workload, implementation: str) -> None:
    execution = compare(measure, workload, MISTAKE, implementation, workload.mistake)
    # 134 words of three weights each, written for 2,900 each.
    assert execution.gas_spent > (NUM_FEATURES + 2) // 3 * 5_000
