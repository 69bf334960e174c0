"""``dcai simulate points``: simulate points and badges instead of money."""

from __future__ import annotations

from typing import Any

import click

from dcai.cli.simulate.options import mechanism_options, run_options
from dcai.cli.simulate.running import carry_out
from dcai.simulation import setup as presets

__all__ = ["points"]


@click.command()
@run_options
@mechanism_options
def points(**options: Any) -> None:
    """Simulate points and badges: the contributors of self-assessment, without deposits."""
    carry_out(presets.points, **options)
