"""The table of gas: which rows there are, what stands in them, and that prediction and measurement agree."""

from dataclasses import replace
from statistics import median_low
from typing import Any

import numpy as np
import pytest

from dcai import DensePerceptron, NearestCentroidClassifier, Revert, SparsePerceptron
from dcai.gas import Costs
from dcai.gas.columns import concatenated, total
from dcai.gas.measuring.rows import GasRow, TransactionKind, kinds, row_of
from dcai.gas.measuring.stream import Stream, of_scenario
from dcai.gas.measuring.table import PREDICTED, rows_of
from dcai.gas.prices import PAPER, Prices, money
from dcai.gas.reports.table import table_report
from dcai.scenarios import SCENARIOS

WHAT = {"data": "some", "model": "SparsePerceptron", "engine": "none", "fork": "prague"}


def costs_of(gas_used: list[int], mistake: list[bool], new_slots: list[int], errors: dict[int, Revert]) -> Costs:
    """Costs whose parts are made of the gas used: each has digits of its own."""
    used = np.array(gas_used, dtype=np.uint64)
    slots = np.array(new_slots, dtype=np.uint64)
    return Costs(
        gas_used=used,
        gas_limit=used * 2,
        intrinsic=used - used + 21_000,
        calldata=used * 3,
        execution=used * 5,
        refund=used * 7,
        floor=used * 11,
        new_slots=slots,
        mistake=np.array(mistake, dtype=np.bool_),
        errors=errors,
    )


def test_kinds_are_all_transactions_each_once() -> None:
    costs = costs_of([10, 20, 30, 40, 50], [True, True, False, False, False], [1, 0, 0, 0, 0], {3: Revert("Why")})
    found = {str(kind): mask.tolist() for kind, mask in kinds(costs, "SparsePerceptron") if mask.any()}
    assert found == {
        "update, mistake, first": [True, False, False, False, False],
        "update, mistake, steady": [False, True, False, False, False],
        "update, correct, steady": [False, False, True, False, True],
        "refused, Why": [False, False, False, True, False],
    }
    others = {str(kind): int(mask.sum()) for kind, mask in kinds(costs, "NearestCentroidClassifier")}
    assert others == {"update, first": 1, "update, steady": 3, "refused, Why": 1}


@pytest.mark.parametrize("gas_used", [[7], [7, 5], [9, 1, 5], [5, 5, 1, 9, 4, 4]])
def test_a_row_has_a_median_that_is_a_transaction(gas_used: list[int]) -> None:
    n = len(gas_used)
    costs = costs_of([*gas_used, 10**6], [False] * (n + 1), [0] * (n + 1), {})
    row = row_of(costs, np.arange(n + 1) < n, kind=TransactionKind("update"), **WHAT)
    middle = median_low(gas_used)
    assert (row.n, row.minimum, row.median, row.maximum) == (n, min(gas_used), middle, max(gas_used))
    assert (row.intrinsic, row.calldata, row.execution, row.refund, row.floor) == (
        21_000,
        3 * middle,
        5 * middle,
        7 * middle,
        11 * middle,
    )
    assert row.gas_limit == 2 * max(gas_used)


def test_costs_are_put_together() -> None:
    one = costs_of([1, 2], [True, False], [0, 3], {1: Revert("A")})
    two = costs_of([4], [False], [5], {0: Revert("B")})
    both = concatenated([one, two])
    assert both.gas_used.tolist() == [1, 2, 4]
    assert both.mistake.tolist() == [True, False, False]
    assert {row: error.name for row, error in both.errors.items()} == {1: "A", 2: "B"}
    whole = total(both)
    assert (len(whole), whole.total, whole.execution.tolist(), whole.gas_limit.tolist()) == (1, 7, [35], [8])


def test_the_prices_are_those_of_the_paper() -> None:
    # 4 gwei are 4e-9 ether; so a million gas is 0.004 ether, at 373 USD.
    assert PAPER.eth(10**6) == pytest.approx(0.004)
    assert PAPER.usd(10**6) == pytest.approx(1.492)
    assert Prices(10, 2000).usd(21_000) == pytest.approx(0.42)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(1234.567, "1,234.57"), (1, "1.00"), (0.0974, "0.097"), (0.00466, "0.0047"), (0.0000025, "2.5e-06"), (0, "0")],
)
def test_small_amounts_are_told_from_nothing(amount: float, text: str) -> None:
    assert money(amount) == text


def stream_of(contract: type) -> Stream:
    (scenario,) = [
        each for each in SCENARIOS if each.contract is contract and each.data in ("breast-cancer", "digits-parity")
    ]
    stream = of_scenario(scenario).first(12)
    return replace(stream, others=stream.others[:3])


@pytest.mark.parametrize("contract", [DensePerceptron, NearestCentroidClassifier, SparsePerceptron])
def test_what_is_predicted_is_what_is_measured(contract: type) -> None:
    stream = stream_of(contract)
    state = stream.model.state()
    predicted = [replace(row, engine="") for row in rows_of(stream, PREDICTED, "prague", 12)]
    measured = [replace(row, engine="") for row in rows_of(stream, "revm", "prague", 12)]
    assert predicted == measured
    assert stream.model.state() == state  # the model is looked at, and learns nothing
    actions = [row.kind.action for row in measured]
    assert list(dict.fromkeys(actions)) == ["deploy", "predict", "update", "refused"]
    assert sum(row.n for row in measured if row.kind.action == "update") == 12
    refused = [row for row in measured if row.kind.action == "refused"]
    assert all(row.n == 12 for row in refused)
    assert len(refused) >= 2


def a_row(**changes: Any) -> GasRow:
    row = GasRow(
        data="some",
        model="SparsePerceptron",
        kind=TransactionKind("update", "mistake", "first"),
        engine="revm",
        fork="prague",
        n=3,
        minimum=10_000_000,
        median=10_000_000,
        maximum=10_000_000,
        intrinsic=21_000,
        calldata=2_000_000,
        execution=8_000_000,
        refund=21_000,
        floor=50,
        gas_limit=16_777_216,
    )
    return replace(row, **changes)


def test_the_text_fits_120_columns_and_stands_in_line() -> None:
    rows = [
        a_row(),
        a_row(kind=TransactionKind("refused", "NotStrictlyIncreasing"), n=25_000),
        a_row(data="another", kind=TransactionKind("deploy", "constructor"), n=1, median=21_455_342),
    ]
    lines = table_report(rows, PAPER).as_text().splitlines()
    assert max(map(len, lines)) <= 120
    assert len({line.index("median") for line in lines if line.startswith("transactions")}) == 1
    assert "some: SparsePerceptron, prague, revm" in lines
    assert "another: SparsePerceptron, prague, revm" in lines
    (update,) = [line for line in lines if line.startswith("update, mistake, first")]
    assert update.split()[3:] == ["3", *["10,000,000"] * 3, "21,000", "2,000,000", "8,000,000", "21,000", "16,777,216",
                                  "14.92"]  # fmt: skip
    (creation,) = [line for line in lines if line.startswith("constructor")]
    assert creation.split()[1:3] == ["1", "21,455,342"]  # of one transaction there is no least and most


def test_a_median_at_the_floor_is_marked() -> None:
    at_floor = a_row(median=10_000_001)
    assert at_floor.at_floor
    assert "update, mistake, first*" in table_report([at_floor], PAPER).as_text()
    assert "*" not in table_report([a_row()], PAPER).as_text()
