"""Record batches from CSV, Parquet and Arrow files, a few rows at a time."""

from __future__ import annotations

from contextlib import contextmanager
from io import BufferedReader
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.errors import InputError, shown
from dcai.tabular.chunk import RowChunk, row_place
from dcai.tabular.files.arrow import arrow
from dcai.tabular.files.table import Selection, features_of, select

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from dcai.tabular.layout import Agreement, Layout, Shape

__all__ = ["read_arrow", "read_csv", "read_parquet"]

#: Bytes of a CSV file parsed at a time; the longest readable line.
_CSV_BLOCK = 1 << 20
#: Bytes of a Parquet column read at a time, so that a row group may be larger than memory.
_PARQUET_BUFFER = 1 << 16


def read_parquet(path: Path, shape: Shape, layout: Layout, agreement: Agreement) -> Iterator[RowChunk]:
    """Yield the rows of a Parquet file; of its columns only those that are needed are read."""
    pa = arrow()
    with _named(path, "Parquet"), pa.parquet.ParquetFile(path, buffer_size=_PARQUET_BUFFER, pre_buffer=False) as file:
        schema = file.schema_arrow
        selection = select(path, schema, shape, layout, agreement)
        num_rows = file.metadata.num_rows
        size = shape.batch_rows(layout)
        # Columns are decoded one after another: another thread for each would hold another page of each.
        batches = file.iter_batches(size, columns=selection.all, use_threads=False)
        first = 0
        for batch in batches:
            first += len(batch)
            yield _chunk(batch, selection, shape, first - len(batch), first / max(num_rows, 1))
        if first == 0:
            yield _chunk(_no_rows(schema, selection), selection, shape, 0, 1.0)


def read_arrow(path: Path, shape: Shape, layout: Layout, agreement: Agreement) -> Iterator[RowChunk]:
    """Yield the rows of an Arrow file (Feather) or stream."""
    pa = arrow()
    with _named(path, "Arrow"), pa.memory_map(str(path)) as file:
        magic = file.read(6)
        file.seek(0)
        if magic[:4] == b"FEA1":
            raise InputError(f"{path} is of version 1 of Feather, which has no batches; write it in version 2")
        is_file = magic == b"ARROW1"
        reader = pa.ipc.open_file(file) if is_file else pa.ipc.open_stream(file)
        selection = select(path, reader.schema, shape, layout, agreement)
        size = shape.batch_rows(layout)
        first = 0
        batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else iter(reader)
        for number, batch in enumerate(batches, 1):
            done = number / reader.num_record_batches if is_file else file.tell() / max(file.size(), 1)
            for start in range(0, len(batch), size):
                part = batch.slice(start, size)
                fraction = (
                    done if start + size >= len(batch) or not is_file else (number - 1) / reader.num_record_batches
                )
                yield _chunk(part, selection, shape, first, fraction)
                first += len(part)
        if first == 0:
            yield _chunk(_no_rows(reader.schema, selection), selection, shape, 0, 1.0)


def read_csv(path: Path, shape: Shape, layout: Layout, agreement: Agreement) -> Iterator[RowChunk]:
    """Yield the rows of a CSV file, all of whose values are read as text first, so that none is guessed at."""
    pa = arrow()
    lines = _CsvLines(path, layout.header)
    delimiter = layout.delimiter or ("\t" if ".tsv" in path.suffixes[-2:] else ",")
    parse = pa.csv.ParseOptions(delimiter=delimiter, invalid_row_handler=lines.note)
    # Without threads, so that the reader counts the lines that it hands to `note`.
    read = pa.csv.ReadOptions(use_threads=False, block_size=_CSV_BLOCK, autogenerate_column_names=not layout.header)
    with _named(path, "CSV"), pa.csv.open_csv(path, read_options=read, parse_options=parse) as reader:
        names = reader.schema.names
    _check_header(path, names, layout)
    selection = select(path, pa.schema([(name, pa.string()) for name in names]), shape, layout, agreement)
    convert = pa.csv.ConvertOptions(
        column_types=dict.fromkeys(selection.all, pa.string()), include_columns=selection.all, strings_can_be_null=False
    )
    # An empty line is nothing, except where there is one column, whose value may be empty.
    lines.keep_empty = len(names) == 1
    parse.ignore_empty_lines = not lines.keep_empty
    lines.ragged.clear()
    size = max(path.stat().st_size, 1)
    with _named(path, "CSV"), pa.OSFile(str(path)) as raw, _decompressed(raw, path) as file:
        reader = pa.csv.open_csv(file, read_options=read, parse_options=parse, convert_options=convert)
        batch_rows = shape.batch_rows(layout)
        for batch in reader:
            for start in range(0, len(batch), batch_rows):
                chunk = _chunk(batch.slice(start, batch_rows), selection, shape, 0, raw.tell() / size)
                chunk.rows, chunk.unreadable = lines.next_rows(len(chunk.rows))
                chunk.place = lines.place
                yield chunk
        end = _chunk(_no_rows(reader.schema, selection), selection, shape, 0, 1.0)
        end.unreadable, end.place = lines.ragged, lines.place
        yield end


class _CsvLines:
    """Where the rows of a CSV file stand, of which the reader counts only those that are ragged."""

    def __init__(self, path: Path, header: bool) -> None:
        self._path, self._header = path, int(header)
        self._next = 0
        self.keep_empty = False
        #: Rows with another number of values than columns, not yet given out: their numbers and why.
        self.ragged: list[tuple[int, str]] = []

    def note(self, row: Any) -> str:
        """Remember a ragged row, and tell the reader to go on without it."""
        expected, actual = row.expected_columns, row.actual_columns
        why = f"{shown(row.text)} has {actual} value{'s' * (actual != 1)}; expected {expected}, one per column"
        self.ragged.append((row.number - 1 - self._header, why))
        return "skip"

    def next_rows(self, count: int) -> tuple[NDArray[np.int64], list[tuple[int, str]]]:
        """Return the numbers of the next rows that can be read, and the ragged ones before the last of them.

        The reader looks ahead, so the ragged rows that it has met may stand behind those that it gives.
        """
        candidates = np.arange(self._next, self._next + count + len(self.ragged))
        rows = candidates[~np.isin(candidates, [row for row, _ in self.ragged])][:count]
        self._next = int(rows[-1]) + 1
        before = [(row, why) for row, why in self.ragged if row < self._next]
        self.ragged = self.ragged[len(before) :]
        return rows, before

    def place(self, row: int) -> str:
        """Return how a message calls a row: the number of its line."""
        left = row + self._header
        with arrow().OSFile(str(self._path)) as raw, _decompressed(raw, self._path) as file:
            for number, line in enumerate(BufferedReader(file), 1):
                if line.strip(b"\r\n") or self.keep_empty:
                    if left == 0:
                        return f"line {number}"
                    left -= 1
        return row_place(row)


def _check_header(path: Path, names: list[str], layout: Layout) -> None:
    if layout.header and all(_is_number(name) for name in names):
        raise InputError(
            f"{path}: the first line has only numbers ({shown(', '.join(names))}); expected the names of the columns, "
            "or --no-header (header=False)"
        )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _decompressed(raw: Any, path: Path) -> Iterator[Any]:
    codec = {".gz": "gzip", ".bz2": "bz2"}.get(path.suffix.lower())
    if codec is None:
        yield raw
        return
    with arrow().CompressedInputStream(raw, codec) as file:
        yield file


@contextmanager
def _named(path: Path, what: str) -> Iterator[None]:
    """Add the file name to errors of pyarrow."""
    pa = arrow()
    try:
        yield
    except pa.ArrowCancelled as error:  # Ctrl-C while pyarrow was at work
        raise KeyboardInterrupt from error
    except pa.lib.ArrowException as error:
        raise InputError(f"{path} cannot be read as {what}: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise InputError(f"{path} cannot be read as {what}: {error}") from error


def _no_rows(schema: Any, selection: Selection) -> Any:
    """Return a batch without rows, so that readers learn the types."""
    pa = arrow()
    fields = [schema.field(name) for name in selection.all]
    return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in fields], schema=pa.schema(fields))


def _chunk(batch: Any, selection: Selection, shape: Shape, first_row: int, fraction: float) -> RowChunk:
    features, faults = features_of(batch, selection, shape)
    rows = np.arange(first_row, first_row + len(batch))
    side = {name: batch.column(name) for name in selection.side}
    return RowChunk(features, faults, rows, side, fraction, row_place)
