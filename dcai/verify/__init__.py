"""Proof by comparison: the same calls to a contract in an EVM and to its native twin, step by step."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dcai.verify.differential import Differential, Outcome, Step
from dcai.verify.search.case import Case

if TYPE_CHECKING:
    from dcai.verify.report import Report

__all__ = ["Case", "Differential", "Outcome", "Step", "replay_history"]


def replay_history(rpc_url: str, address: str, **arguments: Any) -> Report:
    """Replay a classifier's history beside its contract; see ``dcai.verify.history.replay.replay_history``."""
    # Reading a chain needs an extra; the rest does not.
    report: Report = import_module("dcai.verify.history.replay").replay_history(rpc_url, address, **arguments)
    return report
