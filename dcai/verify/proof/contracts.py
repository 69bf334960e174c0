"""Shared parts of the claims about single calls, which are proven on the bytecode for all values.

The formulas are those of the models' semantics on words: ``x * rate`` is the EVM's product modulo 2^256, ``/`` its
signed or unsigned quotient. That nothing wraps, so that these are the formulas on integers, is what the claims on
integers say (`dcai.verify.proof.integers`). A rule's condition is looked at only where those before it do not hold, so
the order of the rules is the order of the contract's checks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from dcai import artifacts
from dcai.evm.abi import Abi
from dcai.fixed import TO_FLOAT
from dcai.verify.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.proof.machine import SymbolicCall
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, error_selector, refuses
from dcai.verify.proof.words import BITS, Word, apply, bits_of, to_bits

__all__ = [
    "ALL_CALLERS",
    "Check",
    "Setting",
    "call_claim",
    "features",
    "fits",
    "lanes",
    "malformed",
    "payable",
    "sum_words",
    "unknown",
    "wide",
    "wide_signed",
]

Check = Callable[["Setting", float], Verified | Refuted | Unknown]

#: Scope of claims with calls from anyone.
ALL_CALLERS = "any sender, value, label and words of calldata"

#: Bounds of the norm check; repeated here on purpose, since the claim states them.
_UNIT, _TOLERANCE = 10**18, 10**11


@dataclass(frozen=True)
class Setting:
    """The contract of a claim.

    Attributes
    ----------
    name : str
        Of the contract.
    code : bytes or None
        What runs in place of its code.
    scale : int
        In place of 10^9: another one makes every claim wrong.
    """

    name: str
    code: bytes | None = None
    scale: int = TO_FLOAT

    @property
    def abi(self) -> Abi:
        """ABI of the contract."""
        return Abi(artifacts.load(self.name).abi)

    def call(
        self, function: str, calldata: tuple[Word, ...], storage: dict[int, Word], *assumptions: Any
    ) -> SymbolicCall:
        """Return a call from anyone, of any value, of a contract whose owner is anyone."""
        code = artifacts.load(self.name).deployed_bytecode if self.code is None else self.code
        return SymbolicCall(
            code,
            self.abi.function(function, 1 if function == "predict" else 2).selector,
            calldata,
            {0: wide(unknown("owner", 160)), **storage},
            wide(unknown("caller", 160)),
            unknown("value"),
            assumptions,
        )

    def refuses(self, name: str, *arguments: Word) -> Any:
        """Return the ending with an error of the contract."""
        return refuses(error_selector(self.abi, name), *arguments)

    def only_owner(self) -> Rule:
        """Return the rule that nobody else may call."""
        caller = unknown("caller", 160)
        return Rule(caller != unknown("owner", 160), self.refuses("OwnableUnauthorizedAccount", wide(caller)))

    def not_normalized(self, data: list[Any]) -> Rule:
        """Return the rule that the squared norm of a sample is near 1."""
        squared_norm = to_bits(sum_words([apply("MUL", x, x) for x in data]))
        outside = z3.Or(z3.ULE(squared_norm, _UNIT - _TOLERANCE), z3.UGE(squared_norm, _UNIT + _TOLERANCE))
        return Rule(outside, self.refuses("NotNormalized", squared_norm))


def unknown(name: str, bits: int = BITS) -> Any:
    """Return a number of which nothing is known; the same name is the same number."""
    return z3.BitVec(name, bits)


def wide(bits: Any) -> Any:
    """Extend an unsigned number to a word."""
    return z3.ZeroExt(BITS - bits.size(), bits)


def wide_signed(bits: Any) -> Any:
    """Extend a signed number to a word."""
    return z3.SignExt(BITS - bits.size(), bits)


def lanes(*numbers: Any) -> Any:
    """Pack numbers into a slot, the first in the lowest bits."""
    packed = z3.Concat(*reversed(numbers)) if len(numbers) > 1 else numbers[0]
    return wide(packed)


def sum_words(words: list[Word]) -> Word:
    """Return the sum of words."""
    return reduce(lambda a, b: apply("ADD", a, b), words)


def fits(word: Word, bits: int) -> Any:
    """Return the condition that a word is a signed number of so many bits."""
    return wide_signed(bits_of(word, bits - 1, 0)) == to_bits(word)


def features(count: int) -> list[Any]:
    """Return words of calldata where features should be, whatever they are."""
    return [unknown(f"x{i}") for i in range(count)]


def payable() -> Rule:
    """Return the rule that no function takes money."""
    return Rule(unknown("value") != 0, refuses())


def malformed(data: list[Any]) -> Rule:
    """Return the rule that words which are no int64 are refused."""
    return Rule(z3.Or(*[z3.Not(fits(x, 64)) for x in data]), refuses())


def call_claim(name: str, statement: str, widths: str, contract: str, function: str, check: Check) -> ProofClaim:
    """Return the claim that every path of a function of a contract ends as a check says."""
    return ProofClaim(
        name,
        statement,
        "SMT on the bytecode",
        widths,
        f"bytecode of contracts/src/models/{contract}.sol: {function}",
        lambda timeout_s: check(Setting(contract), timeout_s),
    )
