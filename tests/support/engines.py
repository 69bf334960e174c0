"""New chains on the engine that the fixture ``engine`` chose for a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dcai.evm import Evm
from dcai.evm.engines.registry import engine_names

#: The engines, the default first, which is also the one for what takes many steps.
ENGINES = engine_names()
FASTEST = ENGINES[0]

_chosen = FASTEST


@contextmanager
def on_engine(name: str) -> Iterator[str]:
    """Let new chains run on an engine."""
    global _chosen  # noqa: PLW0603  # machines of Hypothesis, which no fixture reaches, ask for it too
    before, _chosen = _chosen, name
    try:
        yield name
    finally:
        _chosen = before


def new_chain() -> Evm:
    """Return a new chain on the engine of this test; on the default where the test chose none."""
    return Evm(_chosen)
