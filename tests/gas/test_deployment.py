"""Planned deployments against real ones: the same transactions in the same order, and every field of every receipt."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcai.artifacts import load
from dcai.errors import ArtifactError, EvmError, InputError
from dcai.evm import Evm, Receipt
from dcai.evm.abi import Abi
from dcai.evm.deploy import drive
from dcai.evm.storage import expected_storage
from dcai.gas import Oracle
from dcai.gas.deployment import Chunk, DeploymentPlan, plan
from dcai.models import (
    MODELS,
    Classifier,
    DensePerceptron,
    NaiveBayes,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.models.deployment import Driver
from tests.support import bounds as n
from tests.support.gas.receipts import FIELDS, FORKS, chain
from tests.support.models import strategies as s

FAST = os.environ.get("HYPOTHESIS_PROFILE", "fast") == "fast"
PROFILE = settings(derandomize=True) if FAST else settings()

ONE = 10**9
TRANSACTION_CAP = 2**24


def fields(source: Chunk | Receipt) -> dict[str, Any]:
    """What a plan says of a transaction, and its receipt."""
    return {name: getattr(source, name) for name in FIELDS if name != "success"}


class Sender(Driver):
    """Sends what a deployment consists of, with a gas limit of one's own; the twin of what ``Evm.deploy`` does.

    Each transaction that the plan has in its place is also tried with the gas limit that the plan calls the least, and
    with one less.
    """

    def __init__(self, on: Evm, model: Classifier, deployment: DeploymentPlan, cap: int) -> None:
        self.sent: list[tuple[str, tuple[Any, ...], int]] = []
        self.receipts: list[Receipt] = []
        self._chain = on
        self._artifact = load(type(model).__name__)
        self._abi = Abi(self._artifact.abi)
        self._planned = deployment.chunks
        self._cap = cap
        self.address: str | None = None

    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        if self.address is None:
            data = self._artifact.bytecode + self._abi.constructor.encode(args)
        else:
            data = self._abi.function(function, len(args)).encode(args)
        place = len(self.sent)
        if place < len(self._planned) and (self._planned[place].function, self._planned[place].args) == (
            function,
            args,
        ):
            assert self._planned[place].data_bytes == len(data)
            self._check_limit(data, self._planned[place].gas_limit)
        receipt = self._chain.transact_if_successful(self.address, data, gas_limit=self._cap)
        receipt.raise_for_error()
        self.address = self.address or receipt.contract_address
        self.receipts.append(receipt)
        self.sent.append((function, args, items))

    def _check_limit(self, data: bytes, limit: int) -> None:
        assert limit <= self._cap
        enough = self._chain.simulate(self.address, data, gas_limit=limit)
        assert enough.success
        due = max(enough.intrinsic + enough.calldata, enough.floor)
        if limit == due:
            with pytest.raises(EvmError, match="does not cover"):
                self._chain.simulate(self.address, data, gas_limit=limit - 1)
        else:
            assert not self._chain.simulate(self.address, data, gas_limit=limit - 1).success


def compare(model: Classifier, engine: str, fork: str, cap: int = TRANSACTION_CAP) -> DeploymentPlan | None:
    """Compare plan and deployment; the plan, or None where both say that it cannot be done."""
    oracle = Oracle(type(model).__name__, fork)
    try:
        deployment = oracle.deployment(model, cap)
    except EvmError:
        with pytest.raises(EvmError):
            drive(Sender(chain(engine, fork), model, DeploymentPlan((), cap), cap), model)
        return None
    sender = Sender(chain(engine, fork), model, deployment, cap)
    drive(sender, model)
    assert [(chunk.function, chunk.args, chunk.items) for chunk in deployment.chunks] == sender.sent
    assert [fields(chunk) for chunk in deployment.chunks] == [fields(receipt) for receipt in sender.receipts]
    assert deployment.gas_used == sum(receipt.gas_used for receipt in sender.receipts)
    assert deployment.gas_cap == cap
    assert sender.address is not None
    stored = sender._chain.storage(sender.address)
    assert stored == expected_storage(model, sender._chain.account)
    return deployment


# -- models of every size -- #

WORDS = 1_000
LONG_NAMES = ["", "x" * 31, "y" * 32, "\u00fc" * 16, "z" * 500, "\0" * 40, "\U0001f3af" * 8, "\0"]


def centroid(length: int, seed: int) -> list[int]:
    return [(i * seed * 7_919) % 1_000 - 500 for i in range(length)]


LARGE: dict[str, Classifier] = {
    "dense Perceptron, 3,000 features": DensePerceptron([5, 0, -1] * 1_000, 7, ONE, feature_indices=range(900)),
    "dense Perceptron of zeros": DensePerceptron([0] * 1_000, 0, 0),
    "dense Perceptron of nothing": DensePerceptron([], 0, 0),
    "sparse Perceptron, 1,000 words": SparsePerceptron(
        [i % 5 - 2 for i in range(WORDS)], -1, ONE, feature_indices=range(7, 7 + WORDS)
    ),
    "sparse Perceptron, few of many": SparsePerceptron({7 * i: i + 1 for i in range(600)}, 0, ONE),
    "nearest centroid, ten classes": NearestCentroidClassifier(
        [centroid(400, k) for k in range(10)], range(10), feature_indices=[2**32 - 1] * 17
    ),
    "nearest centroid, one class": NearestCentroidClassifier([centroid(9, 3)], [0]),
    "nearest centroid, a class that is longer": NearestCentroidClassifier.restore(
        {"centroids": [centroid(5, 1), centroid(4_000, 2), centroid(6, 3)], "counts": [1, 2**190, 0]},
        ["a", "b", "c"],
        (),
    ),
    "nearest centroid, names": NearestCentroidClassifier(
        [[0, k] for k in range(8)], [0] * 8, classifications=LONG_NAMES
    ),
    "sparse nearest centroid, 1,000 words": SparseNearestCentroidClassifier(
        [[(i, ONE // (i + k + 1)) for i in range(WORDS)] for k in range(2)], [5, 0], classifications=LONG_NAMES[3:5]
    ),
    "sparse nearest centroid, many classes": SparseNearestCentroidClassifier(
        [[(k, 0), (2**32 - 1 - k, 2**64 - 1)] for k in range(40)], [2**64 - 1] * 40
    ),
    "sparse nearest centroid, of zeros": SparseNearestCentroidClassifier([[(i, 0) for i in range(30)], []], [0, 0]),
    "naive Bayes, 1,000 words": NaiveBayes(
        [5, 0],
        [[(i, i + k + 1) for i in range(WORDS)] for k in range(2)],
        WORDS,
        ONE,
        classifications=LONG_NAMES[3:5],
        feature_indices=range(WORDS),
    ),
    "naive Bayes, many classes": NaiveBayes(
        [2**64 - 1] * 40, [[(k, 1), (2**32 - 1 - k, 2**32 - 1)] for k in range(40)], 2**64 - 1, 2**32 - 1
    ),
    "naive Bayes of nothing": NaiveBayes([0], [[]], 0, 0),
}
#: Those that one transaction holds.
IN_ONE = {
    "dense Perceptron of zeros",
    "dense Perceptron of nothing",
    "nearest centroid, one class",
    "nearest centroid, names",
    "sparse nearest centroid, many classes",
    "sparse nearest centroid, of zeros",
    "naive Bayes, many classes",
    "naive Bayes of nothing",
}


@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("name", LARGE)
def test_models_of_every_size(name: str, fork: str) -> None:
    deployment = compare(LARGE[name], "revm", fork)
    assert deployment is not None
    assert (len(deployment.chunks) == 1) is (name in IN_ONE)


@pytest.mark.parametrize(
    ("engine", "fork"), [("revm", "osaka"), ("py-evm-compiled", "cancun"), ("py-evm-compiled", "prague")]
)
@pytest.mark.parametrize("name", LARGE)
def test_evm_deploy_sends_what_is_planned(name: str, engine: str, fork: str) -> None:
    model = LARGE[name]
    planned = Oracle(type(model).__name__, fork).deployment(model)
    receipts = chain(engine, fork).deploy(model).deployment
    assert [fields(chunk) for chunk in planned.chunks] == [fields(receipt) for receipt in receipts]
    assert all(receipt.success for receipt in receipts)


@pytest.mark.parametrize("fork", ["cancun", "prague"])
@pytest.mark.parametrize("name", sorted(IN_ONE))
def test_the_reference_deploys_what_is_planned(name: str, fork: str) -> None:
    assert compare(LARGE[name], "py-evm", fork) is not None


# -- random models under random caps -- #

names = st.one_of(
    s.names,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
    st.sampled_from(["\0" * 31, "\0" * 32, "\0" * 64, "a" * 33, "a" * 63 + "\u00e9"]),
)
pairs_of_names = st.tuples(names, names).map(list)
numbers = st.one_of(st.just(0), st.integers(-ONE, ONE))
#: Zeros at the ends and in runs, which leave slots as they are.
int80_lists = st.one_of(
    st.lists(st.one_of(numbers, n.int80s), max_size=30), st.integers(0, 200).map(lambda length: [0] * length)
)
int64_lists = st.one_of(
    st.lists(st.one_of(numbers, n.int64s), max_size=30), st.integers(0, 120).map(lambda length: [0] * length)
)
feature_indices = st.one_of(s.uint32_lists, s.uint32_lists, st.integers(0, 60).map(lambda length: [0] * length))


@st.composite
def dense_perceptrons(draw: st.DrawFn) -> Classifier:
    return DensePerceptron(
        draw(int80_lists),
        draw(n.int80s),
        draw(n.uint32s),
        classifications=draw(pairs_of_names),
        feature_indices=draw(feature_indices),
    )


@st.composite
def sparse_perceptrons(draw: st.DrawFn) -> Classifier:
    model = SparsePerceptron(
        draw(int80_lists),
        draw(n.int80s),
        draw(n.uint32s),
        classifications=draw(pairs_of_names),
        feature_indices=draw(feature_indices),
    )
    model.initialize_sparse_weights(draw(s.weight_rows))
    return model


@st.composite
def nearest_centroids(draw: st.DrawFn) -> Classifier:
    centroids = draw(st.lists(int64_lists, min_size=1, max_size=5))
    if draw(st.booleans()):
        length = min(map(len, centroids))
        centroids = [centroid[:length] for centroid in centroids]
    state = {"centroids": centroids, "counts": draw(s.lists_of(n.counts, len(centroids)))}
    classifications = draw(st.lists(names, min_size=len(centroids), max_size=len(centroids)))
    return NearestCentroidClassifier.restore(state, classifications, draw(feature_indices))


@st.composite
def sparse_nearest_centroids(draw: st.DrawFn) -> Classifier:
    of_zeros = st.integers(0, 40).map(lambda length: [[index, 0] for index in range(length)])
    centroids = draw(st.lists(st.one_of(s.pairs, s.pairs, of_zeros), min_size=1, max_size=5))
    return SparseNearestCentroidClassifier(
        centroids,
        draw(s.lists_of(n.counts64, len(centroids))),
        classifications=draw(st.lists(names, min_size=len(centroids), max_size=len(centroids))),
        feature_indices=draw(feature_indices),
    )


@st.composite
def naive_bayes(draw: st.DrawFn) -> Classifier:
    counts = st.one_of(st.integers(1, 9), st.sampled_from([2**31, 2**32 - 1]))
    some = st.dictionaries(n.feature_indices, counts, max_size=40)
    feature_counts = draw(st.lists(some, min_size=1, max_size=5))
    return NaiveBayes(
        draw(s.lists_of(n.counts64, len(feature_counts))),
        feature_counts,
        draw(n.uint64s),
        draw(n.uint32s),
        classifications=draw(st.lists(names, min_size=len(feature_counts), max_size=len(feature_counts))),
        feature_indices=draw(feature_indices),
    )


RANDOM = {
    "DensePerceptron": dense_perceptrons,
    "NaiveBayes": naive_bayes,
    "NearestCentroidClassifier": nearest_centroids,
    "SparseNearestCentroidClassifier": sparse_nearest_centroids,
    "SparsePerceptron": sparse_perceptrons,
}
#: All functions that the plan of each contract has.
FUNCTIONS = {name: {"constructor", "addFeatureIndices", *model.spec.changes} for name, model in MODELS.items()}
#: The smallest models. What their creation takes is about the least cap, and makes chunks of all others.
EMPTY = {
    "DensePerceptron": DensePerceptron([], 0, 0),
    "NaiveBayes": NaiveBayes([0], [[]], 0, 0),
    "NearestCentroidClassifier": NearestCentroidClassifier([[]], [0]),
    "SparseNearestCentroidClassifier": SparseNearestCentroidClassifier([[]], [0]),
    "SparsePerceptron": SparsePerceptron([], 0, 0),
}


@pytest.mark.parametrize("name", MODELS)
def test_random_models_under_random_caps(name: str) -> None:
    planned: Counter[str] = Counter()
    outcomes: Counter[str] = Counter()
    for fork in FORKS:
        chain("revm", fork)
    least = Oracle(name).deployment(EMPTY[name]).chunks[0].gas_limit
    tight = st.integers(least - 20_000, least + 150_000)
    caps = st.one_of(tight, tight, st.integers(least, least + 1_500_000), st.just(TRANSACTION_CAP))

    @settings(PROFILE, max_examples=2 * PROFILE.max_examples)
    @given(data=st.data(), fork=st.sampled_from(FORKS))
    def run(data: st.DataObject, fork: str) -> None:
        deployment = compare(data.draw(RANDOM[name]()), "revm", fork, data.draw(caps))
        if deployment is None:
            outcomes["does not fit"] += 1
            return
        outcomes["several" if len(deployment.chunks) > 1 else "one"] += 1
        planned.update(chunk.function for chunk in deployment.chunks)

    run()
    assert set(planned) == FUNCTIONS[name]
    assert planned.total() > 2 * PROFILE.max_examples
    assert set(outcomes) == {"one", "several", "does not fit"}


# -- any calls that initialise, though no deployment makes them -- #

Call = tuple[str, tuple[Any, ...]]

#: Runs of zeros before, between and behind other numbers: slots that are written as they are, or not at all.
runs = st.lists(st.one_of(st.integers(0, 9).map(lambda n: [0] * n), st.lists(numbers, max_size=5)), max_size=4).map(
    lambda parts: [number for part in parts for number in part]
)
few_indices = st.integers(0, 9)
weight_pairs = st.lists(st.tuples(st.one_of(few_indices, n.feature_indices), numbers).map(list), max_size=8)


@st.composite
def perceptron_calls(draw: st.DrawFn, name: str) -> list[Call]:
    """A sparse one's weights are written more than once, and cleared."""
    settings_ = draw(n.int80s), draw(n.uint32s)
    calls: list[Call] = [("constructor", (draw(pairs_of_names), draw(runs), *settings_))]
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(FUNCTIONS[name] - {"constructor"})))
        if kind == "addFeatureIndices":
            calls.append((kind, (draw(runs.map(lambda run: [abs(number) for number in run])),)))
        elif kind == "initializeSparseWeights":
            calls.append((kind, (draw(weight_pairs),)))
        else:
            calls.append((kind, (draw(few_indices), draw(runs)) if name == "SparsePerceptron" else (draw(runs),)))
    return calls


@st.composite
def nearest_centroid_calls(draw: st.DrawFn, name: str) -> list[Call]:
    """Classes that are added and extended; those of a sparse model never at an index that they have."""
    sparse = name.startswith("Sparse")
    sizes: list[int] = []

    def centroid(label: int, length: int | None = None) -> list[Any]:
        """What a class begins with, or is extended by."""
        values = draw(runs if length is None else s.lists_of(numbers, length))
        start, sizes[label] = sizes[label], sizes[label] + len(values)
        return [[start + i, abs(value)] for i, value in enumerate(values)] if sparse else values

    def added(length: int | None) -> list[Any]:
        sizes.append(0)
        return centroid(len(sizes) - 1, length)

    first = added(None)
    others = [added(None if sparse else sizes[0]) for _ in range(draw(st.integers(0, 2)))]
    counts = draw(s.lists_of(st.integers(0, 9), len(sizes)))
    classes = draw(st.lists(names, min_size=len(sizes), max_size=len(sizes)))
    calls: list[Call] = [("constructor", (classes, [first, *others], counts))]
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(FUNCTIONS[name] - {"constructor"})))
        if kind == "addFeatureIndices":
            calls.append((kind, (draw(runs.map(lambda run: [abs(number) for number in run])),)))
        elif kind == "addClass":
            calls.append((kind, (added(None if sparse else sizes[0]), draw(names), draw(st.integers(0, 9)))))
        else:
            label = draw(st.integers(0, len(sizes) - 1))
            calls.append((kind, (centroid(label), label)))
    return calls


@st.composite
def naive_bayes_calls(draw: st.DrawFn, name: str) -> list[Call]:
    """Counts that are written more than once, and cleared."""
    count = st.one_of(st.just(0), st.integers(0, 9), st.just(2**32 - 1))
    pairs = st.lists(st.tuples(st.one_of(few_indices, n.feature_indices), count).map(list), max_size=8)
    classes = draw(st.lists(names, min_size=1, max_size=3))
    num_samples, counts = draw(s.lists_of(n.counts64, len(classes))), [draw(pairs) for _ in classes]
    settings_ = draw(n.uint64s), draw(n.uint32s)
    calls: list[Call] = [("constructor", (classes, num_samples, counts, *settings_))]
    for _ in range(draw(st.integers(1, 5))):
        kind = draw(st.sampled_from(sorted(FUNCTIONS[name] - {"constructor"})))
        if kind == "addFeatureIndices":
            calls.append((kind, (draw(runs.map(lambda run: [abs(number) for number in run])),)))
        elif kind == "addClass":
            calls.append((kind, (draw(n.counts64), draw(pairs), draw(names))))
        else:
            calls.append((kind, (draw(pairs), draw(st.integers(0, len(classes) - 1)))))
    return calls


CALLS = {
    "DensePerceptron": perceptron_calls,
    "NaiveBayes": naive_bayes_calls,
    "NearestCentroidClassifier": nearest_centroid_calls,
    "SparseNearestCentroidClassifier": nearest_centroid_calls,
    "SparsePerceptron": perceptron_calls,
}


def replay(driver: Driver, calls: Any) -> None:
    """What ``drive`` does for a model, for calls as they are."""
    for function, args in calls:
        driver.send(function, args, 1)


def compare_calls(oracle: Oracle, calls: Any) -> DeploymentPlan:
    deployment = plan(oracle.artifact, oracle.coefficients, oracle.fork, calls, TRANSACTION_CAP)
    sender = Sender(chain("revm", oracle.fork), EMPTY[oracle.artifact.name], deployment, TRANSACTION_CAP)
    replay(sender, calls)
    assert [fields(chunk) for chunk in deployment.chunks] == [fields(receipt) for receipt in sender.receipts]
    return deployment


@pytest.mark.parametrize("name", MODELS)
def test_random_initialising_calls(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks are predicted from the calls alone, whatever model they make, refunds and least gas limits included."""
    planned: Counter[str] = Counter()
    oracles = {fork: Oracle(name, fork) for fork in FORKS}
    for fork in FORKS:
        chain("revm", fork)

    monkeypatch.setattr("dcai.gas.deployment.drive", replay)

    @settings(PROFILE, max_examples=2 * PROFILE.max_examples)
    @given(data=st.data(), fork=st.sampled_from(FORKS))
    def run(data: st.DataObject, fork: str) -> None:
        calls: Any = data.draw(CALLS[name](name))
        deployment = compare_calls(oracles[fork], calls)
        planned.update(function for function, _ in calls)
        planned["refund"] += sum(chunk.refund > 0 for chunk in deployment.chunks)

    run()
    assert set(+planned) == FUNCTIONS[name] | ({"refund"} if name in ("NaiveBayes", "SparsePerceptron") else set())


#: Arrays whose numbers share slots: (contract, function, its arguments for these numbers, numbers in a slot).
ARRAYS: list[tuple[str, str, Callable[[list[int]], tuple[Any, ...]], int]] = [
    ("DensePerceptron", "initializeWeights", lambda values: (values,), 3),
    ("NearestCentroidClassifier", "extendCentroid", lambda values: (values, 0), 4),
    *((name, "addFeatureIndices", lambda values: (values,), 8) for name in MODELS),
]
CONSTRUCTORS: dict[str, tuple[Any, ...]] = {
    "DensePerceptron": (("a", "b"), [], 0, 0),
    "NaiveBayes": (("a",), [0], [[]], 0, 0),
    "NearestCentroidClassifier": (("a",), [[]], [0]),
    "SparseNearestCentroidClassifier": (("a",), [[]], [0]),
    "SparsePerceptron": (("a", "b"), [], 0, 0),
}


@pytest.mark.parametrize(("name", "function", "args", "lanes"), ARRAYS)
def test_zeros_behind_a_slot_in_part(
    name: str,
    function: str,
    args: Callable[[list[int]], tuple[Any, ...]],
    lanes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They write it as it is, at 100 gas, and then nothing: the sentry binds unless much follows."""
    monkeypatch.setattr("dcai.gas.deployment.drive", replay)
    oracle, binding = Oracle(name), 0
    for before in range(1, lanes):
        for zeros in range(1, 2 * lanes + 3):
            appended = [(function, args([1] * before)), (function, args([0] * zeros))]
            last = compare_calls(oracle, [("constructor", CONSTRUCTORS[name]), *appended]).chunks[-1]
            binding += last.gas_limit > max(last.intrinsic + last.calldata + last.execution, last.floor)
    assert binding > lanes


# -- what cannot be deployed -- #


def unreachable() -> list[Any]:
    stale = SparseNearestCentroidClassifier([[(0, ONE), (1, ONE)]], [1])
    stale.update([0], 0)
    rounded = SparseNearestCentroidClassifier([[(0, 5)]], [1])
    state = rounded.state()
    state["squared_magnitudes"] = [26]
    full = NearestCentroidClassifier([[ONE]], [2**191 - 1])
    full.update([ONE], 0)
    replaced = NaiveBayes([1], [[(0, 2)]], 3, ONE)
    replaced.initialize_counts([(0, 5)], 0)
    return [
        pytest.param(replaced, "class 0 has a total of 7, and feature counts that sum to 5", id="a count replaced"),
        pytest.param(stale, "samples", id="stale values"),
        pytest.param(SparseNearestCentroidClassifier.restore(state, ["a"], ()), "squared magnitude", id="a magnitude"),
        pytest.param(full, "2\\^191", id="a full class"),
    ]


@pytest.mark.parametrize(("model", "reason"), unreachable())
def test_states_that_no_transactions_reach(model: Classifier, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as planned:
        Oracle(type(model).__name__).deployment(model)
    with pytest.raises(InputError) as sent:
        chain("revm", "prague").deploy(model)
    assert str(planned.value) == str(sent.value)


def test_a_cap_below_the_contract_itself() -> None:
    model = SparsePerceptron([1, 2, 3], 0, ONE)
    needed = Oracle("SparsePerceptron").deployment(SparsePerceptron([], 0, ONE)).chunks[0].gas_limit
    with pytest.raises(EvmError, match=f"constructor with 0 values needs a gas limit of {needed:,}, and the cap is 9"):
        Oracle("SparsePerceptron").deployment(model, 9)
    with pytest.raises(EvmError, match="constructor"):
        Oracle("SparsePerceptron").deployment(model, needed - 1)
    # The constructor fits at its least cap, and then each weight follows on its own or with others.
    assert compare(model, "revm", "prague", needed) is not None


def test_a_name_too_long_for_any_creation() -> None:
    model = SparsePerceptron([], 0, ONE, classifications=["a", "x" * 50_000])
    with pytest.raises(EvmError, match="EIP-3860"):
        Oracle("SparsePerceptron").deployment(model)
    with pytest.raises(EvmError, match="EIP-3860"):
        chain("revm", "prague").deploy(model)


@pytest.mark.parametrize("cap", [0, -5, 2**24 + 1])
def test_no_cap(cap: int) -> None:
    with pytest.raises(InputError, match="gas_cap is"):
        Oracle("DensePerceptron", "osaka").deployment(DensePerceptron([], 0, 0), cap)


@pytest.mark.parametrize("cap", ["16777216", 1e7, True, b"1"])
def test_a_cap_of_another_type(cap: Any) -> None:
    with pytest.raises(InputError, match=r"gas_cap is .*expected an integer"):
        Oracle("DensePerceptron").deployment(DensePerceptron([], 0, 0), cap)


def test_a_cap_over_that_of_osaka_before_osaka() -> None:
    model = LARGE["nearest centroid, a class that is longer"]
    deployment = compare(model, "revm", "prague", 2**26)
    assert deployment is not None
    assert max(chunk.gas_limit for chunk in deployment.chunks) > TRANSACTION_CAP


def test_a_counter_without_a_price_is_refused() -> None:
    """What calibration has never seen is no longer a sum of what it has."""
    oracle = Oracle("DensePerceptron")
    model = DensePerceptron([1, 2, 3], 0, ONE, classifications=["", "x" * 40])
    for counter in ("empty_names", "long_names", "full_slots"):
        constructor = oracle.coefficients["constructor"]
        gas = {name: price for name, price in constructor.gas.items() if name != counter}
        coefficients = {**oracle.coefficients, "constructor": replace(constructor, gas=gas)}
        with pytest.raises(ArtifactError, match=f"{counter} in constructor has no calibrated price"):
            plan(oracle.artifact, coefficients, "prague", model, None)


def test_planning_leaves_the_model_as_it_is() -> None:
    for model in LARGE.values():
        before = model.copy()
        Oracle(type(model).__name__).deployment(model)
        assert model == before
