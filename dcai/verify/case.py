"""A difference as a file that replays it: the model at the start and every step up to the one that differs."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dcai import artifacts
from dcai.errors import InputError, NotEqual
from dcai.evm import Evm
from dcai.files import write_whole
from dcai.models import Classifier, from_json
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
            # Text within text: to most readers a JSON number is a float, which would lose digits.
            "model": self.model.to_json(),
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
        try:
            fields = json.loads(Path(path).read_text(encoding="utf-8"))
            if fields["format"] != _FORMAT:
                raise InputError(f"its format is {fields['format']!r}; expected {_FORMAT!r}")
            return cls(
                engine=fields["engine"],
                fork=fields["fork"],
                code_sha256=fields["code_sha256"],
                difference=fields["difference"],
                model=from_json(fields["model"]),
                steps=tuple(_step(step) for step in fields["steps"]),
            )
        except KeyError as error:
            raise InputError(f"{os.fspath(path)} is no case: field {error} is missing") from error
        except (ValueError, TypeError) as error:
            raise InputError(f"{os.fspath(path)} is no case: {error}") from error

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


def _step(fields: dict[str, object]) -> Step:
    op, data, label = fields["op"], fields["data"], fields["label"]
    if op not in ("predict", "update") or (label is None) != (op == "predict"):
        raise InputError(f"{op!r} with label {label!r} is no step")
    if not isinstance(data, list) or not all(type(number) is int for number in [*data, label or 0]):
        raise InputError("the data of a step must be a list of integers")
    return Step(op, tuple(data), label)  # type: ignore[arg-type]  # both have been checked


def _code_sha256(model: Classifier) -> str:
    return hashlib.sha256(artifacts.load(type(model).__name__).deployed_bytecode).hexdigest()
