"""Real data: IMDB reviews through contract and kernel, each predicted and then learned."""

from __future__ import annotations

import pytest

from dcai import data
from dcai.errors import Revert
from dcai.models import Classifier, SparseNearestCentroidClassifier, SparsePerceptron
from dcai.scenarios import Scenario, initial_model
from dcai.verify import Differential
from tests.support.engines import FASTEST, new_chain

NUM_INITIAL = 2_000

# Collected only where the data are: no test fetches them, and their absence is no reason to skip.
if data.locate("imdb") is not None:
    # A nearest centroid classifier writes a slot for every word, so its steps take longer. So do all on a slow engine.
    @pytest.mark.parametrize(("contract", "streamed"), [(SparsePerceptron, 300), (SparseNearestCentroidClassifier, 40)])
    def test_reviews_through_contract_and_kernel(contract: type[Classifier], streamed: int, engine: str) -> None:
        streamed = streamed if engine == FASTEST else streamed // 5
        scenario = Scenario("IMDB", contract, NUM_INITIAL, "imdb")
        dataset = scenario.load()
        model = initial_model(scenario, dataset)
        run = Differential(new_chain().deploy(model), model)
        run.compare_storage()
        X, y = dataset.stream(NUM_INITIAL)
        changed = right = 0
        for row in range(streamed):
            sample, label = X[row].tolist(), int(y[row])
            predicted, learned = run.predict(sample).value, run.update(sample, label).value
            assert not isinstance(predicted, Revert)
            assert not isinstance(learned, Revert)
            right += predicted == label
            changed += learned
        assert len(run.steps) == 2 * streamed
        # The model is neither guessing nor still.
        assert right > 0.7 * streamed
        assert changed == (streamed - right if contract is SparsePerceptron else streamed)
