"""The paper's run of self-assessment: all reviews of IMDB after the first 8 %, on the native twins, ten seeds.

Asserted of each: the honest profits, the malicious loses, and accuracy is maintained or rises. Where IMDB is not on
this computer, and in `make test`, it is digits.
"""

from __future__ import annotations

from typing import Any

import pytest

from dcai.simulation import Result, run, self_assessment

SEEDS = range(10)


@pytest.mark.parametrize("seed", SEEDS)
def bench_self_assessment(benchmark: Any, seed: int) -> None:
    setup = self_assessment(seed=seed) if benchmark.enabled else self_assessment("digits-parity", seed=seed)
    setup.load()  # reading the data is not the run

    def whole() -> Result:
        *_, result = run(setup)
        return result

    result = benchmark.pedantic(whole, rounds=1)
    assert result.complete
    assert result.num_contributions == setup.num_contributions
    assert result.held_wei == 0
    assert result.findings() == {"honest_profit": True, "malicious_lose": True, "accuracy_kept": True}
