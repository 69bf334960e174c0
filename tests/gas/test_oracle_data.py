"""Real data: whole batches predicted at once, and every sample sent to the contract on every engine and fork."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest

from dcai import data
from dcai.data import Dataset, SparseRows
from dcai.models import (
    Classifier,
    DensePerceptron,
    NaiveBayes,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.models.means import dense_means, presence_means
from tests.support.gas.receipts import FORKS, PY_EVM_FORKS, OnChain, measured, predicted

ONE = 10**9

#: Samples that are predicted as well, and those that the slow reference sees.
FEW = 10


class Stream(NamedTuple):
    """A model as its deployer starts it, and all samples of a data set."""

    model: Classifier
    rows: Any
    labels: Any


def together(dataset: Dataset[Any]) -> tuple[Any, Any]:
    """All samples, those of the training part first."""
    labels = np.concatenate([dataset.y_train, dataset.y_test])
    train, test = dataset.X_train, dataset.X_test
    if not isinstance(train, SparseRows):
        return np.concatenate([train, test]), labels
    indptr = np.concatenate([train.indptr, train.indptr[-1] + test.indptr[1:]])
    return SparseRows(indptr, np.concatenate([train.indices, test.indices])), labels


def dense_perceptron(dataset: Dataset[Any]) -> Stream:
    rows, labels = together(dataset)
    return Stream(DensePerceptron([0] * dataset.n_features, 0, ONE), rows, labels % 2)


def sparse_perceptron(dataset: Dataset[Any]) -> Stream:
    rows, labels = together(dataset)
    return Stream(SparsePerceptron([], 0, ONE), rows, labels)


def nearest_centroid(dataset: Dataset[Any]) -> Stream:
    rows, labels = together(dataset)
    means, counts = dense_means(*dataset.initial(100), len(dataset.class_names))
    return Stream(NearestCentroidClassifier(means, counts), rows, labels)


def sparse_nearest_centroid(dataset: Dataset[Any]) -> Stream:
    rows, labels = together(dataset)
    X, y = dataset.initial(100)
    shares, counts = presence_means(X.indptr, X.indices, y, len(dataset.class_names))
    return Stream(SparseNearestCentroidClassifier(shares, counts), rows, labels)


def naive_bayes(dataset: Dataset[Any]) -> Stream:
    rows, labels = together(dataset)
    model = NaiveBayes.fitted(*dataset.initial(100), dataset.n_features, dataset.class_names)
    return Stream(model, rows, labels)


def first(stream: Stream, number: int) -> Stream:
    return Stream(stream.model, stream.rows[:number], stream.labels[:number])


#: Each data set with each model that takes it, and how many samples there are.
STREAMS: dict[str, tuple[Callable[[], Stream], int]] = {
    "breast cancer, DensePerceptron": (lambda: dense_perceptron(data.breast_cancer()), 569),
    "breast cancer, NearestCentroidClassifier": (lambda: nearest_centroid(data.breast_cancer()), 569),
    "digits, NearestCentroidClassifier": (lambda: nearest_centroid(data.digits()), 1_797),
    "digits, odd or even, DensePerceptron": (lambda: dense_perceptron(data.digits()), 1_797),
    "digits, odd or even, SparsePerceptron": (lambda: sparse_perceptron(data.digits_parity()), 1_797),
    "digits, pixels present, SparseNearestCentroidClassifier": (
        lambda: sparse_nearest_centroid(data.digits_presence()),
        1_797,
    ),
    "digits, pixels present, NaiveBayes": (lambda: naive_bayes(data.digits_presence()), 1_797),
}

# Collected only where the data are: no test fetches them, and their absence is no reason to skip.
if data.locate("imdb") is not None:
    STREAMS["IMDB, SparsePerceptron"] = lambda: first(sparse_perceptron(data.imdb()), 1_000), 1_000
    STREAMS["IMDB, SparseNearestCentroidClassifier"] = (
        lambda: first(sparse_nearest_centroid(data.imdb()), 1_000),
        1_000,
    )
    STREAMS["IMDB, NaiveBayes"] = lambda: first(naive_bayes(data.imdb()), 1_000), 1_000


@cache
def stream(name: str) -> Stream:
    return STREAMS[name][0]()


def replay(name: str, engine: str, fork: str, number: int) -> int:
    """Predict so many updates at once, and predictions of a few; send them; the number of receipts compared."""
    model, rows, labels = first(stream(name), number)
    contract = OnChain(model, engine, fork)
    compared = 0
    few = rows[:FEW]
    costs = contract.oracle.predict_batch(contract.model, few)
    for row, sample in enumerate(few):
        receipt = contract.simulate(contract.encode("predict", sample.tolist()))
        assert predicted(costs, row) == measured(receipt), f"{name}, predict, row {row}"
        compared += 1
    costs = contract.oracle.update_batch(contract.model, rows, labels)
    for row, (sample, label) in enumerate(zip(rows, labels.tolist(), strict=True)):
        receipt = contract.send(contract.encode("update", sample.tolist(), label))
        assert predicted(costs, row) == measured(receipt), f"{name}, update, row {row}"
        compared += 1
    contract.compare_storage()
    assert costs.total == sum(costs.gas_used.tolist())
    assert compared == len(few) + len(costs)
    return compared


ALL = [*(("revm", fork) for fork in FORKS), *(("py-evm-compiled", fork) for fork in PY_EVM_FORKS)]


@pytest.mark.parametrize(("engine", "fork"), ALL)
@pytest.mark.parametrize("name", STREAMS)
def test_all_samples(name: str, engine: str, fork: str) -> None:
    number = STREAMS[name][1]
    assert replay(name, engine, fork, number) == number + FEW


@pytest.mark.parametrize("fork", PY_EVM_FORKS)
@pytest.mark.parametrize("name", STREAMS)
def test_some_samples_on_the_reference(name: str, fork: str) -> None:
    assert replay(name, "py-evm", fork, FEW) == 2 * FEW
