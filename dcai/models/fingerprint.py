"""One line for the whole state of a model: two people who see the same line have the same model.

The line is ``dcai1:<model>:<digest>``: the SHA-256, in hexadecimal, of the canonical form, where ``dcai1`` names this
version of it. The canonical form is a string of bytes without any freedom:

- an integer of w bits is w / 8 bytes, big-endian, two's complement where it is signed;
- a text is its length in bytes (64 bits), then its UTF-8;
- a list is its length (64 bits), then its elements in order;
- a mapping is a list of (key, value) by increasing key, without the entries that are zero in all bits: storage does not
  tell them from keys that were never used.

It begins with the text ``dcai1``, the text of the model's name as it stands in the line, the list of the names of
the classes (texts) and the list of feature indices (32 bits). Then come the fields of the model's ``spec``, in order,
all integers with the widths of the contract. Fields with one value a class that follow one another are one list of
classes, each with its values in order; a struct is its members in order.

So it covers what decides any later prediction, update, error and unit of gas of a model, and no more: the contract's
owner, its address, its code and the order in which weights were set are not in it. A value of 0 that a sparse centroid
stores with a count is in it: the contract refuses to give that feature a value again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from dcai.models.spec import Array, FieldType, Int, Map, ModelSpec

__all__ = ["VERSION", "canonical_form", "fingerprint"]

#: Version of the canonical form; it changes with the form.
VERSION = "dcai1"

_LENGTH, _INDEX = Int(64), Int(32)


def fingerprint(
    spec: ModelSpec, state: Mapping[str, Any], classifications: Iterable[str], feature_indices: Iterable[int]
) -> str:
    """Return the line of a model; see `Classifier.fingerprint`."""
    form = canonical_form(spec, state, classifications, feature_indices)
    return f"{VERSION}:{spec.fingerprint}:{hashlib.sha256(form).hexdigest()}"


def canonical_form(
    spec: ModelSpec, state: Mapping[str, Any], classifications: Iterable[str], feature_indices: Iterable[int]
) -> bytes:
    """Return the bytes whose SHA-256 is the digest, of the model's state and names."""
    return b"".join(
        (
            _text(VERSION),
            _text(spec.fingerprint),
            _list([_text(label) for label in classifications]),
            _list([_INDEX.encode(index) for index in feature_indices]),
            *_state(spec, state),
        )
    )


def _state(spec: ModelSpec, state: Mapping[str, Any]) -> Iterator[bytes]:
    for per_class, group in groupby(spec.fields, key=lambda field: field.per_class):
        columns = [[_encode(field.type, value) for value in field.values(state)] for field in group]
        if per_class:
            yield _list([b"".join(values) for values in zip(*columns, strict=True)])
        else:
            yield from (value for (value,) in columns)


def _encode(kind: FieldType, value: Any) -> bytes:
    if isinstance(kind, Array):
        return _list([kind.item.encode(item) for item in value])
    if isinstance(kind, Map):
        entries = sorted((int(key), kind.value.encode(item)) for key, item in dict(value).items())
        return _list([kind.key.encode(key) + item for key, item in entries if any(item)])
    return kind.encode(value)


def _text(text: str) -> bytes:
    raw = text.encode()
    return _LENGTH.encode(len(raw)) + raw


def _list(elements: Sequence[bytes]) -> bytes:
    return _LENGTH.encode(len(elements)) + b"".join(elements)
