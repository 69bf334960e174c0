"""The off-chain twin of on-chain learning.

Classifiers that live in Solidity contracts, and native kernels that compute the same integers, bit for bit.
``import dcai`` needs numpy alone; the EVM, the data sets and the command line load when they are used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

try:
    from dcai._kernels import __version__
except ImportError as error:
    raise ImportError(
        "the native extension of dcai is missing: in a checkout, build it with 'make demo' or 'pip install -e .', "
        "or leave the checkout to import an installed dcai"
    ) from error

from dcai import models
from dcai.errors import DcaiError, InputError, InputTypeError, NotEqual, Revert
from dcai.fixed import TO_FLOAT, from_fixed, to_fixed
from dcai.models import MODELS, Classifier, from_json
from dcai.models.all import *  # noqa: F403
from dcai.rows import CsrRows

if TYPE_CHECKING:
    from types import ModuleType

    from dcai import artifacts, chain, data, encoders, evm, gas, incentives, ray, simulation, tabular, verify

__all__ = [
    "MODELS",
    "TO_FLOAT",
    "Classifier",
    "CsrRows",
    "DcaiError",
    "InputError",
    "InputTypeError",
    "NotEqual",
    "Revert",
    "__version__",
    "artifacts",
    "chain",
    "data",
    "encoders",
    "evm",
    "from_fixed",
    "from_json",
    "gas",
    "incentives",
    "models",
    "ray",
    "simulation",
    "tabular",
    "to_fixed",
    "verify",
]

__all__ += list(MODELS)

#: Modules that load when they are used: what is not here yet.
_LAZY = frozenset(__all__) - {*globals(), "__version__"}


def __getattr__(name: str) -> ModuleType:
    if name in _LAZY:
        return import_module(f"dcai.{name}")
    raise AttributeError(f"module 'dcai' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
