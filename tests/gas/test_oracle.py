"""The oracle against receipts, to the unit: random updates near all bounds, on every engine and fork.

Every field of every receipt is compared, the errors with their arguments, and after each sequence the model that the
oracle carried on with the contract's storage. The fast profile is derandomised, and asserts how much it compared.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcai.models import MODELS
from tests.support.gas.receipts import FORKS, PY_EVM_FORKS, OnChain, Tally, chain
from tests.support.gas.states import STATES, samples
from tests.support.models import strategies as s

FAST = os.environ.get("HYPOTHESIS_PROFILE", "fast") == "fast"
PROFILE = settings(derandomize=True) if FAST else settings()

#: The least that the fast profile must compare of one model; several times 2,000 with all engines and forks.
LEAST_UPDATES = 2_000

#: How the functions end, beside "ok".
ERRORS = {
    "DensePerceptron": {"DimensionMismatch", "UnknownClass", "NotNormalized", "SafeCastOverflowedIntDowncast"},
    "NaiveBayes": {
        "UnknownClass",
        "NegativeIndex",
        "IndexTooLarge",
        "SafeCastOverflowedUintDowncast",
        "NoFeatureCounts",
    },
    "NearestCentroidClassifier": {"DimensionMismatch", "UnknownClass", "NotNormalized"},
    "SparseNearestCentroidClassifier": {
        "UnknownClass",
        "NegativeIndex",
        "IndexTooLarge",
        "NotStrictlyIncreasing",
        "SafeCastOverflowedUintDowncast",
    },
    "SparsePerceptron": {"UnknownClass", "NegativeIndex", "SafeCastOverflowedIntDowncast"},
}
#: Those with which an update alone ends.
UPDATE_ERRORS = {"UnknownClass", "NotNormalized", "SafeCastOverflowedIntDowncast", "SafeCastOverflowedUintDowncast"}

#: Those with which a prediction alone ends.
PREDICT_ERRORS = {"NoFeatureCounts"}

#: Of what depends on the state, what each model's updates must come to.
KINDS = {
    "DensePerceptron": {"mistake", "new slots", "refund", "floor"},
    "NaiveBayes": {"new slots", "sentry binds"},
    "NearestCentroidClassifier": {"new slots", "refund"},
    "SparseNearestCentroidClassifier": {"new slots", "sentry binds"},
    "SparsePerceptron": {"mistake", "new slots", "refund", "sentry binds"},
}


def play(model: Any, data: st.DataObject, runs: list[tuple[str, str]], tally: Tally) -> None:
    """Send the same updates on every engine and fork, each sample with two labels and more than once."""
    num_classes = len(model.classifications)
    drawn = st.tuples(samples(model), s.labels(num_classes))
    pairs = data.draw(st.lists(drawn, min_size=6, max_size=8))
    for engine, fork in runs:
        contract = OnChain(model, engine, fork, tally)
        for sweep in range(3):
            for sample, label in pairs:
                answer = contract.predict(sample) if sweep == 0 else 0
                contract.update(sample, label, limits=sweep == 1)
                # The class that a Perceptron does not predict, so that its weights move.
                contract.update(sample, (1 - (answer or 0)) % num_classes, limits=sweep == 0)
        contract.compare_storage()


def explore(name: str, runs: list[tuple[str, str]], share: int) -> Tally:
    """Play with models of one class; ``share`` is by how much fewer than the profile has."""
    tally = Tally()
    for engine, fork in runs:
        chain(engine, fork)  # an import sets the limit of recursion, which must not change in the midst of a run

    @settings(PROFILE, max_examples=max(PROFILE.max_examples // share, 2))
    @given(data=st.data())
    def run(data: st.DataObject) -> None:
        play(data.draw(STATES[name]()), data, runs, tally)

    run()
    return tally


def assert_all_was_met(name: str, tally: Tally) -> None:
    """Every end of both functions, and every kind of update that the model knows."""
    errors = ERRORS[name]
    assert set(tally.ends) == {
        *(("update", error) for error in errors - PREDICT_ERRORS | {"ok"}),
        *(("predict", error) for error in errors - UPDATE_ERRORS | {"ok"}),
    }
    assert {kind for kind, times in tally.kinds.items() if times} >= KINDS[name]


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_random_updates(name: str) -> None:
    runs = [("revm", fork) for fork in FORKS]
    tally = explore(name, runs, share=1)
    assert_all_was_met(name, tally)
    assert tally.ends["update", "ok"] > tally.updates // 3
    assert tally.updates > LEAST_UPDATES * len(runs)
    assert tally.predictions > 700
    assert tally.limits > 1_400


#: By how much fewer examples a slow engine gets than the profile has, and the least updates that it must compare.
SLOW = {"py-evm-compiled": (6, 450), "py-evm": (20, 120)}


@pytest.mark.parametrize("engine", SLOW)
@pytest.mark.parametrize("name", MODELS)
def test_random_updates_on_slow_engines(name: str, engine: str) -> None:
    share, least = SLOW[engine]
    assert explore(name, [(engine, fork) for fork in PY_EVM_FORKS], share).updates > least
