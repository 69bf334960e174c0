"""Parts that all classifiers share: names, samples and batches, state, JSON, equality, pickling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from dcai import _kernels
from dcai.errors import InputError, InputTypeError, MissingLayerError, Revert, shown
from dcai.models import _inputs, json_format
from dcai.models.fingerprint import fingerprint
from dcai.models.spec import Field, Int, ModelSpec, Sparse
from dcai.report import html
from dcai.reprs import cut, shortened

if TYPE_CHECKING:
    from os import PathLike

    from numpy.typing import NDArray

    from dcai.models._inputs import Batch, CsrBatch, Labels, Sample

__all__ = ["Classifier", "DenseClassifier", "SparseClassifier"]

#: More names than fit in so many characters are counted in the repr; so many stand in a cell.
_LONGEST_NAMES, _MOST_NAMES = 160, 6


class Classifier(ABC):
    """A classifier that lives in a contract of the same name, and here in a native kernel."""

    #: Declaration of the model; see `dcai.models.spec`.
    spec: ClassVar[ModelSpec]

    __slots__ = ("_classifications", "_feature_indices", "_kernel")
    __hash__ = None  # type: ignore[assignment]  # a model changes, so it is no key

    _kernel: Any

    def __init__(self, kernel: Any, classifications: Iterable[str], feature_indices: Iterable[int]) -> None:
        self._kernel = kernel
        self._classifications = as_names(classifications)
        self._feature_indices = tuple(_kernels.to_feature_indices(feature_indices))

    @property
    def classifications(self) -> tuple[str, ...]:
        """Names of the classes; a label is an index into it."""
        return self._classifications

    @property
    def feature_indices(self) -> tuple[int, ...]:
        """Features of a shared encoder that the model takes; empty for all.

        Stored for encoders: the model itself does not read it.
        """
        return self._feature_indices

    # -- predict and learn -------------------------------------------------------------------------------------------

    @abstractmethod
    def _sample(self, data: Sample) -> Any:
        """Check one sample, and return it as the kernel takes it."""

    @abstractmethod
    def rows(self, data: Batch) -> NDArray[np.int64] | CsrBatch:
        """Check a batch, and return it as the kernel's batch functions take it."""

    def labelled_rows(self, data: Batch, labels: Labels) -> tuple[NDArray[np.int64] | CsrBatch, NDArray[np.uint64]]:
        """Return a batch and its labels as the kernel's batch functions take them."""
        rows = self.rows(data)
        return rows, _inputs.as_labels(labels, len(rows))

    def predict(self, sample: Sample) -> int:
        """Predict the class of one sample.

        Parameters
        ----------
        sample : sequence or array of ints
            Dense models: d features, int64, scale ``10**9``. Sparse models: indices of the features present.

        Returns
        -------
        int
            The label.

        Raises
        ------
        Revert
            As the contract: for example ``DimensionMismatch`` or ``NegativeIndex``.
        InputError
            No contract would accept the sample: floats, numbers beyond int64, a batch.
        """
        label: int = self._kernel.predict(self._sample(sample))
        return label

    def update(self, sample: Sample, label: int) -> bool:
        """Learn one sample, as one transaction would.

        Parameters
        ----------
        sample : sequence or array of ints
            As in `predict`.
        label : int
            Its class.

        Returns
        -------
        bool
            Whether the model changed.

        Raises
        ------
        Revert
            As the contract: for example ``UnknownClass``, ``NotNormalized`` or an overflow. The model is unchanged.
        InputError
            As in `predict`. The model is unchanged.
        """
        changed: bool = self._kernel.update(self._sample(sample), _inputs.as_label(label))
        return changed

    def predict_batch(self, data: Batch) -> NDArray[np.intp]:
        """Predict the class of each row, on all cores.

        Parameters
        ----------
        data : array, CSR, list of samples, or column of lists
            Dense models: int array of shape (n, d). Sparse models: a SciPy CSR matrix of ones, `dcai.CsrRows`, a list
            of sequences of feature indices, or a column of lists of pandas, polars or pyarrow. C-contiguous int64
            arrays (for indices int32, too) are read in place.

        Returns
        -------
        numpy.ndarray of intp, shape (n,)
            The labels.

        Raises
        ------
        Revert
            As the contract, for the first row that is refused; ``row`` is its number.
        InputError
            No contract would accept the rows: floats, ragged dense rows, a matrix with values other than 1.
        """
        return self._labels(self.rows(data))

    def _labels(self, rows: Any) -> NDArray[np.intp]:
        labels: NDArray[np.uint64] = self._kernel.predict_batch(rows)
        return labels.view(np.intp)

    def update_batch(self, data: Batch, labels: Labels) -> NDArray[np.bool_]:
        """Learn the rows one after another, as transactions would.

        Parameters
        ----------
        data : batch
            As in `predict_batch`.
        labels : sequence or array of n ints
            Class of each row.

        Returns
        -------
        numpy.ndarray of bool, shape (n,)
            Whether each row changed the model.

        Raises
        ------
        Revert
            As the contract. The rows before ``row`` have been learned, as on a chain.
        InputError
            As in `predict_batch`; nothing is learned.
        """
        changed: NDArray[np.bool_] = self._kernel.update_batch(*self.labelled_rows(data, labels))
        return changed

    def evaluate_batch(self, data: Batch, labels: Labels) -> int:
        """Count the rows that get their label.

        Parameters
        ----------
        data : batch
            As in `predict_batch`.
        labels : sequence or array of n ints
            Class of each row; a label that is no class is never right.

        Returns
        -------
        int
            Number of rows whose prediction equals the label.

        Raises
        ------
        Revert, InputError
            As in `predict_batch`.
        """
        rows, expected = self.labelled_rows(data, labels)
        return int(np.count_nonzero(self._labels(rows).view(np.uint64) == expected))

    def score(self, data: Batch, labels: Labels) -> float:
        """Return the accuracy on a batch: the share of the rows that get their label.

        Raises
        ------
        Revert, InputError
            As in `evaluate_batch`, and where there are no rows.
        """
        right, count = self.evaluate_batch(data, labels), np.size(labels)
        if not count:
            raise InputError("the batch has no rows; a score needs at least one")
        return right / count

    def _append_class(self, name: str, *args: Any) -> None:
        """Add a class with these arguments of the kernel, after a check of its name."""
        name = as_name(name, "name")
        self._kernel.add_class(*args)
        self._classifications = (*self._classifications, name)

    # -- state -------------------------------------------------------------------------------------------------------

    def _state(self) -> dict[str, Any]:
        """All that the kernel holds, as arguments of ``restore``."""
        return {field.name: _plain(getattr(self._kernel, field.name)) for field in self.spec.fields}

    @classmethod
    def _restore_kernel(cls, state: dict[str, Any]) -> Any:
        """Build the kernel that ``_state`` describes."""
        kernel = cls.spec.kernel
        # A kernel without ``restore`` has a constructor that takes every state.
        return getattr(kernel, "restore", kernel)(*(state[field.name] for field in cls.spec.fields))

    @classmethod
    def restore(cls, state: dict[str, Any], classifications: Iterable[str], feature_indices: Iterable[int]) -> Self:
        """Build a model in any state that a contract can reach, though not be built with.

        Parameters
        ----------
        state : dict
            State of the kernel: the fields of ``spec`` by name.
        classifications, feature_indices
            As for the constructor.

        Raises
        ------
        InputError, Revert
            No contract can reach that state.
        """
        try:
            kernel = cls._restore_kernel(state)
        except KeyError as error:
            raise InputError(f"the state of a {cls.__name__} lacks {error}") from error
        names = as_names(classifications)
        num_classes = cls.spec.num_classes or len(next(state[f.name] for f in cls.spec.fields if f.per_class))
        if len(names) != num_classes:
            raise Revert("DimensionMismatch", (num_classes, len(names)))
        model = cls.__new__(cls)
        Classifier.__init__(model, kernel, names, feature_indices)
        return model

    def state(self) -> dict[str, Any]:
        """Return all that the contract stores of the model, but for its names, as `restore` takes it.

        Returns
        -------
        dict
            Integers, in lists and pairs that JSON can hold; of one moment, whatever other threads do.
        """
        return self.copy()._state()

    def copy(self) -> Self:
        """Return an independent copy, in the same state."""
        model = type(self).__new__(type(self))
        Classifier.__init__(model, self._kernel.copy(), self.classifications, self.feature_indices)
        return model

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def __reduce__(self) -> tuple[Any, ...]:
        return self.restore, (self.state(), self.classifications, self.feature_indices)

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other) or not isinstance(other, Classifier):
            return NotImplemented
        return (
            self.classifications == other.classifications
            and self.feature_indices == other.feature_indices
            and bool(self._kernel.equals(other._kernel))  # of the same class
        )

    def fingerprint(self) -> str:
        """Return one line that two people can compare instead of their models.

        Returns
        -------
        str
            ``dcai1:``, the name of the model, ``:`` and 64 hexadecimal digits. Equal models have the same line, those
            that differ in any integer or name of their state another; `dcai.models.fingerprint` has the form that is
            hashed.

        Examples
        --------
        >>> from dcai import SparsePerceptron
        >>> SparsePerceptron([0, 5], 0, 10**9).fingerprint() == SparsePerceptron({1: 5}, 0, 10**9).fingerprint()
        True
        """
        model = self.copy()  # of one moment, whatever other threads do
        return fingerprint(self.spec, model._state(), model.classifications, model.feature_indices)

    # -- JSON --------------------------------------------------------------------------------------------------------

    @classmethod
    def from_json(cls, source: str | PathLike[str] | dict[str, Any]) -> Self:
        """Read a model in the JSON format of 0xDeCA10B: real numbers, which are multiplied by ``10**9``.

        Parameters
        ----------
        source : path, str or dict
            A file, JSON text (which starts with a brace), or what ``json.load`` gives.

        Returns
        -------
        Classifier
            A model of the class on which this is called.

        Raises
        ------
        InputError
            Not JSON, an unknown, missing or repeated field, a wrong type, a number that is not finite or out of
            range, a model of another type: the message names the field.
        """
        return cls.from_fields(json_format.read(source))

    @classmethod
    def from_fields(cls, fields: json_format.Fields) -> Self:
        """Build a model from a JSON object that has been read; see `from_json`."""
        fields.expect_type(cls.spec.json_types)
        model = cls._from_fields(fields)
        fields.refuse_unknown()
        return model

    def to_json(self, path: str | PathLike[str] | None = None) -> str:
        """Write the model in the JSON format of 0xDeCA10B, exactly: every number with its nine decimals.

        Parameters
        ----------
        path : path, optional
            File to write, whole or not at all.

        Returns
        -------
        str
            The JSON text.
        """
        # Read from a copy, which no other thread updates between one part of the state and the next.
        fields = self.copy()._to_fields()
        return json_format.write({"type": self.spec.json_types[0], **fields}, path)

    @classmethod
    @abstractmethod
    def _from_fields(cls, fields: json_format.Fields) -> Self:
        """Build a model from the fields of a JSON object."""

    @abstractmethod
    def _to_fields(self) -> dict[str, Any]:
        """Return the fields of the JSON object, except ``type``."""

    @classmethod
    def blank(cls, num_features: int, classifications: Sequence[str]) -> Self:
        """Return a model that has learned nothing. It takes the hyperparameters of ``spec``, too, as keywords."""
        raise MissingLayerError(f"{cls.__name__} has no blank model: the class lacks the class method blank")

    @classmethod
    @abstractmethod
    def fitted(cls, X: Batch, y: Labels, num_features: int, classifications: Sequence[str]) -> Self:
        """Fit the model that a deployer starts with. It takes the hyperparameters of ``spec``, too, as keywords.

        Parameters
        ----------
        X : batch of samples
            As in `predict_batch`.
        y : int array, shape (n,)
            Class of each sample.
        num_features : int
            Number of features that samples can have.
        classifications : sequence of str
            Names of the classes.
        """

    def __repr__(self) -> str:
        parts = (f"{field.name}={_short(field, value)}" for field, value in self._values())
        names = repr(self.classifications)
        names = names if len(names) <= _LONGEST_NAMES else f"<{len(self.classifications):,} names>"
        return f"{type(self).__name__}({', '.join(parts)}, classifications={names})"

    def _repr_html_(self) -> str:
        names = [cut(name, 40) for name in self.classifications[:_MOST_NAMES]]
        more = ", ..." if len(names) < len(self.classifications) else ""
        rows = [["classifications", "string[]", f"{len(self.classifications):,}", f"{', '.join(names)}{more}"]]
        for field, value in self._values():
            values = list(value) if field.per_class else [value]
            size = "" if isinstance(field.type, Int) else " or ".join(sorted({f"{len(each):,}" for each in values}))
            kind = f"{field.type.solidity} a class" if field.per_class else field.type.solidity
            rows.append([field.name, kind, size[:40], shortened(value, 100)])
        return html.table(self.spec.contract, ["field", "type", "size", "first values"], rows, 4)

    def _values(self) -> Iterator[tuple[Field, Any]]:
        state = self._state()
        return ((field, state[field.name]) for field in self.spec.fields)


def _plain(value: Any) -> Any:
    """Integers in lists, as JSON can hold them, in place of arrays."""
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return [row.tolist() for row in value]
    return value


def _short(field: Field, value: Any) -> str:
    """Describe a value of the state in a few characters, whatever its size."""
    sizes = [len(each) for each in value] if field.per_class and not isinstance(field.type, Int) else None
    if sizes is not None:
        return f"<{len(sizes)} x {' or '.join(map(str, sorted(set(sizes))))}>"
    if field.per_class or isinstance(field.type, Int):
        return shortened(value, 100)
    return f"<{len(value)} {field.name}>"


class DenseClassifier(Classifier):
    """A classifier over dense samples: ``d`` fixed-point features each."""

    __slots__ = ()

    @property
    @abstractmethod
    def num_features(self) -> int:
        """Number of features of a sample, d."""

    def _sample(self, data: Sample) -> Any:
        return _inputs.dense_sample(data)

    def rows(self, data: Batch) -> NDArray[np.int64]:
        """Check a batch, and return an array of shape (n, d)."""
        return _inputs.dense_batch(data)

    def _labels(self, rows: Any) -> NDArray[np.intp]:
        if rows.size == 0 and len(rows):
            # Rows without features take no memory, so there may be more than any list of labels holds.
            return np.full(len(rows), super()._labels(rows[:1])[0])
        return super()._labels(rows)

    def norm(self, sample: Sample) -> int:
        """Return the floor of the 2-norm of one sample.

        Parameters
        ----------
        sample : sequence of ints
            Fixed-point features, int64, scale ``10**9``.

        Returns
        -------
        int
            Norm, scale ``10**9``. An update needs ``10**9``, but for the last digits.
        """
        return _kernels.norm(self._sample(sample))


class SparseClassifier(Classifier):
    """A classifier over the indices of the binary features that are present."""

    __slots__ = ()

    def _sample(self, data: Sample) -> Any:
        sample = _inputs.sparse_sample(data)
        if type(sample) is not list and isinstance(self.spec.samples, Sparse) and self.spec.samples.increasing:
            _inputs.refuse_presence(sample)
        return sample

    def rows(self, data: Batch) -> CsrBatch:
        """Check a batch, and return it in compressed form."""
        return _inputs.sparse_batch(data)

    def norm(self, sample: Sample) -> int:
        """Raise ``Revert("NormNotDefined")``, as the contract does: presence is not normalised."""
        raise Revert("NormNotDefined")


def fitted_classes(estimator: Any, kind: str, *attributes: str) -> list[str]:
    """Return the names of the classes of a fitted estimator of scikit-learn that has these attributes."""
    name = type(estimator).__name__
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise InputTypeError(f"expected a fitted {kind} of scikit-learn, got {name}")
    if not hasattr(estimator, "classes_"):
        raise InputError(f"the {name} is not fitted: it has no classes_; call fit(X, y) first")
    if missing := [each for each in attributes if not hasattr(estimator, each)]:
        raise InputTypeError(f"the {name} is not a {kind}: it has no {missing[0]}")
    return [str(each) for each in np.asarray(estimator.classes_).tolist()]


def check_names(classifications: Sequence[str] | None, num_classes: int) -> Sequence[str]:
    """Return one name a class, "0", "1", ... by default; reverts as the contracts' constructors."""
    if classifications is None:
        return tuple(map(str, range(num_classes)))
    names = as_names(classifications)
    if not names:
        raise Revert("NoClasses")
    if len(names) != num_classes:
        raise Revert("DimensionMismatch", (len(names), num_classes))
    return names


def check_length(values: Any, what: str) -> int:
    """Return the length of a sequence with one entry a class."""
    is_scalar = isinstance(values, np.ndarray) and values.ndim == 0
    if not hasattr(values, "__len__") or isinstance(values, (str, bytes, Mapping)) or is_scalar:
        raise InputTypeError(f"{what} is {shown(values)}; expected a sequence with one entry a class")
    return len(values)


def pairs(entries: Sequence[Sequence[int]] | Mapping[int, int]) -> Any:
    """Return the pairs (feature index, value) of a mapping; a sequence of pairs as it is."""
    return list(entries.items()) if isinstance(entries, Mapping) else entries


def as_name(name: object, what: str) -> str:
    """Check the name of a class: text that a contract can store as UTF-8."""
    if not isinstance(name, str):
        raise InputTypeError(f"{what} is {shown(name)}; expected text")
    try:
        name.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"{what} is {name!r}, which is not valid UTF-8: {error.reason}") from error
    return name


def as_names(classifications: Iterable[str]) -> tuple[str, ...]:
    is_sequence = hasattr(classifications, "__getitem__") and isinstance(classifications, Iterable)
    if not is_sequence or isinstance(classifications, (str, bytes, Mapping)):
        raise InputTypeError(f"classifications is {shown(classifications)}; expected a sequence of names, one a class")
    return tuple(as_name(name, f"classifications[{k}]") for k, name in enumerate(classifications))
