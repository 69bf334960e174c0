"""A difference as a file that replays it: the model at the start and every step up to the one that differs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from dcai import artifacts, strict_json
from dcai.artifacts import Artifact
from dcai.errors import InputError, NotEqual, Revert, shown
from dcai.evm import Evm
from dcai.files import write_whole
from dcai.models import MODELS, Classifier
from dcai.models.registry import spec_of
from dcai.reprs import short_repr
from dcai.verify.differential import Differential
from dcai.verify.search import foreign
from dcai.verify.search.arena import oracle_of
from dcai.verify.step import Step

__all__ = ["Case", "code_sha256"]

#: Formats: the first is written, all are read. The oldest has only ``predict``, ``update`` and our own contracts.
_FORMATS = ("dcai-case-2", "dcai-case-1")


@dataclass(frozen=True)
class Case:
    """A run that found a difference.

    Attributes
    ----------
    engine, fork : str
        EVM that ran the contract, and its rules.
    code_sha256 : str
        Hash of the contract's runtime code.
    difference : str
        Difference, in words.
    model : Classifier
        The model before the first step.
    steps : tuple of Step
        All steps, the one that differs last.
    artifact : Artifact or None
        The contract, unless it comes with dcai: it is a part of the file.
    owner : str or None
        The contract's owner, where it is not the EVM's account.
    """

    __repr__ = short_repr

    engine: str
    fork: str
    code_sha256: str
    difference: str
    model: Classifier
    steps: tuple[Step, ...]
    artifact: Artifact | None = None
    owner: str | None = None

    @classmethod
    def of(cls, differential: Differential, difference: NotEqual) -> Self:
        """Make a case of a run that raised `NotEqual`."""
        evm, model = differential.contract.evm, differential.initial
        artifact, installed = differential.contract.artifact, artifacts.load(spec_of(model).contract)
        ours = artifact.deployed_bytecode == installed.deployed_bytecode and artifact.bytecode == installed.bytecode
        return cls(
            engine=evm.engine,
            fork=evm.fork,
            code_sha256=code_sha256(artifact),
            difference=str(difference),
            model=model,
            steps=tuple(differential.steps),
            # Source lines of instructions are not compared.
            artifact=None if ours else replace(artifact, places=None),
            owner=None if differential.owner == evm.account else differential.owner,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the case, whole or not at all."""
        fields = {
            "format": _FORMATS[0],
            "difference": self.difference,
            "contract": spec_of(self.model).contract,
            "code_sha256": self.code_sha256,
            "engine": self.engine,
            "fork": self.fork,
            "owner": self.owner,
            "classifications": self.model.classifications,
            "feature_indices": self.model.feature_indices,
            # The integers as stored, since a contract gets into states that no constructor takes.
            "state": self.model.state(),
            "steps": [step.as_fields() for step in self.steps],
        }
        if self.artifact is not None:
            fields["artifact"] = foreign.to_fields(self.artifact)
        write_whole(path, json.dumps(fields, indent=1) + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a case.

        Raises
        ------
        InputError
            The file is no case; the message says why.
        """
        name = os.fspath(path)
        try:
            fields = strict_json.loads(Path(path).read_text(encoding="utf-8"))
            if fields["format"] not in _FORMATS:
                raise InputError(f"its format is {shown(fields['format'])}; expected {_FORMATS[0]!r}")
            contract = _text(fields, "contract")
            if contract not in MODELS:
                raise InputError(f"field 'contract' is {contract!r}; expected one of {', '.join(MODELS)}")
            return cls(
                engine=_text(fields, "engine"),
                fork=_text(fields, "fork"),
                code_sha256=_text(fields, "code_sha256"),
                difference=_text(fields, "difference"),
                model=MODELS[contract].restore(fields["state"], fields["classifications"], fields["feature_indices"]),
                steps=tuple(Step.from_fields(step) for step in fields["steps"]),
                artifact=_artifact(fields, name),
                owner=None if fields.get("owner") is None else _text(fields, "owner"),
            )
        except KeyError as error:
            raise InputError(f"{name} is not a case: field {error} is missing") from error
        except (ValueError, TypeError, OverflowError, RecursionError, Revert) as error:
            raise InputError(f"{name} is not a case: {error}") from error

    def replay(self) -> None:
        """Run the steps again: with the contract of the case, else the one that is installed, and the kernel.

        Raises
        ------
        NotEqual
            They still differ.
        """
        model = self.model.copy()
        contract = Evm(self.engine, self.fork).place(model, artifact=self.artifact, owner=self.owner)
        differential = Differential(contract, model, oracle=oracle_of(contract.artifact, self.fork))
        differential.compare_storage()
        for step in self.steps:
            differential.run(step)

    @property
    def same_code(self) -> bool:
        """Whether the replaying contract is the contract of the case."""
        return self.code_sha256 == code_sha256(self.artifact or artifacts.load(spec_of(self.model).contract))


def code_sha256(artifact: Artifact) -> str:
    """Return the hash of a contract's runtime code."""
    return hashlib.sha256(artifact.deployed_bytecode).hexdigest()


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise InputError(f"field {name!r} is {shown(value)}; expected text")
    return value


def _artifact(fields: Mapping[str, Any], name: str) -> Artifact | None:
    return None if "artifact" not in fields else foreign.from_fields(fields["artifact"], f"the artifact in {name}")
