"""What a run leaves behind: its record, from which it goes on, plots, and what the command prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from itertools import islice
from pathlib import Path

import pytest
from click.testing import CliRunner

from dcai.cli.simulate import simulate
from dcai.errors import DataError, InputError
from dcai.simulation import agents_from_text, agents_from_toml, points, run, runner, self_assessment
from dcai.simulation.reports.plot import check, plot


def setup(seed: int = 0, contributions: int = 60):  # type: ignore[no-untyped-def]
    return self_assessment("digits-parity", num_contributions=contributions, seed=seed)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "run.jsonl"
    for _ in run(setup(), output=path):
        pass
    return path


# -- the record -- #


def test_the_record_has_every_event(whole: Path) -> None:
    header, *steps, end = map(json.loads, whole.read_text().splitlines())
    assert header["setup"]["data"] == "digits-parity"
    assert end == {"end": True}
    added = [step for step in steps if step["do"] == "addData" and "error" not in step]
    assert [step["sample"] for step in added] == list(range(60))
    assert all(isinstance(wei_, int) for step in steps for wei_ in step["balances"].values())
    assert any(step["do"] == "accuracy" for step in steps)


@pytest.mark.parametrize("cut", [0, 10, 700, -200, -1])
def test_a_run_that_was_cut_off_anywhere_goes_on_to_the_same_file(whole: Path, tmp_path: Path, cut: int) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(whole.read_bytes()[:cut])
    *_, result = run(setup(), output=path)
    assert result.complete
    assert path.read_bytes() == whole.read_bytes()


def test_a_complete_record_is_read_and_not_run(whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    *_, computed = run(setup())
    monkeypatch.setattr(runner, "simulate", None)
    *_, result = run(setup(), output=whole)
    assert result.complete
    for field in ("agents", "accuracy", "findings", "events"):
        assert result.as_json()[field] == computed.as_json()[field]


def test_an_altered_record_is_refused_and_left_alone(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    lines = whole.read_bytes().splitlines(keepends=True)
    lines[5] = lines[5].replace(b'"amount":', b'"amount":1')
    altered = b"".join(lines[:20])
    path.write_bytes(altered)
    with pytest.raises(DataError, match="line 6"):
        list(run(setup(), output=path))
    assert path.read_bytes() == altered


def test_a_record_of_another_run_is_refused_in_words(whole: Path, tmp_path: Path) -> None:
    before = whole.read_bytes()
    with pytest.raises(InputError, match="seed is 0 in one and 1 in the other"):
        list(run(setup(seed=1), output=whole))
    other = tmp_path / "notes.txt"
    other.write_text("shopping list\n")
    with pytest.raises(InputError, match="not a record of a simulation"):
        list(run(setup(), output=other))
    assert (whole.read_bytes(), other.read_text()) == (before, "shopping list\n")


def test_a_run_on_an_evm_goes_on_from_the_state_that_it_saved(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "_CHECKPOINT_EVERY", 50)
    path = tmp_path / "run.jsonl"
    interrupted = run(setup(), output=path, engine="revm")
    compared = [result.num_compared for result in islice(interrupted, 130)][-1]
    interrupted.close()  # type: ignore[attr-defined]
    checkpoint = tmp_path / "run.jsonl.checkpoint"
    assert json.loads(checkpoint.read_text())["steps"] == 100
    resumed = run(setup(), output=path, engine="revm")
    early = [result.num_compared for result in islice(resumed, 90)]
    assert early[-1] == 0, "the calls before the checkpoint are not made again"
    *_, result = resumed
    assert result.num_compared > compared
    assert path.read_bytes() == whole.read_bytes()
    assert not checkpoint.exists()


def test_a_killed_process_goes_on(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    command = [sys.executable, "-m", "dcai", "simulate", "self-assessment", "--data", "digits-parity"]
    command += ["--contributions", "60", "--output", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not path.exists():
            time.sleep(0.005)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert path.exists()
    for _ in run(setup(), output=path):
        pass
    assert path.read_bytes() == whole.read_bytes()


# -- plots -- #


@pytest.mark.parametrize("mechanism", [self_assessment, points])
def test_plots(mechanism, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    *_, result = run(mechanism("digits-parity", num_contributions=40))
    for suffix in ("png", "svg", "html"):
        plot(result, tmp_path / f"plot.{suffix}")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert ET.parse(tmp_path / "plot.svg").getroot().tag.endswith("svg")
    page = (tmp_path / "plot.html").read_text()
    for outside in ("http:", "https:", "src=", "@import", "url("):
        assert outside not in page.replace("http://www.w3.org/2000/svg", "")
    data = json.loads(page.split('type="application/json">')[1].split("</script>")[0].replace("<\\/", "</"))
    assert [curve["name"].split(":")[0] for curve in data["curves"][1:]] == ["honest", "malicious"]
    assert data["summary"]["contributions"] == 40
    assert data["curves"][1]["values"][-1] == pytest.approx(
        result.agents["honest"].points
        if mechanism is points
        else 100 * result.agents["honest"].balance / (10_000 * 10**15),
        abs=1e-3,
    )


def test_a_name_cannot_break_out_of_the_page(tmp_path: Path) -> None:
    agents = agents_from_text(["name=</script><b>,start_balance=10 ether,mean_deposit=50 finney"])
    *_, result = run(self_assessment("digits-parity", num_contributions=5, agents=agents))
    plot(result, tmp_path / "plot.html")
    assert "</script><b>" not in (tmp_path / "plot.html").read_text()


def test_a_plot_of_another_kind_is_refused() -> None:
    with pytest.raises(InputError, match=r"\.png, \.svg, \.html"):
        check(Path("plot.gif"))


# -- agents -- #


def test_agents_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "agents.toml"
    path.write_text('[[agent]]\nname = "ann"\nstart_balance = "5 ether"\n[[agent]]\nname = "bob"\ngood = false\n')
    ann, bob = agents_from_toml(path)
    assert (ann.start_balance, ann.good, bob.good) == (5 * 10**18, True, False)
    assert ann.address != bob.address
    assert agents_from_text(["name=0x7373e84Cc0b80e4823fd25E48FC87DBc2448d43C"])[0].address.startswith("0x7373e8")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["start_balance=1"], "needs a name"),
        (["name=ann,colour=red"], "has no colour"),
        (["name=ann,good=perhaps"], "true or false"),
        (["name=ann,prob_mistake=2"], "from 0 to 1"),
        (["name=ann,mean_wait_s=0"], "time must pass"),
        (["name=ann", "name=ann"], "two agents"),
        (["ann"], "NAME=VALUE"),
        ([], "at least one"),
    ],
)
def test_agents_that_are_none(texts: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        agents_from_text(texts)


# -- the command -- #


def test_the_command_prints_json() -> None:
    command = ["points", "--data", "digits-parity", "--contributions", "30", "--seed", "3", "--json"]
    printed = json.loads(CliRunner().invoke(simulate, command, catch_exceptions=False).stdout)
    assert (printed["mechanism"], printed["contributions"], printed["seed"]) == ("points", 30, 3)


def test_the_command_takes_agents_and_waits() -> None:
    command = ["self-assessment", "--data", "digits-parity", "--contributions", "20", "--engine", "revm"]
    command += ["--agent", "name=ann,start_balance=1 ether,mean_deposit=1 gwei,stdev_deposit=0"]
    command += ["--refund-wait", "1 min", "--any-wait", "1 h", "--cost-weight", "1000"]
    result = CliRunner().invoke(simulate, command, catch_exceptions=False)
    assert "0 mismatches" in result.stdout
    assert "ann" in result.stdout
    assert CliRunner().invoke(simulate, [*command, "--cost-weight", "cheap"]).exit_code == 2
