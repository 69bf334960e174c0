"""One node for all tests of a chain, and contracts with the storage of 0xDeCA10B."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dcai.artifacts import Artifact
from tests.support.node import anvil, lies


@pytest.fixture(scope="session")
def node() -> Iterator[anvil.Anvil]:
    with anvil.running("--slots-in-an-epoch", "1") as running:
        yield running


@pytest.fixture
def liar(node: anvil.Anvil) -> Iterator[lies.Liar]:
    """A node that says what the other says, but for what a test has it alter."""
    with lies.Liar(node.url) as running:
        yield running


@pytest.fixture(scope="session")
def originals() -> dict[str, Artifact]:
    """Contracts that declare their state as those of 0xDeCA10B, by name."""
    return _compiled("Original.sol")


@pytest.fixture(scope="session")
def original_trainers() -> dict[str, Artifact]:
    """Contracts with the functions and events of 0xDeCA10B's trainer, by name."""
    return _compiled("Trainer.sol")


def _compiled(name: str) -> dict[str, Artifact]:
    script = Path(anvil.__file__).parent / "original" / "compile.mjs"
    run = subprocess.run(["node", str(script), name], capture_output=True, text=True, check=True, timeout=120)
    return {
        fields["name"]: Artifact(
            name=fields["name"],
            abi=tuple(fields["abi"]),
            bytecode=bytes.fromhex(fields["bytecode"]),
            deployed_bytecode=b"",
            storage_layout={},
            source_hash="",
            compiler={},
        )
        for fields in json.loads(run.stdout)
    }
