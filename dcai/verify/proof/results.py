"""Results of proofs, as a section of a report."""

from __future__ import annotations

from collections.abc import Sequence

from dcai.report.tables import Table
from dcai.verify.proof import Proof
from dcai.verify.report import Finding, Section

__all__ = ["section"]


def section(results: Sequence[Proof], count: int, partial: str | None) -> Section:
    """Return what is proven, what is only tested, and what is neither.

    Parameters
    ----------
    results : sequence of Proof
        Of the claims that were looked at.
    count : int
        How many claims were to be.
    partial : str or None
        Why not all were.
    """
    unknown = [result.claim.name for result in results if result.verdict == "unknown"]
    reasons = [*([partial] if partial else []), *([f"no answer on {', '.join(unknown)}"] if unknown else [])]
    rows = [[one.claim.name, one.verdict, one.claim.method, f"{one.seconds:.1f}"] for one in results]
    return Section(
        title="Scalar steps of the contracts",
        facts={"claims looked at": f"{len(results)} of {count}"},
        tables=[Table("Claims", ["claim", "verdict", "method", "seconds"], rows, 3)] if rows else [],
        findings=[
            Finding(f"{one.claim.name} is refuted", {"claim": one.claim.statement, "counterexample": one.detail})
            for one in results
            if one.verdict == "refuted"
        ],
        partial="; ".join(reasons) or None,
        notes=[
            f"{one.claim.name}: {one.verdict}, {one.detail}. That {one.claim.statement}; for {one.claim.widths}; in "
            f"{one.claim.source}"
            for one in results
        ],
    )
