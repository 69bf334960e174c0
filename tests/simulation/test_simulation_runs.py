"""Simulations: what must hold of every run, on which engine it may be."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from dcai.errors import InputError, NotEqual
from dcai.incentives import Stakeable64
from dcai.models import MODELS
from dcai.simulation import (
    Setup,
    SimulationResult,
    SimulationStep,
    honest,
    malicious,
    points,
    run,
    self_assessment,
    simulate,
)
from dcai.simulation.native import Native
from dcai.units import DAY_S, FINNEY

TRAINER = "0x" + "22" * 20


def digits(num_contributions: int = 100, **changed: Any) -> Setup:
    return self_assessment("digits-parity", num_contributions=num_contributions, **changed)


def last(setup: Setup, **options: Any) -> SimulationResult:
    *_, result = run(setup, **options)
    return result


def steps_of(setup: Setup) -> list[SimulationStep]:
    dataset, model = setup.load()
    return list(simulate(setup, dataset, Native(setup, model, TRAINER)))


@pytest.fixture(scope="module")
def thousand() -> list[SimulationStep]:
    return steps_of(digits(1000))


def test_a_thousand_contributions_on_twins_and_contracts_after_every_call(thousand: list[SimulationStep]) -> None:
    result = last(digits(1000), engine="revm")
    calls = [step for step in thousand if step.action != "accuracy"]
    assert result.num_compared == len(calls) > 2000
    assert result.num_contributions == 1000
    refused = Counter(step.error.name for step in calls if step.error is not None)
    assert refused.keys() >= {"TooEarly", "PredictionDiffers", "AlreadyClaimed"}
    assert sum(agent.refused.total() for agent in result.agents.values()) == refused.total()
    assert {name: agent.balance for name, agent in result.agents.items()} == thousand[-1].balances


@pytest.mark.parametrize("name", MODELS)
def test_any_model(name: str) -> None:
    setup = self_assessment(MODELS[name].spec.demos[0].data, num_initial=50, num_contributions=20, model=name)
    assert type(setup.load()[1]) is MODELS[name]
    assert Setup.from_json(setup.as_json()) == setup
    result = last(setup, engine="revm")
    assert result.complete
    assert result.num_compared > 20


def test_the_same_on_py_evm() -> None:
    count = 100 if os.environ.get("DCAI_TEST_ALL_ENGINES") == "1" else 30  # revm runs a thousand above
    result = last(digits(count), engine="py-evm")
    assert result.num_contributions == count
    assert result.num_compared > 2 * count


def test_points_on_twins_and_contracts() -> None:
    result = last(points("digits-parity", num_contributions=150, seed=2), engine="revm")
    assert result.complete
    assert result.agents["honest"].points > 10
    assert result.findings() == {"honest_profit": True, "accuracy_kept": True}


@pytest.mark.parametrize("fault", ["deposit", "model", "points"])
def test_a_fault_of_the_twin_is_found(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    if fault == "deposit":
        right = Stakeable64.get_next_add_data_cost
        monkeypatch.setattr(Stakeable64, "get_next_add_data_cost", lambda self, now=None: right(self, now) + 1)
    elif fault == "points":
        monkeypatch.setattr(Stakeable64, "_count_valid", lambda self, address: None)
    else:
        monkeypatch.setattr("dcai.models.SparsePerceptron.update", lambda self, data, label: False)
    with pytest.raises(NotEqual):
        last(digits(100), engine="revm")


def test_money_is_neither_made_nor_lost(thousand: list[SimulationStep]) -> None:
    deposits = Counter[int]()
    for step in thousand:
        if step.error is None and step.action == "addData":
            deposits[step.sample] += step.amount
        elif step.error is None and step.action in ("refund", "report"):
            deposits[step.sample] -= step.amount
            assert deposits[step.sample] >= 0
        assert sum(step.balances.values()) + deposits.total() == 2 * 10_000 * FINNEY
    assert not any(deposits.values()), "a deposit was never claimed"


def test_time_goes_on_and_waits_are_kept(thousand: list[SimulationStep]) -> None:
    assert [step.time_s for step in thousand] == sorted(step.time_s for step in thousand)
    added = {step.sample: step.time_s for step in thousand if step.action == "addData" and step.error is None}
    granted = [step for step in thousand if step.action in ("refund", "report") and step.error is None]
    assert min(step.time_s - added[step.sample] for step in granted) >= DAY_S
    assert sorted(added) == list(range(1000))


def test_the_seed_decides_and_another_differs() -> None:
    first = steps_of(digits(60, seed=5))
    assert steps_of(digits(60, seed=5)) == first
    assert steps_of(digits(60, seed=6)) != first


@pytest.mark.parametrize("seed", range(10))
def test_the_honest_profit_the_malicious_lose_and_accuracy_is_kept(seed: int) -> None:
    result = last(self_assessment("digits-parity", seed=seed))  # all samples: a few days say little of accuracy
    assert result.findings() == {"honest_profit": True, "malicious_lose": True, "accuracy_kept": True}


def test_an_agent_that_pays_to_call_the_model_pays_those_who_were_validated() -> None:
    caller = honest("caller", pay_to_call=FINNEY, mean_wait_s=3600)
    setup = digits(400, agents=(honest(), malicious(), caller))
    result = last(setup, engine="revm")
    assert result.agents["caller"].done.keys() == {"transfer"}
    assert result.gain(caller) < 0
    assert result.held_wei == 0


def test_without_money_nobody_contributes() -> None:
    poor = honest("poor", start_balance=1)
    steps = steps_of(replace(digits(10), agents=(honest(), poor)))
    assert all(step.agent != "poor" for step in steps if step.action == "addData")


def test_too_many_samples_and_unknown_engines_are_refused() -> None:
    with pytest.raises(InputError, match="has 1437"):
        last(digits(2000))
    with pytest.raises(InputError, match="py-evm"):
        last(digits(10), engine="geth")


def test_the_cost_weight_of_the_paper_costs_what_the_original_simulation_does() -> None:
    # There: 60 / int(sqrt(seconds)) of 10,000; here a unit is a finney.
    cost = Stakeable64(Native(digits(1), digits(1).load()[1], TRAINER).ledger, 0, 0, 0, digits(1).cost_weight)
    at = cost.last_update_time_s + 600
    assert abs(cost.get_next_add_data_cost(at) - 60 * FINNEY // 24) < 1000
