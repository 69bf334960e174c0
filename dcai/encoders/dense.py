"""Encoders of numbers, for the dense models."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcai.data.normalization import l2_normalized
from dcai.encoders.base import Encoder
from dcai.errors import InputError, InputTypeError
from dcai.fixed import TO_FLOAT, as_array, to_fixed

__all__ = ["FixedPoint", "Integers", "L2Normalized"]


class _DenseEncoder(Encoder):
    """An encoder without options of one sample, shape (d,), or a batch, shape (n, d)."""

    @abstractmethod
    def encode(self, data: ArrayLike) -> NDArray[np.int64]:
        """Encode one sample, or a batch of them."""

    def options(self) -> dict[str, Any]:
        """Return no options."""
        return {}

    def transform(self, X: ArrayLike) -> NDArray[np.int64]:
        """Encode a batch, shape (n, d), as `encode`."""
        encoded = self.encode(X)
        if encoded.ndim != 2:
            raise InputError(
                f"transform takes a batch of shape (n, d), got shape {encoded.shape}; encode takes one sample"
            )
        return encoded


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class Integers(_DenseEncoder):
    """The encoder "none": the data are integers as the contract takes them.

    Examples
    --------
    >>> Integers().encode([3, -7])
    array([ 3, -7])
    """

    type = "none"
    scale = 1

    def encode(self, data: ArrayLike) -> NDArray[np.int64]:
        """Check integers.

        Parameters
        ----------
        data : array_like of int, shape (d,) or (n, d)
            One sample, or n of them.

        Returns
        -------
        int64 array of the same shape

        Raises
        ------
        InputTypeError, InputError
            Not integers, beyond int64, or not one or two axes.
        """
        array = _samples(data)
        if array.size and array.dtype.kind not in "iu":
            raise InputTypeError(f"expected integers that int64 holds, got an array of {array.dtype}")
        if array.dtype == np.uint64 and array.size and int(array.max()) >= 2**63:
            place = [int(i) for i in np.unravel_index(int(array.argmax()), array.shape)]
            raise InputError(f"value{place} is {array.max()}, and must be below 2^63")
        return array.astype(np.int64)


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class FixedPoint(_DenseEncoder):
    """The encoder "Multiply by 1E9, then round": real numbers as fixed-point integers, as `dcai.to_fixed`.

    Examples
    --------
    >>> FixedPoint().encode([[0.5, -0.25]])
    array([[ 500000000, -250000000]])
    """

    type = "Multiply by 1E9, then round"
    scale = TO_FLOAT

    def encode(self, data: ArrayLike) -> NDArray[np.int64]:
        """Multiply by 10^9 and round to the nearest integer, half away from zero, exactly.

        Parameters
        ----------
        data : array_like of real numbers, shape (d,) or (n, d)
            One sample, or n of them.

        Returns
        -------
        int64 array of the same shape

        Raises
        ------
        InputTypeError, InputError
            Not real numbers, not finite, too large, or not one or two axes.
        """
        fixed: NDArray[np.int64] = to_fixed(_samples(data))
        return fixed


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class L2Normalized(_DenseEncoder):
    """Rows of norm 1 as fixed-point integers that pass the norm check of the contracts, as `dcai.data.l2_normalized`.

    The string is dcai's own, as 0xDeCA10B has no encoder that normalises and does nothing else: its demo client
    normalises what the networks "universal sentence encoder" and "MobileNetV2" embed.

    Examples
    --------
    >>> L2Normalized().encode([1.0, 1.0, -1.0])
    array([ 577350269,  577350269, -577350269])
    """

    type = "L2 normalized"
    scale = TO_FLOAT

    def encode(self, data: ArrayLike) -> NDArray[np.int64]:
        """Divide each row by its norm, multiply by 10^9 and round so that it passes, whatever its dimension.

        Parameters
        ----------
        data : array_like of real numbers, shape (d,) or (n, d)
            One sample, or n of them; not all zeros.

        Returns
        -------
        int64 array of the same shape

        Raises
        ------
        InputTypeError, InputError
            Not real numbers, not finite, a row of zeros, or not one or two axes; the message names the row.
        """
        array = _samples(data)
        return l2_normalized(array) if array.ndim == 2 else l2_normalized(array[np.newaxis])[0]


def _samples(data: ArrayLike) -> NDArray[Any]:
    array = as_array(data)
    if array.ndim not in (1, 2):
        raise InputError(f"samples have shape {array.shape}; expected (d,) for one sample or (n, d) for n of them")
    return array
