"""From the steps of a trace to lines of Solidity.

A trace names no contracts, so a frame is recognised by what it ran: the opcodes of a known code, each at its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dcai.artifacts import Artifact, Place, Run
from dcai.artifacts.places import HELPERS
from dcai.errors import ArtifactError, InputError
from dcai.evm import Trace

__all__ = ["Frame", "Located", "frames", "locate"]

#: Instructions that the table of an artifact leaves out.
_NOWHERE = Place("", "(no line known)", 0)

_STOP = 0x00


class Frame(NamedTuple):
    """The steps of one call.

    Attributes
    ----------
    steps : ndarray of int64
        Their indices in the trace, without those of the calls that it makes.
    caller : int
        The step that made the call; -1 for the transaction itself.
    """

    steps: NDArray[np.int64]
    caller: int


class Located(NamedTuple):
    """Places of steps: ``places[numbers[i]]`` is that of step ``i``."""

    places: tuple[Place, ...]
    numbers: NDArray[np.int64]


def frames(trace: Trace) -> list[Frame]:
    """Take a trace apart into its frames, in the order in which they began."""
    if not len(trace):
        return []
    changes = np.flatnonzero(np.diff(trace.depth)) + 1
    pieces: list[list[NDArray[np.int64]]] = []
    callers: list[int] = []
    running: list[int] = []
    for start, end in pairwise([0, *changes.tolist(), len(trace)]):
        depth = int(trace.depth[start])
        if depth > len(running):
            running.append(len(pieces))
            pieces.append([])
            callers.append(start - 1)
        del running[depth:]
        pieces[running[-1]].append(np.arange(start, end))
    return [Frame(np.concatenate(piece), caller) for piece, caller in zip(pieces, callers, strict=True)]


def locate(trace: Trace, artifact: Artifact, others: Iterable[Artifact] = ()) -> Located:
    """Find the place of each step.

    Parameters
    ----------
    trace : Trace
        Of a transaction to the contract, or of its creation.
    artifact : Artifact
        Contract that the transaction called.
    others : iterable of Artifact
        Contracts that it may have called.

    Returns
    -------
    Located
        The steps of a call of unknown code are all at the line that made the call, in a function of their own.

    Raises
    ------
    InputError
        The transaction did not run the artifact's code.
    ArtifactError
        An artifact does not say where its code comes from.
    """
    main = _codes(artifact)
    known = [*main, *(code for other in others for code in _codes(other))]
    numbers: dict[Place, int] = {}
    index = np.zeros(len(trace), dtype=np.int64)
    for steps, caller in frames(trace):
        pc, op = trace.pc[steps], trace.op[steps]
        code = next((code for code in (main if caller < 0 else known) if code.ran(pc, op)), None)
        if code is not None:
            local = np.array([numbers.setdefault(place, len(numbers)) for place in code.places])
            index[steps] = local[_called_from(code.place_of(pc), code.places)]
        elif caller < 0:
            raise InputError(f"the trace belongs to other code than {artifact.name}: the opcodes differ")
        else:
            place = _call_from(list(numbers)[index[caller]])
            index[steps] = numbers.setdefault(place, len(numbers))
    return Located(tuple(numbers), index)


def _called_from(index: NDArray[np.int64], places: Sequence[Place]) -> NDArray[np.int64]:
    """Return the places of the steps of a frame, with those of helpers replaced by the line that calls them."""
    in_line = np.array([place != HELPERS for place in places])[index]
    last = np.maximum.accumulate(np.where(in_line, np.arange(len(index)), 0))
    return index[last]


def _call_from(place: Place) -> Place:
    """Return the place of unknown code that is called from a line, or from unknown code that is."""
    if place.function.startswith("(call in "):
        return place
    return place._replace(function=f"(call in {place.function})")


def _codes(artifact: Artifact) -> tuple[_CodePlaces, _CodePlaces]:
    if artifact.places is None:
        raise ArtifactError(
            f"the artifact of {artifact.name} has no source lines: it lacks the field 'places', "
            "which contracts/compile.mjs writes"
        )
    return (
        _CodePlaces(artifact.deployed_bytecode, artifact.places.deployed),
        _CodePlaces(artifact.bytecode, artifact.places.creation),
    )


class _CodePlaces:
    """A code whose places are known."""

    def __init__(self, code: bytes, runs: Sequence[Run]) -> None:
        # One byte more: code that ends without a STOP stops there.
        self._opcodes = np.frombuffer(code + bytes([_STOP]), dtype=np.uint8)
        self._runs = runs

    def ran(self, pc: NDArray[np.int64], op: NDArray[np.uint8]) -> bool:
        """Return whether these steps can be its; the data of a PUSH, such as an immutable's value, may differ."""
        inside = pc < len(self._opcodes)
        return bool(inside.all()) and np.array_equal(self._opcodes[pc], op)

    @cached_property
    def places(self) -> list[Place]:
        return [*dict.fromkeys(run.place for run in self._runs), _NOWHERE]

    def place_of(self, pc: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the index in ``places`` of each counter."""
        return self._place_of_byte[pc]

    @cached_property
    def _place_of_byte(self) -> NDArray[np.int64]:
        numbers = {place: number for number, place in enumerate(self.places)}
        table = np.full(len(self._opcodes), numbers[_NOWHERE], dtype=np.int64)
        for start, length, place in self._runs:
            table[start : start + length] = numbers[place]
        return table
