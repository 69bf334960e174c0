"""``dcai verify replay``: replay a difference between contract and kernel."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from dcai.cli._shared.values import OLD_FILE
from dcai.errors import NotEqual
from dcai.verify import Case

__all__ = ["replay"]


@click.command()
@click.argument("case", type=OLD_FILE)
def replay(case: Path) -> None:
    """Replay CASE, the file of a difference that a run found.

    Exits with code 1 if contract and kernel still differ.
    """
    found = Case.load(case)
    name = found.model.spec.contract
    click.echo(f"{name} on {found.engine} ({found.fork}), {len(found.steps)} steps; found: {found.difference}")
    if not found.same_code:
        click.echo("the installed contract differs from the one in which the difference was found", err=True)
    try:
        found.replay()
    except NotEqual as difference:
        click.echo(f"still differs: {difference}")
        sys.exit(1)
    click.echo(f"{len(found.steps)} steps compared, 0 mismatches")
