"""``dcai predict`` as its user meets it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import dcai
from dcai.cli import main

#: Score: x0 + x1 - 0.5.
MODEL = dcai.DensePerceptron([10**9, 10**9], -5 * 10**17, 10**9, classifications=["no", "yes"])
ROWS = "id,x0,x1,y\na,0.5,0.25,yes\nb,0.0,0.25,yes\nc,-1.0,0.25,no\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    MODEL.to_json(tmp_path / "model.json")
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


class Shown(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Shown]


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``dcai predict`` in this process, for another one takes a second to load what it needs."""
    monkeypatch.chdir(folder)

    def run_in(*args: str) -> Shown:
        monkeypatch.setattr(sys, "argv", ["dcai", "predict", *args])
        try:
            main()
            code = 0
        except SystemExit as exit_:
            code = int(exit_.code or 0)
        return Shown(code, *capsys.readouterr())

    return run_in


def test_csv_on_standard_output(run: Run) -> None:
    shown = run("model.json", "rows.csv", "--keep", "id", "--labels", "y", "--names")
    assert shown.returncode == 0
    assert shown.stdout == '"id","predicted","predicted_name"\n"a",1,"yes"\n"b",0,"no"\n"c",0,"no"\n'
    assert shown.stderr.splitlines() == [
        "predicted 3 rows",
        "accuracy: 0.6667 (2 of 3)",
        "true \\ predicted  no  yes",
        "no                 1    0",
        "yes                1    1",
    ]


def test_a_file_and_the_accuracy_on_standard_output(folder: Path, run: Run) -> None:
    shown = run("model.json", "rows.csv", "rows.csv", "--ignore", "id", "--labels", "y", "-o", "out.npy")
    assert shown.returncode == 0
    assert shown.stdout.startswith("accuracy: 0.6667 (4 of 6)\n")
    assert shown.stderr == "predicted 6 rows, wrote out.npy\n"
    assert np.load(folder / "out.npy").tolist() == [1, 0, 0, 1, 0, 0]


def test_a_bad_row_exits_with_2(folder: Path, run: Run) -> None:
    (folder / "bad.csv").write_text("x0,x1\n0.5,0.5\n0.5,many\n0.5\n1.0,0.0\n", encoding="utf-8")
    shown = run("model.json", "bad.csv", "-o", "out.csv")
    assert (shown.returncode, shown.stdout) == (2, "")
    assert shown.stderr == "error: bad.csv, line 3, column 'x1': 'many' is not a number; expected a number\n"
    assert not (folder / "out.csv").exists()
    shown = run("model.json", "bad.csv", "--on-bad-row", "skip", "--row-numbers")
    assert shown.returncode == 0
    assert shown.stdout == '"row","predicted"\n0,1\n3,1\n'
    assert shown.stderr.splitlines() == [
        "predicted 2 rows",
        "skipped 2 of 4 rows; the first:",
        "  bad.csv, line 3, column 'x1': 'many' is not a number; expected a number",
        "  bad.csv, line 4, '0.5' has 1 value; expected 2, one per column",
    ]


def test_every_option_reaches_the_reader(folder: Path, run: Run) -> None:
    (folder / "rows.txt").write_text("9;500000000;0\n9;500000000;1\n", encoding="utf-8")
    options = ["--input-format", "csv", "--no-header", "--delimiter", ";", "--features", "f1", "--features", "f2"]
    options += ["--scale", "fixed", "--batch-rows", "1", "--output-format", "jsonl"]
    shown = run("model.json", "rows.txt", *options)
    assert shown.stdout == '{"predicted": 0}\n{"predicted": 1}\n'
    dcai.SparsePerceptron([0, 0, 10**9], 0, 10**9).to_json(folder / "sparse.json")
    (folder / "rows.svm").write_text("1 3:1\n0 2:1\n", encoding="utf-8")
    assert run("sparse.json", "rows.svm", "--first-index", "1").stdout == '"predicted"\n1\n0\n'
    assert run("sparse.json", "rows.svm", "--first-index", "0").stdout == '"predicted"\n0\n1\n'


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["model.json"], "Missing argument 'ROWS...'"),
        (["no.json", "rows.csv"], "no.json"),
        (["model.json", "no.csv"], "no.csv"),
        (["rows.csv", "rows.csv"], "rows.csv is not JSON"),
        (["model.json", "rows.csv"], "has 4 columns for features ('id', 'x0', 'x1', 'y'); the DensePerceptron takes 2"),
        (["model.json", "rows.csv", "--keep", "z"], "rows.csv has no column 'z'; it has 'id', 'x0', 'x1', 'y'"),
        (["model.json", "rows.csv", "-o", "no/out.csv"], "the folder no does not exist"),
        (["model.json", "rows.csv", "-o", "out.pdf"], "out.pdf: cannot tell the format from the file name"),
        (["model.json", "rows.csv", "--scale", "half"], "'auto', 'fixed', 'float'"),
        (["model.json", "rows.csv", "--batch-rows", "0"], "--batch-rows"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_would_be_right(args: list[str], message: str, run: Run) -> None:
    shown = run(*args)
    assert shown.returncode == 2
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_reader_who_has_seen_enough(folder: Path) -> None:
    """As ``dcai predict ... | head -1``; 70,000 rows are more than a pipe holds."""
    np.save(folder / "many.npy", np.zeros((70_000, 2)))
    command = [sys.executable, "-m", "dcai", "predict", "model.json", "many.npy", "--batch-rows", "5000", "--names"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b'"predicted","predicted_name"\n'
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_a_bar_where_stderr_is_a_terminal(folder: Path) -> None:
    control, terminal = pty.openpty()
    command = [sys.executable, "-m", "dcai", "predict", "model.json", "rows.csv", "--ignore", "id", "--ignore", "y"]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    subprocess.run([*command, "-o", "out.csv"], cwd=folder, stderr=terminal, check=True, env=env)
    os.close(terminal)
    shown = os.read(control, 1 << 16).decode()
    os.close(control)
    assert "100%" in shown
    assert "predicted 3 rows, wrote out.csv" in shown
