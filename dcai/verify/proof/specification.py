"""Specification of a call, case by case, and the proof that bytecode meets it on every path.

A proof holds for the EVM. A counterexample need not: it is one for some functions in place of the EVM's products and
quotients (`dcai.verify.proof.words`). It says that code and rules are not the same terms; whether numbers show a
difference, a differential run tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dcai.errors import EvmError
from dcai.evm.abi import Abi
from dcai.verify.claim import Refuted, Unknown, Verified
from dcai.verify.proof.machine import Path, SymbolicCall, paths
from dcai.verify.proof.solver import counterexample, z3
from dcai.verify.proof.words import Word, to_bits

__all__ = ["Ending", "Rule", "by_solver", "conforms", "error_selector", "refuses", "returns"]


@dataclass(frozen=True)
class Ending:
    """How a call ends.

    Attributes
    ----------
    kind : {"return", "revert"}
        Whether it changes anything.
    output : sequence of Word
        What it gives, after the selector of an error.
    selector : int or None
        Of the error.
    storage : mapping of int to Word
        The slots that may differ from before, and their words; all others are as they were.
    """

    kind: str
    output: Sequence[Word] = ()
    selector: int | None = None
    storage: Mapping[int, Word] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """An ending, where a condition holds and that of no earlier rule did."""

    condition: Any
    ending: Ending


def returns(*output: Word, storage: Mapping[int, Word] | None = None) -> Ending:
    """Return the ending of a call that succeeds."""
    return Ending("return", output, storage=storage or {})


def refuses(selector: int | None = None, *arguments: Word) -> Ending:
    """Return the ending of a call that reverts with an error, or without data."""
    return Ending("revert", arguments, selector)


def error_selector(abi: Abi, name: str) -> int:
    """Return the selector of a contract's error as a number."""
    return next(int.from_bytes(error.selector, "big") for error in abi.errors.values() if error.name == name)


def by_solver(*facts: Any, timeout_s: float) -> Verified | Refuted | Unknown:
    """Prove that facts cannot hold at once: the assumptions of a claim and its negation."""
    found = counterexample(*facts, timeout_s=timeout_s)
    if isinstance(found, str):
        return Unknown(found)
    if found is not None:
        return Refuted(", ".join(f"{name} = {value}" for name, value in found.items()))
    return Verified("no counterexample exists")


def conforms(call: SymbolicCall, rules: Sequence[Rule], timeout_s: float) -> Verified | Refuted | Unknown:
    """Prove that every path of a call ends as the rules say, whatever the unknowns are.

    Parameters
    ----------
    call : SymbolicCall
        What runs, and on what.
    rules : sequence of Rule
        In order; the last must hold where no other does.
    timeout_s : float
        How long the solver may think about one path.
    """
    count = 0
    try:
        for path in paths(call):
            count += 1
            found = counterexample(*path.conditions, z3.Not(_allowed(call, path, rules)), timeout_s=timeout_s)
            if isinstance(found, str):
                return Unknown(f"path {count}: {found}")
            if found is not None:
                values = ", ".join(f"{name} = {value}" for name, value in found.items())
                return Refuted(f"the bytecode ends with {_shown(path)} for {values}")
    except EvmError as error:
        return Unknown(str(error))
    return Verified(f"{count} paths")


def _allowed(call: SymbolicCall, path: Path, rules: Sequence[Rule]) -> Any:
    """The condition that a path ends as the rules say."""
    allowed = z3.BoolVal(False)
    for rule in reversed(rules):
        allowed = z3.If(rule.condition, _same(call, path, rule.ending), allowed)
    return allowed


def _same(call: SymbolicCall, path: Path, ending: Ending) -> Any:
    if path.kind != ending.kind or len(path.output) != len(ending.output):
        return z3.BoolVal(False)
    if (path.selector is None) != (ending.selector is None):
        return z3.BoolVal(False)
    pairs = list(zip(path.output, ending.output, strict=True))
    if ending.selector is not None:
        pairs.append((path.selector, ending.selector))
    if path.kind == "return":
        for slot in {*path.storage, *ending.storage}:
            before = call.storage.get(slot, 0)
            pairs.append((path.storage.get(slot, before), ending.storage.get(slot, before)))
    return z3.And(*[to_bits(got) == to_bits(expected) for got, expected in pairs])


def _shown(path: Path) -> str:
    what = path.kind if path.selector is None else f"{path.kind} of error {path.selector:#x}"
    return f"{what}, output {list(path.output)}, storage {dict(path.storage)}".replace("\n", " ")
