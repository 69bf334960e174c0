"""The figures of gas in the guide are what the commands print today, and those of the README are in the guide."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import dcai
from dcai import data
from dcai.data import l2_normalized
from dcai.gas import Oracle
from dcai.gas.layer import GAS
from dcai.gas.measuring.forecast import forecast
from dcai.gas.measuring.framework import action_rows
from dcai.gas.measuring.stream import of_scenario
from dcai.scenarios import scenario_of
from tests.support.engines import FASTEST

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "dcai/gas/README.md").read_text(encoding="utf-8")


def figures(start: str) -> list[int]:
    """The numbers of five digits and more in the row of a table that begins so."""
    (row,) = [line for line in GUIDE.splitlines() if line.startswith(f"| {start}")]
    return [int(number.replace(",", "")) for number in re.findall(r"\d+(?:,\d{3})+", row.removeprefix(f"| {start}"))]


def test_the_readme_repeats_the_guide() -> None:
    rows = [
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if "update" in line and "| " in line
    ]
    gas = [row for row in rows if len(re.findall(r"\d{3},\d{3}", row)) == 2]
    assert len(gas) == 3
    assert set(gas) <= set(GUIDE.splitlines())


@pytest.mark.parametrize(
    ("contract", "start"),
    [
        ("DensePerceptron", "dense Perceptron, 9 features |"),
        ("NearestCentroidClassifier", "dense nearest centroid, 9 features |"),
        ("SparsePerceptron", "sparse Perceptron, 1,000 words |"),
        ("SparseNearestCentroidClassifier", "sparse nearest centroid, 1,000 words |"),
    ],
)
def test_the_framework(contract: str, start: str) -> None:
    rows = {row.action: row.gas_used for row in action_rows(contract, engine=FASTEST)}
    added = rows.get("addData, mistake", rows.get("addData"))
    expected = [rows["deploy"], added, rows["refund"], rows["report"]]
    original = GAS[contract].framework().original
    originals = [original[action] for action in ("deploy", "addData", "refund", "report")]
    assert figures(start) == [figure for pair in zip(expected, originals, strict=True) for figure in pair]


def test_400_dense_features() -> None:
    """A sample whose bytes are as good as never zero, and weights drawn likewise."""
    rng = np.random.default_rng(0)
    X = l2_normalized(rng.normal(size=(1, 400)))
    model = dcai.DensePerceptron(rng.integers(-(10**9), 10**9, 400).tolist(), 0, 10**9)
    oracle = Oracle("DensePerceptron", fork="prague")
    right = int(model.predict_batch(X)[0])
    mistake, correct = (int(oracle.update_batch(model.copy(), X, [label]).gas_used[0]) for label in (1 - right, right))
    assert figures("dense Perceptron, 400 features: deploy |")[1] == oracle.deployment(model).gas_used
    rows = GUIDE[GUIDE.index("dense Perceptron, 400 features") :].splitlines()
    assert [row.split(" | ")[2].strip(" |") for row in rows[1:3]] == [f"{mistake:,}", f"{correct:,}"]


if data.locate("imdb") is not None:

    def test_imdb() -> None:
        *_, result = forecast(of_scenario(scenario_of("imdb")), "prague")
        gas_used, is_mistake = result.costs.gas_used, result.costs.mistake
        rows = GUIDE[GUIDE.index("| sparse Perceptron, 1,000 words of IMDB: deploy") :].splitlines()
        means = [gas_used[is_mistake].mean(), gas_used[~is_mistake].mean(), gas_used.mean()]
        assert [row.split(" | ")[2].strip(" |") for row in rows[1:4]] == [f"{mean:,.0f}" for mean in means]

    def test_the_deployment_of_imdb() -> None:
        oracle, model = Oracle("SparsePerceptron", fork="prague"), of_scenario(scenario_of("imdb")).model
        assert isinstance(model, dcai.SparsePerceptron)
        assert figures("sparse Perceptron, 1,000 words of IMDB: deploy |")[1] == oracle.deployment(model).gas_used
        weights = [model.weights.get(i, 0) for i in range(1_000)]
        full = dcai.SparsePerceptron(
            [weight or 10**9 for weight in weights],
            model.intercept,
            model.learning_rate,
            classifications=model.classifications,
        )
        shown = f"{sum(map(bool, weights))} of its weights are not zero; with 1,000 the deployment costs {{:,}}."
        assert shown.format(oracle.deployment(full).gas_used) in GUIDE
