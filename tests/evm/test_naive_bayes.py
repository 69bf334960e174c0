"""The contract NaiveBayes in the EVM, against plain integers and the sequences recorded from the original."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcai import artifacts
from dcai.errors import Revert
from dcai.evm import Contract
from dcai.evm.hashing import mapping_slot, word_hash
from tests.models.naive_bayes import ClassCounts, NaiveBayes, Pairs
from tests.support import bounds as n
from tests.support.engines import new_chain
from tests.support.models import recorded
from tests.support.models import strategies as s
from tests.support.models.agreement import Outcome, of_reference
from tests.support.models.reference import TO_FLOAT

ARTIFACT = artifacts.load("NaiveBayes")
STRANGER = "0x" + "05" * 20
ONE = TO_FLOAT
UINT32_MAX, UINT64_MAX = 2**32 - 1, 2**64 - 1

#: Slots of the layout that contracts deployed years ago have too.
OWNER, NAMES, FEATURE_INDICES, CLASS_INFOS, SMOOTHING_FACTOR, TOTAL_NUM_FEATURES = range(6)

SEQUENCES = recorded.load("0xdeca10b-naive-bayes.json")


def of_contract(call: Callable[[], Any]) -> Outcome:
    """The result of a call of the contract, or its error; no result where a transaction went through."""
    try:
        result = call()
    except Revert as revert:
        return revert.name, revert.args
    return "value", result if isinstance(result, int) else None


def storage_of(oracle: NaiveBayes) -> dict[int, int]:
    """The words that a model has in storage, beside owner, names and feature indices."""
    words = {
        CLASS_INFOS: len(oracle.classes),
        SMOOTHING_FACTOR: oracle.smoothing_factor,
        TOTAL_NUM_FEATURES: oracle.total_num_features,
    }
    for k, info in enumerate(oracle.classes):
        slot = word_hash(CLASS_INFOS) + 2 * k
        words[slot] = info.num_samples | info.total << 64
        words |= {mapping_slot(index, slot + 1): count for index, count in info.counts.items()}
    return {slot: word for slot, word in words.items() if word}


class Pair:
    """A contract and the oracle in step: each call has the same result or error, and leaves the same storage."""

    def __init__(self, oracle: NaiveBayes, contract: Contract) -> None:
        self.oracle = oracle
        self.contract = contract
        self.same_storage()

    @classmethod
    def created(cls, counts: Sequence[int], pairs: Sequence[Pairs], num_features: int, smoothing: int) -> Pair:
        """Both built by their constructors."""
        names = [f"class {k}" for k in range(len(counts))]
        contract = new_chain().create(ARTIFACT, names, counts, pairs, num_features, smoothing)
        return cls(NaiveBayes(counts, pairs, num_features, smoothing), contract)

    @classmethod
    def placed(cls, classes: list[ClassCounts], num_features: int, smoothing: int) -> Pair:
        """Any state: the contract's code with the storage of that state."""
        chain = new_chain()
        oracle = NaiveBayes([0], [[]], num_features, smoothing)
        oracle.classes = classes
        words = storage_of(oracle) | {OWNER: int(chain.account, 16), NAMES: len(classes)}
        chain.set_account(STRANGER, code=ARTIFACT.deployed_bytecode, storage=words)
        return cls(oracle, chain.contract(ARTIFACT, STRANGER))

    def same_storage(self) -> None:
        words = self.contract.evm.storage(self.contract.address)
        names = {word_hash(NAMES) + k for k in range(words.get(NAMES, 0))}
        others = {OWNER, NAMES, FEATURE_INDICES} | names
        assert {slot: word for slot, word in words.items() if slot not in others} == storage_of(self.oracle)

    def agree(self, contract: Callable[[], Any], oracle: Callable[[], Any]) -> Outcome:
        actual, expected = of_contract(contract), of_reference(oracle)
        assert actual == expected
        self.same_storage()
        return expected

    def predict(self, data: Sequence[int]) -> Outcome:
        return self.agree(lambda: self.contract.call("predict", data), lambda: self.oracle.predict(data))

    def update(self, data: Sequence[int], label: int) -> Outcome:
        return self.agree(lambda: self.contract.transact("update", data, label), lambda: self.oracle.learn(data, label))

    def add_class(self, num_samples: int, pairs: Pairs) -> Outcome:
        return self.agree(
            lambda: self.contract.transact("addClass", num_samples, pairs, "another"),
            lambda: self.oracle.add_class(num_samples, pairs),
        )

    def initialize_counts(self, pairs: Pairs, label: int) -> Outcome:
        return self.agree(
            lambda: self.contract.transact("initializeCounts", pairs, label),
            lambda: self.oracle.initialize_counts(pairs, label),
        )

    def same_getters(self, indices: Sequence[int]) -> None:
        call, oracle = self.contract.call, self.oracle
        for k in (*range(len(oracle.classes)), len(oracle.classes), 2**256 - 1):
            self.agree(partial(call, "getNumSamples", k), partial(oracle.num_samples, k))
            self.agree(partial(call, "getClassTotalFeatureCount", k), partial(oracle.total_feature_count, k))
            for index in indices:
                self.agree(partial(call, "getFeatureCount", k, index), partial(oracle.feature_count, k, index))
        for k, info in enumerate(oracle.classes):
            assert call("classInfos", k) == (info.num_samples, info.total)
        assert call("getNumClassifications") == len(oracle.classes)
        assert call("smoothingFactor") == oracle.smoothing_factor
        assert call("totalNumFeatures") == oracle.total_num_features


# -- recorded from the original -- #


def replay(sequence: recorded.Sequence) -> int:
    """Compare each step of a sequence with the recording and with the oracle; the number of steps."""
    init = sequence.init
    pair = Pair.created(
        init["class_counts"], init["feature_counts"], init["total_num_features"], init["smoothing_factor"]
    )
    for step in sequence.steps:
        match step["op"]:
            case "predict":
                kind, label = pair.predict(step["data"])
                assert (label if kind == "value" else None) == step["result"], step
                continue
            case "update":
                kind, _ = pair.update(step["data"], step["label"])
            case "add_class":
                kind, _ = pair.add_class(step["num_samples"], step["counts"])
            case "initialize_counts":
                kind, _ = pair.initialize_counts(step["counts"], step["class"])
        assert (kind == "value") is step["ok"], step
    final = sequence.final
    assert pair.oracle.state()[:3] == (
        final["num_samples"],
        final["total_feature_counts"],
        [{index: count for index, count in counts.items() if count} for counts in final["feature_counts"]],
    )
    pair.same_getters(sorted({index for counts in final["feature_counts"] for index in counts}))
    return len(sequence.steps)


# Collected only where the recording is there: it is no part of the project, and its absence is no reason to skip.
if SEQUENCES:

    def test_the_contract_does_as_the_original() -> None:
        assert (len(SEQUENCES), sum(replay(sequence) for sequence in SEQUENCES)) == (25, 750)


# -- every state and argument -- #

counts32 = st.one_of(st.integers(0, 30), st.sampled_from([2**16, 2**31, UINT32_MAX - 1, UINT32_MAX]))
indices = st.one_of(st.integers(0, 5), st.sampled_from([2**31, UINT32_MAX]))
bad_indices = st.sampled_from([-1, -(2**63), 2**32, 2**32 + 1, 2**63 - 1])
samples = st.one_of(
    st.lists(indices, max_size=12), st.lists(st.one_of(indices, indices, indices, bad_indices), max_size=6)
)
pair_lists = st.lists(st.tuples(indices, counts32).map(list), max_size=6)
any_pair_lists = st.one_of(pair_lists, st.lists(st.lists(counts32, max_size=3), max_size=3))


@st.composite
def placed_classes(draw: st.DrawFn) -> ClassCounts:
    counts = draw(st.dictionaries(indices, counts32.filter(bool), max_size=6))
    most = UINT64_MAX - sum(counts.values())
    rest = draw(st.one_of(st.just(0), st.integers(0, 20), st.integers(0, most), st.integers(most - 5, most)))
    return ClassCounts(draw(n.counts64), sum(counts.values()) + rest, counts)


@given(st.data())
def test_every_state_and_argument(data: st.DataObject) -> None:
    num_features, smoothing = data.draw(n.counts64), data.draw(n.uint32s)
    pair = Pair.placed(data.draw(st.lists(placed_classes(), min_size=1, max_size=4)), num_features, smoothing)
    for _ in range(data.draw(st.integers(1, 6))):
        match data.draw(st.sampled_from(["predict", "predict", "update", "update", "add", "initialize"])):
            case "predict":
                pair.predict(data.draw(samples))
            case "update":
                pair.update(data.draw(samples), data.draw(s.labels(3)))
            case "add":
                pair.add_class(data.draw(n.counts64), data.draw(any_pair_lists))
            case "initialize":
                pair.initialize_counts(data.draw(any_pair_lists), data.draw(s.labels(3)))
    pair.same_getters([0, 1, 5, UINT32_MAX])


@given(
    st.lists(st.tuples(n.counts64, any_pair_lists), max_size=3),
    n.counts64,
    n.uint32s,
    st.integers(-1, 1),
)
def test_the_constructor(classes: list[tuple[int, Pairs]], num_features: int, smoothing: int, more_names: int) -> None:
    counts, pairs = [n for n, _ in classes], [p for _, p in classes]
    names = [f"class {k}" for k in range(max(len(classes) + more_names, 0))]
    oracle: list[NaiveBayes] = []
    contract: list[Contract] = []
    args = (names, counts, pairs, num_features, smoothing)
    made = of_contract(lambda: contract.append(new_chain().create(ARTIFACT, *args)))
    assert made == of_reference(lambda: oracle.append(NaiveBayes(*args[1:], num_names=len(names))))
    if contract:
        Pair(oracle[0], contract[0]).same_getters([0, 5])


# -- the order of errors -- #


def test_the_constructor_refuses_in_order() -> None:
    def refusal(*args: Any) -> Outcome:
        return of_contract(lambda: new_chain().create(ARTIFACT, *args))

    malformed = [[[1, 2, 3]]]
    assert refusal([], [1], [], 2**64, 0) == ("NoClasses", ())
    assert refusal(["a"], [], [[], []], 2**64, 0) == ("DimensionMismatch", (1, 0))
    assert refusal(["a"], [1], [[], []], 2**64, 0) == ("DimensionMismatch", (1, 2))
    assert refusal(["a"], [1], malformed, 2**64, 0) == ("SafeCastOverflowedUintDowncast", (64, 2**64))
    assert refusal(["a"], [1], malformed, 2**64 - 1, 0) == ("MalformedPair", (0, 3))
    assert refusal(["a", "b"], [1, 1], [[[1, 2], [3]], *malformed], 0, 0) == ("MalformedPair", (1, 1))


def test_update_refuses_in_order() -> None:
    full = ClassCounts(UINT64_MAX, UINT64_MAX - 1, {7: UINT32_MAX})
    pair = Pair.placed([full], 10, ONE)
    with pytest.raises(Revert) as refused:
        pair.contract.transact("update", [-1], 1, sender="0x" + "06" * 20)
    assert refused.value.name == "OwnableUnauthorizedAccount"
    overflow = "SafeCastOverflowedUintDowncast"
    assert pair.update([7, 7, -1, 2**32], 1) == ("UnknownClass", (1, 1))
    assert pair.update([7, 7, -1, 2**32], 0) == ("NegativeIndex", (2, -1))
    assert pair.update([7, 7, 2**32, -1], 0) == ("IndexTooLarge", (2, 2**32, 2**32))
    assert pair.update([7, 7, 7], 0) == (overflow, (64, 2**64))
    pair = Pair.placed([ClassCounts(UINT64_MAX - 1, UINT64_MAX - 1, {7: UINT32_MAX, 8: UINT32_MAX - 1})], 10, ONE)
    assert pair.update([7, 7, 7], 0) == (overflow, (64, UINT64_MAX + 2))
    assert pair.update([8], 0) == ("value", None)
    pair = Pair.placed([ClassCounts(1, UINT64_MAX - 9, {7: UINT32_MAX, 8: UINT32_MAX - 1})], 10, ONE)
    assert pair.update([1, 8, 7], 0) == (overflow, (32, 2**32))
    assert pair.update([1, 8, 8], 0) == (overflow, (32, 2**32))
    assert pair.update([1, 8], 0) == ("value", None)


def test_predict_refuses_in_order() -> None:
    pair = Pair.placed([ClassCounts(1, 5, {}), ClassCounts(0), ClassCounts(1)], UINT64_MAX, 0)
    assert pair.predict([1, -1, 2**32]) == ("NegativeIndex", (1, -1))
    assert pair.predict([1, 2**32, -1]) == ("IndexTooLarge", (1, 2**32, 2**32))
    assert pair.predict([1]) == ("NoFeatureCounts", (1,))
    assert pair.predict([]) == ("value", 0)


def test_counts_are_refused_in_order() -> None:
    pair = Pair.placed([ClassCounts(1, UINT64_MAX - 5, {})], 10, ONE)
    overflow = "SafeCastOverflowedUintDowncast"
    assert pair.initialize_counts([[1]], 1) == ("UnknownClass", (1, 1))
    assert pair.initialize_counts([[1, 9], [], [1]], 0) == ("MalformedPair", (1, 0))
    assert pair.initialize_counts([[1, 9], [1, 2]], 0) == (overflow, (64, UINT64_MAX + 6))
    assert pair.initialize_counts([[1, 3], [1, 2]], 0) == ("value", None)
    assert pair.oracle.feature_count(0, 1) == 2
    assert pair.initialize_counts([[1, 0]], 0) == ("value", None)
    assert pair.add_class(UINT64_MAX, [[1, 2], [3, 4, 5]]) == ("MalformedPair", (1, 3))
    assert pair.add_class(UINT64_MAX, [[1, UINT32_MAX], [1, UINT32_MAX]]) == ("value", None)


@pytest.mark.parametrize(("function", "args"), [("addClass", (1, [[1]], "x")), ("initializeCounts", ([[1]], 9))])
def test_only_the_owner_changes_counts(function: str, args: tuple[Any, ...]) -> None:
    contract = Pair.created([1], [[]], 1, 0).contract
    with pytest.raises(Revert, match="OwnableUnauthorizedAccount"):
        contract.transact(function, *args, sender="0x" + "06" * 20)


def test_a_word_that_is_no_int64_reverts_without_data() -> None:
    contract = Pair.created([1], [[[1, 1]]], 1, ONE).contract
    data = contract.abi.function("predict", 1).encode(([1, 1],))
    for word in (2**63, 2**255, 2**256 - 2**63 - 1):
        with pytest.raises(Revert) as refused:
            contract.evm.call(contract.address, data[:-32] + word.to_bytes(32, "big"))
        assert refused.value.receipt.output == b""


def test_norm_is_not_defined() -> None:
    contract = Pair.created([1], [[]], 1, 0).contract
    assert of_contract(lambda: contract.call("norm", [1])) == ("NormNotDefined", ())


def test_a_new_class_is_told_and_named() -> None:
    pair = Pair.created([1, 2], [[], [[4, 4]]], 9, ONE)
    receipt = pair.contract.transact("addClass", 5, [[4, 1]], "another")
    pair.oracle.add_class(5, [[4, 1]])
    (event,) = pair.contract.events(receipt)
    assert (event.name, dict(event.args)) == ("AddClass", {"name": "another", "index": 2})
    assert pair.contract.call("classifications", 2) == "another"
    pair.same_getters([4])


# -- scores -- #


def test_the_lowest_of_equal_classes_is_predicted() -> None:
    def classes(*counts: int) -> list[ClassCounts]:
        return [ClassCounts(3, 10, {1: count} if count else {}) for count in counts]

    assert Pair.placed(classes(4, 4, 4), 5, ONE).predict([1, 1, 2]) == ("value", 0)
    assert Pair.placed(classes(3, 4, 4), 5, ONE).predict([1]) == ("value", 1)
    # Without smoothing a feature never seen is impossible, in whichever class: a score of 0 each.
    assert Pair.placed(classes(0, 0), 5, 0).predict([1]) == ("value", 0)
    assert Pair.placed(classes(0, 1), 5, 0).predict([1]) == ("value", 1)
    # A class without samples has the score 0, with a feature or without.
    assert Pair.placed([ClassCounts(0, 9, {1: 9}), ClassCounts(1)], 5, 1).predict([1]) == ("value", 1)
    assert Pair.placed([ClassCounts(0), ClassCounts(0)], 5, 1).predict([]) == ("value", 0)


def test_factors_above_one_raise_the_exponent() -> None:
    """Without any feature that could be seen, smoothing makes factors above 1, and mantissas of 192 bits and more."""
    few, many = ClassCounts(UINT64_MAX, 1, {}), ClassCounts(1, 1, {1: 1})
    pair = Pair.placed([few, many], 0, UINT32_MAX)
    assert pair.predict([1] * 300) == ("value", 1)
    assert pair.oracle.score(1, [1] * 300)[1] > 0
    assert pair.predict([1] * 40 + [2] * 200) == ("value", 0)
    # One class goes a digit up and comes down again, the other stays, and is half as large again.
    data = [1] * 130 + [2] * 60
    pair = Pair.placed([ClassCounts(2**30, 10, {1: 10}), ClassCounts(1, 4, {})], 0, UINT32_MAX)
    first, second = (
        Fraction(pair.oracle.num_samples(k) * math.prod(pair.oracle.factor(k, index) for index in data))
        / pair.oracle.denominator(k) ** len(data)
        for k in range(2)
    )
    pair = Pair.placed([pair.oracle.classes[0], ClassCounts(round(first / second * 3 / 2), 4, {})], 0, UINT32_MAX)
    assert [pair.oracle.score(k, data[:130])[1] for k in range(2)] == [0, -1]
    assert [pair.oracle.score(k, data)[1] for k in range(2)] == [-1, -1]
    assert pair.predict(data) == ("value", 1)


def test_a_small_factor_takes_two_digits() -> None:
    """Factors of about 2^-32 and 2^-94 are less together than two of 2^-64; digits are lost at the second alone."""
    uneven = ClassCounts(2**59, UINT64_MAX, {1: UINT32_MAX})
    even = ClassCounts(2**63, UINT64_MAX, {1: 1, 2: 1})
    pair = Pair.placed([uneven, even], UINT64_MAX, 1)
    assert [pair.oracle.score(k, [1, 2])[1] for k in (0, 1)] == [-3, -3]
    assert [pair.oracle.score(k, [1])[1] for k in (0, 1)] == [-1, -2]
    assert pair.predict([1, 2]) == ("value", 1)


def test_a_class_may_be_many_digits_behind() -> None:
    pair = Pair.placed([ClassCounts(1, 1, {1: 1}), ClassCounts(1, UINT64_MAX, {})], 1, 1)
    assert pair.predict([1] * 100) == ("value", 0)


def test_equal_products_are_told_apart_by_their_rounding() -> None:
    """Classes of the same counts in another order: only what each step rounds away decides."""
    rng = random.Random(8)
    predicted = []
    for _ in range(40):
        counts = [rng.randrange(2**32) for _ in range(6)]
        orders = [rng.sample(counts, 6) for _ in range(3)]
        pair = Pair.placed([ClassCounts(5, 2**36, dict(enumerate(order))) for order in orders], 7, rng.randrange(2**32))
        predicted.append(pair.predict(list(range(6))))
    assert set(predicted) == {("value", 0), ("value", 1), ("value", 2)}


def test_a_thousand_features_are_told_apart_exactly() -> None:
    """As the rational scores say, which no fixed scale can hold: their products have up to 60,000 bits."""
    rng = random.Random(8)
    classes = []
    for _ in range(2):
        counts = {index: rng.randint(1, 900) for index in range(1000)}
        classes.append(ClassCounts(rng.randint(900, 1100), sum(counts.values()), counts))
    pair = Pair.placed(classes, 1000, ONE)
    predicted = set()
    for size in (1, 5, 7, 20, 100, 300, 1000):
        data = rng.sample(range(1000), size)
        first, second = (
            pair.oracle.num_samples(k)
            * math.prod(pair.oracle.factor(k, index) for index in data)
            * pair.oracle.denominator(1 - k) ** size
            for k in range(2)
        )
        assert first != second
        assert pair.predict(data) == ("value", int(second > first))
        predicted.add(second > first)
    assert predicted == {False, True}
    assert pair.update(list(range(1000)), 1) == ("value", None)


def test_gas_is_below_that_of_the_original() -> None:
    """Figures of the original from its recording: 6,413 a feature, 157,293 with 20 known ones, 499,293 with 20 new."""
    counts = [[[index, 5] for index in range(150)] for _ in range(2)]
    contract = Pair.created([1000, 1000], counts, 1000, ONE).contract

    def gas_of(function: str, *args: Any) -> int:
        return contract.transact(function, *args).gas_used

    hundred = gas_of("predict", list(range(100)))
    assert (hundred - gas_of("predict", [])) / 100 < 5_000
    assert gas_of("update", list(range(20)), 1) < 141_000
    assert gas_of("update", list(range(1000, 1020)), 1) < 484_000
