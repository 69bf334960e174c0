"""A whole simulation: set up, run on an engine, recorded, gone on with where it was interrupted."""

from __future__ import annotations

from contextlib import nullcontext
from time import perf_counter
from typing import TYPE_CHECKING

from dcai.errors import InputError
from dcai.simulation.checkpoint import Checkpoint
from dcai.simulation.native import Native
from dcai.simulation.record import Record, read_steps
from dcai.simulation.result import Result
from dcai.simulation.run import simulate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dcai.models import Classifier
    from dcai.simulation.backend import Backend
    from dcai.simulation.lockstep import Lockstep
    from dcai.simulation.setup import Setup

__all__ = ["ENGINES", "NATIVE", "run"]

NATIVE = "native"
ENGINES = (NATIVE, "revm", "py-evm", "py-evm-compiled")

#: Where no contract is deployed, the trainer needs an address all the same.
_TRAINER = "0x" + "22" * 20
#: Steps between two checkpoints of an EVM's state.
_CHECKPOINT_EVERY = 2000


def run(setup: Setup, *, engine: str = NATIVE, fork: str = "prague", output: Path | None = None) -> Iterator[Result]:
    """Run a simulation.

    Parameters
    ----------
    setup : Setup
        What is simulated.
    engine : str
        ``"native"`` for the twins alone; an EVM's name for twins and contracts in lockstep, compared after each call.
    fork : str
        Rules of the EVM.
    output : Path, optional
        Where every event is written. Where the file is there, from this setup, the run goes on from its end.

    Yields
    ------
    Result
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
    record = None if output is None else Record(output, setup)
    dataset, model = setup.load()
    result = Result(setup, len(dataset.y_test), engine)
    start = perf_counter()
    yield result
    if record is not None and record.complete:
        for step in read_steps(record.path):
            result.add(step)
        result.complete = True
        yield result
        return
    native, lockstep = _backends(setup, model, engine, fork)
    checkpoint = None if record is None or lockstep is None else Checkpoint.of(record)
    join_at = 0 if checkpoint is None else checkpoint.steps
    if lockstep is not None and not join_at:
        lockstep.join()
    backend: Backend = native if lockstep is None else lockstep
    with record or nullcontext():
        for step in simulate(setup, dataset, backend):
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


def _backends(setup: Setup, model: Classifier, engine: str, fork: str) -> tuple[Native, Lockstep | None]:
    if engine == NATIVE:
        return Native(setup, model, _TRAINER), None
    from dcai.simulation.lockstep import Lockstep  # noqa: PLC0415 - the EVM loads where it is used
    from dcai.simulation.onchain import OnChain  # noqa: PLC0415

    chain = OnChain(setup, model, engine, fork)
    native = Native(setup, model, chain.trainer_address, chain.owner)
    return native, Lockstep(setup, native, chain)
