"""Parts that all encoders share: scale, string, the interface of scikit-learn, and for text the form of a batch."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload

import numpy as np

from dcai.errors import InputError, InputTypeError, shown
from dcai.rows import CsrRows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

__all__ = ["NUM_INDICES", "Encoder", "TextEncoder", "check_index"]

#: Feature indices are below this in every sparse model: the keys of the sparse centroids are uint32.
NUM_INDICES = 2**32


class Encoder(ABC):
    """Turns text or numbers into what the models and their contracts take.

    An encoder is a transformer of scikit-learn, too: it stands in a Pipeline before an estimator of
    `dcai.models.sklearn`. It has nothing to learn, so `fit` changes nothing.
    """

    #: Name of the kind of encoder, as it stands in ``encoder`` of a trainer contract; case does not count.
    type: ClassVar[str]
    #: Scale of the encoded data: 10^9 for fixed-point features; 1 for indices and plain integers.
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

    # -- scikit-learn ------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any = None) -> Self:
        """Return the encoder as it is."""
        return self

    @abstractmethod
    def transform(self, X: Any) -> NDArray[np.int64] | csr_array:
        """Encode a batch for an estimator: int64 rows, or a CSR matrix of ones."""

    def fit_transform(self, X: Any, y: Any = None) -> NDArray[np.int64] | csr_array:
        """Encode a batch, as `transform`."""
        return self.transform(X)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]  # a dataclass

    def set_params(self, **parameters: Any) -> Self:
        """Change arguments of the constructor in place, with its checks, as scikit-learn's grid search does."""
        for name in parameters.keys() - self.get_params():
            known = ", ".join(self.get_params()) or "none"
            raise InputError(f"{type(self).__name__} has no parameter {name!r}; its parameters: {known}")
        changed = replace(self, **parameters)  # type: ignore[type-var]  # a dataclass
        for name in parameters:
            setattr(self, name, getattr(changed, name))
        return self

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags  # noqa: PLC0415  # only it calls this

        text = isinstance(self, TextEncoder)
        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(one_d_array=text, two_d_array=not text, string=text),
            requires_fit=False,
        )


class TextEncoder(Encoder):
    """An encoder of text: each text becomes indices of features, for the sparse models."""

    scale = 1

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Number of features: every index is below it."""

    @abstractmethod
    def indices(self, text: str) -> list[int]:
        """Return the feature indices of one text."""

    def transform(self, X: Iterable[str]) -> csr_array:
        """Encode texts as a SciPy matrix of ones, shape (n, n_features).

        Parameters
        ----------
        X : iterable of str
            Texts: a list, an array, a column of a table.

        Raises
        ------
        InputTypeError
            One text alone, or something that is not text.
        MissingExtraError
            SciPy is not installed.
        """
        if isinstance(X, str):
            raise InputTypeError("transform takes a sequence of texts, got one text; encode takes one")
        return self.encode(X).to_csr(self.n_features)

    @overload
    def encode(self, data: str) -> list[int]: ...  # type: ignore[overload-overlap]  # str is an Iterable[str] too
    @overload
    def encode(self, data: Iterable[str]) -> CsrRows: ...
    def encode(self, data: Any) -> list[int] | CsrRows:
        """Encode one text, or a batch of texts.

        Parameters
        ----------
        data : str, or iterable of str
            One text, or many; a list, an array, a column of a table, a generator.

        Returns
        -------
        list of int, or CsrRows
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
        return CsrRows(np.array(indptr, np.int64), np.array(indices, np.int64))


def check_index(index: object, what: str) -> None:
    """Raise unless a value is a feature index; ``what`` names it in the error."""
    if isinstance(index, bool) or not isinstance(index, int):
        raise InputTypeError(f"{what} is {shown(index)}, and must be an integer from 0 to 2^32 - 1")
    if not 0 <= index < NUM_INDICES:
        raise InputError(f"{what} is {shown(index)}, and must be from 0 to 2^32 - 1")
