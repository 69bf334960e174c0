"""What all encoders share: their scale, their string, and for those of text the form of a batch."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, overload

import numpy as np

from dcai.data.dataset import SparseRows
from dcai.errors import InputError, InputTypeError, shown

__all__ = ["NUM_INDICES", "Encoder", "TextEncoder", "check_index"]

#: Feature indices are below this in every sparse model: the keys of the sparse centroids are uint32.
NUM_INDICES = 2**32


class Encoder(ABC):
    """Turns what people have into what the models and their contracts take."""

    #: Name of the kind of encoder, as it stands in ``encoder`` of a trainer contract; case does not count.
    type: ClassVar[str]
    #: What a 1 of the encoded data stands for: 10^9 for fixed-point features; 1 for indices and plain integers.
    scale: ClassVar[int]

    @abstractmethod
    def encode(self, data: Any) -> Any:
        """Encode one sample, or a batch of them."""

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """Return what `to_string` writes beside the type, in values that JSON can hold."""

    def to_string(self) -> str:
        """Return the text for ``encoder`` of a trainer contract, which `dcai.encoders.from_string` reads.

        Returns
        -------
        str
            The type alone for an encoder without options, else a JSON object of the type and all options.
        """
        options = self.options()
        return json.dumps({"type": self.type, **options}) if options else self.type


class TextEncoder(Encoder):
    """An encoder of text: each text becomes indices of features, for the sparse models."""

    scale = 1

    @abstractmethod
    def indices(self, text: str) -> list[int]:
        """Return the feature indices of one text."""

    @overload
    def encode(self, data: str) -> list[int]: ...  # type: ignore[overload-overlap]  # str is an Iterable[str] too
    @overload
    def encode(self, data: Iterable[str]) -> SparseRows: ...
    def encode(self, data: Any) -> list[int] | SparseRows:
        """Encode one text, or a batch of texts.

        Parameters
        ----------
        data : str, or iterable of str
            One text, or many; a list, an array, a column of a table, a generator.

        Returns
        -------
        list of int, or SparseRows
            Feature indices: of one text, or a row for each of the texts. The sparse models take both as they are.

        Raises
        ------
        InputTypeError
            Something that is not text; the message names its position.
        MissingExtraError
            The encoder hashes, and ``mmh3`` is not installed.
        """
        if isinstance(data, str):
            return self.indices(data)
        if isinstance(data, (bytes, bytearray)) or not isinstance(data, Iterable):
            raise InputTypeError(f"expected text, or a sequence of texts, got {shown(data)}")
        indptr, indices = [0], list[int]()
        for row, text in enumerate(data):
            if not isinstance(text, str):
                raise InputTypeError(f"text {row} is {shown(text)}; expected str")
            indices += self.indices(text)
            indptr.append(len(indices))
        return SparseRows(np.array(indptr, np.int64), np.array(indices, np.int64))


def check_index(index: object, what: str) -> None:
    """Raise unless a value is a feature index; ``what`` names it in the error."""
    if isinstance(index, bool) or not isinstance(index, int):
        raise InputTypeError(f"{what} is {shown(index)}, and must be an integer from 0 to 2^32 - 1")
    if not 0 <= index < NUM_INDICES:
        raise InputError(f"{what} is {shown(index)}, and must be from 0 to 2^32 - 1")
