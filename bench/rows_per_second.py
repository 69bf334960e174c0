"""A chart of rows a second against the size of a batch, for each model: ``python -m bench.rows_per_second``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.workloads import NUM_FEATURES, NUM_WORDS, dense, imdb
from dcai import TO_FLOAT, DensePerceptron, NearestCentroidClassifier, SparseNearestCentroidClassifier, SparsePerceptron

__all__ = ["main"]

PATH = Path("target/bench/rows_per_second.png")
SIZES = [4**exponent for exponent in range(8)]
#: Long enough for the clock, short enough for a chart in half a minute.
SECONDS = 0.05
#: Each size is measured so often, with all others in between: others' load seldom lasts that long.
PASSES = 5
#: The fewest runs in a measurement, however long they take.
RUNS = 3


def best_seconds(run: Callable[[], object]) -> float:
    """Time of the best run."""
    best, end, num_runs = float("inf"), time.perf_counter() + SECONDS, 0
    while (start := time.perf_counter()) < end or num_runs < RUNS:
        run()
        best = min(best, time.perf_counter() - start)
        num_runs += 1
    return best


def rates() -> dict[str, list[float]]:
    """Rows a second in the best run, of each model at each size."""
    runs = {name: [partial(model.predict, batch(num_rows)) for num_rows in SIZES] for name, model, batch in models()}
    best = {name: [float("inf")] * len(SIZES) for name in runs}
    for _ in range(PASSES):
        for name, runs_of_model in runs.items():
            best[name] = [
                min(seconds, best_seconds(run)) for seconds, run in zip(best[name], runs_of_model, strict=True)
            ]
    return {
        name: [num_rows / seconds for num_rows, seconds in zip(SIZES, of_model, strict=True)]
        for name, of_model in best.items()
    }


def models() -> Iterator[tuple[str, Any, Callable[[int], Any]]]:
    """Name, model, and a batch of each size."""
    X = dense(max(SIZES), 10).fixed
    yield f"dense Perceptron, {NUM_FEATURES} features", DensePerceptron(X[0].tolist(), 0, TO_FLOAT), lambda n: X[:n]
    for k in (2, 10):
        name = f"nearest centroid, {k} classes of {NUM_FEATURES}"
        yield name, NearestCentroidClassifier(X[:k], [1] * k), lambda n: X[:n]
    reviews = imdb()
    indptr, indices = reviews.rows
    indptr, indices = indptr.astype(np.int32), indices.astype(np.int32)
    weights = np.random.default_rng(0).integers(-TO_FLOAT, TO_FLOAT, NUM_WORDS)

    def first(n: int) -> Any:
        return indptr[: n + 1], indices[: indptr[n]]

    yield f"sparse Perceptron, {NUM_WORDS:,} words", SparsePerceptron(weights, 0, TO_FLOAT), first
    centroids = [dict(enumerate((abs(weights) + k).tolist())) for k in range(2)]
    yield "sparse nearest centroid, 2 classes", SparseNearestCentroidClassifier(centroids, [1, 1]), first


def main() -> None:
    """Measure and draw."""
    import matplotlib as mpl  # noqa: PLC0415  # an extra

    mpl.use("agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415
    from matplotlib import ticker  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for (name, of_model), marker in zip(rates().items(), "osD^v", strict=True):
        axes.loglog(SIZES, of_model, marker=marker, markersize=5, label=name)
    num_threads = int(os.environ.get("RAYON_NUM_THREADS", "0")) or os.cpu_count()
    axes.set_title(f"Batch predictions, {num_threads} of {os.cpu_count()} cores, best runs")
    axes.set(xlabel="rows in a batch", ylabel="rows a second")
    axes.set_xticks(SIZES, [f"{num_rows:,}" for num_rows in SIZES])
    axes.xaxis.set_minor_locator(ticker.NullLocator())
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda rate, _: f"{rate:,.0f}"))
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend(loc="lower right")
    PATH.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PATH, dpi=150)
    print(f"wrote {PATH}")


if __name__ == "__main__":
    main()
