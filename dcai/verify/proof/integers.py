"""The claims on integers without bounds: that the words of the formulas never wrap, and what follows for their results.

Together with the claims on the bytecode they say that the contracts compute the formulas of the models' semantics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dcai.fixed import TO_FLOAT
from dcai.verify.proof.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.proof.solver import counterexample, z3

__all__ = ["INTEGER_CLAIMS", "integer_claim"]

#: Assumptions, and what follows from them.
Lemma = tuple[list[Any], Any]

_WORD = 1 << 256
#: No calldata has as many features.
_MOST_FEATURES = 1 << 64


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


def _integers(names: str) -> Any:
    return z3.Ints(names)


def _signed(number: Any, bits: int) -> Any:
    return z3.And(-(1 << (bits - 1)) <= number, number < 1 << (bits - 1))


def _unsigned(number: Any, bits: int) -> Any:
    return z3.And(number >= 0, number < 1 << bits)


def _truncated(quotient: Any, dividend: Any, divisor: Any) -> Any:
    """That a quotient by a positive divisor is rounded toward zero, as SDIV does."""
    rest = dividend - quotient * divisor
    return z3.If(dividend >= 0, z3.And(rest >= 0, rest < divisor), z3.And(-divisor < rest, rest <= 0))


def _weight_step() -> list[Lemma]:
    x, r, w, q, p, product = _integers("x r w q p product")
    bounds = [_signed(x, 64), _unsigned(r, 32)]
    size = 1 << 95
    quotients = [-size <= product, product <= size, _truncated(q, product, TO_FLOAT)]
    return [
        (bounds, z3.And(-size <= x * r, x * r <= size)),
        # The new weight before its cast, and so the comparison with the bounds of int80.
        ([*quotients, _signed(w, 80)], z3.And(_signed(w + q, 256), _signed(w - q, 256))),
        # s * (x r / 10^9), as the semantics have it, is (x (s r)) / 10^9, as the code does.
        ([*quotients, _truncated(p, -product, TO_FLOAT)], p == -q),
    ]


def _score() -> list[Lemma]:
    w, x, b, total, n = _integers("w x b total n")
    term, square = 1 << 142, 1 << 126
    return [
        ([_signed(w, 80), _signed(x, 64)], z3.And(-term <= w * x, w * x <= term)),
        ([_signed(x, 64)], z3.And(x * x >= 0, x * x <= square)),
        # A sum of n terms is at most n times the largest.
        (
            [n >= 0, n < _MOST_FEATURES, _signed(b, 80), -n * term <= total, total <= n * term],
            _signed(b + total, 256),
        ),
        ([n >= 0, n < _MOST_FEATURES, total >= 0, total <= n * square], _unsigned(total, 256)),
    ]


def _sparse_score() -> list[Lemma]:
    b, w, r, total, n = _integers("b w r total n")
    largest = 1 << 79
    return [
        (
            [n >= 0, n < _MOST_FEATURES, _signed(b, 80), -n * largest <= total, total <= n * largest],
            _signed(b + total, 256),
        ),
        ([_signed(w, 80), _unsigned(r, 32)], z3.And(_signed(w + r, 256), _signed(w - r, 256))),
    ]


def _moving_average() -> list[Lemma]:
    c, n, x, q, product = _integers("c n x q product")
    limit = 1 << 191  # on purpose: a proof takes no constant from what it proves
    low, high = -(1 << 63), (1 << 63) - 1
    bounds = [_signed(c, 64), _signed(x, 64), n >= 0]
    # The products by n are named, with what is known of them, so that the rest is linear.
    return [
        ([*bounds, n <= limit], z3.And(low * n <= c * n, c * n <= high * n)),
        ([low * n <= product, product <= high * n, n <= limit, n >= 0, _signed(x, 64)], _signed(product + x, 256)),
        # n' = n + 1: a quotient beyond int64 would leave a remainder of the wrong sign.
        (
            [low * n <= product, product <= high * n, n >= 0, low <= x, x <= high],
            z3.And(low * (n + 1) <= product + x, product + x <= high * (n + 1)),
        ),
        ([n > 0, low * n <= product, product <= high * n, _truncated(q, product, n)], z3.And(low <= q, q <= high)),
        # n' = n = 2^191: the quotient is c, or one nearer to zero.
        ([*bounds, _truncated(q, c * limit + x, limit)], z3.And(_signed(q, 64), z3.Or(q == c, q == c - 1, q == c + 1))),
    ]


def _distance() -> list[Lemma]:
    x, c, q, square, total, n = _integers("x c q square total n")
    return [
        (
            [_signed(x, 64), _signed(c, 64)],
            z3.And(_signed(x - c, 65), (x - c) * (x - c) >= 0, (x - c) * (x - c) < 1 << 128),
        ),
        ([square >= 0, square < 1 << 128, _truncated(q, square, TO_FLOAT)], z3.And(q >= 0, q < 1 << 99)),
        ([n >= 0, n < _MOST_FEATURES, total >= 0, total <= n * (1 << 99)], _unsigned(total, 256)),
    ]


def _lazy_value() -> list[Lemma]:
    v, m, n, q, product = _integers("v m n q product")
    bounds = [_unsigned(v, 64), m >= 0, m < n, _unsigned(n, 64)]
    return [
        (bounds, z3.And(v * m >= 0, v * m < 1 << 128, v * m <= v * n)),
        ([n > 0, v >= 0, product >= 0, product <= v * n, _truncated(q, product, n)], z3.And(q >= 0, q <= v)),
    ]


def _lazy_update() -> list[Lemma]:
    p, n, v, top, total, product = _integers("p n v top total product")
    bounds = [_unsigned(p, 64), n >= 0, n < (1 << 64) - 1]
    fits = (1 << 64) - 1
    return [
        (bounds, z3.And(n * p >= 0, n * p <= fits * n)),
        ([product >= 0, product <= fits * n, n >= 0, n < fits], _unsigned(product + TO_FLOAT, 256)),
        # The new value is at most the larger of the old one and 1.
        (
            [n >= 0, top >= p, top >= TO_FLOAT, total <= n * top + top, total >= 0, _truncated(v, total, n + 1)],
            z3.And(v >= 0, v <= top),
        ),
    ]


def _lazy_scale() -> list[Lemma]:
    rest, n, square, larger, high, low, q = _integers("rest n square larger high low q")
    return [
        (
            [n >= 0, n < (1 << 64) - 1],
            z3.And(n * n < (n + 1) * (n + 1), (n + 1) * (n + 1) < 1 << 128, (n + 1) * (n + 1) > 0),
        ),
        # The high word of rest * n^2 is below (n + 1)^2: mulDiv does not panic.
        (
            [
                _unsigned(rest, 256),
                square >= 0,
                square < larger,
                rest * square == high * _WORD + low,
                _unsigned(low, 256),
            ],
            high < larger,
        ),
        ([rest >= 0, square >= 0, square < larger, _truncated(q, rest * square, larger)], z3.And(q >= 0, q <= rest)),
    ]


INTEGER_CLAIMS = (
    integer_claim(
        "dense weight step: exact",
        "x * rate, its quotient by 10^9 and w + s * (x * rate / 10^9) never wrap; the sign may be taken inside",
        "x int64, rate uint32, w int80",
        "contracts/src/models/DensePerceptron.sol: _addScaled",
        _weight_step,
    ),
    integer_claim(
        "dense score and norm: exact",
        "b + sum of w * x and the sum of x^2 never wrap, for fewer than 2^64 features",
        "w, b int80, x int64",
        "contracts/src/models/DensePerceptron.sol: _scoreAndSquaredNorm",
        _score,
    ),
    integer_claim(
        "sparse score and weight step: exact",
        "b + sum of w and w + s * rate never wrap before their cast, for fewer than 2^64 indices",
        "w, b int80, rate uint32",
        "contracts/src/models/SparsePerceptron.sol: _score, _add",
        _sparse_score,
    ),
    integer_claim(
        "moving average: exact",
        "c * n + x never wraps, and its quotient by n' fits int64, so that packing cuts nothing off",
        "c, x int64, n <= 2^191, n' = n + 1 or n = 2^191",
        "contracts/src/models/NearestCentroidClassifier.sol: _moveCentroid",
        _moving_average,
    ),
    integer_claim(
        "distance: exact",
        "(x - c)^2, its quotient by 10^9 and their sum never wrap, for fewer than 2^64 features",
        "x, c int64",
        "contracts/src/models/NearestCentroidClassifier.sol: _distance, _scaledSquare",
        _distance,
    ),
    integer_claim(
        "lazy value: exact",
        "v * m / n never wraps and is at most v, so that it fits uint64",
        "v, m, n uint64, m < n",
        "contracts/src/models/SparseNearestCentroidClassifier.sol: _trueValue",
        _lazy_value,
    ),
    integer_claim(
        "lazy update: exact",
        "(n * p + 10^9) / (n + 1) never wraps and is at most the larger of p and 10^9, so that it fits uint64",
        "p uint64, n < 2^64 - 1",
        "contracts/src/models/SparseNearestCentroidClassifier.sol: update",
        _lazy_update,
    ),
    integer_claim(
        "lazy scaling: exact",
        "n^2 and (n + 1)^2 never wrap; sq * n^2 / (n + 1)^2 is at most sq, and mulDiv does not panic",
        "sq uint256, n < 2^64 - 1",
        "contracts/src/models/SparseNearestCentroidClassifier.sol: update",
        _lazy_scale,
    ),
)
