"""Tables on this machine: a column of lists of integers becomes the rows that a model takes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, InputTypeError, MissingExtraError, shown
from dcai.models.base import SparseClassifier
from dcai.rows import CsrRows

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    import pyarrow as pa

    from dcai.models import Classifier

__all__ = ["is_arrow", "is_pandas", "predict_arrow", "predict_pandas"]


def is_arrow(data: object) -> bool:
    """Return whether an object is a table or record batch of pyarrow, without importing pyarrow."""
    pa = sys.modules.get("pyarrow")
    return pa is not None and isinstance(data, (pa.Table, pa.RecordBatch))


def is_pandas(data: object) -> bool:
    """Return whether an object is a data frame of pandas, without importing pandas."""
    pd = sys.modules.get("pandas")
    return pd is not None and isinstance(data, pd.DataFrame)


def predict_arrow(table: pa.Table | pa.RecordBatch, model: Classifier, *, features: str, output: str) -> pa.Table:
    """Add the labels to a table; see `dcai.ray.predict`."""
    pa = _pyarrow()
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    _check_columns(table.column_names, features, output)
    rows = _rows(table.column(features).combine_chunks(), features, isinstance(model, SparseClassifier))
    return table.append_column(output, pa.array(model.predict_batch(rows), pa.int64()))


def predict_pandas(frame: pd.DataFrame, model: Classifier, *, features: str, output: str) -> pd.DataFrame:
    """Add the labels to a copy of a data frame; see `dcai.ray.predict`."""
    pa = _pyarrow()
    _check_columns(frame.columns, features, output)
    try:
        column = pa.array(frame[features], from_pandas=True)
    except (pa.ArrowException, OverflowError) as error:
        raise InputError(f"column {features!r} has no lists of integers that int64 holds: {error}") from error
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    rows = _rows(column, features, isinstance(model, SparseClassifier))
    return frame.assign(**{output: model.predict_batch(rows)})


def _check_columns(names: Iterable[str], features: str, output: str) -> None:
    names = list(names)
    if features not in names:
        raise InputError(f"no column {features!r}; there are: {', '.join(map(repr, names))}. Name it by features=...")
    if output in names:
        raise InputError(f"there is a column {output!r} already; name another one for the labels by output=...")


def _rows(column: pa.Array, name: str, sparse: bool) -> Any:
    """Return a column as CsrRows for a sparse model, as an array of shape (n, d) for a dense one."""
    pa = _pyarrow()
    if isinstance(column.type, pa.BaseExtensionType):
        # A tensor of Ray or Arrow is stored as the list of its numbers.
        if len(getattr(column.type, "shape", None) or (0,)) != 1:
            raise InputError(f"column {name!r} holds tensors of shape {column.type.shape}; expected one axis")
        column = column.storage
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise InputError(f"row {row} of column {name!r} is missing")
    indptr = _offsets(column, name)
    numbers = column.flatten()
    if numbers.null_count:
        position = int(np.flatnonzero(numbers.is_null().to_numpy(zero_copy_only=False))[0])
        row = int(np.searchsorted(indptr, position, side="right")) - 1
        raise InputError(f"row {row} of column {name!r} misses a value, at position {position - int(indptr[row])}")
    if len(numbers) == 0:
        numbers = numbers.cast(pa.int64())  # lists that are all empty have no type
    if not pa.types.is_integer(numbers.type):
        raise InputTypeError(
            f"column {name!r} holds lists of {numbers.type}; expected integers, as dcai.encoders makes them"
        )
    values = numbers.to_numpy(zero_copy_only=False)
    if sparse:
        return CsrRows(indptr, values)
    lengths = np.diff(indptr)
    if (odd := np.flatnonzero(lengths != lengths[:1])).size:
        row = int(odd[0])
        raise InputError(f"row {row} has {lengths[row]} values, row 0 has {lengths[0]}; all rows need one length")
    return values.reshape(len(lengths), int(lengths[0]) if lengths.size else 0)


def _offsets(column: pa.Array, name: str) -> Any:
    """Where the numbers of each row start in those of all rows."""
    pa = _pyarrow()
    if pa.types.is_fixed_size_list(column.type):
        return np.arange(len(column) + 1) * column.type.list_size
    if not (pa.types.is_list(column.type) or pa.types.is_large_list(column.type)):
        raise InputTypeError(
            f"column {name!r} holds {shown(str(column.type))}; expected a list or a tensor of integers in each row"
        )
    offsets = column.offsets.to_numpy().astype(np.int64)
    return offsets - offsets[:1]


def _pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: PLC0415 - optional
    except ImportError as error:
        raise MissingExtraError("prediction over tables", "ray") from error
    return pa
