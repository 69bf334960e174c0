"""The contract ABI: arguments to calldata, results and reverts back to Python.

The only module that imports ``eth_abi``. Arguments are checked here first, one by one, so that a
message can name the argument, the element and the values that would do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dcai.errors import ArtifactError, InputError, InputTypeError, MissingExtraError, Revert, shown
from dcai.evm.hashing import keccak, to_address, to_bytes20

try:
    from eth_abi.abi import decode as _eth_decode
    from eth_abi.abi import encode as _eth_encode
    from eth_abi.exceptions import DecodingError, EncodingError
except ImportError as error:
    raise MissingExtraError("dcai.evm", "evm") from error

__all__ = ["Abi", "ErrorDecoder", "Event", "Function", "decode", "encode"]

_ARRAY = re.compile(r"(.+)\[(\d*)\]")
_INTEGER = re.compile(r"(u?)int(\d+)")
_FIXED_BYTES = re.compile(r"bytes(\d+)")
_SELECTOR_BYTES = 4

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function, a constructor (without a selector) or a custom error of a contract.

    Attributes
    ----------
    name : str
        As in the contract.
    inputs : tuple of (str, str)
        Name and type of each argument; a tuple's type is written ``(uint64,int64)``.
    outputs : tuple of (str, str)
        The same of each result.
    selector : bytes
        The four bytes that calldata begin with; none for a constructor.
    is_view : bool
        Whether it changes nothing: view or pure.
    """

    name: str
    inputs: Parameters
    outputs: Parameters
    selector: bytes
    is_view: bool = False

    @property
    def signature(self) -> str:
        """Name and argument types, as hashed: ``update(int64[],uint64)``."""
        return f"{self.name}({','.join(abi_type for _, abi_type in self.inputs)})"

    def encode(self, args: Sequence[Any]) -> bytes:
        """Return the calldata of a call with these arguments.

        Raises
        ------
        InputError, InputTypeError
            Their number is wrong, or one does not fit its type: the message says which.
        """
        return self.selector + encode(self.inputs, args, self.name)

    def decode(self, output: bytes) -> Any:
        """Return the results of a call: none, the one, or a tuple of them.

        Raises
        ------
        ArtifactError
            The output is not of this form: the contract is another.
        """
        values = decode(self.outputs, output, self.name)
        if not values:
            return None
        return values[0] if len(values) == 1 else values


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log entry: ``args`` by name, of an indexed array or string only its hash."""

    name: str
    args: Mapping[str, Any]


class Abi:
    """Functions, errors and events of a contract.

    Parameters
    ----------
    entries : sequence of mapping
        The ABI as the compiler writes it.
    """

    def __init__(self, entries: Sequence[Mapping[str, Any]]) -> None:
        self.constructor = Function("constructor", (), (), b"")
        self.errors: dict[bytes, Function] = {}
        self._functions: dict[str, list[Function]] = {}
        self._events: dict[int, tuple[str, Sequence[Mapping[str, Any]]]] = {}
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Mapping[str, Any]) -> None:
        kind = entry["type"]
        inputs = _parameters(entry.get("inputs", ()))
        outputs = _parameters(entry.get("outputs", ()))
        name = str(entry.get("name", kind))
        if kind == "constructor":
            self.constructor = Function("constructor", inputs, (), b"")
        elif kind == "function":
            self._functions.setdefault(name, []).append(
                _function(name, inputs, outputs, is_view=entry.get("stateMutability") in ("view", "pure"))
            )
        elif kind == "error":
            function = _function(name, inputs, ())
            self.errors[function.selector] = function
        elif kind == "event":
            topic = int.from_bytes(keccak(_function(name, inputs, ()).signature.encode()), "big")
            self._events[topic] = (name, entry["inputs"])

    @property
    def functions(self) -> tuple[Function, ...]:
        """All functions, getters of public variables included."""
        return tuple(function for named in self._functions.values() for function in named)

    def named(self, name: str) -> tuple[Function, ...]:
        """Return the functions of a name: none, one, or overloads."""
        return tuple(self._functions.get(name, ()))

    def function(self, name: str, arg_count: int) -> Function:
        """Find a function by name and, where several have it, by the number of arguments.

        Raises
        ------
        InputError
            No function matches, or several do.
        """
        named = self.named(name)
        if not named:
            known = ", ".join(sorted(self._functions))
            raise InputError(f"the contract has no function {name!r}; it has {known}")
        fitting = [f for f in named if len(f.inputs) == arg_count] if len(named) > 1 else named
        if len(fitting) != 1:
            signatures = ", ".join(f.signature for f in named)
            raise InputError(
                f"{arg_count} arguments do not select one overload of {name!r}; expected one of {signatures}"
            )
        return fitting[0]

    def event(self, topics: Sequence[int], data: bytes) -> Event | None:
        """Decode a log entry, or return None where it is of no event of this contract."""
        if not topics or topics[0] not in self._events:
            return None
        name, inputs = self._events[topics[0]]
        plain = [entry for entry in inputs if not entry["indexed"]]
        values = decode(_parameters(plain), data, name)
        args = {entry["name"]: value for entry, value in zip(plain, values, strict=True)}
        indexed = [entry for entry in inputs if entry["indexed"]]
        for entry, topic in zip(indexed, topics[1:], strict=True):
            abi_type = _type(entry)
            # Only what fits a word is in its topic; of the rest there is the hash.
            is_word = not abi_type.endswith(("]", ")")) and abi_type not in ("string", "bytes")
            word = topic.to_bytes(32, "big")
            args[entry["name"]] = decode((("", abi_type),), word, name)[0] if is_word else word
        return Event(name, {entry["name"]: args[entry["name"]] for entry in inputs})


class ErrorDecoder:
    """Makes a Revert of a revert's payload: Solidity's own errors, and those it has learned."""

    def __init__(self) -> None:
        self._errors: dict[bytes, Function] = {}
        self.learn(_function(*own) for own in _SOLIDITY_ERRORS)

    def learn(self, errors: Iterable[Function]) -> None:
        """Add the custom errors of a contract."""
        self._errors.update((function.selector, function) for function in errors)

    def decode(self, payload: bytes) -> Revert:
        """Return the error that a payload stands for.

        Without a payload the name is empty; an error that is unknown is named by its selector,
        ``"0x12345678"``, and has the rest of the payload as its one argument.
        """
        if not payload:
            return Revert("")
        selector, rest = payload[:_SELECTOR_BYTES], payload[_SELECTOR_BYTES:]
        known = self._errors.get(selector)
        if known is not None:
            try:
                return Revert(known.name, decode(known.inputs, rest, known.name))
            except ArtifactError:  # another error with this selector: as good as unknown
                pass
        return Revert("0x" + selector.hex(), (rest,))


def encode(parameters: Parameters, args: Sequence[Any], name: str) -> bytes:
    """Encode the arguments of a function.

    Parameters
    ----------
    parameters : tuple of (str, str)
        Name and type of each.
    args : sequence
        Values. Integers may be of any integer type, NumPy's included, and arrays any sequence or
        NumPy array.
    name : str
        The function's, for messages.

    Raises
    ------
    InputError, InputTypeError
        Their number is wrong, or one does not fit its type.
    """
    if len(args) != len(parameters):
        wanted = ", ".join(f"{abi_type} {arg}".strip() for arg, abi_type in parameters) or "none"
        raise InputError(f"{name}: got {len(args)} arguments; expected {len(parameters)}: {wanted}")
    values = [
        _plain(abi_type, value, f"{name}: argument {i} ({f'{abi_type} {arg}'.strip()})")
        for i, ((arg, abi_type), value) in enumerate(zip(parameters, args, strict=True))
    ]
    types = [abi_type for _, abi_type in parameters]
    try:
        return _eth_encode(types, values)
    except EncodingError as error:
        wanted = ", ".join(types)
        raise InputError(f"{name}: the arguments do not fit ({wanted}): {error}") from error


def decode(parameters: Parameters, data: bytes, name: str) -> tuple[Any, ...]:
    """Decode results; addresses are text with a checksum, arrays tuples.

    Raises
    ------
    ArtifactError
        The data are not of this form.
    """
    types = [abi_type for _, abi_type in parameters]
    try:
        values = _eth_decode(types, data)
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise ArtifactError(
            f"{name}: {len(data)} bytes of output are not ({', '.join(types)}); "
            f"is another contract at this address? {error}"
        ) from error
    return tuple(map(_checksummed, types, values))


def _checksummed(abi_type: str, value: Any) -> Any:
    if abi_type == "address":
        return to_address(bytes.fromhex(value[2:]))
    array = _ARRAY.fullmatch(abi_type)
    if array and "address" in array[1]:
        return tuple(_checksummed(array[1], item) for item in value)
    if abi_type.startswith("(") and abi_type.endswith(")"):
        return tuple(map(_checksummed, _split_tuple(abi_type), value))
    return value


# -- checks of arguments -- #


def _plain(abi_type: str, value: Any, where: str) -> Any:
    """Return ``value`` as eth_abi takes it, or say what is wrong with it and where."""
    array = _ARRAY.fullmatch(abi_type)
    if array:
        return _plain_array(array[1], array[2], value, where)
    integer = _INTEGER.fullmatch(abi_type)
    if integer:
        return _plain_integer(bool(integer[1]), int(integer[2]), value, where)
    if abi_type.startswith("("):
        return _plain_tuple(abi_type, value, where)
    check = _SCALARS.get(abi_type)
    if check is not None:
        return check(value, where)
    fixed = _FIXED_BYTES.fullmatch(abi_type)
    if fixed:
        return _plain_bytes(value, where, int(fixed[1]))
    return value


def _plain_array(item_type: str, length: str, value: Any, where: str) -> list[Any]:
    items = _items(value, where, f"a sequence of {item_type}")
    if length and len(items) != int(length):
        raise InputError(f"{where} has {len(items)} elements; it must have {length}")
    integer = _INTEGER.fullmatch(item_type)
    if integer:
        bounds = _bounds(bool(integer[1]), int(integer[2]))
        # The common case at full speed; anything else gets the slow check that can tell.
        if all(type(item) is int and bounds[0] <= item <= bounds[1] for item in items):
            return items
    return [_plain(item_type, item, f"{where.rstrip(',')}, element {i},") for i, item in enumerate(items)]


def _plain_tuple(abi_type: str, value: Any, where: str) -> tuple[Any, ...]:
    types = _split_tuple(abi_type)
    items = _items(value, where, f"a tuple {abi_type}")
    if len(items) != len(types):
        raise InputError(f"{where} has {len(items)} members; it must have {len(types)}: {abi_type}")
    return tuple(
        _plain(member, item, f"{where.rstrip(',')}, member {i},")
        for i, (member, item) in enumerate(zip(types, items, strict=True))
    )


def _items(value: Any, where: str, wanted: str) -> list[Any]:
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__"):
        raise InputTypeError(f"{where} is {shown(value)}; it must be {wanted}")
    return list(value)


def _bounds(unsigned: bool, bits: int) -> tuple[int, int]:
    return (0, (1 << bits) - 1) if unsigned else (-(1 << bits - 1), (1 << bits - 1) - 1)


def _plain_integer(unsigned: bool, bits: int, value: Any, where: str) -> int:
    low, high = _bounds(unsigned, bits)
    wanted = f"an integer from {f'-2^{bits - 1}' if low else '0'} to 2^{bits - (not unsigned)} - 1"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        hint = ""
        if isinstance(value, float):
            hint = "; real numbers are first scaled by 10^9: dcai.fixed.to_fixed"
        raise InputTypeError(f"{where} is {shown(value)}; it must be {wanted}{hint}")
    number = int(value.__index__())
    if not low <= number <= high:
        raise InputError(f"{where} is {number}; it must be {wanted}")
    return number


def _plain_bytes(value: Any, where: str, length: int | None = None) -> bytes:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise InputTypeError(f"{where} is {shown(value)}; it must be bytes")
    if length is not None and len(value) != length:
        raise InputError(f"{where} has {len(value)} bytes; it must have {length}")
    return bytes(value)


def _plain_text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InputTypeError(f"{where} is {shown(value)}; it must be text")
    return value


def _plain_bool(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InputTypeError(f"{where} is {shown(value)}; it must be True or False")
    return value


def _plain_address(value: Any, where: str) -> str:
    return "0x" + to_bytes20(value, where).hex()


_SCALARS: dict[str, Callable[[Any, str], Any]] = {
    "string": _plain_text,
    "bool": _plain_bool,
    "address": _plain_address,
    "bytes": _plain_bytes,
}


# -- reading an ABI -- #


def _parameters(entries: Iterable[Mapping[str, Any]]) -> Parameters:
    return tuple((str(entry.get("name", "")), _type(entry)) for entry in entries)


def _type(entry: Mapping[str, Any]) -> str:
    """Return the type as signatures have it: the members of a tuple in brackets."""
    written = str(entry["type"])
    if not written.startswith("tuple"):
        return written
    return f"({','.join(map(_type, entry['components']))}){written.removeprefix('tuple')}"


def _split_tuple(abi_type: str) -> list[str]:
    """Split ``(uint64,(bool,int8)[])`` into the types of its members."""
    members, depth, start = [], 0, 1
    for i, char in enumerate(abi_type):
        depth += (char == "(") - (char == ")")
        if (char == "," and depth == 1) or depth == 0:
            members.append(abi_type[start:i])
            start = i + 1
    return [member for member in members if member]


def _function(name: str, inputs: Parameters, outputs: Parameters, *, is_view: bool = False) -> Function:
    unsigned = Function(name, inputs, outputs, b"")
    selector = keccak(unsigned.signature.encode())[:_SELECTOR_BYTES]
    return Function(name, inputs, outputs, selector, is_view)


_SOLIDITY_ERRORS: tuple[tuple[Literal["Error", "Panic"], Parameters, Parameters], ...] = (
    ("Error", (("message", "string"),), ()),
    ("Panic", (("code", "uint256"),), ()),
)
