import subprocess
import sys

import numpy as np
import pytest

from dcai.data import Dataset, SparseRows
from dcai.errors import InputError

ROWS = [[1, 4], [], [0, 2, 3], [2]]


def sparse(rows: list[list[int]]) -> SparseRows:
    indptr = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    return SparseRows(indptr, np.array([i for row in rows for i in row], np.int64))


def dataset(n_train: int = 4, labels: tuple[int, ...] = (0, 1, 1, 0)) -> Dataset[SparseRows]:
    return Dataset(
        name="small",
        source="made by hand",
        class_names=("no", "yes"),
        n_features=5,
        X_train=sparse(ROWS[:n_train]),
        y_train=np.array(labels, np.uint64),
        X_test=sparse([[1]]),
        y_test=np.array([1], np.uint64),
    )


def as_lists(rows: SparseRows) -> list[list[int]]:
    return [row.tolist() for row in rows]


def test_sparse_rows_are_picked_and_iterated() -> None:
    rows = sparse(ROWS)
    assert len(rows) == 4
    assert as_lists(rows) == ROWS
    assert [rows[i].tolist() for i in range(-4, 4)] == ROWS + ROWS
    assert rows[np.int64(2)].dtype == np.int64
    assert rows.to_csr(10).toarray().tolist() == rows.to_dense(10).tolist()
    with pytest.raises(InputError, match="must be below n_features = 1"):
        rows.to_csr(1)


@pytest.mark.parametrize("part", [slice(None), slice(2), slice(1, 3), slice(-2, None), slice(3, 1), slice(9, 12)])
def test_sparse_rows_are_sliced_as_lists_are(part: slice) -> None:
    assert as_lists(sparse(ROWS)[part]) == ROWS[part]


@pytest.mark.parametrize("row", [4, -5])
def test_a_row_that_is_not_there(row: int) -> None:
    with pytest.raises(IndexError, match=f"row {row} of 4 rows"):
        sparse(ROWS)[row]


def test_slices_keep_the_order() -> None:
    with pytest.raises(InputError, match="step of -1"):
        sparse(ROWS)[::-1]


@pytest.mark.parametrize(
    ("indptr", "message"),
    [
        ([], "from 0 to 2"),
        ([1, 2], "from 0 to 2"),
        ([0, 1], "from 0 to 2"),
        ([[0, 2]], "indptr has shape"),
        ([0, 2, 1, 2], "decreases after position 1"),
    ],
)
def test_offsets_must_fit(indptr: list[int], message: str) -> None:
    with pytest.raises(InputError, match=message):
        SparseRows(np.array(indptr, np.int64), np.array([3, 4], np.int64))


def test_to_dense() -> None:
    expected = [[0, 1, 0, 0, 1], [0, 0, 0, 0, 0], [1, 0, 1, 1, 0], [0, 0, 1, 0, 0]]
    assert sparse(ROWS).to_dense(5).tolist() == expected
    with pytest.raises(InputError, match="feature index 4 must be below n_features = 4"):
        sparse(ROWS).to_dense(4)


@pytest.mark.parametrize("n", range(5))
def test_the_initial_part_and_the_stream_are_the_training_part(n: int) -> None:
    data = dataset()
    X_initial, y_initial = data.initial(n)
    X_stream, y_stream = data.stream(n)
    assert as_lists(X_initial) == ROWS[:n]
    assert as_lists(X_stream) == ROWS[n:]
    assert [*y_initial.tolist(), *y_stream.tolist()] == [0, 1, 1, 0]
    assert len(y_initial) == n


@pytest.mark.parametrize("n", [-1, 5])
def test_an_initial_part_that_is_not_there(n: int) -> None:
    for part in (dataset().initial, dataset().stream):
        with pytest.raises(InputError, match=f"small has 4 training samples.* got {n}"):
            part(n)


def test_samples_and_labels_must_match() -> None:
    with pytest.raises(InputError, match="small: 3 train samples, but 4 train labels"):
        dataset(n_train=3)
    with pytest.raises(InputError, match="small: train label 2 has no name, there are 2 classes"):
        dataset(labels=(0, 1, 2, 0))


def test_repr_says_what_it_is() -> None:
    assert repr(dataset()) == "<Dataset small: 4 + 1 samples, sparse, 5 features, 2 classes>"


def test_import_loads_nothing_that_is_optional() -> None:
    code = (
        "import sys, dcai.data\n"
        "optional = {'sklearn', 'scipy', 'requests', 'platformdirs', 'click', 'rich'}\n"
        "print(optional & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert run.stdout.strip() == "set()"
