"""A nearest centroid classifier over dense samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dcai import _kernels
from dcai.errors import InputError, Revert
from dcai.models import _inputs, json_format
from dcai.models.base import DenseClassifier, check_length, check_names
from dcai.models.deployment import create_classes
from dcai.models.means import dense_means
from dcai.models.registry import register
from dcai.models.spec import Array, Demo, Dense, Field, Getter, Int, ModelSpec, item, of_class, per_class

if TYPE_CHECKING:
    from dcai.models._inputs import Batch, Labels
    from dcai.models.deployment import Driver

__all__ = ["NearestCentroidClassifier"]

#: A sample count that the constructor refuses (``dataCountLimit`` in the contract).
DATA_COUNT_LIMIT = 1 << 191


def _deploy(driver: Driver, model: NearestCentroidClassifier) -> None:
    centroids = [centroid.tolist() for centroid in model.centroids]
    names, counts = model.classifications, model.counts
    for k, count in enumerate(counts):
        if count >= DATA_COUNT_LIMIT:
            raise InputError(
                f"class {k} has {count} samples, and the constructor takes fewer than 2^191; "
                "place(model) puts any state on a chain"
            )
    create_classes(
        driver,
        centroids,
        # Classes must be of one length while they are added, so the length that all have comes first.
        min(map(len, centroids)),
        create=lambda classes, size: (names[:classes], [c[:size] for c in centroids[:classes]], counts[:classes]),
        add=lambda k, size: (centroids[k][:size], names[k], counts[k]),
        extend="extendCentroid",
    )


def _centroid_value(model: NearestCentroidClassifier, k: int, j: int) -> int:
    centroid = of_class(model.centroids, k)
    if j >= len(centroid):
        raise Revert("Panic", (0x32,))  # an index that is out of bounds
    return int(centroid[j])


def _cells(model: NearestCentroidClassifier) -> Iterator[tuple[int, int]]:
    return ((k, j) for k, centroid in enumerate(model.centroids) for j in range(len(centroid)))


_SPEC = ModelSpec(
    contract="NearestCentroidClassifier",
    kernel=_kernels.NearestCentroidClassifier,
    samples=Dense(),
    fields=(
        Field("centroids", "centroids", Array(Int(64, signed=True)), per_class=True),
        Field("counts", "dataCounts", Int(256), per_class=True),
    ),
    getters={
        "centroids": Getter(lambda model, k, j: int(item(item(model.centroids, k), j)), _cells, 2),
        "dataCounts": Getter(lambda model, k: item(model.counts, k), per_class, 1),
    },
    own_getters={
        "getNumSamples": Getter(lambda model, k: of_class(model.counts, k), per_class, 1),
        "getCentroidValue": Getter(_centroid_value, _cells, 2),
    },
    deploy=_deploy,
    changes=("addClass", "extendCentroid"),
    json_types=("nearest centroid classifier", "dense nearest centroid classifier"),
    fingerprint="nearest-centroid",
    words={
        "centroids.length": "the number of classes",
        "dataCounts.length": "the number of classes",
        "centroids[k].length": "the length of the centroid of class {k}",
        "centroids[k][j]": "feature {j} of the centroid of class {k}",
        "dataCounts[k]": "the number of samples of class {k}",
    },
    demos=(Demo("breast-cancer", 50), Demo("digits", 100)),
)


@register
class NearestCentroidClassifier(DenseClassifier):
    """A nearest centroid classifier over dense samples, the twin of the contract ``NearestCentroidClassifier``.

    Parameters
    ----------
    centroids : sequence of k sequences of d ints, or int array of shape (k, d)
        int64, scale ``10**9``.
    counts : sequence of k ints
        Number of samples in each class, below ``2**191``.
    classifications : sequence of k str, default ("0", "1", ...)
        Names of the classes.
    feature_indices : sequence of ints, default ()
        uint32; which features of a shared encoder the model takes.

    Raises
    ------
    InputError
        A number out of range or not an integer; the message names it.
    Revert
        ``NoClasses``, ``DimensionMismatch`` or ``CountTooLarge``, as the contract.

    Notes
    -----
    ``distance(k, x) = sum((x - centroids[k])**2 / 10**9)``, each term rounded toward zero; the smallest wins, the
    lowest label among equals. An update moves a centroid to ``(c * n + x) / (n + 1)``, rounded toward zero.
    Mirrors: contracts/src/models/NearestCentroidClassifier.sol.

    Examples
    --------
    >>> model = NearestCentroidClassifier([[10**9, 0], [0, 10**9]], [1, 1])
    >>> model.predict([600_000_000, 800_000_000])
    1
    """

    __slots__ = ()
    spec = _SPEC
    _kernel: _kernels.NearestCentroidClassifier

    def __init__(
        self,
        centroids: Sequence[Sequence[int]] | Sequence[NDArray[Any]] | NDArray[Any],
        counts: Sequence[int] | NDArray[Any],
        *,
        classifications: Sequence[str] | None = None,
        feature_indices: Iterable[int] = (),
    ) -> None:
        names = check_names(classifications, check_length(centroids, "centroids"))
        super().__init__(_kernels.NearestCentroidClassifier(centroids, counts), names, feature_indices)

    @property
    def num_features(self) -> int:
        """Number of features of a sample, d."""
        return len(self._kernel.centroids[0])

    @property
    def centroids(self) -> list[NDArray[np.int64]]:
        """A copy of the centroids: one int64 array of shape (d,) a class, scale ``10**9``."""
        return self._kernel.centroids

    @property
    def counts(self) -> list[int]:
        """Number of samples in each class."""
        return self._kernel.counts

    def add_class(self, centroid: ArrayLike, name: str, count: int) -> None:
        """Add a class, as the contract's ``addClass``.

        Parameters
        ----------
        centroid : sequence of d ints
            int64, scale ``10**9``, as long as the first centroid.
        name : str
            Name of the class.
        count : int
            Number of samples in it, below ``2**191``.

        Raises
        ------
        InputError
            A number out of range or not an integer, a name that is no text.
        Revert
            ``DimensionMismatch`` or ``CountTooLarge``. In either case nothing is added.
        """
        self._append_class(name, centroid, count)

    def extend_centroid(self, extension: ArrayLike, label: int) -> None:
        """Append features to the centroid of one class, as the contract's ``extendCentroid``.

        Until all centroids have one length again, the model reverts on `predict`.

        Parameters
        ----------
        extension : sequence of ints
            int64, scale ``10**9``.
        label : int
            The class.

        Raises
        ------
        InputError
            A number out of range or not an integer.
        Revert
            ``UnknownClass``. In either case nothing is appended.
        """
        self._kernel.extend_centroid(extension, label)

    @classmethod
    def blank(cls, num_features: int, classifications: Sequence[str]) -> Self:
        """Return a model of zero centroids that count no sample."""
        zeros = [[0] * num_features for _ in classifications]
        return cls(zeros, [0] * len(classifications), classifications=classifications)

    @classmethod
    def fitted(cls, X: Batch, y: Labels, num_features: int, classifications: Sequence[str]) -> Self:
        """Take the exact mean of each class, to the nearest integer, half away from zero.

        The contract's own updates give the same but for rounding: each rounds toward zero, so that n of them may end
        n / 2 units of ``10**-9`` nearer to zero, and the order of the samples shows.
        """
        rows = _inputs.dense_batch(X)
        means = dense_means(rows, _inputs.as_labels(y, len(rows)), len(classifications))
        return cls(*means, classifications=classifications)

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        classes = fields.take_objects("intents", "centroids")
        centroids, counts = [], []
        for info in classes.values():
            centroids.append(info.take_fixed_list("centroid", bits=64))
            counts.append(info.take_integer("dataCount", bits=256))
            info.refuse_unknown()
        if not classes:
            raise Revert("NoClasses")
        return cls(
            centroids,
            counts,
            classifications=list(classes),
            feature_indices=fields.take_integer_list("featureIndices", (), bits=32),
        )

    def _to_fields(self) -> dict[str, Any]:
        json_format.require_distinct(self.classifications)
        # A state that no constructor takes cannot be read back.
        try:
            NearestCentroidClassifier(self.centroids, self.counts)
        except Revert as revert:
            raise InputError(
                f"this state cannot be written as JSON, because no constructor accepts it: {revert}"
            ) from revert
        classes = zip(self.classifications, self.centroids, self.counts, strict=True)
        return {
            "featureIndices": self.feature_indices,
            "intents": {
                name: {
                    "centroid": [json_format.real(value) for value in centroid.tolist()],
                    "dataCount": count,
                }
                for name, centroid, count in classes
            },
        }
