"""What differs between two storages of one contract, in the words of the model and not in numbers of slots."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dcai.errors import ArtifactError
from dcai.evm.differing import FieldDifference
from dcai.evm.layout import StorageLayout, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dcai.artifacts import Artifact

__all__ = ["differing_fields", "in_words"]

#: Feature indices that are looked for where nobody named them: a faulty contract may write to any.
_SEARCHED = [*range(1 << 12), 1 << 16, 1 << 31, (1 << 32) - 2, (1 << 32) - 1, (1 << 62), (1 << 63) - 1, (1 << 64) - 1]

#: Longer arrays than this are no model's, but the length that a faulty contract wrote.
_LONGEST = 1 << 20

#: Names of Solidity, and what they are of the model.
_WORDS = [
    (r"_?owner", "the owner"),
    (r"intercept", "the intercept"),
    (r"learningRate", "the learning rate"),
    (r"weights\.length", "the number of weights"),
    (r"classifications\.length", "the number of classes"),
    (r"(?:centroids|dataCounts|classInfos)\.length", "the number of classes"),
    (r"featureIndices\.length", "the number of feature indices"),
    (r"classifications\[(\d+)\]", r"the name of class \1"),
    (r"centroids\[(\d+)\]\.length", r"the length of the centroid of class \1"),
    (r"centroids\[(\d+)\]\[(\d+)\]", r"feature \2 of the centroid of class \1"),
    (r"dataCounts\[(\d+)\]", r"the number of samples of class \1"),
    (r"classInfos\[(\d+)\]\.numSamples", r"the number of samples of class \1"),
    (r"classInfos\[(\d+)\]\.squaredMagnitude", r"the squared magnitude of class \1"),
    (r"classInfos\[(\d+)\]\.features\[(\d+)\]\.value", r"the value of feature \2 in class \1"),
    (
        r"classInfos\[(\d+)\]\.features\[(\d+)\]\.numSamples",
        r"the number of samples as of which feature \2 of class \1 is stored",
    ),
]


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
        FieldDifference(in_words(name), theirs.get(name, 0), mine.get(name, 0))
        for name in dict.fromkeys([*mine, *theirs])
        if theirs.get(name, 0) != mine.get(name, 0)
    ]
    if found:
        return found
    return [
        FieldDifference(f"storage slot {slot:#x}", f"{contract.get(slot, 0):#x}", f"{kernel.get(slot, 0):#x}")
        for slot in sorted(slots)
    ]


def in_words(name: str) -> str:
    """Return what a state variable is of the model, or its own name where that says it: ``weights[3]``."""
    for pattern, words in _WORDS:
        match = re.fullmatch(pattern, name)
        if match:
            return match.expand(words)
    return name


def _fields(layout: StorageLayout, storage: Mapping[int, int], keys: Iterable[int]) -> dict[str, Any]:
    """Return values by name, as far as the words are such a contract's."""
    found: dict[str, Any] = {}
    # A faulty contract may have written a length or a string that is none; the names before it are good.
    with suppress(ArtifactError):
        found.update((name, value) for name, _, value in layout.fields(Words(storage), keys))
    return found
