"""The state of a model as the words of its contract's storage, and the way back.

Slots come from the artifact's storage layout; what stands here is only which variable holds what.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from dcai import artifacts
from dcai.errors import ArtifactError, InputError, InputTypeError
from dcai.evm.hashing import mapping_slot
from dcai.evm.layout import StorageLayout, Words
from dcai.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from dcai.artifacts import Artifact
    from dcai.models import (
        Classifier,
        DensePerceptron,
        NearestCentroidClassifier,
        SparseNearestCentroidClassifier,
        SparsePerceptron,
    )

__all__ = [
    "contract_name",
    "expected_storage",
    "mentioned_indices",
    "read_known",
    "read_model",
    "state_variables",
]

#: Feature indices below this are looked for in the mappings of a contract without being named.
_SEARCHED_INDICES = 1 << 16


def contract_name(model: Classifier) -> str:
    """Return the name of the contract that holds a model: that of its class in ``dcai.models``.

    Raises
    ------
    InputTypeError
        It is no model of dcai.
    """
    for name, model_class in MODELS.items():
        if isinstance(model, model_class):
            return name
    raise InputTypeError(f"{type(model).__name__} is no model that has a contract; those are {', '.join(MODELS)}")


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
    layout = StorageLayout((artifact or artifacts.load(contract_name(model))).storage_layout)
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
    return {
        "classifications": model.classifications,
        "featureIndices": [int(index) for index in model.feature_indices],
        **_VALUES[contract_name(model)](model),
    }


def _perceptron(model: DensePerceptron | SparsePerceptron, weights: Any) -> dict[str, Any]:
    return {
        "weights": weights,
        "intercept": model.intercept,
        "learningRate": model.learning_rate,
    }


def _dense_perceptron(model: DensePerceptron) -> dict[str, Any]:
    return _perceptron(model, [int(weight) for weight in model.weights])


def _sparse_perceptron(model: SparsePerceptron) -> dict[str, Any]:
    return _perceptron(model, dict(model.weights.items()))


def _nearest_centroid(model: NearestCentroidClassifier) -> dict[str, Any]:
    return {
        "centroids": [centroid.tolist() for centroid in model.centroids],
        "dataCounts": model.counts,
    }


def _sparse_nearest_centroid(model: SparseNearestCentroidClassifier) -> dict[str, Any]:
    rows = zip(model.counts, model.squared_magnitudes, model.stored, strict=True)
    return {
        "classInfos": [
            {
                "numSamples": count,
                "squaredMagnitude": squared_magnitude,
                "features": {
                    index: {"value": value, "numSamples": num_samples} for index, (value, num_samples) in stored.items()
                },
            }
            for count, squared_magnitude, stored in rows
        ]
    }


#: The state variables of each contract, from a model.
_VALUES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "DensePerceptron": _dense_perceptron,
    "SparsePerceptron": _sparse_perceptron,
    "NearestCentroidClassifier": _nearest_centroid,
    "SparseNearestCentroidClassifier": _sparse_nearest_centroid,
}


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
    if artifact.name not in _STATES:
        raise ArtifactError(f"{artifact.name} holds no model; those that do: {', '.join(_STATES)}")
    return _restore(artifact.name, _CompleteState(artifact, words, indices))


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
    return _restore(artifact.name, _State(artifact, words, keys))


def _restore(name: str, state: _State) -> Classifier:
    return MODELS[name].restore(_STATES[name](state), state.read("classifications"), state.read("featureIndices"))


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
                f"are neither named in indices nor below {_SEARCHED_INDICES:,}, such as that at "
                f"slot {hex(next(iter(missing)))}: pass indices=, the features ever trained on"
            )

    def _mappings(self) -> Iterator[int]:
        """Yield the slots of all mappings from feature indices."""
        layout = self._layout
        if "classInfos" in layout.variables:
            features = layout.member("classInfos", "features")
            for k in range(len(self.read("classInfos"))):
                yield layout.element("classInfos", k) + features.slot
        elif "weights" in layout.variables:
            yield layout.variable("weights").slot


def _perceptron_state(state: _State) -> dict[str, Any]:
    return {
        "weights": state.read("weights"),
        "intercept": state.read("intercept"),
        "learning_rate": state.read("learningRate"),
    }


def _nearest_centroid_state(state: _State) -> dict[str, Any]:
    return {"centroids": state.read("centroids"), "counts": state.read("dataCounts")}


def _sparse_nearest_centroid_state(state: _State) -> dict[str, Any]:
    classes = state.read("classInfos")
    return {
        "counts": [info["numSamples"] for info in classes],
        "squared_magnitudes": [info["squaredMagnitude"] for info in classes],
        "stored": [{index: (f["value"], f["numSamples"]) for index, f in info["features"].items()} for info in classes],
    }


#: What a model is restored from, from the state variables of its contract.
_STATES: dict[str, Callable[[_State], dict[str, Any]]] = {
    "DensePerceptron": _perceptron_state,
    "SparsePerceptron": _perceptron_state,
    "NearestCentroidClassifier": _nearest_centroid_state,
    "SparseNearestCentroidClassifier": _sparse_nearest_centroid_state,
}


def mentioned_indices(function: str, args: Sequence[Any]) -> set[int]:
    """Return the feature indices that a call of a sparse model's function may have stored.

    Of a dense model, whose arguments are values, the result means nothing and does no harm.
    """
    if function == "update":
        return {int(index) for index in args[0]}
    if function == "initializeWeights" and len(args) == 2:
        return set(range(int(args[0]), int(args[0]) + len(args[1])))
    if function in ("initializeSparseWeights", "addClass", "extendCentroid"):
        return {int(row[0]) for row in args[0] if hasattr(row, "__len__") and len(row)}
    return set()
