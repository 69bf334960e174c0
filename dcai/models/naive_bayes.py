"""A multinomial naive Bayes classifier over the indices of the features that are present."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dcai import _kernels
from dcai.errors import InputError, InputTypeError
from dcai.fixed import TO_FLOAT
from dcai.models import _inputs, json_format
from dcai.models.base import SparseClassifier, check_length, check_names, fitted_classes, pairs
from dcai.models.deployment import create_classes
from dcai.models.means import presence_counts
from dcai.models.registry import register
from dcai.models.spec import Demo, Field, Getter, Hyperparameter, Int, Map, ModelSpec, Sparse, of_class, per_class

if TYPE_CHECKING:
    from dcai.models._inputs import Batch, Labels
    from dcai.models.deployment import Driver

__all__ = ["NaiveBayes"]

FeatureCounts: TypeAlias = Sequence[Sequence[int]] | Mapping[int, int]


def _deploy(driver: Driver, model: NaiveBayes) -> None:
    names, samples = model.classifications, model.num_samples
    entries = [[[index, count] for index, count in counts.items()] for counts in model.feature_counts]
    for k, (total, counts) in enumerate(zip(model.total_feature_counts, model.feature_counts, strict=True)):
        if total != (stored := sum(counts.values())):
            raise InputError(
                f"class {k} has a total of {total}, and feature counts that sum to {stored}: no constructor stores "
                "that. place(model) puts any state on a chain"
            )
    create_classes(
        driver,
        entries,
        max(map(len, entries)),
        create=lambda classes, size: (
            names[:classes],
            samples[:classes],
            [counts[:size] for counts in entries[:classes]],
            model.total_num_features,
            model.smoothing_factor,
        ),
        add=lambda k, size: (samples[k], entries[k][:size], names[k]),
        extend="initializeCounts",
    )


def _cells(model: NaiveBayes) -> Iterator[tuple[int, int]]:
    return ((k, j) for k, counts in enumerate(model.feature_counts) for j in counts)


_SMOOTHING = Hyperparameter("smoothing_factor", 1.0, "Added to each count; 1 is Laplace smoothing.")

_SPEC = ModelSpec(
    contract="NaiveBayes",
    kernel=_kernels.NaiveBayes,
    samples=Sparse(index_bits=32),
    fields=(
        Field("num_samples", "classInfos.numSamples", Int(64), per_class=True),
        Field("total_feature_counts", "classInfos.totalFeatureCount", Int(64), per_class=True),
        Field("feature_counts", "classInfos.featureCounts", Map(Int(32), Int(32)), per_class=True),
        Field("smoothing_factor", "smoothingFactor", Int(32)),
        Field("total_num_features", "totalNumFeatures", Int(256)),
    ),
    getters={
        "getNumSamples": Getter(lambda model, k: of_class(model.num_samples, k), per_class, 1),
        "getClassTotalFeatureCount": Getter(lambda model, k: of_class(model.total_feature_counts, k), per_class, 1),
        "getFeatureCount": Getter(lambda model, k, j: model.feature_count(k, j), _cells, 2),
        "smoothingFactor": Getter(lambda model: model.smoothing_factor, lambda _: iter([()]), 0),
        "totalNumFeatures": Getter(lambda model: model.total_num_features, lambda _: iter([()]), 0),
    },
    deploy=_deploy,
    changes=("addClass", "initializeCounts"),
    hyperparameters=(_SMOOTHING,),
    json_types=("naive bayes",),
    fingerprint="naive-bayes",
    words={
        "classInfos.length": "the number of classes",
        "classInfos[k].numSamples": "the number of samples of class {k}",
        "classInfos[k].totalFeatureCount": "the total of the feature counts of class {k}",
        "classInfos[k].featureCounts[j]": "the count of feature {j} in class {k}",
        "smoothingFactor": "the smoothing factor",
        "totalNumFeatures": "the total number of features",
    },
    demos=(Demo("digits-presence", 100), Demo("imdb", 2000)),
)


@register
class NaiveBayes(SparseClassifier):
    """A multinomial naive Bayes classifier over present features, the twin of the contract ``NaiveBayes``.

    Parameters
    ----------
    class_counts : sequence of k ints
        Number of samples of each class, uint64.
    feature_counts : sequence of k sequences of pairs (feature index, count), or of mappings of index to count
        How many of them have each feature. Indices and counts are uint32. A feature that is not listed counts 0; of one
        that is listed twice, the later count stands and the total has both.
    total_num_features : int
        Number of features that there are, below 2**64.
    smoothing_factor : int
        uint32, scale ``10**9``; ``10**9`` is Laplace smoothing.
    classifications : sequence of k str, default ("0", "1", ...)
        Names of the classes.
    feature_indices : sequence of ints, default ()
        uint32; which features of a shared encoder the model takes.

    Raises
    ------
    InputError
        A number out of range or not an integer; the message names it.
    Revert
        ``NoClasses``, ``DimensionMismatch``, ``MalformedPair`` or ``SafeCastOverflowedUintDowncast``, as the contract.

    Notes
    -----
    The score of class ``k`` is ``num_samples`` times the product of ``(10**9 * count(x_j) + s) / D`` over the features
    present, with ``D = 10**9 * total_feature_count + s * total_num_features`` and ``s`` the smoothing factor. The
    largest wins, the lowest class among equals. The product has a mantissa of 128 bits and more and an exponent, so
    the label is that of scikit-learn's ``MultinomialNB`` up to rounding: accuracy .83112 on the test reviews of IMDB.
    The contract of 0xDeCA10B rounds the product down at scale ``10**9`` after each feature. From 6 or 7 features on it
    is 0 for all classes, and the label always 0: accuracy .49996. `python -m bench.naive_bayes` prints both.
    Source: contracts/src/models/NaiveBayes.sol.

    Examples
    --------
    >>> model = NaiveBayes([2, 2], [[(0, 2), (1, 1)], [(1, 1), (2, 2)]], 3, 10**9)
    >>> model.predict([1, 2])
    1
    >>> model.update([2, 2], 0)
    True
    >>> model.feature_count(0, 2)
    2
    """

    __slots__ = ()
    spec = _SPEC
    _kernel: _kernels.NaiveBayes

    def __init__(
        self,
        class_counts: Sequence[int] | NDArray[Any],
        feature_counts: Sequence[FeatureCounts],
        total_num_features: int,
        smoothing_factor: int,
        *,
        classifications: Sequence[str] | None = None,
        feature_indices: Iterable[int] = (),
    ) -> None:
        names = check_names(classifications, check_length(class_counts, "class_counts"))
        check_length(feature_counts, "feature_counts")
        rows = [pairs(counts) for counts in feature_counts]
        kernel = _kernels.NaiveBayes(class_counts, rows, total_num_features, smoothing_factor)
        super().__init__(kernel, names, feature_indices)

    @property
    def num_samples(self) -> list[int]:
        """Number of samples of each class."""
        return self._kernel.num_samples

    @property
    def total_feature_counts(self) -> list[int]:
        """Number of features that the samples of each class have together."""
        return self._kernel.total_feature_counts

    @property
    def feature_counts(self) -> list[dict[int, int]]:
        """For each class the counts that are not zero, by feature index, in increasing order."""
        return [dict(counts) for counts in self._kernel.feature_counts]

    @property
    def smoothing_factor(self) -> int:
        """The smoothing factor, uint32, scale ``10**9``."""
        return self._kernel.smoothing_factor

    @property
    def total_num_features(self) -> int:
        """Number of features that there are."""
        return self._kernel.total_num_features

    def feature_count(self, k: int, j: int) -> int:
        """Return how often the samples of class ``k`` have feature ``j``, as the contract's ``getFeatureCount``.

        Parameters
        ----------
        k : int
            The class.
        j : int
            Feature index, uint32.

        Raises
        ------
        Revert
            ``UnknownClass``, as the contract.
        """
        return self._kernel.feature_count(k, j)

    def add_class(self, num_samples: int, counts: FeatureCounts, name: str) -> None:
        """Add a class, as the contract's ``addClass``.

        Parameters
        ----------
        num_samples : int
            Number of its samples, uint64.
        counts : sequence of pairs (int, int), or mapping of int to int
            Feature index and count, both uint32.
        name : str
            Name of the class.

        Raises
        ------
        InputError
            A number out of range or not an integer, a name that is no text.
        Revert
            ``MalformedPair`` or ``SafeCastOverflowedUintDowncast``. In either case nothing is added.
        """
        self._append_class(name, num_samples, pairs(counts))

    def initialize_counts(self, counts: FeatureCounts, label: int) -> None:
        """Set feature counts of one class and add them to its total, as the contract's ``initializeCounts``.

        Parameters
        ----------
        counts : sequence of pairs (int, int), or mapping of int to int
            Feature index and count, both uint32. The total also keeps a count that is replaced.
        label : int
            The class.

        Raises
        ------
        InputError
            A number out of range or not an integer.
        Revert
            ``UnknownClass``, then as `add_class`. In either case nothing is set.
        """
        self._kernel.initialize_counts(pairs(counts), label)

    @classmethod
    def blank(cls, num_features: int, classifications: Sequence[str], *, smoothing_factor: int = TO_FLOAT) -> Self:
        """Return a model that has counted nothing; ``smoothing_factor`` has scale ``10**9``."""
        zeros = [0] * len(classifications)
        return cls(zeros, [{} for _ in zeros], num_features, smoothing_factor, classifications=classifications)

    @classmethod
    def fitted(
        cls, X: Batch, y: Labels, num_features: int, classifications: Sequence[str], *, smoothing_factor: int = TO_FLOAT
    ) -> Self:
        """Count the samples of each class and their features, as the contract's own updates do, in any order."""
        rows = _inputs.sparse_batch(X)
        labels = _inputs.as_labels(y, len(rows))
        present, num_samples = presence_counts(rows.indptr, rows.indices, labels, len(classifications))
        counts = [dict(zip(features.tolist(), times.tolist(), strict=True)) for features, times in present]
        return cls(num_samples, counts, num_features, smoothing_factor, classifications=classifications)

    @classmethod
    def from_sklearn(cls, estimator: Any) -> Self:
        """Turn a fitted ``MultinomialNB`` of scikit-learn into a model.

        Parameters
        ----------
        estimator : MultinomialNB
            Fitted without weights, and with the default prior. A sample that has a feature n times is its index n
            times.

        Returns
        -------
        NaiveBayes
            The same counts; ``alpha``, at scale ``10**9``, is the smoothing factor.

        Raises
        ------
        InputTypeError
            Another estimator.
        InputError
            It is not fitted, its counts are not whole numbers, or its prior is not that of the counts.

        Examples
        --------
        >>> from sklearn.naive_bayes import MultinomialNB
        >>> fitted = MultinomialNB().fit([[1, 1, 0], [0, 1, 1]], ["no", "yes"])
        >>> NaiveBayes.from_sklearn(fitted).predict([2])
        1
        """
        names = fitted_classes(estimator, "MultinomialNB", "class_count_", "feature_count_", "alpha")
        if "MultinomialNB" not in [each.__name__ for each in type(estimator).__mro__]:
            # Its siblings count, too, and take another product of the counts.
            raise InputTypeError(f"expected a fitted MultinomialNB of scikit-learn, got {type(estimator).__name__}")
        if not estimator.fit_prior or estimator.class_prior is not None:
            raise InputError(
                "the prior of the contract is the count of each class; use fit_prior=True, class_prior=None"
            )
        samples = _whole(estimator.class_count_, "class_count_")
        counts = _whole(estimator.feature_count_, "feature_count_")
        present = [{j: count for j, count in enumerate(row.tolist()) if count} for row in counts]
        smoothing = _SMOOTHING.to_fixed(estimator.alpha)
        return cls(samples.tolist(), present, counts.shape[1], smoothing, classifications=names)

    @classmethod
    def _restore_kernel(cls, state: dict[str, Any]) -> _kernels.NaiveBayes:
        counts = [pairs(each) for each in state["feature_counts"]]
        columns = state["num_samples"], state["total_feature_counts"], counts
        return _kernels.NaiveBayes.restore(*columns, state["smoothing_factor"], state["total_num_features"])

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        names = fields.take_text_list("classifications")
        samples = fields.take_integer_list("classCounts", bits=64)
        counts = fields.take_integer_list("featureCounts", bits=32, depth=3)
        num_features = fields.take_integer("totalNumFeatures", bits=64)
        smoothing = fields.take_fixed("smoothingFactor", bits=32, signed=False, default=TO_FLOAT)
        indices = fields.take_integer_list("featureIndices", (), bits=32)
        model = cls(samples, counts, num_features, smoothing, classifications=names, feature_indices=indices)
        totals = fields.take_integer_list("totalFeatureCounts", model.total_feature_counts, bits=64)
        return cls.restore(model.state() | {"total_feature_counts": totals}, names, indices)

    def _to_fields(self) -> dict[str, Any]:
        """Return the fields of the format; one of our own, ``totalFeatureCounts``, where totals are not the sums."""
        fields: dict[str, Any] = {
            "classifications": self.classifications,
            "featureIndices": self.feature_indices,
            "classCounts": self.num_samples,
            "featureCounts": [list(counts.items()) for counts in self.feature_counts],
            "totalNumFeatures": self.total_num_features,
            "smoothingFactor": json_format.real(self.smoothing_factor),
        }
        if self.total_feature_counts != [sum(counts.values()) for counts in self.feature_counts]:
            fields["totalFeatureCounts"] = self.total_feature_counts
        return fields


def _whole(counts: NDArray[np.float64], name: str) -> NDArray[np.int64]:
    """Return counts as integers; refuse the fractions of weighted samples."""
    if (bad := np.argwhere(counts != np.rint(counts))).size:
        place = [int(i) for i in bad[0]]
        raise InputError(
            f"{name}{place} is {counts[tuple(bad[0])]}; the contract counts whole samples, without weights"
        )
    return counts.astype(np.int64)
