"""Parse the string ``encoder`` of a trainer contract into an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai import strict_json
from dcai.encoders.demo_client import DemoImdbVocab, DemoMurmurHash3
from dcai.encoders.dense import FixedPoint, Integers, L2Normalized
from dcai.encoders.hashed_presence import HashedPresence
from dcai.encoders.word_presence import WordPresence
from dcai.errors import InputError, InputTypeError, shown

if TYPE_CHECKING:
    from dcai.encoders.base import Encoder
    from dcai.encoders.vocabulary import Vocabulary

__all__ = ["from_string"]

_KINDS: dict[str, type[Encoder]] = {
    kind.type.lower(): kind
    for kind in (Integers, FixedPoint, L2Normalized, WordPresence, HashedPresence, DemoImdbVocab, DemoMurmurHash3)
}
#: Encoders of 0xDeCA10B that are neural networks.
_NETWORKS = ("universal sentence encoder", "MobileNetV2")


def from_string(text: str, *, vocabulary: Vocabulary | None = None) -> Encoder:
    """Return the encoder that a string names, such as ``encoder`` of a trainer contract.

    Parameters
    ----------
    text : str
        A type, in any case: "none", "Multiply by 1E9, then round", "MurmurHash3", "IMDB vocab", "L2 normalized"; or a
        JSON object with the field "type" and the options of that type.
    vocabulary : Vocabulary, optional
        Needed by, and only for, an encoder that has one: the string only names it.

    Returns
    -------
    Encoder
        One whose ``to_string`` is read as an equal one again.

    Raises
    ------
    InputTypeError
        No text, or an option of the wrong type.
    InputError
        An unknown type, an unknown or missing option, a missing vocabulary or another one than the string names.

    Examples
    --------
    >>> from_string("murmurhash3")
    DemoMurmurHash3()
    >>> from_string(from_string('{"type": "hashed presence", "n_features": 4096}').to_string())
    HashedPresence(n_features=4096, seed=0, tokens='whitespace')
    """
    if not isinstance(text, str):
        raise InputTypeError(f"the string of an encoder is {shown(text)}; expected str")
    options: dict[str, Any] = {"type": text}
    if text.lstrip().startswith("{"):
        options = strict_json.parse(text, "the string of an encoder")
    kind = _kind(options.pop("type", None))
    known = getattr(kind, "__dataclass_fields__", {})
    if (unknown := next((name for name in options if name not in known), None)) is not None:
        has = ", ".join(known) or "none"
        raise InputError(f"{kind.type!r} has no option {shown(unknown)}; its options: {has}")
    if "vocabulary" in known:
        options["vocabulary"] = _named(kind, vocabulary, options)
    elif vocabulary is not None:
        raise InputError(f"{kind.type!r} takes no vocabulary")
    return kind(**options)


def _kind(name: object) -> type[Encoder]:
    if not isinstance(name, str):
        raise InputError(f"the type of an encoder is {shown(name)}; expected one of: {_names()}")
    if name.lower() in map(str.lower, _NETWORKS):
        raise InputError(
            f"{name!r} is a neural network, which dcai does not run; compute its embeddings, "
            "and encode those with dcai.encoders.L2Normalized"
        )
    try:
        return _KINDS[name.lower()]
    except KeyError:
        raise InputError(f"no encoder of type {shown(name)}; there are: {_names()}") from None


def _names() -> str:
    return ", ".join(repr(kind.type) for kind in _KINDS.values())


def _named(kind: type[Encoder], vocabulary: Vocabulary | None, options: dict[str, Any]) -> Vocabulary:
    """Return the vocabulary if its hash matches the options."""
    if vocabulary is None:
        raise InputError(
            f"{kind.type!r} needs its vocabulary: from_string(text, vocabulary=Vocabulary.from_json(path))"
        )
    named = options.get("vocabulary")
    if kind is WordPresence and named != vocabulary.sha256:
        raise InputError(f"the string names the vocabulary with SHA-256 {shown(named)}, got {vocabulary!r}")
    return vocabulary
