"""Contracts that others compiled: the JSON of Foundry, Hardhat and solc, beside that of ``contracts/compile.mjs``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dcai import strict_json
from dcai.artifacts import Artifact, json_object, load, parse
from dcai.errors import ArtifactError, shown
from dcai.models import MODELS
from dcai.models.spec import Array, Field, Int, Map

__all__ = ["from_fields", "kernel_of", "load_any", "to_fields"]


def load_any(path: str, kernel: str | None = None) -> tuple[Artifact, str]:
    """Load a contract from whatever a compiler wrote.

    Parameters
    ----------
    path : str
        A JSON file: an artifact of dcai, Foundry or Hardhat, or solc's standard output; behind a colon the name of
        the contract, where the file has several: ``out.json:MyPerceptron``.
    kernel : str, optional
        The name of the model of dcai that it should be; taken from its state variables unless given.

    Returns
    -------
    artifact : Artifact
        The contract. Where the file has no storage layout, it has that of dcai's contract.
    kernel : str
        The name of the model.

    Raises
    ------
    ArtifactError
        The file cannot be read, or is not of a known form, or the contract has not the state of a model.
    """
    name, _, contract = (path, "", "") if Path(path).is_file() else path.rpartition(":")
    name, contract = (name, contract) if name else (path, "")
    where = f"the artifact {name!r}"
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{where} cannot be read: {error}") from error
    fields = json_object(text, where)
    if isinstance(fields.get("contracts"), dict):
        contract, fields = _choose(fields["contracts"], contract, where)
    return _known(_plain(fields, contract or Path(name).stem, where), where, kernel)


def from_fields(fields: Any, where: str) -> Artifact:
    """Read what `to_fields` wrote, from a JSON object.

    Raises
    ------
    ArtifactError
        It is not of that form.
    """
    if not isinstance(fields, dict):
        raise ArtifactError(f"{where} is {shown(fields)}; it must be an object")
    return _artifact(fields, where)


def to_fields(artifact: Artifact) -> dict[str, Any]:
    """Return a contract as JSON has it."""
    return {
        "contractName": artifact.name,
        "abi": list(artifact.abi),
        "bytecode": f"0x{artifact.bytecode.hex()}",
        "deployedBytecode": f"0x{artifact.deployed_bytecode.hex()}",
        "storageLayout": artifact.storage_layout,
        "sourceHash": artifact.source_hash,
        "compiler": artifact.compiler,
    }


def kernel_of(artifact: Artifact) -> str | None:
    """Return the name of the model whose state a contract holds, told by its state variables; None for none."""
    for name, model in MODELS.items():
        if all(_has(artifact.storage_layout, field) for field in model.spec.fields if not _is_scalar(field)):
            return name
    return None


def _is_scalar(field: Field) -> bool:
    return isinstance(field.type, Int) and not field.per_class


def _has(layout: Mapping[str, Any], field: Field) -> bool:
    """Return whether a contract has a state variable of a field's name and type."""
    types = layout["types"] or {}

    def type_of(variables: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any]:
        return next((types.get(each["type"], {}) for each in variables if each["label"] == name), {})

    variable, _, member = field.variable.partition(".")
    kind = type_of(layout["storage"], variable)
    if field.per_class:
        kind = types.get(kind.get("base"), {})
    if member:
        kind = type_of(kind.get("members", ()), member)
    if isinstance(field.type, Map):
        return kind.get("encoding") == "mapping"
    wanted = f"{field.type.item.solidity}[]" if isinstance(field.type, Array) else field.type.solidity
    return kind.get("label") == wanted


def _choose(files: Mapping[str, Any], wanted: str, where: str) -> tuple[str, dict[str, Any]]:
    """Find a contract in the output of solc."""
    found = [(name, fields) for by_name in files.values() for name, fields in by_name.items()]
    deployable = [(name, fields) for name, fields in found if _object(fields.get("evm", {}).get("bytecode")) != ""]
    chosen = [pair for pair in deployable if pair[0] == wanted] if wanted else deployable
    if len(chosen) != 1:
        names = ", ".join(name for name, _ in deployable) or "none with code"
        raise ArtifactError(f"{where} has the contracts {names}; name one of them: FILE:NAME")
    return chosen[0]


def _plain(fields: dict[str, Any], name: str, where: str) -> dict[str, Any]:
    """Return the fields under the names that dcai has for them."""
    evm = fields.get("evm", {})
    runtime = fields.get("deployedBytecode", evm.get("deployedBytecode"))
    if isinstance(runtime, dict) and runtime.get("immutableReferences"):
        raise ArtifactError(
            f"{where} has immutable variables: its constructor makes its runtime code. Deploy it on a node, and name "
            "its address"
        )
    metadata = _metadata(fields)
    compiler = metadata.get("compiler", {}) if isinstance(metadata.get("compiler"), dict) else {}
    plain = {
        "contractName": fields.get("contractName", _target(metadata) or name),
        "abi": fields.get("abi"),
        "bytecode": _object(fields.get("bytecode", evm.get("bytecode"))),
        "deployedBytecode": _object(runtime),
        "storageLayout": fields.get("storageLayout"),
        "sourceHash": fields.get("sourceHash", ""),
        "compiler": fields.get(
            "compiler", {"version": str(compiler.get("version", "unknown")), "settings": metadata.get("settings", {})}
        ),
    }
    if "places" in fields:
        plain["places"] = fields["places"]
    missing = [key for key in ("abi", "bytecode", "deployedBytecode") if plain[key] is None]
    if missing:
        raise ArtifactError(
            f"{where} has no {' and no '.join(missing)}; expected an artifact of dcai, Foundry or Hardhat, or the "
            "standard output of solc with abi, evm.bytecode and evm.deployedBytecode"
        )
    return plain


def _known(fields: dict[str, Any], where: str, kernel: str | None) -> tuple[Artifact, str]:
    """Settle which model it is, and that its storage has that model's variables."""
    name = kernel or (None if fields["storageLayout"] is not None else str(fields["contractName"]))
    if fields["storageLayout"] is None:
        if name not in MODELS:
            raise ArtifactError(
                f"{where} has no storage layout and the name {name!r}; name its model: one of {', '.join(MODELS)}"
            )
        fields["storageLayout"] = load(name).storage_layout
    artifact = _artifact(fields, where)
    name = name or kernel_of(artifact)
    if name is None:
        raise ArtifactError(f"{where} has no state variables of a model; those of dcai are {', '.join(MODELS)}")
    if name not in MODELS:
        raise ArtifactError(f"unknown model {name!r}; expected one of {', '.join(MODELS)}")
    wanted = {variable["label"] for variable in load(name).storage_layout["storage"]}
    lacking = sorted(wanted - {variable["label"] for variable in artifact.storage_layout["storage"]})
    if lacking:
        raise ArtifactError(f"{where} is not a {name}: it has no state variable {', '.join(lacking)}")
    functions = {entry.get("name") for entry in artifact.abi if entry.get("type") == "function"}
    unknown = sorted({"predict", "update", "owner"} - functions)
    if unknown:
        raise ArtifactError(f"{where} is not a {name}: its ABI has no function {', '.join(unknown)}")
    return artifact, name


def _artifact(fields: Mapping[str, Any], where: str) -> Artifact:
    return parse(json.dumps(fields), where)


def _object(code: Any) -> Any:
    return code.get("object") if isinstance(code, dict) else code


def _metadata(fields: Mapping[str, Any]) -> dict[str, Any]:
    metadata = fields.get("metadata", fields.get("rawMetadata"))
    if isinstance(metadata, str):
        try:
            metadata = strict_json.loads(metadata)
        except ValueError:
            return {}
    return metadata if isinstance(metadata, dict) else {}


def _target(metadata: Mapping[str, Any]) -> str | None:
    settings = metadata.get("settings")
    target = settings.get("compilationTarget") if isinstance(settings, dict) else None
    return next(iter(map(str, target.values())), None) if isinstance(target, dict) else None
