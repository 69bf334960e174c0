"""Starts and steps of a nearest centroid classifier on sparse data."""

from __future__ import annotations

from itertools import product
from random import Random
from typing import Any, ClassVar

from dcai.evm import Evm
from dcai.evm.hashing import mapping_slot, word_hash
from dcai.fixed import TO_FLOAT
from dcai.models import SparseNearestCentroidClassifier
from dcai.verify.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.fault import parse_faults
from dcai.verify.generator import Generator
from dcai.verify.layer import VerifyModel
from dcai.verify.numbers import INDICES, INT64_MAX, NEGATIVE, ONE, UINT64_MAX, between
from dcai.verify.proof.contracts import Setting, call_claim, lanes, payable, sum_words, unknown, wide
from dcai.verify.proof.integers import Lemma, integer_claim, truncated, unsigned
from dcai.verify.proof.machine import SymbolicCall
from dcai.verify.proof.mul_div import high_word, quotient_of_high, quotient_of_low
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, by_solver, conforms, returns
from dcai.verify.proof.words import BITS, Word, apply, bits_of, to_bits
from dcai.verify.step import Step

__all__ = ["VERIFY"]

_NAME = "SparseNearestCentroidClassifier"

_COUNTS = (0, 0, 1, 1, 2, 3, 7, 100, ONE, 2**32, 2**63, UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX)
_TOO_LARGE = (2**32, 2**32 + 1, 2**62, INT64_MAX)
_MOST_CLASSES = 5
_ALL_INDICES = sorted(set(INDICES))

#: Two values of a centroid, a and b with a^2 + b^2 = 2 * 10^9 * a: from a sample that has the feature of the first and
#: not that of the second, all such centroids are 10^18 away.
_EQUALLY_FAR = (
    (0, 0),
    (2 * 10**8, 6 * 10**8),
    (4 * 10**8, 8 * 10**8),
    (ONE, ONE),
    (16 * 10**8, 8 * 10**8),
    (18 * 10**8, 6 * 10**8),
    (2 * ONE, 0),
)


class SparseNearestCentroidGenerator(Generator):
    """Values stored at different counts, equal distances, magnitudes that rounding makes too small, full counts."""

    KINDS: ClassVar = {
        "update": 36,
        "learn_again": 10,
        "predict": 12,
        "predict_a_class": 8,
        "predict_equally_far": 5,
        "refused_update": 7,
        "refused_predict": 5,
        "add_class": 3,
        "add_equally_far_class": 5,
        "extend_centroid": 3,
    }

    def start(self) -> SparseNearestCentroidClassifier:
        """Classes as a constructor makes them, or values of any age with any squared magnitude."""
        rng = self.rng
        classes = rng.choice((1, 2, 2, 3, 4))
        counts = [rng.choice(_COUNTS) for _ in range(classes)]
        centroids = [self._pairs() for _ in range(classes)]
        names = self.names(classes)
        if rng.randrange(2):
            return SparseNearestCentroidClassifier(centroids, counts, classifications=names)
        stored = [
            [(index, (min(value, 2 * ONE), rng.choice((n, n, n // 2, max(n - 1, 0))))) for index, value in pairs]
            for n, pairs in zip(counts, centroids, strict=True)
        ]
        # Once a class has samples, nothing remains of a value stored at 0 samples.
        stored = [[entry for entry in entries if entry[1] != (0, 0)] for entries in stored]
        magnitudes = [
            max(sum(value * value for _, (value, _) in entries) + rng.choice((0, -1, -(10**18), 10**18)), 0)
            for entries in stored
        ]
        state = {"counts": counts, "squared_magnitudes": magnitudes, "stored": stored}
        return SparseNearestCentroidClassifier.restore(state, names, ())

    def _pairs(self) -> list[tuple[int, int]]:
        rng = self.rng
        indices = rng.sample(_ALL_INDICES, rng.randint(0, 7))
        if rng.randrange(3) == 0:  # of which every sample had each feature
            return [(index, ONE) for index in indices]
        values = (
            rng.choice((0, 1, 2, ONE, ONE - 1, rng.randint(0, ONE), between(rng, 0, UINT64_MAX))) for _ in indices
        )
        return list(zip(indices, values, strict=True))

    def sample(self, model: Any) -> list[int]:
        """Increasing indices, half of them of features that some class has."""
        rng = self.rng
        pool = set(rng.sample(_ALL_INDICES, rng.randint(0, 6)))
        stored = list(rng.choice(model.stored))
        pool.update(rng.sample(stored, min(len(stored), rng.randint(0, 3))))
        return sorted(pool)

    def refused_sample(self, model: Any) -> list[int]:
        """An index that is negative, too large, repeated or out of order."""
        rng = self.rng
        sample = self.sample(model)
        bad = rng.choice((rng.choice(NEGATIVE), rng.choice(_TOO_LARGE), rng.choice(sample or [0]), rng.choice(INDICES)))
        sample.insert(rng.randint(0, len(sample)), bad)
        if rng.randrange(3) == 0:
            sample.insert(rng.randint(0, len(sample)), rng.choice((*NEGATIVE, *_TOO_LARGE)))
        return sample

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Centroids that it takes, or with one thing wrong."""
        rng = self.rng
        classes = rng.choice((1, 2, 3))
        names, counts = self.names(classes), [rng.choice(_COUNTS) for _ in range(classes)]
        centroids: list[list[tuple[int, ...]]] = [list(self._pairs()) for _ in range(classes)]
        fault = rng.randrange(6)
        if fault == 0:
            self._spoil(centroids[rng.randrange(classes)])
        elif fault == 1:
            rng.choice((names, centroids, counts)).pop()
        elif fault == 2:
            names, centroids, counts = [], [], []
        return names, centroids, counts

    def _spoil(self, pairs: list[tuple[int, ...]]) -> None:
        """Put a pair among others that no centroid takes: none, of an index too large, or of one that is there."""
        rng = self.rng
        twice = (pairs[0][0], 5) if pairs and len(pairs[0]) == 2 else (1,)
        bad: tuple[int, ...] = rng.choice(
            ((), (1,), (1, 2, 3), (2**32, 1), (2**63, 0), (UINT64_MAX, UINT64_MAX), twice)
        )
        pairs.insert(rng.randint(0, len(pairs)), bad)

    def owner_call(self, model: Any) -> Step:
        """A class, or more features."""
        step = self.rng.choice((self.extend_centroid, self.add_class, self.add_feature_indices))(model)
        return step or Step("addClass", args=(((1,),), "new", 1))

    def learn_again(self, model: Any) -> Step:
        """The features that a class has."""
        k = self.rng.randrange(len(model.counts))
        return Step("update", tuple(sorted(model.stored[k])[:8]), k)

    def add_class(self, model: Any) -> Step | None:
        """A class, or one that is refused."""
        if len(model.counts) >= _MOST_CLASSES:
            return None
        pairs: list[tuple[int, ...]] = list(self._pairs())
        if self.rng.randrange(4) == 0:
            self._spoil(pairs)
        return Step("addClass", args=(tuple(pairs), self.names(1)[0], self.rng.choice(_COUNTS)))

    def add_equally_far_class(self, model: Any) -> Step | None:
        """A class that is as far from the sample [200000] as others made so, or nearer by one."""
        if len(model.counts) >= _MOST_CLASSES:
            return None
        present, absent = self.rng.choice(_EQUALLY_FAR)
        pairs = ((200_000, present), (200_001, absent + self.rng.choice((0, 0, 1))))
        return Step("addClass", args=(pairs, "near", self.rng.choice(_COUNTS)))

    def predict_a_class(self, model: Any) -> Step:
        """The features that a class mostly has: no distance is smaller, and rounding may bring it below 0."""
        k = self.rng.randrange(len(model.counts))
        most = [index for index, (value, _) in model.stored[k].items() if 2 * value > ONE]
        return Step("predict", tuple(sorted(most)[:8]))

    def predict_equally_far(self, model: Any) -> Step:  # all kinds are called in the same way
        """The sample from which such classes are equally far."""
        return Step("predict", (200_000,))

    def extend_centroid(self, model: Any) -> Step:
        """More features for one class, some of which it has."""
        pairs: list[tuple[int, ...]] = list(self._pairs()[:3])
        if self.rng.randrange(2):
            pairs = [(100_000 + self.rng.getrandbits(12), pair[1]) for pair in pairs]
        if self.rng.randrange(5) == 0:
            self._spoil(pairs)
        known = self.rng.randrange(len(model.counts))
        return Step("extendCentroid", args=(tuple(pairs), known if self.rng.randrange(5) else self._unknown(model)))


# -- faults -- #

_FAULTS = parse_faults(
    _NAME,
    """
sparse centroid: rounds a mean up | rounding
- (n * previous + SCALE).quotient(newN)
+ (n * previous + SCALE + n).quotient(newN)

sparse centroid: scales a stored value the wrong way | swapped operands
- (value * count).quotient(n)
+ (value * n).quotient(count)

* sparse centroid: the squared magnitude wraps below 0 | overflow that wraps
- rest = Math.saturatingSub(rest, previous * previous);
+ rest = rest - previous * previous;

sparse centroid: scales the squared magnitude as if it were no square | wrong scale
- Math.mulDiv(rest, n * n, uint256(newN) * newN)
+ Math.mulDiv(rest, n, newN)

sparse centroid: the last of equally near classes wins | comparison
- if (distance < smallest)
+ if (distance <= smallest)

* sparse centroid: a distance below 0 is far away | sign
- if (distance < smallest)
+ if (uint256(distance) < uint256(smallest))

sparse centroid: takes an index twice | comparison
- if (index < smallest) revert
+ if (index + 1 < smallest) revert

sparse centroid: the count wraps beyond uint64 | overflow that wraps
- (n + 1).toUint64()
+ uint64(n + 1)

sparse centroid: stores a value as of one sample before | off by one
- feature.value = (uint256(newN) << 64) | value;
+ feature.value = (n << 64) | value;

sparse centroid: takes a feature that the class has | missing check
-         if (feature.value != 0) revert DuplicateFeature(position, index);

sparse centroid: adds the square of the value before | wrong operand
- added += value * value;
+ added += previous * previous;

sparse centroid: tells the stored value for the true one | wrong operand
- return uint64(_trueValue(word, info.numSamples));
+ return uint64(word);

sparse centroid: the label after the last is a class | comparison | src/models/MulticlassClassifier.sol
- if (label >= numClasses)
+ if (label > numClasses)

sparse centroid: doubles no true value in a distance | wrong factor
- 2 * int256(_trueValue(word, n))
+ int256(_trueValue(word, n))
""",
)


# -- claims -- #

#: The slot of the classes.
_CLASS_INFOS = 3
#: A feature index; which one does not matter, for it only chooses slots.
_INDEX = 5


def _true_values(value: Any, count: Any, n: Any) -> list[tuple[Any, Word]]:
    """Return the stored value and the scaled value, and when each is the true value."""
    scaled = apply("DIV", apply("MUL", wide(value), wide(count)), wide(n))
    return [(count == n, wide(value)), (count != n, scaled)]


def _class_storage(k: int, n: Any, magnitude: Any, value: Any, count: Any) -> dict[int, Word]:
    base = word_hash(_CLASS_INFOS) + 3 * k
    return {base: wide(n), base + 1: magnitude, mapping_slot(_INDEX, base + 2): lanes(value, count)}


def _class_unknowns(k: int) -> tuple[Any, Any, Any, Any]:
    return (
        unknown(f"n{k}", 64),
        unknown(f"squaredMagnitude{k}"),
        unknown(f"v{k}", 64),
        unknown(f"m{k}", 64),
    )


def true_value(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``getCentroidValue``: the value that is scaled lazily."""
    n, magnitude, value, count = _class_unknowns(0)
    storage = {_CLASS_INFOS: 1, **_class_storage(0, n, magnitude, value, count)}
    call = setting.call("getCentroidValue", (0, _INDEX), storage)
    true = [Rule(when, returns(wide(bits_of(word, 63, 0)))) for when, word in _true_values(value, count, n)]
    return conforms(call, [payable(), *true], timeout_s)


def lazy_predict(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``predict`` of a sparse nearest centroid classifier of two classes on one feature."""
    storage: dict[int, Word] = {_CLASS_INFOS: 2}
    distances = []
    for k in range(2):
        n, magnitude, value, count = _class_unknowns(k)
        storage |= _class_storage(k, n, magnitude, value, count)
        distances.append(
            [
                (
                    condition,
                    to_bits(
                        sum_words(
                            [magnitude, apply("MUL", setting.scale, apply("SUB", setting.scale, apply("MUL", 2, true)))]
                        )
                    ),
                )
                for condition, true in _true_values(value, count, n)
            ]
        )
    # No class has a distance of 2^255 - 1, with which the code begins as the smallest.
    largest = (1 << 255) - 1
    assumptions = [distance != largest for cases in distances for _, distance in cases]
    call = setting.call("predict", (0x20, 1, _INDEX), storage, *assumptions)
    rules = [payable()]
    for (one, near), (other, far) in product(*distances):
        rules += [Rule(z3.And(one, other, far < near), returns(1)), Rule(z3.And(one, other), returns(0))]
    return conforms(call, rules, timeout_s)


def saturating_sub(a: Word, b: Word) -> Word:
    """Return a - b, or 0 where b is larger, as ``Math.trySub`` tells it: by the difference, which then wraps."""
    difference = apply("SUB", a, b)
    return apply("MUL", apply("ISZERO", apply("GT", difference, a)), difference)


def saturates(_setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check that `saturating_sub` is max(a - b, 0)."""
    a, b = unknown("a"), unknown("b")
    expected = z3.If(z3.UGE(a, b), a - b, z3.BitVecVal(0, BITS))
    return by_solver(to_bits(saturating_sub(a, b)) != expected, timeout_s=timeout_s)


def lazy_update(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``update`` of a sparse nearest centroid classifier on one feature."""
    n, magnitude, value, count = _class_unknowns(0)
    base = word_hash(_CLASS_INFOS)
    storage = {_CLASS_INFOS: 1, **_class_storage(0, n, magnitude, value, count)}
    call = setting.call("update", (0x40, 0, 1, _INDEX), storage)
    wide_n = wide(n)
    new_n = wide(n + 1)  # where n + 1 leaves 64 bits, nothing is stored
    rules = [
        payable(),
        setting.only_owner(),
        Rule(n == (1 << 64) - 1, setting.refuses("SafeCastOverflowedUintDowncast", 64, 1 << 64)),
    ]
    squares = apply("MUL", wide_n, wide_n), apply("MUL", new_n, new_n)
    # (n + 1)^2 is not 0, and the high word of a product by n^2 is below it: claims on integers.
    assumptions = [to_bits(squares[1]) != 0]
    for condition, previous in _true_values(value, count, n):
        square = to_bits(apply("MUL", previous, previous))
        now = apply("DIV", apply("ADD", apply("MUL", wide_n, previous), setting.scale), new_n)
        rest = saturating_sub(magnitude, square)
        high, low = high_word(apply, rest, squares[0])
        assumptions.append(z3.ULT(to_bits(high), to_bits(squares[1])))
        for fits, quotient in (
            (to_bits(high) == 0, quotient_of_low(apply, low, squares[1])),
            (z3.BoolVal(True), quotient_of_high(apply, rest, *squares)),
        ):
            after = {
                base: new_n,
                base + 1: apply("ADD", quotient, apply("MUL", now, now)),
                mapping_slot(_INDEX, base + 2): apply("OR", apply("SHL", 64, new_n), now),
            }
            rules.append(Rule(z3.And(condition, fits), returns(storage=after)))
    return conforms(SymbolicCall(**{**vars(call), "assumptions": tuple(assumptions)}), rules, timeout_s)


def _lazy_value() -> list[Lemma]:
    v, m, n, q, product = z3.Ints("v m n q product")
    bounds = [unsigned(v, 64), m >= 0, m < n, unsigned(n, 64)]
    return [
        (bounds, z3.And(v * m >= 0, v * m < 1 << 128, v * m <= v * n)),
        ([n > 0, v >= 0, product >= 0, product <= v * n, truncated(q, product, n)], z3.And(q >= 0, q <= v)),
    ]


def _lazy_update() -> list[Lemma]:
    p, n, v, top, total, product = z3.Ints("p n v top total product")
    bounds = [unsigned(p, 64), n >= 0, n < (1 << 64) - 1]
    fits = (1 << 64) - 1
    return [
        (bounds, z3.And(n * p >= 0, n * p <= fits * n)),
        ([product >= 0, product <= fits * n, n >= 0, n < fits], unsigned(product + TO_FLOAT, 256)),
        # The new value is at most the larger of the old one and 1.
        (
            [n >= 0, top >= p, top >= TO_FLOAT, total <= n * top + top, total >= 0, truncated(v, total, n + 1)],
            z3.And(v >= 0, v <= top),
        ),
    ]


def _lazy_scale() -> list[Lemma]:
    rest, n, square, larger, high, low, q = z3.Ints("rest n square larger high low q")
    return [
        (
            [n >= 0, n < (1 << 64) - 1],
            z3.And(n * n < (n + 1) * (n + 1), (n + 1) * (n + 1) < 1 << 128, (n + 1) * (n + 1) > 0),
        ),
        # The high word of rest * n^2 is below (n + 1)^2: mulDiv does not panic.
        (
            [
                unsigned(rest, 256),
                square >= 0,
                square < larger,
                rest * square == high * (1 << 256) + low,
                unsigned(low, 256),
            ],
            high < larger,
        ),
        ([rest >= 0, square >= 0, square < larger, truncated(q, rest * square, larger)], z3.And(q >= 0, q <= rest)),
    ]


_MOST = (1 << 64) - 2


def check_lazy_scaling(_timeout_s: float, contract: Any = None, count: int = 400) -> Verified | Refuted:
    """Update a class without features of that sample, so that the whole of its squared magnitude is scaled.

    What connects the algorithm of mulDiv with 256 bits is tested here, beside integers.
    """
    random = Random("lazy scaling")
    evm = Evm("revm", "osaka")
    for _ in range(count):
        n = random.choice(
            [random.randrange(10), _MOST - random.randrange(3), random.getrandbits(random.randint(1, 63))]
        )
        sq = random.choice([(1 << 224) - 1 - random.randrange(9), random.getrandbits(random.randint(1, 224))])
        state = {"counts": [n], "squared_magnitudes": [sq], "stored": [{}]}
        placed = contract or evm.place(SparseNearestCentroidClassifier.restore(state, ["0"], ()))
        placed.update([], 0)
        got = placed.call("getSquaredMagnitude", 0)
        if got != sq * n**2 // (n + 1) ** 2:
            return Refuted(f"{sq} * {n}^2 / {n + 1}^2 gives {got}")
    return Verified(f"{count:,} updates")


_CLAIMS = (
    call_claim(
        "lazy value",
        "v where m = n, else v * m / n",
        "v, m, n uint64",
        _NAME,
        "getCentroidValue",
        true_value,
    ),
    call_claim(
        "lazy distance and argmin",
        "the class with the smallest sq + 10^9 * (10^9 - 2 * p), compared with sign, p the lazy value; the lowest "
        "label among equals",
        "2 classes, 1 feature; v, m, n uint64, sq uint256",
        _NAME,
        "predict",
        lazy_predict,
    ),
    call_claim(
        "lazy update",
        "v = (n * p + 10^9) / (n + 1) stored with n + 1; sq = mulDiv(max(sq - p^2, 0), n^2, (n + 1)^2) + v^2, mulDiv "
        "as transcribed; n + 1 beyond uint64 reverts",
        "1 feature; any sender and value; v, m, n uint64, sq uint256",
        _NAME,
        "update",
        lazy_update,
    ),
    ProofClaim(
        "saturating difference",
        "the difference that the code takes is max(a - b, 0)",
        "SMT on the bytecode",
        "a, b uint256",
        "@openzeppelin/contracts/utils/math/Math.sol: trySub, as transcribed for the lazy update",
        lambda timeout_s: saturates(Setting(_NAME), timeout_s),
    ),
    integer_claim(
        "lazy value: exact",
        "v * m / n never wraps and is at most v, so that it fits uint64",
        "v, m, n uint64, m < n",
        f"contracts/src/models/{_NAME}.sol: _trueValue",
        _lazy_value,
    ),
    integer_claim(
        "lazy update: exact",
        "(n * p + 10^9) / (n + 1) never wraps and is at most the larger of p and 10^9, so that it fits uint64",
        "p uint64, n < 2^64 - 1",
        f"contracts/src/models/{_NAME}.sol: update",
        _lazy_update,
    ),
    integer_claim(
        "lazy scaling: exact",
        "n^2 and (n + 1)^2 never wrap; sq * n^2 / (n + 1)^2 is at most sq, and mulDiv does not panic",
        "sq uint256, n < 2^64 - 1",
        f"contracts/src/models/{_NAME}.sol: update",
        _lazy_scale,
    ),
    ProofClaim(
        "lazy scaling, bytecode",
        "sq * n^2 / (n + 1)^2, rounded toward zero, by a product of 512 bits",
        "tested",
        "sq below 2^224 and n below 2^64 - 1, near their ends and at random",
        f"bytecode of contracts/src/models/{_NAME}.sol: update",
        check_lazy_scaling,
    ),
)

VERIFY = VerifyModel(generator=SparseNearestCentroidGenerator, faults=_FAULTS, claims=_CLAIMS)
