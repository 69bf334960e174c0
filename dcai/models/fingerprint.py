"""One line for the whole state of a model: two people who see the same line have the same model.

The line is ``dcai1:<model>:<digest>``: the SHA-256, in hexadecimal, of the canonical form, where ``dcai1`` names this
version of it. The canonical form is a string of bytes without any freedom:

- an integer of w bits is w / 8 bytes, big-endian, two's complement where it is signed;
- a text is its length in bytes (64 bits), then its UTF-8;
- a list is its length (64 bits), then its elements in order;
- a mapping is a list of (key, value) by increasing key, without the entries that are zero in all bits: storage does not
  tell them from keys that were never used.

It begins with the text ``dcai1``, the text of the model's name as it stands in the line, the list of the names of
the classes (texts) and the list of feature indices (32 bits). Then, all integers with the widths of the contract:

============================= ==================================================================================
dense-perceptron              list of weights (80, signed); intercept (80, signed); learning rate (32)
sparse-perceptron             mapping of index (64) to weight (80, signed); intercept (80, signed);
                              learning rate (32)
nearest-centroid              list of classes: list of values (64, signed), count (256)
sparse-nearest-centroid       list of classes: count (64), squared magnitude (256),
                              mapping of index (32) to value (64) and count at which it was written (64)
============================= ==================================================================================

So it covers what decides any later prediction, update, error and unit of gas of a model, and no more: the contract's
owner, its address, its code and the order in which weights were set are not in it. A value of 0 that a sparse centroid
stores with a count is in it: the contract refuses to give that feature a value again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dcai.models.base import Classifier

__all__ = ["VERSION", "canonical_form", "fingerprint"]

#: Of the canonical form; whoever changes that form changes this.
VERSION = "dcai1"


def fingerprint(model: Classifier) -> str:
    """Return the line of a model; see `Classifier.fingerprint`."""
    name, _ = _form(model)
    return f"{VERSION}:{name}:{hashlib.sha256(canonical_form(model)).hexdigest()}"


def canonical_form(model: Classifier) -> bytes:
    """Return the bytes whose SHA-256 is the digest.

    Parameters
    ----------
    model : Classifier
        In any state.
    """
    model = model.copy()  # of one moment, whatever other threads do
    name, state_form = _form(model)
    return b"".join(
        (
            _text(VERSION),
            _text(name),
            _list([_text(label) for label in model.classifications]),
            _list([_unsigned(index, 32) for index in model.feature_indices]),
            *state_form(model.state()),
        )
    )


def _form(model: Classifier) -> tuple[str, Callable[[Mapping[str, Any]], Iterable[bytes]]]:
    return next(_FORMS[kind.__name__] for kind in type(model).__mro__ if kind.__name__ in _FORMS)


def _dense_perceptron(state: Mapping[str, Any]) -> Iterable[bytes]:
    yield _list([_signed(weight, 80) for weight in state["weights"]])
    yield from _intercept_and_rate(state)


def _sparse_perceptron(state: Mapping[str, Any]) -> Iterable[bytes]:
    yield _mapping(state["weights"], 64, lambda weight: _signed(weight, 80))
    yield from _intercept_and_rate(state)


def _intercept_and_rate(state: Mapping[str, Any]) -> Iterable[bytes]:
    yield _signed(state["intercept"], 80)
    yield _unsigned(state["learning_rate"], 32)


def _nearest_centroid(state: Mapping[str, Any]) -> Iterable[bytes]:
    classes = zip(state["centroids"], state["counts"], strict=True)
    yield _list([_list([_signed(c, 64) for c in centroid]) + _unsigned(n, 256) for centroid, n in classes])


def _sparse_nearest_centroid(state: Mapping[str, Any]) -> Iterable[bytes]:
    classes = zip(state["counts"], state["squared_magnitudes"], state["stored"], strict=True)
    yield _list(
        [
            _unsigned(count, 64)
            + _unsigned(magnitude, 256)
            + _mapping(stored, 32, lambda pair: _unsigned(pair[0], 64) + _unsigned(pair[1], 64))
            for count, magnitude, stored in classes
        ]
    )


#: The name in the line and the form of the state, by the name of the model's class.
_FORMS: dict[str, tuple[str, Callable[[Mapping[str, Any]], Iterable[bytes]]]] = {
    "DensePerceptron": ("dense-perceptron", _dense_perceptron),
    "SparsePerceptron": ("sparse-perceptron", _sparse_perceptron),
    "NearestCentroidClassifier": ("nearest-centroid", _nearest_centroid),
    "SparseNearestCentroidClassifier": ("sparse-nearest-centroid", _sparse_nearest_centroid),
}


def _unsigned(number: int, bits: int) -> bytes:
    return int(number).to_bytes(bits // 8, "big")


def _signed(number: int, bits: int) -> bytes:
    return int(number).to_bytes(bits // 8, "big", signed=True)


def _text(text: str) -> bytes:
    raw = text.encode()
    return _unsigned(len(raw), 64) + raw


def _list(elements: Sequence[bytes]) -> bytes:
    return _unsigned(len(elements), 64) + b"".join(elements)


def _mapping(entries: Any, key_bits: int, form: Callable[[Any], bytes]) -> bytes:
    formed = ((int(key), form(value)) for key, value in dict(entries).items())
    return _list([_unsigned(key, key_bits) + value for key, value in sorted(formed) if any(value)])
