"""A comparison of a model with a contract, as a section of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.verify.report import Finding, Section

if TYPE_CHECKING:
    from dcai.chain import Snapshot
    from dcai.models import Classifier
    from dcai.verify.against import Comparison

__all__ = ["section"]


def section(snapshot: Snapshot, model: Classifier, result: Comparison) -> Section:
    """Return what `dcai.verify.against.against` has compared and found."""
    facts: dict[str, Any] = {
        "contract": f"{snapshot.address} on chain {snapshot.chain_id}",
        "layout": f"{snapshot.layout}, by {snapshot.recognised_by}",
        "block": f"{snapshot.block.number} {snapshot.block.hash}",
        "state root": snapshot.block.state_root,
        "code hash": snapshot.code_hash,
        "slots compared": len(snapshot.storage),
        "nothing else stored": {True: "proven", False: "refuted", None: "not known"}[result.complete],
        "chain has": snapshot.model().fingerprint(),
        "file has": model.fingerprint(),
    }
    findings = [
        Finding(f"{one.field} differs", {"field": one.field, "expected": str(one.expected), "actual": str(one.actual)})
        for one in result.differences
    ]
    findings += [
        Finding(f"storage slot {slot:#x} holds bits that belong to no field", {"slot": f"{slot:#x}"})
        for slot in result.unexplained
    ]
    if result.complete is False:
        findings.append(Finding("the contract stores more than the words compared: their root is not its storage root"))
    return Section("Model against contract", facts, findings=findings, notes=snapshot.trust.splitlines())
