"""Fetch the contract that a command names, with progress bars."""

from __future__ import annotations

from typing import Any

import click

from dcai import chain
from dcai.chain import Snapshot
from dcai.cli._shared.values import add_options
from dcai.errors import UnknownContractError
from dcai.evm.hashing import to_address, to_bytes20
from dcai.report.progress import progress_bar

__all__ = ["block_options", "fetch_with_progress"]

block_options = add_options(
    click.option("--block", default="finalized", help="Block to read: finalized, safe, latest, earliest or a number."),
    click.option(
        "--block-hash", help="Expected hash of the block, from a source that you trust.  [default: the node's]"
    ),
    click.option(
        "--state-root", help="Expected state root of the block, from a source that you trust.  [default: the header's]"
    ),
)
"""Add the block to read, and the hashes that the user expects of it."""


def fetch_with_progress(
    address: str, *, rpc_url: str, block: str, no_verify: bool, timeout_s: float, **options: Any
) -> Snapshot:
    """Fetch a snapshot of a classifier, with progress bars on a terminal; see `dcai.chain.read.fetch`.

    The address may belong to the classifier or to its trainer.
    """
    verify, limits = not no_verify, chain.Limits(timeout_s=timeout_s)
    with progress_bar() as bar:
        slots = bar.add_task("storage slots", total=None)
        blocks = bar.add_task("blocks", total=None, visible=False)
        options |= {
            "verify": verify,
            "limits": limits,
            "progress": lambda done, total: bar.update(slots, completed=done, total=total),
            "progress_events": lambda done, total: bar.update(blocks, completed=done, total=total, visible=True),
        }
        try:
            return chain.fetch(rpc_url, address, block, **options)
        except UnknownContractError:
            classifier = chain.find_classifier(rpc_url, address, verify=verify, limits=limits)
            if classifier == to_address(to_bytes20(address)):
                raise
            return chain.fetch(rpc_url, classifier, block, **options)
