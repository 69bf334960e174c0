import sys
from typing import Any

import numpy as np
import pytest
from sklearn import datasets
from sklearn.preprocessing import StandardScaler, normalize

from dcai import data
from dcai.errors import MissingExtraError
from dcai.models import DensePerceptron, SparsePerceptron

SKLEARN = [name for name, entry in data.CATALOGUE.items() if entry.remote is None]


@pytest.mark.parametrize("name", SKLEARN)
def test_the_catalogue_tells_the_truth(name: str) -> None:
    loaded = data.load(name)
    form = "sparse" if isinstance(loaded.X_train, data.SparseRows) else "dense"
    assert loaded.name == name
    assert data.CATALOGUE[name].size == (
        f"{len(loaded.X_train):,} + {len(loaded.X_test):,} samples, {loaded.n_features} features, "
        f"{form}, {len(loaded.class_names)} classes"
    )


@pytest.mark.parametrize("name", SKLEARN)
def test_every_class_is_in_the_first_samples_and_in_the_test(name: str) -> None:
    loaded = data.load(name)
    every_class = set(range(len(loaded.class_names)))
    assert set(loaded.initial(100)[1].tolist()) == every_class
    assert set(loaded.y_test.tolist()) == every_class
    assert loaded.y_train.dtype == loaded.y_test.dtype == np.uint64


@pytest.mark.parametrize("name", ["breast-cancer", "digits"])
def test_dense_rows_pass_the_norm_check_of_the_contracts(name: str) -> None:
    loaded = data.load(name)
    for X in (loaded.X_train, loaded.X_test):
        assert X.dtype == np.int64
        assert X.shape[1] == loaded.n_features
        for row in X.tolist():
            assert 10**18 - 10**11 < sum(value * value for value in row) < 10**18 + 10**11


@pytest.mark.parametrize(
    ("name", "bunch"),
    [("breast-cancer", datasets.load_breast_cancer()), ("digits", datasets.load_digits())],
)
def test_dense_rows_are_those_of_scikit_learn(name: str, bunch: Any) -> None:
    loaded = data.load(name)
    order = np.random.RandomState(0).permutation(len(bunch.data))
    train, test = order[len(loaded.X_test) :], order[: len(loaded.X_test)]
    scaler = StandardScaler().fit(bunch.data[train])
    for X, y, part in (
        (loaded.X_train, loaded.y_train, train),
        (loaded.X_test, loaded.y_test, test),
    ):
        expected = normalize(scaler.transform(bunch.data[part])) * 1e9
        assert np.abs(X - expected).max() < 0.51
        assert y.tolist() == bunch.target[part].tolist()


def test_class_names() -> None:
    assert data.breast_cancer().class_names == ("malignant", "benign")
    assert data.digits().class_names == tuple("0123456789")
    assert data.digits_parity().class_names == ("even", "odd")


def test_a_pixel_is_present_from_half_of_full_scale_on() -> None:
    bunch = datasets.load_digits()
    loaded = data.digits_presence()
    order = np.random.RandomState(0).permutation(len(bunch.data))
    rows = [row.tolist() for X in (loaded.X_test, loaded.X_train) for row in X]
    assert rows == [[j for j in range(64) if bunch.data[i][j] >= 8] for i in order]
    assert min(map(len, rows)) > 0


def test_the_three_digits_share_order_and_features() -> None:
    ten, parity = data.digits_presence(), data.digits_parity()
    assert parity.y_train.tolist() == [label % 2 for label in data.digits().y_train.tolist()]
    assert ten.y_test.tolist() == data.digits().y_test.tolist()
    assert parity.X_train.indices.tolist() == ten.X_train.indices.tolist()


def test_the_models_take_the_rows_and_learn() -> None:
    cancer = data.breast_cancer()
    dense = DensePerceptron([0] * cancer.n_features, 0, 10**9)
    for x, label in zip(*cancer.stream(0), strict=True):
        dense.update(x, int(label))
    assert accuracy(dense.predict_batch(cancer.X_test), cancer) > 0.9

    parity = data.digits_parity()
    sparse = SparsePerceptron([0] * parity.n_features, 0, 10**9)
    for x, label in zip(*parity.stream(0), strict=True):
        sparse.update(x, int(label))
    predicted = sparse.predict_batch(parity.X_test)
    assert accuracy(predicted, parity) > 0.75
    assert [sparse.predict(x) for x in parity.X_test] == list(predicted)


def accuracy(predicted: Any, loaded: data.Dataset[Any]) -> float:
    return float((np.asarray(predicted) == loaded.y_test).mean())


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MissingExtraError, match=r"dcai\[sklearn\]"):
        data.breast_cancer()
