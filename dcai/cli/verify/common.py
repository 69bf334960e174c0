"""Options, reports and exit codes that the subcommands share."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from dcai.cli._shared.values import NEW_FILE, TIME, add_options
from dcai.verify.report import Report, installed_versions

__all__ = [
    "CASE_DIR",
    "SEED",
    "TIME_BUDGET",
    "emit",
    "finish",
    "report_option",
    "report_options",
    "reporting",
    "this_command",
]

#: Options that a report names even at their defaults, since another version may have other defaults.
_ALWAYS = ("engine", "fork", "cases", "steps", "seed")

TIME_BUDGET = click.option(
    "--time-budget",
    type=TIME,
    metavar="TIME",
    help="Maximum run time, in seconds or with a unit, such as 90, 15m or 2h. An incomplete "
    "report is marked partial, and the exit code is 3.  [default: no limit]",
)
SEED = click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    help="Random seed. The report names it; the same seed repeats the run.",
)
CASE_DIR = click.option(
    "--case-dir",
    type=click.Path(file_okay=False, exists=True, writable=True, path_type=Path),
    default=".",
    help="Folder for the case file of a difference.",
)


report_option = click.option(
    "--report",
    "reports",
    type=NEW_FILE,
    multiple=True,
    metavar="FILE",
    help="Write a report to FILE: HTML for .html, JSON for .json, else text. Repeatable.",
)
"""Add ``--report`` alone, for a command that prints in a form of its own and ends with `finish`."""

report_options = add_options(
    click.option("--json", "json_", is_flag=True, help="Print the report as JSON instead of text."), report_option
)
"""Add ``--json`` and ``--report``, which `emit` takes."""


def emit(report: Report, *, json_: bool, reports: tuple[Path, ...]) -> None:
    """Print a report, write it to the files of ``--report``, and exit with the code of its verdict."""
    click.echo(report.as_json() if json_ else report.as_text(), nl=False)
    finish(report, reports)


def finish(report: Report, reports: tuple[Path, ...]) -> None:
    """Write a report to the files of ``--report``, and exit with the code of its verdict."""
    for path in reports:
        report.save(path)
        click.echo(f"wrote {path}", err=True)
    if report.exit_code:
        sys.exit(report.exit_code)


@contextmanager
def reporting(title: str, command: str, *distributions: str, engine: str | None = None) -> Iterator[Report]:
    """Yield the report of a command to fill, and time it; Ctrl-C marks it as partial."""
    versions = installed_versions(*distributions) | ({} if engine is None else {"engine": engine})
    report = Report(title, this_command("verify", command), versions=versions, partial="interrupted")
    began = time.monotonic()
    try:
        yield report
        report.partial = None
    except KeyboardInterrupt:
        pass  # report the work so far
    report.seconds = time.monotonic() - began


def this_command(*path: str) -> list[str]:
    """Return the command line that repeats the current command, with the defaults that may change."""
    context = click.get_current_context()
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        values = value if isinstance(value, tuple) else () if value is None or value is False else (value,)
        if isinstance(parameter, click.Argument):
            words += map(str, values)
        elif name in _ALWAYS or context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            option = parameter.opts[0]
            for one in values:
                words += [option] if one is True else [option, _shown(one)]
    return ["dcai", *path, *words]


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
