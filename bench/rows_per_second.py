"""A chart of rows a second against the size of a batch, for each model: ``python -m bench.rows_per_second``."""

from __future__ import annotations

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
SECONDS = 0.2


def rate(num_rows: int, run: Callable[[], object]) -> float:
    """Rows a second in the best round."""
    best, end = float("inf"), time.perf_counter() + SECONDS
    while (start := time.perf_counter()) < end:
        run()
        best = min(best, time.perf_counter() - start)
    return num_rows / best


def models() -> Iterator[tuple[str, Any, Callable[[int], Any]]]:
    """Name, model, and a batch of each size."""
    X = dense(max(SIZES), 10).fixed
    yield f"dense Perceptron, {NUM_FEATURES} features", DensePerceptron(X[0].tolist(), 0, TO_FLOAT), lambda n: X[:n]
    for k in (2, 10):
        name = f"nearest centroid, {k} classes of {NUM_FEATURES}"
        yield name, NearestCentroidClassifier(X[:k], [1] * k), lambda n: X[:n]
    reviews = imdb()
    indptr, indices = reviews.pair
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

    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    for name, model, batch in models():
        rates = [rate(n, partial(model.predict, batch(n))) for n in SIZES]
        axes.loglog(SIZES, rates, marker="o", label=name)
    axes.set(xlabel="rows in a batch", ylabel="rows a second", title="Predictions")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    PATH.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PATH, dpi=150)
    print(f"wrote {PATH}")


if __name__ == "__main__":
    main()
