"""Counts and slots that decide the gas of constructors and initialising functions.

The twin of ``kernels/core/src/gas`` for the transactions of a deployment. Those are few, and their arguments are lists
of Python integers anyway, so they are counted in Python. Where `update` and `predict` keep their memory, these allocate
what they are given, so the size of the memory is a sum of counts as well. Reads of slots that are always warm stand in
the prices and not here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dcai.errors import MissingLayerError
from dcai.gas.layer import GAS
from dcai.gas.slots import Slots

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

    Raises
    ------
    MissingLayerError
        The model lacks its gas layer, or this does not know a function.

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
        self._functions = GAS[contract].functions

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
        if function == "addFeatureIndices":
            self.append("featureIndices", args[0], 32)
        elif function in self._functions:
            self._functions[function](self, *args)
        else:
            raise MissingLayerError(f"the gas layer of {self._contract} lacks the function {function}")

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

    def push_names(self, names: Sequence[str]) -> None:
        """Append the names of the first classes."""
        for name in names:
            self.push_name(name)

    def store_settings(self, intercept: int, rate: int) -> None:
        """Store the intercept and the learning rate of a Perceptron, which share a slot."""
        self.slots.load("settings")
        self.store("settings", intercept % (1 << 80) | rate << 80)

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
