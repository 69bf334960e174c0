"""The search: that it compares enough of everything without a difference, and that it finds one where there is one."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

import dcai
from dcai import artifacts
from dcai.errors import NotEqual, Revert
from dcai.models import MODELS
from dcai.verify import Case, Differential, Step
from dcai.verify.differential import Outcome
from dcai.verify.search.search import Search
from dcai.verify.step import STRANGER
from tests.support.engines import FASTEST
from tests.support.models.faulty import wrong_scale

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
#: Steps of each model: in the deep profile on the fastest engine, and in every run on each of the others.
DEEP_STEPS, LEAST_STEPS = 100_000, 2_000

#: What must have happened at least once in so many steps, or the generators have decayed.
REACHED = {
    "DensePerceptron": {
        ("predict", "label 0"),
        ("predict", "label 1"),
        ("predict", "DimensionMismatch"),
        ("predict, words that fit no type", "revert without a reason"),
        ("update", "changed"),
        ("update", "unchanged"),
        ("update", "DimensionMismatch"),
        ("update", "UnknownClass"),
        ("update", "NotNormalized"),
        ("update", "SafeCastOverflowedIntDowncast"),
        ("update", "OwnableUnauthorizedAccount"),
        ("update, calldata cut off", "revert without a reason"),
        ("initializeWeights", "ok"),
        ("initializeWeights", "OwnableUnauthorizedAccount"),
        ("addFeatureIndices", "ok"),
        ("constructor", "ok"),
        ("constructor", "NotTwoClasses"),
        ("norm", "ok"),
        ("weights", "ok"),
        ("weights", "revert without a reason"),
        ("classifications", "revert without a reason"),
    },
    "SparsePerceptron": {
        ("predict", "label 0"),
        ("predict", "label 1"),
        ("predict", "NegativeIndex"),
        ("update", "changed"),
        ("update", "unchanged"),
        ("update", "UnknownClass"),
        ("update", "NegativeIndex"),
        ("update", "SafeCastOverflowedIntDowncast"),
        ("update", "OwnableUnauthorizedAccount"),
        ("update, words that fit no type", "revert without a reason"),
        ("initializeWeights", "ok"),
        ("initializeWeights", "IndexTooLarge"),
        ("initializeSparseWeights", "ok"),
        ("initializeSparseWeights", "MalformedPair"),
        ("evaluateBatch", "ok"),
        ("evaluateBatch", "DimensionMismatch"),
        ("norm", "NormNotDefined"),
        ("weights", "ok"),
        ("featureIndices", "revert without a reason"),
    },
    "NearestCentroidClassifier": {
        ("predict", "label 0"),
        ("predict", "label 1"),
        ("predict", "DimensionMismatch"),
        ("update", "changed"),
        ("update", "unchanged"),
        ("update", "UnknownClass"),
        ("update", "DimensionMismatch"),
        ("update", "NotNormalized"),
        ("update", "OwnableUnauthorizedAccount"),
        ("addClass", "ok"),
        ("addClass", "CountTooLarge"),
        ("addClass", "DimensionMismatch"),
        ("extendCentroid", "ok"),
        ("extendCentroid", "UnknownClass"),
        ("constructor", "CountTooLarge"),
        ("constructor", "NoClasses"),
        ("getCentroidValue", "Panic"),
        ("getCentroidValue", "UnknownClass"),
        ("centroids", "revert without a reason"),
        ("dataCounts", "revert without a reason"),
    },
    "SparseNearestCentroidClassifier": {
        ("predict", "label 0"),
        ("predict", "label 1"),
        ("predict", "NegativeIndex"),
        ("predict", "IndexTooLarge"),
        ("predict", "NotStrictlyIncreasing"),
        ("update", "changed"),
        ("update", "UnknownClass"),
        ("update", "NotStrictlyIncreasing"),
        ("update", "SafeCastOverflowedUintDowncast"),
        ("update", "OwnableUnauthorizedAccount"),
        ("addClass", "ok"),
        ("extendCentroid", "ok"),
        ("extendCentroid", "DuplicateFeature"),
        ("extendCentroid", "MalformedPair"),
        ("getCentroidValue", "ok"),
        ("getSquaredMagnitude", "UnknownClass"),
    },
    "NaiveBayes": {
        ("predict", "label 0"),
        ("predict", "label 1"),
        ("predict", "NegativeIndex"),
        ("predict", "IndexTooLarge"),
        ("predict", "NoFeatureCounts"),
        ("update", "changed"),
        ("update", "UnknownClass"),
        ("update", "NegativeIndex"),
        ("update", "IndexTooLarge"),
        ("update", "SafeCastOverflowedUintDowncast"),
        ("update", "OwnableUnauthorizedAccount"),
        ("constructor", "ok"),
        ("constructor", "SafeCastOverflowedUintDowncast"),
        ("addClass", "ok"),
        ("initializeCounts", "ok"),
        ("initializeCounts", "MalformedPair"),
        ("initializeCounts", "UnknownClass"),
        ("getFeatureCount", "ok"),
        ("getClassTotalFeatureCount", "UnknownClass"),
        ("norm", "NormNotDefined"),
    },
}


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_contract_and_kernel_agree(name: str, engine: str) -> None:
    steps = DEEP_STEPS if DEEP and engine == FASTEST else LEAST_STEPS
    search = Search(artifacts.load(name), name, engine=engine, fork="prague", seed=steps, cases=steps // 20, steps=20)
    search.run()
    assert search.found is None
    assert search.partial is None
    assert search.tally.steps == steps
    assert sum(search.tally.outcomes.values()) == steps
    assert search.tally.priced > steps // 2
    assert not REACHED[name] - search.tally.outcomes.keys()


def test_the_seed_makes_the_same_run_on_every_engine(engine: str) -> None:
    name = "SparseNearestCentroidClassifier"
    runs = [Search(artifacts.load(name), name, engine=e, fork="prague", seed=7, cases=5) for e in (engine, FASTEST)]
    for search in runs:
        search.run()
    assert runs[0].tally == runs[1].tally
    other = Search(artifacts.load(name), name, engine=FASTEST, fork="prague", seed=8, cases=5)
    other.run()
    assert other.tally != runs[1].tally


def test_a_fault_is_found_shrunk_and_replayed(tmp_path: Path) -> None:
    search = Search(wrong_scale(), "DensePerceptron", engine=FASTEST, fork="prague", seed=1)
    search.run()
    assert search.found is not None
    assert search.partial is None
    case = search.found.case
    assert len(case.steps) == 1
    assert case.steps[0].op == "update"
    # The smallest step, of 1, is rounded to 0; no sample of fewer features or smaller numbers shows it. Where the label
    # is 0 the weight must be 1 before, or the prediction is no mistake.
    (weight,) = case.model.state()["weights"]
    label = case.steps[0].label
    assert (label, weight) in [(1, 0), (0, 1)]
    assert case.steps[0].data == (10**9,)
    assert case.model.state()["learning_rate"] == 1
    assert f"weights[0] differs: the contract has {weight}, the kernel has {label}" in case.difference
    case.save(tmp_path / "case.json")
    loaded = Case.load(tmp_path / "case.json")
    assert loaded == case
    assert loaded.same_code
    with pytest.raises(NotEqual, match=r"weights\[0\] differs"):
        loaded.replay()


def test_gas_that_is_not_as_predicted_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    from dcai.gas.oracle import Oracle  # noqa: PLC0415

    right = Oracle.predict

    def dear(self: Oracle, model: dcai.Classifier, data: list[int]) -> object:
        costs = right(self, model, data)
        costs.gas_used[0] += 1
        return costs

    monkeypatch.setattr(Oracle, "predict", dear)
    search = Search(artifacts.load("SparsePerceptron"), "SparsePerceptron", engine=FASTEST, fork="prague", seed=1)
    search.run()
    assert search.found is not None
    assert "gas used differs" in search.found.case.difference
    assert search.found.case.steps[-1].op == "predict"


def test_a_deadline_leaves_the_truth_behind() -> None:
    search = Search(artifacts.load("SparsePerceptron"), "SparsePerceptron", engine=FASTEST, fork="prague", seed=1)
    assert search.partial == "not begun"
    search.run(deadline=time.monotonic())
    assert (search.partial, search.tally.cases) == ("time budget used up", 0)


def test_ctrl_c_leaves_the_truth_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    search = Search(artifacts.load("SparsePerceptron"), "SparsePerceptron", engine=FASTEST, fork="prague", seed=1)
    complete, left = Differential.run, iter(range(33))

    def interrupted(self: Differential, step: Step) -> Outcome:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return complete(self, step)

    monkeypatch.setattr(Differential, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        search.run()
    assert search.partial == "interrupted"
    assert (search.tally.cases, search.tally.steps) == (2, 33)


def test_every_other_sequence_begins_with_the_state_that_is_given() -> None:
    """A state that the kernel has and the contract would reach nowhere else: found at once, in its own words."""
    start = dcai.SparsePerceptron({5: 2**79 - 1}, 0, 10**9)
    owner = "0x" + "ab" * 20
    search = Search(
        artifacts.load("SparsePerceptron"),
        "SparsePerceptron",
        engine=FASTEST,
        fork="prague",
        seed=3,
        cases=20,
        start=start,
        owner=owner,
    )
    search.run()
    assert search.found is None
    assert start.weights[5] == 2**79 - 1


# -- steps beside predict and update -- #


def twins(model: dcai.Classifier) -> Differential:
    from tests.support.engines import new_chain  # noqa: PLC0415

    return Differential(new_chain().place(model), model)


def test_words_that_fit_no_type_must_be_refused() -> None:
    run = twins(dcai.DensePerceptron([1], 0, 10**9))
    refused = run.run(Step("update", (10**9 + 2**64,), 1, form="words"))
    assert refused.value == Revert("")
    assert run.run(Step("predict", (10**9,), form="short")).value == Revert("")


def test_a_stranger_may_do_nothing() -> None:
    run = twins(dcai.DensePerceptron([1], 0, 10**9))
    refused = run.run(Step("initializeWeights", args=((5,),), sender=STRANGER)).value
    assert isinstance(refused, Revert)
    assert refused.name == "OwnableUnauthorizedAccount"
    run.run(Step("initializeWeights", args=((5,),)))
    assert run.model.state()["weights"] == [1, 5]


def test_what_is_no_function_is_no_step() -> None:
    run = twins(dcai.DensePerceptron([1], 0, 10**9))
    for step in (Step("transferOwnership", args=(STRANGER,)), Step("addClass", args=((1,), "new", 1))):
        with pytest.raises(dcai.InputError, match="is not a step; expected one of"):
            run.run(step)
    assert run.steps == []


@pytest.mark.parametrize(
    "step",
    [
        Step("update", (1, -2), 3, sender=STRANGER),
        Step("predict", (2**64,), form="words"),
        Step("addClass", args=((1, 2), "name", 2**191)),
        Step("constructor", args=(("a", "b"), (), 0, 1), form="short"),
    ],
    ids=str,
)
def test_steps_come_back_from_their_fields(step: Step) -> None:
    assert Step.from_fields({**step.as_fields(), "data": list(step.data), "args": _lists(step.args)}) == step


def _lists(value: object) -> object:
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
