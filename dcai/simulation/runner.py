"""Run a whole simulation: set up, run on an engine, record, and resume if interrupted."""

from __future__ import annotations

from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING, Any

from dcai.errors import InputError
from dcai.evm import DEFAULT_FORK, engine_names
from dcai.simulation.checkpoint import Checkpoint
from dcai.simulation.market.course import simulate_market
from dcai.simulation.market.native import MarketNative
from dcai.simulation.native import Native
from dcai.simulation.record import RunRecord, read_steps
from dcai.simulation.result import SimulationResult
from dcai.simulation.run import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dcai.data import Dataset
    from dcai.models import Classifier
    from dcai.simulation.lockstep import LockstepBase
    from dcai.simulation.run import SimulationStep
    from dcai.simulation.setup import Setup

__all__ = ["ENGINES", "NATIVE", "run"]

NATIVE = "native"
ENGINES = (NATIVE, *engine_names())

#: Where no contract is deployed, the trainer needs an address all the same.
_TRAINER = "0x" + "22" * 20
#: Steps between two checkpoints of an EVM's state.
_CHECKPOINT_EVERY = 2000


def run(
    setup: Setup, *, engine: str = NATIVE, fork: str = DEFAULT_FORK, output: Path | None = None
) -> Iterator[SimulationResult]:
    """Run a simulation.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    engine : str
        ``"native"`` for the twins alone; an EVM's name for twins and contracts in lockstep, compared after each call.
    fork : str
        Rules of the EVM.
    output : Path, optional
        File for every event. If it exists, from the same setup, the run resumes from its end.

    Yields
    ------
    SimulationResult
        Always the same object, as it grows: after each event, and once complete.

    Raises
    ------
    InputError
        No such engine or data; the file is of another run.
    DataError
        The file was altered.
    NotEqual
        Twins and contracts differ.
    """
    if engine not in ENGINES:
        raise InputError(f"engine {engine!r} is unknown; there is {', '.join(ENGINES)}")
    record = None if output is None else RunRecord(output, setup)
    dataset, model = setup.load()
    result = SimulationResult(setup, len(dataset.y_test), engine)
    start = perf_counter()
    yield result
    if record is not None and record.complete:
        for step in read_steps(record.path):
            result.add(step)
        result.complete = True
        yield result
        return
    steps, lockstep = _start(setup, dataset, model, engine, fork)
    checkpoint = None if record is None or lockstep is None else Checkpoint.of(record)
    join_at = 0 if checkpoint is None else checkpoint.steps
    if lockstep is not None and not join_at:
        lockstep.join()
    with record or nullcontext():
        for step in steps:
            if record is not None:
                record.add(step)
            result.add(step)
            if lockstep is not None:
                if checkpoint is not None and result.num_steps == join_at:
                    checkpoint.restore(lockstep)
                result.num_compared, result.gas_used = lockstep.num_compared, lockstep.chain.gas_used
                if record is not None and lockstep.joined and result.num_steps % _CHECKPOINT_EVERY == 0:
                    record.flush()
                    Checkpoint.save(record, lockstep, result.num_steps)
            result.seconds = perf_counter() - start
            yield result
        if record is not None:
            record.end()
            Checkpoint.remove(record)
    result.complete = True
    yield result


#: The steps of a run, and the twins and contracts that it drives where there are contracts.
_Started = tuple["Iterator[SimulationStep]", "LockstepBase[Any, Any] | None"]


def _start(setup: Setup, dataset: Dataset[Any], model: Classifier, engine: str, fork: str) -> _Started:
    if setup.mechanism == "market":
        return _start_market(setup, dataset, model, engine, fork)
    if engine == NATIVE:
        return simulate(setup, dataset, Native(setup, model, _TRAINER)), None
    from dcai.simulation.lockstep import Lockstep  # noqa: PLC0415 - the EVM loads where it is used
    from dcai.simulation.onchain import OnChain  # noqa: PLC0415

    chain = OnChain(setup, model, engine, fork)
    lockstep = Lockstep(setup, Native(setup, model, chain.trainer_address, chain.owner), chain)
    return simulate(setup, dataset, lockstep), lockstep


def _start_market(setup: Setup, dataset: Dataset[Any], model: Classifier, engine: str, fork: str) -> _Started:
    if engine == NATIVE:
        return simulate_market(setup, dataset, MarketNative(setup, model, _TRAINER)), None
    from dcai.simulation.market.lockstep import MarketLockstep  # noqa: PLC0415 - as above
    from dcai.simulation.market.onchain import MarketOnChain  # noqa: PLC0415

    chain = MarketOnChain(setup, model, engine, fork)
    native = MarketNative(setup, model, chain.trainer_address)
    lockstep = MarketLockstep(setup, native, chain, dataset.n_features)
    return simulate_market(setup, dataset, lockstep), lockstep
