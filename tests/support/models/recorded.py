"""The sequences recorded from the original bytecode of 0xDeCA10B, with whole numbers in place of digits.

They are not part of the project: ``DCAI_VECTORS_DIR`` names the folder that has them, "shared/vectors" beside the
repository unless it is set.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcai.models import MODELS, Classifier

_BESIDE = Path(__file__).parents[4] / "shared" / "vectors"
_FOLDER = Path(os.environ.get("DCAI_VECTORS_DIR", _BESIDE))


@dataclass(frozen=True)
class Sequence:
    """One contract from its creation: what it was created with, each call with its result, and what it then held."""

    contract: str
    seed: int
    init: dict[str, Any]
    steps: list[dict[str, Any]]
    final: dict[str, Any]

    def model(self) -> Classifier:
        """The model at the start."""
        make: Any = MODELS[self.contract]
        model: Classifier = make(**self.init)
        return model


def _numbers(value: Any) -> Any:
    """Digits to whole numbers, at any depth, in the keys of an object too."""
    if isinstance(value, list):
        return [_numbers(item) for item in value]
    if isinstance(value, dict):
        return {int(key): _numbers(item) for key, item in value.items()}
    return int(value) if isinstance(value, str) else value


def _fields(recorded: dict[str, Any]) -> dict[str, Any]:
    return {name: value if name == "op" else _numbers(value) for name, value in recorded.items()}


def load(file: str = "0xdeca10b.json") -> list[Sequence]:
    """All sequences of a file; none where it is absent."""
    path = _FOLDER / file
    if not path.is_file():
        return []
    return [
        Sequence(
            contract=recorded["contract"],
            seed=int(recorded["seed"]),
            init=_fields(recorded["init"]),
            steps=[_fields(step) for step in recorded["steps"]],
            final=_fields(recorded["final"]),
        )
        for recorded in json.loads(path.read_text(encoding="utf-8"))
    ]
