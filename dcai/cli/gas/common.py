"""Options, progress bars and output that the subcommands share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from dcai.cli._shared.values import NEW_FILE, add_options
from dcai.data import CATALOGUE
from dcai.errors import InputError
from dcai.files import write_whole
from dcai.gas.measuring.stream import Stream, of_file, of_model, of_scenario
from dcai.models import MODELS, Classifier, from_json
from dcai.report.tables import Tables, csv_text, json_text
from dcai.scenarios import SCENARIOS, scenario_of

__all__ = [
    "DATA",
    "DATA_NAMES",
    "FILE",
    "MODEL",
    "PICTURE",
    "check_picture",
    "emit",
    "form_options",
    "rendered",
    "stream_of",
]

F = TypeVar("F", bound=Callable[..., Any])

#: Data sets with a scenario.
DATA_NAMES = tuple(dict.fromkeys(scenario.data for scenario in SCENARIOS))


FILE = NEW_FILE
DATA = click.option(
    "--data",
    required=True,
    metavar="NAME|FILE",
    help=f'Data set ({", ".join(CATALOGUE)}), or a file with one contribution a line: {{"data": '
    '[1, 5], "label": 0}. A file needs --model with a JSON file. Features of dense models are integers, already '
    "multiplied by 10^9.",
)
MODEL = click.option(
    "--model",
    metavar="FILE|CONTRACT",
    help="JSON file of a model that learns all training samples, or a contract name. By name, the "
    "model is fitted on the first samples, as in the demo, and learns the others.  [default: "
    "the demo's first contract for these data]",
)
PICTURE = click.option("--plot", type=FILE, metavar="FILE.png|.svg", help="Also draw the figures into this file.")


def stream_of(data: str, model: str | None) -> Stream:
    """Return the model and the contributions named by ``--data`` and ``--model``."""
    given = None if model is None else _model_or_contract(model)
    if data in CATALOGUE:
        return of_model(data, given) if isinstance(given, Classifier) else of_scenario(scenario_of(data, given))
    path = Path(data)
    if not path.is_file():
        raise InputError(f"--data {data} is neither a file nor one of {', '.join(CATALOGUE)}")
    if not isinstance(given, Classifier):
        raise InputError(
            "--data with a file needs --model with the JSON file of the model that learns the contributions"
        )
    return of_file(path, given)


def _model_or_contract(text: str) -> Classifier | type[Classifier]:
    """Return the model in a JSON file, or the class of a contract name."""
    if text in MODELS:
        return MODELS[text]
    if not Path(text).is_file():
        raise InputError(f"--model {text} is neither a file nor one of {', '.join(MODELS)}")
    return from_json(text)


def check_picture(path: Path | None) -> None:
    """Refuse a picture that cannot be drawn, before any work."""
    if path is not None:
        from dcai.gas.reports import plot  # noqa: PLC0415  # matplotlib is slow to load, and optional

        plot.check(path)


def form_options(*forms: str) -> Callable[[F], F]:
    """Add ``--format``, one of the forms, and ``--output``."""
    return add_options(
        click.option("--format", "form", type=click.Choice(forms), default="text", help="Format of the output."),
        click.option("--output", type=FILE, help="Write to this file, complete or not at all.  [default: print]"),
    )


def rendered(form: str, report: Tables, fields: Any, rows: Sequence[Mapping[str, Any]] = ()) -> str | Tables:
    """Return a report in a form: as JSON its fields, as CSV its rows, else its tables."""
    if form == "json":
        return json_text(fields)
    if form == "csv":
        return csv_text(rows)
    return report.as_markdown() if form == "markdown" else report


def emit(text: str | Tables, output: Path | None) -> None:
    """Print a text or tables, or write them to a file, complete or not at all."""
    console = Console()
    if output is None and console.is_terminal and not isinstance(text, str):
        text.print(console)
        return
    plain = text if isinstance(text, str) else text.as_text()
    if output is None:
        click.echo(plain, nl=False)
    else:
        write_whole(output, plain)
        click.echo(f"wrote {output}", err=True)
