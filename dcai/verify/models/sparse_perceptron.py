"""Starts and steps of a sparse Perceptron."""

from __future__ import annotations

from typing import Any, ClassVar

from dcai.evm.hashing import mapping_slot
from dcai.models import SparsePerceptron
from dcai.verify.claim import Refuted, Unknown, Verified
from dcai.verify.fault import parse_faults
from dcai.verify.layer import VerifyModel
from dcai.verify.models.perceptron import (
    PerceptronGenerator,
    class_rules,
    intercept_and_rate,
    learning_rate,
    predicted,
)
from dcai.verify.numbers import INDICES, INT64_MAX, INT80_MAX, INT80_MIN, NEGATIVE, ONE, UINT64_MAX, between
from dcai.verify.proof.contracts import Setting, call_claim, fits, payable, sum_words, unknown, wide, wide_signed
from dcai.verify.proof.integers import MOST_FEATURES, Lemma, integer_claim, signed, unsigned
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, conforms, returns
from dcai.verify.proof.words import Word, apply, bits_of
from dcai.verify.step import Step

__all__ = ["VERIFY"]

_NAME = "SparsePerceptron"

_LARGE = (2**32, 2**32 + 1, 2**62, INT64_MAX - 1, INT64_MAX)
#: Beyond what samples can name; weights may stand there.
_BEYOND = (2**63, UINT64_MAX - 1, UINT64_MAX)


class SparsePerceptronGenerator(PerceptronGenerator):
    """Ties at a score of 0, indices that repeat, weights a step or a few from the bounds of int80."""

    KINDS: ClassVar = {
        "learn": 30,
        "update": 8,
        "push_a_weight": 10,
        "tie": 8,
        "predict": 6,
        "refused_update": 5,
        "refused_predict": 4,
        "evaluate_batch": 4,
        "initialize_weights": 4,
        "initialize_sparse_weights": 4,
    }

    def start(self) -> SparsePerceptron:
        """Few weights, small, at the bounds, or any."""
        rng = self.rng
        kind = rng.randrange(3)
        weights = {index: self._weight(kind) for index in rng.sample(sorted(set(INDICES)), rng.randint(0, 9))}
        intercept = rng.choice((0, 0, 1, -1, ONE, between(rng, INT80_MIN, INT80_MAX)))
        return SparsePerceptron(weights, intercept, learning_rate(rng), classifications=self.names(2))

    def _weight(self, kind: int) -> int:
        if kind == 0:
            return self.rng.choice((0, 1, -1, 2))
        if kind == 1:
            return self.rng.choice((INT80_MAX, INT80_MAX - 1, INT80_MIN, INT80_MIN + 1))
        return between(self.rng, INT80_MIN, INT80_MAX)

    def sample(self, model: Any) -> list[int]:  # any index will do
        """Indices in any order, some of them more than once."""
        rng = self.rng
        pool = INDICES if rng.randrange(5) else (*INDICES, *_LARGE)
        return [rng.choice(pool) for _ in range(rng.choice((0, 1, 1, 2, 3, 4, 5, 8)))]

    def refused_sample(self, model: Any) -> list[int]:
        """One or two negative indices among the others."""
        sample = self.sample(model)
        for _ in range(self.rng.choice((1, 1, 2))):
            sample.insert(self.rng.randint(0, len(sample)), self.rng.choice(NEGATIVE))
        return sample

    def constructor_arguments(self) -> tuple[Any, ...]:
        """Two classes, or another number."""
        rng = self.rng
        weights = [self._weight(rng.randrange(3)) for _ in range(rng.randint(0, 6))]
        names = self.names(rng.choice((2, 2, 2, 0, 1, 3)))
        return names, weights, between(rng, INT80_MIN, INT80_MAX), learning_rate(rng)

    def owner_call(self, model: Any) -> Step:
        """More weights, in either form, or feature indices."""
        kinds = (self.initialize_weights, self.initialize_sparse_weights, self.add_feature_indices)
        return self.rng.choice(kinds)(model) or self.initialize_weights(model)

    def push_a_weight(self, model: Any) -> Step | None:
        """Move a weight that is near a bound exactly to it, or beyond; where none is near, put one there first."""
        rng, rate = self.rng, model.learning_rate
        weights = dict(model.weights)
        near = [i for i, w in weights.items() if i <= INT64_MAX and min(INT80_MAX - w, w - INT80_MIN) <= 3 * rate]
        if near and rate and rng.randrange(3):
            i = rng.choice(near)
            up = weights[i] > 0
            # Weights at the other bound make the model wrong about the sample.
            other = [
                j for j, w in weights.items() if j <= INT64_MAX and (w < 0) is up and abs(w) >= abs(weights[i]) // 2
            ]
            times = rng.randint(1, 3)
            return Step("update", tuple([rng.choice(other or [i])] * (times + 1) + [i] * times), int(up))
        left = max(rng.randint(1, 3) * rate + rng.choice((-1, 0, 1)), 0)
        pair = (INT80_MAX - left, INT80_MIN) if rng.randrange(2) else (INT80_MIN + left, INT80_MAX)
        return Step("initializeSparseWeights", args=(((rng.choice(INDICES), pair[0]), (2**62, pair[1])),))

    def tie(self, model: Any) -> Step | None:
        """A score of exactly 0, or next to it; a weight is added first if needed."""
        intercept = model.intercept
        for index, weight in dict(model.weights).items():
            if weight and index <= INT64_MAX and intercept % weight == 0 and 0 < -(intercept // weight) <= 8:
                return Step("predict", (index,) * -(intercept // weight))
        if intercept == 0:
            return Step("predict", ())
        if intercept >= -INT80_MAX:
            weight = -intercept + self.rng.choice((0, 0, 0, 1, -1))
            if INT80_MIN <= weight <= INT80_MAX:
                return Step("initializeSparseWeights", args=(((self.rng.choice(INDICES), weight),),))
        return None

    def evaluate_batch(self, model: Any) -> Step:
        """Rows with labels, not all of which are classes, and now and then one too few."""
        rng = self.rng
        rows = tuple(
            tuple(self.sample(model) if rng.randrange(8) else self.refused_sample(model))
            for _ in range(rng.randint(0, 4))
        )
        count = max(len(rows) + rng.choice((0, 0, 0, 0, 1, -1)), 0)
        return Step("evaluateBatch", args=(rows, tuple(rng.choice((0, 1, 0, 1, 2, UINT64_MAX)) for _ in range(count))))

    def initialize_weights(self, model: Any) -> Step:  # all kinds are called in the same way
        """Weights of consecutive features, up to the last that there can be and beyond."""
        rng = self.rng
        start = rng.choice((*INDICES, 2**32, 2**63 - 1, 2**63, 2**64 - 3, 2**64 - 2, 2**64 - 1))
        return Step(
            "initializeWeights", args=(start, tuple(self._weight(rng.randrange(3)) for _ in range(rng.randint(0, 5))))
        )

    def initialize_sparse_weights(self, model: Any) -> Step:  # as above
        """Weights by index, some of them in rows that are refused."""
        rng = self.rng
        rows: list[tuple[int, ...]] = [
            (rng.choice((*INDICES, *_LARGE, *_BEYOND)), self._weight(rng.randrange(3)))
            for _ in range(rng.randint(0, 5))
        ]
        if rng.randrange(3) == 0:
            bad = rng.choice(((), (1,), (1, 2, 3), (-1, 0), (INT80_MIN, 5), (2**64, 0), (INT80_MAX, 5)))
            rows.insert(rng.randint(0, len(rows)), bad)
        return Step("initializeSparseWeights", args=(tuple(rows),))


# -- faults -- #

_FAULTS = parse_faults(
    _NAME,
    """
sparse: moves away from the sample | sign
- classification == 1 ? rate : -rate
+ classification == 1 ? -rate : rate

sparse: weights wrap beyond int80 | overflow that wraps
- uint80((weight + step).toInt80())
+ uint80(uint256(weight + step))

sparse: -1 is no negative index | comparison | src/libraries/SparseData.sol
- if (signedIndex < 0)
+ if (signedIndex < -1)

sparse: indices must be below 2^32 | wrong bound
- INDEX_BITS = 63
+ INDEX_BITS = 32

sparse: the score leaves out the last index | off by one
- for (uint256 i = 0; i < data.length; ++i) {
-                 score
+ for (uint256 i = 0; i + 1 < data.length; ++i) {
+                 score

sparse: learning leaves out the first index | off by one
- for (uint256 i = 0; i < data.length; ++i) {
-                 StorageSlot
+ for (uint256 i = 1; i < data.length; ++i) {
+                 StorageSlot

sparse: update does not check the label | missing check
-         _requireClass(classification);
-         if (_classOf
+         if (_classOf

sparse: looks at the indices before the label | order of errors
- _requireClass(classification);
-         if (_classOf(_score(data)) != classification) {
+ uint64 predicted = _classOf(_score(data));
+         _requireClass(classification);
+         if (predicted != classification) {

sparse: anyone may update | missing check
- function update(int64[] calldata data, uint64 classification) external onlyOwner {
+ function update(int64[] calldata data, uint64 classification) external {

sparse: the intercept does not count | lost read
- score = intercept;
+ score = 0;

sparse: the last weight of all cannot be set | comparison
- if (someWeights.length > room)
+ if (someWeights.length >= room)

sparse: label 2 is a class | comparison | src/models/Perceptron.sol
- if (label >= NUM_CLASSES)
+ if (label > NUM_CLASSES)

* sparse: a score of 0 is class 1 | comparison | src/models/Perceptron.sol
- score > 0 ? 1 : 0
+ score >= 0 ? 1 : 0
""",
)


# -- claims -- #

#: The slot of the weights.
_WEIGHTS = 3
#: A feature index; which one does not matter, for it only chooses slots.
_INDEX = 5


def sparse_update(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``update`` of a sparse Perceptron on three indices, the first of which repeats."""
    weights = {index: unknown(f"w{index}", 80) for index in (_INDEX, 2)}
    slots = {index: mapping_slot(index, _WEIGHTS) for index in weights}
    intercept, rate, rate_slot = intercept_and_rate()
    sample = (_INDEX, 2, _INDEX)
    storage = {4: rate_slot, **{slots[index]: wide(weight) for index, weight in weights.items()}}
    wanted = unknown("label")
    call = setting.call("update", (0x40, wanted, len(sample), *sample), storage)
    score = sum_words([intercept, *[wide_signed(weights[index]) for index in sample]])
    rules = [payable(), *class_rules(setting, wanted), Rule(predicted(score) == wanted, returns())]
    for label, step in ((1, rate), (0, apply("SUB", 0, rate))):
        moved: dict[int, Word] = {index: wide_signed(weight) for index, weight in weights.items()}
        for index in sample:
            moved[index] = apply("ADD", moved[index], step)
            overflow = setting.refuses("SafeCastOverflowedIntDowncast", 80, moved[index])
            rules.append(Rule(z3.And(label == wanted, z3.Not(fits(moved[index], 80))), overflow))
        after = {slots[index]: wide(bits_of(weight, 79, 0)) for index, weight in moved.items()}
        rules.append(Rule(label == wanted, returns(storage=after)))
    return conforms(call, rules, timeout_s)


def _sparse_score() -> list[Lemma]:
    b, w, r, total, n = z3.Ints("b w r total n")
    largest = 1 << 79
    return [
        (
            [n >= 0, n < MOST_FEATURES, signed(b, 80), -n * largest <= total, total <= n * largest],
            signed(b + total, 256),
        ),
        ([signed(w, 80), unsigned(r, 32)], z3.And(signed(w + r, 256), signed(w - r, 256))),
    ]


_CLAIMS = (
    call_claim(
        "sparse weight step",
        "order of checks; on a mistake w + s * rate for each index in order, also one that repeats; the first that "
        "leaves int80 reverts",
        "3 indices, one twice; any sender, value and label; w, b int80, rate uint32",
        _NAME,
        "update",
        sparse_update,
    ),
    integer_claim(
        "sparse score and weight step: exact",
        "b + sum of w and w + s * rate never wrap before their cast, for fewer than 2^64 indices",
        "w, b int80, rate uint32",
        f"contracts/src/models/{_NAME}.sol: _score, _add",
        _sparse_score,
    ),
)

VERIFY = VerifyModel(generator=SparsePerceptronGenerator, faults=_FAULTS, claims=_CLAIMS)
