"""The paper's runs on the native twins, ten seeds each.

Self-assessment with all reviews of IMDB after the first 8 %, and a prediction market with 8,000. Asserted of each: the
honest profits, the malicious loses, and accuracy is maintained or rises; in the market, that it rises. Where IMDB is
not on this computer, and in `make test`, it is digits.
"""

from __future__ import annotations

from typing import Any

import pytest

from dcai.simulation import SimulationResult, prediction_market, run, self_assessment

SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def bench_self_assessment(benchmark: Any, seed: int) -> None:
    setup = self_assessment(seed=seed) if benchmark.enabled else self_assessment("digits-parity", seed=seed)
    setup.load()  # reading the data is not the run

    def whole() -> SimulationResult:
        *_, result = run(setup)
        return result

    result = benchmark.pedantic(whole, rounds=1)
    assert result.complete
    assert result.num_contributions == setup.num_contributions
    assert result.held_wei == 0
    assert result.findings() == {"honest_profit": True, "malicious_lose": True, "accuracy_kept": True}


@pytest.mark.parametrize("seed", SEEDS)
def bench_prediction_market(benchmark: Any, seed: int) -> None:
    digits: dict[str, Any] = {"data_name": "digits-parity", "num_contributions": 1000, "num_test": 200}
    setup = prediction_market(seed=seed) if benchmark.enabled else prediction_market(seed=seed, **digits)
    setup.load()  # reading the data is not the run

    def whole() -> SimulationResult:
        *_, result = run(setup)
        return result

    result = benchmark.pedantic(whole, rounds=1)
    assert result.complete
    assert result.num_contributions == setup.num_contributions
    assert result.findings() == {"honest_profit": True, "malicious_lose": True, "accuracy_rose": True}
