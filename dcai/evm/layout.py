"""Solidity's storage layout: Python values to the words that a contract holds, and back.

Slots, offsets and widths come from the compiler's ``storageLayout``; the rules of packing are
those of the Solidity documentation, "Layout of State Variables in Storage".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dcai.errors import ArtifactError, InputError, TooLargeError
from dcai.evm.hashing import mapping_slot, to_address, to_bytes20, word_hash

__all__ = ["StorageLayout", "Words"]

_WORD_BYTES = 32
_WORD = 1 << 256
#: Strings up to this length share their slot with their length.
_SHORT_BYTES = 31
#: An array longer than this was never paid for by anyone: the words are those of another contract.
_LONGEST = 1 << 32


class Variable(NamedTuple):
    """Position of a state variable, or of a member of a struct."""

    label: str
    slot: int
    offset: int
    type_id: str


class Words(dict[int, int]):
    """The words of a contract, which remember which of them were read.

    Parameters
    ----------
    words : mapping of int to int
        Word of each non-zero slot.
    """

    def __init__(self, words: Mapping[int, int]) -> None:
        super().__init__((slot, word) for slot, word in words.items() if word)
        self.read: set[int] = set()

    def at(self, slot: int) -> int:
        """Return the word at a slot, 0 where there is none."""
        self.read.add(slot)
        return self.get(slot, 0)

    def unread(self) -> set[int]:
        """Return the non-zero slots that were not read."""
        return self.keys() - self.read


class StorageLayout:
    """The state variables of one contract.

    Parameters
    ----------
    storage_layout : mapping
        ``storage`` and ``types`` as the compiler writes them.
    longest : int
        An array or a string longer than this is refused before any of its elements is read.

    Attributes
    ----------
    variables : dict of str to Variable
        By name.
    """

    def __init__(self, storage_layout: Mapping[str, Any], *, longest: int = _LONGEST) -> None:
        self._longest = longest
        self._types: Mapping[str, Any] = storage_layout["types"] or {}
        self.variables = {v.label: v for v in map(_variable, storage_layout["storage"])}
        self._parsed: dict[str, tuple[Variable, ...]] = {}

    def variable(self, name: str) -> Variable:
        """Find a state variable.

        Raises
        ------
        ArtifactError
            The contract has none of this name.
        """
        if name not in self.variables:
            raise ArtifactError(f"the storage layout has no variable {name!r}; it has {', '.join(self.variables)}")
        return self.variables[name]

    def member(self, name: str, label: str) -> Variable:
        """Find a member of the structs in a dynamic array, its slot relative to the struct's."""
        base = self._types[self.variable(name).type_id]["base"]
        return next(member for member in self._members(base) if member.label == label)

    def _members_at(self, at: Variable) -> Iterator[tuple[str, Variable]]:
        """Yield the name and the place of each member of the struct at a place."""
        for label, slot, offset, type_id in self._members(at.type_id):
            place = (at.slot + slot) % _WORD
            yield label, Variable(f"{at.label}.{label}", place, offset, type_id)

    def _members(self, type_id: str) -> tuple[Variable, ...]:
        if type_id not in self._parsed:
            self._parsed[type_id] = tuple(map(_variable, self._types[type_id]["members"]))
        return self._parsed[type_id]

    # -- writing -- #

    def encode(self, values: Mapping[str, Any]) -> dict[int, int]:
        """Return the non-zero words of a contract whose state variables have these values.

        Parameters
        ----------
        values : mapping of str to Any
            By variable: integers, addresses as text, strings, sequences, mappings with integer
            keys, and structs as mappings by member. Variables not named are zero.

        Raises
        ------
        ArtifactError
            No such variable.
        InputError
            A value that does not fit its type.
        """
        words: dict[int, int] = defaultdict(int)
        for name, value in values.items():
            self._write(words, self.variable(name), value)
        return {slot: words[slot] for slot in sorted(words) if words[slot]}

    def _write(self, words: dict[int, int], at: Variable, value: Any) -> None:
        kind = self._types[at.type_id]
        encoding = kind["encoding"]
        if "members" in kind:
            for name, member in self._members_at(at):
                if name in value:
                    self._write(words, member, value[name])
        elif encoding == "inplace":
            words[at.slot] |= _to_field(kind, value, at.label) << 8 * at.offset
        elif encoding == "bytes":
            _write_bytes(words, at.slot, value.encode() if isinstance(value, str) else value)
        elif encoding == "mapping":
            for key, item in value.items():
                slot = mapping_slot(key, at.slot)
                self._write(words, Variable(f"{at.label}[{key}]", slot, 0, kind["value"]), item)
        else:
            words[at.slot] = len(value)
            place = self._places(kind["base"], at.slot)
            for i, item in enumerate(value):
                entry = Variable(f"{at.label}[{i}]", *place(i), kind["base"])
                self._write(words, entry, item)

    def _places(self, base: str, slot: int) -> Callable[[int], tuple[int, int]]:
        """Return where element i of a dynamic array begins: its slot and its offset in bytes."""
        start = word_hash(slot)
        size = int(self._types[base]["numberOfBytes"])
        if size > _WORD_BYTES:
            words_each = -(-size // _WORD_BYTES)
            return lambda i: ((start + i * words_each) % _WORD, 0)
        per_word = _WORD_BYTES // size
        return lambda i: ((start + i // per_word) % _WORD, i % per_word * size)

    def element(self, name: str, i: int) -> int:
        """Return the slot of element i of a variable that is a dynamic array."""
        variable = self.variable(name)
        return self._places(self._types[variable.type_id]["base"], variable.slot)(i)[0]

    # -- reading -- #

    def decode(self, words: Words, name: str, keys: Iterable[int] = ()) -> Any:
        """Read a state variable.

        Parameters
        ----------
        words : Words
            Of the contract.
        name : str
            The variable.
        keys : iterable of int
            The keys to look up in mappings, since storage does not tell them.

        Returns
        -------
        Any
            As ``encode`` takes it; of mappings, only the entries with a non-zero word.

        Raises
        ------
        ArtifactError
            The words are not those of such a contract; `TooLargeError` where an array or a string is too long.
        """
        return self._read(words, self.variable(name), tuple(keys))

    def _read(self, words: Words, at: Variable, keys: Sequence[int]) -> Any:
        kind = self._types[at.type_id]
        encoding = kind["encoding"]
        if "members" in kind:
            return {name: self._read(words, m, keys) for name, m in self._members_at(at)}
        if encoding == "inplace":
            return _from_field(kind, words.at(at.slot) >> 8 * at.offset)
        if encoding == "bytes":
            raw = _read_bytes(words, at.slot, self._longest)
            return _text(raw, at.slot) if kind["label"] == "string" else raw
        if encoding == "mapping":
            # Storage cannot be asked for keys; the entries of models are all of one slot.
            entries = ((key, mapping_slot(key, at.slot)) for key in keys)
            return {
                key: self._read(words, Variable("", slot, 0, kind["value"]), keys)
                for key, slot in entries
                if slot in words
            }
        count = words.at(at.slot)
        self._check_length(count, at.slot)
        place = self._places(kind["base"], at.slot)
        return [self._read(words, Variable("", *place(i), kind["base"]), keys) for i in range(count)]

    # -- naming -- #

    def fields(self, words: Words, keys: Iterable[int] = ()) -> Iterator[tuple[str, int, Any]]:
        """Yield every value that storage holds, the lengths of arrays included, each under a name of its own.

        Parameters
        ----------
        words : Words
            Of the contract; those that no variable accounts for are left unread.
        keys : iterable of int
            The keys to look up in mappings, since storage does not tell them.

        Yields
        ------
        name : str
            As Solidity writes it: ``classInfos[1].features[7].value``, ``weights.length``.
        slot : int
            Where it is, or begins.
        value : Any
            Its value, as `decode` gives it.

        Raises
        ------
        ArtifactError
            The words are not those of such a contract.
        """
        known = tuple(keys)
        for variable in self.variables.values():
            yield from self._fields(words, variable, known)

    def _fields(self, words: Words, at: Variable, keys: Sequence[int]) -> Iterator[tuple[str, int, Any]]:
        kind = self._types[at.type_id]
        encoding = kind["encoding"]
        if "members" in kind:
            for _, member in self._members_at(at):
                yield from self._fields(words, member, keys)
        elif encoding == "mapping":
            for key in keys:
                slot = mapping_slot(key, at.slot)
                if slot in words:
                    yield from self._fields(words, Variable(f"{at.label}[{key}]", slot, 0, kind["value"]), keys)
        elif encoding == "dynamic_array":
            count = words.at(at.slot)
            self._check_length(count, at.slot)
            yield f"{at.label}.length", at.slot, count
            place = self._places(kind["base"], at.slot)
            for i in range(count):
                yield from self._fields(words, Variable(f"{at.label}[{i}]", *place(i), kind["base"]), keys)
        else:
            yield at.label, at.slot, self._read(words, at, keys)

    def _check_length(self, count: int, slot: int) -> None:
        if count > self._longest:
            raise TooLargeError(
                f"slot {slot} would be the length of an array of {count} elements, more than {self._longest}; "
                "the storage is not that of this contract"
            )


def _variable(entry: Mapping[str, Any]) -> Variable:
    return Variable(entry["label"], int(entry["slot"]), int(entry["offset"]), entry["type"])


def _is_address(kind: Mapping[str, Any]) -> bool:
    return str(kind["label"]).startswith(("address", "contract "))


def _elementary(kind: Mapping[str, Any]) -> str:
    """Return the name of an elementary type, and refuse what no contract of dcai stores."""
    label = str(kind["label"])
    if "base" in kind or label.startswith(("bytes", "function")):
        raise ArtifactError(f"the storage layout has a variable of type {label}, which dcai cannot read")
    return label


def _to_field(kind: Mapping[str, Any], value: Any, where: str) -> int:
    """Return an elementary value as the unsigned field of a word."""
    label = _elementary(kind)
    if _is_address(kind):
        return int.from_bytes(to_bytes20(value, where), "big")
    number = int(value)
    bits = 8 * int(kind["numberOfBytes"])
    low, high = (-(1 << bits - 1), (1 << bits - 1)) if label.startswith("int") else (0, 1 << bits)
    if not low <= number < high:
        raise InputError(f"{where} is {number}; it must be of type {label}: {low} to {high - 1}")
    return number % (1 << bits)


def _from_field(kind: Mapping[str, Any], shifted: int) -> Any:
    label = _elementary(kind)
    bits = 8 * int(kind["numberOfBytes"])
    field = shifted & ((1 << bits) - 1)
    if _is_address(kind):
        return to_address(field.to_bytes(20, "big"))
    if label == "bool":
        return bool(field)
    return field - (1 << bits) if label.startswith("int") and field >> bits - 1 else field


def _write_bytes(words: dict[int, int], slot: int, raw: bytes) -> None:
    if len(raw) <= _SHORT_BYTES:
        words[slot] = int.from_bytes(raw.ljust(_WORD_BYTES, b"\0"), "big") | 2 * len(raw)
        return
    words[slot] = 2 * len(raw) + 1
    start = word_hash(slot)
    for i in range(0, len(raw), _WORD_BYTES):
        chunk = raw[i : i + _WORD_BYTES].ljust(_WORD_BYTES, b"\0")
        words[(start + i // _WORD_BYTES) % _WORD] = int.from_bytes(chunk, "big")


def _read_bytes(words: Words, slot: int, longest: int) -> bytes:
    word = words.at(slot)
    if not word & 1:
        return word.to_bytes(_WORD_BYTES, "big")[: (word & 0xFF) // 2]
    length = word // 2
    if length > longest:
        raise TooLargeError(
            f"slot {slot} would begin a string of {length} bytes, more than {longest}; "
            "the storage is not that of this contract"
        )
    start = word_hash(slot)
    chunks = (words.at((start + i) % _WORD) for i in range(-(-length // _WORD_BYTES)))
    return b"".join(chunk.to_bytes(_WORD_BYTES, "big") for chunk in chunks)[:length]


def _text(raw: bytes, slot: int) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"the string at slot {slot} is not UTF-8: {error}") from error
