"""``dcai verify export``: write sequences of calls as Ethereum state tests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

import click

from dcai.cli._shared.options import engine_option
from dcai.models import MODELS, Classifier
from dcai.tabular import load_model
from dcai.verify import Case, Step
from dcai.verify.state_tests import export as export_tests
from dcai.verify.state_tests import is_case, random_model, random_steps, write_tests

__all__ = ["export"]


@click.command()
@click.argument("source")
@click.option(
    "--format", "format_", type=click.Choice(["state-test"]), default="state-test", help="Format of the exported tests."
)
@click.option("--fork", "forks", default="prague,osaka", help="Forks, separated by commas.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the file; it is created if missing.",
)
@click.option("--steps", "count", type=click.IntRange(min=1), default=50, help="Number of steps of a random sequence.")
@click.option("--seed", type=int, default=0, help="Random seed of a random sequence.")
@engine_option
def export(source: str, format_: str, forks: str, output: Path, count: int, seed: int, engine: str) -> None:
    """Write steps of contract and kernel as Ethereum state tests, in the JSON format of execution-spec-tests.

    SOURCE is a case file, whose steps are written. Or it is a model's JSON or a snapshot, from which a random sequence
    starts. Or it is the name of a contract, for a random model. Each step is one test: the state before it, one signed
    transaction, and the state root after it for each fork. The state root covers storage, gas, and the returned label
    or error.

    Exits with code 1 and writes nothing if contract and kernel differ.
    """
    name, model, steps = _sequence(source, count, seed)
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{name}.json"
    tests = export_tests(model, steps, forks=[fork.strip() for fork in forks.split(",")], engine=engine)
    written = write_tests(path, name, tests, {"source": Path(source).name, "seed": seed, "engine": engine})
    click.echo(f"{written} state tests of {type(model).__name__} for {forks}: {path}")


def _sequence(source: str, count: int, seed: int) -> tuple[str, Classifier, Iterable[Step]]:
    """Return the name of a sequence, the model before it, and its steps."""
    # Seeded with text, whose hash is the same in each run.
    rng = Random(f"{seed}")
    if source in MODELS:
        model = random_model(source, rng)
        return f"{source}-{seed}", model, random_steps(model, rng, count)
    path = Path(source)
    if not path.is_file():
        raise click.BadParameter(f"{source} is neither a file nor one of {', '.join(MODELS)}", param_hint="SOURCE")
    if is_case(path):
        case = Case.load(path)
        return path.stem, case.model, case.steps
    model = load_model(path)
    return f"{path.name.split('.')[0]}-{seed}", model, random_steps(model, rng, count)
