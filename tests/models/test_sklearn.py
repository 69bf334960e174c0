import pickle
import subprocess
import sys
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np
import pandas
import pytest
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_digits, make_blobs
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, KBinsDiscretizer, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import estimator_checks_generator

from dcai.data import l2_normalized
from dcai.errors import InputError, InputTypeError, MissingExtraError
from dcai.models import (
    Classifier,
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
    from_json,
)
from dcai.models.sklearn import (
    DensePerceptronEstimator,
    NearestCentroidEstimator,
    SparseNearestCentroidEstimator,
    SparsePerceptronEstimator,
)

DENSE = [DensePerceptronEstimator, NearestCentroidEstimator]
SPARSE = [SparsePerceptronEstimator, SparseNearestCentroidEstimator]
PERCEPTRONS = [DensePerceptronEstimator, SparsePerceptronEstimator]
CENTROIDS = [NearestCentroidEstimator, SparseNearestCentroidEstimator]
ALL = [*DENSE, *SPARSE]


def new(estimator: Any, **parameters: Any) -> Any:
    """An estimator whose training can be repeated."""
    return estimator(**{"random_state": 0, **parameters}) if estimator in PERCEPTRONS else estimator(**parameters)


SHUFFLED = {"n_epochs": 3, "shuffle": True, "random_state": 7}
IN_ORDER = {"n_epochs": 3, "shuffle": False}


# No check is expected to fail: none is handed over as expected_failed_checks. As a list, because the generator that
# parametrize_with_checks of scikit-learn 1.6 passes on is deprecated in pytest 9.
CHECKS = [
    pytest.param(instance, check, id=f"{type(instance).__name__}-{number:02}-{check.func.__name__}")
    for estimator in ALL
    for number, (instance, check) in enumerate(estimator_checks_generator(estimator()))
]


@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("estimator", ALL)
def test_the_tag_poor_score_is_true(estimator: Any) -> None:
    # The data that define the tag; a test of the score is skipped for those that have it.
    X, y = make_blobs(n_samples=300, random_state=0)
    X, y = StandardScaler().fit_transform(X)[y != 2], y[y != 2]
    poor = new(estimator).fit(X, y).score(X, y) <= 0.83
    assert poor == get_tags(estimator()).classifier_tags.poor_score


@pytest.fixture
def dense() -> tuple[NDArray[Any], NDArray[Any]]:
    """120 rows of 6 features that no Perceptron separates."""
    random = np.random.default_rng(1)
    y = random.choice(["no", "yes"], 120)
    return random.normal(size=(120, 6)) + 0.4 * (y == "yes")[:, np.newaxis], y


@pytest.fixture
def presence() -> tuple[NDArray[Any], NDArray[Any]]:
    """120 rows of 20 features, present or not, that no Perceptron separates."""
    random = np.random.default_rng(2)
    y = random.choice(["no", "yes"], 120)
    X = random.random((120, 20)) < np.where(y == "yes", 0.5, 0.3)[:, np.newaxis]
    X[[0, 5]] = False  # nothing present
    return X.astype(np.int64), y


def data_for(estimator: Any, request: pytest.FixtureRequest) -> tuple[NDArray[Any], NDArray[Any]]:
    X, y = request.getfixturevalue("dense" if estimator in DENSE else "presence")
    return X, y


def blank(estimator: Any, num_features: int, names: list[str]) -> Classifier:
    """A model of zeros, as one would write it by hand."""
    match estimator.__name__:
        case "DensePerceptronEstimator":
            return DensePerceptron([0] * num_features, 0, 300_000_000, classifications=names)
        case "SparsePerceptronEstimator":
            return SparsePerceptron([0] * num_features, 0, 300_000_000, classifications=names)
        case "NearestCentroidEstimator":
            return NearestCentroidClassifier(
                [[0] * num_features for _ in names], [0 for _ in names], classifications=names
            )
    return SparseNearestCentroidClassifier([[] for _ in names], [0 for _ in names], classifications=names)


def transactions(estimator: Any, X: NDArray[Any]) -> list[list[int]]:
    """What one would send to the contract, sample by sample."""
    if estimator in DENSE:
        return [row.tolist() for row in l2_normalized(X)]
    return [np.flatnonzero(row).tolist() for row in X]


# -- the model is the one that the kernel makes ------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [SHUFFLED, IN_ORDER])
@pytest.mark.parametrize("estimator", PERCEPTRONS)
def test_fit_is_a_sequence_of_updates(
    estimator: Any, parameters: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    X, y = data_for(estimator, request)
    fitted = estimator(learning_rate=0.3, **parameters).fit(X, y)

    model = blank(estimator, X.shape[1], ["no", "yes"])
    samples = transactions(estimator, X)
    order = np.arange(len(y))
    random = np.random.RandomState(7)
    for _ in range(3):
        if parameters["shuffle"]:
            random.shuffle(order)
        for i in order:
            model.update(samples[i], int(y[i] == "yes"))

    assert fitted.model_ == model
    assert fitted.n_iter_ == 3
    assert fitted.predict(X).tolist() == [["no", "yes"][model.predict(sample)] for sample in samples]


@pytest.mark.parametrize("estimator", PERCEPTRONS)
def test_passes_that_change_nothing_are_not_run(estimator: Any) -> None:
    X, y = np.array([[1, 0], [0, 1]]), [0, 1]
    stopped = estimator(n_epochs=10**9, random_state=0).fit(X, y)
    assert stopped.n_iter_ < 10
    assert stopped.model_ == estimator(n_epochs=20, random_state=0).fit(X, y).model_
    assert stopped.score(X, y) == 1


@pytest.mark.parametrize("estimator", ALL)
def test_partial_fit_is_a_sequence_of_updates(estimator: Any, request: pytest.FixtureRequest) -> None:
    X, y = data_for(estimator, request)
    parameters = {"learning_rate": 0.3} if estimator in PERCEPTRONS else {}
    fitted = estimator(**parameters)
    fitted.partial_fit(X[:50], y[:50], classes=["yes", "no"]).partial_fit(X[50:], y[50:])

    model = blank(estimator, X.shape[1], ["no", "yes"])
    for sample, name in zip(transactions(estimator, X), y, strict=True):
        model.update(sample, int(name == "yes"))
    assert fitted.model_ == model
    assert fitted.classes_.tolist() == ["no", "yes"]


@pytest.mark.parametrize("estimator", ALL)
def test_partial_fit_goes_on_after_fit(estimator: Any, request: pytest.FixtureRequest) -> None:
    X, y = data_for(estimator, request)
    fitted = new(estimator).fit(X[:60], y[:60])
    model = fitted.model_.copy()
    for sample, name in zip(transactions(estimator, X[60:]), y[60:], strict=True):
        model.update(sample, int(name == "yes"))
    assert fitted.partial_fit(X[60:], y[60:]).model_ == model


def half_away_from_zero(value: Fraction) -> int:
    magnitude = int(abs(value) + Fraction(1, 2))
    return -magnitude if value < 0 else magnitude


def test_dense_centroids_are_exact_means(dense: tuple[NDArray[Any], NDArray[Any]]) -> None:
    X, y = dense
    fitted = NearestCentroidEstimator().fit(X, y)
    for k, name in enumerate(["no", "yes"]):
        rows = l2_normalized(X[y == name]).tolist()
        means = [half_away_from_zero(Fraction(sum(column), len(rows))) for column in zip(*rows, strict=True)]
        assert fitted.model_.centroids[k].tolist() == means
        assert fitted.model_.counts[k] == len(rows)


def test_means_round_half_away_from_zero() -> None:
    # 600,000,000 and 599,999,999 have a mean of 599,999,999.5, here with both signs.
    X = [[0.6, -0.8], [0.599999999, -0.80000000075]]
    model = NearestCentroidEstimator().fit([*X, *np.negative(X).tolist()], [1, 1, 0, 0]).model_
    assert l2_normalized(X)[:, 0].tolist() == [600_000_000, 599_999_999]
    assert [centroid[0] for centroid in model.centroids] == [-600_000_000, 600_000_000]


def test_sparse_centroids_are_exact_shares(presence: tuple[NDArray[Any], NDArray[Any]]) -> None:
    X, y = presence
    fitted = SparseNearestCentroidEstimator().fit(X, y)
    for k, name in enumerate(["no", "yes"]):
        rows = X[y == name]
        totals = dict(enumerate(rows.sum(axis=0).tolist()))
        shares = {j: half_away_from_zero(Fraction(total * 10**9, len(rows))) for j, total in totals.items() if total}
        assert fitted.model_.centroids[k] == shares
        assert fitted.model_.squared_magnitudes[k] == sum(share**2 for share in shares.values())
        assert fitted.model_.counts[k] == len(rows)


def test_means_and_updates_differ_by_rounding_alone(dense: tuple[NDArray[Any], NDArray[Any]]) -> None:
    X, y = dense
    means = NearestCentroidEstimator().fit(X, y).model_
    updates = NearestCentroidEstimator().partial_fit(X, y, classes=["no", "yes"]).model_
    assert means.counts == updates.counts
    for mean, updated, count in zip(means.centroids, updates.centroids, means.counts, strict=True):
        assert np.abs(mean - updated).max() <= count / 2 + 1


@pytest.mark.parametrize("estimator", CENTROIDS)
def test_the_order_of_the_samples_does_not_matter_to_means(estimator: Any, request: pytest.FixtureRequest) -> None:
    X, y = data_for(estimator, request)
    assert estimator().fit(X, y).model_ == estimator().fit(X[::-1], y[::-1]).model_


@pytest.mark.parametrize("estimator", CENTROIDS)
def test_one_class_and_many(estimator: Any) -> None:
    X = np.eye(4)
    assert estimator().fit(X, [3] * 4).predict(X).tolist() == [3] * 4
    assert estimator().fit(X, [3, 9, 7, 5]).predict(X).tolist() == [3, 9, 7, 5]


# -- what counts as a sample -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", SPARSE)
def test_any_form_of_presence_gives_the_same_model(estimator: Any, presence: tuple[NDArray[Any], NDArray[Any]]) -> None:
    X, y = presence
    expected = new(estimator).fit(X, y)
    rows, columns = (np.r_[part, part] for part in np.nonzero(X))
    untidy = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=X.shape)
    zeros_stored = sparse.csr_array(np.ones(X.shape))
    zeros_stored.data[:] = X.ravel()
    forms = {
        "bool": X.astype(bool),
        "weights": X * -0.25,
        "lists": X.tolist(),
        "csr": sparse.csr_matrix(X),
        "csc": sparse.csc_array(X),
        "entries twice": untidy,
        "zeros stored": zeros_stored,
    }
    for form, matrix in forms.items():
        fitted = new(estimator).fit(matrix, y)
        assert fitted.model_ == expected.model_, form
        assert fitted.predict(matrix).tolist() == expected.predict(X).tolist(), form
    assert zeros_stored.nnz == X.size  # what the caller passed stays as it was


def test_entries_that_cancel_out_are_absent() -> None:
    matrix = sparse.csr_array((np.array([1, -1, 1]), np.array([0, 0, 1]), np.array([0, 2, 3])), shape=(2, 2))
    model = SparseNearestCentroidEstimator().fit(matrix, ["a", "b"]).model_
    assert model.centroids == [{}, {1: 10**9}]
    assert matrix.nnz == 3


@pytest.mark.parametrize("estimator", DENSE)
def test_the_length_of_a_row_does_not_matter(estimator: Any, dense: tuple[NDArray[Any], NDArray[Any]]) -> None:
    X, y = dense
    lengths = 2.0 ** np.arange(-60, 60)[:, np.newaxis]
    assert new(estimator).fit(X * lengths, y).model_ == new(estimator).fit(X, y).model_


@pytest.mark.parametrize("estimator", DENSE)
def test_rows_of_zeros_teach_nothing(estimator: Any, dense: tuple[NDArray[Any], NDArray[Any]]) -> None:
    X, y = dense
    with_zeros = np.insert(X, [0, 40, 120], 0, axis=0), np.insert(y, [0, 40, 120], "yes")
    fitted = new(estimator).fit(X, y)
    assert new(estimator).fit(*with_zeros).model_ == fitted.model_
    updated = new(estimator).partial_fit(X, y, classes=["no", "yes"])
    assert new(estimator).partial_fit(*with_zeros, classes=["no", "yes"]).model_ == updated.model_
    before = fitted.model_.copy()
    assert fitted.partial_fit(np.zeros((2, 6)), ["no", "yes"]).model_ == before


@pytest.mark.parametrize("estimator", DENSE)
def test_rows_of_zeros_are_predicted_as_they_are(estimator: Any, dense: tuple[NDArray[Any], NDArray[Any]]) -> None:
    fitted = new(estimator).fit(*dense)
    label = fitted.model_.predict([0] * 6)
    assert fitted.predict(np.zeros((3, 6))).tolist() == [["no", "yes"][label]] * 3


@pytest.mark.parametrize("estimator", DENSE)
def test_a_class_of_zeros_alone_is_refused(estimator: Any) -> None:
    with pytest.raises(InputError, match="all rows of class 'b' are zeros"):
        estimator().fit([[1.0, 2.0], [0.0, 0.0]], ["a", "b"])


# -- scores ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("largest", [10**9, 2**79 - 1])
@pytest.mark.parametrize("estimator", PERCEPTRONS)
def test_decision_function_is_exact(estimator: Any, largest: int, request: pytest.FixtureRequest) -> None:
    X, y = data_for(estimator, request)
    fitted = new(estimator).fit(X, y)
    weights = np.random.default_rng(0).choice([largest, -largest, 1, 0], X.shape[1]).tolist()
    fitted.model_ = type(fitted.model_)(weights, -3, 10**9)
    if estimator in DENSE:
        scores = [sum(w * x for w, x in zip(weights, row, strict=True)) - 3 for row in transactions(estimator, X)]
        unit = 10**18
    else:
        scores = [sum(weights[j] for j in row) - 3 for row in transactions(estimator, X)]
        unit = 10**9
    assert fitted.decision_function(X).tolist() == [score / unit for score in scores]
    assert fitted.predict(X).tolist() == [["no", "yes"][score > 0] for score in scores]


# -- as scikit-learn is used -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", DENSE)
def test_breast_cancer(estimator: Any) -> None:
    pipeline = make_pipeline(StandardScaler(), new(estimator))
    assert cross_val_score(pipeline, *load_breast_cancer(return_X_y=True)).mean() > 0.9


@pytest.mark.parametrize("estimator", SPARSE)
def test_breast_cancer_by_presence(estimator: Any) -> None:
    pipeline = make_pipeline(KBinsDiscretizer(4, strategy="uniform"), new(estimator))
    assert cross_val_score(pipeline, *load_breast_cancer(return_X_y=True)).mean() > 0.9


@pytest.mark.parametrize(
    ("estimator", "accuracy"), [(NearestCentroidEstimator, 0.85), (SparseNearestCentroidEstimator, 0.8)]
)
def test_ten_digits(estimator: Any, accuracy: float) -> None:
    X, y = load_digits(return_X_y=True)
    X = X if estimator in DENSE else X >= 8
    assert cross_val_score(estimator(), X, y).mean() > accuracy


@pytest.mark.parametrize("estimator", PERCEPTRONS)
def test_grid_search(estimator: Any) -> None:
    X, y = load_breast_cancer(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), Binarizer(), estimator(random_state=0))
    name = estimator.__name__.lower()
    grid = {f"{name}__learning_rate": np.linspace(0.1, 1, 2), f"{name}__n_epochs": np.array([1, 5])}
    search = GridSearchCV(pipeline, grid, scoring="roc_auc", cv=3).fit(X, y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_[-1].model_.classifications == ("0", "1")


@pytest.mark.parametrize("estimator", SPARSE)
def test_text(estimator: Any) -> None:
    texts = ["buy now", "cheap offer buy", "meeting at noon", "see you at the meeting"]
    fitted = make_pipeline(CountVectorizer(), new(estimator)).fit(texts, ["spam", "spam", "ham", "ham"])
    assert fitted.predict(["buy cheap", "the meeting"]).tolist() == ["spam", "ham"]


@pytest.mark.parametrize("estimator", ALL)
def test_clone_and_pickle(estimator: Any, request: pytest.FixtureRequest) -> None:
    X, y = data_for(estimator, request)
    fitted = new(estimator).fit(X, y)
    assert not hasattr(clone(fitted), "model_")
    assert clone(fitted).get_params() == fitted.get_params()
    loaded = pickle.loads(pickle.dumps(fitted))
    assert loaded.model_ == fitted.model_
    assert loaded.partial_fit(X, y).model_ != fitted.model_
    assert loaded.score(X, y) > 0.5


@pytest.mark.parametrize("estimator", ALL)
def test_the_model_can_be_saved(estimator: Any, request: pytest.FixtureRequest) -> None:
    X, y = data_for(estimator, request)
    fitted = new(estimator).fit(X, y)
    assert from_json(fitted.model_.to_json()) == fitted.model_
    assert fitted.model_.classifications == ("no", "yes")


@pytest.mark.parametrize(
    ("y", "names"),
    [([5, 3], ("3", "5")), ([True, False], ("False", "True")), (np.array(["b", "a"], object), ("a", "b"))],
)
@pytest.mark.parametrize("estimator", ALL)
def test_the_names_of_the_classes_travel(estimator: Any, y: Any, names: tuple[str, ...]) -> None:
    fitted = new(estimator).fit(np.eye(2), y)
    assert fitted.model_.classifications == names
    assert fitted.predict(np.eye(2)).dtype == np.asarray(y).dtype


def test_names_of_features() -> None:
    frame = pandas.DataFrame(np.eye(2), columns=["a", "b"])
    fitted = NearestCentroidEstimator().fit(frame, [0, 1])
    assert fitted.feature_names_in_.tolist() == ["a", "b"]
    assert fitted.predict(frame).tolist() == [0, 1]


# -- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        ({"learning_rate": 0.0}, InputError, "at least 1e-9"),
        ({"learning_rate": 1e-10}, InputError, "no weight ever changes"),
        ({"learning_rate": -1.0}, InputError, "uint32"),
        ({"learning_rate": 4.3}, InputError, r"from 0 to 4\.29"),
        ({"learning_rate": float("nan")}, InputError, "finite"),
        ({"learning_rate": "1"}, InputTypeError, "expected a real number"),
        ({"n_epochs": 0}, InputError, "at least 1"),
        ({"n_epochs": 1.0}, InputTypeError, "expected an integer"),
        ({"n_epochs": True}, InputTypeError, "expected an integer"),
        ({"random_state": "x"}, ValueError, "seed"),
    ],
)
@pytest.mark.parametrize("estimator", PERCEPTRONS)
def test_parameters_are_checked_by_fit(
    estimator: Any, parameters: dict[str, Any], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        estimator(**parameters).fit(np.eye(2), [0, 1])


@pytest.mark.parametrize("estimator", PERCEPTRONS)
def test_a_perceptron_has_two_classes(estimator: Any) -> None:
    with pytest.raises(ValueError, match=r"Only binary classification is supported\. .* multiclass"):
        estimator().fit(np.eye(3), [0, 1, 2])
    with pytest.raises(InputError, match="two classes, got one class: \\['a'\\]"):
        estimator().fit(np.eye(2), ["a", "a"])
    with pytest.raises(InputError, match="two classes, got 3 classes"):
        estimator().partial_fit(np.eye(2), [0, 1], classes=[0, 1, 2])


@pytest.mark.parametrize("estimator", ALL)
def test_partial_fit_needs_all_classes_once(estimator: Any) -> None:
    fitted = estimator()
    with pytest.raises(InputError, match="on the first call"):
        fitted.partial_fit(np.eye(2), [0, 1])
    fitted.partial_fit(np.eye(2), [0, 1], classes=[1, 0]).partial_fit(np.eye(2), [1, 0], classes=[0, 1])
    before = fitted.model_.copy()
    with pytest.raises(InputError, match=r"classes is \[0, 2\], but the model was trained with \[0, 1\]"):
        fitted.partial_fit(np.eye(2), [0, 1], classes=[0, 2])
    with pytest.raises(ValueError, match="previously unseen"):
        fitted.partial_fit(np.eye(2), [1, 2])
    assert fitted.model_ == before


@pytest.mark.parametrize("estimator", ALL)
def test_an_estimator_whose_training_failed_is_not_fitted(estimator: Any) -> None:
    fitted = estimator()
    with pytest.raises(ValueError, match="previously unseen"):
        fitted.partial_fit(np.eye(2), [0, 5], classes=[0, 1])
    with pytest.raises(NotFittedError):
        fitted.predict(np.eye(2))


@pytest.mark.parametrize("estimator", ALL)
def test_sample_weights_are_not_supported(estimator: Any) -> None:
    with pytest.raises(TypeError, match="sample_weight"):
        estimator().fit(np.eye(2), [0, 1], sample_weight=[1, 2])


@pytest.mark.parametrize("estimator", DENSE)
def test_dense_estimators_refuse_sparse_matrices(estimator: Any) -> None:
    with pytest.raises(TypeError, match="dense data is required"):
        estimator().fit(sparse.csr_array(np.eye(2)), [0, 1])


def test_importing_dcai_does_not_import_scikit_learn() -> None:
    code = "import sys, dcai.models; sys.exit(any(name in sys.modules for name in ('sklearn', 'scipy')))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "dcai.models.sklearn")
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(MissingExtraError, match=r"dcai\.models\.sklearn .* 'dcai\[sklearn\]'"):
        import_module("dcai.models.sklearn")
