"""Target of a search: a contract of dcai, a compiled artifact, or a contract on a node."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.errors import InputError, ProofError
from dcai.models import MODELS, Classifier
from dcai.verify.search import foreign
from dcai.verify.search.case import code_sha256

__all__ = ["Target", "of_address", "of_name"]


@dataclass(frozen=True)
class Target:
    """A contract, and the model that it should be.

    Attributes
    ----------
    title : str
        Name that the user gave it.
    artifact : Artifact
        Its code, ABI and storage layout.
    kernel : str
        The name of the model.
    start : Classifier or None
        State of a contract on a node.
    owner : str or None
        Its owner, of one on a node.
    facts : dict of str to Any
        Where it comes from, for the report.
    """

    title: str
    artifact: Artifact
    kernel: str
    start: Classifier | None
    owner: str | None
    facts: dict[str, Any]


def of_name(name: str, kernel: str | None = None) -> Target:
    """Return a contract of dcai by its name, or that in a file.

    Parameters
    ----------
    name : str
        The name of a model, or a file as `dcai.verify.search.foreign.load_any` reads it.
    kernel : str, optional
        The name of the model that a file's contract should be; told from its state variables unless given.

    Raises
    ------
    ArtifactError
        The file is no contract of a model.
    InputError
        There is no such contract and no such file.
    """
    if name in MODELS:
        return _target(name, artifacts.load(name), name, {"contract": f"{name}, of dcai"})
    if not Path(name).is_file() and not Path(name.rpartition(":")[0]).is_file():
        raise InputError(f"{name!r} is neither one of {', '.join(MODELS)} nor the file of a contract")
    artifact, found = foreign.load_any(name, kernel)
    return _target(name, artifact, found, {"contract": f"{artifact.name}, from {name}", "kernel": found})


def of_address(
    rpc_url: str,
    address: str,
    block: str | int = "finalized",
    *,
    layout: str | None = None,
    num_features: int | None = None,
) -> Target:
    """Return the contract at an address of a node: its code, and the state and the owner that it has in a block.

    Parameters
    ----------
    rpc_url, address, block, layout, num_features
        As for `dcai.chain.read.fetch`, which proves code and storage.

    Raises
    ------
    MissingExtraError
        The extra that reads nodes is not installed.
    ChainError
        As `dcai.chain.read.fetch`.
    """
    from dcai import chain  # noqa: PLC0415  # needs an extra, and nothing else here does
    from dcai.chain.rpc.node import Node  # noqa: PLC0415  # as above
    from dcai.chain.rpc.provider import Limits  # noqa: PLC0415  # as above
    from dcai.evm.hashing import keccak  # noqa: PLC0415  # as above

    snapshot = chain.fetch(rpc_url, address, block, layout=layout, num_features=num_features)
    with Node(rpc_url, Limits()) as node:
        code = node.code(snapshot.address, snapshot.block.number)
    if f"0x{keccak(code).hex()}" != snapshot.code_hash:
        raise ProofError(f"the node returned other code for {snapshot.address} than the proven code")
    ours = snapshot.kind.artifact
    # A contract on a chain has no creation code; that of ours is known.
    creation = ours.bytecode if code == ours.deployed_bytecode else b""
    artifact = replace(ours, deployed_bytecode=code, bytecode=creation)
    facts = {
        "contract": f"{snapshot.address} on chain {snapshot.chain_id}",
        "block": f"{snapshot.block.number}, {snapshot.block.hash}",
        "storage": "proven" if snapshot.verified else "as the node says",
        "layout": f"{snapshot.layout}, by {snapshot.recognised_by}",
    }
    owner = f"0x{snapshot.storage.get(0, 0) % (1 << 160):040x}"
    return _target(snapshot.address, artifact, ours.name, facts, snapshot.model(), owner)


def _target(
    title: str,
    artifact: Artifact,
    kernel: str,
    facts: dict[str, Any],
    start: Classifier | None = None,
    owner: str | None = None,
) -> Target:
    version = str(artifact.compiler.get("version", "unknown"))
    facts |= {"code": f"sha256:{code_sha256(artifact)}", "code bytes": len(artifact.deployed_bytecode)}
    if artifact.bytecode:
        facts |= {"compiler": f"solc {version}", "sources": artifact.source_hash or "unknown"}
    return Target(title, artifact, kernel, start, owner, facts)
