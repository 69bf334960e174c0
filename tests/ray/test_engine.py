"""A Ray of two cores on this machine, in a process of its own: it starts, predicts, fails as it should and ends.

In a process of its own because Ray reads its settings from the environment when it is imported, and keeps threads.
"""

import json
import os
import pickle
import secrets
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

from dcai.errors import DataError, InputError, InputTypeError, MissingExtraError, NotEqual, Revert
from dcai.ray.engine import as_raised_in_worker

SCRIPT = Path(__file__).parent.parent.joinpath("support", "ray_cluster.py")


@pytest.fixture(scope="module")
def seen() -> Any:
    """What the script saw."""
    # Short, for the paths of Ray's sockets; without what Ray would leave in the user's folder or send to its makers.
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        environment = os.environ | {
            "HOME": folder,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # one machine: every server listens on loopback alone
            "RAY_USAGE_STATS_ENABLED": "0",
        }
        command = [sys.executable, str(SCRIPT), folder]
        # A session of its own, so that what it started can be ended, and nothing else, should it hang.
        with subprocess.Popen(
            command, env=environment, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True
        ) as process:
            try:
                output, complaints = process.communicate(timeout=240)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
    assert process.returncode == 0, complaints
    return json.loads(output.splitlines()[-1])


@pytest.mark.long
def test_tasks_and_simulations_run_on_the_workers(seen: Any) -> None:
    assert seen["tasks"] == {"squares": [0, 1, 4, 9, 16], "seeds": [0, 1], "contributions": [5, 5]}


def test_the_labels_are_those_of_the_model_here(seen: Any) -> None:
    for kind in ("sparse", "dense"):
        assert seen[kind]["there"] == seen[kind]["here"]
        assert len(set(seen[kind]["here"])) == 2


@pytest.mark.parametrize(
    ("case", "kind", "texts"),
    [
        (
            "negative index",
            "Revert",
            ["row 3: NegativeIndex(1, -4)", "within the block", "Row 3 of the block holds [3, -4]"],
        ),
        ("missing row", "InputError", ["row 2 of column 'features' is missing", "within the block"]),
    ],
)
def test_an_error_of_a_worker_is_an_error_of_dcai(seen: Any, case: str, kind: str, texts: list[str]) -> None:
    error = seen["errors"][case]
    assert error["kind"] == kind
    for text in texts:
        assert text in error["text"]
    if kind == "Revert":
        assert (error["name"], error["args"], error["row"]) == ("NegativeIndex", [1, -4], 3)


@pytest.mark.parametrize(
    "error",
    [
        Revert("NegativeIndex", (1, -4), row=3),
        InputError("row 3"),
        InputTypeError("row 3"),
        DataError("x"),
        MissingExtraError("x", "ray"),
        NotEqual(1, "label", 0, 1),
    ],
)
def test_every_error_travels_whole(error: Any) -> None:
    raised: Any = as_raised_in_worker(error)
    raised.args = ("advice of Ray",)
    for there in (raised, pickle.loads(pickle.dumps(raised))):
        assert isinstance(there, type(error))
        assert (there.args, str(there)) == (error.args, str(error))
        assert getattr(there, "row", None) == getattr(error, "row", None)
