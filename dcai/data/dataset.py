"""A named data set in the form that the models take, as every loader returns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dcai.errors import InputError
from dcai.rows import CsrRows

__all__ = ["Dataset"]


Rows = TypeVar("Rows", "NDArray[np.int64]", CsrRows)


@dataclass(frozen=True, eq=False)
class Dataset(Generic[Rows]):
    """A data set, split into training and hidden test samples, in the form the models take.

    The order of the samples is fixed. An on-chain model is first built from the first n training
    samples (``initial(n)``); the others arrive one transaction after another (``stream(n)``);
    ``X_test`` measures it and no model ever trains on it.

    Parameters
    ----------
    name : str
        The name in the catalogue, ``dcai data list``.
    source : str
        Where the data come from and what was done to them.
    class_names : tuple of str
        Name of each label 0, 1, ...: ``classifications`` of a model.
    n_features : int
        Dense: the length of each row. Sparse: every index is below it.
    X_train, X_test : int64 array, shape (n, n_features), or CsrRows of length n
        Dense: fixed-point rows at scale 10^9 that pass the contracts' norm check. Sparse: feature
        indices. The models take a row of either, and the whole as a batch.
    y_train, y_test : uint64 array, shape (n,)
        Labels.

    Raises
    ------
    InputError
        Where samples and labels differ in number, or a label has no name.
    """

    name: str
    source: str
    class_names: tuple[str, ...]
    n_features: int
    X_train: Rows
    y_train: NDArray[np.uint64]
    X_test: Rows
    y_test: NDArray[np.uint64]

    def __post_init__(self) -> None:
        for part, X, y in (
            ("train", self.X_train, self.y_train),
            ("test", self.X_test, self.y_test),
        ):
            if len(X) != len(y):
                raise InputError(f"{self.name}: {len(X)} {part} samples, but {len(y)} {part} labels")
            if len(y) and int(y.max()) >= len(self.class_names):
                raise InputError(
                    f"{self.name}: {part} label {y.max()} has no name, there are {len(self.class_names)} classes"
                )

    def __repr__(self) -> str:
        form = "sparse" if isinstance(self.X_train, CsrRows) else "dense"
        return (
            f"<Dataset {self.name}: {len(self.y_train)} + {len(self.y_test)} samples, {form}, "
            f"{self.n_features} features, {len(self.class_names)} classes>"
        )

    def initial(self, n: int) -> tuple[Rows, NDArray[np.uint64]]:
        """Give the first n training samples and labels, from which the first model is built.

        Raises
        ------
        InputError
            Where n is not in 0 .. ``len(y_train)``.
        """
        self._check_part(n)
        return self.X_train[:n], self.y_train[:n]

    def stream(self, n: int) -> tuple[Rows, NDArray[np.uint64]]:
        """Give the training samples and labels after the first n, in the order of arrival.

        Raises
        ------
        InputError
            Where n is not in 0 .. ``len(y_train)``.
        """
        self._check_part(n)
        return self.X_train[n:], self.y_train[n:]

    def _check_part(self, n: int) -> None:
        if not 0 <= n <= len(self.y_train):
            raise InputError(
                f"{self.name} has {len(self.y_train)} training samples, "
                f"so the initial part has 0 to {len(self.y_train)}, got {n}"
            )
