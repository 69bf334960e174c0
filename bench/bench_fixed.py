"""Floats to fixed point and back. Ours is exact; numpy rounds the product first, so it may be off by one."""

from __future__ import annotations

import numpy as np

from bench import exact
from bench.report import Measure
from bench.workloads import Dense
from dcai import TO_FLOAT, from_fixed, to_fixed

TO_FIXED = "to_fixed"
FROM_FIXED = "from_fixed"


def bench_to_fixed(measure: Measure, dense: Dense) -> None:
    fixed = measure(TO_FIXED, dense.name, "dcai", len(dense.floats), lambda: to_fixed(dense.floats))
    assert fixed[0].tolist() == [exact.to_fixed(real) for real in dense.floats[0].tolist()]
    # The floats are the ones nearest to these integers.
    assert np.array_equal(fixed, dense.fixed)


def bench_to_fixed_numpy(measure: Measure, dense: Dense) -> None:
    fixed = measure(
        TO_FIXED,
        dense.name,
        "numpy rint(x * 1e9), int64",
        len(dense.floats),
        lambda: np.rint(dense.floats * TO_FLOAT).astype(np.int64),
    )
    assert np.abs(fixed - dense.fixed).max() <= 1


def bench_from_fixed(measure: Measure, dense: Dense) -> None:
    floats = measure(FROM_FIXED, dense.name, "dcai", len(dense.fixed), lambda: from_fixed(dense.fixed))
    # Below 2^53 a division of floats rounds once, as ours.
    assert np.array_equal(floats, dense.fixed / TO_FLOAT)


def bench_from_fixed_numpy(measure: Measure, dense: Dense) -> None:
    floats = measure(FROM_FIXED, dense.name, "numpy x / 1e9", len(dense.fixed), lambda: dense.fixed / TO_FLOAT)
    assert floats[0].tolist() == [x / TO_FLOAT for x in dense.fixed[0].tolist()]
