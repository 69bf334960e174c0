"""What all tests share: profiles of Hypothesis, and a fixture that runs a test on every engine.

The profiles are ``fast`` for every run and ``deep``, by ``HYPOTHESIS_PROFILE=deep``, for a long search.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

import dcai.evm.engines.py_evm  # noqa: F401  # before tests that import py-evm: so its import leaves the recursion limit as it is
from tests.support import engines

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
    """Name of an engine, on which ``engines.new_chain`` makes chains meanwhile; the test runs once on each."""
    with engines.on_engine(request.param) as name:
        yield name
