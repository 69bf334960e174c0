"""Compare a contract in a block with a given model, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dcai.chain import Snapshot, storage_root
from dcai.evm.differing import FieldDifference, differing_variables
from dcai.evm.hashing import to_address
from dcai.evm.storage import expected_storage
from dcai.models import Classifier
from dcai.verify.report import Finding, Section

__all__ = ["Comparison", "against", "section"]

_ADDRESS_BITS = 160


@dataclass(frozen=True)
class Comparison:
    """Result of `against`.

    Attributes
    ----------
    differences : tuple of FieldDifference
        In the order of the contract's state variables; the model's value is ``expected``, the contract's ``actual``.
    unexplained : tuple of int
        Slots that were read and hold something else than the model that was read from them: bits that belong to no
        field, which no transaction sets.
    complete : bool or None
        Whether the contract's storage is proven to hold nothing but the words that were read: then a sparse model has
        no other weights. None where the storage root is not proven.
    """

    differences: tuple[FieldDifference, ...]
    unexplained: tuple[int, ...]
    complete: bool | None

    @property
    def equal(self) -> bool:
        """True if no difference was found."""
        return not self.differences and not self.unexplained and self.complete is not False


def against(snapshot: Snapshot, model: Classifier) -> Comparison:
    """Compare a contract in a block with a model.

    Parameters
    ----------
    snapshot : dcai.chain.Snapshot
        Of the contract. Of a sparse model it should have all features that ``model`` has a value for.
    model : Classifier
        The model.

    Raises
    ------
    UnknownContractError
        The snapshot's storage is not that of its layout.
    """
    on_chain = snapshot.model()
    owner = to_address((snapshot.storage.get(0, 0) % (1 << _ADDRESS_BITS)).to_bytes(20, "big"))
    expected = expected_storage(on_chain, owner, artifact=snapshot.kind.artifact)
    read = {slot: word for slot, word in snapshot.storage.items() if word}
    unexplained = sorted(slot for slot in read.keys() | expected.keys() if read.get(slot) != expected.get(slot))
    complete = None
    if snapshot.verified and snapshot.storage_root is not None:
        complete = storage_root(read).hex() == snapshot.storage_root.removeprefix("0x")
    return Comparison(tuple(differing_variables(model, on_chain)), tuple(unexplained), complete)


def section(snapshot: Snapshot, model: Classifier, result: Comparison) -> Section:
    """Return what `against` has compared and found."""
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
