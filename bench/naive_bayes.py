"""The accuracy of naive Bayes on IMDB, beside scikit-learn and 0xDeCA10B: ``python -m bench.naive_bayes``.

Each model counts the first 2,000 training reviews of 1,000 words, learns the other 23,000 one by one, and predicts the
25,000 test reviews before and after. Of 0xDeCA10B the score is computed in plain integers from the same counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.naive_bayes import MultinomialNB

from dcai import TO_FLOAT, NaiveBayes
from dcai.data import Dataset
from dcai.rows import CsrRows
from dcai.scenarios import initial_model, scenario_of

__all__ = ["accuracies", "floored"]


def floored(model: NaiveBayes, rows: CsrRows) -> NDArray[np.intp]:
    """Predict as the original: the product is floored at scale 10^9 after each feature."""
    smoothing, classes = model.smoothing_factor, []
    for samples, total, counts in zip(model.num_samples, model.total_feature_counts, model.feature_counts, strict=True):
        numerators = [TO_FLOAT * counts.get(j, 0) + smoothing for j in range(model.total_num_features)]
        classes.append((TO_FLOAT * samples, numerators, TO_FLOAT * total + smoothing * model.total_num_features))

    def label(sample: list[int]) -> int:
        scores = []
        for score, numerators, denominator in classes:
            for j in sample:
                score = score * numerators[j] // denominator  # noqa: PLW2901
                if not score:
                    break
            scores.append(score)
        return scores.index(max(scores))

    return np.array([label(rows[i].tolist()) for i in range(len(rows))])


def accuracies(dataset: Dataset[Any], model: NaiveBayes, rival: MultinomialNB) -> list[float]:
    """Return the accuracies on the test samples: of dcai, scikit-learn and the original."""
    predictions = (model.predict_batch(dataset.X_test), rival.predict(dataset.X_test.to_csr(dataset.n_features)))
    return [float(np.mean(each == dataset.y_test)) for each in (*predictions, floored(model, dataset.X_test))]


def main() -> None:
    """Print the table."""
    scenario = scenario_of("imdb", NaiveBayes)
    dataset = scenario.load()
    model = initial_model(scenario, dataset)
    assert isinstance(model, NaiveBayes)
    X, y = dataset.initial(scenario.num_initial)
    rival = MultinomialNB().partial_fit(X.to_csr(dataset.n_features), y, classes=[0, 1])
    print(f"{'accuracy on IMDB':30}{'dcai':>10}{'sklearn':>10}{'0xDeCA10B':>12}")
    row = "{:30}{:10.5f}{:10.5f}{:12.5f}"
    print(row.format(f"counts of the first {len(y):,}", *accuracies(dataset, model, rival)), flush=True)
    X, y = dataset.stream(scenario.num_initial)
    model.update_batch(X, y)
    rival.partial_fit(X.to_csr(dataset.n_features), y)
    print(row.format(f"and {len(y):,} online updates", *accuracies(dataset, model, rival)))


if __name__ == "__main__":
    main()
