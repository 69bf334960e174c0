"""File of a run: a header, then one JSON object per line and event, from which an interrupted run resumes.

A run is decided by its setup, so going on means to run it again, natively, from the start: each line that is there must
be the one that comes out, and those after it are appended. What was cut off in the middle of a line is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from dcai import strict_json
from dcai.errors import DataError, InputError, Revert
from dcai.simulation.run import SimulationStep
from dcai.simulation.setup import Setup

__all__ = ["FORMAT", "RunRecord", "read_steps"]

FORMAT = "dcai simulation 1"
_END = {"end": True}
#: Lines that a crash of the machine may cost; one of the program costs none that was flushed.
_FLUSH_EVERY = 100


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def _step_line(step: SimulationStep) -> bytes:
    fields: dict[str, Any] = {"t": step.time_s, "do": step.action}
    if step.agent:
        fields |= {"by": step.agent, "sample": step.sample}
    fields["amount"] = step.amount
    if step.error is not None:
        arguments = [arg.hex() if isinstance(arg, bytes) else arg for arg in step.error.args]
        fields["error"] = [step.error.name, arguments]
    return _line({**fields, "balances": step.balances, "points": step.points})


def _step(fields: dict[str, Any]) -> SimulationStep:
    error = Revert(fields["error"][0], fields["error"][1]) if "error" in fields else None
    return SimulationStep(
        fields["t"],
        fields["do"],
        fields.get("by", ""),
        fields.get("sample", -1),
        fields["amount"],
        error,
        fields["balances"],
        fields["points"],
    )


class RunRecord:
    """A file that grows with a run, and is compared with the steps of an earlier run.

    Parameters
    ----------
    path : Path
        The file; made unless it is there.
    setup : Setup
        Setup of the run.

    Attributes
    ----------
    num_recorded : int
        Steps that the file had.
    complete : bool
        Whether it had them all.

    Raises
    ------
    InputError
        The file is of another run, or is none of a run.
    OSError
        The file cannot be read or written.
    """

    def __init__(self, path: Path, setup: Setup) -> None:
        self.path = path
        header = _line({"format": FORMAT, "setup": setup.as_json()})
        old = path.read_bytes() if path.exists() else b""
        lines = old[: old.rfind(b"\n") + 1].splitlines(keepends=True)
        if lines and lines[0] != header:
            raise InputError(
                f"{path} is of another run: {_setup_of(path, lines[0]).difference(setup) or 'an older version'}; "
                "name another file, or remove it"
            )
        if old and not lines and not header.startswith(old):
            raise InputError(f"{path} is not a record of a simulation; choose another file (--output)")
        self.complete = len(lines) > 1 and lines[-1] == _line(_END)
        self._expected = lines[1 : -1 if self.complete else None]
        self.num_recorded = len(self._expected)
        self._num_steps = 0
        self._file: BinaryIO | None = None
        self._header = header
        self._end_of_old = sum(map(len, lines))

    def __enter__(self) -> Self:
        self._file = self.path.open("r+b" if self.path.exists() else "xb")
        self._file.truncate(self._end_of_old)
        self._file.seek(self._end_of_old)
        if not self._end_of_old:
            self._file.write(self._header)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, step: SimulationStep) -> None:
        """Write a step, or compare it with the recorded one.

        Raises
        ------
        DataError
            Another one is there: the file was altered, or another version wrote it.
        """
        line, n = _step_line(step), self._num_steps
        self._num_steps += 1
        if n < self.num_recorded:
            if self._expected[n] != line:
                raise DataError(
                    f"{self.path}, line {n + 2}: it is not what this run gives; the file was altered, or written by "
                    "another version of dcai. Remove it, or name another file"
                )
        elif self._file is not None:
            self._file.write(line)
            if n % _FLUSH_EVERY == 0:
                self._file.flush()

    def flush(self) -> None:
        """Write all added steps."""
        if self._file is not None:
            self._file.flush()

    def end(self) -> None:
        """Mark the run as complete."""
        if self._file is not None and not self.complete:
            self._file.write(_line(_END))


def read_steps(path: Path) -> Iterator[SimulationStep]:
    """Read the steps of a file.

    Raises
    ------
    DataError
        A line is none that a run writes.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1:
                continue
            try:
                fields = strict_json.loads(line.decode())
                if fields == _END:
                    return
                yield _step(fields)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise DataError(f"{path}, line {number}: not a step of a simulation ({error})") from error


def _setup_of(path: Path, header: bytes) -> Setup:
    try:
        fields = strict_json.loads(header.decode())
        if fields["format"] != FORMAT:
            raise InputError(f"{path} is of the format {fields['format']}, this is {FORMAT}")
        return Setup.from_json(fields["setup"])
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} is not a record of a simulation; choose another file (--output)") from error
