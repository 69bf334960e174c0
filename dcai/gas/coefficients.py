"""The constants of the contracts' bytecode, as calibration found them: files beside the artifacts."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from dcai.artifacts import Artifact
from dcai.errors import ArtifactError, InputError, MissingArtifactError

__all__ = ["UNAUTHORIZED", "Coefficients", "code_hash", "from_fields", "load", "register", "to_fields"]

#: The price of a call by an account that is not the owner: it has no counter, since no model sees such a call.
UNAUTHORIZED = "unauthorized"

_registered: dict[str, Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Gas prices of one function under one fork, apart from calldata and the slots in its ledger.

    Attributes
    ----------
    selector : bytes
        Four bytes; none for what is part of a deployment.
    gas : mapping of str to int
        Gas of each counter: how much a transaction costs for each time that this part of the function runs.
    tail : mapping of str to int
        Gas of each counter that is spent after the last write of a slot.
    memory : mapping of str to int
        Words of memory for each counter; empty where the memory is always the same, and in ``gas``.
    """

    selector: bytes
    gas: Mapping[str, int]
    tail: Mapping[str, int]
    memory: Mapping[str, int]


def code_hash(artifact: Artifact) -> str:
    """Return the hash of creation and runtime code, which says for which bytecode coefficients hold."""
    digest = hashlib.sha256(b"%d\0" % len(artifact.bytecode) + artifact.bytecode + artifact.deployed_bytecode)
    return f"sha256:{digest.hexdigest()}"


def to_fields(coefficients: Coefficients) -> dict[str, Any]:
    """Return coefficients as JSON has them."""
    fields: dict[str, Any] = {
        "gas": dict(coefficients.gas),
        "memory": dict(coefficients.memory),
        "selector": coefficients.selector.hex(),
        "tail": dict(coefficients.tail),
    }
    return {name: field for name, field in fields.items() if field}


def from_fields(fields: Mapping[str, Any]) -> Coefficients:
    """Read coefficients from JSON."""
    return Coefficients(
        selector=bytes.fromhex(fields.get("selector", "")),
        gas=fields.get("gas", {}),
        tail=fields.get("tail", {}),
        memory=fields.get("memory", {}),
    )


def register(contract: str, fields: Mapping[str, Any]) -> None:
    """Add the coefficients of a model that has no file among the artifacts, as JSON has them."""
    _registered[contract] = fields


def load(artifact: Artifact, fork: str) -> dict[str, Coefficients]:
    """Load the coefficients of a contract's functions.

    Parameters
    ----------
    artifact : Artifact
        The contract; its bytecode must be the calibrated bytecode.
    fork : str
        In lower case.

    Raises
    ------
    MissingArtifactError
        No coefficients were derived for this contract.
    ArtifactError
        They hold for another bytecode.
    InputError
        The fork has no coefficients.
    """
    fields = _registered.get(artifact.name) or _read(artifact.name)
    if fields["codeHash"] != code_hash(artifact):
        raise ArtifactError(
            f"this bytecode of {artifact.name} has the hash {code_hash(artifact)}; its gas is calibrated for "
            f"{fields['codeHash']} alone, and does not hold for another compilation"
        )
    forks = fields["forks"]
    if fork not in forks:
        raise InputError(
            f"{artifact.name} has no gas calibration for the fork {fork!r}; it has one for {', '.join(forks)}"
        )
    return {function: from_fields(entry) for function, entry in forks[fork].items()}


def _read(contract: str) -> Mapping[str, Any]:
    resource = resources.files("dcai.artifacts").joinpath("gas", f"{contract}.json")
    if not contract.isidentifier() or not resource.is_file():  # the name is of a file that somebody else wrote
        raise MissingArtifactError(f"{contract!r} has no gas calibration; run: make artifacts")
    fields: dict[str, Any] = json.loads(resource.read_text(encoding="utf-8"))
    return fields
