"""``dcai verify statetest``: state tests under the executable specification of Ethereum."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import click

from dcai.verify.state_tests.specs import run_file

__all__ = ["statetest"]


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def statetest(files: tuple[Path, ...]) -> None:
    """Run the state tests in FILES under the executable specification of Ethereum, which shares no code with dcai.

    Other clients have runners of their own for them: `ethereum-spec-evm statetest`, `evm statetest`, `revme
    statetest`.

    Exits with 1 where a test fails.
    """
    passed: Counter[str] = Counter()
    failed = 0
    for path in files:
        for result in run_file(path):
            if result.passed:
                passed[result.fork] += 1
                continue
            failed += 1
            click.echo(f"{path}: {result.name} ({result.fork}): {'; '.join(result.failures)}")
    for fork, count in passed.items():
        click.echo(f"{fork}: {count} passed")
    if failed:
        click.echo(f"{failed} failed")
        sys.exit(1)
