"""Our contracts compiled with one fault each, and how long the search for differences takes to find it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcai import artifacts, strict_json
from dcai.errors import ArtifactError, MutationError
from dcai.evm import DEFAULT_ENGINE, DEFAULT_FORK
from dcai.files import write_whole
from dcai.verify.search import foreign
from dcai.verify.search.search import CASES, STEPS, Search

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dcai.artifacts import Artifact
    from dcai.verify.fault import Fault

__all__ = ["Compiler", "Trial", "try_fault"]

_OUTPUTS = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "storageLayout"]
#: solc in JavaScript, as contracts/package.json pins it.
_SOLC = "node_modules/solc/solc.js"


class Compiler:
    """Compiles the sources of our contracts as the artifacts were, with a fault or without.

    Parameters
    ----------
    contracts : Path
        The folder with ``src`` and ``node_modules``, of a checkout of dcai.
    cache : Path
        Where what was compiled is kept, by a hash of all that it was made of.

    Raises
    ------
    MutationError
        The sources, the compiler or Node are not there.
    """

    def __init__(self, contracts: Path, cache: Path) -> None:
        self._contracts = contracts
        self._cache = cache
        if not (contracts / "src" / "models").is_dir():
            raise MutationError(f"there are no sources of contracts in {contracts}: this needs a checkout of dcai")
        if not (contracts / _SOLC).is_file():
            raise MutationError(f"there is no compiler in {contracts / 'node_modules'}; run: npm --prefix contracts ci")
        node = shutil.which("node")
        if node is None:
            raise MutationError("node is not on the PATH; the compiler needs Node.js 20 or newer")
        self._node = node
        self._common = self._hash_common()

    def compile(self, contract: str, fault: Fault | None = None) -> Artifact:
        """Compile a contract.

        Parameters
        ----------
        contract : str
            Its name.
        fault : Fault, optional
            What is wrong with it.

        Raises
        ------
        MutationError
            The fault's text does not stand in its file exactly once, or the compiler refuses the result.
        """
        changed = {} if fault is None else {fault.path: self._mutated(fault)}
        source = f"src/models/{contract}.sol"
        sources = {source: changed.get(source) or self._read(source), **changed}
        key = hashlib.sha256(json.dumps([self._common, contract, sources], sort_keys=True).encode()).hexdigest()
        kept = self._cache / f"{key}.json"
        if kept.is_file():
            return foreign.from_fields(strict_json.loads(kept.read_text(encoding="utf-8")), str(kept))
        artifact = self._run(contract, source, sources, fault)
        self._cache.mkdir(parents=True, exist_ok=True)
        write_whole(kept, json.dumps(foreign.to_fields(artifact)))
        return artifact

    def compile_all(self, faults: Iterable[Fault], jobs: int) -> Iterator[tuple[Fault, Artifact]]:
        """Compile contracts, several at a time, and yield each with its fault in the order of the faults."""
        with ThreadPoolExecutor(jobs) as pool:
            waiting = [(fault, pool.submit(self.compile, fault.contract, fault)) for fault in faults]
            try:
                for fault, artifact in waiting:
                    yield fault, artifact.result()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def check(self, contract: str) -> None:
        """Compile a contract without any fault, and raise where that is not the artifact: then nothing is proven.

        Raises
        ------
        MutationError
            The code is another.
        """
        made, installed = self.compile(contract), artifacts.load(contract)
        if (made.bytecode, made.deployed_bytecode) != (installed.bytecode, installed.deployed_bytecode):
            raise MutationError(
                f"the sources of {contract} do not compile to the installed artifact; run: make artifacts"
            )

    def _mutated(self, fault: Fault) -> str:
        text = self._read(fault.path)
        count = text.count(fault.before)
        if count != 1:
            raise MutationError(
                f"the fault {fault.name!r} changes a text that stands {count} times in {fault.path}, and must stand "
                f"there once: {fault.before!r}"
            )
        return text.replace(fault.before, fault.after)

    def _read(self, path: str) -> str:
        try:
            return (self._contracts / path).read_text(encoding="utf-8").replace("\r\n", "\n")
        except OSError as error:
            raise MutationError(f"the source {path} cannot be read: {error}") from error

    def _hash_common(self) -> str:
        """Hash what every compilation depends on: all our sources, and the packages."""
        digest = hashlib.sha256()
        sources = sorted(self._contracts.glob("src/**/*.sol"))
        for path in [*sources, self._contracts / "package-lock.json"]:
            digest.update(f"{path.relative_to(self._contracts)}\0".encode() + path.read_bytes())
        return digest.hexdigest()

    def _run(self, contract: str, source: str, sources: dict[str, str], fault: Fault | None) -> Artifact:
        settings = dict(artifacts.load(contract).compiler["settings"])
        request = {
            "language": "Solidity",
            "sources": {path: {"content": text} for path, text in sources.items()},
            "settings": {**settings, "outputSelection": {source: {contract: _OUTPUTS}}},
        }
        command = [self._node, _SOLC, "--standard-json", "--base-path", ".", "--include-path", "node_modules"]
        done = subprocess.run(
            command, input=json.dumps(request), capture_output=True, text=True, cwd=self._contracts, check=False
        )
        what = contract if fault is None else f"{contract} with the fault {fault.name!r}"
        try:
            # A line of the solver of proofs, which is not used, stands before the answer.
            output = strict_json.loads(done.stdout[done.stdout.index("{") :])
            made = output["contracts"][source][contract]
        except (ValueError, KeyError) as error:
            raise MutationError(f"{what} does not compile: {_messages(done.stdout) or done.stderr.strip()}") from error
        try:
            return foreign.from_fields(
                {
                    "contractName": contract,
                    "abi": made["abi"],
                    "bytecode": made["evm"]["bytecode"]["object"],
                    "deployedBytecode": made["evm"]["deployedBytecode"]["object"],
                    "storageLayout": made["storageLayout"],
                    "sourceHash": "",
                    "compiler": {"version": artifacts.load(contract).compiler["version"], "settings": settings},
                },
                what,
            )
        except ArtifactError as error:
            raise MutationError(f"{what} does not compile: {error}") from error


def _messages(output: str) -> str:
    """Return the errors among what the compiler said."""
    try:
        errors: list[dict[str, Any]] = strict_json.loads(output[output.index("{") :])["errors"]
    except (ValueError, KeyError):
        return ""
    return "; ".join(str(error.get("message")) for error in errors if error.get("severity") == "error")


@dataclass(frozen=True)
class Trial:
    """Result of the search for one fault.

    Attributes
    ----------
    fault : Fault
        The fault.
    search : Search
        ``found`` says how it was found, None that it was not.
    """

    fault: Fault
    search: Search


def try_fault(
    fault: Fault,
    artifact: Artifact,
    *,
    engine: str = DEFAULT_ENGINE,
    fork: str = DEFAULT_FORK,
    seed: int = 0,
    cases: int = CASES,
    steps: int = STEPS,
    deadline: float | None = None,
) -> Trial:
    """Search for the difference that a fault makes; arguments as of `Search`."""
    search = Search(
        artifact,
        fault.contract,
        engine=engine,
        fork=fork,
        seed=seed,
        cases=cases,
        steps=steps,
    )
    search.run(deadline)
    return Trial(fault, search)
