"""Decode the variables of a contract, and fetch the slots that the decoding needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Self

from dcai.artifacts import Artifact
from dcai.errors import InputError, InputTypeError, SnapshotError, TooLargeError, UnknownFeaturesError, shown
from dcai.evm.layout import StorageLayout, Words
from dcai.models.registry import MODELS
from dcai.models.spec import Sparse

__all__ = ["Features", "KnownWords", "choose_features", "index_bits", "missing_slots", "read_slots"]


class Features:
    """Feature indices to read from the mappings of a sparse model.

    Parameters
    ----------
    source : str
        Source of the indices, as text.
    runs : iterable of (int, int)
        Ranges of indices, ascending; each end is exclusive.

    Attributes
    ----------
    source, runs
        The arguments; ``runs`` is a tuple.
    """

    def __init__(self, source: str, runs: Iterable[tuple[int, int]]) -> None:
        self.source = source
        self.runs = tuple(runs)

    @classmethod
    def of(cls, source: str, indices: Iterable[int]) -> Self:
        """Collect indices in any order; duplicates are allowed."""
        return cls(source, _runs(indices))

    def __len__(self) -> int:
        return sum(stop - start for start, stop in self.runs)

    def __iter__(self) -> Iterator[int]:
        for start, stop in self.runs:
            yield from range(start, stop)

    def lacking(self, indices: Iterable[int]) -> list[int]:
        """Return the indices that are missing here, ascending and unique."""
        starts = [start for start, _ in self.runs]
        places = ((index, bisect_right(starts, index) - 1) for index in sorted(set(indices)))
        return [index for index, run in places if run < 0 or index >= self.runs[run][1]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Features):
            return NotImplemented
        return (self.source, self.runs) == (other.source, other.runs)

    def __hash__(self) -> int:
        return hash((self.source, self.runs))

    def __repr__(self) -> str:
        return f"<Features: {len(self):,}, {self.source}>"


def _runs(indices: Iterable[int]) -> Iterator[tuple[int, int]]:
    start = stop = None
    for index in sorted(set(indices)):
        if index != stop:
            if start is not None and stop is not None:
                yield start, stop
            start = index
        stop = index + 1
    if start is not None and stop is not None:
        yield start, stop


class KnownWords(Words):
    """Words of a snapshot; reading another slot is an error.

    Parameters
    ----------
    words : mapping of int to int
        All that are known, zeros too.
    """

    def __init__(self, words: Mapping[int, int]) -> None:
        super().__init__({})
        self._words = words

    def at(self, slot: int) -> int:
        """Return the word at a slot."""
        try:
            return self._words[slot]
        except KeyError:
            raise SnapshotError(f"the snapshot has no word for slot {slot:#x}, which its model needs") from None

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and self.at(slot) != 0


class _FetchedWords(Words):
    """Words fetched so far, which record the missing slots."""

    def __init__(self, words: Mapping[int, int], most: int) -> None:
        super().__init__({})
        self._words = words
        self._most = most
        self.missing: dict[int, None] = {}  # in the order of asking

    def at(self, slot: int) -> int:
        if slot in self._words:
            return self._words[slot]
        self.missing[slot] = None
        if len(self._words) + len(self.missing) > self._most:
            raise TooLargeError(
                f"the storage would take more than {self._most:,} slots; if it is really that large, raise max_weights"
            )
        return 0

    def __contains__(self, slot: object) -> bool:
        return isinstance(slot, int) and self.at(slot) != 0


def index_bits(artifact: Artifact) -> int | None:
    """Return the width of the feature indices of a sparse model; None for a dense one."""
    samples = MODELS[artifact.name].spec.samples
    return samples.index_bits if isinstance(samples, Sparse) else None


def read_slots(
    artifact: Artifact,
    words: dict[int, int],
    fetch: Callable[[Sequence[int]], None],
    choose: Callable[[Sequence[int]], Features | None],
    max_weights: int,
) -> Features | None:
    """Fetch all slots of a model.

    Parameters
    ----------
    artifact : Artifact
        Artifact of the contract.
    words : dict of int to int
        Those that are known, by slot, zeros too.
    fetch : callable
        Adds the words at some slots to ``words``.
    choose : callable
        Takes the contract's own ``featureIndices``, and says which features to look up.
    max_weights : int
        Most slots, and most elements of an array.

    Returns
    -------
    Features or None
        Features to read.

    Raises
    ------
    TooLargeError
        The contract claims to hold more; nothing of what is too much has been fetched.
    """
    layout = StorageLayout(artifact.storage_layout, longest=max_weights)
    _complete(layout, words, fetch, (), max_weights)
    features = choose(layout.decode(KnownWords(words), "featureIndices"))
    if features is not None:
        _complete(layout, words, fetch, tuple(features), max_weights)
    return features


def missing_slots(artifact: Artifact, words: Mapping[int, int], indices: Iterable[int], max_weights: int) -> list[int]:
    """Return the unread slots of some features of a sparse model."""
    known = _FetchedWords(words, max_weights)
    layout = StorageLayout(artifact.storage_layout, longest=max_weights)
    for name in layout.variables:
        layout.decode(known, name, tuple(indices))
    return list(known.missing)


def _complete(
    layout: StorageLayout,
    words: dict[int, int],
    fetch: Callable[[Sequence[int]], None],
    keys: tuple[int, ...],
    most: int,
) -> None:
    """Decode, fetch missing slots, and decode again, since a length determines the slots of the elements."""
    while True:
        known = _FetchedWords(words, most)
        for name in layout.variables:
            layout.decode(known, name, keys)
        if not known.missing:
            return
        fetch(list(known.missing))


def choose_features(
    artifact: Artifact,
    of_contract: Sequence[int],
    num_features: int | None,
    indices: Iterable[int] | None,
    max_weights: int,
) -> Features | None:
    """Return the features of a sparse model to read.

    Parameters
    ----------
    artifact : Artifact
        Artifact of the contract.
    of_contract : sequence of int
        Its ``featureIndices``.
    num_features : int, optional
        All below this.
    indices : iterable of int, optional
        These.
    max_weights : int
        Most of them.

    Raises
    ------
    InputError
        Both are given, or one that is out of range, or any for a dense model.
    UnknownFeaturesError
        None is given, and the contract has none.
    """
    bits = index_bits(artifact)
    if bits is None:
        if num_features is not None or indices is not None:
            raise InputError(
                f"a {artifact.name} has all its weights in arrays; it takes no num_features and no indices"
            )
        return None
    if num_features is not None and indices is not None:
        raise InputError("num_features and indices mean the same; give one")
    if num_features is not None:
        count = _count(num_features, max_weights)
        features = Features(f"num_features={count:,}, as given", [(0, count)])
    elif indices is not None:
        given = [_index(index, artifact.name, bits) for index in indices]
        features = Features.of(f"{len(given):,} indices, as given", given)
    elif of_contract:
        # A client may select these features and count them from 0, or keep their numbers; a key that nobody
        # used costs a proof of its absence.
        source = f"the contract's {len(of_contract):,} featureIndices, as indices and as positions from 0"
        features = Features.of(source, [*of_contract, *range(len(of_contract))])
    else:
        raise UnknownFeaturesError(
            f"storage does not tell which features a {artifact.name} has, and its featureIndices are empty: pass "
            "num_features=, the size of the vocabulary, or indices="
        )
    if len(features) > max_weights:
        raise TooLargeError(f"{len(features):,} features are more than max_weights, {max_weights:,}")
    return features


def _count(value: object, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputTypeError(f"num_features is {shown(value)}; it must be an integer")
    if not 0 < value <= most:
        raise InputError(f"num_features is {value}; it must be from 1 to max_weights, {most}")
    return value


def _index(value: object, contract: str, bits: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise InputTypeError(f"indices has {shown(value)}; feature indices are integers")
    index = value.__index__()
    if not 0 <= index < 1 << bits:
        raise InputError(f"indices has {index}; indices of a {contract} are from 0 to 2^{bits} - 1")
    return int(index)
