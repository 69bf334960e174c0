"""A nearest centroid classifier over the indices of the binary features that are present."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from numpy.typing import NDArray

from dcai import _kernels
from dcai.errors import InputError, InputTypeError, Revert, shown
from dcai.models import _inputs, json_format
from dcai.models.base import SparseClassifier, check_length, check_names, pairs
from dcai.models.deployment import create_classes
from dcai.models.means import presence_means
from dcai.models.registry import register
from dcai.models.spec import Demo, Field, Getter, Int, Map, ModelSpec, Record, Sparse, of_class, per_class

if TYPE_CHECKING:
    from dcai.models._inputs import Batch, Labels
    from dcai.models.deployment import Driver

__all__ = ["SparseNearestCentroidClassifier"]

Centroid: TypeAlias = Sequence[Sequence[int]] | Mapping[int, int]


def _deploy(driver: Driver, model: SparseNearestCentroidClassifier) -> None:
    columns = zip(model.stored, model.counts, model.squared_magnitudes, strict=True)
    centroids = [_constructible(*column, k) for k, column in enumerate(columns)]
    names, counts = model.classifications, model.counts
    create_classes(
        driver,
        centroids,
        max(map(len, centroids)),
        create=lambda classes, size: (names[:classes], [c[:size] for c in centroids[:classes]], counts[:classes]),
        add=lambda k, size: (centroids[k][:size], names[k], counts[k]),
        extend="extendCentroid",
    )


def _constructible(
    stored: Mapping[int, tuple[int, int]], class_count: int, squared_magnitude: int, k: int
) -> list[list[int]]:
    """Return a class as the constructor takes it, or say why it cannot."""
    instead = (
        "place(model) puts any state on a chain. A new model from .centroids and .counts "
        "can be deployed, too; it differs only by rounding"
    )
    for index, (value, num_samples) in stored.items():
        if num_samples != class_count:
            raise InputError(
                f"class {k} stores feature {index} as {value} at {num_samples} "
                f"samples, but has {class_count} samples now: no constructor stores that. {instead}"
            )
    total = sum(value * value for value, _ in stored.values())
    if total != squared_magnitude:
        raise InputError(
            f"the squared magnitude of class {k} is {squared_magnitude}, which rounding "
            f"has moved from the sum of its squares, {total}: the constructor stores the latter. {instead}"
        )
    return [[index, value] for index, (value, _) in stored.items()]


def _cells(model: SparseNearestCentroidClassifier) -> Iterator[tuple[int, int]]:
    return ((k, j) for k, stored in enumerate(model.stored) for j in stored)


def _earlier_generation(model: SparseNearestCentroidClassifier) -> tuple[str, bool] | None:
    for k, (count, stored) in enumerate(zip(model.counts, model.stored, strict=True)):
        index = next((i for i, (value, as_of) in stored.items() if count and value and not as_of), None)
        if index is not None:
            return (
                f"feature {index} of class {k} has a value at 0 samples, as in an earlier generation of "
                "0xDeCA10B, whose updates differ",
                False,
            )
    return None


_SPEC = ModelSpec(
    contract="SparseNearestCentroidClassifier",
    kernel=_kernels.SparseNearestCentroidClassifier,
    samples=Sparse(index_bits=32, increasing=True),
    fields=(
        Field("counts", "classInfos.numSamples", Int(64), per_class=True),
        Field("squared_magnitudes", "classInfos.squaredMagnitude", Int(256), per_class=True),
        Field(
            "stored",
            "classInfos.features",
            Map(Int(32), Record((("value", Int(64)), ("numSamples", Int(64))))),
            per_class=True,
        ),
    ),
    getters={
        "getNumSamples": Getter(lambda model, k: of_class(model.counts, k), per_class, 1),
        "getSquaredMagnitude": Getter(lambda model, k: of_class(model.squared_magnitudes, k), per_class, 1),
        "getCentroidValue": Getter(lambda model, k, j: model.centroid_value(k, j), _cells, 2),
    },
    deploy=_deploy,
    changes=("addClass", "extendCentroid"),
    json_types=("sparse nearest centroid classifier",),
    fingerprint="sparse-nearest-centroid",
    words={
        "classInfos.length": "the number of classes",
        "classInfos[k].numSamples": "the number of samples of class {k}",
        "classInfos[k].squaredMagnitude": "the squared magnitude of class {k}",
        "classInfos[k].features[j].value": "the value of feature {j} in class {k}",
        "classInfos[k].features[j].numSamples": (
            "the number of samples as of which feature {j} of class {k} is stored"
        ),
    },
    demos=(Demo("digits-presence", 100),),
    earlier_generation=_earlier_generation,
)


@register
class SparseNearestCentroidClassifier(SparseClassifier):
    """A nearest centroid classifier over sparse binary samples, the twin of the contract of the same name.

    Parameters
    ----------
    centroids : sequence of k sequences of pairs (feature index, value), or of mappings of index to value
        Indices are uint32, in any order, values uint64, scale ``10**9``. A feature that is not listed is 0.
    counts : sequence of k ints
        Number of samples in each class, uint64.
    classifications : sequence of k str, default ("0", "1", ...)
        Names of the classes.
    feature_indices : sequence of ints, default ()
        uint32; which features of a shared encoder the model takes.

    Raises
    ------
    InputError
        A number out of range or not an integer; the message names it.
    Revert
        ``NoClasses``, ``DimensionMismatch``, ``MalformedPair``, ``IndexTooLarge`` or ``DuplicateFeature``, as the
        contract.

    Notes
    -----
    Samples are strictly increasing feature indices. ``distance(k, x)`` is the squared magnitude of the centroid plus
    ``10**9 * sum(10**9 - 2 * value)`` over the features present. Values are scaled lazily: one that was stored when its
    class had fewer samples is scaled when it is read.

    Mirrors: contracts/src/models/SparseNearestCentroidClassifier.sol

    Examples
    --------
    >>> model = SparseNearestCentroidClassifier([[(0, 10**9)], [(1, 10**9)]], [1, 1])
    >>> model.predict([1, 2])
    1
    >>> model.update([2], 0)
    True
    >>> model.centroid_value(0, 0)
    500000000
    """

    __slots__ = ()
    spec = _SPEC
    _kernel: _kernels.SparseNearestCentroidClassifier

    def __init__(
        self,
        centroids: Sequence[Centroid],
        counts: Sequence[int] | NDArray[Any],
        *,
        classifications: Sequence[str] | None = None,
        feature_indices: Iterable[int] = (),
    ) -> None:
        names = check_names(classifications, check_length(centroids, "centroids"))
        rows = [pairs(centroid) for centroid in centroids]
        kernel = _kernels.SparseNearestCentroidClassifier(rows, counts)
        super().__init__(kernel, names, feature_indices)

    @property
    def centroids(self) -> list[dict[int, int]]:
        """For each class the true values that are not zero, by feature index, scale ``10**9``."""
        kernel = self._kernel.copy()
        value = kernel.centroid_value
        true = [{index: value(k, index) for index, _ in stored} for k, stored in enumerate(kernel.stored)]
        return [{index: value for index, value in centroid.items() if value} for centroid in true]

    @property
    def counts(self) -> list[int]:
        """Number of samples in each class."""
        return self._kernel.counts

    @property
    def squared_magnitudes(self) -> list[int]:
        """Squared magnitude of each centroid as the contract keeps it, scale ``10**18``."""
        return self._kernel.squared_magnitudes

    @property
    def stored(self) -> list[dict[int, tuple[int, int]]]:
        """For each class what the contract stores, by feature index: (value, number of samples when it was written)."""
        return [dict(values) for values in self._kernel.stored]

    def centroid_value(self, k: int, j: int) -> int:
        """Return the true value of feature ``j`` in class ``k``, as the contract's ``getCentroidValue``.

        Parameters
        ----------
        k : int
            The class.
        j : int
            Feature index, uint32.

        Returns
        -------
        int
            uint64, scale ``10**9``, rounded down.

        Raises
        ------
        Revert
            ``UnknownClass``, as the contract.
        """
        return self._kernel.centroid_value(k, j)

    def add_class(self, centroid: Centroid, name: str, count: int) -> None:
        """Add a class, as the contract's ``addClass``.

        Parameters
        ----------
        centroid : sequence of pairs (int, int), or mapping of int to int
            Feature index, uint32, and value, uint64, scale ``10**9``.
        name : str
            Name of the class.
        count : int
            Number of samples in it, uint64.

        Raises
        ------
        InputError
            A number out of range or not an integer, a name that is no text.
        Revert
            ``MalformedPair``, ``IndexTooLarge`` or ``DuplicateFeature``. In either case nothing is added.
        """
        self._append_class(name, pairs(centroid), count)

    def extend_centroid(self, extension: Centroid, label: int) -> None:
        """Add features to the centroid of one class, as the contract's ``extendCentroid``.

        Parameters
        ----------
        extension : sequence of pairs (int, int), or mapping of int to int
            Feature index, uint32, and value, uint64, scale ``10**9``; the class must not have the feature yet.
        label : int
            The class.

        Raises
        ------
        InputError
            A number out of range or not an integer.
        Revert
            ``UnknownClass``, then as `add_class`. In either case nothing is added.
        """
        self._kernel.extend_centroid(pairs(extension), label)

    @classmethod
    def blank(cls, num_features: int, classifications: Sequence[str]) -> Self:
        """Return a model of zero centroids that count no sample."""
        return cls([{} for _ in classifications], [0] * len(classifications), classifications=classifications)

    @classmethod
    def fitted(cls, X: Batch, y: Labels, num_features: int, classifications: Sequence[str]) -> Self:
        """Take the share of each class's samples that have a feature, to the nearest integer at scale ``10**9``.

        The contract's own updates give the same but for their rounding, which grows with the number of samples and
        depends on their order.
        """
        rows = _inputs.sparse_batch(X)
        labels = _inputs.as_labels(y, len(rows))
        shares, counts = presence_means(rows.indptr, rows.indices, labels, len(classifications))
        return cls(shares, counts, classifications=classifications)

    @classmethod
    def _restore_kernel(cls, state: dict[str, Any]) -> _kernels.SparseNearestCentroidClassifier:
        stored = [{index: tuple(value) for index, value in dict(values).items()} for values in state["stored"]]
        return _kernels.SparseNearestCentroidClassifier.restore(state["counts"], state["squared_magnitudes"], stored)

    @classmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        classes = fields.take_objects("intents", "centroids")
        feature_indices = fields.take_integer_list("featureIndices", (), bits=32)
        if not classes:
            raise Revert("NoClasses")
        centroids = []
        counts = []
        magnitudes: list[int | None] = []
        stored = []
        for name, info in classes.items():
            count = info.take_integer("dataCount", bits=64)
            key, centroid = info.take("centroid")
            values = info.fixed_by_index(key, centroid, bits=64, signed=False)
            numbers = _take_num_samples(info, values, count)
            magnitude = info.take_integer("squaredMagnitude", bits=224) if "squaredMagnitude" in info else None
            if magnitude is None and numbers:
                raise InputError(f"class {name!r} has 'numSamples' without its 'squaredMagnitude'")
            info.refuse_unknown()
            centroids.append(values)
            counts.append(count)
            magnitudes.append(magnitude)
            stored.append({i: (value, numbers.get(i, count)) for i, value in values.items()})
        model = cls(centroids, counts, classifications=list(classes), feature_indices=feature_indices)
        kept = zip(model.squared_magnitudes, magnitudes, strict=True)
        state = {
            "counts": counts,
            "squared_magnitudes": [plain if value is None else value for plain, value in kept],
            "stored": stored,
        }
        return cls.restore(state, model.classifications, model.feature_indices)

    def _to_fields(self) -> dict[str, Any]:
        """Return the fields of the format, and for a class whose values are scaled lazily two of our own.

        ``numSamples`` holds the number of samples of each stored value that lags behind its class, and
        ``squaredMagnitude`` the integer that the contract keeps; without them a trained model would not come back bit
        for bit. ``centroid`` then holds the values as stored.
        """
        json_format.require_distinct(self.classifications)
        classes = {}
        columns = zip(self.classifications, self.stored, self.counts, self.squared_magnitudes, strict=True)
        for name, stored, count, magnitude in columns:
            info: dict[str, Any] = {
                "centroid": {str(i): json_format.real(value) for i, (value, _) in stored.items()},
                "dataCount": count,
            }
            lagging = {str(i): number for i, (_, number) in stored.items() if number != count}
            if lagging:
                info["numSamples"] = lagging
            if lagging or magnitude != sum(value**2 for value, _ in stored.values()):
                info["squaredMagnitude"] = magnitude
            classes[name] = info
        return {"featureIndices": self.feature_indices, "intents": classes}


def _take_num_samples(info: json_format.Fields, values: Mapping[int, int], count: int) -> dict[int, int]:
    """Take the numbers of samples of the values that lag behind their class."""
    if "numSamples" not in info:
        return {}
    name, numbers = info.take("numSamples")
    if not isinstance(numbers, Mapping):
        raise InputTypeError(f"{info.place(name)} is {shown(numbers)}; expected an object {{index: number}}")
    lagging = {info.index(name, key): info.integer(f"{name}.{key}", n, bits=64) for key, n in numbers.items()}
    for index, number in lagging.items():
        if index not in values:
            raise InputError(f"{info.place(f'{name}.{index}')}: the centroid has no value there")
        if number > count:
            raise InputError(f"{info.place(f'{name}.{index}')} is {number}, above dataCount, {count}")
    return lagging
