"""The recorded sequences of the original contracts, replayed through our contracts with the kernels beside them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dcai.errors import Revert
from dcai.models import MODELS
from tests.support.engines import FASTEST
from tests.support.models import recorded
from tests.support.models.twins import Twins

SEQUENCES = recorded.load()


def replay(sequence: recorded.Sequence) -> int:
    """Compare each step with the recording, contract with kernel throughout; the number of steps."""
    twins = Twins(sequence.model())
    for number, step in enumerate(sequence.steps):
        where = f"{sequence.contract}, seed {sequence.seed}, step {number}: {step}"
        if step["op"] == "update":
            result = twins.update(step["data"], step["label"])
            assert isinstance(result, Revert) is not step["ok"], where
        else:
            result = call(twins, step["op"], step["data"])
            assert (None if isinstance(result, Revert) else result) == step["result"], where
    FINAL[sequence.contract](twins, sequence.final)
    twins.read_back()
    return len(sequence.steps)


def call(twins: Twins, operation: str, data: list[int]) -> Any:
    if operation == "predict":
        return twins.predict(data)
    assert operation == "norm"
    return twins.call("norm", [data], lambda: twins.model.norm(data))


def perceptron(twins: Twins, final: dict[str, Any]) -> None:
    assert set(final) == {"weights", "intercept"}
    weights = final["weights"]
    recorded = weights if isinstance(weights, dict) else dict(enumerate(weights))
    for index, weight in recorded.items():
        assert twins.call("weights", [index], lambda i=index: int(twins.model.weights[i])) == weight  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    assert twins.call("intercept", [], lambda: twins.model.intercept) == final["intercept"]
    # Nothing is there that was not recorded.
    held = twins.model.weights
    assert set(held) <= set(recorded) if isinstance(held, dict) else len(held) == len(recorded)


def nearest_centroid(twins: Twins, final: dict[str, Any]) -> None:
    assert set(final) == {"centroids", "counts"}
    contract, model = twins.contract, twins.model
    assert [centroid.tolist() for centroid in model.centroids] == final["centroids"]
    assert model.counts == final["counts"]
    assert contract.call("getNumClassifications") == len(model.counts)
    for k, (centroid, count) in enumerate(zip(final["centroids"], final["counts"], strict=True)):
        assert contract.call("getNumSamples", k) == contract.call("dataCounts", k) == count
        assert [contract.call("getCentroidValue", k, j) for j in range(len(centroid))] == centroid


def sparse_nearest_centroid(twins: Twins, final: dict[str, Any]) -> None:
    assert set(final) == {"centroids", "counts", "squared_magnitudes"}
    contract, model = twins.contract, twins.model
    assert model.centroids == [{j: v for j, v in sorted(values.items()) if v} for values in final["centroids"]]
    assert model.counts == final["counts"]
    assert model.squared_magnitudes == final["squared_magnitudes"]
    for k, (centroid, count) in enumerate(zip(final["centroids"], final["counts"], strict=True)):
        assert contract.call("getNumSamples", k) == count
        assert contract.call("getSquaredMagnitude", k) == final["squared_magnitudes"][k]
        assert {j: contract.call("getCentroidValue", k, j) for j in centroid} == centroid


FINAL: dict[str, Callable[[Twins, dict[str, Any]], None]] = {
    "DensePerceptron": perceptron,
    "SparsePerceptron": perceptron,
    "NearestCentroidClassifier": nearest_centroid,
    "SparseNearestCentroidClassifier": sparse_nearest_centroid,
}


# Collected only where the recording is there: it is no part of the project, and its absence is no reason to skip.
if SEQUENCES:

    @pytest.mark.parametrize(
        ("contract", "sequences", "steps"),
        [
            ("DensePerceptron", 25, 1050),
            ("NearestCentroidClassifier", 23, 828),
            ("SparseNearestCentroidClassifier", 25, 800),
            ("SparsePerceptron", 25, 800),
        ],
    )
    def test_contract_and_kernel_do_as_the_original(contract: str, sequences: int, steps: int, engine: str) -> None:
        """All sequences on the fastest engine, every fifth on the others."""
        chosen = [sequence for sequence in SEQUENCES if sequence.contract == contract]
        if engine == FASTEST:
            replayed = [replay(sequence) for sequence in chosen]
            assert (len(replayed), sum(replayed)) == (sequences, steps)
        else:
            assert sum(replay(sequence) for sequence in chosen[::5]) > steps // 10

    def test_no_sequence_is_left_out() -> None:
        assert len(SEQUENCES) == 98
        # Those of naive Bayes are in a file of their own: tests/evm/test_naive_bayes.py.
        assert {sequence.contract for sequence in SEQUENCES} == set(MODELS) - {"NaiveBayes"} == set(FINAL)
        assert sum(len(sequence.steps) for sequence in SEQUENCES) > 3_000
