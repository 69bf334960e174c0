"""Naive Bayes on IMDB: the labels of scikit-learn; the original, whose scores vanish, says 0 of nearly every review."""

from __future__ import annotations

import numpy as np
from sklearn.naive_bayes import MultinomialNB

from bench.naive_bayes import accuracies, floored
from dcai import NaiveBayes, data
from dcai.rows import CsrRows
from dcai.scenarios import initial_model, scenario_of

ONE = 10**9


def test_the_original_sees_few_features() -> None:
    """The word 2 has the factor 1001/3000 in class 1, whose 40th power is below 10^-9, and 1/3000 in class 0."""
    model = NaiveBayes([1, 1], [{0: 1_000, 1: 1_000}, {0: 1_000, 2: 1_000}], 1_000, ONE)
    rows = CsrRows(np.array([0, 1, 4, 44]), np.array([2] * 44))
    assert floored(model, rows).tolist() == [1, 1, 0]
    assert model.predict_batch(rows).tolist() == [1, 1, 1]


if data.locate("imdb") is not None:

    def test_imdb() -> None:
        scenario = scenario_of("imdb", NaiveBayes)
        dataset = scenario.load()
        model = initial_model(scenario, dataset)
        assert isinstance(model, NaiveBayes)
        X, y = dataset.initial(scenario.num_initial)
        rival = MultinomialNB().fit(X.to_csr(dataset.n_features), y)
        assert accuracies(dataset, model, rival) == [0.83112, 0.83112, 0.49996]
        X, y = dataset.stream(scenario.num_initial)
        model.update_batch(X, y)
        rival.partial_fit(X.to_csr(dataset.n_features), y)
        assert accuracies(dataset, model, rival) == [0.83232, 0.83232, 0.49996]
        assert model == NaiveBayes.fitted(dataset.X_train, dataset.y_train, dataset.n_features, dataset.class_names)
