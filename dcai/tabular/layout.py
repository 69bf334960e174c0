"""The shape that a model takes and the layout of rows in files: instructions for every reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dcai.errors import InputError
from dcai.models import Classifier, DenseClassifier
from dcai.models.registry import spec_of
from dcai.models.spec import Dense, Sparse
from dcai.reprs import short_repr

__all__ = ["Agreement", "Layout", "Scale", "Shape"]

Scale = Literal["auto", "fixed", "float"]

#: Values of a batch, about: 8 MB of int64, whatever the number of columns.
_VALUES_PER_BATCH = 1 << 20
_FEWEST_ROWS, _MOST_ROWS = 64, 1 << 16
#: Rows of a batch if their length is unknown; a review has some hundreds of features.
_SPARSE_ROWS = 1 << 13


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How rows stand in files.

    Attributes
    ----------
    features : sequence of str, optional
        The columns that hold the features, in the order of the model's; by default all that are not named below.
    ignore : sequence of str
        Columns to leave aside.
    labels : str, optional
        The column with the true labels. In svmlight files it is always called ``"label"``.
    keep : sequence of str
        Columns that go to the output as they are.
    scale : {"auto", "fixed", "float"}
        Meaning of a number to a dense model: an integer scaled by ``10**9``, or a real number, which ``dcai.to_fixed``
        scales. ``auto`` takes integers of 32 or 64 bits for the former and floats for the latter, and refuses what
        may be either.
    format : str, optional
        One of ``dcai.tabular.INPUT_FORMATS``; by default what the name of the file ends in.
    header : bool
        Whether the first line of a CSV file has the names of its columns; without, they are ``"f0"``, ``"f1"``, ...
    delimiter : str, optional
        Separator of the values of a CSV file: a comma, or a tab where the name ends in .tsv.
    first_index : {0, 1}, optional
        The index by which svmlight files call the first feature; they do not say it themselves.
    batch_rows : int, optional
        Most rows of a batch; by default such that a batch takes about 8 MB.
    """

    __repr__ = short_repr

    features: Sequence[str] | None = None
    ignore: Sequence[str] = ()
    labels: str | None = None
    keep: Sequence[str] = ()
    scale: Scale = "auto"
    format: str | None = None
    header: bool = True
    delimiter: str | None = None
    first_index: int | None = None
    batch_rows: int | None = None

    def __post_init__(self) -> None:
        if self.scale not in ("auto", "fixed", "float"):
            raise InputError(f"scale is {self.scale!r}; expected 'auto', 'fixed' or 'float'")
        if self.first_index not in (None, 0, 1):
            raise InputError(f"first_index is {self.first_index!r}; expected 0 or 1")
        if self.batch_rows is not None and self.batch_rows < 1:
            raise InputError(f"batch_rows is {self.batch_rows}; expected at least 1")
        if self.delimiter is not None and len(self.delimiter) != 1:
            raise InputError(f"delimiter is {self.delimiter!r}; expected one character")

    @property
    def side(self) -> tuple[str, ...]:
        """The columns that are read and are no features."""
        return tuple(dict.fromkeys((*self.keep, *([] if self.labels is None else [self.labels]))))


@dataclass(frozen=True)
class Shape:
    """Shape of the rows that a model takes.

    Attributes
    ----------
    width : int or None
        Number of features of a dense model; None for a sparse one.
    samples : Dense or Sparse
        The form of samples.
    classifications : tuple of str
        Names of the classes.
    contract : str
        How messages call the model.
    """

    width: int | None
    samples: Dense | Sparse
    classifications: tuple[str, ...]
    contract: str

    @classmethod
    def of(cls, model: Classifier) -> Shape:
        """Return the shape of a model."""
        width = model.num_features if isinstance(model, DenseClassifier) else None
        spec = spec_of(model)
        return cls(width, spec.samples, model.classifications, spec.contract)

    def batch_rows(self, layout: Layout, width: int | None = None) -> int:
        """Return how many rows a batch has at most, of ``width`` values each where that is known."""
        if layout.batch_rows is not None:
            return layout.batch_rows
        width = width or self.width
        if width is None:
            return _SPARSE_ROWS
        return min(max(_VALUES_PER_BATCH // max(width, 1), _FEWEST_ROWS), _MOST_ROWS)

    def check_width(self, path: Path, number: int, what: str) -> None:
        """Raise where a file has another number of features than the model."""
        if self.width is not None and number != self.width:
            raise InputError(f"{path} has {number} {what}; the {self.contract} takes {self.width} features")


@dataclass
class Agreement:
    """Properties that the first of several files sets for the others."""

    path: Path | None = None
    features: tuple[str, ...] | None = None
    scale: Scale = "auto"
    scale_path: Path | None = None
