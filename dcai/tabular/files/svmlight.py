"""Rows from svmlight files: scikit-learn's reader, on a block of lines at a time."""

from __future__ import annotations

import bz2
import gzip
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, MissingExtraError, shown
from dcai.tabular.chunk import TEXT, Compressed, RowChunk
from dcai.tabular.faults import Faults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from dcai.tabular.layout import Layout, Shape

__all__ = ["read_svmlight"]

#: How the number at the beginning of each line is called.
_LABEL = "label"
_OPEN = {".gz": gzip.open, ".bz2": bz2.open}
#: Lines of a block by default: they are much longer than what is read from them.
_BLOCK = 1 << 12


def read_svmlight(path: Path, shape: Shape, layout: Layout) -> Iterator[RowChunk]:
    """Yield the rows of a svmlight file: lines ``label index:value index:value ...  # comment``."""
    if layout.first_index is None:
        raise InputError(
            f"{path}: svmlight files count features from 0 or from 1; choose --first-index 0 or 1 (first_index=)"
        )
    if not set(layout.side) <= {_LABEL} or layout.features is not None or layout.ignore:
        raise InputError(f"{path}: besides the features, a svmlight file has only the column {_LABEL!r}")
    opener: Any = _OPEN.get(path.suffix.lower(), open)
    row, line = 0, 0
    size = path.stat().st_size
    with path.open("rb") as raw, opener(raw, "rb") if opener is not open else raw as file:
        while True:
            block = list(islice(file, layout.batch_rows or _BLOCK))
            if not block and line:
                return
            numbered = [(line + i, text) for i, text in enumerate(block, 1) if text.partition(b"#")[0].strip()]
            line += max(len(block), 1)
            chunk = _chunk(numbered, row, layout)
            chunk.fraction = raw.tell() / max(size, 1)
            row += len(numbered)
            yield chunk


def _chunk(numbered: list[tuple[int, bytes]], first_row: int, layout: Layout) -> RowChunk:
    lines = [number for number, _ in numbered]
    texts = [text for _, text in numbered]
    rows = np.arange(first_row, first_row + len(texts))
    unreadable: list[tuple[int, str]] = []
    try:
        indptr, indices, values, labels = _parse(texts, layout)
    except (ValueError, OverflowError):
        # Somewhere in the block: look at each line.
        good = np.ones(len(texts), dtype=bool)
        for i, text in enumerate(texts):
            try:
                _parse([text], layout)
            except (ValueError, OverflowError) as error:
                good[i] = False
                unreadable.append((first_row + i, _explain(text, error, layout)))
        indptr, indices, values, labels = _parse([text for text, ok in zip(texts, good, strict=True) if ok], layout)
        rows = rows[good]
    return RowChunk(
        Compressed(indptr, indices, values, frozenset([TEXT])),
        Faults(len(rows)),
        rows,
        {_LABEL: labels},
        0.0,
        lambda row: f"line {lines[row - first_row]}",
        unreadable,
    )


def _parse(texts: list[bytes], layout: Layout) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    if not texts:
        return np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0)
    load = _load_svmlight_file()
    matrix, labels = load(BytesIO(b"\n".join(texts)), zero_based=layout.first_index == 0)
    return matrix.indptr.astype(np.int64), matrix.indices.astype(np.int64), matrix.data, labels


def _explain(text: bytes, error: Exception, layout: Layout) -> str:
    """Explain the fault in a line that scikit-learn refused."""
    form = f"expected 'label index:value ...' with increasing indices from {layout.first_index} up to 2^31 - 1"
    return f"{shown(text.decode('utf-8', 'replace').strip())} cannot be read ({error}); {form}"


def _load_svmlight_file() -> Any:
    try:
        from sklearn.datasets import load_svmlight_file  # noqa: PLC0415  # slow to load, and optional
    except ImportError as error:
        raise MissingExtraError("reading svmlight files", "sklearn") from error
    return load_svmlight_file
