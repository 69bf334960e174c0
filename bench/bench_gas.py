"""The gas of a stream of updates: predicted, and by running them in an EVM.

The rivals get their transactions encoded; prediction starts from the rows. Every gas used is compared to the unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from dcai import TO_FLOAT
from dcai.evm import Evm
from dcai.evm.engines.engine import Transaction
from dcai.evm.engines.registry import create_engine
from dcai.evm.hashing import to_bytes20
from dcai.evm.schedule import MAX_REFUND_QUOTIENT, upfront_gas
from dcai.gas import Oracle
from dcai.models import SparsePerceptron

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bench.report import Measure
    from bench.workloads import Sparse
    from dcai.gas import Costs

GROUP = "gas of updates, sparse Perceptron"
FORK = "prague"
#: How many updates each EVM runs; its rate stands for the others.
NUM_ROWS = {"revm": 5_000, "py-evm-compiled": 200, "py-evm": 200}


@pytest.fixture(scope="module")
def model(sparse: Sparse) -> SparsePerceptron:
    """A deployed model: it has learned from the first rows, and all of its weights are there."""
    model = SparsePerceptron([1] * sparse.matrix.shape[1], 0, TO_FLOAT)
    model.update_batch(sparse.rows[:2_000], sparse.labels[:2_000])
    return model


@pytest.fixture(scope="module")
def costs(sparse: Sparse, model: SparsePerceptron) -> Costs:
    return Oracle("SparsePerceptron", FORK).update_batch(model.copy(), sparse.rows, sparse.labels)


def bench_prediction(measure: Measure, sparse: Sparse, model: SparsePerceptron, costs: Costs) -> None:
    oracle = Oracle("SparsePerceptron", FORK)

    def run() -> Costs:
        return oracle.update_batch(model.copy(), sparse.rows, sparse.labels)

    predicted = measure(GROUP, sparse.name, "dcai, predicted", len(sparse.labels), run)
    assert predicted.total == costs.total


@pytest.mark.parametrize("name", NUM_ROWS)
def bench_execution(measure: Measure, sparse: Sparse, model: SparsePerceptron, costs: Costs, name: str) -> None:
    num_rows = min(NUM_ROWS[name], len(sparse.labels))
    evm = Evm(fork=FORK)
    contract = evm.place(model)
    world = evm.snapshot().world
    update = contract.abi.function("update", 2)
    sender, to = to_bytes20(evm.account), to_bytes20(contract.address)
    rows = zip(sparse.rows[:num_rows], sparse.labels[:num_rows].tolist(), strict=True)
    transactions = [Transaction(sender, to, update.encode(row), 0, 1 << 24) for row in rows]

    def run() -> NDArray[np.uint64]:
        engine = create_engine(name, FORK)
        engine.load(world)
        executions = [engine.execute(transaction) for transaction in transactions]
        spent = np.array([execution.gas_spent for execution in executions], dtype=np.uint64)
        refund = np.array([execution.gas_refund for execution in executions], dtype=np.uint64)
        return spent - np.minimum(refund, spent // MAX_REFUND_QUOTIENT)

    implementation = name if name == "py-evm" else f"{name}, a transaction each"
    used = measure(GROUP, sparse.name, implementation, num_rows, run)
    floors = [upfront_gas(FORK, transaction.data, creates=False).floor for transaction in transactions]
    assert np.array_equal(np.maximum(used, np.array(floors, dtype=np.uint64)), costs.gas_used[:num_rows])
