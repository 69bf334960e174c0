"""What the kernels should reach on one core, beside rivals in the same run."""

from __future__ import annotations

from bench.report import Target

__all__ = ["TARGETS"]

TARGETS = (
    Target("dense Perceptron, predict", "dcai", "numpy int64 X.sum()", 0.9),
    Target("dense Perceptron, predict", "dcai", "numpy float64 X @ w", 1.0),
    Target("sparse Perceptron, predict", "dcai, SciPy CSR", "SciPy CSR", 2.5),
    Target("sparse Perceptron, predict", "dcai, int32", "SciPy CSR", 2.5),
    Target("nearest centroid, predict", "dcai", "scikit-learn", 3.0),
    Target("sparse nearest centroid, predict", "dcai, SciPy CSR", "scikit-learn", 2.0),
    Target("sparse Perceptron, update", "dcai, one by one", None, 1_000_000),
    Target("sparse Perceptron, update", "dcai, one by one", "scikit-learn", 500),
)
