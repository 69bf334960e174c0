"""Declare a model once; every room derives its part from this declaration."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from dcai.errors import InputError, Revert, shown
from dcai.fixed import scalar_to_fixed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from dcai.models.deployment import Driver

__all__ = [
    "Array",
    "Demo",
    "Dense",
    "Field",
    "Getter",
    "Hyperparameter",
    "Int",
    "Map",
    "ModelSpec",
    "Record",
    "Sparse",
    "snake_case",
]


@dataclass(frozen=True)
class Dense:
    """Samples are rows of int64 features, scale ``10**9``, of norm 1."""


@dataclass(frozen=True)
class Sparse:
    """Samples are indices of the features that are present.

    Attributes
    ----------
    index_bits : int
        Indices are from 0 to ``2**index_bits - 1``.
    increasing : bool
        Whether they must be strictly increasing.
    """

    index_bits: int
    increasing: bool = False


@dataclass(frozen=True)
class Int:
    """An integer of so many bits."""

    bits: int
    signed: bool = False

    @property
    def solidity(self) -> str:
        """Name of the type in Solidity: ``"uint64"``."""
        return f"{'' if self.signed else 'u'}int{self.bits}"

    def encode(self, value: int) -> bytes:
        """Return the integer as big-endian bytes, two's complement where it is signed."""
        return int(value).to_bytes(self.bits // 8, "big", signed=self.signed)


@dataclass(frozen=True)
class Record:
    """A struct of integers, a tuple in Python: the name and type of each member, in order."""

    members: tuple[tuple[str, Int], ...]

    def encode(self, value: Any) -> bytes:
        """Return the members as bytes, one after another."""
        return b"".join(kind.encode(item) for (_, kind), item in zip(self.members, value, strict=True))


@dataclass(frozen=True)
class Array:
    """A dynamic array of integers."""

    item: Int

    @property
    def solidity(self) -> str:
        """Name of the type in Solidity."""
        return f"{self.item.solidity}[]"


@dataclass(frozen=True)
class Map:
    """A mapping from feature indices to integers or structs; what it does not hold is 0."""

    key: Int
    value: Int | Record

    @property
    def solidity(self) -> str:
        """Name of the type in Solidity."""
        value = "struct" if isinstance(self.value, Record) else self.value.solidity
        return f"mapping({self.key.solidity} => {value})"


FieldType: TypeAlias = Int | Array | Map


@dataclass(frozen=True)
class Field:
    """One part of a model's state.

    Attributes
    ----------
    name : str
        In Python: the key in ``Classifier.state()``, and an attribute of the kernel.
    variable : str
        In Solidity; ``"classInfos.numSamples"`` is a member of the structs in an array with one entry a class.
    type : Int, Array or Map
        Of the value, or of each class's value.
    per_class : bool
        Whether there is one value a class, in a list.
    """

    name: str
    variable: str
    type: FieldType
    _: KW_ONLY
    per_class: bool = False

    def values(self, state: Mapping[str, Any]) -> list[Any]:
        """Return the value of each class, or the only value."""
        return list(state[self.name]) if self.per_class else [state[self.name]]

    def to_solidity(self, value: Any) -> Any:
        """Turn one value into what the storage layout writes: integers, lists, and dicts by key or member."""
        if isinstance(self.type, Array):
            return [int(item) for item in value]
        if isinstance(self.type, Map):
            of = self.type.value
            if isinstance(of, Int):
                return dict(value)
            names = [name for name, _ in of.members]
            return {key: dict(zip(names, item, strict=True)) for key, item in dict(value).items()}
        return int(value)

    def from_solidity(self, value: Any) -> Any:
        """Turn what the storage layout reads into one value."""
        if isinstance(self.type, Map) and isinstance(self.type.value, Record):
            names = [name for name, _ in self.type.value.members]
            return {key: tuple(item[name] for name in names) for key, item in value.items()}
        return value

    def keys(self, state: Mapping[str, Any]) -> Iterator[int]:
        """Yield the feature indices of a mapping; nothing for another field."""
        if isinstance(self.type, Map):
            for value in self.values(state):
                yield from dict(value)


@dataclass(frozen=True)
class Getter:
    """A view function of the contract that reads the state.

    Attributes
    ----------
    read : callable
        Takes the model and the arguments; returns what the contract returns, or raises its ``Revert``.
    places : callable
        Takes the model, and yields arguments for which there is a value, in order.
    num_args : int
        Number of arguments, which tells overloads apart.
    """

    read: Callable[..., Any]
    places: Callable[[Any], Iterator[tuple[int, ...]]]
    num_args: int


def per_class(model: Any) -> Iterator[tuple[int, ...]]:
    """Yield the arguments of a getter that takes a class."""
    return ((k,) for k in range(len(model.classifications)))


def item(values: Sequence[Any], i: int) -> Any:
    """Return an item of a public array, or the ``Revert`` without data of its getter."""
    if i >= len(values):
        raise Revert("")
    return values[i]


def of_class(values: Sequence[Any], k: int) -> Any:
    """Return the value of a class, or ``Revert("UnknownClass")`` as the contract."""
    if k >= len(values):
        raise Revert("UnknownClass", (k, len(values)))
    return values[k]


@dataclass(frozen=True)
class Hyperparameter:
    """A number that training takes: a keyword of ``blank`` and ``fitted``, and a parameter of the estimator.

    Attributes
    ----------
    name : str
        As the field of the state, where it is stored as uint32, scale ``10**9``.
    default : float
        The real number.
    text : str
        Its docstring.
    zero : str
        Why it must not be 0; empty where it may be.
    """

    name: str
    default: float
    text: str
    zero: str = ""

    def to_fixed(self, value: Any) -> int:
        """Turn a real number into what the contract stores."""
        number = value.item() if hasattr(value, "item") else value  # a number of numpy
        fixed = scalar_to_fixed(number, 32, self.name, signed=False)
        if fixed == 0 and self.zero:
            raise InputError(f"{self.name} is {shown(number)}, {self.zero}; it must be at least 1e-9")
        return fixed


@dataclass(frozen=True)
class Demo:
    """A data set on which the demo and the gas tables run the model.

    Attributes
    ----------
    data : str
        Name of the data in the catalogue.
    num_initial : int
        Number of training samples on which the deployer fits the first model.
    """

    data: str
    num_initial: int


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """Declaration of a model: its hyperparameters, its fields of state, and their limits.

    Attributes
    ----------
    contract : str
        Name of the contract, of the class, and of the model on the command line.
    kernel : type
        The class of ``dcai._kernels``.
    samples : Dense or Sparse
        The form of samples.
    fields : tuple of Field
        The state in the order of the fingerprint. ``kernel.restore`` takes the values in this order.
    getters : mapping of str to Getter
        View functions of the state that dcai's contract and 0xDeCA10B's both have; they identify the contract.
    own_getters : mapping of str to Getter
        View functions of the state that only dcai's contract has.
    deploy : callable
        Passes the transactions that put a model on a chain to a `Driver`.
    changes : tuple of str
        Functions that only the owner may call, beside ``update`` and ``addFeatureIndices``. The method of the same
        name in snake case takes the same arguments in the same order.
    reads : tuple of str
        View functions beside ``predict``, ``norm`` and the getters; methods as for ``changes``.
    num_classes : int or None
        Where the number is fixed.
    has_mistakes : bool
        Whether a correct prediction leaves the model alone.
    linear : bool
        Whether the score is an intercept plus a sum of weights.
    hyperparameters : tuple of Hyperparameter
        Numbers that training takes.
    json_types : tuple of str
        Values of ``type`` in the JSON format of 0xDeCA10B; the first is written.
    fingerprint : str
        Name of the model in its fingerprint.
    words : mapping of str to str
        How reports name a storage word: ``"classInfos[k].numSamples"`` to ``"the number of samples of class {k}"``.
    demos : tuple of Demo
        Rows of the demo and of the gas tables.
    earlier_generation : callable, optional
        Takes the model; returns why its state must be of an earlier generation of 0xDeCA10B, whose storage means
        something else, and whether naming the layout overrides that; None if it need not be.
    """

    contract: str
    kernel: Any
    samples: Dense | Sparse
    fields: tuple[Field, ...]
    getters: Mapping[str, Getter]
    own_getters: Mapping[str, Getter] = field(default_factory=dict)
    deploy: Callable[[Driver, Any], None]
    changes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    num_classes: int | None = None
    has_mistakes: bool = False
    linear: bool = False
    hyperparameters: tuple[Hyperparameter, ...] = ()
    json_types: tuple[str, ...]
    fingerprint: str
    words: Mapping[str, str] = field(default_factory=dict)
    demos: tuple[Demo, ...] = ()
    earlier_generation: Callable[[Any], tuple[str, bool] | None] | None = None

    @property
    def module(self) -> str:
        """Name of the model's file in each layer: ``"sparse_perceptron"``."""
        return snake_case(self.contract).removesuffix("_classifier")

    @property
    def is_sparse(self) -> bool:
        """Whether samples are feature indices."""
        return isinstance(self.samples, Sparse)

    def keys(self, state: Mapping[str, Any]) -> Iterator[int]:
        """Yield the feature indices that a state's mappings hold; repeated where several do."""
        for each in self.fields:
            yield from each.keys(state)

    def in_words(self, name: str) -> str | None:
        """Name a storage word in words, or None where its own name says it: ``weights[3]``."""
        for pattern, words in self.words.items():
            form = re.escape(pattern).replace(r"\[k\]", r"\[(?P<k>\d+)\]").replace(r"\[j\]", r"\[(?P<j>\d+)\]")
            if match := re.fullmatch(form, name):
                return words.format(**match.groupdict())
        return None


def snake_case(name: str) -> str:
    """Turn a Solidity name into the Python name: ``addClass`` to ``add_class``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
