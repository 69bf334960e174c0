"""The state of a model as the words of its contract's storage, and the way back.

Slots come from the artifact's storage layout; this module only maps fields to variables.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.errors import ArtifactError, InputError
from dcai.evm.hashing import mapping_slot
from dcai.evm.layout import StorageLayout, Words
from dcai.models import Classifier
from dcai.models.registry import MODELS, spec_of
from dcai.models.spec import Map, ModelSpec

__all__ = ["expected_storage", "mentioned_indices", "read_known", "read_model", "state_variables"]

#: Feature indices below this are looked for in the mappings of a contract without being named.
_SEARCHED_INDICES = 1 << 16


def expected_storage(model: Classifier, owner: str, *, artifact: Artifact | None = None) -> dict[int, int]:
    """Return the storage that the contract of a model must have.

    Parameters
    ----------
    model : model of dcai.models
        Any state.
    owner : str
        Address of the contract's owner.
    artifact : Artifact, optional
        Of another compilation of the contract; that of dcai unless given.

    Returns
    -------
    dict of int to int
        Word of each non-zero slot, in ascending order of slots.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    """
    layout = StorageLayout((artifact or artifacts.load(spec_of(model).contract)).storage_layout)
    return layout.encode({"_owner": owner, **state_variables(model)})


def state_variables(model: Classifier) -> dict[str, Any]:
    """Return the state variables of a model's contract, but for its owner.

    Parameters
    ----------
    model : model of dcai.models
        Any state.

    Returns
    -------
    dict of str to Any
        By the name that the contract gives each: integers, sequences, mappings by key, structs as mappings by member.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    """
    spec, state = spec_of(model), model.state()
    variables: dict[str, Any] = {
        "classifications": model.classifications,
        "featureIndices": [int(index) for index in model.feature_indices],
    }
    for field in spec.fields:
        name, _, member = field.variable.partition(".")
        values = [field.to_solidity(value) for value in field.values(state)]
        if member:
            structs = variables.setdefault(name, [{} for _ in values])
            for struct, value in zip(structs, values, strict=True):
                struct[member] = value
        else:
            variables[name] = values if field.per_class else values[0]
    return variables


# -- the way back -- #


def read_model(artifact: Artifact, words: Mapping[int, int], *, indices: Iterable[int] = ()) -> Classifier:
    """Make a model of a contract's storage.

    Parameters
    ----------
    artifact : Artifact
        Of the contract.
    words : mapping of int to int
        Word of each non-zero slot.
    indices : iterable of int
        Feature indices of a sparse model to look for; those below 2^16 are looked for anyway.

    Returns
    -------
    Classifier
        Of the class in ``dcai.models`` that has the contract's name.

    Raises
    ------
    InputError
        Some words belong to feature indices that are not known, or to no state variable.
    ArtifactError
        The contract is no model, or the words are not its storage.
    """
    return _restore(_model_class(artifact), _CompleteState(artifact, words, indices))


def read_known(artifact: Artifact, words: Words, keys: Iterable[int] = ()) -> Classifier:
    """Make a model of those words of a contract's storage that are known.

    Parameters
    ----------
    artifact : Artifact
        Of the contract.
    words : Words
        Is asked for each word that the model consists of, and may raise where it does not know one.
    keys : iterable of int
        All feature indices of a sparse model that count.

    Returns
    -------
    Classifier
        Of the class in ``dcai.models`` that has the contract's name.

    Raises
    ------
    ArtifactError
        The contract is no model, or the words are not its storage.
    """
    return _restore(_model_class(artifact), _State(artifact, words, keys))


def _model_class(artifact: Artifact) -> type[Classifier]:
    if artifact.name not in MODELS:
        raise ArtifactError(f"{artifact.name} is not the contract of a model; expected one of {', '.join(MODELS)}")
    return MODELS[artifact.name]


def _restore(model_class: type[Classifier], variables: _State) -> Classifier:
    state = {}
    for field in model_class.spec.fields:
        name, _, member = field.variable.partition(".")
        value = variables.read(name)
        values = [each[member] for each in value] if member else value if field.per_class else [value]
        values = [field.from_solidity(each) for each in values]
        state[field.name] = values if field.per_class else values[0]
    return model_class.restore(state, variables.read("classifications"), variables.read("featureIndices"))


class _State:
    """The state variables of a contract."""

    def __init__(self, artifact: Artifact, words: Words, keys: Iterable[int]) -> None:
        self._layout = StorageLayout(artifact.storage_layout)
        self._words = words
        self._keys = tuple(keys)

    def read(self, name: str) -> Any:
        return self._layout.decode(self._words, name, self._keys)


class _CompleteState(_State):
    """The state variables of a contract, all slots accounted for."""

    def __init__(self, artifact: Artifact, words: Mapping[int, int], indices: Iterable[int]) -> None:
        super().__init__(artifact, Words(words), ())
        self._spec: ModelSpec = _model_class(artifact).spec
        for name in self._layout.variables:  # so that what is left unread is in mappings
            self.read(name)
        self._keys = tuple(self._find_keys(sorted(indices)))

    def _find_keys(self, named: Sequence[int]) -> Iterator[int]:
        """Search for the keys whose hashes are the slots that no variable accounts for."""
        missing = self._words.unread()
        count = len(missing)
        bases = tuple(self._mappings())
        for key in chain(named, range(_SEARCHED_INDICES)):
            if not missing:
                return
            found = {mapping_slot(key, base) for base in bases} & missing
            if found:
                missing -= found
                yield key
        if missing:
            raise InputError(
                f"{len(missing)} of {count} words of weights or centroids belong to features that "
                f"are neither named in indices nor below {_SEARCHED_INDICES:,}, for example "
                f"slot {hex(next(iter(missing)))}: pass every trained feature in indices="
            )

    def _mappings(self) -> Iterator[int]:
        """Yield the slots of all mappings from feature indices."""
        layout = self._layout
        for field in self._spec.fields:
            if not isinstance(field.type, Map):
                continue
            name, _, member = field.variable.partition(".")
            if not member:
                yield layout.variable(name).slot
                continue
            offset = layout.member(name, member).slot
            yield from (layout.element(name, k) + offset for k in range(len(self.read(name))))


def mentioned_indices(function: str, args: Sequence[Any]) -> set[int]:
    """Return the feature indices that a call of a sparse model's function may have stored.

    They are the sample of an update, the first of each pair however deep it stands, and a run of weights from an index
    on. Of a dense model, whose arguments are values, the result means nothing and does no harm.
    """
    if function == "update":
        return {int(index) for index in args[0]}
    found = {int(row[0]) for arg in args if _is_list(arg) for row in _rows(arg)}
    if len(args) == 2 and isinstance(args[0], int):
        found.update(range(args[0], args[0] + len(args[1])))
    return found


def _rows(values: Any) -> Iterator[Sequence[Any]]:
    """Yield the innermost lists within a list."""
    for row in values:
        if _is_list(row) and len(row):
            if _is_list(row[0]):
                yield from _rows(row)
            else:
                yield row


def _is_list(value: Any) -> bool:
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes))
