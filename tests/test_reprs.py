"""Nothing floods a cell: the representations of large objects are short, HTML is escaped, tables become frames."""

import dataclasses
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dcai
from dcai import DensePerceptron, SparsePerceptron, data, gas, simulation
from dcai.data import Dataset
from dcai.errors import MissingExtraError, Revert
from dcai.gas.deployment import Chunk, DeploymentPlan
from dcai.gas.measuring.forecast import Forecast, forecast
from dcai.gas.measuring.stream import Stream
from dcai.gas.prices import Prices
from dcai.gas.profile.profile import Profile, profile_call
from dcai.models import MODELS, Classifier
from dcai.report.tables import Table
from dcai.simulation.setup import Setup
from dcai.verify.report import Finding, Report, Section

ROOMS = [name for name in dcai.__all__ if Path(dcai.__file__).with_name(name).is_dir()]
NAMED = [getattr(room, name) for room in (getattr(dcai, each) for each in ROOMS) for name in room.__all__]
RETURNED = [Chunk, DeploymentPlan, Forecast, Profile, Report, Section, Finding]
DATACLASSES = [thing for thing in [*NAMED, *RETURNED] if isinstance(thing, type) and dataclasses.is_dataclass(thing)]
#: What a field may hold, by a word of its annotation; the others hold a number or a short text.
LARGE: dict[str, Any] = {
    "bytes": bytes(100_000),
    "tuple": tuple(range(100_000)),
    "list": list(range(100_000)),
    "Sequence": [["x" * 1000] * 1000] * 1000,
    "Mapping": {f"{'key' * 100}{i}": "x" * 10_000 for i in range(1_000)},
    "dict": dict.fromkeys(range(100_000), 2**250),
    "Counter": dict.fromkeys(range(100_000), 1),
    "NDArray": np.arange(999),  # which numpy prints whole
    "str": "0x" + "ab" * 32,
}
HOSTILE = "<script>alert('&')</script>"


@pytest.mark.parametrize("kind", DATACLASSES, ids=lambda kind: f"{kind.__module__}.{kind.__name__}")
def test_a_large_object_has_a_short_representation(kind: type) -> None:
    thing: Any = object.__new__(kind)
    for field in dataclasses.fields(kind):
        words = str(field.type)
        object.__setattr__(thing, field.name, next((LARGE[key] for key in LARGE if key in words), 7))
    if "Dataset" in kind.__name__ or kind.__name__ == "Costs":
        return  # built below, as their representations count rows
    text = repr(thing)
    assert len(text) < 500
    assert "\n" not in text
    assert kind.__name__ in text


def test_a_field_that_fits_is_shown_whole() -> None:
    rows = dcai.CsrRows([0, 2, 3], [1, 2, 0])
    assert repr(rows) == "CsrRows(indptr=array([0, 2, 3]), indices=array([1, 2, 0]))"


def large_models() -> list[Classifier]:
    names = [f"class {i} {HOSTILE}" for i in range(500)]
    return [
        model.blank(20_000 if model.spec.num_classes else 200, names[: model.spec.num_classes])
        for model in MODELS.values()
    ] + [SparsePerceptron([1] * 20_000, 2**79 - 1, 10**9, classifications=["x" * 10_000, "y"])]


class Cells(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def checked(page: str) -> Cells:
    cells = Cells(page)
    assert cells.tags <= {"h3", "div", "table", "thead", "tbody", "tr", "th", "td"}
    assert len(page) < 6_000
    assert page.count("<tr>") <= 25
    return cells


@pytest.mark.parametrize("model", large_models(), ids=lambda model: type(model).__name__)
def test_a_large_model_fits_in_a_cell(model: Any) -> None:
    assert len(repr(model)) < 500
    cells = checked(model._repr_html_())
    assert {field.name for field in model.spec.fields} <= set(cells.text)


def test_a_small_model_shows_its_values() -> None:
    cells = checked(DensePerceptron([5, -7], 3, 10**9, classifications=["no", HOSTILE])._repr_html_())
    assert "[5, -7]" in cells.text
    assert "int80[]" in cells.text
    assert "1000000000" in cells.text
    assert f"no, {HOSTILE}"[:30] in "".join(cells.text)


def test_costs_of_many_transactions() -> None:
    count = 100_000
    model = SparsePerceptron([0] * 10, 0, 10**9)
    costs = gas.Oracle("SparsePerceptron").update_batch(
        model, [[i % 10] for i in range(count - 1)] + [[-1]], [1] * count
    )
    assert len(repr(costs)) < 500
    cells = checked(costs._repr_html_())
    assert f"{int(costs.gas_used.sum()):,}" in cells.text
    frame = costs.to_frame()
    assert list(frame.columns[:2]) == ["gas_used", "gas_limit"]
    assert frame["gas_used"].tolist() == costs.gas_used.tolist()
    assert frame["error"].tolist() == [""] * (count - 1) + ["NegativeIndex"]
    assert frame["success"].sum() == count - 1


def test_costs_of_no_transaction() -> None:
    costs = gas.Oracle("SparsePerceptron").update_batch(SparsePerceptron([], 0, 1), [], [])
    assert costs.to_frame().shape == (0, 11)
    checked(costs._repr_html_())


def test_a_plan_and_a_forecast_are_frames() -> None:
    model = DensePerceptron([10**9] * 900, 0, 10**9)
    plan = gas.Oracle("DensePerceptron").deployment(model)
    frame = plan.to_frame()
    assert frame["function"].tolist() == [chunk.function for chunk in plan.chunks]
    assert frame["gas_used"].sum() == plan.gas_used
    assert frame["items"].sum() == 900
    assert len(repr(plan)) < 500

    samples, labels = dcai.CsrRows([0, 2, 3], [1, 2, 0]), np.array([1, 0], np.uint64)
    *_, predicted = forecast(Stream("", SparsePerceptron([], 0, 1), samples, labels, samples), "prague")
    rows = predicted.to_frame(Prices(2.0, 2000.0))
    assert rows.to_dict("records") == predicted.transactions(Prices(2.0, 2000.0))


def test_a_profile_is_a_frame() -> None:
    contract = dcai.evm.Evm().deploy(DensePerceptron([0, 0], 0, 10**9))
    taken = profile_call(contract, "update", [600_000_000, -800_000_000], 1)
    assert taken.to_frame()["gas"].sum() == taken.to_frame("function")["gas"].sum() == taken.execution
    assert len(repr(taken)) < 500


def test_a_simulation_is_a_frame() -> None:
    *_, result = simulation.run(simulation.self_assessment("digits-parity", num_contributions=20, seed=1))
    frame = result.to_frame()
    assert frame["agent"].tolist() == list(result.agents)
    assert frame["gain_wei"].tolist() == [result.gain(agent) for agent in result.setup.participants]
    assert frame["calls"].tolist() == [agent.done.total() for agent in result.agents.values()]
    (first, *_) = result.agents.values()
    series = first.to_frame()
    assert series["balance_wei"].tolist() == first.balances
    cells = checked(result._repr_html_())
    assert cells.text.count("honest") == 2  # name and kind
    agent = dataclasses.replace(result.setup.agents[0], name=HOSTILE)
    many: Any = [dataclasses.replace(agent, name=f"{HOSTILE}{i}") for i in range(500)]
    crowd = simulation.SimulationResult(dataclasses.replace(result.setup, agents=tuple(many)), 10)
    assert len(repr(crowd)) < 500
    assert "and 480 more" in checked(crowd._repr_html_()).text
    assert isinstance(crowd.setup, Setup)


def test_a_report_fits_in_a_cell() -> None:
    sections = [Section(HOSTILE, findings=[Finding(HOSTILE)], tables=[Table("", ["x"], [["y"]] * 1000)])] * 100
    report = Report(HOSTILE, ["dcai"], sections)
    assert len(repr(report)) < 500
    cells = checked(report._repr_html_())
    assert "and 80 more" in cells.text
    assert cells.text.count("failed") == 20


def test_data_sets_contracts_and_errors_are_short() -> None:
    X, y = np.zeros((50_000, 10), np.int64), np.zeros(50_000, np.uint64)
    names = tuple(f"class {i}" for i in range(1000))
    assert len(repr(Dataset("large", "x" * 10_000, names, 10, X, y, X, y))) < 500
    assert len(repr(data.breast_cancer())) < 500
    contract = dcai.evm.Evm().deploy(DensePerceptron([1] * 300, 0, 10**9))
    assert len(repr(contract)) < 500
    assert len(repr(contract.deployment[0])) < 500
    assert len(repr(dcai.artifacts.load("DensePerceptron"))) < 500
    assert len(repr(Revert("UnknownClass", (2**255, 2**255)))) < 500


def test_without_pandas_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"to_frame .* 'dcai\[pandas\]'"):
        DeploymentPlan((), 0).to_frame()
