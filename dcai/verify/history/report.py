"""Result of a replayed history, as a section of a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.errors import shown
from dcai.report.tables import Table
from dcai.verify.report import Finding, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.chain.collect.changes import Change
    from dcai.verify.history.run import Departure, HistoryReplay

__all__ = ["section"]

_MOST = 12

_SCOPE = (
    "Replayed: the contributions that trainers logged while they owned the classifier, and the transactions that "
    "accounts sent to it while they owned it. Any other change of the contract is a departure from its history."
)
_PROVEN = (
    "Proven: the storage in the blocks compared, by their state roots, and the contributions, by the receipts of their "
    "blocks. A withheld contribution makes the storage differ."
)
_TRUSTED = (
    "Trusted: the node, for the blocks compared to belong to the chain; compare their hashes with another source. "
    "Transactions of accounts and all transaction hashes come from the node unproven."
)
_BELIEVED = "Nothing is proven: the node was believed."
_INCOMPLETE = (
    "The storage that was read at the start has words of features that no transaction named. These were not compared: "
    "pass --num-features, the size of the vocabulary, or begin at the deployment."
)
_BETWEEN = "A change that was undone before the next block compared would not be seen."


def section(history: HistoryReplay) -> Section:
    """Return what a history has replayed and compared so far, and where it departs."""
    return Section(
        title=f"History of {history.address}",
        facts=_facts(history),
        tables=_tables(history),
        findings=_findings(history),
        partial=_partial(history),
        notes=_notes(history),
    )


def _facts(history: HistoryReplay) -> dict[str, Any]:
    replica = history.replica
    facts: dict[str, Any] = {"contract": history.address, "chain": history.chain_id}
    if history.last_hash:
        facts["last block"] = f"{history.last_block} {history.last_hash}"
    if replica is None:
        return facts
    facts |= {
        "layout": history.layout,
        "code hash": history.code_hash,
        "start": history.start,
        "replayed up to": f"block {history.done_block}, of {history.first_block} to {history.last_block}",
        "contributions replayed": history.replayed["contributions"],
        "owners": history.owners,
        "blocks compared": len(history.checkpoints),
    }
    if history.checkpoints or history.departure is not None:
        by_root = replica.complete and history.verify
        facts["compared"] = "all of storage, by its root" if by_root else "all words that are known"
    if history.partial is None and history.departure is None:
        facts["model"] = replica.model().fingerprint()
    if history.skipped:
        facts["not compared, for the node has no such states"] = f"blocks {_numbers(history.skipped)}"
    return facts


def _tables(history: HistoryReplay) -> list[Table]:
    replayed = [[what, f"{count:,}"] for what, count in history.replayed.most_common()]
    rows = [[f"{c.block} {c.hash}", f"{c.replayed:,}"] for c in history.checkpoints]
    tables = []
    if replayed:
        tables.append(Table("Replayed", ["what", "number"], replayed, 1))
    if rows:
        tables.append(Table("Storage equal after", ["block", "replayed until then"], rows, 1))
    return tables


def _partial(history: HistoryReplay) -> str | None:
    if history.partial is not None:
        return history.partial
    # The final comparison needs storage that the node does not have.
    return None if history.checkpoints or history.departure else "no storage was compared"


def _notes(history: HistoryReplay) -> list[str]:
    notes = [_SCOPE, *([_PROVEN, _TRUSTED] if history.verify else [_BELIEVED]), _BETWEEN]
    if history.replica is not None and not history.replica.complete:
        notes.append(_INCOMPLETE)
    return notes


def _findings(history: HistoryReplay) -> list[Finding]:
    findings = [] if history.departure is None else [_finding(history.departure)]
    covered = set(history.departure.unproven) if history.departure is not None else set()
    findings += [
        Finding(f"The node's answer about the contract in block {number} contradicts that block: {error}")
        for number, error in sorted(history.unproven.items())
        if number not in covered
    ]
    return findings


def _finding(departure: Departure) -> Finding:
    first, changes = departure.differences[0], departure.changes
    proven = [n for n in range(departure.after + 1, departure.until + 1) if n not in departure.unproven]
    exact = proven == [departure.until] or departure.until == departure.after + 1
    if exact:
        changes = [change for change in changes if change.block_number == departure.until]
    where = f"block {departure.until}" if exact else f"one of the blocks {departure.after + 1} to {departure.until}"
    details: dict[str, Any] = {
        "block": departure.until if exact else f"{departure.after + 1} to {departure.until}",
        "last equal block": departure.after if departure.after >= 0 else "none was compared",
        "transaction": _transaction(changes),
        "field": first.field,
        "expected": f"{first.actual}",
        "actual": f"{first.expected}",
    }
    if len(departure.differences) > 1:
        details["all differences"] = [
            f"{d.field}: the history gives {d.actual}, the contract has {d.expected}"
            for d in departure.differences[:_MOST]
        ]
        if len(departure.differences) > _MOST:
            details["all differences"].append(f"and {len(departure.differences) - _MOST:,} more")
    if len(changes) > 1:
        details["replayed of this block" if exact else "replayed of these blocks"] = _listed(changes)
    if departure.unproven:
        details["unproven"] = (
            f"the node's answer about the contract in block {_numbers(departure.unproven)} does not match the "
            "state root: its storage was altered outside of any block, or the node is faulty"
        )
    if departure.until in departure.unproven:
        where += ", according to the node, without proof"
    what = (
        f"The contract first departs from its history in {where}: {first.field}: the history gives "
        f"{_short(first.actual)}, the contract has {_short(first.expected)}"
    )
    return Finding(what, details)


def _transaction(changes: Sequence[Change]) -> str:
    hashes = list(dict.fromkeys(change.transaction for change in changes))
    if not hashes:
        return "no replayed transaction: neither a contribution nor a transaction of its owner changed the contract"
    if len(hashes) == 1:
        return hashes[0]
    return f"one of the {len(hashes):,} replayed transactions, or another change between them"


def _listed(changes: Sequence[Change]) -> list[str]:
    lines = [f"block {one.block_number}, {type(one).__name__.lower()}: {one.transaction}" for one in changes[:_MOST]]
    return lines if len(changes) <= _MOST else [*lines, f"and {len(changes) - _MOST:,} more"]


def _short(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 2 * 80 else shown(value)


def _numbers(numbers: Sequence[int]) -> str:
    first = ", ".join(map(str, numbers[:_MOST]))
    return first if len(numbers) <= _MOST else f"{first} and {len(numbers) - _MOST:,} more"
