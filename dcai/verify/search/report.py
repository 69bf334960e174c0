"""Comparisons and findings of a search, as a section of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import shown
from dcai.report.tables import Table
from dcai.verify.report import Finding, Section

if TYPE_CHECKING:
    from pathlib import Path

    from dcai.verify.search.search import Found, Search
    from dcai.verify.search.target import Target

__all__ = ["finding", "section", "start_in_words"]

_MALFORMED = "Malformed calldata: only the refusal and the unchanged state are compared, not the error."
_NO_GAS = "Gas is not compared: it is predicted only for the bytecode of dcai's own contracts."
_MOST_FIELDS = 12


def section(target: Target, search: Search, case_file: Path | None) -> Section:
    """Return what a search has compared so far, and its difference."""
    tally = search.tally
    facts: dict[str, Any] = {
        **target.facts,
        "seed": search.seed,
        "cases": f"{tally.cases:,} of {search.cases:,}, of {search.steps:,} steps each",
        "steps compared": tally.steps,
        "steps whose gas was compared": tally.priced,
        "seconds": round(search.seconds, 1),
    }
    rows = [
        [function, outcome, f"{count:,}"]
        for (function, outcome), count in sorted(tally.outcomes.items(), key=lambda item: (item[0][0], -item[1]))
    ]
    return Section(
        title=target.title,
        facts=facts,
        tables=[Table("Steps by what they did", ["function", "outcome", "steps"], rows, 2)] if rows else [],
        findings=[] if search.found is None else [finding(search.found, case_file)],
        partial=search.partial,
        notes=[_MALFORMED] if search.predicts_gas else [_MALFORMED, _NO_GAS],
    )


def finding(found: Found, case_file: Path | None) -> Finding:
    """Return a difference in words."""
    case = found.case
    differing = [
        f"{d.field}: the contract has {d.expected}, the kernel has {d.actual}"
        for d in found.differences[:_MOST_FIELDS]
        if isinstance(d.expected, int | str)
    ]
    if len(found.differences) > _MOST_FIELDS:
        differing.append(f"and {len(found.differences) - _MOST_FIELDS} more")
    details: dict[str, Any] = {
        "start": start_in_words(case.model),
        **{f"step {number}": str(step) for number, step in enumerate(case.steps)},
        **({"state": differing} if len(found.differences) > 1 else {}),
        "found": f"in case {found.case_number}, which had {found.length} steps, after {found.steps:,} equal steps",
    }
    if case_file is not None:
        details["case file"] = str(case_file)
    repeat = [] if case_file is None else ["dcai", "verify", "replay", str(case_file)]
    return Finding(case.difference, details, repeat)


def start_in_words(model: Any) -> str:
    """Return the state of a model in a line."""
    parts = [f"{name} {shown(value)}" for name, value in model.state().items()]
    return f"{type(model).__name__} with {', '.join(parts)}"
