"""Starts and steps of a nearest centroid classifier on dense data."""

from __future__ import annotations

from typing import Any, ClassVar

from dcai.evm.hashing import word_hash
from dcai.fixed import TO_FLOAT
from dcai.models import NearestCentroidClassifier
from dcai.verify.claim import Refuted, Unknown, Verified
from dcai.verify.fault import parse_faults
from dcai.verify.generator import Generator
from dcai.verify.layer import VerifyModel
from dcai.verify.numbers import (
    COUNT_LIMIT,
    INT64_MAX,
    INT64_MIN,
    ONE,
    UINT64_MAX,
    between,
    unit_sample,
    wild_sample,
)
from dcai.verify.proof.contracts import (
    ALL_CALLERS,
    Setting,
    call_claim,
    features,
    fits,
    lanes,
    malformed,
    payable,
    sum_words,
    unknown,
    wide_signed,
)
from dcai.verify.proof.integers import MOST_FEATURES, Lemma, integer_claim, signed, truncated, unsigned
from dcai.verify.proof.machine import SymbolicCall
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, conforms, returns
from dcai.verify.proof.words import Word, apply, bits_of, to_bits
from dcai.verify.step import Step

__all__ = ["VERIFY"]

_NAME = "NearestCentroidClassifier"

_COUNTS = (0, 0, 1, 1, 2, 3, 7, 2**63, UINT64_MAX, 2**128, COUNT_LIMIT - 2, COUNT_LIMIT - 1)
_LARGE_COUNTS = (COUNT_LIMIT, COUNT_LIMIT + 1, 2**255, 2**256 - 1)
_LONGEST = 12
_MOST_CLASSES = 5

#: Differences whose squares, each divided by 10^9 and rounded, add up to 10 or 9. The square of 10^5 is a multiple of
#: 10^9; that of 31,622, which adds nothing, is just below 10^9.
_WAYS_TO_TEN = (
    (100_000,),
    (-100_000,),
    (99_999, 31_623),
    (99_999,),
    (-70_711, 70_711),
    (63_246, -63_246, 44_722),
    (54_773, 54_773, -54_773, 31_623),
    (44_722,) * 5,
)


class NearestCentroidGenerator(Generator):
    """Equal distances, centroids of unequal length, counts next to where counting stops, means that are rounded."""

    KINDS: ClassVar = {
        "learn": 30,
        "update": 6,
        "norm_at_its_bounds": 6,
        "predict": 6,
        "predict_near_a_centroid": 10,
        "refused_update": 6,
        "refused_predict": 4,
        "add_class": 5,
        "add_equally_far_class": 6,
        "predict_zeros": 5,
        "extend_centroid": 2,
        "make_equal": 14,
    }

    def start(self) -> NearestCentroidClassifier:
        """Centroids of one length, some of them equal; counts small, or next to where counting stops."""
        rng = self.rng
        length, classes = rng.randint(0, 9), rng.choice((1, 2, 2, 3, 4))
        centroids = [self._centroid(length) for _ in range(classes)]
        if rng.randrange(3) == 0:
            centroids[-1] = list(centroids[0])
        counts = [rng.choice(_COUNTS) for _ in range(classes)]
        return NearestCentroidClassifier(centroids, counts, classifications=self.names(classes))

    def _centroid(self, length: int) -> list[int]:
        kind = self.rng.randrange(4)
        if kind == 0:
            return wild_sample(self.rng, length)
        if kind == 1:
            return [self.rng.choice((INT64_MIN, INT64_MAX, 0)) for _ in range(length)]
        return unit_sample(self.rng, length)

    def sample(self, model: Any) -> list[int]:
        """A unit sample as long as one of the centroids."""
        return unit_sample(self.rng, len(self.rng.choice(model.centroids)))

    def refused_sample(self, model: Any) -> list[int]:
        """Another length, or another norm."""
        length = len(self.rng.choice(model.centroids))
        if self.rng.randrange(2):
            return wild_sample(self.rng, length)
        other = self.rng.choice((0, max(length - 1, 0), length + 1, length + 4))
        return self.rng.choice((unit_sample, wild_sample))(self.rng, other)

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Generate constructor arguments, valid or with one thing wrong."""
        rng = self.rng
        start = self.start()
        names, counts = list(start.classifications), list(start.counts)
        centroids = [centroid.tolist() for centroid in start.centroids]
        fault = rng.randrange(8)
        if fault == 0:
            counts[rng.randrange(len(counts))] = rng.choice(_LARGE_COUNTS)
        elif fault == 1:
            centroids[-1] = [*centroids[-1], 1]
        elif fault == 2:
            rng.choice((names, centroids, counts)).pop()
        elif fault == 3:
            names, centroids, counts = [], [], []
        return names, centroids, counts

    def owner_call(self, model: Any) -> Step:
        """A class, or more features."""
        step = self.rng.choice((self.extend_centroid, self.add_class, self.add_feature_indices))(model)
        return step or Step("addClass", args=((), "new", 2**255))

    def learn(self, model: Any) -> Step:
        """A sample of the length of its own class."""
        k = self.rng.randrange(len(model.counts))
        return Step("update", tuple(unit_sample(self.rng, len(model.centroids[k]))), k)

    def norm_at_its_bounds(self, model: Any) -> Step:
        """A sample that is only just accepted, or only just refused."""
        k = self.rng.randrange(len(model.counts))
        return Step("update", tuple(unit_sample(self.rng, len(model.centroids[k]), accepted=False)), k)

    def predict_near_a_centroid(self, model: Any) -> Step:
        """A distance of 0, or next to it."""
        sample = self.rng.choice(model.centroids).tolist()
        if sample and self.rng.randrange(2):
            i = self.rng.randrange(len(sample))
            off = self.rng.choice((1, -1, 31_622, 31_623, ONE))
            sample[i] = min(max(sample[i] + off, INT64_MIN), INT64_MAX)
        return Step("predict", tuple(sample))

    def add_class(self, model: Any) -> Step | None:
        """A class that is like another, or of another length, or with too large a count."""
        rng = self.rng
        if len(model.counts) >= _MOST_CLASSES:
            return None
        first = model.centroids[0].tolist()
        other_length = len(first) + rng.choice((1, -1, 1))
        centroid = rng.choice((first, first, self._centroid(len(first)), self._centroid(max(other_length, 0))))
        count = rng.choice(_COUNTS if rng.randrange(5) else _LARGE_COUNTS)
        return Step("addClass", args=(tuple(centroid), self.names(1)[0], count))

    def add_equally_far_class(self, model: Any) -> Step | None:
        """A class whose distance from the sample of zeros is 10, or 9, after rounding each term."""
        length = len(model.centroids[0])
        if len(model.counts) >= _MOST_CLASSES or length < 5:
            return None
        way = self.rng.choice(_WAYS_TO_TEN)
        centroid = [*way, *[31_622] * (length - len(way))]
        self.rng.shuffle(centroid)
        return Step("addClass", args=(tuple(centroid), "near", 1))

    def predict_zeros(self, model: Any) -> Step:
        """The sample from which such classes are equally far, and others further."""
        return Step("predict", (0,) * len(model.centroids[0]))

    def extend_centroid(self, model: Any) -> Step | None:
        """More features for one class, which then has another length than the others."""
        if max(map(len, model.centroids)) > _LONGEST:
            return None
        extension = tuple(between(self.rng, INT64_MIN, INT64_MAX) for _ in range(self.rng.randint(0, 5)))
        known = self.rng.randrange(len(model.counts))
        return Step("extendCentroid", args=(extension, known if self.rng.randrange(5) else self._unknown(model)))

    def make_equal(self, model: Any) -> Step | None:
        """More features for a class that has fewer than another, so that the model predicts again."""
        lengths = [len(centroid) for centroid in model.centroids]
        short = [k for k, length in enumerate(lengths) if length < max(lengths)]
        if not short:
            return None
        k = self.rng.choice(short)
        extension = tuple(between(self.rng, INT64_MIN, INT64_MAX) for _ in range(max(lengths) - lengths[k]))
        return Step("extendCentroid", args=(extension, k))


# -- faults -- #

_FAULTS = parse_faults(
    _NAME,
    """
centroid: the last of equally near classes wins | comparison
- if (distance < smallest)
+ if (distance <= smallest)

centroid: rounds a mean toward minus infinity | rounding
- (word.get(0) * n + x0).quotient(newN)
+ (word.get(0) * n + x0).quotient(newN) - ((word.get(0) * n + x0) % newN < 0 ? int256(1) : int256(0))

centroid: does not count the sample | lost write
-         if (newCount != count) dataCounts[classification] = newCount;

centroid: counts one sample too many | comparison
- count < dataCountLimit ? count + 1 : count
+ count <= dataCountLimit ? count + 1 : count

* centroid: divides by one too many at the limit of the count | off by one
- int256(count), int256(newCount)
+ int256(count), int256(count + 1)

centroid: rounds the terms of a distance to the nearest | rounding
- return uint256(difference * difference) / SCALE;
+ return (uint256(difference * difference) + SCALE / 2) / SCALE;

centroid: moves the third feature of a slot by the fourth | swapped index
- (word.get(2) * n + x2)
+ (word.get(2) * n + x3)

centroid: a negative feature spills over the next | missing mask | src/libraries/PackedInt64.sol
- ((uint256(c2) & MASK) << 128)
+ (uint256(c2) << 128)

centroid: takes a class with as many samples as the limit | comparison
- if (count >= dataCountLimit)
+ if (count > dataCountLimit)

centroid: predicts with centroids of unequal length | missing check
- _requireDimension(centroid, data);
-             uint256 distance
+ uint256 distance

centroid: an unknown class is a panic | missing check
- _requireClass(classification, centroids.length);
-         int64[] storage
+ int64[] storage

centroid: anyone may add a class | missing check
- ) external onlyOwner {
-         _pushClass(
+ ) external {
+         _pushClass(

centroid: takes a squared norm that is exactly too large | comparison | src/libraries/Norm.sol
- squaredNorm >= UNIT + TOLERANCE
+ squaredNorm > UNIT + TOLERANCE

centroid: tells of a new class under the next label | wrong event | src/models/MulticlassClassifier.sol
- emit AddClass(name, classifications.length);
+ emit AddClass(name, classifications.length + 1);
""",
)


# -- claims -- #

#: The slot of the centroids.
_CENTROIDS = 3
_LIMIT = 1 << 191  # on purpose: a proof takes no constant from what it proves


def _centroid_storage(centroids: list[list[Any]]) -> dict[int, Word]:
    first = word_hash(_CENTROIDS)
    storage: dict[int, Word] = {_CENTROIDS: len(centroids), 4: len(centroids)}
    for k, centroid in enumerate(centroids):
        storage |= {first + k: len(centroid), word_hash(first + k): lanes(*centroid)}
    return storage


def centroid_update(setting: Setting, timeout_s: float, count: int = 2) -> Verified | Refuted | Unknown:
    """Check ``update`` of the second class of a nearest centroid classifier of up to four features."""
    data, centroid = features(count), [unknown(f"c{i}", 64) for i in range(count)]
    n = unknown("n")
    count_slot, slot = word_hash(4) + 1, word_hash(word_hash(_CENTROIDS) + 1)
    storage = {**_centroid_storage([[z3.BitVecVal(0, 64)] * count, centroid]), count_slot: n}
    call = setting.call("update", (0x40, 1, count, *data), storage, z3.ULE(n, _LIMIT))
    new_n = z3.If(z3.ULT(n, _LIMIT), n + 1, n)
    rules = [payable(), setting.only_owner(), malformed(data), setting.not_normalized(data)]
    # Case by case, so that the divisor is the same term as the code's.
    for condition, divisor in ((z3.ULT(n, _LIMIT), apply("ADD", n, 1)), (z3.BoolVal(True), n)):
        moved = [
            apply("SDIV", apply("ADD", apply("MUL", wide_signed(c), n), x), divisor)
            for c, x in zip(centroid, data, strict=True)
        ]
        after = {slot: lanes(*[bits_of(c, 63, 0) for c in moved]), count_slot: new_n}
        rules.append(Rule(condition, returns(storage=after)))
    return conforms(call, rules, timeout_s)


def centroid_predict(setting: Setting, timeout_s: float, count: int = 1) -> Verified | Refuted | Unknown:
    """Check ``predict`` of a nearest centroid classifier of two classes."""
    data = features(count)
    centroids = [[unknown(f"c{k}{i}", 64) for i in range(count)] for k in range(2)]
    call = setting.call("predict", (0x20, count, *data), _centroid_storage(centroids))
    near, far = (
        to_bits(
            sum_words(
                [_scaled_square(apply("SUB", x, wide_signed(c)), setting.scale) for c, x in zip(row, data, strict=True)]
            )
        )
        for row in centroids
    )
    rules = [payable(), malformed(data), Rule(z3.ULT(far, near), returns(1)), Rule(z3.BoolVal(True), returns(0))]
    # Each quotient is below 2^98 where the features fit 64 bits, and there are few: a claim on integers has it.
    terms = [
        _scaled_square(apply("SUB", x, wide_signed(c)), setting.scale)
        for row in centroids
        for c, x in zip(row, data, strict=True)
    ]
    small = z3.Implies(z3.And(*[fits(x, 64) for x in data]), z3.And(*[z3.ULT(to_bits(t), 1 << 98) for t in terms]))
    # The solver knows nothing of the quotients, so their bound is an assumption.
    return conforms(SymbolicCall(**{**vars(call), "assumptions": (small,)}), rules, timeout_s)


def _scaled_square(difference: Word, scale: int) -> Word:
    return apply("DIV", apply("MUL", difference, difference), scale)


def _moving_average() -> list[Lemma]:
    c, n, x, q, product = z3.Ints("c n x q product")
    low, high = -(1 << 63), (1 << 63) - 1
    bounds = [signed(c, 64), signed(x, 64), n >= 0]
    # The products by n are named, with what is known of them, so that the rest is linear.
    return [
        ([*bounds, n <= _LIMIT], z3.And(low * n <= c * n, c * n <= high * n)),
        ([low * n <= product, product <= high * n, n <= _LIMIT, n >= 0, signed(x, 64)], signed(product + x, 256)),
        # n' = n + 1: a quotient beyond int64 would leave a remainder of the wrong sign.
        (
            [low * n <= product, product <= high * n, n >= 0, low <= x, x <= high],
            z3.And(low * (n + 1) <= product + x, product + x <= high * (n + 1)),
        ),
        ([n > 0, low * n <= product, product <= high * n, truncated(q, product, n)], z3.And(low <= q, q <= high)),
        # n' = n = 2^191: the quotient is c, or one nearer to zero.
        (
            [*bounds, truncated(q, c * _LIMIT + x, _LIMIT)],
            z3.And(signed(q, 64), z3.Or(q == c, q == c - 1, q == c + 1)),
        ),
    ]


def _distance() -> list[Lemma]:
    x, c, q, square, total, n = z3.Ints("x c q square total n")
    return [
        (
            [signed(x, 64), signed(c, 64)],
            z3.And(signed(x - c, 65), (x - c) * (x - c) >= 0, (x - c) * (x - c) < 1 << 128),
        ),
        ([square >= 0, square < 1 << 128, truncated(q, square, TO_FLOAT)], z3.And(q >= 0, q < 1 << 99)),
        ([n >= 0, n < MOST_FEATURES, total >= 0, total <= n * (1 << 99)], unsigned(total, 256)),
    ]


_CLAIMS = (
    call_claim(
        "moving average",
        "order of checks, norm bounds; (c * n + x) / n' in each lane of the slot; n' = n + 1 below 2^191",
        f"2 features; {ALL_CALLERS}; c int64, n <= 2^191",
        _NAME,
        "update",
        centroid_update,
    ),
    call_claim(
        "distance and argmin",
        "the class with the smallest sum of (x - c)^2 / 10^9, the lowest label among equals; malformed words revert",
        "2 classes of 1 feature; any value and words of calldata; c int64",
        _NAME,
        "predict",
        centroid_predict,
    ),
    integer_claim(
        "moving average: exact",
        "c * n + x never wraps, and its quotient by n' fits int64, so that packing cuts nothing off",
        "c, x int64, n <= 2^191, n' = n + 1 or n = 2^191",
        f"contracts/src/models/{_NAME}.sol: _moveCentroid",
        _moving_average,
    ),
    integer_claim(
        "distance: exact",
        "(x - c)^2, its quotient by 10^9 and their sum never wrap, for fewer than 2^64 features",
        "x, c int64",
        f"contracts/src/models/{_NAME}.sol: _distance, _scaledSquare",
        _distance,
    ),
)

VERIFY = VerifyModel(generator=NearestCentroidGenerator, faults=_FAULTS, claims=_CLAIMS)
