"""Simulated prediction markets: what must hold of every run, on which engine it may be."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dcai.cli.simulate import simulate
from dcai.errors import InputError, NotEqual
from dcai.incentives import PredictionMarket, Stage
from dcai.simulation import MarketTerms, Setup, SimulationResult, SimulationStep, honest, prediction_market, run, runner
from dcai.simulation.market.course import simulate_market
from dcai.simulation.market.native import MarketNative
from dcai.simulation.record import read_steps
from dcai.simulation.reports.plot import plot
from dcai.units import FINNEY

MARKET = "0x" + "22" * 20

#: As `make fuzz` says; else a slow engine runs a smaller market.
ALL_ENGINES = os.environ.get("DCAI_TEST_ALL_ENGINES") == "1"


def digits(num_contributions: int = 60, **changed: Any) -> Setup:
    terms = {"num_test": 8, "num_pieces": 3, "rounds": 4, **changed}
    return prediction_market("digits-parity", num_contributions=num_contributions, **terms)


def last(setup: Setup, **options: Any) -> SimulationResult:
    *_, result = run(setup, **options)
    return result


def played(setup: Setup) -> tuple[list[SimulationStep], PredictionMarket]:
    dataset, model = setup.load()
    backend = MarketNative(setup, model, MARKET)
    return list(simulate_market(setup, dataset, backend)), backend.market


def test_a_thousand_contributions_on_twin_and_contract_after_every_call() -> None:
    setup = digits(1000, num_test=20, num_pieces=4, rounds=5)
    steps, market = played(setup)
    result = last(setup, engine="revm")
    calls = [step for step in steps if step.action != "accuracy"]
    assert result.num_compared == len(calls) > 1000
    assert result.num_contributions == len(market.contributions) == 1000
    refused = Counter(step.error.name for step in calls if step.error is not None)
    assert refused.keys() >= {"WrongPhase", "InsufficientPayment"}
    assert sum(agent.refused.total() for agent in result.agents.values()) == refused.total()
    assert {name: agent.balance for name, agent in result.agents.items()} == calls[-1].balances
    assert market.is_model_final


@pytest.mark.parametrize(
    ("engine", "count", "units"), [("revm", 100, 150), ("py-evm", 100, 150) if ALL_ENGINES else ("py-evm", 30, 60)]
)
def test_small_transactions(engine: str, count: int, units: int) -> None:
    setup = digits(count, num_test=4, num_pieces=2, rounds=2, step_units=units)
    result = last(setup, engine=engine)
    assert result.num_contributions == count
    assert result.agents["provider"].done["step"] > 2
    assert result.num_compared > 1.1 * count


def test_a_dense_model_on_twin_and_contract() -> None:
    setup = prediction_market("breast-cancer", num_contributions=40, num_test=6, num_pieces=2, rounds=2)
    assert last(setup, engine="revm").num_compared > 45


@pytest.mark.parametrize("fault", ["bounty", "model", "score", "removal"])
def test_a_fault_of_the_twin_is_found(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    if fault == "bounty":
        right = PredictionMarket.commit

        def commit(self: PredictionMarket, *args: Any, **options: Any) -> Any:
            events = right(self, *args, **options)
            self.bounty += 1
            return events

        monkeypatch.setattr(PredictionMarket, "commit", commit)
    elif fault == "model":
        monkeypatch.setattr("dcai.incentives.market.replay.Replay.carry_out", lambda self, plan: None)
    elif fault == "score":
        score = PredictionMarket._score
        monkeypatch.setattr(PredictionMarket, "_score", lambda self, change: score(self, abs(change)))
    else:
        monkeypatch.setattr(PredictionMarket, "_settle_one", lambda self, number: None)
    with pytest.raises(NotEqual):
        last(digits(), engine="revm")


def test_money_is_neither_made_nor_lost() -> None:
    setup = digits(300)
    steps, market = played(setup)
    assert setup.market is not None
    total = 2 * 10_000 * FINNEY + setup.market.bounty_wei
    assert {sum(step.balances.values()) for step in steps} == {total}
    assert min(worth for step in steps for worth in step.balances.values()) >= 0
    assert market.bounty == 0
    assert not any(contribution.balance for contribution in market.contributions), "a stake was never collected"


def test_what_is_collected_is_what_the_contributions_came_to() -> None:
    steps, market = played(digits(200))
    added = Counter[str]()
    collected = Counter[str]()
    for step in steps:
        if step.error is None and step.action == "addData":
            added[step.agent] += step.amount
        elif step.error is None and step.action in ("collect", "collectBounty"):
            collected[step.agent] += step.amount
    for agent in ("honest", "malicious"):
        assert steps[-1].balances[agent] == 10_000 * FINNEY - added[agent] + collected[agent]
    assert steps[-1].points["malicious"] == sum(
        not contribution.is_removed
        for contribution in market.contributions
        if contribution.contributor == next(a.address for a in digits().agents if not a.good)
    )


def test_the_phases_come_one_after_another() -> None:
    steps, _ = played(digits(50))
    done = [step.action for step in steps if step.error is None and step.action != "accuracy"]
    runs = [action for i, action in enumerate(done) if i == 0 or done[i - 1] != action]
    assert runs[:6] == ["commit", "drawPiece", "revealPiece", "addData", "revealPiece", "step"]
    assert set(runs[6:]) == {"collect", "collectBounty", "returnClassifier"}
    assert [step.time_s for step in steps] == sorted(step.time_s for step in steps)
    added = [step.sample for step in steps if step.error is None and step.action == "addData"]
    assert added == list(range(50))


def test_the_seed_decides_and_another_differs() -> None:
    first, _ = played(digits(40, seed=5))
    assert played(digits(40, seed=5))[0] == first
    assert played(digits(40, seed=6))[0] != first


@pytest.mark.parametrize("seed", range(10))
def test_the_honest_profit_the_malicious_lose_and_accuracy_rises(seed: int) -> None:
    result = last(prediction_market("digits-parity", num_contributions=1000, num_test=200, seed=seed))
    assert result.complete
    assert result.findings() == {"honest_profit": True, "malicious_lose": True, "accuracy_rose": True}


def test_a_step_to_the_settlement_ends_with_it() -> None:
    setup = digits(80)
    dataset, model = setup.load()
    backend = MarketNative(setup, model, MARKET)
    settled = 0
    for step in simulate_market(setup, dataset, backend):
        if step.action == "step" and step.error is None:
            progress = backend.market.progress
            settled += 1
            assert (progress.contribution, progress.test_sample) == (0, 0)
            assert progress.stage in (Stage.LEARN, Stage.SETTLE)
            assert progress.rounds_left < 4 or progress.num_remaining < 80
    assert settled > 1


def test_the_size_of_transactions_does_not_change_what_it_comes_to() -> None:
    whole, _ = played(digits(80))
    cut, _ = played(digits(80, step_units=37))
    assert cut[-1].balances == whole[-1].balances
    assert cut[-1].amount == whole[-1].amount, "accuracy at the end"
    assert len(cut) > len(whole)


def test_contributors_without_money_leave_the_market_to_close_by_time() -> None:
    poor = honest("poor", start_balance=3 * FINNEY, mean_deposit=FINNEY, stdev_deposit=1, prob_careless=0.0)
    setup = digits(20, agents=(poor,), participation_time_s=86_400, bounty_wei=FINNEY)
    steps, market = played(setup)
    assert 0 < len(market.contributions) < 5
    assert steps[-1].time_s > 86_400
    assert sum(steps[-1].balances.values()) == 4 * FINNEY


def test_a_market_without_contributions_ends() -> None:
    nobody = honest("nobody", start_balance=0, prob_careless=0.0)
    steps, market = played(digits(20, agents=(nobody,), participation_time_s=3600))
    assert market.contributions == []
    assert steps[-1].balances["provider"] == digits(20).provider.start_balance


# -- what it leaves behind -- #


def test_an_interrupted_market_on_an_evm_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_CHECKPOINT_EVERY", 30)
    whole, path = tmp_path / "whole.jsonl", tmp_path / "run.jsonl"
    complete = last(digits(), output=whole)
    interrupted = run(digits(), output=path, engine="revm")
    assert [result.num_compared for result in islice(interrupted, 50)][-1] > 40
    interrupted.close()  # type: ignore[attr-defined]
    assert json.loads((tmp_path / "run.jsonl.checkpoint").read_text())["steps"] == 30
    resumed = run(digits(), output=path, engine="revm")
    assert [result.num_compared for result in islice(resumed, 25)][-1] == 0
    *_, result = resumed
    assert result.num_compared > 40
    assert path.read_bytes() == whole.read_bytes()
    assert len(list(read_steps(path))) == complete.num_steps
    assert last(digits(), output=path).as_json()["agents"] == complete.as_json()["agents"]


def test_a_record_of_other_terms_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    last(digits(20), output=path)
    with pytest.raises(InputError, match="market is MarketTerms"):
        last(digits(20, rounds=5), output=path)


def test_plots(tmp_path: Path) -> None:
    result = last(digits(40))
    for suffix in ("png", "svg", "html"):
        plot(result, tmp_path / f"plot.{suffix}")
    assert "Prediction market" in (tmp_path / "plot.svg").read_text()
    page = (tmp_path / "plot.html").read_text()
    data = json.loads(page.split('type="application/json">')[1].split("</script>")[0].replace("<\\/", "</"))
    assert [curve["name"].split(":")[0] for curve in data["curves"][1:]] == ["honest", "malicious"]
    assert data["summary"]["findings"].keys() == {"honest_profit", "malicious_lose", "accuracy_rose"}


def test_the_command() -> None:
    command = ["prediction-market", "--data", "digits-parity", "--contributions", "40", "--test-samples", "8"]
    command += [
        "--pieces",
        "2",
        "--rounds",
        "3",
        "--bounty",
        "0.1 ether",
        "--min-stake",
        "1 gwei",
        "--step-every",
        "1 h",
    ]
    printed = json.loads(CliRunner().invoke(simulate, [*command, "--json"], catch_exceptions=False).stdout)
    assert (printed["mechanism"], printed["contributions"]) == ("market", 40)
    assert printed["agents"]["provider"]["start_wei"] == 10**17
    shown = CliRunner().invoke(simulate, [*command, "--engine", "revm", "--step-units", "50"], catch_exceptions=False)
    assert "0 mismatches" in shown.stdout


# -- what is refused -- #


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_pieces": 1}, "1 pieces"),
        ({"num_pieces": 9}, "9 pieces"),
        ({"rounds": 0}, "at least 1"),
        ({"bounty_wei": 31}, "less than a wei"),
        ({"agents": (honest("provider"),)}, "another name"),
        ({"agents": (honest("ann", pay_to_call=1),)}, "pay to call"),
    ],
)
def test_markets_that_cannot_be(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        digits(**changed)


def test_too_many_samples_are_refused() -> None:
    with pytest.raises(InputError, match="with 8 to test them by, need"):
        last(digits(1400))


def test_a_model_that_cannot_begin_again_has_no_contract() -> None:
    setup = prediction_market("digits", num_contributions=30, num_test=6, num_pieces=2, rounds=2)
    assert last(setup).complete
    with pytest.raises(InputError, match="NearestCentroidClassifier"):
        last(setup, engine="revm")


def test_terms_survive_json() -> None:
    setup = digits()
    assert Setup.from_json(json.loads(json.dumps(setup.as_json()))) == setup
    assert setup.market == MarketTerms(bounty_wei=60 * FINNEY * 5 // 8, num_test=8, num_pieces=3, rounds=4)
    assert setup.difference(replace(setup, seed=1)) == "seed is 0 in one and 1 in the other"
