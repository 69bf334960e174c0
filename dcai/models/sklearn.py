"""The four on-chain classifiers as scikit-learn estimators: train with its tools, deploy ``model_``.

Each estimator holds a model of `dcai.models` as its attribute ``model_``, which is ready to deploy, to serve or to
write as JSON. ``fit`` trains what one would deploy as the initial model, ``partial_fit`` is what the contract does when
its ``update`` gets the same samples in the same order, bit for bit.

=================================  ===================================  ===================
estimator                          model and contract                   samples
=================================  ===================================  ===================
`DensePerceptronEstimator`         ``DensePerceptron``                  real numbers
`SparsePerceptronEstimator`        ``SparsePerceptron``                 presence of features
`NearestCentroidEstimator`         ``NearestCentroidClassifier``        real numbers
`SparseNearestCentroidEstimator`   ``SparseNearestCentroidClassifier``  presence of features
=================================  ===================================  ===================

Dense estimators take real numbers and divide each row by its Euclidean norm, because a contract refuses to learn any
other (``NotNormalized``); `dcai.data.l2_normalized` does the same for data that go to a chain. A row of zeros has no
direction, so no length makes the contract learn it: training passes over it, as a transaction that reverts changes
nothing. Prediction takes it as it is, as the contract does.

Sparse estimators take arrays or SciPy sparse matrices, in which every number but zero means that the feature is
present.

Sample weights are not supported: a contract counts every sample once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcai.data.normalization import l2_normalized
from dcai.errors import InputError, InputTypeError, MissingExtraError
from dcai.fixed import TO_FLOAT, scalar_to_fixed
from dcai.models import (
    Classifier,
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.models.means import dense_means, presence_means

try:
    from scipy.sparse import csr_array
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.preprocessing import LabelEncoder
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError("dcai.models.sklearn", "sklearn") from error

__all__ = [
    "DensePerceptronEstimator",
    "NearestCentroidEstimator",
    "SparseNearestCentroidEstimator",
    "SparsePerceptronEstimator",
]


class _OnChainEstimator(ClassifierMixin, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    """What the four share: checks of the input, classes to labels and back."""

    #: How `validate_data` checks X.
    _checks: ClassVar[dict[str, Any]]

    classes_: NDArray[Any]
    model_: Any

    def fit(self, X: Any, y: Any) -> Self:
        """Train a new model.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Samples, as the class describes them. SciPy sparse matrices only in a sparse estimator.
        y : array_like, shape (n,)
            Class of each sample: numbers or text, whose text becomes ``model_.classifications``.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            What scikit-learn refuses: wrong shapes, missing values, targets that are not classes.
        InputError
            A parameter or a number of classes that the contract cannot have; a class of which no row can be learned,
            as all are zeros (dense estimators). It is a ``ValueError``.
        """
        X, y = validate_data(self, X, y, **self._checks)
        check_classification_targets(y)
        self._check_target(y)
        encoder = LabelEncoder()
        labels = encoder.fit_transform(y)
        self._check_classes(encoder.classes_)
        data, labels = self._learnable(X, labels)
        empty = np.flatnonzero(np.bincount(labels, minlength=len(encoder.classes_)) == 0)
        if empty.size:
            name = encoder.classes_.tolist()[empty[0]]
            raise InputError(f"all rows of class {name!r} are zeros, which have no direction: nothing can be learned")
        self.model_ = self._trained(data, labels, _names(encoder.classes_))
        self.classes_ = encoder.classes_
        return self

    def partial_fit(self, X: Any, y: Any, classes: ArrayLike | None = None) -> Self:
        """Learn the samples one after another, each as one ``update`` of the contract.

        The first call without a `fit` before it starts from a model of zeros: weights of 0, or centroids of 0 that
        count no sample. Later calls, and those after `fit`, go on with ``model_``, in place, and with the learning rate
        that it has.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Samples, as in `fit`.
        y : array_like, shape (n,)
            Class of each sample.
        classes : array_like, shape (k,), optional
            All classes. Needed in the first call; if given later, they must be the same.

        Returns
        -------
        self

        Raises
        ------
        ValueError, InputError
            As `fit`, and for a class that is not in ``classes``; nothing is learned.
        Revert
            A number outgrows the type in which the contract stores it. The rows before it have been learned, as on a
            chain.
        """
        first = not hasattr(self, "model_")
        if first and classes is None:
            raise InputError("classes must be passed on the first call to partial_fit, as y may lack some of them")
        X, y = validate_data(self, X, y, reset=first, **self._checks)
        check_classification_targets(y)
        known = self.classes_ if classes is None else unique_labels(classes)
        if not first and not np.array_equal(known, self.classes_):
            raise InputError(f"classes is {known.tolist()}, but the model was trained with {self.classes_.tolist()}")
        self._check_classes(known)
        data, labels = self._learnable(X, LabelEncoder().fit(known).transform(y))
        if first:
            self.model_ = self._blank(_names(known))
            self.classes_ = known
        self.model_.update_batch(data, labels)
        return self

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the class of each sample, as the contract's ``predict``.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Samples, as in `fit`.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Classes, of the type of ``classes_``.

        Raises
        ------
        ValueError
            What scikit-learn refuses, or another number of features than in training.
        NotFittedError
            Neither `fit` nor `partial_fit` has been called.
        """
        data = self._predictable(X)
        labels = self.model_.predict_batch(data)
        predicted: NDArray[Any] = self.classes_[labels]
        return predicted

    def _predictable(self, X: Any) -> Any:
        """Check samples and give them in the form in which the model takes them."""
        check_is_fitted(self, "model_")
        return self._encoded(validate_data(self, X, reset=False, **self._checks))

    @staticmethod
    @abstractmethod
    def _encoded(X: Any) -> Any:
        """Checked samples in the form in which the model takes them; an array selects rows."""

    @abstractmethod
    def _learnable(self, X: Any, labels: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
        """Of checked samples those that the contract can learn, encoded, and their labels."""

    @abstractmethod
    def _blank(self, names: Sequence[str]) -> Classifier:
        """Return a model of ``n_features_in_`` features that has learned nothing."""

    @abstractmethod
    def _trained(self, data: Any, labels: NDArray[Any], names: Sequence[str]) -> Classifier:
        """Return a new model trained on learnable samples."""

    def _check_target(self, y: NDArray[Any]) -> None:
        """Refuse a y with which `fit` cannot build the model."""

    def _check_classes(self, classes: NDArray[Any]) -> None:
        """Refuse classes that the model cannot have."""


class _DenseInput:
    """Real numbers; rows are divided by their norm and multiplied by ``10**9``."""

    _checks: ClassVar[dict[str, Any]] = {"dtype": np.float64}

    @staticmethod
    def _encoded(X: NDArray[np.float64]) -> NDArray[np.int64]:
        rows = np.zeros(X.shape, dtype=np.int64)
        nonzero = X.any(axis=1)
        rows[nonzero] = l2_normalized(X[nonzero])
        return rows

    @staticmethod
    def _learnable(X: NDArray[np.float64], labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[Any]]:
        nonzero = X.any(axis=1)
        return l2_normalized(X[nonzero]), labels[nonzero]


class _SparseInput:
    """Presence: any number but zero."""

    _checks: ClassVar[dict[str, Any]] = {"accept_sparse": "csr"}

    @staticmethod
    def _encoded(X: Any) -> Any:
        matrix = csr_array(X, copy=True)
        # Entries of one place add up, and a zero may be stored: only then is presence what the matrix says.
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return csr_array((np.ones(matrix.nnz, np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)

    def _learnable(self, X: Any, labels: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
        return self._encoded(X), labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # of BaseEstimator, which comes later in the order
        tags.input_tags.sparse = True
        # The score that scikit-learn means is that on blobs of real numbers, where all features are always present.
        tags.classifier_tags.poor_score = True
        return tags


class _PerceptronTraining(_OnChainEstimator):
    """Passes of the contract's own update over the samples, from weights of zero."""

    n_iter_: int

    def __init__(
        self,
        *,
        learning_rate: float = 1.0,
        n_epochs: int = 10,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.n_epochs = n_epochs
        self.shuffle = shuffle
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    @abstractmethod
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the score of each sample; the second class where it is positive.

        Parameters
        ----------
        X : array_like, shape (n, d)
            Samples, as in `predict`.

        Returns
        -------
        numpy.ndarray of float64, shape (n,)
            The integer score of the contract as a real number: computed exactly, rounded once, and so positive
            exactly where the contract predicts label 1.

        Raises
        ------
        ValueError, NotFittedError
            As `predict`.
        """

    def _trained(self, data: Any, labels: NDArray[Any], names: Sequence[str]) -> Classifier:
        n_epochs = _as_n_epochs(self.n_epochs)
        model = self._blank(names)
        random = check_random_state(self.random_state)
        order = np.arange(len(labels))
        for epoch in range(1, n_epochs + 1):
            if self.shuffle:
                random.shuffle(order)
            self.n_iter_ = epoch
            if not model.update_batch(data[order], labels[order]).any():
                break  # no sample changed the model, so none will: the remaining passes need not be run
        return model

    def _check_target(self, y: NDArray[Any]) -> None:
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise InputError(f"Only binary classification is supported. The type of the target is {kind}.")

    def _check_classes(self, classes: NDArray[Any]) -> None:
        if len(classes) != 2:
            number = "one class" if len(classes) == 1 else f"{len(classes)} classes"
            raise InputError(f"a Perceptron needs two classes, got {number}: {classes.tolist()}")

    def _learning_rate(self) -> int:
        rate = self.learning_rate.item() if isinstance(self.learning_rate, np.generic) else self.learning_rate
        fixed = scalar_to_fixed(rate, 32, "learning_rate", signed=False)
        if fixed == 0:
            raise InputError(f"learning_rate is {rate}, with which no weight ever changes; it must be at least 1e-9")
        return fixed


class DensePerceptronEstimator(_DenseInput, _PerceptronTraining):
    """A Perceptron of two classes over real numbers, trained as the contract ``DensePerceptron`` trains itself.

    Parameters
    ----------
    learning_rate : float, default 1.0
        How far a mistake moves the weights, from 1e-9 to 4.29; stored as uint32, scale ``10**9``.
    n_epochs : int, default 10
        Passes of `fit` over the samples.
    shuffle : bool, default True
        Whether `fit` takes the samples in another random order in each pass, and not in the order given.
    random_state : int, numpy RandomState or None, default None
        Seed of that order; an int makes `fit` repeatable.

    Attributes
    ----------
    model_ : dcai.models.DensePerceptron
        The trained model, to deploy or to write as JSON. Its intercept is 0.
    classes_ : numpy.ndarray, shape (2,)
        The classes, sorted; label 1 of the model is the second.
    n_iter_ : int
        Passes that `fit` needed: fewer than `n_epochs` where one of them made no mistake, since then the others would
        have changed nothing.
    n_features_in_ : int
        Number of features d.
    feature_names_in_ : numpy.ndarray of str, shape (d,)
        Names of the columns, where X had any.

    See Also
    --------
    dcai.models.DensePerceptron : the model, over integers.

    Notes
    -----
    Each row is divided by its Euclidean norm, and rounded at scale ``10**9``. What matters is thus the direction of a
    sample as seen from the origin: standardise the features first, and append a constant feature where the classes are
    not on two sides of the origin, as the intercept of the contract never learns. A row of zeros teaches nothing, and
    gets the first class.

    Examples
    --------
    >>> from dcai.models.sklearn import DensePerceptronEstimator
    >>> estimator = DensePerceptronEstimator(random_state=0).fit([[3.0, -4.0], [-1.0, 2.0]], ["no", "yes"])
    >>> estimator.predict([[-6.0, 1.0]]).tolist()
    ['yes']
    >>> estimator.model_.classifications
    ('no', 'yes')
    """

    model_: DensePerceptron

    def _blank(self, names: Sequence[str]) -> DensePerceptron:
        weights = np.zeros(self.n_features_in_, np.int64)
        return DensePerceptron(weights, 0, self._learning_rate(), classifications=names)

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: D102  # inherited
        samples = self._predictable(X)
        # Python's integers: a score may need 112 bits and more. Weight and feature have scale 10^9 each.
        scores = samples.astype(object) @ self.model_.weights.astype(object) + self.model_.intercept
        return np.array(scores / TO_FLOAT**2, dtype=np.float64)


class SparsePerceptronEstimator(_SparseInput, _PerceptronTraining):
    """A Perceptron of two classes over present features, trained as the contract ``SparsePerceptron`` trains itself.

    Parameters
    ----------
    learning_rate : float, default 1.0
        How far a mistake moves the weight of each feature present, from 1e-9 to 4.29; stored as uint32, scale
        ``10**9``.
    n_epochs : int, default 10
        Passes of `fit` over the samples.
    shuffle : bool, default True
        Whether `fit` takes the samples in another random order in each pass, and not in the order given.
    random_state : int, numpy RandomState or None, default None
        Seed of that order; an int makes `fit` repeatable.

    Attributes
    ----------
    model_ : dcai.models.SparsePerceptron
        The trained model, to deploy or to write as JSON. Its intercept is 0.
    classes_ : numpy.ndarray, shape (2,)
        The classes, sorted; label 1 of the model is the second.
    n_iter_ : int
        Passes that `fit` needed: fewer than `n_epochs` where one of them made no mistake, since then the others would
        have changed nothing.
    n_features_in_ : int
        Number of features d.
    feature_names_in_ : numpy.ndarray of str, shape (d,)
        Names of the columns, where X had any.

    See Also
    --------
    dcai.models.SparsePerceptron : the model, over feature indices.

    Notes
    -----
    Samples are arrays or SciPy sparse matrices of shape (n, d), in which every number but zero, a negative one too,
    means that the feature is present. A sample without any feature teaches nothing, and gets the first class. Since the
    intercept of the contract never learns, a feature that is always present can take its place.

    Examples
    --------
    >>> from dcai.models.sklearn import SparsePerceptronEstimator
    >>> estimator = SparsePerceptronEstimator(random_state=0).fit([[1, 1, 0], [0, 1, 1]], ["no", "yes"])
    >>> estimator.predict([[0, 0, 1]]).tolist()
    ['yes']
    """

    model_: SparsePerceptron

    def _blank(self, names: Sequence[str]) -> SparsePerceptron:
        return SparsePerceptron({}, 0, self._learning_rate(), classifications=names)

    def decision_function(self, X: Any) -> NDArray[np.float64]:  # noqa: D102  # inherited
        samples = self._predictable(X)
        weights, indices = self.model_.weights, samples.indices.tolist()
        # Python's integers: a weight alone may need 80 bits.
        scores = [
            sum(map(weights.__getitem__, indices[start:stop]), self.model_.intercept)
            for start, stop in pairwise(samples.indptr.tolist())
        ]
        return np.array([score / TO_FLOAT for score in scores], dtype=np.float64)


class NearestCentroidEstimator(_DenseInput, _OnChainEstimator):
    """A nearest centroid classifier over real numbers, for the contract ``NearestCentroidClassifier``.

    Attributes
    ----------
    model_ : dcai.models.NearestCentroidClassifier
        The trained model, to deploy or to write as JSON.
    classes_ : numpy.ndarray, shape (k,)
        The classes, sorted; a label of the model is an index into it.
    n_features_in_ : int
        Number of features d.
    feature_names_in_ : numpy.ndarray of str, shape (d,)
        Names of the columns, where X had any.

    See Also
    --------
    dcai.models.NearestCentroidClassifier : the model, over integers.

    Notes
    -----
    Each row is divided by its Euclidean norm, and rounded at scale ``10**9``. A row of zeros teaches nothing and is not
    counted.

    `fit` takes the exact mean of each class over the rounded rows, to the nearest integer, half away from zero, and the
    number of samples as its count. The contract's own updates give the same but for rounding: each rounds toward zero,
    so that n of them may end n / 2 units of ``10**-9`` nearer to zero, and the order of the samples shows. The mean has
    neither flaw, and what is deployed first need not have been learned on a chain.

    `partial_fit` makes these updates. Before its first sample a class has a centroid of 0, which can be the nearest.

    Examples
    --------
    >>> from dcai.models.sklearn import NearestCentroidEstimator
    >>> estimator = NearestCentroidEstimator().fit([[3.0, 4.0], [4.0, 3.0], [0.0, -2.0]], ["up", "up", "down"])
    >>> estimator.predict([[5.0, 1.0]]).tolist()
    ['up']
    >>> estimator.model_.centroids[1]
    array([700000000, 700000000])
    """

    model_: NearestCentroidClassifier

    def _blank(self, names: Sequence[str]) -> NearestCentroidClassifier:
        zeros = np.zeros((len(names), self.n_features_in_), np.int64)
        return NearestCentroidClassifier(zeros, [0] * len(names), classifications=names)

    def _trained(self, data: Any, labels: NDArray[Any], names: Sequence[str]) -> NearestCentroidClassifier:
        centroids, counts = dense_means(data, labels, len(names))
        return NearestCentroidClassifier(centroids, counts, classifications=names)


class SparseNearestCentroidEstimator(_SparseInput, _OnChainEstimator):
    """A nearest centroid classifier over present features, for the contract ``SparseNearestCentroidClassifier``.

    Attributes
    ----------
    model_ : dcai.models.SparseNearestCentroidClassifier
        The trained model, to deploy or to write as JSON.
    classes_ : numpy.ndarray, shape (k,)
        The classes, sorted; a label of the model is an index into it.
    n_features_in_ : int
        Number of features d.
    feature_names_in_ : numpy.ndarray of str, shape (d,)
        Names of the columns, where X had any.

    See Also
    --------
    dcai.models.SparseNearestCentroidClassifier : the model, over feature indices.

    Notes
    -----
    Samples are arrays or SciPy sparse matrices of shape (n, d), d at most ``2**32``, in which every number but zero, a
    negative one too, means that the feature is present.

    `fit` takes the share of the samples of each class that have a feature, at scale ``10**9`` and rounded to the
    nearest integer, and the number of samples as its count. The contract's own updates give the same but for their
    rounding, which grows with the number of samples and depends on their order.

    `partial_fit` makes these updates. Before its first sample a class has a centroid of 0, which can be the nearest.

    Examples
    --------
    >>> from dcai.models.sklearn import SparseNearestCentroidEstimator
    >>> estimator = SparseNearestCentroidEstimator().fit([[1, 1, 0], [0, 1, 0], [0, 0, 1]], ["a", "a", "b"])
    >>> estimator.predict([[1, 1, 1]]).tolist()
    ['a']
    >>> estimator.model_.centroids[0]
    {0: 500000000, 1: 1000000000}
    """

    model_: SparseNearestCentroidClassifier

    def _blank(self, names: Sequence[str]) -> SparseNearestCentroidClassifier:
        return SparseNearestCentroidClassifier([{} for _ in names], [0] * len(names), classifications=names)

    def _trained(self, data: Any, labels: NDArray[Any], names: Sequence[str]) -> SparseNearestCentroidClassifier:
        centroids, counts = presence_means(data.indptr, data.indices, labels, len(names))
        return SparseNearestCentroidClassifier(centroids, counts, classifications=names)


def _names(classes: NDArray[Any]) -> list[str]:
    return [str(name) for name in classes.tolist()]


def _as_n_epochs(n_epochs: Any) -> int:
    if isinstance(n_epochs, bool) or not isinstance(n_epochs, Integral):
        raise InputTypeError(f"n_epochs is {n_epochs!r}; expected an integer")
    if n_epochs < 1:
        raise InputError(f"n_epochs is {n_epochs}, and must be at least 1")
    return int(n_epochs)
