"""The on-chain classifiers as scikit-learn estimators: train with its tools, deploy ``model_``.

Each model of the registry has an estimator here: the name of its contract without "Classifier", and "Estimator". It
holds a model as its attribute ``model_``, which is ready to deploy, to serve or to write as JSON. ``fit`` trains what
to deploy first. ``partial_fit`` is what the contract does when its ``update`` gets the same samples in the same order,
bit for bit.

Estimators of dense models take real numbers and divide each row by its Euclidean norm, because a contract refuses to
learn any other (``NotNormalized``). A row of integers that passes the contract's check already, as
`dcai.encoders.L2Normalized` makes them, is taken as it is. A row of zeros has no direction, so no length makes the
contract learn it: training passes over it, as a transaction that reverts changes nothing. Prediction takes it as it is,
as the contract does.

Estimators of sparse models take arrays or SciPy sparse matrices, in which every number but zero means that the feature
is present.

Sample weights are not supported: a contract counts every sample once.

>>> from dcai.models.sklearn import DensePerceptronEstimator
>>> estimator = DensePerceptronEstimator(random_state=0).fit([[3.0, -4.0], [-1.0, 2.0]], ["no", "yes"])
>>> estimator.predict([[-6.0, 1.0]]).tolist()
['yes']
>>> estimator.model_.classifications
('no', 'yes')
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cache
from numbers import Integral
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcai.data.normalization import NORM_SQ_E18, NORM_SQ_TOLERANCE_E18, l2_normalized
from dcai.errors import InputError, InputTypeError, MissingExtraError
from dcai.models import MODELS, Classifier
from dcai.models._inputs import SupportsCsr

try:
    from scipy.sparse import csr_array
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.preprocessing import LabelEncoder
    from sklearn.utils import check_random_state
    from sklearn.utils.metaestimators import available_if
    from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise MissingExtraError("dcai.models.sklearn", "sklearn") from error

#: Samples: anything that numpy reads, or a matrix of SciPy.
Matrix: TypeAlias = ArrayLike | SupportsCsr

#: Parameters of an estimator whose model learns from mistakes alone, and so in passes.
_PASSES = {"n_epochs": 10, "shuffle": True, "random_state": None}


class OnChainEstimator(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Base of the estimators; `MODELS` lists them."""

    #: The class of ``model_``.
    _model: ClassVar[type[Classifier]]

    classes_: NDArray[Any]
    model_: Any
    n_iter_: int
    n_features_in_: int

    def __init__(self, **parameters: Any) -> None:
        for name, value in {**_defaults(self._model), **parameters}.items():
            setattr(self, name, value)

    def __sklearn_tags__(self) -> Any:
        tags, spec = super().__sklearn_tags__(), self._model.spec
        tags.input_tags.sparse = spec.is_sparse
        # The score that scikit-learn means is that on blobs of real numbers, where all features are always present.
        tags.classifier_tags.poor_score = spec.is_sparse
        tags.classifier_tags.multi_class = spec.num_classes is None
        return tags

    def fit(self, X: Matrix, y: ArrayLike) -> Self:
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
            Input that scikit-learn refuses: wrong shapes, missing values, targets that are not classes.
        InputError
            A parameter or a number of classes that the contract cannot have; a class of which no row can be learned,
            as all are zeros (dense estimators). It is a ``ValueError``.
        """
        X, y = self._validated(X, y, reset=True)
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

    def partial_fit(self, X: Matrix, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
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
        X, y = self._validated(X, y, reset=first)
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

    def predict(self, X: Matrix) -> NDArray[Any]:
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
            Input that scikit-learn refuses, or another number of features than in training.
        NotFittedError
            Neither `fit` nor `partial_fit` has been called.
        """
        data = self._predictable(X)
        labels = self.model_.predict_batch(data)
        predicted: NDArray[Any] = self.classes_[labels]
        return predicted

    @available_if(lambda self: hasattr(self._model, "decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Matrix) -> NDArray[np.float64]:
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
        samples = self._predictable(X)
        scores: NDArray[np.float64] = self.model_.decision_function(samples)
        return scores

    def _validated(self, X: Any, *y: Any, reset: bool) -> Any:
        checks = {"accept_sparse": "csr"} if self._model.spec.is_sparse else {"dtype": np.float64}
        return validate_data(self, X, *y, reset=reset, **checks)

    def _predictable(self, X: Any) -> Any:
        """Check samples and give them in the form in which the model takes them."""
        check_is_fitted(self, "model_")
        X = self._validated(X, reset=False)
        return _presence(X) if self._model.spec.is_sparse else _normalized(X)

    def _learnable(self, X: Any, labels: NDArray[Any]) -> tuple[Any, NDArray[Any]]:
        """Select the checked samples that the contract can learn; return them encoded, with their labels."""
        if self._model.spec.is_sparse:
            return _presence(X), labels
        nonzero = X.any(axis=1)
        return _normalized(X[nonzero]), labels[nonzero]

    def _blank(self, names: Sequence[str]) -> Any:
        return self._made(self._model.blank, self.n_features_in_, names)

    def _made(self, make: Any, *arguments: Any) -> Any:
        """Call a constructor with the hyperparameters of the model."""
        given = {each.name: each.to_fixed(getattr(self, each.name)) for each in self._model.spec.hyperparameters}
        return make(*arguments, **given)

    def _trained(self, data: Any, labels: NDArray[Any], names: Sequence[str]) -> Any:
        """Return a new model trained on learnable samples."""
        if not self._model.spec.has_mistakes:
            return self._made(self._model.fitted, data, labels, self.n_features_in_, names)
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

    def _check_target(self, y: ArrayLike) -> None:
        kind = type_of_target(y, input_name="y", raise_unknown=True)
        if self._model.spec.num_classes == 2 and kind != "binary":
            raise InputError(f"Only binary classification is supported. The type of the target is {kind}.")

    def _check_classes(self, classes: NDArray[Any]) -> None:
        """Refuse a number of classes that the model cannot have."""
        if self._model.spec.num_classes not in (None, len(classes)):
            number = "one class" if len(classes) == 1 else f"{len(classes)} classes"
            needed = {2: "two"}.get(self._model.spec.num_classes, self._model.spec.num_classes)
            raise InputError(f"a {self._model.spec.contract} needs {needed} classes, got {number}: {classes.tolist()}")


def _presence(X: Any) -> Any:
    """Any number but zero is presence."""
    matrix = csr_array(X, copy=True)
    # Entries of one place add up, and a zero may be stored: only then is presence what the matrix says.
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return csr_array((np.ones(matrix.nnz, np.int8), matrix.indices, matrix.indptr), shape=matrix.shape)


def _normalized(X: NDArray[np.float64]) -> NDArray[np.int64]:
    """Divide rows by their norm at scale ``10**9``, but for zeros and for integers that have the contract's norm."""
    rows = np.zeros(X.shape, np.int64)
    whole = np.flatnonzero(((np.abs(X) < 2**31) & (np.rint(X) == X)).all(axis=1))
    whole = whole[np.linalg.norm(X[whole], axis=1) < 2**31]  # int64 holds the sum of squares
    rows[whole] = X[whole]
    passes = np.abs((rows * rows).sum(axis=1) - NORM_SQ_E18) < NORM_SQ_TOLERANCE_E18
    rest = ~passes & X.any(axis=1)
    rows[rest] = l2_normalized(X[rest])
    return rows


def _as_n_epochs(n_epochs: Any) -> int:
    if isinstance(n_epochs, bool) or not isinstance(n_epochs, Integral):
        raise InputTypeError(f"n_epochs is {n_epochs!r}; expected an integer")
    if n_epochs < 1:
        raise InputError(f"n_epochs is {n_epochs}, and must be at least 1")
    return int(n_epochs)


def _names(classes: NDArray[Any]) -> list[str]:
    return [str(name) for name in classes.tolist()]


def _defaults(model: type[Classifier]) -> dict[str, Any]:
    own = {each.name: each.default for each in model.spec.hyperparameters}
    return own | _PASSES if model.spec.has_mistakes else own


_DOC = """Train the contract ``{contract}`` with the tools of scikit-learn.
{parameters}
Attributes
----------
model_ : dcai.models.{contract}
    The trained model, to deploy or to write as JSON.
classes_ : numpy.ndarray, shape (k,)
    The classes, sorted; a label of the model is an index into it.
{n_iter}n_features_in_ : int
    Number of features d.
feature_names_in_ : numpy.ndarray of str, shape (d,)
    Names of the columns, where X had any.

See Also
--------
dcai.models.{contract} : the model, over integers.

Notes
-----
Samples are {samples}.

`fit`: {fit}

`partial_fit` makes the contract's updates. It begins with a model that has learned nothing.
"""
_DENSE = """rows of real numbers. Each is divided by its Euclidean norm, and rounded at scale ``10**9``: what matters
is the direction of a sample, so standardise the features first"""
_SPARSE = """arrays or SciPy sparse matrices of shape (n, d), in which every number but zero, a negative one too, means
that the feature is present"""
_PASSES_DOC = """n_epochs : int, default 10
    Passes of `fit` over the samples.
shuffle : bool, default True
    Whether `fit` takes the samples in another random order in each pass, and not in the order given.
random_state : int, numpy RandomState or None, default None
    Seed of that order; an int makes `fit` repeatable.
"""
_N_ITER_DOC = """n_iter_ : int
    Passes that `fit` needed: fewer than `n_epochs` where one of them made no mistake.
"""


def _doc(model: type[Classifier]) -> str:
    spec = model.spec
    own = "".join(f"{p.name} : float, default {p.default}\n    {p.text}\n" for p in spec.hyperparameters)
    own += _PASSES_DOC if spec.has_mistakes else ""
    summary, _, notes = (inspect.getdoc(model.fitted) or "").partition("\n\n")
    if spec.has_mistakes:
        summary = "Make ``n_epochs`` passes of the contract's updates, from a model that has learned nothing."
    return _DOC.format(
        contract=spec.contract,
        parameters=f"\nParameters\n----------\n{own}" if own else "",
        n_iter=_N_ITER_DOC if spec.has_mistakes else "",
        samples=_SPARSE if spec.is_sparse else _DENSE,
        fit=f"{summary}\n\n{notes}",
    )


@cache
def _estimator(model: type[Classifier]) -> type[OnChainEstimator]:
    """Make the class of a model's estimator."""
    name = _name(model.spec.contract)

    def init(self: OnChainEstimator, **parameters: Any) -> None:
        OnChainEstimator.__init__(self, **signature.bind(self, **parameters).kwargs)

    # scikit-learn reads the parameters from the signature.
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [inspect.Parameter(key, keyword, default=value) for key, value in _defaults(model).items()]
    signature = inspect.Signature([inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY), *own])
    init.__signature__ = signature  # type: ignore[attr-defined]
    fields = {"_model": model, "__init__": init, "__doc__": _doc(model), "__module__": __name__}
    return type(name, (OnChainEstimator,), fields)


def _name(contract: str) -> str:
    return f"{contract.removesuffix('Classifier')}Estimator"


__all__ = ["OnChainEstimator"]
__all__ += [_name(contract) for contract in MODELS]


def __getattr__(name: str) -> type[OnChainEstimator]:
    for contract, model in MODELS.items():
        if name == _name(contract):
            return _estimator(model)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
