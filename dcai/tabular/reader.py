"""Batches of rows that are ready for ``model.predict``, from files that may be larger than memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from dcai.errors import InputError
from dcai.reprs import short_repr
from dcai.tabular.features import to_samples
from dcai.tabular.files.formats import expand, input_format
from dcai.tabular.files.npy import read_npy, read_npz
from dcai.tabular.files.svmlight import read_svmlight
from dcai.tabular.files.table_files import read_arrow, read_csv, read_parquet
from dcai.tabular.labels import to_labels
from dcai.tabular.layout import Agreement, Layout, Shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcai.models import Classifier
    from dcai.tabular.chunk import RowChunk

__all__ = ["Batch", "OnBadRow", "as_paths", "read_batches"]

OnBadRow = Literal["error", "skip"]
Paths = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]

#: So many skipped rows of a batch are described.
_DESCRIBED = 5


@dataclass
class Batch:
    """Rows of one file, all without faults.

    Attributes
    ----------
    samples : int64 array of shape (n, d), or CsrRows
        Batch for ``model.predict_batch``, of a dense or a sparse model.
    path : Path
        The file.
    rows : int64 array, shape (n,)
        Number of each row in the file, from 0.
    labels : int64 array, shape (n,), or None
        True labels, where they were asked for.
    kept : dict
        The columns to keep, by name: arrays of numpy or Arrow, of n entries.
    num_skipped : int
        How many rows were left out between these and those of the batch before.
    skipped : list of str
        Reason of the first of them.
    offset : int
        Number of rows of the files before, those left out included.
    fraction : float
        How much of all files has been read, by their sizes.
    """

    __repr__ = short_repr

    samples: Any
    path: Path
    rows: NDArray[np.int64]
    labels: NDArray[np.int64] | None
    kept: dict[str, Any]
    num_skipped: int
    skipped: list[str] = field(default_factory=list)
    offset: int = 0
    fraction: float = 0.0

    def __len__(self) -> int:
        return len(self.rows)


def read_batches(
    paths: Paths, model: Classifier, layout: Layout | None = None, *, on_bad_row: OnBadRow = "error"
) -> Iterator[Batch]:
    """Yield the rows of files in batches that a model can predict, in order.

    Parameters
    ----------
    paths : path, or sequence of paths
        Files, or folders, each of which stands for its files in the order of their paths.
    model : Classifier
        The model that is to predict; it decides what a row must be.
    layout : Layout, optional
        How the rows stand in the files.
    on_bad_row : {"error", "skip"}
        Whether a row that the model cannot take ends the reading, or is left out and counted.

    Yields
    ------
    Batch
        At least one for each file, perhaps without rows.

    Raises
    ------
    InputError
        A row that the model cannot take: the message names file, row and column, and says what would be right. A file
        that cannot be read, or columns that do not fit the model.
    MissingExtraError
        The format needs a package that is not installed.
    """
    layout = layout or Layout()
    if on_bad_row not in ("error", "skip"):
        raise InputError(f"on_bad_row is {on_bad_row!r}; expected 'error' or 'skip'")
    shape = Shape.of(model)
    files = expand(as_paths(paths), layout.format)
    sizes = [max(path.stat().st_size, 1) for path in files]
    agreement = Agreement()
    offset = 0
    for number, path in enumerate(files):
        before, num_rows = sum(sizes[:number]), 0
        for chunk in _chunks(path, shape, layout, agreement):
            batch = _batch(chunk, path, shape, layout, agreement, on_bad_row)
            batch.offset = offset
            batch.fraction = (before + min(chunk.fraction, 1.0) * sizes[number]) / sum(sizes)
            yield batch
            num_rows += len(chunk.rows) + len(chunk.unreadable)
        offset += num_rows


def as_paths(paths: Paths) -> list[Path]:
    """Return one path or several as a list."""
    return [Path(paths)] if isinstance(paths, (str, os.PathLike)) else [Path(path) for path in paths]


def _chunks(path: Path, shape: Shape, layout: Layout, agreement: Agreement) -> Iterator[RowChunk]:
    form = input_format(path, layout.format)
    if form in _ARRAYS:
        return _ARRAYS[form](path, shape, layout)
    return _TABLES[form](path, shape, layout, agreement)


_ARRAYS = {"npy": read_npy, "npz": read_npz, "svmlight": read_svmlight}
_TABLES = {"csv": read_csv, "parquet": read_parquet, "arrow": read_arrow}


def _batch(
    chunk: RowChunk, path: Path, shape: Shape, layout: Layout, agreement: Agreement, on_bad_row: OnBadRow
) -> Batch:
    faults = chunk.faults
    labels = None
    if layout.labels is not None:
        labels = to_labels(chunk.side[layout.labels], layout.labels, shape.classifications, faults)
    # Last, for it takes the rows without faults.
    samples = to_samples(chunk, shape, layout, agreement, path)
    odd = _odd_rows(chunk, path)
    if odd and on_bad_row == "error":
        raise InputError(odd[0])
    good = ~faults.bad
    return Batch(
        samples,
        path,
        chunk.rows[good],
        None if labels is None else labels[good],
        {name: _filter(chunk.side[name], good) for name in layout.keep},
        len(chunk.unreadable) + int(faults.bad.sum()),
        odd,
    )


def _odd_rows(chunk: RowChunk, path: Path) -> list[str]:
    """Describe the first rows of a chunk that cannot be predicted."""
    found = [(int(chunk.rows[i]), int(i)) for i in np.flatnonzero(chunk.faults.bad)[:_DESCRIBED]]
    reasons = [(row, chunk.faults.why(i)) for row, i in found] + chunk.unreadable[:_DESCRIBED]
    return [f"{path}, {chunk.place(row)}, {why}" for row, why in sorted(reasons)[:_DESCRIBED]]


def _filter(column: Any, good: NDArray[np.bool_]) -> Any:
    if good.all():
        return column
    return column[good] if isinstance(column, np.ndarray) else column.filter(good)
