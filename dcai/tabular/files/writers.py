"""Predictions to files that are written whole or not at all, or to standard output."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Protocol

import numpy as np

from dcai.errors import InputError
from dcai.files import open_whole
from dcai.tabular.files.arrow import arrow
from dcai.tabular.files.formats import output_format

__all__ = ["Columns", "writing"]

#: Columns by name, arrays of numpy or Arrow of one length.
Columns = dict[str, Any]

#: Metadata of a file, by key.
Metadata = Mapping[str, str] | None

#: Rows that are written to a binary file at a time, whatever the size of the batches.
_ROW_GROUP = 1 << 17


class _Writer(Protocol):
    def write(self, columns: Columns) -> None: ...

    def close(self) -> None:
        """Write the remaining rows."""

    def abandon(self) -> None:
        """Close the file without completing it."""


@contextmanager
def writing(
    output: Path | None, form: str | None = None, metadata: Metadata = None
) -> Iterator[Callable[[Columns], None]]:
    """Open a file, or standard output for None, and yield the function that writes a batch of columns.

    The file is there when the block has ended without an exception, and never in part. Parquet and Arrow files hold
    the metadata in their schema; other formats have no place for them.
    """
    form = output_format(output, form)
    if output is None and form in ("parquet", "npy", "arrow"):
        raise InputError(f"standard output takes csv or jsonl, not {form}; name a file")
    with ExitStack() as stack:
        file = sys.stdout.buffer if output is None else stack.enter_context(open_whole(output))
        writer = _WRITERS[form](file, metadata)
        try:
            yield writer.write
            writer.close()
        except BaseException:
            writer.abandon()
            raise
        if output is None:
            file.flush()


class _ArrowWriter:
    """CSV, Parquet or Arrow, by pyarrow: the first batch decides the types."""

    def __init__(
        self,
        file: IO[bytes],
        open_writer: Callable[[Any, IO[bytes], Any], Any],
        group: int = 1,
        metadata: Metadata = None,
    ) -> None:
        self._pa = arrow()
        self._file, self._open, self._group, self._metadata = file, open_writer, group, metadata
        self._writer: Any = None
        self._schema: Any = None
        self._waiting: list[Any] = []

    def write(self, columns: Columns) -> None:
        pa = self._pa
        batch = pa.RecordBatch.from_pydict({name: pa.array(column) for name, column in columns.items()})
        if self._writer is None:
            self._schema = batch.schema.with_metadata(self._metadata) if self._metadata else batch.schema
            self._writer = self._open(pa, self._file, self._schema)
        if batch.schema != self._schema:
            batch = self._cast(batch)
        elif self._metadata:
            batch = batch.replace_schema_metadata(self._metadata)
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= self._group:
            self._flush()

    def _cast(self, batch: Any) -> Any:
        try:
            return batch.cast(self._schema)
        except (self._pa.ArrowInvalid, self._pa.ArrowNotImplementedError, ValueError) as error:
            raise InputError(f"the files differ in the types of the columns to keep: {error}") from error

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write_table(self._pa.Table.from_batches(self._waiting))
            self._waiting = []

    def close(self) -> None:
        if self._writer is not None:
            self._flush()
            self._writer.close()

    def abandon(self) -> None:
        if self._writer is not None:
            # Else a Parquet file would be finished by the garbage collector, when ours is long closed.
            with suppress(Exception):
                self._writer.close()


class _JsonLines:
    """An object a line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, columns: Columns) -> None:
        lists = [column.tolist() for column in columns.values()]
        lines = (
            json.dumps(dict(zip(columns, map(_plain, row), strict=True)), ensure_ascii=False, default=str)
            for row in zip(*lists, strict=True)
        )
        self._file.write("".join(f"{line}\n" for line in lines).encode())

    def close(self) -> None:
        pass

    def abandon(self) -> None:
        pass


def _plain(value: Any) -> Any:
    """Replace floats that are not finite, which JSON cannot express."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Npy:
    """The one column of labels, int64; the number of rows is written into the header in the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._count = file, 0
        self._header()

    def _header(self) -> None:
        header = {"descr": "<i8", "fortran_order": False, "shape": (self._count,)}
        # numpy leaves room for a number of any length, so that the header keeps its own.
        np.lib.format.write_array_header_1_0(self._file, header)

    def write(self, columns: Columns) -> None:
        if len(columns) != 1:
            raise InputError(f".npy holds only labels, not {', '.join(columns)}; expected csv, parquet, arrow or jsonl")
        (labels,) = columns.values()
        self._file.write(np.asarray(labels, "<i8").tobytes())
        self._count += len(labels)

    def close(self) -> None:
        self._file.seek(0)
        self._header()

    def abandon(self) -> None:
        pass


_WRITERS: dict[str, Callable[[IO[bytes], Metadata], _Writer]] = {
    "csv": lambda file, _: _ArrowWriter(file, lambda pa, sink, schema: pa.csv.CSVWriter(sink, schema)),
    "parquet": lambda file, metadata: _ArrowWriter(
        file, lambda pa, sink, schema: pa.parquet.ParquetWriter(sink, schema), _ROW_GROUP, metadata
    ),
    "arrow": lambda file, metadata: _ArrowWriter(
        file, lambda pa, sink, schema: pa.ipc.new_file(sink, schema), _ROW_GROUP, metadata
    ),
    "npy": lambda file, _: _Npy(file),
    "jsonl": lambda file, _: _JsonLines(file),
}
