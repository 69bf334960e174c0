"""Reports for people and for programs: text for a terminal, Markdown, CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from dcai.report import html

__all__ = ["WIDTH", "Table", "Tables", "csv_text", "json_text"]

#: Text is this wide where the terminal is not wider; in files and pipes too.
WIDTH = 120


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its title.

    Attributes
    ----------
    title : str
        Common properties of the rows; may be empty.
    header : sequence of str
        Name of each column.
    rows : sequence of sequences of str
        Cells of the rows, by column.
    num_names : int
        Number of leading columns with names; the others are numbers.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    num_names: int = 1

    def as_html(self) -> str:
        """Return the table as HTML."""
        return html.table(self.title, self.header, self.rows, self.num_names)


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables with paragraphs before and after them."""

    tables: Sequence[Table]
    before: Sequence[str] = ()
    after: Sequence[str] = ()

    def print(self, console: Console) -> None:
        """Print on a console, at least 120 characters wide."""
        console.width = max(console.width, WIDTH)
        for paragraph in self.before:
            console.print(Text(paragraph))
        widths = _widths(self.tables, console.width)
        for table, width in zip(self.tables, widths, strict=True):
            if self.before or table is not self.tables[0]:
                console.print()
            if table.title:
                console.print(Text(table.title, style="bold"))
            console.print(_table(table, width))
        if self.after:
            console.print()
        for paragraph in self.after:
            console.print(Text(paragraph))

    def as_text(self) -> str:
        """Return the output of ``print`` without colours."""
        console = Console(file=io.StringIO(), width=WIDTH, color_system=None)
        self.print(console)
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # a StringIO, as given
        return "".join(f"{line.rstrip()}\n" for line in lines)

    def as_markdown(self) -> str:
        """Return headings and tables in Markdown."""
        blocks = list(self.before)
        for table in self.tables:
            if table.title:
                blocks.append(f"### {table.title}")
            rule = [" --- " if i < table.num_names else " ---: " for i in range(len(table.header))]
            lines = [_markdown_row(table.header), f"|{'|'.join(rule)}|", *map(_markdown_row, table.rows)]
            blocks.append("\n".join(lines))
        return "\n\n".join([*blocks, *self.after]) + "\n"


def _widths(tables: Sequence[Table], available: int) -> list[list[int]]:
    """Return the widths of the columns, aligned over tables with the same columns."""
    shared: dict[tuple[str, ...], list[int]] = {}
    for table in tables:
        header = tuple(table.header)
        lengths = [max(map(len, column)) for column in zip(header, *table.rows, strict=True)]
        shared[header] = [max(pair) for pair in zip(lengths, shared.get(header, lengths), strict=True)]
    for widths in shared.values():
        # Numbers are never broken; where a line is too long the first name is.
        widths[0] -= max(sum(widths) + len(widths) - 1 - available, 0)
    return [shared[tuple(table.header)] for table in tables]


def _table(table: Table, widths: Sequence[int]) -> RichTable:
    rich = RichTable(box=None, header_style="bold", pad_edge=False, padding=(0, 1, 0, 0))
    for i, (name, width) in enumerate(zip(table.header, widths, strict=True)):
        is_name = i < table.num_names
        rich.add_column(name, justify="left" if is_name else "right", width=width, no_wrap=not is_name)
    for row in table.rows:
        rich.add_row(*map(Text, row))
    return rich


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as CSV with a header; empty without rows."""
    if not rows:
        return ""
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def json_text(value: Any) -> str:
    """Return JSON for people and programs."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
