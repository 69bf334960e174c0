"""Linear classifiers of scikit-learn as models: the same labels wherever rounding cannot turn them."""

from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.svm import LinearSVC

from dcai import DensePerceptron, NaiveBayes, SparsePerceptron, to_fixed
from dcai.errors import InputError, InputTypeError

ESTIMATORS = [
    SGDClassifier(random_state=0),
    SGDClassifier(random_state=0, learning_rate="constant", eta0=0.25, fit_intercept=False),
    Perceptron(random_state=0, eta0=0.5),
    LogisticRegression(),
    LinearSVC(),
]


def rounded(value: float, scale: int) -> int:
    """The nearest integer, half away from zero."""
    magnitude = int(abs(Fraction(value)) * scale + Fraction(1, 2))
    return -magnitude if value < 0 else magnitude


def compare(margins: NDArray[Any], error: float, expected: NDArray[Any], labels: NDArray[Any]) -> int:
    """Labels are equal where a margin exceeds what rounding moves it; return how many those are."""
    sure = np.abs(margins) > error
    assert (labels[sure] == expected[sure]).all()
    return int(sure.sum())


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_dense_labels_are_those_of_scikit_learn(estimator: Any) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    fitted = estimator.fit(X, np.array(["malignant", "benign"])[y])
    model = DensePerceptron.from_sklearn(fitted)
    assert model.weights.tolist() == [rounded(w, 10**9) for w in fitted.coef_[0]]
    assert model.intercept == rounded(float(np.ravel(fitted.intercept_)[0]), 10**18)
    assert model.learning_rate == {"constant": rounded(getattr(fitted, "eta0", 0), 10**9)}.get(
        getattr(fitted, "learning_rate", ""), 10**9
    )
    assert model.classifications == ("benign", "malignant")
    labels = model.predict_batch(to_fixed(X))
    # Each weight and each feature is off by half a unit of 10^-9 at most.
    error = 1e-9 * (np.abs(X).sum(axis=1).max() + np.abs(fitted.coef_).sum() + 1)
    expected = (fitted.predict(X) == "malignant").astype(int)
    assert compare(fitted.decision_function(X), error, expected, labels) >= 568  # of 569


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=str)
def test_sparse_labels_are_those_of_scikit_learn(estimator: Any) -> None:
    X, digits = load_digits(return_X_y=True)
    X = sparse.csr_array((X >= 8).astype(np.int8))
    fitted = estimator.fit(X, digits % 2 == 0)
    model = SparsePerceptron.from_sklearn(fitted)
    assert [model.weights[j] for j in range(64)] == [rounded(w, 10**9) for w in fitted.coef_[0]]
    assert model.intercept == rounded(float(np.ravel(fitted.intercept_)[0]), 10**9)
    assert model.classifications == ("False", "True")
    expected = fitted.predict(X).astype(int)
    assert compare(fitted.decision_function(X), 65e-9, expected, model.predict_batch(X)) >= 1790  # of 1,797


def test_halves_go_away_from_zero_and_zeros_are_not_stored() -> None:
    fitted = linear([[0.5e-9, -0.5e-9, 0.0, 2.0**-31]])
    assert SparsePerceptron.from_sklearn(fitted).weights == {0: 1, 1: -1}  # 2^-31 * 10^9 is 0.47
    assert DensePerceptron.from_sklearn(fitted).weights.tolist() == [1, -1, 0, 0]


def test_coefficients_may_be_stored_sparse() -> None:
    fitted = SGDClassifier(penalty="l1", random_state=0).fit(np.eye(4), [0, 0, 1, 1])
    expected = SparsePerceptron.from_sklearn(fitted)
    assert SparsePerceptron.from_sklearn(fitted.sparsify()) == expected


def linear(coef: Any, intercept: Any = (0.0,), classes: Any = (0, 1), **more: Any) -> SimpleNamespace:
    arrays = {"coef_": np.array(coef), "intercept_": np.array(intercept), "classes_": np.array(classes)}
    return SimpleNamespace(fit=None, **arrays, **more)


@pytest.mark.parametrize(
    ("estimator", "error", "match"),
    [
        (SGDClassifier(), InputError, "SGDClassifier is not fitted: it has no classes_; call fit"),
        (SGDClassifier, InputTypeError, "expected a fitted linear classifier"),
        ([1.0], InputTypeError, "expected a fitted linear classifier of scikit-learn, got list"),
        (GaussianNB().fit(np.eye(2), [0, 1]), InputTypeError, "GaussianNB is not a linear classifier: it has no coef_"),
        (LogisticRegression().fit(np.eye(3), [7, 8, 9]), InputError, "has 3 classes: 7, 8, 9; a Perceptron has two"),
        (linear([[0.0, 7e14]]), InputError, r"coef_\[0, 1\] is 7.*does not fit in int80"),
        (linear([[0.0, np.nan]]), InputError, r"coef_\[0, 1\] is nan; expected a finite"),
        (linear([[1.0]], [np.inf]), InputError, "intercept_ is inf; expected a finite"),
        (linear([[1.0]], learning_rate="constant", eta0=5.0), InputError, r"learning_rate is 5\.0.*uint32"),
    ],
)
@pytest.mark.parametrize("model", [DensePerceptron, SparsePerceptron])
def test_what_is_no_model_is_refused(model: Any, estimator: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        model.from_sklearn(estimator)


def test_the_dense_intercept_has_the_scale_of_the_products() -> None:
    assert DensePerceptron.from_sklearn(linear([[1.0]], [604_462.0])).intercept == 604_462 * 10**18
    with pytest.raises(InputError, match=r"intercept_ times 10\^9 .*does not fit in int80"):
        DensePerceptron.from_sklearn(linear([[1.0]], [604_463.0]))
    assert SparsePerceptron.from_sklearn(linear([[1.0]], [604_463.0])).intercept == 604_463 * 10**9


# -- naive Bayes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [1.0, 0.25, 1e-3])
def test_naive_bayes_gives_the_labels_of_scikit_learn(alpha: float) -> None:
    X, y = load_digits(return_X_y=True)
    X = (X >= 8).astype(np.int8)
    fitted = MultinomialNB(alpha=alpha).fit(X, y)
    model = NaiveBayes.from_sklearn(fitted)
    assert model.num_samples == np.bincount(y).tolist()
    assert [[counts.get(j, 0) for j in range(64)] for counts in model.feature_counts] == [
        X[y == k].sum(axis=0).tolist() for k in range(10)
    ]
    assert (model.total_num_features, model.smoothing_factor) == (64, rounded(alpha, 10**9))
    assert model.classifications == tuple("0123456789")
    scores = np.sort(fitted.predict_joint_log_proba(X), axis=1)
    # The logarithms of scikit-learn are sums of floats; alpha and counts are exact here.
    labels = model.predict_batch(sparse.csr_array(X))
    assert compare(scores[:, -1] - scores[:, -2], 1e-9, fitted.predict(X), labels) >= 1796  # of 1,797


def test_naive_bayes_takes_a_count_as_a_repeated_index() -> None:
    fitted = MultinomialNB().fit([[3, 0, 1], [0, 2, 2]], ["a", "b"])
    model = NaiveBayes.from_sklearn(fitted)
    assert model.feature_counts == [{0: 3, 2: 1}, {1: 2, 2: 2}]
    for row in ([0, 0, 2], [2, 1, 1], [1, 0, 4]):
        sample = np.repeat(np.arange(3), row)
        assert model.classifications[model.predict(sample)] == fitted.predict([row])[0]


@pytest.mark.parametrize(
    ("estimator", "error", "match"),
    [
        (MultinomialNB(), InputError, "MultinomialNB is not fitted"),
        (
            GaussianNB().fit(np.eye(2), [0, 1]),
            InputTypeError,
            "the GaussianNB is not a MultinomialNB: it has no feature_count_",
        ),
        (BernoulliNB().fit(np.eye(2), [0, 1]), InputTypeError, "expected a fitted MultinomialNB .*, got BernoulliNB"),
        (MultinomialNB(fit_prior=False).fit(np.eye(2), [0, 1]), InputError, "fit_prior=True"),
        (MultinomialNB(class_prior=[0.5, 0.5]).fit(np.eye(2), [0, 1]), InputError, "class_prior=None"),
        (MultinomialNB().fit(np.eye(2) / 2, [0, 1]), InputError, r"feature_count_\[0, 0\] is 0\.5; .*whole samples"),
        (MultinomialNB().fit(np.eye(2), [0, 1], [0.5, 1]), InputError, r"class_count_\[0\] is 0\.5"),
        (MultinomialNB(alpha=5.0).fit(np.eye(2), [0, 1]), InputError, r"smoothing_factor is 5\.0.*uint32"),
        (MultinomialNB(alpha=[1.0, 2.0]).fit(np.eye(2), [0, 1]), InputTypeError, "expected a real number"),
    ],
)
def test_another_naive_bayes_is_refused(estimator: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        NaiveBayes.from_sklearn(estimator)
