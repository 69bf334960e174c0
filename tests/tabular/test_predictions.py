"""Labels of every format equal those of the reference on the same rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from sklearn.datasets import dump_svmlight_file

import dcai
from dcai.tabular import Layout, predict_file, read_batches
from tests.support.models import reference
from tests.support.row_files import (
    DENSE,
    FIXED,
    REALS,
    SPARSE,
    SPARSE_FORMATS,
    Write,
    dense_models,
    expected,
    layout_of,
    sparse_models,
    to_csv,
    to_npy,
    to_parquet,
)

Pair = tuple[dcai.Classifier, reference.Model]


def kind(pair: Pair) -> str:
    return type(pair[0]).__name__


def name(write: Write) -> str:
    return write.__name__


def labels(path: Any, model: dcai.Classifier, layout: Layout) -> list[int]:
    return [int(label) for batch in read_batches(path, model, layout) for label in model.predict_batch(batch.samples)]


@pytest.mark.parametrize("batch_rows", [None, 1, 4])
@pytest.mark.parametrize("write", DENSE, ids=name)
@pytest.mark.parametrize("pair", dense_models(), ids=kind)
def test_real_numbers(pair: Pair, write: Write, batch_rows: int | None, tmp_path: Path) -> None:
    model, oracle = pair
    path = write(tmp_path, REALS)
    assert labels(path, model, layout_of(path, batch_rows=batch_rows)) == expected(oracle, FIXED)


@pytest.mark.parametrize("write", DENSE, ids=name)
@pytest.mark.parametrize("pair", dense_models(), ids=kind)
def test_fixed_point_numbers(pair: Pair, write: Write, tmp_path: Path) -> None:
    model, oracle = pair
    path = write(tmp_path, FIXED)
    is_text = ".csv" in path.name or ".tsv" in path.name
    assert labels(path, model, Layout(scale="fixed" if is_text else "auto", batch_rows=4)) == expected(oracle, FIXED)


@pytest.mark.parametrize("write", DENSE, ids=name)
def test_integers_beyond_those_of_floats_stay_exact(write: Write, tmp_path: Path) -> None:
    """2^53 + 1 is no float; the class is decided by its last digit."""
    row = [2**53 + 1, 1, 2**63 - 1, -(2**63)]
    model = dcai.DensePerceptron([1, 0, 1, 1], -(2**53), 10**9)  # -(2^53) + 2^53 + 1 - 1 = 0
    oracle = reference.DensePerceptron([1, 0, 1, 1], -(2**53), 10**9)
    rows = [row, [2**53 + 2, *row[1:]]]
    assert expected(oracle, rows) == [0, 1]
    assert labels(write(tmp_path, rows), model, Layout(scale="fixed")) == [0, 1]


def test_whole_numbers_can_be_real_ones(tmp_path: Path) -> None:
    rows = [[1, 0, -2, 3], [9223372036, -9223372036, 0, 0]]
    scaled = [[x * 10**9 for x in row] for row in rows]
    for model, oracle in dense_models():
        for write in (to_csv, to_parquet, to_npy):
            assert labels(write(tmp_path, rows), model, Layout(scale="float")) == expected(oracle, scaled)


@pytest.mark.parametrize("first_index", [0, 1])
@pytest.mark.parametrize("pair", dense_models(), ids=kind)
def test_dense_models_read_svmlight(pair: Pair, first_index: int, tmp_path: Path) -> None:
    path = tmp_path / "rows.svm"
    dump_svmlight_file(REALS, np.zeros(len(REALS)), str(path), zero_based=first_index == 0)
    model, oracle = pair
    assert labels(path, model, Layout(first_index=first_index)) == expected(oracle, FIXED)


@pytest.mark.parametrize("batch_rows", [None, 1, 4])
@pytest.mark.parametrize("write", SPARSE_FORMATS, ids=name)
@pytest.mark.parametrize("pair", sparse_models(), ids=kind)
def test_features_that_are_present(pair: Pair, write: Write, batch_rows: int | None, tmp_path: Path) -> None:
    model, oracle = pair
    path = write(tmp_path, SPARSE)
    assert labels(path, model, layout_of(path, batch_rows=batch_rows)) == expected(oracle, SPARSE)


def test_a_sparse_perceptron_counts_repeated_indices(tmp_path: Path) -> None:
    rows = [[3, 0, 0], [0, 3]]
    pa.parquet.write_table(pa.table({"f": rows}), tmp_path / "rows.parquet")
    model, oracle = sparse_models()[0]
    assert labels(tmp_path / "rows.parquet", model, Layout()) == expected(oracle, rows) == [1, 0]


def test_files_and_folders_in_order(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    (folder / "part").mkdir(parents=True)
    (folder / "_notes.parquet").write_text("none of the rows", encoding="utf-8")
    for number, place in ((2, "b.parquet"), (0, "a.parquet"), (4, "part/a.parquet")):
        to_parquet(tmp_path, REALS[number : number + 2]).rename(folder / place)
    model, oracle = dense_models()[1]
    assert labels(folder, model, Layout()) == expected(oracle, FIXED)
    paths = [folder / "b.parquet", folder / "b.parquet", to_npy(tmp_path, REALS[:1])]
    assert labels(paths, model, Layout()) == expected(oracle, [*FIXED[2:4], *FIXED[2:4], FIXED[0]])


def test_columns_are_taken_by_name(tmp_path: Path) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    first.write_text("id,a,b,c,d,note\n7,0.5,-0.5,0.5,0.5,x\n", encoding="utf-8")
    second.write_text("d,c,b,a,note,id\n0.0,0.8,0.0,-0.6,,8\n", encoding="utf-8")
    for model, oracle in dense_models():
        found = labels([first, second], model, Layout(keep=["id"], ignore=["note"]))
        assert found == expected(oracle, FIXED[:2])
        turned = labels([first, second], model, Layout(features=["d", "c", "b", "a"]))
        assert turned == expected(oracle, [row[::-1] for row in FIXED[:2]])


def test_csv_without_header(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("0.5;-0.5;0.5;0.5\n-0.6;0;0.8;0\n", encoding="utf-8")
    model, oracle = dense_models()[1]
    assert labels(tmp_path / "rows.csv", model, Layout(header=False, delimiter=";")) == expected(oracle, FIXED[:2])


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".npy", ".jsonl"])
@pytest.mark.parametrize("write", [to_npy, to_parquet])
def test_a_file_without_rows(write: Write, suffix: str, tmp_path: Path) -> None:
    source = write(tmp_path, REALS[:0])
    summary = predict_file(source, tmp_path / f"out{suffix}", dense_models()[0][0])
    assert summary.num_predicted == 0
    if suffix == ".parquet":
        assert pa.parquet.read_table(tmp_path / "out.parquet").column_names == ["predicted"]
    if suffix == ".npy":
        assert np.load(tmp_path / "out.npy").shape == (0,)
