"""A contract as it stands in a block against a model from elsewhere: field by field, and nothing beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcai.chain import storage_root
from dcai.evm.hashing import to_address
from dcai.evm.storage import contract_name, expected_storage, state_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.chain import Snapshot
    from dcai.models import Classifier

__all__ = ["Comparison", "FieldDifference", "against", "field_differences"]

_ADDRESS_BITS = 160


@dataclass(frozen=True)
class FieldDifference:
    """A field that two models have differently.

    Attributes
    ----------
    field : str
        As the contract names it: ``weights[3]``, ``classInfos[0].features[7].value``, ``classifications.length``.
    chain, file : int or str
        What the contract has, and what the model has.
    """

    field: str
    chain: int | str
    file: int | str

    def __str__(self) -> str:
        return f"{self.field}: chain {self.chain!r}, file {self.file!r}"


@dataclass(frozen=True)
class Comparison:
    """What `against` found.

    Attributes
    ----------
    differences : tuple of FieldDifference
        In the order of the contract's state variables.
    unexplained : tuple of int
        Slots that were read and hold something else than the model that was read from them: bits that belong to no
        field, which no transaction sets.
    complete : bool or None
        Whether the contract's storage is proven to hold nothing but the words that were read: then a sparse model has
        no other weights. None where the storage root is not proven.
    """

    differences: tuple[FieldDifference, ...]
    unexplained: tuple[int, ...]
    complete: bool | None

    @property
    def equal(self) -> bool:
        """Whether nothing speaks against their being the same."""
        return not self.differences and not self.unexplained and self.complete is not False


def against(snapshot: Snapshot, model: Classifier) -> Comparison:
    """Compare a contract in a block with a model.

    Parameters
    ----------
    snapshot : dcai.chain.Snapshot
        Of the contract. Of a sparse model it should have all features that ``model`` has a value for.
    model : Classifier
        The model.

    Raises
    ------
    UnknownContractError
        The snapshot's storage is not that of its layout.
    """
    on_chain = snapshot.model()
    owner = to_address((snapshot.storage.get(0, 0) % (1 << _ADDRESS_BITS)).to_bytes(20, "big"))
    expected = expected_storage(on_chain, owner, artifact=snapshot.kind.artifact)
    read = {slot: word for slot, word in snapshot.storage.items() if word}
    unexplained = sorted(slot for slot in read.keys() | expected.keys() if read.get(slot) != expected.get(slot))
    complete = None
    if snapshot.verified and snapshot.storage_root is not None:
        complete = storage_root(read).hex() == snapshot.storage_root.removeprefix("0x")
    return Comparison(tuple(field_differences(on_chain, model)), tuple(unexplained), complete)


def field_differences(chain: Classifier, file: Classifier) -> Iterator[FieldDifference]:
    """Yield the fields that two models have differently, in the order of the contract's state variables."""
    names = contract_name(chain), contract_name(file)
    if names[0] != names[1]:
        yield FieldDifference("contract", *names)
        return
    others = state_variables(file)
    for name, value in state_variables(chain).items():
        yield from _differences(name, value, others[name])


def _differences(field: str, chain: Any, file: Any) -> Iterator[FieldDifference]:
    if isinstance(chain, Mapping):
        for key in sorted(chain.keys() | file.keys()):
            ours, theirs = chain.get(key), file.get(key)
            place = f"{field}.{key}" if isinstance(key, str) else f"{field}[{key}]"
            # What a mapping does not have is 0, in each of its members.
            yield from _differences(place, _or_zeros(ours, theirs), _or_zeros(theirs, ours))
    elif isinstance(chain, Sequence) and not isinstance(chain, str):
        if len(chain) != len(file):
            yield FieldDifference(f"{field}.length", len(chain), len(file))
        for i, (ours, theirs) in enumerate(zip(chain, file, strict=False)):
            yield from _differences(f"{field}[{i}]", ours, theirs)
    elif chain != file:
        yield FieldDifference(field, chain, file)


def _or_zeros(value: Any, like: Any) -> Any:
    if value is not None:
        return value
    return dict.fromkeys(like, 0) if isinstance(like, Mapping) else 0
