"""Source map of compiled code: the line of Solidity and the function of each byte."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from dcai.errors import ArtifactError
from dcai.reprs import short_repr

__all__ = ["HELPERS", "Place", "Places", "Run", "parse_places"]

_RUN = re.compile(r"(\d+)\+([1-9]\d*)")


class Place(NamedTuple):
    """A line of a function.

    Attributes
    ----------
    file : str
        Path of the source, empty for code that no line stands for.
    function : str
        ``Contract.function``, ``Library.function`` or a free function; in parentheses a group of code that the
        compiler adds.
    line : int
        From 1 on; 0 for code that no line stands for.
    """

    file: str
    function: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}" if self.file else self.function


#: Place of functions that the compiler adds and many lines share: their gas belongs to the calling line.
HELPERS = Place("", "(compiler helpers)", 0)


class Run(NamedTuple):
    """Instructions one after the other that come from the same place; ``start`` and ``length`` in bytes."""

    start: int
    length: int
    place: Place


@dataclass(frozen=True)
class Places:
    """The places of all code of a contract, in ascending order.

    Attributes
    ----------
    creation : tuple of Run
        Of the bytecode that creates it, without the runtime code at its end.
    deployed : tuple of Run
        Of its runtime code.
    """

    __repr__ = short_repr

    creation: tuple[Run, ...]
    deployed: tuple[Run, ...]


def parse_places(fields: Mapping[str, Any], creation_size: int, deployed_size: int, where: str) -> Places:
    """Read the field ``places`` of an artifact.

    Parameters
    ----------
    fields : mapping
        ``creation`` and ``deployed``, each path -> function -> line -> ``"start+length ..."``.
    creation_size, deployed_size : int
        The sizes of the two codes in bytes.
    where : str
        How messages begin.

    Raises
    ------
    ArtifactError
        Not of this form, or not of code of these sizes.
    """
    sizes = {"creation": creation_size, "deployed": deployed_size}
    if set(fields) != set(sizes):
        raise ArtifactError(f"{where} has the places {', '.join(sorted(fields))}; it must have creation, deployed")
    return Places(**{kind: _runs(fields[kind], size, f"{where}, places, {kind}") for kind, size in sizes.items()})


def _runs(files: Any, size: int, where: str) -> tuple[Run, ...]:
    runs = sorted(
        Run(start, length, Place(file, function, _line(line, f"{where}, {file!r}, {function!r}")))
        for file, functions in _items(files, where)
        for function, lines in _items(functions, f"{where}, {file!r}")
        for line, text in _items(lines, f"{where}, {file!r}, {function!r}")
        for start, length in _parse_runs(text, f"{where}, {file!r}, {function!r}, line {line}")
    )
    end = 0
    for start, length, place in runs:
        if start < end:
            raise ArtifactError(f"{where}: the byte {start} of the code has two places, one of them {place}")
        end = start + length
    if end > size:
        raise ArtifactError(f"{where}: the last place ends at byte {end}, and the code has {size} bytes")
    return tuple(runs)


def _items(mapping: Any, where: str) -> Any:
    if not isinstance(mapping, Mapping):
        raise ArtifactError(f"{where} is a {type(mapping).__name__}; it must be a dict")
    return mapping.items()


def _line(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ArtifactError(f"{where} has the line {text!r}; it must be a number")
    return int(text)


def _parse_runs(text: Any, where: str) -> list[tuple[int, int]]:
    matches = [_RUN.fullmatch(run) for run in text.split(" ")] if isinstance(text, str) else [None]
    if None in matches:
        raise ArtifactError(f"{where} is {text!r}; it must be of the form 'start+length start+length'")
    return [(int(match[1]), int(match[2])) for match in matches if match]
