"""Configure all tests: profiles of Hypothesis, the engines that a test runs on, and the order of the tests.

``HYPOTHESIS_PROFILE`` is ``fast`` unless it says ``deep``, for a long search. Where engines are the subject, in
tests/evm, each test runs on every engine. Elsewhere the default engine runs every case of a test, and each other
engine and fork runs one case, chosen by the name of the test. ``DCAI_TEST_ALL_ENGINES=1`` runs all cases on all.
"""

from __future__ import annotations

import os
import signal
from binascii import crc32
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import dcai.evm.engines.py_evm  # noqa: F401  # before tests that import py-evm: so its import leaves the recursion limit as it is
from tests.support import engines

_ENGINE_TESTS = Path(__file__).parent / "evm"

# No deadline: two busy cores make any wall-clock limit a flaky test. The blob lets a failure be replayed elsewhere.
_SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "fast", max_examples=60, stateful_step_count=20, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
settings.register_profile(
    "deep", max_examples=3000, stateful_step_count=60, deadline=None, print_blob=True, suppress_health_check=_SLOW
)
# Before scipy is imported: without it, scikit-learn skips some of its checks of estimators.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# What a shell starts in the background ignores Ctrl-C, and so would the processes that tests start to interrupt them.
signal.signal(signal.SIGINT, signal.default_int_handler)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture(scope="session", params=engines.ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    """Name of an engine, on which ``engines.new_chain`` makes chains meanwhile."""
    with engines.on_engine(request.param) as name:
        yield name


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a sample of the cases on slow engines, and move long tests to the front, so that workers end together."""
    left_out = set() if os.environ.get("DCAI_TEST_ALL_ENGINES") == "1" else _beyond_the_sample(items)
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = sorted(
        (item for item in items if item not in left_out), key=lambda item: item.get_closest_marker("long") is None
    )


def _beyond_the_sample(items: list[pytest.Item]) -> set[pytest.Item]:
    cases: dict[tuple[str, ...], list[pytest.Item]] = defaultdict(list)
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if params.get("engine", engines.FASTEST) != engines.FASTEST and _ENGINE_TESTS not in item.path.parents:
            test = item.nodeid.partition("[")[0]
            cases[test, params["engine"], str(params.get("fork"))].append(item)
    kept = {each[crc32("".join(key).encode()) % len(each)] for key, each in cases.items()}
    return {item for each in cases.values() for item in each} - kept
