"""Forecasts: sums and distributions beside an EVM's receipts, streams from files, and what a replay finds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dcai import (
    DensePerceptron,
    InputError,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.data import SparseRows
from dcai.evm import Evm
from dcai.gas import Costs, Oracle
from dcai.gas.measuring.forecast import Forecast, forecast, spread
from dcai.gas.measuring.replay import GasReplay
from dcai.gas.measuring.stream import Stream, of_file, of_model, of_scenario
from dcai.gas.prices import PAPER, Prices
from dcai.gas.reports.forecast import forecast_fields, forecast_report
from dcai.scenarios import scenario_of

ONE = 10**9
#: Two mistakes, of which the first makes slots non-zero; a right one; two that are refused.
CONTRIBUTIONS: list[tuple[list[int], int]] = [([1, 3], 1), ([2], 1), ([0, 1], 1), ([0, -1], 1), ([0], 2)]


def a_model() -> SparsePerceptron:
    return SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE)


def a_file(folder: Path, lines: list[Any] | None = None) -> Path:
    path = folder / "contributions.jsonl"
    if lines is None:
        lines = [{"data": data, "label": label} for data, label in CONTRIBUTIONS]
    path.write_text(
        "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines), encoding="utf-8"
    )
    return path


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return of_file(a_file(tmp_path), a_model())


def last(steps: Iterator[Forecast]) -> Forecast:
    *_, result = steps
    return result


def test_a_forecast_is_the_sum_of_the_receipts(stream: Stream) -> None:
    contract = Evm().place(a_model())
    update = contract.abi.function("update", 2)
    receipts = [contract.evm.transact(contract.address, update.encode(call)) for call in CONTRIBUTIONS]
    result = last(forecast(stream, "prague"))
    used = [receipt.gas_used for receipt in receipts]
    assert result.complete
    assert result.costs.gas_used.tolist() == used
    fields = forecast_fields(result, Prices(10, 2000))
    groups = {group["kind"]: group for group in fields["contributions"]}
    assert groups["all"]["gas_used"] == sum(used)
    assert groups["all"]["eth"] == pytest.approx(sum(used) * 10 / 1e9)
    assert groups["all"]["usd"] == pytest.approx(sum(used) * 10 / 1e9 * 2000)
    assert groups["all"]["gas_used_median"] == sorted(used)[2]
    assert {kind: group["gas_used_max"] for kind, group in groups.items() if kind != "all"} == {
        "update, mistake, first": used[0],
        "update, mistake, steady": used[1],
        "update, correct, steady": used[2],
        "refused, NegativeIndex": used[3],
        "refused, UnknownClass": used[4],
    }
    rows = result.transactions(PAPER)
    assert [row["error"] for row in rows] == ["", "", "", "NegativeIndex", "UnknownClass"]
    assert [row["mistake"] for row in rows] == [True, True, False, False, False]
    assert [row["execution"] for row in rows] == [receipt.execution for receipt in receipts]
    assert rows[0]["usd"] == pytest.approx(used[0] * 4e-9 * 373, abs=1e-6)


def test_quartiles_are_gas_of_transactions() -> None:
    stream = of_scenario(scenario_of("digits-parity")).first(200)
    result = last(forecast(stream, "prague"))
    used = sorted(result.costs.gas_used.tolist())
    everything = forecast_fields(result, PAPER)["contributions"][0]
    # The least gas that at least such a share of the transactions does not exceed.
    assert [everything[f"gas_used_{name}"] for name in ("min", "q1", "median", "q3", "p95", "max")] == [
        used[0],
        used[49],
        used[99],
        used[149],
        used[189],
        used[199],
    ]
    lines = forecast_report(result, PAPER).as_text().splitlines()
    assert max(map(len, lines)) <= 120
    (row,) = [line for line in lines if line.startswith("all")]
    assert row.split()[1:3] == ["200", f"{sum(used):,}"]


def test_a_replay_finds_every_figure_right(engine: str, stream: Stream) -> None:
    result = last(forecast(stream, "prague", GasReplay(engine, "prague"), 5))
    assert result.replayed == [0, 1, 2, 3, 4]
    assert result.differences == []
    assert result.fields_compared == 5 * 10


@pytest.mark.parametrize("data", ["breast-cancer", "digits", "digits-presence", "digits-parity"])
def test_replays_are_on_the_state_before_the_transaction(data: str) -> None:
    stream = of_scenario(scenario_of(data)).first(150)
    before = stream.model.copy()
    result = last(forecast(stream, "cancun", GasReplay("revm", "cancun"), 5))
    assert result.replayed == [29, 59, 89, 119, 149]
    assert result.differences == []
    assert stream.model == before
    # In batches or not, the same is predicted.
    whole = Oracle(stream.contract, "cancun").update_batch(before, *stream.batch(0, 150))
    assert result.costs.gas_used.tolist() == whole.gas_used.tolist()


@pytest.mark.parametrize(
    ("field", "shift", "named"),
    [
        ("gas_used", 1, "gas_used"),
        ("calldata", -1, "calldata"),
        ("execution", 1, "execution"),
        ("refund", 1, "refund"),
        ("floor", 1, "floor"),
        ("new_slots", 1, "new_slots"),
        ("gas_limit", 1, "outcome with gas_limit - 1"),
        ("gas_limit", -1, "outcome with gas_limit"),
    ],
)
def test_a_replay_names_a_figure_that_is_off_by_one(
    field: str, shift: int, named: str, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = Oracle.update_batch

    def off_by_one(self: Oracle, *args: Any) -> Costs:
        costs = right(self, *args)
        return replace(costs, **{field: (getattr(costs, field).astype(np.int64) + shift).astype(np.uint64)})

    monkeypatch.setattr(Oracle, "update_batch", off_by_one)
    model = replace(stream, model=SparsePerceptron([0, 0, 0, 0], 0, ONE)).first(1)
    result = last(forecast(model, "prague", GasReplay("revm", "prague"), 1))
    assert [difference.field for difference in result.differences] == [named]
    assert "row 0" in str(result.differences[0])


def test_a_replay_names_a_wrong_error(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    right = Oracle.update_batch
    monkeypatch.setattr(Oracle, "update_batch", lambda self, *args: replace(right(self, *args), errors={}))
    result = last(forecast(stream, "prague", GasReplay("revm", "prague"), 5))
    assert [(difference.row, difference.field) for difference in result.differences] == [(3, "error"), (4, "error")]
    assert "UnknownClass" in str(result.differences[1])


def test_rows_are_spread_evenly_with_the_last_among_them() -> None:
    assert spread(4, 100) == [24, 49, 74, 99]
    assert spread(5, 3) == [0, 1, 2]
    assert spread(0, 10) == []
    assert spread(3, 0) == []


# -- streams --------------------------------------------------------------------------------------------------------- #


def test_a_file_gives_the_contributions_in_order(stream: Stream) -> None:
    assert isinstance(stream.samples, SparseRows)
    assert [stream.contribution(i) for i in range(len(stream))] == CONTRIBUTIONS
    assert stream.data == "contributions.jsonl"


def test_dense_contributions_from_a_file(tmp_path: Path) -> None:
    model = NearestCentroidClassifier([[ONE, 0], [0, ONE]], [1, 1])
    stream = of_file(a_file(tmp_path, [{"data": [6 * 10**8, 8 * 10**8], "label": 1}]), model)
    result = last(forecast(stream, "prague", GasReplay("revm", "prague"), 1))
    assert (len(result.replayed), result.differences) == (1, [])


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "no contributions"),
        (["{"], "line 1 is not JSON"),
        (["[" * 100_000], "line 1 is not JSON"),
        ([{"data": [1], "label": 0}, [1, 0]], r"line 2 is \[1, 0\]"),
        ([{"data": [1]}], "label"),
        ([{"data": [1], "label": 0, "more": 1}], "more"),
        ([{"data": "1", "label": 0}], "data is '1'; expected a list"),
        ([{"data": [1, 0.5], "label": 0}], r"data\[1\] is 0.5; expected an integer of 64 bits"),
        ([{"data": [2**63], "label": 0}], r"data\[0\]"),
        ([{"data": [True], "label": 0}], r"data\[0\] is True"),
        ([{"data": [1], "label": -1}], "label is -1; expected an integer from 0"),
        ([{"data": [1], "label": 2**64}], "label"),
    ],
)
def test_what_is_no_contribution_is_refused_with_its_line(lines: list[Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        of_file(a_file(tmp_path, lines), a_model())


def test_other_files_are_refused(tmp_path: Path) -> None:
    ragged = a_file(tmp_path, [{"data": [1, 2], "label": 0}, {"data": [1], "label": 0}])
    with pytest.raises(InputError, match="line 2: data has 1 features, and line 1 has 2"):
        of_file(ragged, DensePerceptron([0, 0], 0, ONE))
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="UTF-8"):
        of_file(binary, a_model())


def test_a_model_gets_all_training_samples_of_its_form() -> None:
    stream = of_model("digits-parity", a_model())
    assert len(stream) == 1437
    with pytest.raises(InputError, match="samples of breast-cancer are dense, and a SparsePerceptron takes sparse"):
        of_model("breast-cancer", a_model())
    with pytest.raises(InputError, match="samples of digits-parity are sparse"):
        of_model("digits-parity", DensePerceptron([0], 0, ONE))
    with pytest.raises(InputError, match="takes sparse ones"):
        of_scenario(scenario_of("digits", SparseNearestCentroidClassifier))
