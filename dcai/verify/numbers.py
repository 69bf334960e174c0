"""Numbers that find faults: next to where a type, a check or a rounding changes its mind."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache
from math import isqrt
from random import Random

from dcai.models.nearest_centroid import DATA_COUNT_LIMIT

__all__ = [
    "COUNT_LIMIT",
    "INDICES",
    "INT64_MAX",
    "INT64_MIN",
    "INT80_MAX",
    "INT80_MIN",
    "NEGATIVE",
    "ONE",
    "SQUARED_NORMS",
    "UINT32_MAX",
    "UINT64_MAX",
    "between",
    "edges",
    "squares",
    "unit_sample",
    "wild_sample",
]

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT80_MIN, INT80_MAX = -(2**79), 2**79 - 1
UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1
#: Where a dense centroid stops counting its samples.
COUNT_LIMIT = DATA_COUNT_LIMIT
#: 1.0 as an integer.
ONE = 10**9
#: Indices of features: few small ones, so that samples meet, and those next to the bounds of types.
INDICES = (0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 12, 255, 1023, 1024, 2**16, 2**31, 2**32 - 2, 2**32 - 1)
NEGATIVE = (-1, -1, -(2**31), -(2**32), INT64_MIN + 1, INT64_MIN)
_UNIT, _TOLERANCE = 10**18, 10**11

_POWERS = (0, 1, ONE, 2**16, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, 2**78, 2**79, 2**128, 2**190, COUNT_LIMIT)
_EDGES = sorted({sign * power + d for power in _POWERS for sign in (1, -1) for d in (-2, -1, 0, 1, 2)})

#: Squared norms at the bounds of the check, next to them, and in the middle.
SQUARED_NORMS = [_UNIT + sign * _TOLERANCE + d for sign in (-1, 1) for d in (-1, 0, 1)] + [_UNIT - 1, _UNIT, _UNIT + 1]
_ACCEPTED = [norm for norm in SQUARED_NORMS if abs(norm - _UNIT) < _TOLERANCE]


def edges(low: int, high: int) -> list[int]:
    """Return the whole numbers within bounds that are next to where a type ends, and next to the bounds."""
    start, end = bisect_left(_EDGES, low), bisect_right(_EDGES, high)
    return [*_EDGES[start:end], low, low + 1, high - 1, high]


def between(rng: Random, low: int, high: int) -> int:
    """Return a whole number within bounds: next to where a type ends, of moderate size, or of any number of bits."""
    kind = rng.randrange(10)
    if kind < 4:
        return rng.choice(edges(low, high))
    if kind < 8:
        return rng.randint(max(low, -2 * ONE), min(high, 2 * ONE))
    bits = rng.randint(0, max(high, -low).bit_length())
    return min(max(rng.choice((1, -1)) * rng.getrandbits(bits), low), high)


def wild_sample(rng: Random, length: int) -> list[int]:
    """Return features of any size, and so hardly ever of norm 1."""
    return [between(rng, INT64_MIN, INT64_MAX) for _ in range(length)]


def unit_sample(rng: Random, length: int, *, accepted: bool = True) -> list[int]:
    """Return a sample whose squared norm is at the bounds of the check, next to them or in the middle.

    From four features on it is so exactly; of fewer, as nearly as whole numbers allow, so that it may be refused.
    """
    if not length:
        return []
    total = rng.choice(_ACCEPTED if accepted else SQUARED_NORMS)
    if length < 4 and accepted:
        return _short_unit_sample(rng, length)
    heads = rng.randint(0, max(length - 4, 0))
    head = [rng.randint(-3 * 10**8, 3 * 10**8) for _ in range(min(heads, 9))]
    tail = list(squares(total - sum(x * x for x in head), length - len(head)))
    if len(tail) < 4:
        tail[-1] += rng.randint(0, 1)
    sample = head + [rng.choice((1, -1)) * x for x in tail]
    rng.shuffle(sample)
    return sample


def _short_unit_sample(rng: Random, length: int) -> list[int]:
    """Return one to three features with a squared norm near enough to 1."""
    first = rng.choice([0, ONE, 6 * 10**8, rng.randint(0, ONE)]) if length > 1 else ONE
    sample = [first, isqrt(_UNIT - first * first), 0][:length]
    rng.shuffle(sample)
    return [rng.choice((1, -1)) * x for x in sample]


@lru_cache(maxsize=1 << 12)
def squares(total: int, length: int) -> tuple[int, ...]:
    """Numbers whose squares add up to ``total``: exactly from four on, as Lagrange says, else as nearly as is quick."""
    if length >= 4:
        if total and total % 4 == 0:  # then few sums do: where 8 divides it, all four numbers are even
            return tuple(2 * x for x in squares(total // 4, length))
        first = isqrt(total)
        for a in range(first, max(first - 100, -1), -1):
            b = isqrt(total - a * a)
            pair = _sums_of_two_squares().get(total - a * a - b * b)
            if pair is not None:
                return (a, b, *pair, *[0] * (length - 4))
    return _greedy(total, length)


@lru_cache(maxsize=1)
def _sums_of_two_squares() -> dict[int, tuple[int, int]]:
    """What two squares leave of a squared norm is small; one number in four or five is a sum of two more."""
    return {c * c + d * d: (c, d) for c in range(700) for d in range(c + 1)}


def _greedy(total: int, length: int) -> tuple[int, ...]:
    numbers = []
    for _ in range(length):
        numbers.append(isqrt(total))
        total -= numbers[-1] ** 2
    return tuple(numbers)
