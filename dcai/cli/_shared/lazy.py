"""Group of commands whose help needs no heavy imports."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from dcai.errors import MissingExtraError

__all__ = ["LazyGroup"]


class LazyGroup(click.Group):
    """A group that imports the module of a command when the command runs.

    Parameters
    ----------
    package : str
        Package with one module for each command; module and function have the command's name.
    table : mapping of str to (str, str)
        Summary and required extra of each command, in the order of the help.
    """

    def __init__(self, *args: Any, package: str, table: Mapping[str, tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._package, self._table = package, table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self._table:
            return None
        try:
            module = import_module(f"{self._package}.{cmd_name}")
        except MissingExtraError as error:
            name = self._package.replace("dcai.cli", "dcai").replace(".", " ")
            raise MissingExtraError(f"{name} {cmd_name}", self._table[cmd_name][1]) from error
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (text, _) in self._table.items()])
