"""Starts, steps, faults and claims of a naive Bayes classifier."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from typing import Any, ClassVar

from dcai.evm.hashing import mapping_slot, word_hash
from dcai.fixed import TO_FLOAT
from dcai.models import NaiveBayes
from dcai.verify.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.fault import parse_faults
from dcai.verify.generator import Generator
from dcai.verify.layer import VerifyModel
from dcai.verify.numbers import INDICES, INT64_MAX, NEGATIVE, ONE, UINT32_MAX, UINT64_MAX, between
from dcai.verify.proof.contracts import Setting, call_claim, lanes, payable, unknown, wide
from dcai.verify.proof.integers import Lemma, integer_claim, truncated, unsigned
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, conforms, returns
from dcai.verify.step import Step

__all__ = ["VERIFY"]

_NAME = "NaiveBayes"

_SAMPLES = (0, 0, 1, 1, 2, 3, 7, 100, 2**32, 2**63, UINT64_MAX - 1, UINT64_MAX)
_COUNTS = (0, 1, 1, 2, 3, 5, 100, 2**31, UINT32_MAX - 1, UINT32_MAX)
_TOO_LARGE = (2**32, 2**32 + 1, 2**62, INT64_MAX)
_MOST_CLASSES = 5
_ALL_INDICES = sorted(set(INDICES))
#: Two features that mirrored classes have the other way round.
_MIRRORED = (200_000, 200_001)


class NaiveBayesGenerator(Generator):
    """Equal scores, scores that rounding alone tells apart, mantissas at their bounds, counts that are full."""

    KINDS: ClassVar = {
        "update": 30,
        "learn_again": 8,
        "predict": 14,
        "predict_a_class": 8,
        "predict_mirrored": 8,
        "refused_update": 7,
        "refused_predict": 5,
        "add_class": 3,
        "add_mirrored_class": 6,
        "initialize_counts": 4,
    }

    def start(self) -> NaiveBayes:
        """Classes as a constructor makes them, or with any totals."""
        rng = self.rng
        classes = rng.choice((1, 2, 2, 3, 4))
        names, counts = self.names(classes), [dict(self._pairs()) for _ in range(classes)]
        if rng.randrange(3) == 0:
            counts[-1] = dict(counts[0])
        samples = [rng.choice(_SAMPLES) for _ in range(classes)]
        model = NaiveBayes(samples, counts, self._num_features(), self._smoothing(), classifications=names)
        if rng.randrange(2):
            return model
        # Totals of which counts were replaced.
        least = [sum(each.values()) for each in model.feature_counts]
        totals = rng.choice(([UINT64_MAX] * classes, [each + between(rng, 0, UINT64_MAX - each) for each in least]))
        state = {**model.state(), "total_feature_counts": totals}
        extreme = rng.randrange(5)
        if extreme == 0:  # scores that shrink by two digits for each feature that a class has not
            tiny = [UINT64_MAX - rng.choice((0, 1, 2**40)) for _ in names]
            few = [rng.choice((1, 2, 3, 2**63)) for _ in names]
            state |= {"num_samples": few, "total_feature_counts": tiny, "smoothing_factor": 1}
        elif extreme == 1:  # scores that grow
            ones = [{rng.choice(INDICES): 1} for _ in names]
            full = [rng.choice((2**63, UINT64_MAX, UINT64_MAX - 1)) for _ in names]
            state |= {"num_samples": full, "feature_counts": ones, "total_feature_counts": [1] * classes}
            state |= {"smoothing_factor": UINT32_MAX, "total_num_features": 0}
        return NaiveBayes.restore(state, names, ())

    def _smoothing(self) -> int:
        return self.rng.choice((0, 0, 1, ONE, ONE, ONE, ONE - 1, UINT32_MAX, between(self.rng, 0, UINT32_MAX)))

    def _num_features(self) -> int:
        return self.rng.choice((0, 1, 1, 2, 9, 1000, 2**32, UINT64_MAX, between(self.rng, 0, UINT64_MAX)))

    def _pairs(self) -> list[tuple[int, int]]:
        rng = self.rng
        indices = rng.sample(_ALL_INDICES, rng.choice((0, 1, 1, 3, 5, 7)))
        return [(index, rng.choice((*_COUNTS, rng.randint(0, UINT32_MAX)))) for index in indices]

    def sample(self, model: Any) -> list[int]:
        """Indices in any order, some more than once, half of them of features that a class has; now and then many."""
        rng = self.rng
        held = list(rng.choice(model.feature_counts)) or [0]
        pools = (INDICES, held, held, [rng.choice(held)])
        count = rng.choice((0, 1, 1, 2, 3, 5, 8, 8)) if rng.randrange(20) else rng.randint(40, 150)
        pool = rng.choice(pools)
        return [rng.choice(pool) for _ in range(count)]

    def refused_sample(self, model: Any) -> list[int]:
        """One or two indices that are negative or too large among the others."""
        sample = self.sample(model)
        for _ in range(self.rng.choice((1, 1, 2))):
            sample.insert(self.rng.randint(0, len(sample)), self.rng.choice((*NEGATIVE, *_TOO_LARGE)))
        return sample

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Counts that it takes, or with one thing wrong."""
        rng = self.rng
        classes = rng.choice((1, 2, 3))
        names, samples = self.names(classes), [rng.choice(_SAMPLES) for _ in range(classes)]
        counts = [self._some_pairs(4) for _ in range(classes)]
        num_features = self._num_features()
        fault = rng.randrange(6)
        if fault == 0:
            rng.choice((names, samples, counts)).pop()
        elif fault == 1:
            names, samples, counts = [], [], []
        elif fault == 2:
            num_features = rng.choice((2**64, 2**64 + 1, 2**255))
        return names, samples, counts, num_features, self._smoothing()

    def _some_pairs(self, one_in: int) -> list[tuple[int, ...]]:
        """Return pairs; sometimes insert a malformed row or repeat a feature."""
        rng = self.rng
        pairs: list[tuple[int, ...]] = [*self._pairs()]
        if rng.randrange(one_in) == 0:
            again = (pairs[0][0], rng.choice(_COUNTS)) if pairs else (0, 0)
            pairs.insert(rng.randint(0, len(pairs)), rng.choice(((), (1,), (1, 2, 3), again, again)))
        return pairs

    def owner_call(self, model: Any) -> Step:
        """A class, or counts."""
        step = self.rng.choice((self.initialize_counts, self.add_class, self.add_feature_indices))(model)
        return step or Step("addClass", args=(1, ((1,),), "new"))

    def learn_again(self, model: Any) -> Step:
        """The features that a class has, one of them twice."""
        k = self.rng.randrange(len(model.num_samples))
        held = list(model.feature_counts[k])[:8]
        return Step("update", (*held, *held[:1]), k)

    def predict_a_class(self, model: Any) -> Step:
        """The features that a class has."""
        return Step("predict", tuple(self.rng.choice(model.feature_counts))[:8])

    def predict_mirrored(self, model: Any) -> Step:  # all kinds are called in the same way
        """The features by which mirrored classes differ, as often as each other."""
        pair = self.rng.choice((_MIRRORED, _MIRRORED[::-1]))
        return Step("predict", pair * self.rng.choice((1, 1, 2, 3, 20)))

    def add_class(self, model: Any) -> Step | None:
        """A class, which may be like another, or is refused."""
        rng = self.rng
        if len(model.num_samples) >= _MOST_CLASSES:
            return None
        k = rng.randrange(len(model.num_samples))
        like = (model.num_samples[k], tuple(model.feature_counts[k].items()))
        samples, pairs = rng.choice((like, (rng.choice(_SAMPLES), tuple(self._some_pairs(4)))))
        return Step("addClass", args=(samples, pairs, self.names(1)[0]))

    def add_mirrored_class(self, model: Any) -> Step | None:
        """A class whose two counts an earlier one has the other way round: the scores are equal but for rounding."""
        rng = self.rng
        if len(model.num_samples) >= _MOST_CLASSES:
            return None
        pair = (rng.choice((rng.randint(1, 1000), UINT32_MAX)), rng.randint(1, UINT32_MAX))
        samples = rng.choice((1, 3, 2**63 + 1))
        for k, counts in enumerate(model.feature_counts):
            if all(counts.get(index) for index in _MIRRORED) and len(counts) == len(_MIRRORED):
                pair, samples = (counts[_MIRRORED[1]], counts[_MIRRORED[0]]), model.num_samples[k]
        return Step("addClass", args=(samples, tuple(zip(_MIRRORED, pair, strict=True)), "mirrored"))

    def initialize_counts(self, model: Any) -> Step:
        """Counts for one class, some of which it has."""
        known = self.rng.randrange(len(model.num_samples))
        label = known if self.rng.randrange(5) else self._unknown(model)
        return Step("initializeCounts", args=(tuple(self._some_pairs(4)), label))


# -- faults -- #

_FAULTS = parse_faults(
    _NAME,
    """
bayes: the last of equal classes wins | comparison
- if (score > largest) {
+ if (score >= largest) {

bayes: anyone may update | missing check
- function update(int64[] calldata data, uint64 classification) external onlyOwner {
+ function update(int64[] calldata data, uint64 classification) external {

bayes: anyone may set counts | missing check
- uint64 classification
-     ) external onlyOwner {
+ uint64 classification
+     ) external {

bayes: update does not check the indices | missing check
- _requireIndices(data);
-         bytes32 slot = _slotOf(info);
+ bytes32 slot = _slotOf(info);

bayes: looks at the indices before the label | order of errors
- ClassInfo storage info = _classInfo(classification);
-         _requireIndices(data);
+ _requireIndices(data);
+         ClassInfo storage info = _classInfo(classification);

bayes: the number of samples wraps beyond uint64 | overflow that wraps
- _setTotals(slot, numSamples.toUint64(),
+ _setTotals(slot, uint64(numSamples),

bayes: the total wraps beyond uint64 | overflow that wraps
- (uint256(total.toUint64()) << 64)
+ (uint256(uint64(total)) << 64)

bayes: a count wraps beyond uint32 | overflow that wraps
- (count.value + 1).toUint32()
+ uint32(count.value + 1)

bayes: does not count the sample | lost write
- uint256(info.numSamples) + 1;
+ uint256(info.numSamples);

bayes: a sample adds one to the total | wrong operand
- totalFeatureCount + data.length
+ totalFeatureCount + 1

bayes: learning leaves out the first feature | off by one
- for (uint256 i = 0; i < data.length; ++i) {
-                 StorageSlot.Uint256Slot storage count
+ for (uint256 i = 1; i < data.length; ++i) {
+                 StorageSlot.Uint256Slot storage count

bayes: the score leaves out the last feature | off by one
- for (uint256 i = 0; i < data.length; ++i) {
-                 uint256 count =
+ for (uint256 i = 0; i + 1 < data.length; ++i) {
+                 uint256 count =

* bayes: rounds a score up | rounding
- (mantissa * (SCALE * count + smoothing)).quotient
+ (mantissa * (SCALE * count + smoothing) + denominator - 1).quotient

bayes: a count is no fixed-point number | wrong scale
- (SCALE * count + smoothing)
+ (count + smoothing)

bayes: a mantissa has a bit less | wrong normalisation bound
- MANTISSA_BITS = 128;
+ MANTISSA_BITS = 127;

* bayes: at most one digit is made up for | wrong normalisation bound
- while (mantissa >> MANTISSA_BITS == 0) {
+ if (mantissa >> MANTISSA_BITS == 0) {

bayes: a mantissa that shrinks keeps its exponent | wrong shift
-                     ++exponent;

bayes: a mantissa that grows keeps its exponent | wrong shift
-                     --exponent;

bayes: compares the mantissas alone | lost read
- return (exponent << (MANTISSA_BITS + DIGIT_BITS)) | mantissa;
+ return mantissa;

bayes: a class without samples has a score | lost read
- uint256(info.numSamples) << MANTISSA_BITS
+ uint256(1) << MANTISSA_BITS

bayes: smoothes as if there were one feature | wrong operand
- uint256 smoothed = smoothing * totalNumFeatures;
+ uint256 smoothed = smoothing;

bayes: divides by a total of nothing | missing check
-             if (denominator == 0 && data.length != 0) revert NoFeatureCounts(k);

bayes: refuses a sample without features | comparison
- if (denominator == 0 && data.length != 0)
+ if (denominator == 0)

bayes: takes an index of 2^32 | wrong bound
- INDEX_BITS = 32;
+ INDEX_BITS = 33;

bayes: more counts begin a new total | lost read
- _setCounts(info, info.numSamples, info.totalFeatureCount, counts);
+ _setCounts(info, info.numSamples, 0, counts);

bayes: the constructor's total is its last count | lost write
- total += pair[1];
+ total = pair[1];

bayes: an unknown class is a panic | missing check
-         _requireClass(label, classInfos.length);
""",
)


# -- claims -- #

#: The slot of the classes.
_CLASS_INFOS = 3
#: A feature index; which one does not matter, for it only chooses slots.
_INDEX = 5


def bayes_update(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``update`` of a class on one feature that stands in the sample twice."""
    n, total, count = unknown("n", 64), unknown("total", 64), unknown("count", 32)
    base = word_hash(_CLASS_INFOS)
    feature = mapping_slot(_INDEX, base + 1)
    storage = {_CLASS_INFOS: 1, base: lanes(n, total), feature: wide(count)}
    call = setting.call("update", (0x40, 0, 2, _INDEX, _INDEX), storage)

    def beyond(bits: int, value: Any) -> Any:
        return setting.refuses("SafeCastOverflowedUintDowncast", bits, value)

    rules = [
        payable(),
        setting.only_owner(),
        Rule(n == UINT64_MAX, beyond(64, 1 << 64)),
        Rule(z3.UGT(total, UINT64_MAX - 2), beyond(64, wide(total) + 2)),
        Rule(z3.UGT(count, UINT32_MAX - 2), beyond(32, 1 << 32)),
        Rule(z3.BoolVal(True), returns(storage={base: lanes(n + 1, total + 2), feature: wide(count + 2)})),
    ]
    return conforms(call, rules, timeout_s)


def _score() -> list[Lemma]:
    m, c, s, t, n, d, f, q, e, moved, length = z3.Ints("m c s t n d f q e moved length")
    counts = [unsigned(c, 32), unsigned(s, 32), unsigned(t, 64), unsigned(n, 64)]
    mantissa = [m >= 1 << 128, m < 1 << 192]
    quotient = [*mantissa, f >= 1, f < 1 << 63, d >= 1, d < 1 << 97, truncated(q, m * f, d)]
    return [
        (counts, z3.And(TO_FLOAT * c + s < 1 << 63, TO_FLOAT * t + s * n < 1 << 97)),
        ([*mantissa, f >= 0, f < 1 << 63], unsigned(m * f, 255)),
        # Two digits more are enough, and one less.
        (quotient, z3.And(q * (1 << 128) >= 1 << 128, q < 1 << 255)),
        # A feature moves the exponent by two at most.
        (
            [e == (1 << 62) + moved, length >= 0, length < 1 << 60, -2 * length <= moved, moved <= length],
            unsigned(e, 63),
        ),
    ]


def _order() -> list[Lemma]:
    m, other, p, e, f = z3.Ints("m other p e f")
    mantissas = [m >= 1 << 128, m < 1 << 192, other >= 1 << 128, other < 1 << 192]
    words = (e * (1 << 192) + m) > (f * (1 << 192) + other)
    return [
        # p = 2^(64 (e - f)): a larger exponent is a larger score, whatever the mantissas.
        ([*mantissas, p >= 1 << 64], m * p > other),
        # The words compare as exponent, then mantissa; a score of 0 is the word 0, below all others.
        ([*mantissas, unsigned(e, 63), unsigned(f, 63)], words == z3.Or(e > f, z3.And(e == f, m > other))),
        ([*mantissas, unsigned(e, 63)], e * (1 << 192) + m > 0),
    ]


#: Bits of a digit and of a mantissa's lower bound, of a factor and of D: as 64, 128, 63 and 97 in the contract.
_DIGIT, _MANTISSA, _FACTOR, _DIVISOR = 3, 6, 2, 5
_FIRST = 9


def narrow_score(samples: int, factors: tuple[int, ...], divisor: int) -> int:
    """Return a score as ``_score`` computes it, in narrow numbers."""
    mantissa, exponent = samples << _MANTISSA, _FIRST
    for factor in factors if mantissa else ():
        mantissa = mantissa * factor // divisor
        while mantissa >> _MANTISSA == 0:
            if mantissa == 0:
                return 0
            mantissa <<= _DIGIT
            exponent -= 1
        if mantissa >> (_MANTISSA + _DIGIT):
            mantissa >>= _DIGIT
            exponent += 1
    return exponent << (_MANTISSA + _DIGIT) | mantissa if mantissa else 0


def _as_semantics(samples: int, factors: tuple[int, ...], divisor: int) -> tuple[int, int]:
    """Return mantissa and number of shifts as the text of the semantics has them, in the same narrow numbers."""
    m, k = samples << _DIGIT, 0
    for factor in (None, *factors):
        if factor is not None:
            m = m * factor // divisor
        while 0 < m < 1 << _MANTISSA:
            m, k = m << _DIGIT, k + 1
        while m >= 1 << (_MANTISSA + _DIGIT):
            m, k = m >> _DIGIT, k - 1
    return m, k


def check_narrow_scores(_timeout_s: float, score: Any = narrow_score) -> Verified | Refuted:
    """Compare the scores of all small classes and samples with the semantics, and their order with that of numbers."""
    values: dict[int, Fraction] = {}
    count = 0
    for length in range(4):
        for factors in product(range(1 << _FACTOR), repeat=length):
            for samples, divisor in product(range(1 << _DIGIT), range(1, 1 << _DIVISOR)):
                m, k = _as_semantics(samples, factors, divisor)
                word = score(samples, factors, divisor)
                expected = (_FIRST + 1 - k) << (_MANTISSA + _DIGIT) | m if m else 0
                if word != expected:
                    return Refuted(f"{samples} samples, factors {factors}, D = {divisor}: {word}, not {expected}")
                values[word] = Fraction(m) / Fraction(2) ** (_DIGIT * k)
                count += 1
    ordered = [values[word] for word in sorted(values)]
    if any(low >= high for low, high in pairwise(ordered)):
        return Refuted("the order of the words is not that of the scores")
    return Verified(f"{count:,} scores")


_CLAIMS = (
    call_claim(
        "naive Bayes update",
        "order of checks; numSamples + 1 beyond uint64, the total + 2 beyond uint64, then count + 1 beyond uint32 for "
        "each of two equal indices revert; else all three are stored",
        "2 equal indices of the first class; any sender and value; n, total uint64, count uint32",
        _NAME,
        "update",
        bayes_update,
    ),
    integer_claim(
        "naive Bayes score: exact",
        "D < 2^97 and factors < 2^63; a product never wraps; at most two digits are missing after a quotient, and at "
        "most one is too many; the exponent stays in [0, 2^63) for fewer than 2^60 features",
        "counts, smoothing uint32, totals uint64, mantissas in [2^128, 2^192)",
        f"contracts/src/models/{_NAME}.sol: _score",
        _score,
    ),
    integer_claim(
        "naive Bayes score: order",
        "of two scores m * 2^(64 e) the larger has the larger e, at equal e the larger m; so do the words that hold "
        "them, and 0 is below all",
        "mantissas in [2^128, 2^192), exponents in [0, 2^63)",
        f"contracts/src/models/{_NAME}.sol: predict, _score",
        _order,
    ),
    ProofClaim(
        "naive Bayes score, reduced width",
        "mantissa and exponent are those of the semantics, and their words are ordered as the scores",
        "exhaustive",
        f"digits of {_DIGIT} bits, mantissas of {_MANTISSA} and more, all samples of up to 3 features; at full width "
        "it is only tested",
        f"contracts/src/models/{_NAME}.sol: _score, as transcribed",
        check_narrow_scores,
    ),
)

VERIFY = VerifyModel(generator=NaiveBayesGenerator, faults=_FAULTS, claims=_CLAIMS)
