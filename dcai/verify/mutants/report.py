"""Faults that the search found, and its effort, as a section of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.report.tables import Table
from dcai.reprs import cut
from dcai.verify.report import Finding, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.verify.mutants.mutants import Trial

__all__ = ["section"]

_HEADER = ("fault", "what differed", "cases", "steps", "shrunk to")
_LONGEST = 36


def section(trials: Sequence[Trial], total: int, facts: dict[str, Any], partial: str | None) -> Section:
    """Return what became of the faults that were tried so far.

    Parameters
    ----------
    trials : sequence of Trial
        Of these, one whose search was cut short is neither found nor missed.
    total : int
        How many faults there are to try.
    facts : dict of str to Any
        Further facts of the run, for the report.
    partial : str or None
        Why not all of them were tried.
    """
    done = [trial for trial in trials if trial.search.partial is None]
    found = [trial for trial in done if trial.search.found is not None]
    return Section(
        title="Contracts with one fault each",
        facts={
            **facts,
            "faults": f"{len(found):,} found of {len(done):,} tried; there are {total:,}",
            "most cases for one fault": max((_cases(trial) for trial in found), default=0),
            "most steps for one fault": max((_steps(trial) for trial in found), default=0),
        },
        tables=[Table("Faults found", _HEADER, [_row(trial) for trial in found], 2)] if found else [],
        findings=[_missed(trial) for trial in done if trial.search.found is None],
        partial=partial,
        notes=[
            "Cases and steps count up to the first difference, including it. Steps are compared calls. "
            "A fault that changes only gas does not count, since gas is predicted only for dcai's own bytecode."
        ],
    )


def _cases(trial: Trial) -> int:
    return trial.search.tally.cases


def _steps(trial: Trial) -> int:
    return trial.search.tally.steps + 1


def _row(trial: Trial) -> list[str]:
    found = trial.search.found
    assert found is not None  # only those are rows
    what = cut(found.case.difference.partition(": ")[2].partition(" differs: ")[0], _LONGEST)
    steps = f"{len(found.case.steps)} step{'s' * (len(found.case.steps) > 1)}"
    return [trial.fault.name, what, f"{_cases(trial):,}", f"{_steps(trial):,}", steps]


def _missed(trial: Trial) -> Finding:
    fault, search = trial.fault, trial.search
    return Finding(
        f"{fault.name}: not found in {search.tally.cases:,} cases",
        {"contract": fault.contract, "file": fault.path, "before": fault.before, "after": fault.after},
    )
