"""Starts a Ray, predicts on it, and prints what it saw as JSON: for test_engine.py."""

import json
import logging
import sys

import numpy as np
import pyarrow as pa
import ray
import ray.data

import dcai
from dcai.errors import DcaiError
from dcai.ray import map_unordered, predict
from dcai.simulation import self_assessment, sweep, variants

SPARSE = dcai.SparsePerceptron(list(range(-50, 50)), 0, 1)
DENSE = dcai.DensePerceptron([1, -2, 3], 0, 10**9)


def main(folder: str) -> None:
    ray.init(
        num_cpus=2,
        object_store_memory=100_000_000,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        _temp_dir=folder,
    )
    try:
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        seen = {"sparse": sparse(), "dense": dense(), "errors": errors(), "tasks": tasks()}
    finally:
        ray.shutdown()
    print(json.dumps(seen))


def tasks() -> dict[str, list[int]]:
    """Functions of one item, and a sweep of simulations."""
    small = variants(self_assessment("digits-parity", num_contributions=5), {"deposit": [5 * 10**16]}, range(2))
    outcomes = list(sweep(small, on_ray=True))
    return {
        "squares": sorted(map_unordered(lambda item: item**2, range(5))),
        "seeds": sorted(outcome["values"]["seed"] for outcome in outcomes),
        "contributions": [outcome["result"]["contributions"] for outcome in outcomes],
    }


def sparse() -> dict[str, list[int]]:
    """Lists of several lengths in four blocks, on two workers."""
    rng = np.random.default_rng(0)
    rows = [sorted(rng.choice(100, rng.integers(0, 9), replace=False).tolist()) for _ in range(1000)]
    dataset = ray.data.from_arrow([pa.table({"id": range(i, 1000, 4), "features": rows[i::4]}) for i in range(4)])
    there = predict(dataset, SPARSE, concurrency=2).take_all()
    return labels(there, SPARSE.predict_batch(rows).tolist())


def dense() -> dict[str, list[int]]:
    """Ray's own tensors, in two blocks."""
    X = np.random.default_rng(1).integers(-9, 10, (100, 3))
    dataset = ray.data.from_items([{"id": i, "features": row} for i, row in enumerate(X)], override_num_blocks=2)
    return labels(predict(dataset, DENSE, concurrency=1).take_all(), DENSE.predict_batch(X).tolist())


def labels(there: list[dict[str, int]], here: list[int]) -> dict[str, list[int]]:
    return {"there": [row["label"] for row in sorted(there, key=lambda row: row["id"])], "here": here}


def errors() -> dict[str, dict[str, object]]:
    cases: dict[str, list[list[int] | None]] = {
        "negative index": [[1], [2], [], [3, -4]],
        "missing row": [[1], [2], None],
    }
    found: dict[str, dict[str, object]] = {}
    for name, rows in cases.items():
        dataset = ray.data.from_arrow(pa.table({"features": pa.array(rows, pa.list_(pa.int64()))}))
        try:
            predict(dataset, SPARSE, concurrency=1).take_all()
        except DcaiError as error:
            kind = "Revert" if isinstance(error, dcai.Revert) else "InputError"
            found[name] = {"kind": kind, "text": str(error)}
            if isinstance(error, dcai.Revert):
                found[name] |= {"name": error.name, "row": error.row, "args": error.cause.args}  # type: ignore[attr-defined]
    return found


if __name__ == "__main__":
    main(sys.argv[1])
