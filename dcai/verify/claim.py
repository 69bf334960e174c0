"""Claims, their proof methods and their results."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Method", "Proof", "ProofClaim", "Verdict"]

#: By an SMT solver for all values of the widths named; by trying all values; or by trying some, which proves nothing.
Method = Literal["SMT on the bytecode", "SMT on integers", "exact bounds", "exhaustive", "tested"]
Verdict = Literal["proven", "tested", "refuted", "unknown"]


@dataclass(frozen=True)
class Verified:
    """Result of a check that found no counterexample.

    Attributes
    ----------
    detail : str
        What was looked at: ``"16 paths"``.
    """

    detail: str


@dataclass(frozen=True)
class Refuted:
    """Result of a check that found a counterexample."""

    counterexample: str


@dataclass(frozen=True)
class Unknown:
    """Result of a check that could not decide."""

    reason: str


@dataclass(frozen=True)
class ProofClaim:
    """Something to be proven.

    Attributes
    ----------
    name : str
        Short, for reports.
    statement : str
        What holds, in words and formulas.
    method : Method
        How it is shown.
    widths : str
        For which values.
    source : str
        What the claim is about: the contract's file and function.
    check : callable
        Takes how long the solver may think about one question, in seconds.
    """

    name: str
    statement: str
    method: Method
    widths: str
    source: str
    check: Callable[[float], Verified | Refuted | Unknown] = field(repr=False)

    def prove(self, timeout_s: float = 60.0) -> Proof:
        """Check the claim.

        Parameters
        ----------
        timeout_s : float
            How long the solver may think about one question.
        """
        start = time.perf_counter()
        outcome = self.check(timeout_s)
        seconds = time.perf_counter() - start
        if isinstance(outcome, Refuted):
            return Proof(self, "refuted", outcome.counterexample, seconds)
        if isinstance(outcome, Unknown):
            return Proof(self, "unknown", outcome.reason, seconds)
        return Proof(self, "tested" if self.method == "tested" else "proven", outcome.detail, seconds)


@dataclass(frozen=True)
class Proof:
    """Result of a claim.

    Attributes
    ----------
    claim : ProofClaim
        The claim.
    verdict : Verdict
        ``"tested"`` where the method proves nothing, and found nothing.
    detail : str
        What was looked at; the counterexample, or why there is no answer.
    seconds : float
        How long it took.
    """

    claim: ProofClaim
    verdict: Verdict
    detail: str
    seconds: float
