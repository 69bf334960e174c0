"""The command line as its user meets it: help, versions, exit codes."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import pytest

import dcai
from dcai.cli import main


def run(*args: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process, which has the imports that a new one needs seconds for."""
    out, err = io.StringIO(), io.StringIO()
    with patch.object(sys, "argv", ["dcai", *args]), redirect_stdout(out), redirect_stderr(err):
        try:
            main()
        except SystemExit as exit_:
            return subprocess.CompletedProcess(args, int(exit_.code or 0), out.getvalue(), err.getvalue())
    return subprocess.CompletedProcess(args, 0, out.getvalue(), err.getvalue())


def run_process(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "dcai", *args], capture_output=True, text=True, check=False)


def test_help_names_every_command() -> None:
    shown = run("--help")
    assert shown.returncode == 0
    for command in ("demo", "data", "gas", "predict", "fetch", "follow", "verify"):
        assert command in shown.stdout


def test_version() -> None:
    assert dcai.__version__ in run_process("--version").stdout


@pytest.mark.parametrize(
    "command",
    [
        *(["demo"], ["data"], ["data", "fetch"], ["verify"], ["verify", "replay"], ["gas"], ["predict"], ["follow"]),
        *(["deploy"], ["contribute"], ["refund"], ["report"], ["market"], ["market", "step"]),
    ],
)
def test_each_command_has_help(command: list[str]) -> None:
    shown = run(*command, "--help")
    assert shown.returncode == 0
    assert "Usage" in shown.stdout


@pytest.mark.parametrize(
    "command",
    [["deploy"], ["contribute"], ["refund"], ["report"], ["market"], ["market", "deploy"], ["market", "commit"]],
)
def test_each_command_that_moves_money_says_that_nobody_audited_the_contracts(command: list[str]) -> None:
    assert "not audited: use test networks only" in run(*command, "--help").stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["nonsense"], "nonsense"),
        (["demo", "--contributions", "0"], "--contributions"),
        (["demo", "--only", "nothing of this name"], "breast cancer: DensePerceptron"),
        (["demo", "--engine", "geth", "--only", "breast"], "py-evm"),
        (["demo", "--fork", "homestead", "--only", "breast"], "prague"),
        (["demo", "--case-dir", "/no/such/folder"], "/no/such/folder"),
        (["verify", "replay", "/no/such/file.json"], "/no/such/file.json"),
        (["gas", "plan", "/no/such/file"], "neither a file nor one of breast-cancer"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_would_be_right(args: list[str], message: str) -> None:
    shown = run(*args)
    assert shown.returncode == 2
    assert message in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_process_has_the_exit_code() -> None:
    shown = run_process("nonsense")
    assert shown.returncode == 2
    assert "nonsense" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_help_is_cheap() -> None:
    code = (
        "import sys; sys.argv = ['dcai', '--help']\nfrom dcai.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    )
    heavy = "print([m for m in ('eth', 'sklearn', 'scipy', 'requests', 'rich') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


def test_a_missing_extra_is_named_with_the_command() -> None:
    code = "import sys; sys.modules['eth_abi'] = None; sys.argv = ['dcai', 'demo']\nfrom dcai.cli import main\nmain()"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert shown.returncode == 3
    assert "dcai demo needs an optional dependency: pip install 'dcai[demo]'" in shown.stderr
