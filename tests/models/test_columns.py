"""Columns of lists are batches; a row of presence, and a row where a batch is meant, are refused with the cure."""

from typing import Any

import numpy as np
import pandas
import polars
import pyarrow as pa
import pytest

from dcai import CsrRows, DensePerceptron, InputError, InputTypeError, SparsePerceptron
from dcai.models import MODELS

ROWS = [[1, 2], [0], [], [5, 7, 9]]
AROUND = pa.array([[8, 8], *ROWS, [9]])


class Column:
    """A column as polars has it, of which the models use `to_list`."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def to_list(self) -> Any:
        return self.rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        column = np.empty(len(self.rows), object)
        column[:] = self.rows
        return column

    def __len__(self) -> int:
        return len(self.rows)


COLUMNS: dict[str, Any] = {
    "pyarrow": pa.array(ROWS),
    "pyarrow, sliced": AROUND[1:5],
    "pyarrow, large": pa.array(ROWS, pa.large_list(pa.int64())),
    "pyarrow, large, sliced": AROUND.cast(pa.large_list(pa.int32()))[1:5],
    "pyarrow, views": pa.array(ROWS, pa.list_view(pa.int64())),
    "pyarrow, unsigned": pa.array(ROWS, pa.list_(pa.uint32())),
    "pyarrow, chunked": pa.chunked_array([pa.array(ROWS[:2]), pa.array([], pa.list_(pa.int64())), pa.array(ROWS[2:])]),
    "pyarrow, chunked, sliced": pa.chunked_array([AROUND[:3], AROUND[3:]])[1:5],
    "pandas": pandas.Series(ROWS),
    "pandas, tuples": pandas.Series([tuple(row) for row in ROWS]),
    "pandas, arrays": pandas.Series([np.array(row, np.int64) for row in ROWS]),
    "pandas, other index": pandas.Series([[8], *ROWS], index=[7, 7, 3, 1, 0])[1:],
    "pandas, of pyarrow": pandas.Series(ROWS, dtype=pandas.ArrowDtype(pa.list_(pa.int64()))),
    "pandas, of a frame": pandas.DataFrame({"features": ROWS})["features"],
    "like polars": Column(ROWS),
}


@pytest.mark.parametrize("form", COLUMNS)
def test_a_column_of_lists_is_a_batch(form: str) -> None:
    model = SparsePerceptron([3, -1, -4, 0, 0, 2], 0, 10**9)
    assert model.predict_batch(COLUMNS[form]).tolist() == [model.predict(row) for row in ROWS]
    twin = model.copy()
    labels = pandas.Series([1, 0, 1, 0])
    changed = [twin.update(row, label) for row, label in zip(ROWS, labels.tolist(), strict=True)]
    assert model.update_batch(COLUMNS[form], labels).tolist() == changed
    assert model == twin


FIXED = pa.array([[9, 9], [1, -2], [3, 4], [-5, 6]], pa.list_(pa.int64(), 2))


@pytest.mark.parametrize(
    "column",
    [
        FIXED[1:],
        pa.chunked_array([FIXED[1:2], FIXED[2:]]),
        pa.array([[1, -2], [3, 4], [-5, 6]]),
        pandas.Series([[1, -2], [3, 4], [-5, 6]]),
        Column([[1, -2], [3, 4], [-5, 6]]),
    ],
    ids=["fixed size", "fixed size, chunked", "list", "pandas", "like polars"],
)
def test_a_column_of_rows_is_a_dense_batch(column: Any) -> None:
    model = DensePerceptron([2, -3], 0, 10**9)
    assert model.rows(column).tolist() == [[1, -2], [3, 4], [-5, 6]]
    assert model.predict_batch(column).tolist() == [1, 0, 0]


def test_columns_of_polars() -> None:
    model = SparsePerceptron([3, -1, -4, 0, 0, 2], 0, 10**9)
    expected = [model.predict(row) for row in ROWS]
    assert model.predict_batch(polars.Series(ROWS)).tolist() == expected
    assert model.predict_batch(polars.DataFrame({"a": ROWS})["a"]).tolist() == expected
    fixed = polars.Series([[1, -2], [3, 4]], dtype=polars.Array(polars.Int64, 2))
    assert DensePerceptron([2, -3], 0, 10**9).predict_batch(fixed).tolist() == [1, 0]


@pytest.mark.parametrize(
    "column",
    [pa.array([], pa.list_(pa.int64())), pa.chunked_array([], pa.list_(pa.int64())), pandas.Series([], dtype=object)],
    ids=["pyarrow", "pyarrow, chunked", "pandas"],
)
def test_a_column_without_rows_is_an_empty_batch(column: Any) -> None:
    assert SparsePerceptron([1], 0, 1).predict_batch(column).tolist() == []


@pytest.mark.parametrize(
    ("column", "match"),
    [
        (pa.array([[1], None]), "the column has 1 missing rows"),
        (pa.array([[1, None]]), "lists of the column have 1 missing values"),
        (pa.array([[1.0]]), "feature indices are float64.*np.flatnonzero"),
        (pa.array([[True]]), "feature indices are bool"),
        (pa.array([["a"]]), "'a'"),
        (pa.array([[2**63]], pa.list_(pa.uint64())), r"9223372036854775808, and must be below 2\^63"),
        (pandas.Series([[1], None]), "row 1"),
        (pandas.Series([[1], [0.5]]), r"row 1\[0\] is 0\.5"),
    ],
)
def test_what_is_no_column_of_integers_is_refused(column: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        SparsePerceptron([1], 0, 1).predict_batch(column)


def test_floats_in_a_column_of_a_dense_model_are_to_be_made_fixed_point() -> None:
    with pytest.raises(InputTypeError, match=r"samples are float64.*dcai\.to_fixed"):
        DensePerceptron([1], 0, 1).predict_batch(pa.array([[0.5]]))


# -- presence, and samples for batches ---------------------------------------------------------------------------------

SPARSE = [model for model in MODELS.values() if model.spec.is_sparse]
PRESENCE = [0, 1, 1, 0]


@pytest.mark.parametrize("kind", [float, bool, "f4"])
@pytest.mark.parametrize("model", SPARSE)
def test_a_row_of_presence_is_refused_with_the_cure(model: Any, kind: Any) -> None:
    blank = model.blank(10, ["a", "b"])
    rows: list[Any] = [np.array(PRESENCE, kind), pandas.Series(PRESENCE, dtype=kind)]
    if kind in (float, bool):
        rows += [[kind(x) for x in PRESENCE], tuple(kind(x) for x in PRESENCE)]
    for row in rows:
        for method in (blank.predict, lambda row: blank.update(row, 1)):
            with pytest.raises(InputTypeError, match=r"expected (an )?integers?: np\.flatnonzero"):
                method(row)


@pytest.mark.parametrize("model", SPARSE)
def test_an_array_of_0_and_1_is_refused_where_indices_must_increase(model: Any) -> None:
    blank = model.blank(10, ["a", "b"])
    row = np.array(PRESENCE)
    if model.spec.samples.increasing:
        with pytest.raises(InputError, match=r"the sample is a row of 0 and 1.*np\.flatnonzero"):
            blank.predict(row)
        assert blank.predict(np.array([0, 1])) in (0, 1)  # which are indices
    else:
        assert blank.predict(row) == blank.predict(PRESENCE)  # indices may repeat


@pytest.mark.parametrize("model", MODELS.values())
def test_a_batch_method_says_which_takes_one_sample(model: Any) -> None:
    blank = model.blank(2, ["a", "b"])
    for sample in ([0, 1], (0, 1), np.array([0, 1]), pandas.Series([0, 1]), pa.array([0, 1])):
        for method in (blank.predict_batch, lambda row: blank.update_batch(row, [1, 1])):
            with pytest.raises(InputTypeError, match="expected a batch, got one sample: predict and update"):
                method(sample)
    for batch in ([[0, 1]], CsrRows([0, 2], [0, 1]), np.array([[0, 1]])):
        with pytest.raises(InputTypeError, match="expected one sample, got a batch"):
            blank.predict(batch)
