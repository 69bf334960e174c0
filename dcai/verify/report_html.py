"""A report as one page of HTML, with its styles in it, and nothing that a browser would have to fetch or run."""

from __future__ import annotations

import shlex
from html import escape
from typing import TYPE_CHECKING, Any

from dcai.verify.report_text import shown_fact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dcai.verify.report import Finding, Report, Section, Table, Verdict

__all__ = ["page"]

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


def page(report: Report) -> str:
    """Return a report as HTML."""
    about = {
        "started": f"{report.started:%Y-%m-%d %H:%M:%S} UTC",
        "time": f"{report.seconds:,.1f} s",
        **report.versions,
    }
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(report.title)}: {escape(report.verdict)}</title>",
        f"<style>\n{_STYLE}\n</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{escape(report.title)}{_badge(report.verdict)}</h1>",
        f'<p class="summary">{escape(report.summary)}</p>',
        _facts(about),
        f"<p>Repeat with: <code>{escape(shlex.join(report.command))}</code></p>",
        "</header>",
        "<main>",
        *map(_section, report.sections),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(parts) + "\n"


def _badge(verdict: Verdict) -> str:
    return f'<span class="verdict {verdict}">{verdict}</span>'


def _section(section: Section) -> str:
    parts = ["<section>", f"<h2>{escape(section.title)}{_badge(section.verdict)}</h2>"]
    if section.partial is not None:
        parts.append(f'<p class="partial">Partial: {escape(section.partial)}</p>')
    parts += map(_finding, section.findings)
    if section.facts:
        parts.append(_facts(section.facts))
    parts += (f'<p class="note">{escape(note)}</p>' for note in section.notes)
    parts += map(_table, section.tables)
    return "\n".join([*parts, "</section>"])


def _finding(finding: Finding) -> str:
    parts = ['<div class="finding">', f"<p>{escape(finding.what)}</p>"]
    if finding.details:
        parts.append(_facts(finding.details))
    if finding.repeat:
        parts.append(f"See it with: <code>{escape(shlex.join(finding.repeat))}</code>")
    return "\n".join([*parts, "</div>"])


def _facts(facts: Mapping[str, Any]) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(shown_fact(value))}</dd>" for name, value in facts.items())
    return "\n".join(["<dl>", *rows, "</dl>"])


def _table(table: Table) -> str:
    title = [f"<h3>{escape(table.title)}</h3>"] if table.title else []
    rows = (f"<tr>{_cells('td', row, table.num_names)}</tr>" for row in table.rows)
    return "\n".join(
        [
            *title,
            '<div class="scroll">',
            "<table>",
            f"<thead><tr>{_cells('th', table.header, table.num_names)}</tr></thead>",
            "<tbody>",
            *rows,
            "</tbody>",
            "</table>",
            "</div>",
        ]
    )


def _cells(tag: str, cells: Sequence[str], num_names: int) -> str:
    kinds = ("" if i < num_names else ' class="number"' for i in range(len(cells)))
    return "".join(f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
