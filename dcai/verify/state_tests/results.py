"""State tests that were run, as a section of a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from dcai.evm.hashing import keccak
from dcai.report.tables import Table
from dcai.verify.report import Finding, Section

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dcai.verify.state_tests.specs import StateTestResult

__all__ = ["section"]


def section(path: Path, results: Sequence[StateTestResult], partial: str | None) -> Section:
    """Return what became of the tests in a file.

    Parameters
    ----------
    path : Path
        The file.
    results : sequence of StateTestResult
        Of the tests that were run.
    partial : str or None
        Why not all were.
    """
    forks = Counter(result.fork for result in results)
    passed = Counter(result.fork for result in results if result.passed)
    rows = [[fork, f"{count:,}", f"{passed[fork]:,}"] for fork, count in forks.items()]
    return Section(
        title=str(path),
        facts={"keccak256": f"0x{keccak(path.read_bytes()).hex()}", "tests run": len(results)},
        tables=[Table("By fork", ["fork", "run", "passed"], rows, 1)] if rows else [],
        findings=[
            Finding(f"{one.name} fails", {"fork": one.fork, "differences": list(one.failures)})
            for one in results
            if not one.passed
        ],
        partial=partial,
    )
