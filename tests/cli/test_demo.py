"""``dcai demo``: what it prints, as tables and as JSON, and what it does about a mismatch or Ctrl-C."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dcai import DensePerceptron, demo
from dcai.cli.demo import demo as command
from dcai.cli.verify.replay import replay

SMALL = ["--only", "breast cancer: Dense", "--contributions", "3"]


def run(*args: str) -> Result:
    return CliRunner().invoke(command, list(args))


def test_tables_and_verdict() -> None:
    shown = run(*SMALL)
    assert shown.exit_code == 0, shown.output
    assert "breast cancer" in shown.stdout
    assert "4 gwei and 373 USD/ETH" in shown.stdout
    # 3 contributions of 2 steps, and a round of 3 refused calls.
    assert shown.stdout.splitlines()[-1] == (
        "contract on revm (prague) and kernel: 9 steps compared (3 refused by both), 0 mismatches"
    )


def test_json_has_the_same_figures() -> None:
    shown = run(*SMALL, "--json", "--gas-price-gwei", "10", "--eth-usd", "2000")
    assert shown.exit_code == 0
    report = json.loads(shown.stdout)
    assert (report["steps"], report["mismatches"], report["complete"]) == (9, 0, True)
    (scenario,) = report["scenarios"]
    assert scenario["contract"] == "DensePerceptron"
    assert scenario["contributions"] == 3
    gas = scenario["deploy"]["gas_used"]
    assert gas > 1_000_000
    assert scenario["deploy"]["usd"] == pytest.approx(gas * 10 * 2000 / 1e9)
    updates = [scenario[kind] for kind in ("update_mistake", "update_correct") if scenario[kind]]
    assert sum(update["count"] for update in updates) == 3
    assert all(21_000 < update["gas_used_min"] <= update["gas_used_max"] < 200_000 for update in updates)
    assert scenario["predictions_per_second"] > 0
    assert 0.5 < scenario["accuracy_before"] <= 1


def test_a_mismatch_exits_with_1_and_writes_a_case_that_replays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = DensePerceptron.update

    def forgetful(self: DensePerceptron, data: Any, label: Any) -> Any:
        """Forget what single samples teach, from the second weight change on."""
        before = self.copy()
        changed = right(self, data, label)
        if changed is True:
            self._kernel = before._kernel
        return changed

    monkeypatch.setattr(DensePerceptron, "update", forgetful)
    shown = run("--only", "breast cancer: Dense", "--contributions", "40", "--case-dir", str(tmp_path))
    assert shown.exit_code == 1
    assert "1 mismatches" in shown.stdout.splitlines()[-1]
    assert "weights[0] differs" in shown.stderr
    (case,) = tmp_path.iterdir()
    assert f"dcai verify replay {case}" in shown.stderr
    again = CliRunner().invoke(replay, [str(case)])
    assert again.exit_code == 1
    assert "still differs" in again.output
    monkeypatch.undo()
    mended = CliRunner().invoke(replay, [str(case)])
    assert mended.exit_code == 0
    assert mended.output.endswith("0 mismatches\n")


def test_ctrl_c_leaves_the_truth_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    complete = demo.run_scenario

    def interrupted(*args: Any, **kwargs: Any) -> Iterator[demo.DemoResult]:
        for result in complete(*args, **kwargs):
            yield result
            if result.contributions == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr("dcai.cli.demo.run_scenario", interrupted)
    shown = run(*SMALL)
    assert shown.exit_code == 1  # click's own code for an abort; the command line makes it 130
    assert shown.stdout.splitlines()[-1] == (
        "interrupted, partial: contract on revm (prague) and kernel: 7 steps compared (3 refused by both), 0 mismatches"
    )
    report = json.loads(run(*SMALL, "--json").stdout)
    assert report["complete"] is False
    assert report["scenarios"][0]["accuracy_after"] is None
