"""Sequences recorded from the original bytecode, replayed through the kernels: results, reverts and final states.

Where the recording is absent, the one test that is collected replays a sequence worked out by hand.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dcai
from dcai import Revert
from tests.support.models import recorded

ONE = 10**9
SEQUENCES = recorded.load()


def replay_step(model: Any, step: dict[str, Any]) -> None:
    data = step["data"]
    before = model.copy()
    try:
        if step["op"] == "update":
            changed = model.update(data, step["label"])
            assert changed == (model != before)
            ok = True
        else:
            result = getattr(model, step["op"])(data)
            assert model == before
            ok = step["result"] is not None and result == step["result"]
    except Revert:
        assert model == before
        ok = False
        if step["op"] != "update":
            assert step["result"] is None
            return
    assert ok is step.get("ok", True)


def assert_final(model: Any, final: dict[str, Any]) -> None:
    compared = set()
    if "weights" in final:
        weights = final["weights"]
        if isinstance(weights, dict):
            assert dict(model.weights) == {i: weight for i, weight in weights.items() if weight}
        else:
            assert model.weights.tolist() == weights
        assert model.intercept == final["intercept"]
        compared = {"weights", "intercept"}
    if "centroids" in final:
        centroids = final["centroids"]
        if isinstance(model, dcai.SparseNearestCentroidClassifier):
            assert model.centroids == [{i: v for i, v in sorted(c.items()) if v} for c in centroids]
            for k, centroid in enumerate(centroids):
                assert all(model.centroid_value(k, i) == value for i, value in centroid.items())
            assert model.squared_magnitudes == final["squared_magnitudes"]
            compared = {"squared_magnitudes"}
        else:
            assert [centroid.tolist() for centroid in model.centroids] == centroids
        assert model.counts == final["counts"]
        compared |= {"centroids", "counts"}
    assert set(final) == compared


if SEQUENCES:

    @pytest.mark.parametrize(
        "sequence", SEQUENCES, ids=[f"{sequence.contract}-{sequence.seed}" for sequence in SEQUENCES]
    )
    def test_a_recorded_sequence(sequence: recorded.Sequence) -> None:
        model: Any = sequence.model()
        for step in sequence.steps:
            replay_step(model, step)
        assert_final(model, sequence.final)

    def test_all_sequences_are_there() -> None:
        assert len(SEQUENCES) == 98
        assert sum(len(sequence.steps) for sequence in SEQUENCES) == 3478
        # Those of naive Bayes are in a file of their own: tests/evm/test_naive_bayes.py.
        assert {sequence.contract for sequence in SEQUENCES} == set(dcai.models.MODELS) - {"NaiveBayes"}

    @pytest.mark.parametrize("contract", [name for name in dcai.models.MODELS if name != "NaiveBayes"])
    def test_recorded_updates_as_batches(contract: str) -> None:
        """Runs of accepted updates, each as one batch, come to the same final state."""
        for sequence in SEQUENCES:
            if sequence.contract != contract:
                continue
            model: Any = sequence.model()
            accepted = [step for step in sequence.steps if step["op"] == "update" and step["ok"]]
            rows = [step["data"] for step in accepted]
            labels = np.array([step["label"] for step in accepted], dtype=np.uint64)
            model.update_batch(rows, labels)
            assert_final(model, sequence.final)


def test_a_sequence_worked_out_by_hand() -> None:
    model = dcai.DensePerceptron([0, 0], 0, ONE // 2)
    sequence = {
        "steps": [
            {"op": "predict", "data": [600_000_000, -800_000_000], "result": 0},
            {"op": "norm", "data": [600_000_000, -800_000_000], "result": 1_000_000_000},
            {"op": "update", "data": [600_000_000, -800_000_000], "label": 1, "ok": True},
            {"op": "predict", "data": [600_000_000, -800_000_000], "result": 1},
            {"op": "update", "data": [600_000_000, -800_000_000], "label": 1, "ok": True},
            {"op": "update", "data": [600_000_000, 800_000_000, 1], "label": 1, "ok": False},
            {"op": "predict", "data": [1], "result": None},
        ],
        "final": {"weights": [300_000_000, -400_000_000], "intercept": 0},
    }
    for step in sequence["steps"]:
        assert isinstance(step, dict)
        replay_step(model, step)
    assert isinstance(sequence["final"], dict)
    assert_final(model, sequence["final"])
    with pytest.raises(AssertionError):
        replay_step(model, {"op": "predict", "data": [600_000_000, -800_000_000], "result": 0})
