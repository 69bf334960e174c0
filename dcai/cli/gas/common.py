"""What the subcommands share: options, progress, and where output goes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from dcai.cli._shared.values import NEW_FILE
from dcai.data import CATALOGUE
from dcai.errors import InputError
from dcai.files import write_whole
from dcai.gas.measuring.stream import Stream, of_file, of_model, of_scenario
from dcai.models import MODELS, Classifier, from_json
from dcai.scenarios import SCENARIOS, scenario_of

if TYPE_CHECKING:
    from dcai.report.tables import Tables

__all__ = [
    "DATA",
    "DATA_NAMES",
    "FILE",
    "MODEL",
    "PICTURE",
    "check_picture",
    "emit",
    "stream_of",
]

#: The data of which there are scenarios.
DATA_NAMES = tuple(dict.fromkeys(scenario.data for scenario in SCENARIOS))


FILE = NEW_FILE
DATA = click.option(
    "--data",
    required=True,
    metavar="NAME|FILE",
    help=f"{', '.join(CATALOGUE)}; or a file with a contribution on each line: "
    '{"data": [1, 5], "label": 0}, dense data scaled by 10^9.',
)
MODEL = click.option(
    "--model",
    metavar="FILE|CONTRACT",
    help="A model as JSON, which all training samples reach; or the name of a contract whose model is fitted on the "
    "first samples, as in the demo, which the others reach. By default the first scenario of the demo with these data.",
)
PICTURE = click.option("--plot", type=FILE, metavar="FILE.png|.svg", help="Draw the figures as well, into this file.")


def stream_of(data: str, model: str | None) -> Stream:
    """Return the model and the contributions that ``--data`` and ``--model`` name."""
    given = None if model is None else _model_or_contract(model)
    if data in CATALOGUE:
        return of_model(data, given) if isinstance(given, Classifier) else of_scenario(scenario_of(data, given))
    path = Path(data)
    if not path.is_file():
        raise InputError(f"--data {data!r} is neither a file nor one of {', '.join(CATALOGUE)}")
    if not isinstance(given, Classifier):
        raise InputError("contributions in a file need the model that they reach: --model with a JSON file")
    return of_file(path, given)


def _model_or_contract(text: str) -> Classifier | type[Classifier]:
    """Return the model in a JSON file, or the class that a contract's name stands for."""
    if text in MODELS:
        return MODELS[text]
    if not Path(text).is_file():
        raise InputError(f"--model {text!r} is neither a file nor one of {', '.join(MODELS)}")
    return from_json(text)


def check_picture(path: Path | None) -> None:
    """Refuse a picture that could not be drawn before anything is computed."""
    if path is not None:
        from dcai.gas.reports import plot  # noqa: PLC0415  # matplotlib is slow to load, and optional

        plot.check(path)


def emit(text: str | Tables, output: Path | None) -> None:
    """Print, or write a file, whole or not at all."""
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
