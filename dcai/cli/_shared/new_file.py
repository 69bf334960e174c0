"""The type of options that name a file to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

__all__ = ["NEW_FILE"]


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
