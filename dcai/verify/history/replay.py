"""Report whether a contract's storage follows from its history, from its deployment to a block."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from dcai.errors import RpcError
from dcai.verify.history.report import section
from dcai.verify.history.run import COMPARE_EVERY, ComparedBlock, Departure, HistoryReplay
from dcai.verify.report import Report, installed_versions

__all__ = ["COMPARE_EVERY", "ComparedBlock", "Departure", "HistoryReplay", "replay_history"]


def replay_history(rpc_url: str, address: str, *, command: Sequence[str] | None = None, **arguments: Any) -> Report:
    """Replay every accepted contribution in the kernel, and compare with the contract's storage.

    >>> report = dcai.verify.replay_history("http://localhost:8545", trainer, block="latest")           # doctest: +SKIP
    >>> report.verdict                                                                           # doctest: +SKIP
    'passed'

    Parameters
    ----------
    rpc_url, address, arguments
        As of `HistoryReplay`: ``from_block``, ``block``, ``compare_every``, ``verify``, ``num_features``, ``indices``,
        ``time_budget_s`` and more.
    command : sequence of str, optional
        Command that repeats it, for the report.

    Returns
    -------
    Report
        Of one section. Its verdict is ``"passed"``, ``"failed"`` where the contract departs from its history, or
        ``"partial"`` where Ctrl-C, the time budget or the node ended the run.

    Raises
    ------
    InputError
        An argument is invalid.
    ChainError
        Nothing could be begun with: as `dcai.chain.read.fetch`.
    """
    began = time.monotonic()
    run = HistoryReplay(rpc_url, address, **arguments)
    try:
        run.run()
    except RpcError as error:
        if run.replica is None:
            raise
        run.partial = f"the node: {error}"
    return Report(
        "HistoryReplay",
        command or ["dcai", "verify", "history", run.address, "--rpc", rpc_url, "--block", str(run.last_block)],
        [section(run)],
        time.monotonic() - began,
        versions=installed_versions("web3", "trie"),
    )
