"""Report of any verification: text, JSON, or a self-contained HTML page.

A report says what was compared, with what versions, for how long, what was found, and how to do it again. It is made
of what has been done so far, so that a run which is cut short has one too: marked partial, with the reason.
"""

from __future__ import annotations

import platform
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from importlib import metadata
from os import PathLike
from typing import Any, Literal

from dcai._kernels import __version__
from dcai.files import write_whole
from dcai.report import html
from dcai.report.tables import Table, Tables, json_text
from dcai.reprs import cut, short_repr

__all__ = ["EXIT_CODES", "Finding", "Report", "Section", "Verdict", "installed_versions"]

#: All was done and nothing was found; something was found; not all was done, and nothing was found so far.
Verdict = Literal["passed", "failed", "partial"]

#: Exit codes of ``dcai verify``. A finding decides, even if the run is partial.
EXIT_CODES: dict[Verdict, int] = {"passed": 0, "failed": 1, "partial": 3}

_FORMAT = "dcai-report-1"
#: So many are shown in a cell; the page has all.
_MOST_SECTIONS = 20


def installed_versions(*distributions: str) -> dict[str, str]:
    """Return the versions of dcai, Python, the system and the named packages, where they are installed."""
    found = {"dcai": __version__, "Python": platform.python_version(), "system": platform.platform(terse=True)}
    for name in distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: most often a difference.

    Attributes
    ----------
    what : str
        In a sentence.
    details : mapping of str to Any
        Details by name: the step, what each side has, the file with the evidence.
    repeat : sequence of str
        The command that shows it again; empty where there is none.
    """

    __repr__ = short_repr

    what: str
    details: Mapping[str, Any] = field(default_factory=dict)
    repeat: Sequence[str] = ()

    def _as_fields(self) -> dict[str, Any]:
        return {"what": self.what, "details": dict(self.details), "repeat": list(self.repeat)}

    def _lines(self) -> list[str]:
        lines = [
            f"  FOUND: {self.what}",
            *(f"    {name}: {html.readable(value)}" for name, value in self.details.items()),
        ]
        return [*lines, f"    see it with: {shlex.join(self.repeat)}"] if self.repeat else lines

    def _as_html(self) -> str:
        parts = ['<div class="finding">', f"<p>{escape(self.what)}</p>"]
        if self.details:
            parts.append(html.facts(self.details))
        if self.repeat:
            parts.append(f"See it with: <code>{escape(shlex.join(self.repeat))}</code>")
        return "\n".join([*parts, "</div>"])


@dataclass
class Section:
    """One thing that was compared.

    Attributes
    ----------
    title : str
        Its name.
    facts : mapping of str to Any
        Facts by name: code hash, fork, seed, number of steps. Of numbers, text, truth
        values and sequences of them, which JSON keeps as they are.
    tables : sequence of Table
        Counts.
    findings : sequence of Finding
        Findings; empty where there are none.
    partial : str or None
        Why not everything was compared, where that is so.
    notes : sequence of str
        Notes for the reader, in sentences: omitted comparisons, and assumptions.
    """

    __repr__ = short_repr

    title: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    tables: Sequence[Table] = ()
    findings: Sequence[Finding] = ()
    partial: str | None = None
    notes: Sequence[str] = ()

    @property
    def verdict(self) -> Verdict:
        """Verdict of this section alone."""
        if self.findings:
            return "failed"
        return "partial" if self.partial is not None else "passed"

    def _as_fields(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "verdict": self.verdict,
            "partial": self.partial,
            "facts": dict(self.facts),
            "tables": [
                {"title": table.title, "columns": list(table.header), "rows": [list(row) for row in table.rows]}
                for table in self.tables
            ],
            "findings": [finding._as_fields() for finding in self.findings],
            "notes": list(self.notes),
        }

    def _as_text(self) -> str:
        verdict = self.verdict if self.partial is None else f"{self.verdict}; partial: {self.partial}"
        lines = [
            f"{self.title}: {verdict}",
            *(f"  {name}: {html.readable(value)}" for name, value in self.facts.items()),
        ]
        for finding in self.findings:
            lines += finding._lines()
        lines += [f"  note: {note}" for note in self.notes]
        if self.tables:
            lines += [f"  {line}" if line else "" for line in Tables(self.tables).as_text().splitlines()]
        return "\n".join(lines) + "\n"

    def _as_html(self) -> str:
        parts = ["<section>", f"<h2>{escape(self.title)}{_badge(self.verdict)}</h2>"]
        if self.partial is not None:
            parts.append(f'<p class="partial">Partial: {escape(self.partial)}</p>')
        parts += [finding._as_html() for finding in self.findings]
        if self.facts:
            parts.append(html.facts(self.facts))
        parts += [f'<p class="note">{escape(note)}</p>' for note in self.notes]
        parts += [table.as_html() for table in self.tables]
        return "\n".join([*parts, "</section>"])


@dataclass
class Report:
    """The whole of one verification.

    Attributes
    ----------
    title : str
        Title of the verification.
    command : sequence of str
        Command that repeats it, seeds included.
    sections : sequence of Section
        Sections, in order.
    seconds : float
        How long it took.
    partial : str or None
        Why it was cut short, where it was: ``"interrupted"``.
    started : datetime
        When it began; now unless given.
    versions : mapping of str to str
        Of what took part.
    """

    __repr__ = short_repr

    title: str
    command: Sequence[str]
    sections: Sequence[Section] = ()
    seconds: float = 0.0
    partial: str | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    versions: Mapping[str, str] = field(default_factory=installed_versions)

    @property
    def verdict(self) -> Verdict:
        """Verdict of all sections: failed if any failed, else partial if any is partial."""
        verdicts = {section.verdict for section in self.sections}
        if "failed" in verdicts:
            return "failed"
        # Nothing was compared where there is no section, which is no proof of anything.
        return "partial" if self.partial is not None or "partial" in verdicts or not self.sections else "passed"

    @property
    def reasons(self) -> list[str]:
        """Why not everything was compared; empty where it was."""
        reasons = [r for r in (self.partial, *(section.partial for section in self.sections)) if r is not None]
        return list(dict.fromkeys(reasons))

    @property
    def summary(self) -> str:
        """The verdict in a sentence."""
        count = sum(len(section.findings) for section in self.sections)
        cut = f"partial ({', '.join(self.reasons)}): " if self.reasons else ""
        if count:
            return f"{cut}{count} finding{'s' * (count > 1)}"
        return f"{cut}nothing was compared" if not self.sections else f"{cut}no findings"

    @property
    def exit_code(self) -> int:
        """Exit code of the command that made the report."""
        return EXIT_CODES[self.verdict]

    def as_json(self) -> str:
        """Return the report for programs."""
        fields = {
            "format": _FORMAT,
            "title": self.title,
            "verdict": self.verdict,
            "summary": self.summary,
            "partial": self.reasons,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 3),
            "command": list(self.command),
            "versions": dict(self.versions),
            "sections": [section._as_fields() for section in self.sections],
        }
        return json_text(fields)

    def as_text(self) -> str:
        """Return the report for a terminal."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return "\n".join(
            [
                f"{self.title}: {self.verdict.upper()}, {self.summary}\n",
                *(section._as_text() for section in self.sections),
                f"{self.started:%Y-%m-%d %H:%M:%S} UTC, {self.seconds:,.1f} s; {versions}\n"
                f"repeat with: {shlex.join(self.command)}\n",
            ]
        )

    def as_html(self) -> str:
        """Return the report as a page that needs no other file."""
        started, seconds = f"{self.started:%Y-%m-%d %H:%M:%S} UTC", f"{self.seconds:,.1f} s"
        body = [
            "<header>",
            f"<h1>{escape(self.title)}{_badge(self.verdict)}</h1>",
            f'<p class="summary">{escape(self.summary)}</p>',
            html.facts({"started": started, "time": seconds, **self.versions}),
            f"<p>Repeat with: <code>{escape(shlex.join(self.command))}</code></p>",
            "</header>",
            "<main>",
            *(section._as_html() for section in self.sections),
            "</main>",
        ]
        return html.page(f"{self.title}: {self.verdict}", body)

    def _repr_html_(self) -> str:
        shown = self.sections[:_MOST_SECTIONS]
        rows = [[cut(each.title, 80), each.verdict, f"{len(each.findings):,}"] for each in shown]
        if rest := len(self.sections) - len(shown):
            rows.append([f"and {rest:,} more", "", ""])
        title = f"{cut(self.title, 80)}: {self.verdict}, {cut(self.summary, 200)}"
        return html.table(title, ["section", "verdict", "findings"], rows, 2)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the report, whole or not at all: as HTML or JSON where the name ends so, else as text."""
        name = str(path)
        as_written = self.as_html if name.endswith((".html", ".htm")) else self.as_text
        write_whole(path, self.as_json() if name.endswith(".json") else as_written())


def _badge(verdict: Verdict) -> str:
    return f'<span class="verdict {verdict}">{verdict}</span>'
