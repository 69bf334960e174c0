"""The claims about single calls of the contracts, each proven on the bytecode, for all values of full width.

The formulas are those of the models' semantics on words: ``x * rate`` is the EVM's product modulo 2^256, ``/`` its
signed or unsigned quotient. That nothing wraps, so that these are the formulas on integers, is what the claims of
`dcai.verify.proof.integers` say. A rule's condition is looked at only where those before it do not hold, so the order
of the rules is the order of the contract's checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

from dcai import artifacts
from dcai.evm.abi import Abi
from dcai.evm.hashing import mapping_slot, word_hash
from dcai.fixed import TO_FLOAT
from dcai.verify.proof.claim import ProofClaim, Refuted, Unknown, Verified
from dcai.verify.proof.machine import SymbolicCall
from dcai.verify.proof.mul_div import high_word, quotient_of_high, quotient_of_low
from dcai.verify.proof.solver import z3
from dcai.verify.proof.specification import Rule, by_solver, conforms, error_selector, refuses, returns
from dcai.verify.proof.words import BITS, Word, apply, bits_of, to_bits

__all__ = ["CONTRACT_CLAIMS", "Setting"]


_UNIT, _TOLERANCE = 10**18, 10**11
_COUNT_LIMIT = 1 << 191  # on purpose: a proof takes no constant from what it proves
_WEIGHTS = _CENTROIDS = _CLASS_INFOS = 3
#: A feature index of the sparse models; which one does not matter, for it only chooses slots.
_INDEX = 5


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
        """Of the contract."""
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
            {0: _wide(_OWNER), **storage},
            _wide(_CALLER),
            _VALUE,
            assumptions,
        )

    def refuses(self, name: str, *arguments: Word) -> Any:
        """Return the ending with an error of the contract."""
        return refuses(error_selector(self.abi, name), *arguments)


_OWNER, _CALLER, _VALUE = z3.BitVec("owner", 160), z3.BitVec("caller", 160), z3.BitVec("value", BITS)
_LABEL = z3.BitVec("label", BITS)


def _wide(bits: Any) -> Any:
    """Extend an unsigned number to a word."""
    return z3.ZeroExt(BITS - bits.size(), bits)


def _signed(bits: Any) -> Any:
    """Extend a signed number to a word."""
    return z3.SignExt(BITS - bits.size(), bits)


def _lanes(*numbers: Any) -> Any:
    """Pack numbers into a slot, the first in the lowest bits."""
    packed = z3.Concat(*reversed(numbers)) if len(numbers) > 1 else numbers[0]
    return _wide(packed)


def _sum(words: list[Word]) -> Word:
    return reduce(lambda a, b: apply("ADD", a, b), words)


def _fits(word: Word, bits: int) -> Any:
    return _signed(bits_of(word, bits - 1, 0)) == to_bits(word)


def _payable() -> Rule:
    return Rule(_VALUE != 0, refuses())


def _only_owner(setting: Setting) -> Rule:
    return Rule(_CALLER != _OWNER, setting.refuses("OwnableUnauthorizedAccount", _wide(_CALLER)))


def _not_normalized(setting: Setting, data: list[Any]) -> Rule:
    squared_norm = to_bits(_sum([apply("MUL", x, x) for x in data]))
    outside = z3.Or(z3.ULE(squared_norm, _UNIT - _TOLERANCE), z3.UGE(squared_norm, _UNIT + _TOLERANCE))
    return Rule(outside, setting.refuses("NotNormalized", squared_norm))


def _malformed(data: list[Any]) -> Rule:
    return Rule(z3.Or(*[z3.Not(_fits(x, 64)) for x in data]), refuses())


def _features(count: int) -> list[Any]:
    """Words of calldata where features should be, whatever they are."""
    return [z3.BitVec(f"x{i}", BITS) for i in range(count)]


# -- Perceptrons -- #


def _intercept_and_rate() -> tuple[Any, Any, Any]:
    """Return intercept and learning rate, and the slot that holds them."""
    intercept, rate = z3.BitVec("intercept", 80), z3.BitVec("learningRate", 32)
    return _signed(intercept), _wide(rate), _lanes(intercept, rate)


def _classes_of_perceptron(setting: Setting) -> list[Rule]:
    return [
        Rule(z3.UGE(_LABEL, 1 << 64), refuses()),
        _only_owner(setting),
        Rule(z3.UGE(_LABEL, 2), setting.refuses("UnknownClass", _LABEL, 2)),
    ]


def dense_update(setting: Setting, timeout_s: float, count: int = 2) -> Verified | Refuted | Unknown:
    """Check ``update`` of a dense Perceptron of up to three weights, which share a slot."""
    data, weights = _features(count), [z3.BitVec(f"w{i}", 80) for i in range(count)]
    intercept, rate, rate_slot = _intercept_and_rate()
    first = word_hash(_WEIGHTS)
    storage = {_WEIGHTS: count, 4: rate_slot, first: _lanes(*weights)}
    call = setting.call("update", (0x40, _LABEL, count, *data), storage)
    score = _sum([intercept, *[apply("MUL", _signed(w), x) for w, x in zip(weights, data, strict=True)]])
    predicted = z3.If(to_bits(score) > 0, z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS))
    rules = [
        _payable(),
        *_classes_of_perceptron(setting),
        _malformed(data),
        _not_normalized(setting, data),
        Rule(predicted == _LABEL, returns()),
    ]
    for label, step in ((1, rate), (0, apply("SUB", 0, rate))):
        moved = [
            apply("ADD", _signed(w), apply("SDIV", apply("MUL", x, step), setting.scale))
            for w, x in zip(weights, data, strict=True)
        ]
        rules += [
            Rule(
                z3.And(label == _LABEL, z3.Not(_fits(w, 80))),
                setting.refuses("SafeCastOverflowedIntDowncast", 80, w),
            )
            for w in moved
        ]
        rules.append(Rule(label == _LABEL, returns(storage={first: _lanes(*[bits_of(w, 79, 0) for w in moved])})))
    return conforms(call, rules, timeout_s)


def sparse_update(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``update`` of a sparse Perceptron on three indices, the first of which repeats."""
    weights = {index: z3.BitVec(f"w{index}", 80) for index in (_INDEX, 2)}
    slots = {index: mapping_slot(index, _WEIGHTS) for index in weights}
    intercept, rate, rate_slot = _intercept_and_rate()
    sample = (_INDEX, 2, _INDEX)
    storage = {4: rate_slot, **{slots[index]: _wide(weight) for index, weight in weights.items()}}
    call = setting.call("update", (0x40, _LABEL, len(sample), *sample), storage)
    score = _sum([intercept, *[_signed(weights[index]) for index in sample]])
    predicted = z3.If(to_bits(score) > 0, z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS))
    rules = [_payable(), *_classes_of_perceptron(setting), Rule(predicted == _LABEL, returns())]
    for label, step in ((1, rate), (0, apply("SUB", 0, rate))):
        moved: dict[int, Word] = {index: _signed(weight) for index, weight in weights.items()}
        for index in sample:
            moved[index] = apply("ADD", moved[index], step)
            overflow = setting.refuses("SafeCastOverflowedIntDowncast", 80, moved[index])
            rules.append(Rule(z3.And(label == _LABEL, z3.Not(_fits(moved[index], 80))), overflow))
        after = {slots[index]: _wide(bits_of(weight, 79, 0)) for index, weight in moved.items()}
        rules.append(Rule(label == _LABEL, returns(storage=after)))
    return conforms(call, rules, timeout_s)


# -- nearest centroid -- #


def _centroid_storage(centroids: list[list[Any]]) -> dict[int, Word]:
    first = word_hash(_CENTROIDS)
    storage: dict[int, Word] = {_CENTROIDS: len(centroids), 4: len(centroids)}
    for k, centroid in enumerate(centroids):
        storage |= {first + k: len(centroid), word_hash(first + k): _lanes(*centroid)}
    return storage


def centroid_update(setting: Setting, timeout_s: float, count: int = 2) -> Verified | Refuted | Unknown:
    """Check ``update`` of the second class of a nearest centroid classifier of up to four features."""
    data, centroid = _features(count), [z3.BitVec(f"c{i}", 64) for i in range(count)]
    n = z3.BitVec("n", BITS)
    count_slot, slot = word_hash(4) + 1, word_hash(word_hash(_CENTROIDS) + 1)
    storage = {**_centroid_storage([[z3.BitVecVal(0, 64)] * count, centroid]), count_slot: n}
    call = setting.call("update", (0x40, 1, count, *data), storage, z3.ULE(n, _COUNT_LIMIT))
    new_n = z3.If(z3.ULT(n, _COUNT_LIMIT), n + 1, n)
    rules = [_payable(), _only_owner(setting), _malformed(data), _not_normalized(setting, data)]
    # Case by case, so that the divisor is the same term as the code's.
    for condition, divisor in ((z3.ULT(n, _COUNT_LIMIT), apply("ADD", n, 1)), (z3.BoolVal(True), n)):
        moved = [
            apply("SDIV", apply("ADD", apply("MUL", _signed(c), n), x), divisor)
            for c, x in zip(centroid, data, strict=True)
        ]
        after = {slot: _lanes(*[bits_of(c, 63, 0) for c in moved]), count_slot: new_n}
        rules.append(Rule(condition, returns(storage=after)))
    return conforms(call, rules, timeout_s)


def centroid_predict(setting: Setting, timeout_s: float, count: int = 2) -> Verified | Refuted | Unknown:
    """Check ``predict`` of a nearest centroid classifier of two classes."""
    data = _features(count)
    centroids = [[z3.BitVec(f"c{k}{i}", 64) for i in range(count)] for k in range(2)]
    call = setting.call("predict", (0x20, count, *data), _centroid_storage(centroids))
    near, far = (
        to_bits(
            _sum([_scaled_square(apply("SUB", x, _signed(c)), setting.scale) for c, x in zip(row, data, strict=True)])
        )
        for row in centroids
    )
    rules = [_payable(), _malformed(data), Rule(z3.ULT(far, near), returns(1)), Rule(z3.BoolVal(True), returns(0))]
    # Each quotient is below 2^98 where the features fit 64 bits, and there are few: a claim on integers has it.
    terms = [
        _scaled_square(apply("SUB", x, _signed(c)), setting.scale)
        for row in centroids
        for c, x in zip(row, data, strict=True)
    ]
    small = z3.Implies(z3.And(*[_fits(x, 64) for x in data]), z3.And(*[z3.ULT(to_bits(t), 1 << 98) for t in terms]))
    # Of the quotients the solver knows nothing, so it must be told.
    return conforms(SymbolicCall(**{**vars(call), "assumptions": (small,)}), rules, timeout_s)


def _scaled_square(difference: Word, scale: int) -> Word:
    return apply("DIV", apply("MUL", difference, difference), scale)


# -- sparse nearest centroid -- #


def _true_values(value: Any, count: Any, n: Any) -> list[tuple[Any, Word]]:
    """Return the value that is stored and the one that is scaled, and when each is the true one."""
    scaled = apply("DIV", apply("MUL", _wide(value), _wide(count)), _wide(n))
    return [(count == n, _wide(value)), (count != n, scaled)]


def _class_storage(k: int, n: Any, magnitude: Any, value: Any, count: Any) -> dict[int, Word]:
    base = word_hash(_CLASS_INFOS) + 3 * k
    return {base: _wide(n), base + 1: magnitude, mapping_slot(_INDEX, base + 2): _lanes(value, count)}


def _class_unknowns(k: int) -> tuple[Any, Any, Any, Any]:
    return (
        z3.BitVec(f"n{k}", 64),
        z3.BitVec(f"squaredMagnitude{k}", BITS),
        z3.BitVec(f"v{k}", 64),
        z3.BitVec(f"m{k}", 64),
    )


def true_value(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``getCentroidValue``: the value that is scaled lazily."""
    n, magnitude, value, count = _class_unknowns(0)
    storage = {_CLASS_INFOS: 1, **_class_storage(0, n, magnitude, value, count)}
    call = setting.call("getCentroidValue", (0, _INDEX), storage)
    true = [Rule(when, returns(_wide(bits_of(word, 63, 0)))) for when, word in _true_values(value, count, n)]
    return conforms(call, [_payable(), *true], timeout_s)


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
                        _sum(
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
    rules = [_payable()]
    for (one, near), (other, far) in product(*distances):
        rules += [Rule(z3.And(one, other, far < near), returns(1)), Rule(z3.And(one, other), returns(0))]
    return conforms(call, rules, timeout_s)


def saturating_sub(a: Word, b: Word) -> Word:
    """Return a - b, or 0 where b is larger, as ``Math.trySub`` tells it: by the difference, which then wraps."""
    difference = apply("SUB", a, b)
    return apply("MUL", apply("ISZERO", apply("GT", difference, a)), difference)


def saturates(_setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check that `saturating_sub` is max(a - b, 0)."""
    a, b = z3.BitVec("a", BITS), z3.BitVec("b", BITS)
    expected = z3.If(z3.UGE(a, b), a - b, z3.BitVecVal(0, BITS))
    return by_solver(to_bits(saturating_sub(a, b)) != expected, timeout_s=timeout_s)


def lazy_update(setting: Setting, timeout_s: float) -> Verified | Refuted | Unknown:
    """Check ``update`` of a sparse nearest centroid classifier on one feature."""
    n, magnitude, value, count = _class_unknowns(0)
    base = word_hash(_CLASS_INFOS)
    storage = {_CLASS_INFOS: 1, **_class_storage(0, n, magnitude, value, count)}
    call = setting.call("update", (0x40, 0, 1, _INDEX), storage)
    wide_n = _wide(n)
    new_n = _wide(n + 1)  # where n + 1 leaves 64 bits, nothing is stored
    rules = [
        _payable(),
        _only_owner(setting),
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


def _claim(name: str, statement: str, widths: str, contract: str, function: str, check: Any) -> ProofClaim:
    return ProofClaim(
        name,
        statement,
        "SMT on the bytecode",
        widths,
        f"bytecode of contracts/src/models/{contract}.sol: {function}",
        lambda timeout_s: check(Setting(contract), timeout_s),
    )


_ALL_CALLERS = "any sender, value, label and words of calldata"

CONTRACT_CLAIMS = (
    _claim(
        "dense weight step",
        "order of checks; 10^18 - 10^11 < sum of x^2 < 10^18 + 10^11; on a mistake w + (x * s * rate) / 10^9 in each "
        "lane of the slot, the first that leaves int80 reverts; else nothing changes",
        f"2 features; {_ALL_CALLERS}; w, b int80, rate uint32",
        "DensePerceptron",
        "update",
        dense_update,
    ),
    _claim(
        "sparse weight step",
        "order of checks; on a mistake w + s * rate for each index in order, also one that repeats; the first that "
        "leaves int80 reverts",
        "3 indices, one twice; any sender, value and label; w, b int80, rate uint32",
        "SparsePerceptron",
        "update",
        sparse_update,
    ),
    _claim(
        "moving average",
        "order of checks, norm bounds; (c * n + x) / n' in each lane of the slot; n' = n + 1 below 2^191",
        f"2 features; {_ALL_CALLERS}; c int64, n <= 2^191",
        "NearestCentroidClassifier",
        "update",
        centroid_update,
    ),
    _claim(
        "distance and argmin",
        "the class with the smallest sum of (x - c)^2 / 10^9, the lowest label among equals; malformed words revert",
        "2 classes of 1 feature; any value and words of calldata; c int64",
        "NearestCentroidClassifier",
        "predict",
        lambda setting, timeout_s: centroid_predict(setting, timeout_s, count=1),
    ),
    _claim(
        "lazy value",
        "v where m = n, else v * m / n",
        "v, m, n uint64",
        "SparseNearestCentroidClassifier",
        "getCentroidValue",
        true_value,
    ),
    _claim(
        "lazy distance and argmin",
        "the class with the smallest sq + 10^9 * (10^9 - 2 * p), compared with sign, p the lazy value; the lowest "
        "label among equals",
        "2 classes, 1 feature; v, m, n uint64, sq uint256",
        "SparseNearestCentroidClassifier",
        "predict",
        lazy_predict,
    ),
    _claim(
        "lazy update",
        "v = (n * p + 10^9) / (n + 1) stored with n + 1; sq = mulDiv(max(sq - p^2, 0), n^2, (n + 1)^2) + v^2, mulDiv "
        "as transcribed; n + 1 beyond uint64 reverts",
        "1 feature; any sender and value; v, m, n uint64, sq uint256",
        "SparseNearestCentroidClassifier",
        "update",
        lazy_update,
    ),
    ProofClaim(
        "saturating difference",
        "the difference that the code takes is max(a - b, 0)",
        "SMT on the bytecode",
        "a, b uint256",
        "@openzeppelin/contracts/utils/math/Math.sol: trySub, as transcribed for the lazy update",
        lambda timeout_s: saturates(Setting("SparseNearestCentroidClassifier"), timeout_s),
    ),
)
