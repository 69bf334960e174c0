"""Sweeps: what is varied, and that each run is what it would be alone."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dcai.cli.simulate import simulate
from dcai.errors import InputError
from dcai.simulation import run, self_assessment, sweep, variants
from dcai.simulation.sweeps import parse


def test_every_combination_with_every_seed() -> None:
    setup = self_assessment("digits-parity", num_contributions=20)
    made = variants(setup, parse(["bad-share=0.2,0.5", "deposit=20 finney,1 ether"]), range(3))
    assert len(made) == 12
    assert len({json.dumps(each.values) for each in made}) == 12
    chosen = next(each for each in made if each.values == {"bad-share": 0.2, "deposit": 10**18, "seed": 2})
    assert sum(not agent.good for agent in chosen.setup.agents) == 2
    assert sum(agent.good for agent in chosen.setup.agents) == 8
    assert {agent.mean_deposit for agent in chosen.setup.agents} == {10**18}
    assert chosen.setup.seed == 2


def test_many_agents_act_together_as_often_as_one() -> None:
    (made,) = variants(self_assessment("digits-parity", num_contributions=20), parse(["agents=8"]), [0])
    rates = {True: 0.0, False: 0.0}
    for agent in made.setup.agents:
        rates[agent.good] += 1 / agent.mean_wait_s
    assert rates == {True: pytest.approx(1 / 600), False: pytest.approx(1 / 3600)}


@pytest.mark.parametrize("text", ["colour=red", "deposit", "deposit=", "bad-share=2", "agents=0", "wait=soon"])
def test_what_cannot_be_varied(text: str) -> None:
    with pytest.raises(InputError):
        parse([text])


def test_runs_on_all_cores_are_what_they_are_alone() -> None:
    made = variants(self_assessment("digits-parity", num_contributions=30), parse(["refund-wait=1 h,1 day"]), [4])
    results = {json.dumps(each["values"]): each["result"] for each in sweep(made)}
    assert len(results) == 2
    for variant in made:
        *_, alone = run(variant.setup)
        assert results[json.dumps(variant.values)]["agents"] == alone.as_json()["agents"]


def test_the_command_writes_all_results(tmp_path: object) -> None:
    output = f"{tmp_path}/sweep.json"
    command = ["sweep", "--data", "digits-parity", "--contributions", "20", "--vary", "deposit=50 finney"]
    result = CliRunner().invoke(simulate, [*command, "--seeds", "2", "--output", output], catch_exceptions=False)
    assert "deposit=50000000000000000" in result.stdout
    with open(output) as file:  # noqa: PTH123
        assert [each["values"]["seed"] for each in json.load(file)] == [0, 1]
