"""The whole framework costs less than the original in every action; the figures of the original are in the module."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from dcai import data
from dcai.cli.gas import gas
from dcai.gas.measuring.framework import ORIGINAL, SIZES, action_rows, stream_rows
from dcai.gas.measuring.stream import of_scenario
from dcai.scenarios import scenario_of
from tests.support.engines import FASTEST

PERCEPTRON = {"deploy", "addData, correct", "addData, mistake", "refund", "report"}
CENTROIDS = {"deploy", "addData", "refund", "report"}


@pytest.mark.parametrize("size", SIZES)
def test_every_action_is_cheaper_than_the_original(size: str) -> None:
    rows = {row.action: row for row in action_rows(size, engine=FASTEST)}
    assert rows.keys() == (PERCEPTRON if "Perceptron" in size else CENTROIDS)
    for action, row in rows.items():
        assert row.original == ORIGINAL[size][action.partition(",")[0]]
        assert row.gas_used < row.original, action


def test_a_mistake_costs_more_than_none() -> None:
    """So that the rows are what they say: 20 weights are written, each for 2,900 beyond the reading."""
    rows = {row.action: row.gas_used for row in action_rows("SparsePerceptron, 1,000 words", engine=FASTEST)}
    assert rows["addData, mistake"] - rows["addData, correct"] > 20 * 2_900


def test_engines_agree(engine: str) -> None:
    size = "DensePerceptron, 9 features"
    assert list(action_rows(size, engine=engine)) == list(action_rows(size, engine=FASTEST))


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
    assert {row["size"] for row in fields["rows"]} == set(SIZES)
    assert all(row["gas_used"] < row["original"] for row in fields["rows"])
