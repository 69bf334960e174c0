"""``dcai gas``: what each subcommand prints and writes, and its exit codes."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dcai import InputError, SparsePerceptron
from dcai.cli.gas import gas
from dcai.evm import Evm
from dcai.gas import Costs, Oracle
from dcai.scenarios import scenario_of

ONE = 10**9
SMALL = ["--data", "digits-parity", "--engine", "predicted", "--engine", "revm", "--samples", "2"]
SNAPSHOT = str(Path(__file__).parent.parent / "gas" / "snapshot.json")


def run(*args: str) -> Result:
    result = CliRunner().invoke(gas, list(args))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def model(tmp_path: Path) -> str:
    path = tmp_path / "model.json"
    SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE).to_json(path)
    return str(path)


@pytest.fixture
def contributions(tmp_path: Path) -> str:
    path = tmp_path / "contributions.jsonl"
    path.write_text('{"data": [1, 3], "label": 1}\n{"data": [1, 3], "label": 1}\n', encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("command", ["table", "framework", "forecast", "plan", "profile", "snapshot", "check", "diff"])
def test_each_subcommand_has_help(command: str) -> None:
    shown = run(command, "--help")
    assert shown.exit_code == 0
    assert "Usage" in shown.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["table", "--engine", "geth"], "revm"),
        (["table", "--model", "DensePerceptron", "--data", "imdb"], "SparsePerceptron on imdb"),
        (["table", "--plot", "gas.jpg"], ".png or .svg"),
        (["table", "--engine", "py-evm", "--fork", "osaka", "--data", "digits-parity"], "it supports london"),
        (["forecast", "--data", "/no/such/file"], "neither a file nor one of breast-cancer"),
        (["forecast", "--data", "digits", "--model", "SparsePerceptron"], "takes sparse ones"),
        (["forecast", "--data", "digits", "--model", "Perceptron"], "one of DensePerceptron"),
        (["forecast", "--data", "digits", "--transactions", "rows.txt"], ".csv nor .json"),
        (["forecast", "--data", __file__], "--model with the JSON file"),
        (["table", "--output", "/no/such/folder/gas.txt"], "the folder /no/such/folder does not exist"),
        (
            ["forecast", "--data", "digits", "--plot", "/no/such/folder/gas.png"],
            "the folder /no/such/folder does not exist",
        ),
        (["plan", "/no/such/file"], "neither a file nor one of breast-cancer"),
        (["plan", "digits-parity", "--gas-cap", "30000"], "the cap is 30,000"),
        (["profile", "--data", "digits-parity", "--row", "1337"], "the last is row 1336"),
        (["check", __file__], "not JSON"),
        (["check", SNAPSHOT, "--tolerance", "some"], "1.5%"),
    ],
)
def test_wrong_usage_says_what_would_be_right(args: list[str], message: str) -> None:
    # The command line makes 2 of an InputError, as click does of its own.
    shown = CliRunner().invoke(gas, args)
    refused = isinstance(shown.exception, InputError) or shown.exit_code == 2
    assert refused, shown.exception
    assert message in f"{shown.stderr}{shown.exception}"
    assert shown.stdout == ""


# -- table ----------------------------------------------------------------------------------------------------------- #


def test_the_table_as_text() -> None:
    shown = run("table", *SMALL)
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert "digits, odd or even: SparsePerceptron, prague, predicted" in lines
    assert "digits, odd or even: SparsePerceptron, prague, revm" in lines
    assert "4 gwei and 373 USD/ETH" in " ".join(lines)


def test_the_table_for_programs(tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    written = run("table", *SMALL, "--format", "json", "--gas-price-gwei", "10", "--output", str(path))
    assert (written.exit_code, written.stdout, written.stderr) == (0, "", f"wrote {path}\n")
    table = json.loads(path.read_text(encoding="utf-8"))
    assert (table["gas_price_gwei"], table["eth_usd"]) == (10, 373)
    for row in table["rows"]:
        due = row["intrinsic"] + row["calldata"] + row["execution"] - row["refund"]
        if row["case"] != "total":
            assert row["gas_used_median"] == max(due, row["floor"])
        assert row["usd_median"] == pytest.approx(row["gas_used_median"] * 10 * 373 / 1e9, abs=1e-6)
    shown = run("table", *SMALL, "--format", "csv", "--gas-price-gwei", "10")
    lines = list(csv.DictReader(io.StringIO(shown.stdout)))
    assert [line["gas_used_median"] for line in lines] == [str(row["gas_used_median"]) for row in table["rows"]]
    assert run("table", *SMALL, "--format", "markdown").stdout.count("\n### ") == 2


def test_the_table_of_two_forks_and_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "gas.svg"
    shown = run("table", *SMALL[:4], "--fork", "cancun", "--fork", "prague", "--plot", str(path), "--format", "json")
    rows = json.loads(shown.stdout)["rows"]
    assert {row["fork"] for row in rows} == {"cancun", "prague"}
    # Prague has a floor for calldata, and charges a refused call with it.
    refused = {row["fork"]: row["gas_used_median"] for row in rows if row["case"] == "UnknownClass"}
    assert refused["cancun"] < refused["prague"]
    assert path.is_file()


def test_an_interrupted_table_shows_what_it_has_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = import_module("dcai.cli.gas.table")  # whose name in the package is the command's
    complete = module.rows_of

    def interrupted(*args: Any) -> Iterator[Any]:
        for row in complete(*args):
            yield row
            if row.kind.action == "predict":
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "rows_of", interrupted)
    path = tmp_path / "table.txt"
    shown = run("table", *SMALL, "--output", str(path))
    assert shown.exit_code == 1  # click's own code for an abort; the command line makes it 130
    assert "interrupted: the table is partial" in shown.stderr
    assert [line.split()[0] for line in shown.stdout.splitlines()[-2:]] == ["initializeSparseWeights", "predict"]
    assert list(tmp_path.iterdir()) == []


def test_without_a_subcommand_comes_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("dcai.cli.gas.table")
    monkeypatch.setattr(module, "scenarios", lambda: [scenario_of("digits-parity")])
    shown = run()
    assert shown.exit_code == 0
    titles = [line for line in shown.stdout.splitlines() if line.startswith("digits, odd or even")]
    assert titles == [f"digits, odd or even: SparsePerceptron, prague, {engine}" for engine in ("predicted", "revm")]


def test_options_without_a_subcommand_are_those_of_the_table() -> None:
    options = ("--data", "digits", "--samples", "1", "--engine", "predicted", "--format", "csv")
    assert run(*options).output == run("table", *options).output


# -- forecast -------------------------------------------------------------------------------------------------------- #


def test_a_forecast_of_a_file_is_verified(contributions: str, model: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    shown = run("forecast", "--data", contributions, "--model", model, "--verify", "9", "--transactions", str(rows))
    assert shown.exit_code == 0, shown.output
    assert "2 transactions replayed on revm: 20 figures compared, 0 differences" in shown.stdout
    contract = Evm("revm").place(SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE))
    used = [contract.update([1, 3], 1).gas_used for _ in range(2)]
    table = csv.DictReader(io.StringIO(rows.read_text(encoding="utf-8")))
    assert [int(row["gas_used"]) for row in table] == used
    (total,) = [line for line in shown.stdout.splitlines() if line.startswith("all")]
    assert total.split()[1:3] == ["2", f"{sum(used):,}"]
    as_json = json.loads(run("forecast", "--data", contributions, "--model", model, "--format", "json").stdout)
    assert (as_json["complete"], as_json["num_contributions"], as_json["verified"]) == (True, 2, None)


def test_a_wrong_forecast_exits_with_1_and_says_which_row_and_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Oracle.update_batch

    def wrong(self: Oracle, *args: Any) -> Costs:
        costs = right(self, *args)
        return replace(costs, execution=costs.execution + np.uint64(1))

    monkeypatch.setattr(Oracle, "update_batch", wrong)
    args = ["forecast", "--data", "digits-parity", "--contributions", "30", "--verify", "2", "--engine", "revm"]
    shown = run(*args)
    assert shown.exit_code == 1
    assert "20 figures compared, 2 differences" in shown.stdout
    assert "row 14: execution: predicted " in shown.stdout
    verified = json.loads(run(*args, "--format", "json").stdout)["verified"]
    assert [each["row"] for each in verified["differences"]] == [14, 29]
    assert verified["differences"][0]["predicted"] - verified["differences"][0]["measured"] == 1


def test_an_interrupted_forecast_tells_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("dcai.cli.gas.forecast")  # whose name in the package is the command's
    complete = module.run

    def interrupted(*args: Any) -> Iterator[Any]:
        for step in complete(*args):
            yield step
            if step.done >= 100:
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "run", interrupted)
    monkeypatch.chdir(tmp_path)
    files = ["--output", "out.txt", "--transactions", "rows.json", "--plot", "gas.png"]
    shown = run("forecast", "--data", "digits-parity", "--verify", "10", "--engine", "revm", *files)
    assert shown.exit_code == 1
    assert "interrupted, partial: 132 of 1,337 contributions" in shown.stdout
    assert ["all", "132"] in [line.split()[:2] for line in shown.stdout.splitlines()]
    assert list(tmp_path.iterdir()) == []


def test_a_forecast_with_another_contract_and_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "gas.png"
    contract = "NearestCentroidClassifier"
    shown = run("forecast", "--data", "breast-cancer", "--model", contract, "--plot", str(path), "--format", "markdown")
    assert shown.exit_code == 0
    assert "### breast cancer: NearestCentroidClassifier, prague, predicted" in shown.stdout
    assert path.is_file()


# -- plan and profile ------------------------------------------------------------------------------------------------ #


def test_a_plan_is_what_an_evm_measures(model: str) -> None:
    predicted, measured = (
        json.loads(run("plan", model, "--engine", engine, "--format", "json").stdout)
        for engine in ("predicted", "revm")
    )
    receipts = Evm("revm").deploy(SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE)).deployment
    assert predicted["transactions"] == measured["transactions"]
    assert [each["gas_used"] for each in predicted["transactions"]] == [receipt.gas_used for receipt in receipts]
    assert predicted["gas_used"] == sum(receipt.gas_used for receipt in receipts)


def test_a_plan_under_a_cap() -> None:
    shown = run("plan", "digits-presence", "--gas-cap", "5000000")
    assert shown.exit_code == 0
    *_, total = shown.stdout.splitlines()
    rows = [line.split() for line in shown.stdout.splitlines() if line.split()[:1] and line.split()[0].isdigit()]
    assert rows[0][1] == "constructor"
    assert {row[1] for row in rows[1:]} == {"extendCentroid"}
    limits = [int(row[5].replace(",", "")) for row in rows]
    assert max(limits) <= 5_000_000
    used = sum(int(row[4].replace(",", "")) for row in rows)
    assert total.split()[:1] == ["total"]
    assert total.split()[3] == f"{used:,}"
    assert float(total.split()[4]) == pytest.approx(used * 4 * 373 / 1e9, abs=0.01)


def test_a_profile_by_function(contributions: str, model: str) -> None:
    shown = run("profile", "--data", contributions, "--model", model, "--by", "function", "--row", "1")
    assert shown.exit_code == 0
    # Row 1 is right, since the model has learned row 0.
    contract = Evm("revm").place(SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE))
    contract.update([1, 3], 1)
    gas_used = contract.update([1, 3], 1).gas_used
    assert f"gas used {gas_used:,} = intrinsic 21,000" in shown.stdout
    folded = run("profile", "--data", contributions, "--model", model, "--transaction", "predict", "--format", "folded")
    assert all(line.startswith("SparsePerceptron;") for line in folded.stdout.splitlines())
    creation = json.loads(
        run(
            "profile", "--data", contributions, "--model", model, "--transaction", "constructor", "--format", "json"
        ).stdout
    )
    receipts = Evm("revm").deploy(SparsePerceptron([ONE, 0, -ONE, 0], 0, ONE)).deployment
    assert creation["gas_used"] == receipts[0].gas_used


# -- snapshots ------------------------------------------------------------------------------------------------------- #


def test_the_committed_snapshot_checks() -> None:
    shown = run("check", SNAPSHOT, "--engine", "revm")
    assert shown.exit_code == 0
    assert shown.stdout.endswith("none changed by more than 0%\n")
    assert run("diff", SNAPSHOT, "--engine", "revm").stdout.startswith("0 of ")


def test_a_check_finds_changed_missing_and_new_rows(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.json"
    assert run("snapshot", "--write", str(path), "--engine", "revm").exit_code == 0
    nested = json.loads(path.read_text(encoding="utf-8"))
    assert list(nested) == ["prague"]
    rows = nested["prague"]["DensePerceptron"]
    rows["predict"] = rows["predict"] * 100 // 102  # so that it has grown by two percent
    rows["a row of old"] = 1
    del rows["update, correct"]
    path.write_text(json.dumps(nested), encoding="utf-8")

    def names(output: str) -> list[str]:
        return [
            line.split("DensePerceptron ")[1].split("  ")[0].strip() for line in output.splitlines() if "DenseP" in line
        ]

    strict = run("check", str(path), "--engine", "revm")
    assert strict.exit_code == 1
    assert [name.split(" 1")[0] for name in names(strict.stdout)] == ["a row of old", "predict", "update, correct"]
    assert "3 of " in strict.stdout.splitlines()[-1]
    assert f"dcai gas snapshot --write {path}" in strict.stderr
    loose = run("check", str(path), "--engine", "revm", "--tolerance", "3%")
    assert loose.exit_code == 1
    assert len(names(loose.stdout)) == 2
    diff = run("diff", str(path), "--engine", "revm")
    assert diff.exit_code == 0
    assert len(names(diff.stdout)) == 3
    assert "+2.0" in diff.stdout
