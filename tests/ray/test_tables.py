import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import dcai
from dcai.errors import InputError, InputTypeError, Revert
from dcai.ray import predict

SPARSE = dcai.SparsePerceptron({0: -1, 1: 5, 2: -7}, 0, 1)
SPARSE_ROWS = [[0], [0, 1], [], [1, 2], [1]]
SPARSE_LABELS = [0, 1, 0, 0, 1]
DENSE = dcai.DensePerceptron([1, -2], 0, 10**9)
DENSE_ROWS = [[3, 1], [1, 1], [-1, -1], [0, 0]]
DENSE_LABELS = [1, 0, 1, 0]

COLUMNS: dict[str, Callable[[list[Any]], Any]] = {
    "list": lambda rows: pa.array(rows, pa.list_(pa.int64())),
    "large list": lambda rows: pa.array(rows, pa.large_list(pa.int32())),
    "chunks": lambda rows: pa.chunked_array([rows[:1], [], rows[1:]], pa.list_(pa.int64())),
    "slice": lambda rows: pa.array([[9], *rows, [9]], pa.list_(pa.int64())).slice(1, len(rows)),
}


@pytest.mark.parametrize("form", COLUMNS)
def test_lists_for_both_kinds_of_models(form: str) -> None:
    for model, rows, labels in ((SPARSE, SPARSE_ROWS, SPARSE_LABELS), (DENSE, DENSE_ROWS, DENSE_LABELS)):
        table = pa.table({"id": range(len(rows)), "features": COLUMNS[form](rows)})
        predicted = predict(table, model)
        assert predicted.column_names == ["id", "features", "label"]
        assert predicted["label"].type == pa.int64()
        assert predicted["label"].to_pylist() == labels
        assert predicted.drop_columns("label") == table


def test_lists_of_fixed_size_and_tensors() -> None:
    flat = pa.array(np.ravel(DENSE_ROWS))
    columns = {
        "fixed size": pa.FixedSizeListArray.from_arrays(flat, 2),
        "slice": pa.FixedSizeListArray.from_arrays(flat, 2).slice(1),
        "tensor": pa.FixedShapeTensorArray.from_numpy_ndarray(np.array(DENSE_ROWS)),
    }
    for name, column in columns.items():
        labels = predict(pa.table({"features": column}), DENSE)["label"].to_pylist()
        assert labels == (DENSE_LABELS[1:] if name == "slice" else DENSE_LABELS), name
    sparse = pa.FixedSizeListArray.from_arrays(pa.array([0, 1, 1, 2]), 2)
    assert predict(pa.table({"features": sparse}), SPARSE)["label"].to_pylist() == [1, 0]
    images = pa.FixedShapeTensorArray.from_numpy_ndarray(np.zeros((2, 2, 2), np.int64))
    with pytest.raises(InputError, match=r"tensors of shape .2, 2.; expected one axis"):
        predict(pa.table({"features": images}), DENSE)


def test_record_batches_data_frames_and_names() -> None:
    table = pa.table({"x": pa.array(SPARSE_ROWS)})
    [batch] = table.to_batches()
    assert predict(batch, SPARSE, features="x", output="y")["y"].to_pylist() == SPARSE_LABELS
    frame = pd.DataFrame({"x": SPARSE_ROWS}, index=list("abcde"))
    predicted = predict(frame, SPARSE, features="x", output="y")
    assert predicted["y"].tolist() == SPARSE_LABELS
    assert predicted["y"].dtype == np.intp
    assert list(predicted.index) == list("abcde")
    assert list(frame.columns) == ["x"]
    arrays = pd.DataFrame({"features": [np.array(row) for row in DENSE_ROWS]})
    assert predict(arrays, DENSE)["label"].tolist() == DENSE_LABELS


def test_rows_go_to_the_model_as_they_are() -> None:
    assert predict(np.array(DENSE_ROWS), DENSE).tolist() == DENSE_LABELS
    assert predict(SPARSE_ROWS, SPARSE).tolist() == SPARSE_LABELS
    assert predict(dcai.CsrRows([0, 1, 3], [0, 0, 1]), SPARSE).tolist() == [0, 1]


def test_no_rows() -> None:
    for column in (
        pa.array([], pa.list_(pa.int64())),
        pa.array([], pa.list_(pa.int64(), 2)),
        pa.chunked_array([], pa.list_(pa.int64())),
    ):
        for model in (SPARSE, DENSE):
            assert predict(pa.table({"features": column}), model)["label"].to_pylist() == []


BAD: list[tuple[Any, Any, str]] = [
    (SPARSE, [[0], None, [1]], "row 1 of column 'features' is missing"),
    (SPARSE, [[0], [], [1, 2, None]], "row 2 of column 'features' misses a value, at position 2"),
    (SPARSE, [[0], [0.5]], "column 'features' holds lists of double; expected integers"),
    (SPARSE, [[True]], "holds lists of bool"),
    (SPARSE, [["a"]], "holds lists of string"),
    (SPARSE, [[[1]]], "holds lists of list"),
    (SPARSE, [1, 2], "column 'features' holds 'int64'; expected a list or a tensor"),
    (SPARSE, [[0], [1, -3]], "row 1: NegativeIndex(1, -3)"),
    (DENSE, [[1, 2], [3, 4], [5]], "row 2 has 1 values, row 0 has 2"),
    (DENSE, [[1, 2, 3]], "row 0: DimensionMismatch(2, 3)"),
]


@pytest.mark.parametrize(("model", "rows", "message"), BAD)
def test_a_bad_row_is_named(model: Any, rows: list[Any], message: str) -> None:
    for table in (pa.table({"features": pa.array(rows)}), pd.DataFrame({"features": pd.Series(rows, dtype=object)})):
        with pytest.raises((InputError, Revert), match=re.escape(message)):
            predict(table, model)


def test_numbers_beyond_int64() -> None:
    with pytest.raises(InputError, match=r"lists of integers that int64 holds|must be below 2"):
        predict(pd.DataFrame({"features": [[2**63]]}), SPARSE)
    with pytest.raises(InputError, match="lists of integers that int64 holds"):
        predict(pd.DataFrame({"features": [[2**70]]}), SPARSE)
    with pytest.raises(InputError, match=re.escape("below 2^63")):
        predict(pa.table({"features": pa.array([[2**63]], pa.list_(pa.uint64()))}), SPARSE)


def test_the_columns_must_fit() -> None:
    table = pa.table({"text": ["a"], "label": [1]})
    with pytest.raises(InputError, match="no column 'features'; there are: 'text', 'label'"):
        predict(table, SPARSE)
    with pytest.raises(InputError, match="there is a column 'label' already"):
        predict(table, SPARSE, features="text")
    with pytest.raises(InputTypeError, match=r"concurrency applies only to a ray\.data\.Dataset"):
        predict(table, SPARSE, concurrency=2)
    with pytest.raises(InputTypeError, match=r"model is 'model\.json'; expected a model of dcai"):
        predict(table, "model.json")  # type: ignore[arg-type]  # on purpose


def test_rows_need_neither_ray_nor_pyarrow() -> None:
    code = """
import sys
sys.modules["ray"] = sys.modules["pyarrow"] = None
import dcai, dcai.ray
print(dcai.ray.predict([[0], [1]], dcai.SparsePerceptron([0, 1], 0, 1)).tolist())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[0, 1]"
