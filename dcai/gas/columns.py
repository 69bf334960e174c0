"""Costs put together: several runs in a row, several transactions as one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.gas.costs import Costs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.errors import Revert
    from dcai.gas.deployment import Chunk

__all__ = ["concatenated", "of_chunks", "total"]

_COLUMNS = [field.name for field in fields(Costs) if field.name != "errors"]


def concatenated(parts: Sequence[Costs]) -> Costs:
    """Return the transactions of all parts, of which there is at least one, one after another."""
    columns: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    errors: dict[int, Revert] = {}
    start = 0
    for part in parts:
        errors.update({start + row: error for row, error in part.errors.items()})
        start += len(part)
    return Costs(**columns, errors=errors)


def of_chunks(chunks: Sequence[Chunk]) -> Costs:
    """Return the transactions of a deployment, or some of them; what slots they write is not said."""
    names = [name for name in _COLUMNS if name not in ("new_slots", "mistake")]
    columns: dict[str, Any] = {
        name: np.array([getattr(chunk, name) for chunk in chunks], dtype=np.uint64) for name in names
    }
    nothing = np.zeros(len(chunks), dtype=np.uint64)
    return Costs(**columns, new_slots=nothing, mistake=nothing.astype(np.bool_), errors={})


def total(costs: Costs) -> Costs:
    """Return transactions that belong together as one; its gas limit is the highest, as each has its own."""
    columns: dict[str, Any] = {name: getattr(costs, name).sum(keepdims=True) for name in _COLUMNS}
    columns["gas_limit"] = costs.gas_limit.max(keepdims=True)
    columns["mistake"] = costs.mistake.any(keepdims=True)
    return Costs(**columns, errors={})
