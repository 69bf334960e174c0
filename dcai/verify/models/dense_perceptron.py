"""Starts and steps of a dense Perceptron."""

from __future__ import annotations

from math import isqrt
from typing import Any, ClassVar

from dcai.evm import Evm
from dcai.evm.hashing import word_hash
from dcai.fixed import TO_FLOAT
from dcai.models import DensePerceptron
from dcai.verify.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.fault import parse_faults
from dcai.verify.layer import VerifyModel
from dcai.verify.models.perceptron import (
    PerceptronGenerator,
    class_rules,
    intercept_and_rate,
    learning_rate,
    predicted,
)
from dcai.verify.numbers import (
    INT64_MAX,
    INT64_MIN,
    INT80_MAX,
    INT80_MIN,
    ONE,
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
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, conforms, returns
from dcai.verify.proof.square_root import check_roots
from dcai.verify.proof.words import apply, bits_of
from dcai.verify.step import Step

__all__ = ["VERIFY"]

_NAME = "DensePerceptron"

#: Slots hold three weights; more than a few of them say nothing new.
_LONGEST = 12


class DensePerceptronGenerator(PerceptronGenerator):
    """Ties at a score of 0, weights a step from the bounds of int80, quotients that must be rounded."""

    KINDS: ClassVar = {
        "learn": 30,
        "update": 8,
        "norm_at_its_bounds": 6,
        "push_a_weight": 10,
        "tie": 8,
        "predict": 6,
        "refused_update": 6,
        "refused_predict": 4,
        "initialize_weights": 3,
    }

    def start(self) -> DensePerceptron:
        """Weights in pairs at both bounds, all small so that scores tie, or any."""
        rng = self.rng
        length = rng.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9))
        kind = rng.randrange(4)
        if kind == 0:  # the second of each pair makes the model wrong about samples that push the first
            near = (INT80_MAX - rng.choice((0, 1, rng.getrandbits(33))), INT80_MIN + rng.choice((0, 1, 5)))
            order = near if rng.randrange(2) else (near[1], near[0])
            weights = [order[i % 2] for i in range(length)]
        elif kind == 1:
            weights = [rng.choice((0, 1, -1, 2)) for _ in range(length)]
        else:
            weights = [between(rng, INT80_MIN, INT80_MAX) for _ in range(length)]
        intercept = rng.choice((0, 0, 1, -1, ONE, -ONE, between(rng, INT80_MIN, INT80_MAX)))
        return DensePerceptron(weights, intercept, learning_rate(rng), classifications=self.names(2))

    def sample(self, model: Any) -> list[int]:
        """A unit sample of the model's length."""
        return unit_sample(self.rng, len(model.weights))

    def refused_sample(self, model: Any) -> list[int]:
        """Another length, or another norm."""
        length = len(model.weights)
        if self.rng.randrange(2):
            return wild_sample(self.rng, length)
        other = self.rng.choice((0, max(length - 1, 0), length + 1, length + 3))
        return self.rng.choice((unit_sample, wild_sample))(self.rng, other)

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Two classes, or another number."""
        start = self.start()
        names = self.names(self.rng.choice((2, 2, 2, 0, 1, 3)))
        return names, [int(weight) for weight in start.weights], start.intercept, start.learning_rate

    def owner_call(self, model: Any) -> Step:
        """More weights."""
        step = self.rng.choice((self.initialize_weights, self.add_feature_indices))(model)
        return step or Step("addFeatureIndices", args=((1,),))

    def norm_at_its_bounds(self, model: Any) -> Step:
        """A sample that is only just accepted, or only just refused."""
        return self.mistaken(model, unit_sample(self.rng, len(model.weights), accepted=False))

    def push_a_weight(self, model: Any) -> Step | None:
        """Move a weight that is near a bound of int80 exactly to it, one short of it, or one beyond."""
        rng, weights, rate = self.rng, [int(weight) for weight in model.weights], model.learning_rate
        near = [i for i, w in enumerate(weights) if min(INT80_MAX - w, w - INT80_MIN) <= 2 * rate]
        if not near or len(weights) < 2 or not rate:
            return None
        i = rng.choice(near)
        up = weights[i] > 0
        left = INT80_MAX - weights[i] if up else weights[i] - INT80_MIN
        x = min(-(-(left + rng.choice((-1, 0, 1))) * ONE // rate), ONE)
        # The feature of another weight brings the norm to 1 and, where that weight is at the other bound, the mistake.
        j = rng.choice([j for j in range(len(weights)) if j != i])
        sample = [0] * len(weights)
        sample[i], sample[j] = x, isqrt(max(ONE * ONE - x * x, 0))
        return Step("update", tuple(sample), int(up))

    def tie(self, model: Any) -> Step | None:
        """A score of exactly 0, or next to it."""
        weights = [int(weight) for weight in model.weights]
        for i, weight in enumerate(weights):
            if weight and model.intercept % weight == 0:
                x = -(model.intercept // weight) + self.rng.choice((0, 0, 1, -1))
                if INT64_MIN <= x <= INT64_MAX:
                    sample = [0] * len(weights)
                    sample[i] = x
                    return Step("predict", tuple(sample))
        if not any(weights):
            return self.update(model)  # every score is the intercept
        return None

    def initialize_weights(self, model: Any) -> Step | None:
        """More weights, which share a slot with the last ones."""
        if len(model.weights) > _LONGEST:
            return None
        weights = tuple(between(self.rng, INT80_MIN, INT80_MAX) for _ in range(self.rng.randint(0, 4)))
        return Step("initializeWeights", args=(weights,))


# -- faults -- #

_FAULTS = parse_faults(
    _NAME,
    """
dense: moves away from the sample | sign
- classification == 1 ? rate : -rate
+ classification == 1 ? -rate : rate

* dense: rounds a step toward minus infinity | rounding | src/libraries/DenseWeights.sol
- word.get(1) + (x1 * rate) / int256(uint256(SCALE))
+ word.get(1) + (x1 * rate) / int256(uint256(SCALE)) - ((x1 * rate) % int256(10 ** 9) < 0 ? int256(1) : int256(0))

dense: moves the third weight of a slot by the second feature | swapped index | src/libraries/DenseWeights.sol
- word.get(2) + (x2 * rate)
+ word.get(2) + (x1 * rate)

dense: divides by a tenth of the scale | wrong scale | src/libraries/DenseWeights.sol
- word.get(0) + (x0 * rate) / int256(uint256(SCALE))
+ word.get(0) + (x0 * rate) / int256(10 ** 8)

dense: update does not check the length | missing check
- _requireDimension(data);
-         _requireClass(classification);
+ _requireClass(classification);

dense: looks at the label before the length | order of errors
- _requireDimension(data);
-         _requireClass(classification);
+ _requireClass(classification);
+         _requireDimension(data);

dense: anyone may update | missing check
- function update(int64[] calldata data, uint64 classification) external onlyOwner {
+ function update(int64[] calldata data, uint64 classification) external {

dense: anyone may append weights | missing check
- initializeWeights(int80[] memory moreWeights) external onlyOwner
+ initializeWeights(int80[] memory moreWeights) external

dense: takes words that are no int64 | missing check | src/libraries/DenseWeights.sol
-             DenseData.requireInt64(x0, x1, x2);

dense: brings the intercept to the scale of the products | wrong scale
- score = intercept;
+ score = int256(intercept) * 10 ** 9;

dense: leaves out the last feature when it learns | off by one
- an array overflow.
-         unchecked {
-             uint256 end = data.end()
+ an array overflow.
+         unchecked {
+             uint256 end = data.end() - (data.length > 0 ? DenseData.FEATURE : 0)

dense: takes a squared norm that is exactly too small | comparison | src/libraries/Norm.sol
- squaredNorm <= UNIT - TOLERANCE
+ squaredNorm < UNIT - TOLERANCE

dense: a score of 0 is class 1 | comparison | src/models/Perceptron.sol
- score > 0 ? 1 : 0
+ score >= 0 ? 1 : 0

* dense: weights wrap beyond int80 | overflow that wraps | src/libraries/PackedInt80.sol
- if (shifted >> 80 != 0) {
+ if (shifted >> 81 != 0) {

dense: appending forgets the weights that share the slot | lost write | src/libraries/PackedArray.sol
- uint256 word = shift == 0 ? 0 : slot.getUint256Slot().value;
+ uint256 word = 0;
""",
)


# -- claims -- #

#: The slot of the weights.
_WEIGHTS_SLOT = 3


def dense_update(setting: Setting, timeout_s: float, count: int = 2) -> Verified | Refuted | Unknown:
    """Check ``update`` of a dense Perceptron of up to three weights, which share a slot."""
    data, weights = features(count), [unknown(f"w{i}", 80) for i in range(count)]
    intercept, rate, rate_slot = intercept_and_rate()
    first = word_hash(_WEIGHTS_SLOT)
    storage = {_WEIGHTS_SLOT: count, 4: rate_slot, first: lanes(*weights)}
    wanted = unknown("label")
    call = setting.call("update", (0x40, wanted, count, *data), storage)
    score = sum_words([intercept, *[apply("MUL", wide_signed(w), x) for w, x in zip(weights, data, strict=True)]])
    rules = [
        payable(),
        *class_rules(setting, wanted),
        malformed(data),
        setting.not_normalized(data),
        Rule(predicted(score) == wanted, returns()),
    ]
    for label, step in ((1, rate), (0, apply("SUB", 0, rate))):
        moved = [
            apply("ADD", wide_signed(w), apply("SDIV", apply("MUL", x, step), setting.scale))
            for w, x in zip(weights, data, strict=True)
        ]
        rules += [
            Rule(
                z3.And(label == wanted, z3.Not(fits(w, 80))),
                setting.refuses("SafeCastOverflowedIntDowncast", 80, w),
            )
            for w in moved
        ]
        rules.append(Rule(label == wanted, returns(storage={first: lanes(*[bits_of(w, 79, 0) for w in moved])})))
    return conforms(call, rules, timeout_s)


def _weight_step() -> list[Lemma]:
    x, r, w, q, p, product = z3.Ints("x r w q p product")
    bounds = [signed(x, 64), unsigned(r, 32)]
    size = 1 << 95
    quotients = [-size <= product, product <= size, truncated(q, product, TO_FLOAT)]
    return [
        (bounds, z3.And(-size <= x * r, x * r <= size)),
        # The new weight before its cast, and so the comparison with the bounds of int80.
        ([*quotients, signed(w, 80)], z3.And(signed(w + q, 256), signed(w - q, 256))),
        # s * (x r / 10^9), as the semantics have it, is (x (s r)) / 10^9, as the code does.
        ([*quotients, truncated(p, -product, TO_FLOAT)], p == -q),
    ]


def _score() -> list[Lemma]:
    w, x, b, total, n = z3.Ints("w x b total n")
    term, square = 1 << 142, 1 << 126
    return [
        ([signed(w, 80), signed(x, 64)], z3.And(-term <= w * x, w * x <= term)),
        ([signed(x, 64)], z3.And(x * x >= 0, x * x <= square)),
        # A sum of n terms is at most n times the largest.
        (
            [n >= 0, n < MOST_FEATURES, signed(b, 80), -n * term <= total, total <= n * term],
            signed(b + total, 256),
        ),
        ([n >= 0, n < MOST_FEATURES, total >= 0, total <= n * square], unsigned(total, 256)),
    ]


_CLAIMS = (
    call_claim(
        "dense weight step",
        "order of checks; 10^18 - 10^11 < sum of x^2 < 10^18 + 10^11; on a mistake w + (x * s * rate) / 10^9 in each "
        "lane of the slot, the first that leaves int80 reverts; else nothing changes",
        f"2 features; {ALL_CALLERS}; w, b int80, rate uint32",
        _NAME,
        "update",
        dense_update,
    ),
    integer_claim(
        "dense weight step: exact",
        "x * rate, its quotient by 10^9 and w + s * (x * rate / 10^9) never wrap; the sign may be taken inside",
        "x int64, rate uint32, w int80",
        f"contracts/src/models/{_NAME}.sol: _addScaled",
        _weight_step,
    ),
    integer_claim(
        "dense score and norm: exact",
        "b + sum of w * x and the sum of x^2 never wrap, for fewer than 2^64 features",
        "w, b int80, x int64",
        f"contracts/src/models/{_NAME}.sol: _scoreAndSquaredNorm",
        _score,
    ),
    ProofClaim(
        "integer square root, bytecode",
        "norm(x) = sqrt(sum of x^2), by the bytecode, by its transcription and by the root of the integer",
        "tested",
        "next to powers of 2 and at random, 1 to 400 features",
        f"bytecode of contracts/src/models/{_NAME}.sol: norm",
        lambda _: check_roots(Evm("revm", "osaka").place(DensePerceptron([0], 0, 1)).norm),
    ),
)

VERIFY = VerifyModel(generator=DensePerceptronGenerator, faults=_FAULTS, claims=_CLAIMS)
