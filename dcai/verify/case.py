"""A difference as a file that replays it: the model at the start and every step up to the one that differs."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dcai import artifacts, strict_json
from dcai.errors import InputError, NotEqual, Revert, shown
from dcai.evm import Evm
from dcai.files import write_whole
from dcai.models import MODELS, Classifier
from dcai.verify.differential import Differential, Step

__all__ = ["Case"]

_FORMAT = "dcai-case-1"


@dataclass(frozen=True)
class Case:
    """A run that found a difference.

    Attributes
    ----------
    engine, fork : str
        Which EVM ran the contract, under which rules.
    code_sha256 : str
        Hash of the contract's runtime code.
    difference : str
        What differed, in words.
    model : Classifier
        The model before the first step.
    steps : tuple of Step
        All steps, the one that differs last.
    """

    engine: str
    fork: str
    code_sha256: str
    difference: str
    model: Classifier
    steps: tuple[Step, ...]

    @classmethod
    def of(cls, differential: Differential, difference: NotEqual) -> Self:
        """Make a case of a run that raised `NotEqual`."""
        evm = differential.contract.evm
        return cls(
            engine=evm.engine,
            fork=evm.fork,
            code_sha256=_code_sha256(differential.initial),
            difference=str(difference),
            model=differential.initial,
            steps=tuple(differential.steps),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the case, whole or not at all."""
        fields = {
            "format": _FORMAT,
            "difference": self.difference,
            "contract": type(self.model).__name__,
            "code_sha256": self.code_sha256,
            "engine": self.engine,
            "fork": self.fork,
            "classifications": self.model.classifications,
            "feature_indices": self.model.feature_indices,
            # The integers as stored, since a contract gets into states that no constructor takes.
            "state": self.model.state(),
            "steps": [{"op": step.op, "data": step.data, "label": step.label} for step in self.steps],
        }
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
            if fields["format"] != _FORMAT:
                raise InputError(f"its format is {shown(fields['format'])}; expected {_FORMAT!r}")
            contract = _text(fields, "contract")
            if contract not in MODELS:
                raise InputError(f"field 'contract' is {contract!r}; expected one of {', '.join(MODELS)}")
            return cls(
                engine=_text(fields, "engine"),
                fork=_text(fields, "fork"),
                code_sha256=_text(fields, "code_sha256"),
                difference=_text(fields, "difference"),
                model=MODELS[contract].restore(fields["state"], fields["classifications"], fields["feature_indices"]),
                steps=tuple(_step(step) for step in fields["steps"]),
            )
        except KeyError as error:
            raise InputError(f"{name} is no case: field {error} is missing") from error
        except (ValueError, TypeError, OverflowError, RecursionError, Revert) as error:
            raise InputError(f"{name} is no case: {error}") from error

    def replay(self) -> None:
        """Run the steps again, with the contract and the kernel that are installed.

        Raises
        ------
        NotEqual
            They still differ.
        """
        model = self.model.copy()
        contract = Evm(self.engine, self.fork).place(model)
        differential = Differential(contract, model)
        differential.compare_storage()
        for step in self.steps:
            differential.run(step)

    @property
    def same_code(self) -> bool:
        """Whether the installed contract is the one that the case was found with."""
        return self.code_sha256 == _code_sha256(self.model)


def _text(fields: dict[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise InputError(f"field {name!r} is {shown(value)}; expected text")
    return value


def _step(fields: dict[str, object]) -> Step:
    op, data, label = fields["op"], fields["data"], fields["label"]
    if op not in ("predict", "update") or (label is None) != (op == "predict"):
        raise InputError(f"{op!r} with label {label!r} is no step")
    if not isinstance(data, list) or not all(type(number) is int for number in [*data, label or 0]):
        raise InputError("the data of a step must be a list of integers")
    return Step(op, tuple(data), label)  # type: ignore[arg-type]  # both have been checked


def _code_sha256(model: Classifier) -> str:
    return hashlib.sha256(artifacts.load(type(model).__name__).deployed_bytecode).hexdigest()
