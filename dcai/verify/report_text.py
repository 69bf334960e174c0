"""A report as plain text."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dcai.report import tables

if TYPE_CHECKING:
    from dcai.verify.report import Report, Section

__all__ = ["shown_fact", "text"]


def text(report: Report) -> str:
    """Return a report as text."""
    versions = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return "\n".join(
        [
            f"{report.title}: {report.verdict.upper()}, {report.summary}\n",
            *map(_section, report.sections),
            f"{report.started:%Y-%m-%d %H:%M:%S} UTC, {report.seconds:,.1f} s; {versions}\n"
            f"repeat with: {shlex.join(report.command)}\n",
        ]
    )


def _section(section: Section) -> str:
    verdict = section.verdict if section.partial is None else f"{section.verdict}; partial: {section.partial}"
    lines = [f"{section.title}: {verdict}"]
    lines += [f"  {name}: {shown_fact(value)}" for name, value in section.facts.items()]
    for finding in section.findings:
        lines.append(f"  FOUND: {finding.what}")
        lines += [f"    {name}: {shown_fact(value)}" for name, value in finding.details.items()]
        if finding.repeat:
            lines.append(f"    see it with: {shlex.join(finding.repeat)}")
    lines += [f"  note: {note}" for note in section.notes]
    below = tables.Tables(section.tables).as_text() if section.tables else ""
    return "\n".join(lines) + "\n" + "".join(f"  {line}\n" if line else "\n" for line in below.splitlines())


def shown_fact(value: Any) -> str:
    """Return a fact as people read it: numbers in groups of three, truth as yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 1 << 63 else str(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(shown_fact, value)) or "none"
    return str(value)
