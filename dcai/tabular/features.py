"""Convert file contents to samples for ``model.predict_batch``; each check marks the rows that fail it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, shown
from dcai.fixed import TO_FLOAT, to_fixed
from dcai.models.spec import Sparse
from dcai.rows import CsrRows
from dcai.tabular.chunk import FLOAT, INT, TEXT, Compressed, Matrix, RowChunk, column_name

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dcai.tabular.faults import Faults
    from dcai.tabular.layout import Agreement, Layout, Scale, Shape

__all__ = ["to_samples"]

_INT64_MAX = np.iinfo(np.int64).max
#: Every float up to here in magnitude is well within int64 once scaled; the few beyond are looked at one by one.
_SURELY_IN_RANGE = 9.2e9
#: Integers up to here are all floats.
_EXACT = 2.0**53
#: Features of a sample of norm 1 are at most 1, so larger whole numbers have been scaled before they became floats.
_LOOKS_SCALED = 10**6

_SAY_WHICH = (
    "choose --scale fixed (scale='fixed') for integers that have been multiplied by 10^9, "
    "--scale float (scale='float') for real numbers"
)


def to_samples(chunk: RowChunk, shape: Shape, layout: Layout, agreement: Agreement, path: Path) -> Any:
    """Return the rows of a chunk without faults as ``model.predict_batch`` takes them.

    Returns
    -------
    int64 array of shape (number of rows, d), or CsrRows
    """
    features, faults = chunk.features, chunk.faults
    if shape.width is None:
        sparse = _presence(features, faults) if isinstance(features, Matrix) else _stored_ones(features, faults)
        _check_indices(sparse, shape, faults)
        return _take(sparse, ~faults.bad)
    if isinstance(features, Compressed):
        features = _densified(features, shape.width, faults)
    scale = _scale(features, layout, agreement, path)
    fixed = _fixed(features, scale, faults)
    return fixed[~faults.bad] if faults.bad.any() else fixed


# -- dense -----------------------------------------------------------------------------------------------------------


def _scale(matrix: Matrix, layout: Layout, agreement: Agreement, path: Path) -> Scale:
    """Return the scale of numbers: given by the caller, else inferred from this file and the files before it."""
    if layout.scale != "auto":
        return layout.scale
    if not matrix.values.size:
        return "fixed"  # there is nothing to scale, and nothing is decided
    if agreement.scale_path != path:
        scale = _evident_scale(matrix, path)
        if agreement.scale not in ("auto", scale):
            raise InputError(
                f"{path} has {_KIND_OF[scale]}, and {agreement.scale_path} has {_KIND_OF[agreement.scale]}; "
                f"{_SAY_WHICH}"
            )
        agreement.scale, agreement.scale_path = scale, path
    return agreement.scale


_KIND_OF = {"fixed": "integers", "float": "floats"}


def _evident_scale(matrix: Matrix, path: Path) -> Scale:
    whole = matrix.values.dtype == np.int64
    if matrix.kinds == {INT}:
        return "fixed"
    if matrix.kinds <= {FLOAT, TEXT} and not whole and len(matrix.kinds) == 1:
        finite = matrix.values[np.isfinite(matrix.values)]
        if finite.size and np.abs(finite).max() >= _LOOKS_SCALED and np.all(finite == np.rint(finite)):
            raise InputError(
                f"{path} has floats that are all whole numbers, up to {np.abs(finite).max():.0f}, "
                f"as if they had been scaled already; {_SAY_WHICH}"
            )
        return "float"
    if matrix.kinds == {TEXT}:
        raise InputError(f"{path} has whole numbers as text, which may be scaled or not; {_SAY_WHICH}")
    raise InputError(f"{path} has {' and '.join(sorted(matrix.kinds))}, which may be scaled or not; {_SAY_WHICH}")


def _fixed(matrix: Matrix, scale: Scale, faults: Faults) -> NDArray[np.int64]:
    """Fixed-point integers, and 0 where there is a fault."""
    values = matrix.values
    whole = values.dtype == np.int64
    if scale == "fixed":
        return values if whole else _whole(matrix, faults)
    if whole:
        highest = _INT64_MAX // TO_FLOAT
        beyond = (values > highest) | (values < -highest)
        _mark_beyond(matrix, beyond, faults)
        return np.where(beyond, 0, values) * TO_FLOAT
    _mark_not_finite(matrix, faults)
    suspect = ~(np.abs(values) <= _SURELY_IN_RANGE)
    if suspect.any():
        beyond = np.zeros_like(suspect)
        for place in zip(*np.nonzero(suspect & np.isfinite(values)), strict=True):
            beyond[place] = not _has_fixed(float(values[place]))
        _mark_beyond(matrix, beyond, faults)
        values = np.where(beyond | ~np.isfinite(values), 0, values)
    fixed: NDArray[np.int64] = to_fixed(values)
    return fixed


def _whole(matrix: Matrix, faults: Faults) -> NDArray[np.int64]:
    """Scaled integers that a file holds as floats."""
    values = matrix.values
    _mark_not_finite(matrix, faults)
    finite = np.isfinite(values)
    broken = finite & (values != np.rint(values))
    _mark(
        matrix,
        broken,
        faults,
        "is not an integer; expected integers scaled by 10^9, as --scale fixed says, or --scale float for real numbers",
    )
    inexact = finite & (np.abs(values) > _EXACT)
    _mark(matrix, inexact, faults, "is a float beyond 2^53, which may have been rounded; expected an integer column")
    return np.where(finite & ~broken & ~inexact, values, 0).astype(np.int64)


def _has_fixed(value: float) -> bool:
    try:
        to_fixed(value)
    except InputError:
        return False
    return True


def _mark(matrix: Matrix, cells: NDArray[np.bool_], faults: Faults, what: str) -> None:
    faults.add_cells(
        cells,
        lambda column: column_name(matrix.names, column),
        lambda row, column: f"{shown(matrix.values[row, column].item())} {what}",
    )


def _mark_not_finite(matrix: Matrix, faults: Faults) -> None:
    _mark(matrix, ~np.isfinite(matrix.values), faults, "is not a number; expected a finite number")


def _mark_beyond(matrix: Matrix, cells: NDArray[np.bool_], faults: Faults) -> None:
    what = "times 10^9 is beyond int64; expected a number between -9223372036.85 and 9223372036.85"
    _mark(matrix, cells, faults, what)


def _densified(sparse: Compressed, width: int, faults: Faults) -> Matrix:
    """Write sparse rows out; an absent value is 0."""
    outside = (sparse.indices < 0) | (sparse.indices >= width)
    _mark_indices(sparse, outside, faults, f"is not an index of the model's {width} features (0 .. {width - 1})")
    values = np.ones(len(sparse.indices), np.int64) if sparse.values is None else sparse.values
    dense = np.zeros((len(sparse), width), values.dtype)
    dense[sparse.row_of()[~outside], sparse.indices[~outside]] = values[~outside]
    return Matrix(dense, sparse.kinds)


# -- sparse ----------------------------------------------------------------------------------------------------------


def _presence(matrix: Matrix, faults: Faults) -> Compressed:
    """Indices of the columns that hold a 1."""
    values = matrix.values
    present = values == 1
    _mark(matrix, ~present & (values != 0), faults, "is neither 0 nor 1; a sparse model reads only presence")
    _, columns = np.nonzero(present)
    indptr = np.concatenate([[0], np.cumsum(present.sum(axis=1))])
    return Compressed(indptr, columns.astype(np.int64), None)


def _stored_ones(sparse: Compressed, faults: Faults) -> Compressed:
    """Return the indices that are stored with a 1; a stored 0 counts as absent."""
    if sparse.values is None:
        return sparse
    present = sparse.values == 1
    odd = ~present & (sparse.values != 0)
    values = sparse.values
    _mark_entries(
        sparse,
        odd,
        faults,
        lambda i: (
            f"feature {sparse.indices[i]}: the value is {shown(values[i].item())}; "
            "a sparse model reads only presence, so every value must be 1 (or 0 for absence)"
        ),
    )
    if present.all():
        return Compressed(sparse.indptr, sparse.indices, None)
    counts = np.concatenate([[0], np.cumsum(present)])
    return Compressed(counts[sparse.indptr], sparse.indices[present], None)


def _check_indices(sparse: Compressed, shape: Shape, faults: Faults) -> None:
    indices = sparse.indices
    _mark_indices(sparse, indices < 0, faults, "is negative; expected feature indices, which count from 0")
    if not isinstance(shape.samples, Sparse):
        return
    bits = shape.samples.index_bits
    _mark_indices(sparse, indices >> bits > 0, faults, f"is too large; expected feature indices below 2^{bits}")
    if not shape.samples.increasing:
        return
    follows = np.zeros(len(indices), dtype=bool)
    follows[1:] = indices[1:] <= indices[:-1]
    starts = sparse.indptr[:-1]
    follows[starts[starts < len(indices)]] = False
    _mark_entries(
        sparse,
        follows,
        faults,
        lambda i: f"feature index {indices[i]} follows {indices[i - 1]}; expected strictly increasing indices",
    )


def _mark_indices(sparse: Compressed, entries: NDArray[np.bool_], faults: Faults, what: str) -> None:
    _mark_entries(sparse, entries, faults, lambda i: f"feature index {sparse.indices[i]} {what}")


def _mark_entries(sparse: Compressed, entries: NDArray[np.bool_], faults: Faults, why: Any) -> None:
    """Mark the rows of entries; ``why`` is asked about the first of a row."""
    if not entries.any():
        return
    found = np.flatnonzero(entries)
    rows = np.searchsorted(sparse.indptr, found, side="right") - 1
    mask = np.zeros(len(sparse), dtype=bool)
    mask[rows] = True
    faults.add(mask, lambda row: why(int(found[np.searchsorted(rows, row)])))


def _take(sparse: Compressed, good: NDArray[np.bool_]) -> CsrRows:
    if good.all():
        return CsrRows(sparse.indptr, sparse.indices)
    lengths = np.diff(sparse.indptr)
    entries = np.repeat(good, lengths)
    return CsrRows(np.concatenate([[0], np.cumsum(lengths[good])]), sparse.indices[entries])
