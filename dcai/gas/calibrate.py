"""Derives the coefficients of every contract, and writes them beside the artifacts: ``make artifacts``.

python -m dcai.gas.calibrate            writes the files that differ
python -m dcai.gas.calibrate --check    writes nothing; exits 1 and names each file that differs
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai import artifacts
from dcai.errors import ArtifactError
from dcai.evm import Evm
from dcai.evm.abi import Abi
from dcai.files import write_whole
from dcai.gas.calibration import Sample, fit
from dcai.gas.coefficients import UNAUTHORIZED, Coefficients, code_hash, to_fields
from dcai.gas.coverage import Coverage
from dcai.gas.oracle import counters
from dcai.gas.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.artifacts import Artifact
    from dcai.evm import Trace
    from dcai.evm.receipt import Receipt
    from dcai.gas.samples import Labelled

__all__ = ["FORKS", "calibrate"]

#: The forks whose gas is derived, each with the engine that runs it.
FORKS = {"cancun": "py-evm", "prague": "py-evm"}

#: Not the owner.
_STRANGER = "0x" + "99" * 20

#: Errors in the bytecode that no call can raise: an index that is an int64 is below 2^63.
_IMPOSSIBLE = {"SparsePerceptron": ("IndexTooLarge",)}

#: Models with their samples to run for one contract and fork.
_MODELS = 150
_GAS_LIMIT = 50_000_000
_SSTORE = 0x55
#: The least gas that an SSTORE must find (EIP-2200); one that costs as much finds it in any case.
_SENTRY = 2_301


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
    random = Random(artifact.name)  # the same in every run
    cases = [case for _ in range(_MODELS) for case in SAMPLES[artifact.name](random)]
    coverage = Coverage(
        artifact.deployed_bytecode,
        {function.selector for function in abi.functions},
        {error.selector for error in abi.errors.values() if error.name in _IMPOSSIBLE.get(artifact.name, ())},
    )
    functions = {}
    for name, arity in (("update", 2), ("predict", 1)):
        function = abi.function(name, arity)
        samples, refused = [], {}
        for case in cases:
            chain = Evm(engine, fork)
            address = chain.place(case.model).address
            data = function.encode(case[1 : 1 + arity])
            receipt, trace = chain.trace(address, data, gas_limit=_GAS_LIMIT)
            coverage.add(trace)
            samples.append(_sample(name, case, receipt, trace))
        if name == "update":
            receipt, trace = chain.trace(address, data, sender=_STRANGER)
            coverage.add(trace)
            refused = {UNAUTHORIZED: receipt.execution}
        gas, tail = fit(counters(artifact.name)[name], samples, f"{artifact.name}.{name} under {fork}")
        functions[name] = Coefficients(function.selector, gas | refused, tail, {})
    gaps = coverage.gaps()
    if gaps:
        raise ArtifactError(
            f"{artifact.name} under {fork}: of the conditional jumps at {', '.join(map(hex, gaps))} only one way was "
            "ever taken, so what the other costs is not known"
        )
    return functions


def _sample(function: str, labelled: Labelled, receipt: Receipt, trace: Trace) -> Sample:
    model = labelled.model.copy()
    if function == "update":
        work = model._kernel.update_work(*model.labelled_rows([labelled.data], [labelled.label]))
    else:
        work = model._kernel.predict_work(*model.rows([labelled.data]))
    return Sample(
        counts=work["counts"][0].tolist(),
        computation=receipt.execution - int(work["storage"][0]),
        tail=_tail(trace) if work["last_store"][0] < _SENTRY else None,
        what=f"{function}({labelled.data}, {labelled.label}) of {labelled.model}",
    )


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
        "generated": "by dcai.gas.calibrate; do not edit",
    }
    return json.dumps(fields, indent=2, sort_keys=True) + "\n"


def main(args: Sequence[str]) -> int:
    """Write or check the files of all contracts; return the exit code."""
    if list(args) not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    differ = False
    for name in artifacts.names():
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
