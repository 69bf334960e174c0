"""``Math.sqrt`` of OpenZeppelin: by exact bounds of Newton's error, and by running the bytecode.

The proof, for s = sqrt(a) and 2^e <= s < 2^(e + 1). The first estimate depends on a only through comparisons with
powers of 4, so it is the same for all a of an octave, 2^(2e) <= a < 2^(2e + 2): x0 = (3 * 2^e) >> 1, which the check
computes at both ends of each octave. A step gives x' = floor((x + floor(a / x)) / 2), which is never below floor(s)
(by the means' inequality) and at most (x + a / x) / 2 = s + (x - s)^2 / (2 x). So an error x - s of at most E upwards,
and less than 1 downwards, is at most max(E, 1)^2 / (2 * (2^e - 1)) after a step, in an octave whose s is at least 2^e;
where after six steps that is below 1, x is floor(s) or one more, and the last comparison, x > floor(a / x), tells
which. For the small octaves, where 2^e - 1 is too coarse, all a are tried.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from random import Random

from dcai.verify.claim import ProofClaim, Refuted, Verified

__all__ = ["SQUARE_ROOT_CLAIM", "check_roots"]

_STEPS = 6
_OCTAVES = 128
#: Below 4^8 all numbers are tried.
_SMALL = 8
_FEATURE_MAX = (1 << 63) - 1


def estimate(a: int) -> int:
    """Return the first estimate of the root of a number above 1, as ``Math.sqrt`` makes it."""
    rest, root = a, 1
    for bits in (128, 64, 32, 16, 8, 4):
        if rest >= 1 << bits:
            rest >>= bits
            root <<= bits // 2
    if rest >= 1 << 2:
        root <<= 1
    return (3 * root) >> 1


def square_root(a: int, steps: int = _STEPS) -> int:
    """Return the root as ``Math.sqrt`` computes it."""
    if a <= 1:
        return a
    x = estimate(a)
    for _ in range(steps):
        x = (x + a // x) >> 1
    return x - (x > a // x)


def check_bounds(_timeout_s: float, steps: int = _STEPS) -> Verified | Refuted:
    """Follow the bound of the error through the steps, octave by octave, and try all small numbers."""
    for a in range(1 << (2 * _SMALL)):
        if square_root(a, steps) != isqrt(a):
            return Refuted(f"the root of {a} is {isqrt(a)}, and the steps give {square_root(a, steps)}")
    for e in range(_SMALL, _OCTAVES):
        first, last = 1 << (2 * e), (1 << (2 * e + 2)) - 1
        x = 3 << e >> 1
        if not estimate(first) == estimate(last) == x:
            return Refuted(f"the first estimate is not {x} in the octave of {first}")
        # Largest |x0 - s| over the octave, then the error after the first step, from both sides of s.
        error = Fraction(1 << e, 2) ** 2 / (2 * x)
        for _ in range(steps - 1):
            error = max(error, Fraction(1)) ** 2 / (2 * ((1 << e) - 1))
        if error >= 1:
            return Refuted(f"after {steps} steps the error in the octave of {first} may be {float(error):.3g}")
    return Verified(f"{1 << (2 * _SMALL):,} numbers and {_OCTAVES - _SMALL} octaves")


def check_roots(norm: Callable[[list[int]], int]) -> Verified | Refuted:
    """Compare ``norm`` of a contract with the root, next to every square of a power of 2 and at random."""
    random = Random("square root")
    samples = [[a] for k in range(63) for a in ((1 << k) - 1, 1 << k, (1 << k) + 1)] + [[-1 << 63]]
    samples += [[a, b] for k in range(63) for a in ((1 << k) - 1, 1 << k) for b in (0, 1, 1 << k // 2, 1 << k)]
    samples += [[random.getrandbits(random.randint(1, 63)) for _ in range(random.randint(1, 20))] for _ in range(2000)]
    samples += [[_FEATURE_MAX] * 400]
    for sample in samples:
        norm_sq = sum(x * x for x in sample)
        got = norm(sample)
        if got != isqrt(norm_sq) or got != square_root(norm_sq):
            return Refuted(
                f"the root of {norm_sq} is {isqrt(norm_sq)}; bytecode {got}, transcription {square_root(norm_sq)}"
            )
    return Verified(f"{len(samples):,} norms")


SQUARE_ROOT_CLAIM = ProofClaim(
    "integer square root",
    "sqrt(a) = floor of the root of a: six Newton steps from (3 * 2^e) >> 1 and one comparison",
    "exact bounds",
    "a uint256",
    "@openzeppelin/contracts/utils/math/Math.sol: sqrt, as transcribed",
    check_bounds,
)
