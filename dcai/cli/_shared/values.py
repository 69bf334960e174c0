"""Types of the values of options, and several options at once."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from dcai import units
from dcai.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DURATION", "NEW_FILE", "OLD_FILE", "SECONDS", "TIME", "WEI", "add_options", "timeout_option"]

F = TypeVar("F", bound="Callable[..., Any]")


class _Quantity(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2 only
    """An amount or a duration, as `dcai.units` reads it."""

    def __init__(self, name: str, read: Callable[[Any, str], float]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return self._read(value, param.opts[0] if param is not None else self.name)
        except InputError as error:
            self.fail(str(error), param, ctx)


class _NewFile(click.Path):
    """A file to write, refused before anything is computed where it could not be written."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if not path.parent.is_dir():
            self.fail(f"{path} cannot be written: there is no folder {path.parent}", param, ctx)
        return path


NEW_FILE = _NewFile()
OLD_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
DURATION = _Quantity("duration", units.duration_s)
WEI = _Quantity("amount", units.wei)
#: A duration that need be no whole number of seconds.
TIME = _Quantity("duration", units.seconds)
#: A duration that need be no whole number of seconds, and is not 0.
SECONDS = _Quantity("duration", partial(units.seconds, positive=True))


def add_options(*options: Callable[[F], F]) -> Callable[[F], F]:
    """Add some options to a command; its help shows them in this order."""

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
        help=f"Longest that {of} may take, in seconds or as 90s, 5m.",
    )
