"""What constructors and initialising functions do: the counts and the slots on which their gas depends.

The twin of ``kernels/core/src/gas`` for the transactions of a deployment. Those are few, and their arguments are lists
of Python integers anyway, so they are counted in Python. Where `update` and `predict` keep their memory, these allocate
what they are given, so the size of the memory is a sum of counts as well. Reads of slots that are always warm stand in
the prices and not here.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from dcai.gas.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Initialization", "memory_gas"]

#: Bits of a word of storage.
_WORD = 256


def memory_gas(words: int) -> int:
    """Return the price of memory of so many words (Yellow Paper, appendix H)."""
    return 3 * words + words * words // 512


class Initialization:
    """A contract under construction: its storage, and the counts of the transaction under way.

    Parameters
    ----------
    contract : str
        Its name.

    Attributes
    ----------
    slots : Slots
        The storage with the ledger of the last transaction.
    counts : Counter of str
        How often each part of its function ran; ``call`` is 1.
    counts_after : Counter of str
        The same for what ran after its last write, and a 1 for the kind of slot that this wrote.
    """

    def __init__(self, contract: str) -> None:
        self.slots = Slots()
        self.counts: Counter[str] = Counter()
        self.counts_after: Counter[str] = Counter()
        self._contract = contract

    def run(self, function: str, args: Sequence[Any]) -> None:
        """Count what one transaction does, and change the storage as it does.

        Parameters
        ----------
        function : str
            ``"constructor"``, or an initialising function.
        args : sequence
            Its arguments; ones that the contract accepts.
        """
        self.slots.begin()
        self.counts.clear()
        self.counts_after.clear()
        self.count("call")
        self.slots.load("owner")
        if function == "constructor":
            self.store("owner", 1)
        _FUNCTIONS[self._contract, function](self, *args)

    def count(self, part: str, times: int = 1) -> None:
        """Note that a part of the function ran."""
        self.counts[part] += times
        self.counts_after[part] += times

    def store(self, slot: Any, value: int, kind: str | None = None) -> None:
        """Write a slot; ``kind`` tells the places in the code that write from one another."""
        self.slots.store(slot, value)
        self.counts_after.clear()
        self.counts_after[f"after_{kind or _base(slot)}"] = 1

    # -- what the functions have in common -- #

    def push(self, array: str) -> int:
        """Lengthen an array by one; return the position of the new element."""
        length = self.slots.load(array)
        self.store(array, length + 1)
        return length

    def push_name(self, name: str) -> None:
        """Append to ``classifications``: a string is in its own slot up to 31 bytes, else in words of their own."""
        slot = "classifications", self.push("classifications")
        self.slots.load(slot)
        text = name.encode()
        self.count("empty_names", not text)
        if len(text) < 32:  # one byte of the word is the length
            self.store(slot, int.from_bytes(text.ljust(31, b"\0"), "big") << 8 | 2 * len(text))
            return
        self.count("long_names")
        self.count("long_name_words", len(text) // 32)
        self.count("long_name_ends", len(text) % 32 != 0)
        for start in range(0, len(text), 32):
            self.store((*slot, start), int.from_bytes(text[start : start + 32].ljust(32, b"\0"), "big"))
        self.store(slot, 2 * len(text) + 1)

    def append(self, array: Any, values: Sequence[int], bits: int) -> None:
        """Append to an array of numbers that share slots; the twin of ``_append`` in PackedArray.sol."""
        if not values:
            return
        self.count("appends")
        lanes, mask = _WORD // bits, (1 << bits) - 1
        length = self.slots.load(array)
        self.store(array, length + len(values), "length")
        slot, lane = divmod(length, lanes)
        word = 0
        if lane:
            self.count("joined_slots")
            word = self.slots.load((array, slot))
        for value in values:
            self.count("items")
            word |= (value & mask) << (bits * lane)
            lane += 1
            if lane == lanes:
                self.count("full_slots")
                if word:
                    self.count("written_slots")
                    self.store((array, slot), word, "full_slot")
                slot, lane, word = slot + 1, 0, 0
        if word:
            self.count("last_slot")
            self.store((array, slot), word, "last_slot")


def _base(array: Any) -> str:
    return array if isinstance(array, str) else str(array[0])


def _names(run: Initialization, names: Sequence[str]) -> None:
    for name in names:
        run.push_name(name)


def _settings(run: Initialization, intercept: int, rate: int) -> None:
    """Store the intercept and the learning rate, which share a slot."""
    run.slots.load("settings")
    run.store("settings", intercept % (1 << 80) | rate << 80)


def _dense_perceptron(
    run: Initialization, names: Sequence[str], weights: Sequence[int], intercept: int, rate: int
) -> None:
    _names(run, names)
    run.append("weights", weights, 80)
    _settings(run, intercept, rate)


def _dense_weights(run: Initialization, weights: Sequence[int]) -> None:
    run.append("weights", weights, 80)


def _sparse_perceptron(
    run: Initialization, names: Sequence[str], weights: Sequence[int], intercept: int, rate: int
) -> None:
    _names(run, names)
    run.count("weights", len(weights))
    for index, weight in enumerate(weights):
        if weight:
            run.count("written_weights")
            run.store(("weights", index), weight)
    _settings(run, intercept, rate)


def _sparse_weights(run: Initialization, start: int, weights: Sequence[int]) -> None:
    run.count("weights", len(weights))
    for index, weight in enumerate(weights, start):
        run.store(("weights", index), weight)


def _sparse_weight_pairs(run: Initialization, pairs: Sequence[Sequence[int]]) -> None:
    run.count("weights", len(pairs))
    for index, weight in pairs:
        run.store(("weights", index), weight)


def _nearest_centroid(
    run: Initialization, names: Sequence[str], centroids: Sequence[Sequence[int]], counts: Sequence[int]
) -> None:
    _names(run, names)
    for centroid, count in zip(centroids, counts, strict=True):
        run.count("classes")
        _push_centroid(run, centroid, count)


def _push_centroid(run: Initialization, centroid: Sequence[int], count: int) -> None:
    run.append(("centroids", run.push("centroids")), centroid, 64)
    run.store(("dataCounts", run.push("dataCounts")), count)


def _add_centroid(run: Initialization, centroid: Sequence[int], name: str, count: int) -> None:
    run.slots.load(("centroids", 0))  # the length of the first, which all have
    _push_centroid(run, centroid, count)
    run.slots.load("classifications")
    run.push_name(name)


def _extend_centroid(run: Initialization, values: Sequence[int], label: int) -> None:
    run.slots.load("centroids")
    run.append(("centroids", label), values, 64)


def _sparse_nearest_centroid(
    run: Initialization, names: Sequence[str], centroids: Sequence[Sequence[Sequence[int]]], counts: Sequence[int]
) -> None:
    _names(run, names)
    for pairs, count in zip(centroids, counts, strict=True):
        run.count("classes")
        label = _push_class(run, count)
        _store_pairs(run, label, pairs, count, 0)


def _push_class(run: Initialization, count: int) -> int:
    label = run.push("classInfos")
    run.slots.load(("numSamples", label))
    run.store(("numSamples", label), count)
    return label


def _store_pairs(run: Initialization, label: int, pairs: Sequence[Sequence[int]], count: int, squared: int) -> None:
    run.count("pairs", len(pairs))
    for index, value in pairs:
        run.slots.load(("features", label, index))
        run.store(("features", label, index), count << 64 | value)
        squared += value * value
    run.store(("squaredMagnitude", label), squared)


def _add_class(run: Initialization, pairs: Sequence[Sequence[int]], name: str, count: int) -> None:
    label = _push_class(run, count)
    run.slots.load(("numSamples", label))
    _store_pairs(run, label, pairs, count, run.slots.load(("squaredMagnitude", label)))
    run.slots.load("classifications")
    run.push_name(name)


def _extend_class(run: Initialization, pairs: Sequence[Sequence[int]], label: int) -> None:
    run.slots.load("classInfos")
    count = run.slots.load(("numSamples", label))
    _store_pairs(run, label, pairs, count, run.slots.load(("squaredMagnitude", label)))


def _feature_indices(run: Initialization, indices: Sequence[int]) -> None:
    run.append("featureIndices", indices, 32)


#: The functions that put a model on a chain, by contract and name.
_FUNCTIONS: dict[tuple[str, str], Callable[..., None]] = {
    ("DensePerceptron", "constructor"): _dense_perceptron,
    ("DensePerceptron", "initializeWeights"): _dense_weights,
    ("SparsePerceptron", "constructor"): _sparse_perceptron,
    ("SparsePerceptron", "initializeWeights"): _sparse_weights,
    ("SparsePerceptron", "initializeSparseWeights"): _sparse_weight_pairs,
    ("NearestCentroidClassifier", "constructor"): _nearest_centroid,
    ("NearestCentroidClassifier", "addClass"): _add_centroid,
    ("NearestCentroidClassifier", "extendCentroid"): _extend_centroid,
    ("SparseNearestCentroidClassifier", "constructor"): _sparse_nearest_centroid,
    ("SparseNearestCentroidClassifier", "addClass"): _add_class,
    ("SparseNearestCentroidClassifier", "extendCentroid"): _extend_class,
}
_FUNCTIONS |= {(contract, "addFeatureIndices"): _feature_indices for contract, _ in list(_FUNCTIONS)}
