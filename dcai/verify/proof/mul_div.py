"""``Math.mulDiv`` of OpenZeppelin: floor(x * y / d) by a product of twice the width, on words of any width.

The one transcription serves two claims: that the bytecode of the contract computes it, on words of 256 bits, and that
it is the quotient, for all numbers of a few bits. What lies between, that it is the quotient for 256 bits too, rests on
its being the same algorithm for every width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dcai.verify.claim import ProofClaim, Refuted, Verified

__all__ = ["MUL_DIV_CLAIM", "high_word", "quotient_of_high", "quotient_of_low"]

Operation = Callable[..., Any]

_NEWTON_STEPS = 6
_WIDTH = 6


def high_word(apply: Operation, x: Any, y: Any) -> tuple[Any, Any]:
    """Return the high and the low word of a product: ``Math.mul512``."""
    remainder = apply("MULMOD", x, y, apply("NOT", 0))
    low = apply("MUL", x, y)
    return apply("SUB", apply("SUB", remainder, low), apply("LT", remainder, low)), low


def quotient_of_low(apply: Operation, low: Any, divisor: Any) -> Any:
    """Return the quotient where the high word is 0."""
    return apply("DIV", low, divisor)


def quotient_of_high(apply: Operation, x: Any, y: Any, divisor: Any) -> Any:
    """Return the quotient where the high word is not 0, but below the divisor."""
    high, low = high_word(apply, x, y)
    remainder = apply("MULMOD", x, y, divisor)
    high = apply("SUB", high, apply("GT", remainder, low))
    low = apply("SUB", low, remainder)
    twos = apply("AND", divisor, apply("SUB", 0, divisor))
    odd = apply("DIV", divisor, twos)
    low = apply("DIV", low, twos)
    flipped = apply("ADD", apply("DIV", apply("SUB", 0, twos), twos), 1)
    low = apply("OR", low, apply("MUL", high, flipped))
    inverse = apply("XOR", apply("MUL", 3, odd), 2)
    for _ in range(_NEWTON_STEPS):
        inverse = apply("MUL", inverse, apply("SUB", 2, apply("MUL", odd, inverse)))
    return apply("MUL", low, inverse)


def _narrow(width: int) -> Operation:
    """Return the operations on numbers of some bits."""
    mask = (1 << width) - 1
    operations: dict[str, Operation] = {
        "ADD": lambda a, b: a + b,
        "SUB": lambda a, b: a - b,
        "MUL": lambda a, b: a * b,
        "DIV": lambda a, b: a // b if b else 0,
        "MULMOD": lambda a, b, n: a * b % n if n else 0,
        "LT": lambda a, b: a < b,
        "GT": lambda a, b: a > b,
        "AND": lambda a, b: a & b,
        "OR": lambda a, b: a | b,
        "XOR": lambda a, b: a ^ b,
        "NOT": lambda a: ~a,
    }
    return lambda name, *words: operations[name](*words) & mask


def check_narrow(_timeout_s: float, width: int = _WIDTH, apply: Operation | None = None) -> Verified | Refuted:
    """Compare with the quotient of integers, for all x, y and d of some bits whose quotient fits."""
    apply = apply or _narrow(width)
    size, count = 1 << width, 0
    for x in range(size):
        for y in range(x, size):
            high, low = high_word(apply, x, y)
            if high << width | low != x * y:
                return Refuted(f"the words of {x} * {y} are {high} and {low}")
            for divisor in range(high + 1, size):
                count += 1
                got = quotient_of_high(apply, x, y, divisor) if high else quotient_of_low(apply, low, divisor)
                if got != x * y // divisor:
                    return Refuted(f"{x} * {y} / {divisor} gives {got} in words of {width} bits")
    return Verified(f"{count:,} quotients")


MUL_DIV_CLAIM = ProofClaim(
    "mulDiv, reduced width",
    "mulDiv(x, y, d) = floor(x * y / d) wherever that fits a word, by the algorithm that the bytecode runs",
    "exhaustive",
    f"all x <= y and d of {_WIDTH} bits, in words of {_WIDTH} bits; at 256 bits it is only tested",
    "@openzeppelin/contracts/utils/math/Math.sol: mul512, mulDiv",
    check_narrow,
)
