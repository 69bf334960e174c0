"""Proof by comparison: the same calls to a contract in an EVM and to its native twin, step by step."""

from dcai.verify.case import Case
from dcai.verify.differential import Differential, Outcome, Step

__all__ = ["Case", "Differential", "Outcome", "Step"]
