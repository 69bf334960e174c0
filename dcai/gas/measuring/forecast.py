"""Forecast the gas of a stream of contributions in one pass, and replay it in an EVM on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.gas.columns import concatenated
from dcai.gas.oracle import Oracle
from dcai.report.frame import frame
from dcai.reprs import short_repr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.gas.costs import Costs
    from dcai.gas.measuring.replay import GasDifference, GasReplay
    from dcai.gas.measuring.stream import Stream
    from dcai.gas.prices import Prices
    from dcai.report.frame import DataFrame

__all__ = ["Forecast", "forecast", "spread"]

#: Contributions that are predicted at once: many enough to be fast, few enough for a bar that moves.
_BATCH = 2_000


@dataclass(eq=False)
class Forecast:
    """Costs of the contributions of a stream, as far as they are predicted.

    Attributes
    ----------
    stream : Stream
        Model and contributions.
    fork : str
        The rules.
    engine : str
        The EVM that replays some of them; empty for none.
    done : int
        How many contributions, from the first, have been predicted.
    replayed : list of int
        Rows that were compared with an EVM.
    fields_compared : int
        How many figures that were.
    differences : list of GasDifference
        Where EVM and prediction differ.
    """

    __repr__ = short_repr

    stream: Stream
    fork: str
    engine: str = ""
    done: int = 0
    replayed: list[int] = field(default_factory=list)
    fields_compared: int = 0
    differences: list[GasDifference] = field(default_factory=list)
    _parts: list[Costs] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether all contributions have been predicted."""
        return self.done == len(self.stream)

    @property
    def costs(self) -> Costs:
        """Costs of the predicted transactions; there is at least one."""
        return concatenated(self._parts)

    def transactions(self, prices: Prices) -> list[dict[str, Any]]:
        """Return a row for each transaction, with plain values."""
        costs = self.costs
        columns = ("intrinsic", "calldata", "execution", "refund", "floor", "gas_used", "gas_limit")
        values = np.stack([getattr(costs, name) for name in columns], axis=1).tolist()
        labels, mistakes, new_slots = self.stream.labels.tolist(), costs.mistake.tolist(), costs.new_slots.tolist()
        return [
            {
                "row": row,
                "label": labels[row],
                "error": costs.errors[row].name if row in costs.errors else "",
                "mistake": mistakes[row],
                "new_slots": new_slots[row],
                **dict(zip(columns, figures, strict=True)),
                "usd": round(prices.usd(figures[columns.index("gas_used")]), 6),
            }
            for row, figures in enumerate(values)
        ]

    def to_frame(self, prices: Prices) -> DataFrame:
        """Return the rows of `transactions` as a data frame."""
        rows = self.transactions(prices)
        return frame(rows[0], (row.values() for row in rows))


def spread(n: int, length: int) -> list[int]:
    """Return ``n`` rows of ``length``, or all where there are fewer, at equal distances, the last row among them."""
    n = min(n, length)
    return [(i + 1) * length // n - 1 for i in range(n)]


def forecast(stream: Stream, fork: str, replay: GasReplay | None = None, num_replayed: int = 0) -> Iterator[Forecast]:
    """Predict what contributions cost, one transaction each, one after another.

    Parameters
    ----------
    stream : Stream
        The contract's state, and the contributions, of which there is at least one.
    fork : str
        The rules.
    replay : GasReplay, optional
        Runs some transactions in an EVM as well, each on the state that the model is in before it.
    num_replayed : int
        How many; they are spread over the stream.

    Yields
    ------
    Forecast
        Always the same object, as it grows.
    """
    oracle = Oracle(stream.contract, fork)
    model = stream.model.copy()
    result = Forecast(stream, fork, replay.engine if replay else "")
    rows = set(spread(num_replayed, len(stream))) if replay else set()
    # The state before a row that is replayed is needed, so a batch begins there.
    bounds = sorted({*range(0, len(stream), _BATCH), *rows, len(stream)})
    for start, stop in pairwise(bounds):
        before = model.copy()
        costs = oracle.update_batch(model, *stream.batch(start, stop))
        result._parts.append(costs)
        result.done = stop
        if replay is not None and start in rows:
            compared, differences = replay.compare(before, *stream.contribution(start), costs, start)
            result.replayed.append(start)
            result.fields_compared += compared
            result.differences += differences
        yield result
