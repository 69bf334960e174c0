"""Rows from tables: the features of a record batch, whatever file it comes from."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcai.errors import InputError, InputTypeError, shown
from dcai.tabular.chunk import TEXT, Compressed, Matrix, numeric
from dcai.tabular.faults import Faults
from dcai.tabular.files.arrow import arrow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from dcai.tabular.layout import Agreement, Layout, Shape

__all__ = ["Selection", "features_of", "select"]

_INT64_MAX = np.iinfo(np.int64).max
#: Integers up to here are all floats.
_EXACT = 2.0**53
_WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")


class Selection(NamedTuple):
    """Selection of the columns of a table to read."""

    features: tuple[str, ...]
    side: tuple[str, ...]

    @property
    def all(self) -> list[str]:
        """Each column once."""
        return list(dict.fromkeys(self.features + self.side))


def select(path: Path, schema: Any, shape: Shape, layout: Layout, agreement: Agreement) -> Selection:
    """Choose the columns of a table by its schema, and refuse at once what cannot be a feature."""
    names = list(schema.names)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"{path} has {_quoted(twice)} twice; column names must be unique")
    for name in (*(layout.features or ()), *layout.ignore, *layout.side):
        if name not in names:
            raise InputError(f"{path} has no column {name!r}; it has {_quoted(names)}")
    aside = {*layout.ignore, *layout.side}
    features = tuple(layout.features or [name for name in names if name not in aside])
    if agreement.features is None:
        agreement.features, agreement.path = features, path
    elif set(features) != set(agreement.features):
        odd = sorted(set(features) ^ set(agreement.features))
        raise InputError(f"{path} and {agreement.path} differ in the columns {_quoted(odd)}; all files need the same")
    features = agreement.features
    if not features:
        raise InputError(f"{path} has no column left for the features; it has {_quoted(names)}")
    for name in features:
        _check_type(path, name, schema.field(name).type, shape)
    if not _is_nested(schema, features, shape):
        for name in features:
            if _is_list(schema.field(name).type):
                raise InputTypeError(
                    f"{path}, column {name!r} is {schema.field(name).type}, beside {len(features) - 1} others; "
                    f"expected one column with lists, or numbers in all: name the features, or leave columns out "
                    f"(--features, --ignore)"
                )
        shape.check_width(path, len(features), f"columns for features ({_quoted(features)})")
    return Selection(features, layout.side)


def features_of(batch: Any, selection: Selection, shape: Shape) -> tuple[Matrix | Compressed, Faults]:
    """Return the features of a record batch, and what is missing or unreadable."""
    faults = Faults(len(batch))
    columns = [batch.column(name) for name in selection.features]
    if _is_nested(batch.schema, selection.features, shape):
        return _lists(columns[0], selection.features[0], shape, faults), faults
    parts, kinds = [], set()
    for name, column in zip(selection.features, columns, strict=True):
        values, kind = _numbers(column, f"column {name!r}", faults)
        parts.append(values)
        kinds.add(kind)
    dtype = np.int64 if all(part.dtype == np.int64 for part in parts) else np.float64
    matrix = np.empty((len(batch), len(parts)), dtype)
    for position, part in enumerate(parts):
        matrix[:, position] = part
    return Matrix(matrix, frozenset(kinds), selection.features), faults


# -- types -----------------------------------------------------------------------------------------------------------


def _check_type(path: Path, name: str, kind: Any, shape: Shape) -> None:
    item = _plain(kind.value_type if _is_list(kind) else kind)
    types = arrow().types
    if types.is_integer(item) or types.is_boolean(item) or types.is_floating(item) or types.is_null(item):
        if _is_list(kind) and shape.width is None and not types.is_integer(item):
            raise InputTypeError(f"{path}, column {name!r} is {kind}; expected lists of integers, the feature indices")
        return
    if _is_text(item) and not _is_list(kind):
        return
    what = "numbers, or lists of them"
    if types.is_decimal(item):
        what = "floats, or integers scaled by 10^9; cast the decimals to one of them"
    raise InputTypeError(
        f"{path}, column {name!r} is {kind}; expected {what}. If it is not a feature, leave it out: "
        f"--ignore {name} (ignore=), or keep it in the output: --keep {name} (keep=)"
    )


def _is_nested(schema: Any, features: Sequence[str], shape: Shape) -> bool:
    """Whether one column holds all features: lists, or text with the indices of a sparse model."""
    kind = schema.field(features[0]).type
    return len(features) == 1 and (_is_list(kind) or (shape.width is None and _is_text(_plain(kind))))


def _is_list(kind: Any) -> bool:
    types = arrow().types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_text(kind: Any) -> bool:
    types = arrow().types
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _plain(kind: Any) -> Any:
    return kind.value_type if arrow().types.is_dictionary(kind) else kind


def _quoted(names: Sequence[str]) -> str:
    most = 8
    text = ", ".join(repr(name) for name in names[:most])
    return text if len(names) <= most else f"{text}, ... ({len(names)} in all)"


# -- numbers ---------------------------------------------------------------------------------------------------------


def _numbers(column: Any, what: str, faults: Faults) -> tuple[NDArray[Any], str]:
    """Return int64 or float64, 0 where something is missing or unreadable, and the kind."""
    pa = arrow()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if _is_text(column.type):
        return _numbers_of_text(column, what, faults), TEXT
    if pa.types.is_null(column.type):
        column = column.cast(pa.int64())
    if column.null_count:
        faults.add_column(_mask(column.is_null()), what, lambda _: "the value is missing; expected a number")
        column = column.fill_null(False if pa.types.is_boolean(column.type) else 0)
    raw = column.to_numpy(zero_copy_only=False)
    values, kind, beyond = numeric(raw, what)
    if beyond is not None:
        faults.add_column(beyond, what, lambda row: f"{raw[row]} is beyond int64")
    return values, kind


def _numbers_of_text(column: Any, what: str, faults: Faults) -> NDArray[Any]:
    pa = arrow()
    # A cast that fails takes ten times as long as one that does not, so the first value says what to try first.
    first = column[0].as_py() if len(column) else None
    floats = first is not None and not _WHOLE.fullmatch(first)
    for kind in (pa.float64(),) if floats else (pa.int64(), pa.float64()):
        try:
            values: NDArray[Any] = column.cast(kind).to_numpy(zero_copy_only=True)
        except pa.ArrowInvalid:
            continue  # not all are of this kind, or some are missing
        if floats or values.dtype == np.int64 or not np.any(np.abs(values) > _EXACT):
            return values  # else there may be an integer that a float would round
    texts = [text if text is None else text.strip() for text in column.to_pylist()]
    missing = np.array([not text for text in texts], dtype=bool)
    faults.add_column(missing, what, lambda _: "the value is missing; expected a number")
    numbers = [_number(text) if text else 0 for text in texts]
    unreadable = np.array([number is None for number in numbers], dtype=bool)
    faults.add_column(unreadable, what, lambda row: f"{shown(texts[row])} is not a number; expected a number")
    if any(isinstance(number, float) for number in numbers):
        return np.array([float(number or 0) for number in numbers])
    beyond = np.array([number is not None and not -_INT64_MAX - 1 <= number <= _INT64_MAX for number in numbers])
    faults.add_column(beyond, what, lambda row: f"{texts[row]} is beyond int64")
    return np.array([0 if odd else number or 0 for number, odd in zip(numbers, beyond, strict=True)], dtype=np.int64)


def _number(text: str) -> int | float | None:
    """Return the number that a text writes, in the ways of files rather than those of Python."""
    if "_" in text or not text.isascii():
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except (ValueError, OverflowError):
            continue
    return None


# -- lists -----------------------------------------------------------------------------------------------------------


def _lists(column: Any, name: str, shape: Shape, faults: Faults) -> Matrix | Compressed:
    pa = arrow()
    what = f"column {name!r}"
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    missing = _mask(column.is_null())
    faults.add_column(missing, what, lambda _: "the list is missing; an empty list means no features")
    if _is_text(column.type):
        column = _split(column)
    lengths = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    lengths[missing] = 0
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    inner = Faults(int(indptr[-1]))
    values, kind = _numbers(column.flatten(), "", inner)
    _lift(inner, indptr, what, faults)
    if shape.width is None:
        return Compressed(indptr, _indices(values, indptr, what, faults), None)
    odd = (lengths != shape.width) & ~missing
    faults.add_column(odd, what, lambda row: f"the list has {lengths[row]} values; expected {shape.width}")
    fits = lengths == shape.width
    if fits.all():
        return Matrix(values.reshape(len(lengths), shape.width), frozenset([kind]))
    matrix = np.zeros((len(lengths), shape.width), values.dtype)
    matrix[fits] = values[np.repeat(fits, lengths)].reshape(-1, shape.width)
    return Matrix(matrix, frozenset([kind]))


def _indices(values: NDArray[Any], indptr: NDArray[np.int64], what: str, faults: Faults) -> NDArray[np.int64]:
    """Return feature indices, where text may have brought other numbers."""
    if values.dtype == np.int64:
        return values
    inner = Faults(len(values))
    whole = (values == np.rint(values)) & (np.abs(values) <= _EXACT)
    inner.add(~whole, lambda i: f"{shown(values[i].item())} is not an integer below 2^53; expected feature indices")
    _lift(inner, indptr, what, faults)
    return np.where(whole, values, 0).astype(np.int64)


def _split(column: Any) -> Any:
    """Split text at its blanks: the lists of a format that has none."""
    pa = arrow()
    trimmed = pa.compute.utf8_trim_whitespace(column.fill_null(""))
    lists = pa.compute.utf8_split_whitespace(trimmed)
    # The empty text is split into one empty text.
    return pa.compute.if_else(pa.compute.equal(trimmed, ""), pa.scalar([], lists.type), lists)


def _lift(items: Faults, indptr: NDArray[np.int64], what: str, faults: Faults) -> None:
    """Turn the faults of items into those of the lists that hold them."""
    found = np.flatnonzero(items.bad)
    if not found.size:
        return
    rows = np.searchsorted(indptr, found, side="right") - 1
    mask = np.zeros(len(indptr) - 1, dtype=bool)
    mask[rows] = True

    def why(row: int) -> str:
        item = int(found[np.searchsorted(rows, row)])
        return f"position {item - indptr[row]} of the list: {items.why(item).removeprefix(': ')}"

    faults.add_column(mask, what, why)


def _mask(column: Any) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = column.to_numpy(zero_copy_only=False)
    return mask
