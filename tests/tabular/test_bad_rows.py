"""What cannot be predicted is named by file, row and column, with what would be right; or left out and counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
import scipy.sparse

from dcai import InputError, NaiveBayes
from dcai.tabular import Layout, predict_file, read_batches
from dcai.tabular.files import table_files
from tests.support.row_files import (
    FIXED,
    REALS,
    Write,
    dense_models,
    expected,
    sparse_models,
    to_feather,
    to_npy,
    to_npz,
    to_parquet,
)

DENSE, ORACLE = dense_models()[0]
SPARSE, CENTROIDS = sparse_models()[0][0], sparse_models()[1][0]
BAYES = NaiveBayes([1, 1], [{0: 3}, {5: 2}], 6, 10**9)


def refuses(path: Path | list[Path], message: str, layout: Layout | None = None, model: Any = DENSE) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        list(read_batches(path, model, layout))


def text_file(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def parquet(path: Path, **columns: Any) -> Path:
    pa.parquet.write_table(pa.table(columns), path / "rows.parquet")
    return path / "rows.parquet"


# -- CSV -------------------------------------------------------------------------------------------------------------

GOOD = "0.5,-0.5,0.5,0.5"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("0.5,?,0.5,0.5", "line 4, column 'b': '?' is not a number; expected a number"),
        ("0.5,1_0,0.5,0.5", "line 4, column 'b': '1_0' is not a number; expected a number"),
        ("0.5,0.5,,0.5", "line 4, column 'c': the value is missing; expected a number"),
        ("0.5,0.5,  ,0.5", "line 4, column 'c': the value is missing; expected a number"),
        ("0.5,0.5,0.5,nan", "line 4, column 'd': nan is not a number; expected a finite number"),
        ("-inf,0.5,0.5,0.5", "line 4, column 'a': -inf is not a number; expected a finite number"),
        ("9223372036.9,0.5,0.5,0.5", "line 4, column 'a': 9223372036.9 times 10^9 is beyond int64"),
        ("0.5,0.5,0.5", "line 4, '0.5,0.5,0.5' has 3 values; expected 4, one per column"),
        ("0.5,0.5,0.5,0.5,0.5", "line 4, '0.5,0.5,0.5,0.5,0.5' has 5 values; expected 4, one per column"),
    ],
)
def test_csv_of_a_dense_model(line: str, why: str, tmp_path: Path) -> None:
    path = text_file(tmp_path / "rows.csv", "a,b,c,d", GOOD, "", line, GOOD)
    refuses(path, f"{path}, {why}")


@pytest.mark.parametrize("value", ["0.5", "9223372036854775808", "-9223372036854775809"])
def test_csv_of_integers(value: str, tmp_path: Path) -> None:
    path = text_file(tmp_path / "rows.csv", "a,b,c,d", "1,2,3,4", f"1,2,{value},4")
    refuses(path, f"{path}, line 3, column 'c': {value} is ", Layout(scale="fixed"))


def test_the_first_bad_row_of_a_file_is_named(tmp_path: Path) -> None:
    """The reader meets the line that is too short before it hands out the rows above it."""
    path = text_file(tmp_path / "rows.csv", "a,b,c,d", GOOD, "0.5,x,0.5,0.5", "0.5", GOOD)
    refuses(path, "line 3, column 'b': 'x'")


@pytest.mark.parametrize("block", [24, 64, 1 << 20])
def test_csv_rows_keep_their_numbers_whatever_the_blocks(
    block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "_CSV_BLOCK", block)
    lines = [GOOD] * 40
    for odd in (0, 1, 7, 20, 38, 39):
        lines[odd] = "0.5"
    lines[11] = "0.5,x,0.5,0.5"
    path = text_file(tmp_path / "rows.csv", "a,b,c,d", *lines)
    batches = list(read_batches(path, DENSE, Layout(batch_rows=3), on_bad_row="skip"))
    assert [row for batch in batches for row in batch.rows] == [i for i in range(40) if lines[i] == GOOD]
    assert sum(batch.num_skipped for batch in batches) == 7
    named = [re.search(r"line (\d+)", text) for batch in batches for text in batch.skipped]
    assert [int(found[1]) - 2 for found in named if found] == [0, 1, 7, 11, 20, 38, 39]


def test_csv_of_feature_indices(tmp_path: Path) -> None:
    path = text_file(tmp_path / "rows.csv", "words", "3 17", "", "3 -1 x")
    refuses(path, f"{path}, line 4, column 'words': position 2 of the list: 'x' is not a number", model=SPARSE)
    path = text_file(tmp_path / "rows.csv", "words", "3 17", "", "3 -1")
    refuses(path, f"{path}, line 4, feature index -1 is negative; expected feature indices", model=SPARSE)
    path = text_file(tmp_path / "rows.csv", "words", "3 1.5")
    refuses(path, f"{path}, line 2, column 'words': position 1 of the list: 1.5 is not an integer", model=SPARSE)
    path = text_file(tmp_path / "rows.csv", "words", f"3 {2**63}")
    refuses(path, f"position 1 of the list: {2**63} is beyond int64", model=SPARSE)
    path = text_file(tmp_path / "rows.csv", "words", "3 1e300")
    refuses(path, "position 1 of the list: 1e+300 is not an integer below 2^53", model=SPARSE)


def test_csv_that_is_none(tmp_path: Path) -> None:
    refuses(text_file(tmp_path / "empty.csv"), "empty.csv cannot be read as CSV")
    refuses(text_file(tmp_path / "rows.csv", "1,2,3,4", "5,6,7,8"), "or --no-header (header=False)")
    refuses(text_file(tmp_path / "rows.csv", "a,a,b,c", GOOD), "has 'a' twice")
    (tmp_path / "latin.csv").write_bytes(b"a,b,c,d,e\n1,2,3,4,caf\xe9\n")
    refuses(tmp_path / "latin.csv", "latin.csv cannot be read as CSV", Layout(keep=["e"], scale="float"))


# -- dense, typed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [to_parquet, to_feather, to_npy, to_npz])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.nan, "nan is not a number"),
        (-np.inf, "-inf is not a number"),
        (-1e300, "-1e+300 times 10^9 is beyond int64"),
    ],
)
def test_floats(write: Write, value: float, why: str, tmp_path: Path) -> None:
    rows = REALS.copy()
    rows[4, 2] = value
    path = write(tmp_path, rows)
    column = "column 'x2'" if write in (to_parquet, to_feather) else "column 2 (the first is 0)"
    refuses(path, f"{path}, row 4 (the first is 0), {column}: {why}", Layout(batch_rows=2))


@pytest.mark.parametrize("write", [to_parquet, to_feather, to_npy, to_npz])
def test_integers_beyond_int64(write: Write, tmp_path: Path) -> None:
    rows = np.ones((3, 4), np.uint64)
    rows[1, 3] = 2**63
    refuses(write(tmp_path, rows), f": {2**63} is beyond int64")


@pytest.mark.parametrize("write", [to_parquet, to_npy])
def test_scaled_integers_that_became_floats(write: Write, tmp_path: Path) -> None:
    """As pandas makes of a column of integers with a gap."""
    path = write(tmp_path, np.array(FIXED, float))
    refuses(
        path, "floats that are all whole numbers, up to 3500000000, as if they had been scaled already; choose --scale"
    )
    batch = next(read_batches(path, DENSE, Layout(scale="fixed")))
    assert batch.samples.tolist() == FIXED
    refuses(
        write(tmp_path, np.array([[1.5, 0, 0, 0]])),
        "1.5 is not an integer; expected integers scaled",
        Layout(scale="fixed"),
    )
    refuses(write(tmp_path, np.array([[2.0**60, 0, 0, 0]])), "is a float beyond 2^53", Layout(scale="fixed"))
    refuses(write(tmp_path, [[9223372037, 0, 0, 0]]), "9223372037 times 10^9 is beyond", Layout(scale="float"))


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.bool_])
@pytest.mark.parametrize("write", [to_parquet, to_npy])
def test_small_integers_may_be_scaled_or_not(write: Write, kind: Any, tmp_path: Path) -> None:
    refuses(
        write(tmp_path, np.ones((2, 4), kind)),
        "integers of at most 16 bits, which may be scaled or not; choose --scale",
    )


def test_other_doubts_about_the_scale(tmp_path: Path) -> None:
    refuses(text_file(tmp_path / "rows.csv", "a,b,c,d", "1,2,3,4"), "whole numbers as text, which may be scaled or not")
    path = parquet(tmp_path, a=[1], b=[0.5], c=[0.5], d=[0.5])
    refuses(path, "floats and integers, which may be scaled or not; choose --scale fixed")
    paths = [to_npy(tmp_path, REALS), to_npz(tmp_path, FIXED)]
    refuses(paths, f"{paths[1]} has integers, and {paths[0]} has floats; choose --scale")


def test_gaps_and_types_of_columns(tmp_path: Path) -> None:
    path = parquet(tmp_path, a=[0.5, 0.5], b=[0.5, None], c=[0.5, 0.5], d=[0.5, 0.5])
    refuses(path, f"{path}, row 1 (the first is 0), column 'b': the value is missing; expected a number")
    path = parquet(tmp_path, a=[0.5], b=[0.5], c=[0.5], when=pa.array([0], pa.timestamp("ms")))
    refuses(path, "column 'when' is timestamp[ms]; expected numbers, or lists of them. If it is not a feature")
    refuses(path, f"{path} has no column 'e'; it has 'a', 'b', 'c', 'when'", Layout(keep=["e"]))
    refuses(path, "has 3 columns for features ('a', 'b', 'c'); the DensePerceptron takes 4", Layout(ignore=["when"]))
    path = parquet(tmp_path, a=[0.5], b=[[0.5]], c=[0.5], d=[0.5])
    refuses(path, "column 'b' is list<element: double>, beside 3 others; expected one column with lists")
    other = to_feather(tmp_path, REALS)
    refuses([other, path], f"{path} and {other} differ in the columns 'a', 'b', 'c', 'd', 'x0', 'x1', 'x2', 'x3'; all")


def test_lists_of_a_dense_model(tmp_path: Path) -> None:
    good = [0.5, 0.5, 0.5, 0.5]
    for odd, why in [
        ([0.5], "column 'x': the list has 1 values; expected 4"),
        (None, "column 'x': the list is missing"),
        ([0.5, 0.5, None, 0.5], "column 'x': position 2 of the list: the value is missing; expected a number"),
        ([0.5, 0.5, 0.5, float("nan")], "column 3 (the first is 0): nan is not a number"),
    ]:
        path = parquet(tmp_path, x=[good, odd, good])
        refuses(path, f"{path}, row 1 (the first is 0), {why}")
        batches = read_batches(path, DENSE, on_bad_row="skip")
        assert [(batch.rows.tolist(), batch.samples.tolist()) for batch in batches] == [([0, 2], [[500000000] * 4] * 2)]


def test_arrays_of_the_wrong_form(tmp_path: Path) -> None:
    refuses(to_npy(tmp_path, REALS[:, :3]), "has 3 columns; the DensePerceptron takes 4 features")
    refuses(to_npy(tmp_path, REALS[0]), "has shape (4,); expected (number of rows, number of features)")
    refuses(to_npy(tmp_path, REALS.astype(complex)), "has dtype complex128; expected integers, or floats")
    refuses(to_npz(tmp_path, np.asfortranarray(REALS)), "stored column by column")
    np.savez(tmp_path / "two.npz", X=REALS, Z=REALS, y=[0, 1])
    refuses(tmp_path / "two.npz", "has the arrays X, Z, y; name the one with the rows")
    refuses(
        tmp_path / "two.npz",
        "array 'y' has shape (2,); expected one entry for each of 6 rows",
        Layout(features=["X"], labels="y"),
    )
    np.save(tmp_path / "objects.npy", np.array([[1, None]], object), allow_pickle=True)
    refuses(tmp_path / "objects.npy", "objects.npy cannot be read as .npy")
    cut = to_npz(tmp_path, REALS).read_bytes()[:200]
    (tmp_path / "cut.npz").write_bytes(cut)
    refuses(tmp_path / "cut.npz", "cut.npz cannot be read as .npz")
    (tmp_path / "cut.parquet").write_bytes(to_parquet(tmp_path, REALS).read_bytes()[:200])
    refuses(tmp_path / "cut.parquet", "cut.parquet cannot be read as Parquet")
    (tmp_path / "cut.feather").write_bytes(to_feather(tmp_path, REALS).read_bytes()[:200])
    refuses(tmp_path / "cut.feather", "cut.feather cannot be read as Arrow")


# -- sparse ----------------------------------------------------------------------------------------------------------


def test_lists_of_a_sparse_model(tmp_path: Path) -> None:
    for model, odd, why in [
        (SPARSE, [0, -3], "feature index -3 is negative"),
        (SPARSE, None, "column 'f': the list is missing; an empty list means no features"),
        (SPARSE, [0, None], "column 'f': position 1 of the list: the value is missing"),
        (CENTROIDS, [3, 3], "feature index 3 follows 3; expected strictly increasing indices"),
        (CENTROIDS, [0, 5, 4], "feature index 4 follows 5; expected strictly increasing indices"),
        (CENTROIDS, [2**32], "feature index 4294967296 is too large; expected feature indices below 2^32"),
        (BAYES, [3, 3, 2**32], "feature index 4294967296 is too large; expected feature indices below 2^32"),
    ]:
        path = parquet(tmp_path, f=[[1, 5], odd, [0]])
        refuses(path, f"{path}, row 1 (the first is 0), {why}", model=model)
        (batch,) = read_batches(path, model, on_bad_row="skip")
        assert [row.tolist() for row in batch.samples] == [[1, 5], [0]]
    refuses(parquet(tmp_path, f=[[0.5]]), "expected lists of integers, the feature indices", model=SPARSE)


def test_matrices_of_a_sparse_model(tmp_path: Path) -> None:
    refuses(
        to_npy(tmp_path, [[0, 1], [2, 0]]),
        "row 1 (the first is 0), column 0 (the first is 0): 2 is neither",
        model=SPARSE,
    )
    matrix = scipy.sparse.csr_array(np.array([[0, 1], [0, 3]]))
    scipy.sparse.save_npz(tmp_path / "m.npz", matrix)
    refuses(tmp_path / "m.npz", "row 1 (the first is 0), feature 1: the value is 3; a sparse model reads", model=SPARSE)
    scipy.sparse.save_npz(tmp_path / "m.npz", matrix.tocsc())
    refuses(tmp_path / "m.npz", "has a matrix in CSC form; expected CSR", model=SPARSE)
    refuses(tmp_path / "m.npz", "has a matrix in CSC form; expected CSR")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1 x:1", "line 4, '1 x:1' cannot be read"),
        ("1 5:1 3:1", "line 4, '1 5:1 3:1' cannot be read"),
        ("1 3:1 3:1", "line 4, '1 3:1 3:1' cannot be read"),
        ("1 0:1", "line 4, '1 0:1' cannot be read"),
        ("1 99999999999:1", "with increasing indices from 1 up to 2^31 - 1"),
        ("1 3:2", "line 4, feature 2: the value is 2.0; a sparse model reads only presence"),
        ("3 1:1", "line 4, column 'label': 3.0 is not a class; expected an index from 0 to 1, or the name of a class"),
    ],
)
def test_svmlight(line: str, why: str, tmp_path: Path) -> None:
    path = text_file(tmp_path / "rows.svm", "# a comment", "1 2:1 7:1", "", line, "0 1:1  # good")
    layout = Layout(first_index=1, labels="label")
    refuses(path, why, layout, SPARSE)
    (batch,) = read_batches(path, SPARSE, layout, on_bad_row="skip")
    assert batch.rows.tolist() == [0, 2]
    assert batch.num_skipped == 1
    assert batch.labels is not None
    assert batch.labels.tolist() == [1, 0]
    assert [row.tolist() for row in batch.samples] == [[1, 6], [0]]


def test_svmlight_must_be_told_its_first_index(tmp_path: Path) -> None:
    path = text_file(tmp_path / "rows.svm", "1 2:1")
    refuses(path, "--first-index 0 or 1", model=SPARSE)
    path = text_file(tmp_path / "rows.svm", "1 4:0.5")
    refuses(path, "feature index 4 is not an index of the model's 4 features (0 .. 3)", Layout(first_index=0))


# -- labels, skipping, paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["2", "-1", "maybe", "0.5", ""])
def test_true_labels(odd: str, tmp_path: Path) -> None:
    path = text_file(tmp_path / "rows.csv", "a,b,c,d,y", f"{GOOD},1", f"{GOOD},no", f"{GOOD},{odd}")
    refuses(path, f"line 4, column 'y': {odd!r} is not a class; expected an index from 0 to 1", Layout(labels="y"))


@pytest.mark.parametrize("write", [to_parquet, to_feather, to_npy, to_npz])
def test_skipped_rows_are_counted_and_the_others_are_as_ever(write: Write, tmp_path: Path) -> None:
    rows = REALS.copy()
    rows[1, 0] = rows[1, 3] = rows[5, 2] = np.nan
    summary = predict_file(write(tmp_path, rows), tmp_path / "out.npy", DENSE, Layout(batch_rows=2), on_bad_row="skip")
    assert (summary.num_predicted, summary.num_skipped, len(summary.skipped)) == (4, 2, 2)
    assert np.load(tmp_path / "out.npy").tolist() == expected(ORACLE, [FIXED[i] for i in (0, 2, 3, 4)])


def test_only_the_first_of_many_skipped_rows_are_named(tmp_path: Path) -> None:
    path = to_npy(tmp_path, np.full((1000, 4), np.nan))
    summary = predict_file(path, tmp_path / "out.npy", DENSE, Layout(batch_rows=3), on_bad_row="skip")
    assert summary.num_skipped == 1000
    assert [text.split(",")[1] for text in summary.skipped] == [f" row {i} (the first is 0)" for i in range(5)]


def test_paths(tmp_path: Path) -> None:
    refuses(tmp_path / "no.csv", "no.csv: there is no such file or folder")
    refuses(tmp_path, "has no file of a known format (npy, npz, csv")
    refuses([], "there is no file to read")
    refuses(
        text_file(tmp_path / "rows.dat", "x"), "rows.dat: cannot tell the format from the file name; choose one of npy"
    )
    refuses(text_file(tmp_path / "rows.npy.gz", "x"), "only CSV and svmlight files are read compressed")
    to_npy(tmp_path, REALS)
    refuses(to_parquet(tmp_path, REALS).parent, "has files of several formats (npy, parquet); expected one")


def test_options() -> None:
    for options, message in [
        ({"scale": "half"}, "scale is 'half'; expected 'auto', 'fixed' or 'float'"),
        ({"first_index": 2}, "first_index is 2; expected 0 or 1"),
        ({"batch_rows": 0}, "batch_rows is 0; expected at least 1"),
        ({"delimiter": "::"}, "delimiter is '::'; expected one character"),
    ]:
        with pytest.raises(InputError, match=re.escape(message)):
            Layout(**options)  # type: ignore[arg-type]
