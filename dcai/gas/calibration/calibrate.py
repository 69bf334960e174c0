"""Derives the coefficients of every contract, and writes them beside the artifacts: ``make artifacts``.

python -m dcai.gas.calibration.calibrate            writes the files that differ
python -m dcai.gas.calibration.calibrate --check    writes nothing; exits 1 and names each file that differs
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.errors import ArtifactError
from dcai.evm import Evm, Trace
from dcai.evm.abi import Abi
from dcai.evm.schedule import SSTORE_SENTRY
from dcai.files import write_whole
from dcai.gas.calibration.coverage import Coverage
from dcai.gas.calibration.samples import deployments, samples
from dcai.gas.calibration.solve import prices
from dcai.gas.coefficients import UNAUTHORIZED, Coefficients, code_hash, to_fields
from dcai.gas.initialization import Initialization, memory_gas
from dcai.gas.layer import GAS, Labelled
from dcai.gas.oracle import counters
from dcai.models import MODELS, Classifier

__all__ = ["FORKS", "calibrate"]

#: The forks whose gas is derived, each with the engine that runs it.
FORKS = {"cancun": "py-evm-compiled", "prague": "py-evm-compiled", "osaka": "revm"}

#: Not the owner.
_STRANGER = "0x" + "99" * 20

#: Models, and deployments, with their samples to run for one contract and fork.
_MODELS, _DEPLOYMENTS = 150, 60
_SSTORE = 0x55


def calibrate(artifact: Artifact, fork: str, engine: str) -> dict[str, Coefficients]:
    """Derive the coefficients of a contract's functions under a fork.

    Parameters
    ----------
    artifact : Artifact
        A contract of dcai, however compiled.
    fork, engine : str
        The rules, and the EVM that runs the bytecode.

    Raises
    ------
    ArtifactError
        Not every path of the bytecode has a counter, or was taken.
    """
    abi = Abi(artifact.abi)
    impossible = {error.selector for error in abi.errors.values() if error.name in GAS[artifact.name].impossible}
    coverage = Coverage(artifact.deployed_bytecode, {function.selector for function in abi.functions}, impossible)
    functions = {name: _calibrate_call(artifact, name, Evm(engine, fork), coverage) for name in counters(artifact.name)}
    gaps = coverage.gaps()
    if gaps:
        raise ArtifactError(
            f"{artifact.name} under {fork}: of the conditional jumps at {', '.join(map(hex, gaps))} only one way was "
            "ever taken, so the price of the other is unknown"
        )
    return functions | _calibrate_initialization(artifact, fork, engine)


def _calibrate_call(artifact: Artifact, call: str, evm: Evm, coverage: Coverage) -> Coefficients:
    """Derive the coefficients of ``update`` or ``predict``."""
    names = counters(artifact.name)[call]
    function = Abi(artifact.abi).function(call, 2 if call == "update" else 1)
    gas, tails = [], []
    model: Classifier | None = None
    for case in samples(artifact.name, _MODELS):
        if case.model is not model:
            model, address = case.model, evm.place(case.model).address
        data = function.encode((case.data, case.label)[: len(function.inputs)])
        receipt, trace = evm.trace(address, data)
        coverage.add(trace)
        work = _work(call, case)
        counts = {name: times for name, times in zip(names, work["counts"][0].tolist(), strict=True) if times}
        what = f"{call}({case.data}, {case.label}) of {case.model}"
        gas.append((counts, receipt.execution - int(work["storage"][0]), what))
        if work["last_store"][0] < SSTORE_SENTRY and (tail := _tail(trace)) is not None:
            end = next(iter(counts))  # the counters of a function's ends stand first
            tails.append(({end: 1}, tail, what))
    refused = {}
    if call == "update":
        receipt, trace = evm.trace(address, data, sender=_STRANGER)
        coverage.add(trace)
        refused = {UNAUTHORIZED: receipt.execution}
    title = f"{artifact.name}.{call} under {evm.fork}"
    found = prices(gas, f"the gas of {title}")
    # A branch that both functions share may have been taken by the other alone.
    missing = [name for name in names if name not in found]
    if missing:
        raise ArtifactError(f"the gas of {title}: no transaction takes the path of {', '.join(missing)}")
    return Coefficients(
        selector=function.selector,
        gas=found | refused,
        tail=prices(tails, f"the gas after the last write of {title}"),
        memory={},
    )


def _work(function: str, case: Labelled) -> dict[str, Any]:
    """Return what the kernel counts for one call, on a copy of the model."""
    model = case.model.copy()
    if function == "update":
        return model._kernel.update_work(*model.labelled_rows([case.data], [case.label]))  # type: ignore[no-any-return]
    return model._kernel.predict_work(model.rows([case.data]))  # type: ignore[no-any-return]


def _calibrate_initialization(artifact: Artifact, fork: str, engine: str) -> dict[str, Coefficients]:
    """Derive the coefficients of the constructor and of the functions that follow it.

    Many branches of these ask what storage held before, and in a new contract it holds nothing; so it is not asked for
    each branch whether it was taken. A call with a counter that has no price is refused when it is to be predicted.
    """
    abi = Abi(artifact.abi)
    measured: defaultdict[str, list[list[Any]]] = defaultdict(lambda: [[], [], []])
    for calls in deployments(artifact.name, _DEPLOYMENTS):
        evm, initialization, address = Evm(engine, fork), Initialization(artifact.name), None
        for name, args in calls:
            function = abi.constructor if address is None else abi.function(name, len(args))
            code = artifact.bytecode if address is None else b""
            receipt, trace = evm.trace(address, code + function.encode(args), keep="always")
            receipt.raise_for_error()
            address = address or receipt.contract_address
            initialization.run(name, args)
            what = f"{name}{tuple(args)}"
            words = int(trace.memory.max()) // 32
            gas, tails, memory = measured[name]
            counts = dict(initialization.counts)
            memory.append((counts, words, what))
            gas.append((counts, receipt.execution - initialization.slots.gas - memory_gas(words), what))
            last_store = initialization.slots.last_store
            # After the last write of a constructor the code is still to be paid for.
            if not code and last_store is not None and last_store < SSTORE_SENTRY:
                tails.append((dict(initialization.counts_after), _tail(trace), what))
    return {
        name: Coefficients(
            selector=b"",  # the data of these are encoded to be sent, and counted then
            gas=prices(gas, f"the gas of {artifact.name}.{name} under {fork}"),
            tail=prices(tails, f"the gas after the last write of {artifact.name}.{name} under {fork}"),
            memory=prices(memory, f"the memory of {artifact.name}.{name} under {fork}"),
        )
        for name, (gas, tails, memory) in measured.items()
    }


def _tail(trace: Trace) -> int | None:
    """Return the gas spent after the last SSTORE, where there is one."""
    writes = np.flatnonzero(trace.op == _SSTORE)
    return int(trace.gas_after[writes[-1]] - trace.gas_after[-1]) if len(writes) else None


def text_of(artifact: Artifact) -> str:
    """Return the file of a contract's coefficients under every fork."""
    forks = {
        fork: {name: to_fields(entry) for name, entry in calibrate(artifact, fork, engine).items()}
        for fork, engine in FORKS.items()
    }
    fields: dict[str, Any] = {
        "codeHash": code_hash(artifact),
        "contractName": artifact.name,
        "forks": forks,
        "generated": "by make artifacts; do not edit",
    }
    return json.dumps(fields, indent=2, sort_keys=True) + "\n"


def main(args: Sequence[str]) -> int:
    """Write or check the files of all contracts of models; return the exit code."""
    if list(args) not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    differ = False
    for name in MODELS:
        path = Path(artifacts.__file__).parent / "gas" / f"{name}.json"
        text = text_of(artifacts.load(name))
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        differ = True
        if args:
            print(f"dcai/artifacts/gas/{name}.json differs from what the bytecode gives; run: make artifacts")
        else:
            path.parent.mkdir(exist_ok=True)
            write_whole(path, text)
            print(f"wrote dcai/artifacts/gas/{name}.json")
    return 1 if differ and args else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
