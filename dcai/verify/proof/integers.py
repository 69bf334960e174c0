"""Claims on integers without bounds: that the words of the formulas never wrap, and what follows for their results.

Together with the claims on the bytecode they say that the contracts compute the formulas of the models' semantics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dcai.verify.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.proof.solver import counterexample, z3

__all__ = ["MOST_FEATURES", "Lemma", "integer_claim", "signed", "truncated", "unsigned"]

#: Assumptions, and what follows from them.
Lemma = tuple[list[Any], Any]

#: No calldata has as many features.
MOST_FEATURES = 1 << 64


def integer_claim(name: str, statement: str, widths: str, source: str, lemmas: Callable[[], list[Lemma]]) -> ProofClaim:
    """Return a claim that holds where each of its lemmas does."""

    def check(timeout_s: float) -> Verified | Refuted | Unknown:
        parts = lemmas()
        for number, (assumptions, conclusion) in enumerate(parts, 1):
            found = counterexample(*assumptions, z3.Not(conclusion), timeout_s=timeout_s)
            if isinstance(found, str):
                return Unknown(f"lemma {number}: {found}")
            if found is not None:
                return Refuted(", ".join(f"{what} = {value}" for what, value in found.items()))
        return Verified(f"{len(parts)} lemmas")

    return ProofClaim(name, statement, "SMT on integers", widths, source, check)


def signed(number: Any, bits: int) -> Any:
    """Return the condition that a number is a signed integer of so many bits."""
    return z3.And(-(1 << (bits - 1)) <= number, number < 1 << (bits - 1))


def unsigned(number: Any, bits: int) -> Any:
    """Return the condition that a number is an unsigned integer of so many bits."""
    return z3.And(number >= 0, number < 1 << bits)


def truncated(quotient: Any, dividend: Any, divisor: Any) -> Any:
    """Return the condition that a quotient by a positive divisor is rounded toward zero, as SDIV does."""
    rest = dividend - quotient * divisor
    return z3.If(dividend >= 0, z3.And(rest >= 0, rest < divisor), z3.And(-divisor < rest, rest <= 0))
