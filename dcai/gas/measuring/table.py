"""The table of gas: each scenario, predicted from its state or measured in an EVM."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcai.gas.columns import concatenated, of_chunks, total
from dcai.gas.measuring import measure
from dcai.gas.measuring.rows import TOTAL, GasRow, TransactionKind, kinds, row_of
from dcai.gas.oracle import Oracle
from dcai.scenarios import refused_calls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.gas.costs import Costs
    from dcai.gas.deployment import DeploymentPlan
    from dcai.gas.measuring.stream import Stream

__all__ = ["PREDICTED", "rows_of"]

#: The name in place of an engine for predictions of the Oracle.
PREDICTED = "predicted"


def rows_of(stream: Stream, engine: str, fork: str, samples: int) -> Iterator[GasRow]:
    """Yield the rows of one scenario, engine and fork.

    Parameters
    ----------
    stream : Stream
        A model and the contributions to it.
    engine : str
        "predicted", or the name of an EVM.
    fork : str
        The rules, in lower case.
    samples : int
        How many samples an EVM predicts and learns, and how many of each refused call there are. A prediction takes
        all samples.
    """
    what = {"data": stream.data, "model": stream.contract, "engine": engine, "fork": fork}
    parts = _predicted(stream, fork, samples) if engine == PREDICTED else _measured(stream, engine, fork, samples)
    for kind, costs in parts:
        if kind.action == "update":
            for each, mask in kinds(costs, stream.contract):
                if mask.any():
                    yield row_of(costs, mask, kind=each, **what)
        elif len(costs):
            yield row_of(costs, np.ones(len(costs), dtype=np.bool_), kind=kind, **what)


def _predicted(stream: Stream, fork: str, samples: int) -> Iterator[tuple[TransactionKind, Costs]]:
    oracle = Oracle(stream.contract, fork)
    yield from _deployment(oracle.deployment(stream.model))
    if len(stream.others):
        yield TransactionKind("predict"), oracle.predict_batch(stream.model, stream.others)
    refused = [oracle.update(stream.model.copy(), data, label) for data, label in _refused(stream, samples)]
    yield (
        TransactionKind("update"),
        concatenated([oracle.update_batch(stream.model.copy(), *stream.batch(0, len(stream))), *refused]),
    )


def _measured(stream: Stream, engine: str, fork: str, samples: int) -> Iterator[tuple[TransactionKind, Costs]]:
    contract, deployment = measure.deploy(stream.model, engine, fork)
    yield from _deployment(deployment)
    others = (stream.others[i].tolist() for i in range(min(samples, len(stream.others))))
    yield TransactionKind("predict"), measure.as_costs(measure.predict(contract, sample) for sample in others)
    refused = [measure.update(contract, *call) for call in _refused(stream, samples)]
    learned = [measure.update(contract, *stream.contribution(i)) for i in range(min(samples, len(stream)))]
    yield TransactionKind("update"), measure.as_costs([*learned, *refused])


def _deployment(deployment: DeploymentPlan) -> Iterator[tuple[TransactionKind, Costs]]:
    chunks = deployment.chunks
    yield TransactionKind("deploy", TOTAL), total(of_chunks(chunks))
    for function in dict.fromkeys(chunk.function for chunk in chunks):
        yield TransactionKind("deploy", function), of_chunks([chunk for chunk in chunks if chunk.function == function])


def _refused(stream: Stream, samples: int) -> Iterator[tuple[list[int], int]]:
    for i in range(min(samples, len(stream))):
        yield from refused_calls(stream.model, stream.contribution(i)[0])
