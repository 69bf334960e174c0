"""Differences between two storages of one contract, by the model's field names instead of slots."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from dcai.artifacts import Artifact
from dcai.errors import ArtifactError
from dcai.evm.differing import FieldDifference
from dcai.evm.layout import StorageLayout, Words
from dcai.models import MODELS

__all__ = ["differing_fields", "in_words"]

#: Feature indices that are looked for where nobody named them: a faulty contract may write to any.
_SEARCHED = [*range(1 << 12), 1 << 16, 1 << 31, (1 << 32) - 2, (1 << 32) - 1, (1 << 62), (1 << 63) - 1, (1 << 64) - 1]

#: Longer arrays than this are no model's, but the length that a faulty contract wrote.
_LONGEST = 1 << 20

#: Words for what every model has.
_WORDS = {
    "owner": "the owner",
    "_owner": "the owner",
    "classifications.length": "the number of classes",
    "featureIndices.length": "the number of feature indices",
}


def differing_fields(
    artifact: Artifact, contract: Mapping[int, int], kernel: Mapping[int, int], indices: Iterable[int] = ()
) -> list[FieldDifference]:
    """Name all values in which two storages of one contract differ.

    Parameters
    ----------
    artifact : Artifact
        Its storage layout gives the names.
    contract, kernel : mapping of int to int
        Word of each non-zero slot: what the contract has, and what it should have.
    indices : iterable of int
        Feature indices that a mapping may have, of which storage holds only hashes.

    Returns
    -------
    list of FieldDifference
        In the order of the state variables, the contract's value as ``expected``; empty where the two are equal.
    """
    slots = {slot for slot in contract.keys() | kernel.keys() if contract.get(slot, 0) != kernel.get(slot, 0)}
    if not slots:
        return []
    layout = StorageLayout(artifact.storage_layout, longest=_LONGEST)
    keys = dict.fromkeys([*sorted(indices), *_SEARCHED])
    theirs, mine = _fields(layout, contract, keys), _fields(layout, kernel, keys)
    found = [
        FieldDifference(in_words(artifact.name, name), theirs.get(name, 0), mine.get(name, 0))
        for name in dict.fromkeys([*mine, *theirs])
        if theirs.get(name, 0) != mine.get(name, 0)
    ]
    if found:
        return found
    return [
        FieldDifference(f"storage slot {slot:#x}", f"{contract.get(slot, 0):#x}", f"{kernel.get(slot, 0):#x}")
        for slot in sorted(slots)
    ]


def in_words(contract: str, name: str) -> str:
    """Describe a state variable in words, or by its name where that is clear: ``weights[3]``."""
    if name in _WORDS:
        return _WORDS[name]
    if match := re.fullmatch(r"classifications\[(\d+)\]", name):
        return f"the name of class {match[1]}"
    return (MODELS[contract].spec.in_words(name) if contract in MODELS else None) or name


def _fields(layout: StorageLayout, storage: Mapping[int, int], keys: Iterable[int]) -> dict[str, Any]:
    """Return values by name, as far as the words are such a contract's."""
    found: dict[str, Any] = {}
    # A faulty contract may have written a malformed length or string; the names before it are good.
    with suppress(ArtifactError):
        found.update((name, value) for name, _, value in layout.fields(Words(storage), keys))
    return found
