"""Threads, data, measuring and the report of the benches.

``pytest bench --benchmark-enable --benchmark-quiet`` measures on one core; with ``RAYON_NUM_THREADS=n`` in the
environment on n, and numpy, SciPy and scikit-learn then get as many. On a busy computer
``--benchmark-timer=time.process_time`` leaves out, for one core, the time that others had it. ``pytest bench`` runs
each bench once on little data, for its assertions.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import numpy as np
import pytest
import scipy
import sklearn
from pytest_benchmark.fixture import BenchmarkFixture
from threadpoolctl import threadpool_limits

from bench import workloads
from bench.report import Measure, Measured, table, target_table
from bench.targets import TARGETS

T = TypeVar("T")

_THREADS_VARIABLE = "RAYON_NUM_THREADS"
_RESULTS = pytest.StashKey[list[Measured]]()


def _enabled(config: pytest.Config) -> bool:
    return bool(config.getoption("benchmark_enable")) or not config.getoption("benchmark_disable")


def _num_threads() -> int:
    """As Rayon understands its variable: 0 stands for all cores."""
    return int(os.environ[_THREADS_VARIABLE]) or os.cpu_count() or 1


def pytest_configure(config: pytest.Config) -> None:
    """Let ``pytest bench`` find the benches by their names; one core unless the environment says more."""
    config.addinivalue_line("python_files", "bench_*.py")
    config.addinivalue_line("python_functions", "bench_*")
    config.stash[_RESULTS] = []
    if _enabled(config):
        # The kernels read it once, when the first batch comes.
        os.environ.setdefault(_THREADS_VARIABLE, "1")


@pytest.fixture(scope="session", autouse=True)
def _as_many_threads_for_all(request: pytest.FixtureRequest) -> Iterator[None]:
    if not _enabled(request.config):
        yield
        return
    with threadpool_limits(limits=_num_threads()):
        yield


@pytest.fixture(scope="session")
def sparse(request: pytest.FixtureRequest) -> workloads.Sparse:
    """IMDB, or in a run for the assertions alone a few rows like it."""
    return workloads.imdb() if _enabled(request.config) else workloads.synthetic_reviews(1_000)


@pytest.fixture(scope="session")
def dense(request: pytest.FixtureRequest) -> workloads.Dense:
    """Rows of two classes."""
    return workloads.dense(_num_dense_rows(request.config))


@pytest.fixture(scope="session", params=[2, 10])
def dense_classes(request: pytest.FixtureRequest) -> workloads.Dense:
    """Rows of two and of ten classes."""
    return workloads.dense(_num_dense_rows(request.config), request.param)


def _num_dense_rows(config: pytest.Config) -> int:
    # Far more than the caches of a core hold, and yet a round of a millisecond or two has a chance to pass undisturbed.
    return 8_000 if _enabled(config) else 300


@pytest.fixture
def measure(benchmark: BenchmarkFixture, request: pytest.FixtureRequest) -> Measure:
    """The benchmark fixture, with what the report needs to know."""

    def run_and_keep(group: str, data: str, implementation: str, num_rows: int, run: Callable[[], T]) -> T:
        benchmark.group = f"{group}: {data}"
        result: T = benchmark(run)
        if benchmark.stats is not None:
            best: float = benchmark.stats.stats.min
            request.config.stash[_RESULTS].append(Measured(group, data, implementation, num_rows, best))
        return result

    return run_and_keep


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the rates and the ratios."""
    results = config.stash[_RESULTS]
    if not results:
        return
    versions = f"numpy {np.__version__}, SciPy {scipy.__version__}, scikit-learn {sklearn.__version__}"
    terminalreporter.section(f"{_num_threads()} of {os.cpu_count()} cores, best rounds")
    terminalreporter.line(f"{platform.machine()}, Python {platform.python_version()}, {versions}")
    terminalreporter.line("A ratio above 1: slower than the first line of its group.")
    terminalreporter.line("")
    terminalreporter.line(table(results))
    terminalreporter.section("targets: the rival's time over ours, or rows a second; set for one core")
    terminalreporter.line(target_table(results, TARGETS))
