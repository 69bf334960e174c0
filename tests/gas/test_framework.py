"""The whole framework costs less than the original in every action; the figures of the original are in the module."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dcai import data
from dcai.cli.gas import gas
from dcai.gas.layer import GAS
from dcai.gas.measuring.framework import action_rows, stream_rows
from dcai.gas.measuring.stream import of_scenario
from dcai.gas.reports.framework import framework_report
from dcai.models import MODELS
from dcai.scenarios import scenario_of
from tests.support.engines import FASTEST

ACTIONS = {"deploy", "refund", "report"}
ADD_DATA = {True: {"addData, correct", "addData, mistake"}, False: {"addData"}}


@pytest.mark.parametrize("contract", MODELS)
def test_every_action_is_cheaper_than_the_original(contract: str) -> None:
    """Where the original was measured: of what was not, the table says so."""
    size = GAS[contract].framework()
    rows = {row.action: row for row in action_rows(contract, engine=FASTEST)}
    assert rows.keys() == ACTIONS | ADD_DATA[MODELS[contract].spec.has_mistakes]
    for action, row in rows.items():
        assert row.size == size.title
        assert row.original == size.original.get(action.partition(",")[0])
        if row.original is None:
            assert "unknown" in framework_report([row], "prague").as_text()
        else:
            assert row.gas_used < row.original, action


def test_a_mistake_costs_more_than_none() -> None:
    """So that the rows are what they say: 20 weights are written, each for 2,900 beyond the reading."""
    rows = {row.action: row.gas_used for row in action_rows("SparsePerceptron", engine=FASTEST)}
    assert rows["addData, mistake"] - rows["addData, correct"] > 20 * 2_900


def test_engines_agree(engine: str) -> None:
    assert list(action_rows("DensePerceptron", engine=engine)) == list(action_rows("DensePerceptron", engine=FASTEST))


if data.locate("imdb") is not None:

    def test_real_reviews_are_cheaper_than_the_original() -> None:
        stream = of_scenario(scenario_of("imdb"))
        rows = list(stream_rows(stream, 60, engine=FASTEST))
        assert [row.action for row in rows] == ["addData, mistake", "addData, correct", "addData"]
        assert [row.n for row in rows[:2]] != [0, 0]
        assert sum(row.n for row in rows[:2]) == rows[2].n == 60
        for row in rows:
            assert row.original is not None
            assert row.gas_used < row.original


@pytest.mark.parametrize(("form", "shown"), [("text", "0xDeCA10B"), ("markdown", "| --- |"), ("csv", "size,action")])
def test_the_command_prints(form: str, shown: str) -> None:
    result = CliRunner().invoke(gas, ["framework", "--reviews", "0", "--engine", FASTEST, "--format", form])
    assert result.exit_code == 0
    assert shown in result.output


def test_the_command_prints_json() -> None:
    result = CliRunner().invoke(gas, ["framework", "--reviews", "0", "--engine", FASTEST, "--format", "json"])
    fields = json.loads(result.stdout)
    assert {row["size"] for row in fields["rows"]} == {layer.framework().title for _, layer in GAS.items()}
    assert all(row["original"] is None or row["gas_used"] < row["original"] for row in fields["rows"])
