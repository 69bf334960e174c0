"""Parts of a self-contained HTML page, which fetches and runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["facts", "page", "readable", "table"]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881;
  --passed: #1a7f37; --failed: #cf222e; --partial: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --passed: #3fb950; --failed: #f85149; --partial: #d29922; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 0 0 .75rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
section { border-top: 1px solid var(--line); padding: 1.5rem 0 .5rem; }
.verdict { display: inline-block; border: 1px solid; border-radius: 1rem; padding: 0 .7rem; font-size: .9rem;
  font-weight: 600; margin-left: .5rem; vertical-align: middle; }
.passed { color: var(--passed); } .failed { color: var(--failed); } .partial { color: var(--partial); }
.summary { font-size: 1.15rem; margin: 0 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; margin: 0 0 1rem; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
.finding { border-left: .25rem solid var(--failed); background: var(--soft);
  padding: .75rem 1rem; margin: 0 0 1rem; }
.finding p { margin: 0 0 .5rem; font-weight: 600; }
.note { opacity: .85; margin: 0 0 .5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
""".strip()


def page(title: str, body: Iterable[str]) -> str:
    """Return a page of elements."""
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
        *body,
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def facts(named: Mapping[str, Any]) -> str:
    """Return a list of names and values."""
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(readable(value))}</dd>" for name, value in named.items())
    return "\n".join(["<dl>", *rows, "</dl>"])


def table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]], num_names: int) -> str:
    """Return a table that scrolls if it is too wide; columns after the first ``num_names`` are numbers."""
    return "\n".join(
        [
            *([f"<h3>{escape(title)}</h3>"] if title else []),
            '<div class="scroll">',
            "<table>",
            f"<thead><tr>{_cells('th', header, num_names)}</tr></thead>",
            "<tbody>",
            *(f"<tr>{_cells('td', row, num_names)}</tr>" for row in rows),
            "</tbody>",
            "</table>",
            "</div>",
        ]
    )


def _cells(tag: str, cells: Sequence[str], num_names: int) -> str:
    kinds = ("" if i < num_names else ' class="number"' for i in range(len(cells)))
    return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))


def readable(value: Any) -> str:
    """Return a value as text for people: digits grouped, booleans as yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(readable, value)) or "none"
    return str(value)
