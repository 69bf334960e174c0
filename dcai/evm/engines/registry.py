"""The engines by name, in their order; the first is the default."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from dcai.errors import InputError

if TYPE_CHECKING:
    from dcai.evm.engines.engine import Engine

__all__ = ["DEFAULT_ENGINE", "create_engine", "engine_names"]

#: Module and class of each engine, imported when chosen: an engine that is not installed costs nothing. Of revm every
#: build of the kernels has a copy, so it is the default.
_ENGINES: dict[str, tuple[str, str]] = {
    "revm": ("dcai.evm.engines.revm", "Revm"),
    "py-evm": ("dcai.evm.engines.py_evm", "PyEvm"),
    "py-evm-compiled": ("dcai.evm.engines.py_evm_compiled", "PyEvmCompiled"),
}

DEFAULT_ENGINE = next(iter(_ENGINES))


def engine_names() -> tuple[str, ...]:
    """Return the names of the engines, the default first."""
    return tuple(_ENGINES)


def create_engine(name: str, fork: str) -> Engine:
    """Return a new engine with an empty state.

    Parameters
    ----------
    name : str
        One of ``engine_names()``.
    fork : str
        A fork that the engine knows, in lower case: ``"prague"``.

    Raises
    ------
    InputError
        No such engine, or a fork that it does not know.
    MissingExtraError
        The package behind the engine is not installed.
    """
    if name not in _ENGINES:
        raise InputError(f"unknown engine {name!r}; expected one of {', '.join(_ENGINES)}")
    module, attribute = _ENGINES[name]
    return cast("Engine", getattr(import_module(module), attribute)(fork))
