"""A batch is its rows one after another, in every form a batch may have, on any number of threads."""

from __future__ import annotations

import array
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dcai
from dcai import CsrRows, Revert
from tests.support.models.agreement import of_kernel, small_models, state

scipy_sparse = pytest.importorskip("scipy.sparse")


class WithArray:
    """What numpy can read, as a column of a data frame."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self.values.astype(dtype or self.values.dtype)

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, key: Any) -> Any:
        return self.values[key]


def unaligned(values: NDArray[Any]) -> NDArray[Any]:
    """The same array at an odd address."""
    moved = np.frombuffer(b"\0" + values.tobytes(), dtype=values.dtype, offset=1).reshape(values.shape)
    assert not moved.flags.aligned
    return moved


def read_only(values: NDArray[Any]) -> NDArray[Any]:
    copied = values.copy()
    copied.flags.writeable = False
    return copied


def field_of_records(values: NDArray[Any]) -> NDArray[Any]:
    records = np.zeros(values.shape, dtype=[("tag", "i1"), ("value", values.dtype)])
    records["value"] = values
    column: NDArray[Any] = records["value"]
    return column


DENSE_FORMS: dict[str, Callable[[NDArray[np.int64]], Any]] = {
    "int64": lambda x: x,
    "int32": lambda x: x.astype(np.int32),
    "int64 in Fortran order": np.asfortranarray,
    "int32 in Fortran order": lambda x: np.asfortranarray(x.astype(np.int32)),
    "every other row": lambda x: np.repeat(x, 2, axis=0)[::2],
    "every other column": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "reversed twice": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "transposed": lambda x: np.ascontiguousarray(x.T).T,
    "list of lists": lambda x: x.tolist(),
    "tuple of tuples": lambda x: tuple(map(tuple, x.tolist())),
    "list of arrays": list,
    "list of int32 arrays": lambda x: list(x.astype(np.int32)),
    "list of array.array": lambda x: [array.array("q", row) for row in x.tolist()],
    "objects": lambda x: x.astype(object),
    "big endian": lambda x: x.astype(">i8"),
    "big endian int32": lambda x: x.astype(">i4"),
    "read-only": read_only,
    "unaligned": unaligned,
    "field of records": field_of_records,
    "matrix": lambda x: x.view(np.matrix),
    "unmasked": np.ma.array,
    "with __array__": WithArray,
    "memoryview": lambda x: x.data,
}


def dense_pair() -> list[dcai.Classifier]:
    return [
        dcai.DensePerceptron([3 * 10**8, -(10**9), 5, 0], 10**15, 10**9 + 7),
        dcai.NearestCentroidClassifier([[10**9, 0, 0, 5], [0, 10**9, 0, 0], [0, -(10**8), 10**9, 0]], [3, 1, 2]),
    ]


def unit_rows(count: int, seed: int = 1) -> NDArray[np.int64]:
    rng = np.random.default_rng(seed)
    floats = rng.normal(size=(count, 4))
    rows: NDArray[np.int64] = dcai.to_fixed(floats / np.linalg.norm(floats, axis=1, keepdims=True))
    return rows


@pytest.mark.parametrize("form", DENSE_FORMS)
@pytest.mark.parametrize("which", [0, 1])
def test_every_form_of_a_dense_batch(form: str, which: int) -> None:
    rows = unit_rows(40)
    batch, one_by_one = dense_pair()[which], dense_pair()[which]
    labels = [i * 7 % 2 for i in range(len(rows))]
    data = DENSE_FORMS[form](rows)
    predicted = batch.predict_batch(data)
    assert predicted.dtype == np.intp
    assert predicted.tolist() == [batch.predict(row.tolist()) for row in rows]
    changed = batch.update_batch(data, labels)
    assert changed.dtype == np.bool_
    assert changed.tolist() == [one_by_one.update(row.tolist(), y) for row, y in zip(rows, labels, strict=True)]
    assert batch == one_by_one


SAMPLE_FORMS: dict[str, Callable[[NDArray[np.int64]], Any]] = {
    "int64": lambda x: x,
    "int32": lambda x: x.astype(np.int32),
    "uint64": lambda x: x.astype(np.uint64),
    "uint32": lambda x: x.astype(np.uint32),
    "strided": lambda x: np.repeat(x, 2)[::2],
    "reversed": lambda x: x[::-1].copy()[::-1],
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(x.tolist()),
    "numpy scalars": list,
    "arrays without dimensions": lambda x: [np.array(v) for v in x],
    "objects": lambda x: x.astype(object),
    "array.array": lambda x: array.array("q", x.tolist()),
    "big endian": lambda x: x.astype(">i8"),
    "read-only": read_only,
    "unaligned": unaligned,
    "field of records": field_of_records,
    "with __array__": WithArray,
    "unmasked": np.ma.array,
}


@pytest.mark.parametrize("form", SAMPLE_FORMS)
def test_every_form_of_a_sample(form: str) -> None:
    convert = SAMPLE_FORMS[form]
    unit = np.array([6 * 10**8, 8 * 10**8], dtype=np.int64)
    nearest = dcai.NearestCentroidClassifier([[1, 2], [10**9, 0]], [1, 1])
    for model in (dcai.DensePerceptron([1, -1], 0, 10**9), nearest):
        twin = model.copy()
        assert model.predict(convert(unit)) == twin.predict(unit.tolist())
        assert model.norm(convert(unit)) == 10**9
        assert model.update(convert(unit), 1) is twin.update(unit.tolist(), 1)
        assert model == twin
    indices = np.array([0, 2, 5], dtype=np.int64)
    for sparse in (
        dcai.SparsePerceptron([5, 5], -100, 10**9),
        dcai.SparseNearestCentroidClassifier([[(0, 9)], [(2, 10**9)]], [1, 1]),
    ):
        twin_sparse = sparse.copy()
        assert sparse.predict(convert(indices)) == twin_sparse.predict([0, 2, 5])
        assert sparse.update(convert(indices), 1) is twin_sparse.update([0, 2, 5], 1)
        assert sparse == twin_sparse


LABEL_FORMS: dict[str, Callable[[list[int]], Any]] = {
    "list": list,
    "tuple": tuple,
    "int64": np.array,
    "int32": lambda y: np.array(y, dtype=np.int32),
    "uint8": lambda y: np.array(y, dtype=np.uint8),
    "uint64": lambda y: np.array(y, dtype=np.uint64),
    "booleans": lambda y: np.array(y, dtype=bool),
    "objects": lambda y: np.array(y, dtype=object),
    "big endian": lambda y: np.array(y, dtype=">i8"),
    "big endian unsigned": lambda y: np.array(y, dtype=">u8"),
    "strided": lambda y: np.repeat(np.array(y, dtype=np.uint64), 3)[::3],
    "unaligned": lambda y: unaligned(np.array(y, dtype=np.uint64)),
    "read-only": lambda y: read_only(np.array(y, dtype=np.uint64)),
    "array.array": lambda y: array.array("B", y),
    "numpy scalars": lambda y: [np.uint8(v) for v in y],
    "with __array__, as a column of a data frame": WithArray,
}


@pytest.mark.parametrize("form", LABEL_FORMS)
def test_every_form_of_labels(form: str) -> None:
    labels = [1, 0, 1, 1]
    rows = unit_rows(4)
    samples = [[0, 3], [2], [], [1, 2, 3]]
    data: Any
    for model, data in (*((m, rows) for m in dense_pair()), *((m, samples) for m in sparse_pair())):
        twin = model.copy()
        assert model.update_batch(data, LABEL_FORMS[form](labels)).tolist() == twin.update_batch(data, labels).tolist()
        assert model == twin


@pytest.mark.parametrize("label", [1, np.int64(1), np.uint64(1), np.uint8(1), True, np.True_, np.array(1)])
def test_every_form_of_a_label(label: Any) -> None:
    for model in small_models():
        data = [10**9, 0] if isinstance(model, dcai.DensePerceptron | dcai.NearestCentroidClassifier) else [0, 1]
        twin = model.copy()
        assert model.update(data, label) is twin.update(data, 1)
        assert model == twin


def sparse_pair() -> list[dcai.Classifier]:
    return [
        dcai.SparsePerceptron([10**9, -(10**9), 5, 7, -(10**8)], -3, 10**9 + 1),
        dcai.SparseNearestCentroidClassifier(
            [[(0, 10**9), (3, 5)], [(1, 10**9), (2, 77)], [(2, 5 * 10**8), (4, 1)]], [1, 4, 2]
        ),
    ]


def random_rows(count: int, features: int = 9, seed: int = 3) -> list[list[int]]:
    rng = random.Random(seed)
    return [sorted(rng.sample(range(features), rng.randrange(features))) for _ in range(count)]


def parts(rows: list[list[int]], indptr: Any, indices: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    flat = [index for row in rows for index in row]
    return np.cumsum([0, *map(len, rows)]).astype(indptr), np.array(flat, dtype=indices)


def csr(rows: list[list[int]], indptr: Any, indices: Any) -> CsrRows:
    return CsrRows(*parts(rows, indptr, indices))


def scipy_matrix(rows: list[list[int]], kind: str, dtype: Any) -> Any:
    indptr, indices = parts(rows, np.int32, np.int32)
    matrix = scipy_sparse.csr_array((np.ones(len(indices), dtype=dtype), indices, indptr), shape=(len(rows), 9))
    return matrix.asformat(kind)


def with_slack(rows: list[list[int]]) -> Any:
    """A scipy matrix whose arrays are longer than what they hold, as scipy's own in-place edits leave them."""
    matrix = scipy_matrix(rows, "csr", np.int64)
    matrix.data = np.append(matrix.data, [5, 7])
    matrix.indices = np.append(matrix.indices, np.array([-1, 3], dtype=matrix.indices.dtype))
    return matrix


SPARSE_FORMS: dict[str, Callable[[list[list[int]]], Any]] = {
    "int32, int32": lambda rows: csr(rows, np.int32, np.int32),
    "int32, int64": lambda rows: csr(rows, np.int32, np.int64),
    "int64, int32": lambda rows: csr(rows, np.int64, np.int32),
    "int64, int64": lambda rows: csr(rows, np.int64, np.int64),
    "uint32, uint16": lambda rows: csr(rows, np.uint32, np.uint16),
    "uint64, uint64": lambda rows: csr(rows, np.uint64, np.uint64),
    "big endian": lambda rows: csr(rows, ">i8", ">i4"),
    "objects": lambda rows: csr(rows, object, object),
    "strided": lambda rows: CsrRows(*(np.repeat(part, 2)[::2] for part in parts(rows, np.int32, np.int64))),
    "unaligned": lambda rows: CsrRows(*map(unaligned, parts(rows, np.int32, np.int64))),
    "read-only": lambda rows: CsrRows(*map(read_only, parts(rows, np.int64, np.int64))),
    "lists": lambda rows: CsrRows(*(part.tolist() for part in parts(rows, np.int64, np.int64))),
    "a part of longer rows": lambda rows: csr([[-5, -7], *rows, [-9]], np.int64, np.int64)[1:-1],
    "list of lists": lambda rows: rows,
    "tuple of lists": tuple,
    "list of tuples": lambda rows: [tuple(row) for row in rows],
    "list of arrays": lambda rows: [np.array(row, dtype=np.int32) for row in rows],
    "list of unsigned arrays": lambda rows: [np.array(row, dtype=np.uint64) for row in rows],
    "scipy csr of bool": lambda rows: scipy_matrix(rows, "csr", bool),
    "scipy csr of int8": lambda rows: scipy_matrix(rows, "csr", np.int8),
    "scipy csr of float64": lambda rows: scipy_matrix(rows, "csr", np.float64),
    "scipy csr matrix": lambda rows: scipy_sparse.csr_matrix(scipy_matrix(rows, "csr", np.int64)),
    "scipy csc": lambda rows: scipy_matrix(rows, "csc", np.int64),
    "scipy coo": lambda rows: scipy_matrix(rows, "coo", np.int64),
    "scipy lil": lambda rows: scipy_matrix(rows, "lil", np.int64),
    "scipy csr with room to spare": with_slack,
}


@pytest.mark.parametrize("form", SPARSE_FORMS)
@pytest.mark.parametrize("which", [0, 1])
def test_every_form_of_a_sparse_batch(form: str, which: int) -> None:
    rows = random_rows(700)
    data = SPARSE_FORMS[form](rows)
    batch, one_by_one = sparse_pair()[which], sparse_pair()[which]
    labels = [i * 5 % 2 for i in range(len(rows))]
    assert batch.predict_batch(data).tolist() == [batch.predict(row) for row in rows]
    if isinstance(batch, dcai.SparsePerceptron):
        correct = sum(batch.predict(row) == label for row, label in zip(rows, labels, strict=True))
        assert batch.evaluate_batch(data, labels) == correct
    changed = batch.update_batch(data, labels)
    assert changed.tolist() == [one_by_one.update(row, label) for row, label in zip(rows, labels, strict=True)]
    assert batch == one_by_one


EMPTY_DENSE = [np.empty((0, 4)), np.empty((0, 4), dtype=np.int64), np.empty((0, 4), dtype=np.int32), np.empty((0, 9))]
EMPTY_SPARSE = [
    [],
    (),
    CsrRows(np.array([0]), np.array([])),
    CsrRows(np.array([0], dtype=np.int32), np.array([], dtype=np.int32)),
    scipy_sparse.csr_array((0, 5), dtype=np.int64),
    scipy_sparse.csr_array((0, 0), dtype=bool),
]


@pytest.mark.parametrize("labels", [[], (), np.array([]), np.array([], dtype=np.uint64)])
def test_empty_batches(labels: Any) -> None:
    for model, batches in (*((m, EMPTY_DENSE) for m in dense_pair()), *((m, EMPTY_SPARSE) for m in sparse_pair())):
        before = model.copy()
        for batch in batches:
            predicted, changed = model.predict_batch(batch), model.update_batch(batch, labels)
            assert (predicted.shape, predicted.dtype.type) == ((0,), np.intp)
            assert (changed.shape, changed.dtype.type) == ((0,), np.bool_)
            if isinstance(model, dcai.SparsePerceptron):
                assert model.evaluate_batch(batch, labels) == 0
        assert model == before


def test_empty_samples() -> None:
    data: Any
    for data in ([], (), np.array([]), np.array([], dtype=np.int64)):
        assert dcai.DensePerceptron([], 1, 1).predict(data) == 1
        assert dcai.NearestCentroidClassifier([[], []], [1, 1]).predict(data) == 0
        assert dcai.SparsePerceptron([1], 0, 1).predict(data) == 0
        assert dcai.SparsePerceptron([], 1, 1).update(data, 0) is False
        for model in dense_pair():
            assert of_kernel(partial(model.predict, data)) == ("DimensionMismatch", (4, 0))
    assert dcai.DensePerceptron([], 1, 1).predict_batch([[], []]).tolist() == [1, 1]
    assert dcai.SparsePerceptron([], 0, 1).predict_batch([[]]).tolist() == [0]
    assert dcai.SparsePerceptron([], 0, 1).predict_batch([[], [], []]).tolist() == [0, 0, 0]


@pytest.mark.parametrize("model", [m for m in dcai.MODELS.values() if m.spec.is_sparse], ids=lambda m: m.__name__)
def test_a_model_is_fitted_to_any_form_of_batch(model: Any) -> None:
    rows, labels = [[0, 2], [1], [0, 1, 2]], [0, 1, 1]
    csr = CsrRows([0, 2, 3, 6], [0, 2, 1, 0, 1, 2])
    expected = model.fitted(csr, np.array(labels), 3, ["a", "b"])
    for batch in (rows, csr.to_csr(3), [np.array(row) for row in rows]):
        assert model.fitted(batch, labels, 3, ["a", "b"]) == expected


# -- a refused row ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [0, 1, 7, 39])
def test_a_refused_dense_row(row: int) -> None:
    rows = unit_rows(40)
    rows[row] *= 2
    for model in dense_pair():
        twin = model.copy()
        labels = [i % 2 for i in range(40)]
        with pytest.raises(Revert) as caught:
            model.update_batch(rows, labels)
        assert (caught.value.name, caught.value.row) == ("NotNormalized", row)
        assert caught.value.args == (sum(int(x) ** 2 for x in rows[row]),)
        assert str(caught.value).startswith(f"row {row}: NotNormalized(")
        for i in range(row):
            twin.update(rows[i], labels[i])
        assert model == twin


def test_a_refused_label_in_a_batch() -> None:
    model: dcai.Classifier
    data: Any
    for model, data in (*((m, unit_rows(6)) for m in dense_pair()), *((m, random_rows(6)) for m in sparse_pair())):
        twin = model.copy()
        with pytest.raises(Revert) as caught:
            model.update_batch(data, [0, 1, 1, 9, 0, 9])
        assert (caught.value.name, caught.value.args[0], caught.value.row) == ("UnknownClass", 9, 3)
        for i, label in enumerate([0, 1, 1]):
            twin.update(data[i], label)
        assert model == twin


def test_batches_of_the_wrong_width() -> None:
    for model in dense_pair():
        for wide in (np.zeros((3, 5), dtype=np.int64), [[0] * 5] * 3):
            for call in (partial(model.predict_batch, wide), partial(model.update_batch, wide, [0, 0, 0])):
                with pytest.raises(Revert) as caught:
                    call()
                assert (caught.value.name, caught.value.args, caught.value.row) == ("DimensionMismatch", (4, 5), 0)


@pytest.mark.parametrize("row", [0, 5, 20_000])
def test_the_first_refused_row_of_a_large_batch_is_named(row: int) -> None:
    rows = random_rows(60) * 400
    data: Any
    for later in (row, row + 1, 23_999):
        rows[later] = [3, -4]
    for model in sparse_pair():
        for call in (model.predict_batch, partial(model.update_batch, labels=[0] * len(rows))):
            for data in (rows, csr(rows, np.int32, np.int32), csr(rows, np.int64, np.int64)):
                with pytest.raises(Revert) as caught:
                    call(data)
                assert (caught.value.name, caught.value.args, caught.value.row) == ("NegativeIndex", (1, -4), row)
        if isinstance(model, dcai.SparsePerceptron):
            with pytest.raises(Revert) as caught:
                model.evaluate_batch(rows, [0] * len(rows))
            assert (caught.value.name, caught.value.args, caught.value.row) == ("NegativeIndex", (1, -4), row)


def test_evaluate_batch_with_another_number_of_labels_reverts_as_the_contract() -> None:
    model = dcai.SparsePerceptron([1], 0, 1)
    for data, labels in (([[0], [1]], [1]), ([[0]], [0, 1]), ([[-1]], []), ([], [1])):
        with pytest.raises(Revert) as caught:
            model.evaluate_batch(data, labels)
        assert caught.value == Revert("DimensionMismatch", (len(data), len(labels)))


def test_labels_of_all_uint64() -> None:
    """Small and large labels in one list: numpy alone would make floats of them."""
    for label in (2**63 - 1, 2**63, 2**64 - 1):
        model = dcai.SparsePerceptron([1], 0, 1)
        assert model.evaluate_batch([[0], [0]], [1, label]) == 1
        assert model.evaluate_batch([[0], [0]], np.array([1, label], dtype=np.uint64)) == 1
        with pytest.raises(Revert) as caught:
            model.update_batch([[0], [0]], [1, label])
        assert (caught.value.name, caught.value.args, caught.value.row) == ("UnknownClass", (label, 2), 1)


# -- threads ----------------------------------------------------------------------------------------------------------


def test_predictions_on_many_threads() -> None:
    rows, samples = unit_rows(5000), csr(random_rows(5000), np.int32, np.int64)
    data: Any
    for model, data in (*((m, rows) for m in dense_pair()), *((m, samples) for m in sparse_pair())):
        expected = model.predict_batch(data).tolist()
        with ThreadPoolExecutor(8) as pool:
            results = [labels.tolist() for labels in pool.map(model.predict_batch, [data] * 24)]
        assert all(result == expected for result in results)


def test_updates_on_many_threads_lose_nothing() -> None:
    """Each thread teaches its own class its own samples, so the order among threads does not matter."""
    rows = unit_rows(2000)
    dense = dcai.NearestCentroidClassifier([[0] * 4] * 4, [1] * 4)
    samples = random_rows(2000)
    sparse = dcai.SparseNearestCentroidClassifier([[(0, 5)]] * 4, [1] * 4)
    for model, data in ((dense, rows), (sparse, samples)):
        expected = model.copy()
        for k in range(4):
            expected.update_batch(data, [k] * 2000)

        def teach(k: int, model: Any = model, data: Any = data) -> None:
            for i in range(1000):
                model.update(data[i], k)
                if i % 100 == 0:
                    model.predict_batch(data)  # readers among the writers
            model.update_batch(data[1000:], [k] * 1000)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(teach, range(4)))
        assert model == expected


def test_sparse_perceptron_updates_on_many_threads() -> None:
    """An intercept so low that every step is a mistake: steps commute."""
    model = dcai.SparsePerceptron([], -(2**79), 10**9)
    rows = random_rows(500)
    expected = model.copy()
    expected.update_batch(rows * 4, [1] * 2000)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: [model.update(row, 1) for row in rows], range(4)))
    assert model == expected


def test_comparing_and_copying_while_others_write() -> None:
    one, other = (dcai.SparseNearestCentroidClassifier([[(0, 5)], []], [1, 1]) for _ in range(2))

    def work(k: int) -> None:
        for i in range(300):
            (one if k % 2 else other).update([i % 7, 10 + i % 5], k % 2)
            assert (one == other) in (True, False)
            assert (other == one) in (True, False)
            assert one.copy().counts[0] >= 1
            assert '"dataCount"' in other.to_json()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert (one.counts, other.counts) == ([1, 601], [601, 1])


# -- huge batches -----------------------------------------------------------------------------------------------------


def test_huge_batches() -> None:
    rows = np.tile(unit_rows(1000), (300, 1))
    for model in dense_pair():
        expected = [model.predict(row) for row in rows[:1000]]
        assert model.predict_batch(rows).tolist() == expected * 300
    samples = random_rows(1000)
    batch = csr(samples * 300, np.int64, np.int32)
    for sparse in sparse_pair():
        expected = [sparse.predict(row) for row in samples]
        assert sparse.predict_batch(batch).tolist() == expected * 300


def test_rows_of_very_unequal_length() -> None:
    rows = [list(range(50_000)), [], *([[1]] * 5000), list(range(2, 60_000)), [0]]
    for model in sparse_pair():
        assert model.predict_batch(rows).tolist() == [model.predict(row) for row in rows]


def test_arrays_on_disk(tmp_path: Path) -> None:
    rows = unit_rows(100)
    path = tmp_path / "rows.npy"
    np.save(path, rows)
    mapped = np.load(path, mmap_mode="r")
    for model in dense_pair():
        assert model.predict_batch(mapped).tolist() == model.predict_batch(rows).tolist()
        assert model.update_batch(mapped, [1] * 100).tolist()[0] in (True, False)


def test_a_batch_is_not_changed() -> None:
    rows, samples = unit_rows(50), csr(random_rows(50), np.int64, np.int64)
    copies = rows.copy(), samples.indptr.copy(), samples.indices.copy()
    for model in dense_pair():
        model.predict_batch(rows)
        model.update_batch(rows, [1] * 50)
    for model in sparse_pair():
        model.predict_batch(samples)
        model.update_batch(samples, [1] * 50)
    assert np.array_equal(rows, copies[0])
    assert np.array_equal(samples.indptr, copies[1])
    assert np.array_equal(samples.indices, copies[2])


def test_a_samples_own_memory_is_not_kept() -> None:
    centroid, weights = np.array([10**9, 0]), np.array([5, 6])
    nearest = dcai.NearestCentroidClassifier([centroid, centroid], [1, 1])
    perceptron = dcai.DensePerceptron(weights, 0, 1)
    centroid[0], weights[0] = 7, 7
    nearest.centroids[0][0] = 9
    perceptron.weights[0] = 9
    assert state(nearest)[0] == [[10**9, 0], [10**9, 0]]
    assert state(perceptron)[0] == [5, 6]


@pytest.mark.parametrize("form", [name for name in SAMPLE_FORMS if name not in ("uint64", "uint32", "int32")])
def test_every_form_of_what_a_model_is_built_from(form: str) -> None:
    convert = SAMPLE_FORMS[form]
    numbers = np.array([10**9, -5, 0, 2**40], dtype=np.int64)
    plain = numbers.tolist()
    for perceptron in (dcai.DensePerceptron, dcai.SparsePerceptron):
        assert perceptron(convert(numbers), 1, 2) == perceptron(plain, 1, 2)
    nearest = dcai.NearestCentroidClassifier([convert(numbers), plain], [1, 1])
    assert nearest == dcai.NearestCentroidClassifier([plain, plain], [1, 1])
    nearest.add_class(convert(numbers), "new", 3)
    nearest.extend_centroid(convert(numbers), 0)
    assert state(nearest) == ([plain * 2, plain, plain], [1, 1, 3])
    counts = np.array([3, 4], dtype=np.int64)
    assert dcai.NearestCentroidClassifier([[], []], convert(counts)).counts == [3, 4]
    assert dcai.SparseNearestCentroidClassifier([[], []], convert(counts)).counts == [3, 4]
