"""Types of option values, and helpers to share options."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from dcai import units
from dcai.errors import InputError

__all__ = ["DURATION", "NEW_FILE", "OLD_FILE", "SECONDS", "TIME", "WEI", "add_options", "timeout_option"]

F = TypeVar("F", bound="Callable[..., Any]")


class _Quantity(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """An amount or a duration, parsed by `dcai.units`."""

    def __init__(self, name: str, read: Callable[[Any, str], float]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return self._read(value, param.opts[0] if param is not None else self.name)
        except InputError as error:
            self.fail(str(error), param, ctx)


class _NewFile(click.Path):
    """A file to write, refused before any work if its folder does not exist."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"{path} cannot be written: the folder {path.parent} does not exist", param, ctx)
        return path


NEW_FILE = _NewFile()
OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DURATION = _Quantity("duration", units.duration_s)
WEI = _Quantity("amount", units.wei)
#: A duration, possibly a fraction of a second.
TIME = _Quantity("duration", units.seconds)
#: A positive duration, possibly a fraction of a second.
SECONDS = _Quantity("duration", partial(units.seconds, positive=True))


def add_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Add options to a command; its help shows them in this order."""

    def decorate(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def timeout_option(default: float, of: str) -> Callable[[F], F]:
    """Add ``--timeout``, as ``timeout_s``."""
    return click.option(
        "--timeout",
        "timeout_s",
        type=SECONDS,
        default=default,
        help=f"Timeout of a request to {of}, in seconds or with a unit, such as 90s or 5m.",
    )
