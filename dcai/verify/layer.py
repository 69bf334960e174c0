"""Parts of each model that search, mutants and proofs need: one file a model in ``dcai/verify/models``.

A generator draws random and adversarial starts and steps, made of a seed and of the state that the model is in. Its
numbers lie near the bounds of every type and of every check; its steps mostly do something, and fail in each way that
there is now and then. What it draws is explicit: a start is a model and a step is numbers, so that a case is shrunk,
written and replayed without any of this. That, and its speed, is why it is not Hypothesis, which the tests use beside
it: there a choice costs more than the step that it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcai.models.registry import Layer

if TYPE_CHECKING:
    from dcai.verify.claim import ProofClaim
    from dcai.verify.fault import Fault
    from dcai.verify.generator import Generator

__all__ = ["VERIFY", "VerifyModel", "claims", "faults"]


@dataclass(frozen=True, kw_only=True)
class VerifyModel:
    """Verification parts of one model.

    Attributes
    ----------
    generator : type of Generator
        Draws starts and steps.
    faults : tuple of Fault
        Changes of its contract, each of which the search must find.
    claims : tuple of ProofClaim
        About its scalar steps, to be proven.
    """

    generator: type[Generator]
    faults: tuple[Fault, ...]
    claims: tuple[ProofClaim, ...]


VERIFY: Layer[VerifyModel] = Layer("dcai.verify.models", "VERIFY")


def faults() -> tuple[Fault, ...]:
    """Return the faults of all models."""
    return tuple(fault for _, model in VERIFY.items() for fault in model.faults)


def claims() -> tuple[ProofClaim, ...]:
    """Return the claims of all models."""
    return tuple(claim for _, model in VERIFY.items() for claim in model.claims)
