"""The same rows in every format that dcai.tabular reads, written by the libraries that own the formats."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import scipy.sparse
from sklearn.datasets import dump_svmlight_file

import dcai
from dcai.tabular import Layout
from tests.support.models import reference

ONE = 10**9
NAMES = ("no", "yes", "perhaps")

#: Rows of four real numbers; the last two differ in the last digit alone.
REALS = np.array(
    [
        [0.5, -0.5, 0.5, 0.5],
        [-0.6, 0.0, 0.8, 0.0],
        [1.0, 0.25, 0.0, -0.125],
        [-0.000000001, 0.999999999, -3.5, 2.25],
        [0.1, 0.2, -0.3, 0.000000001],
        [0.1, 0.2, -0.3, 0.0],
    ]
)
#: The same by hand, times 10^9.
FIXED = [
    [500000000, -500000000, 500000000, 500000000],
    [-600000000, 0, 800000000, 0],
    [1000000000, 250000000, 0, -125000000],
    [-1, 999999999, -3500000000, 2250000000],
    [100000000, 200000000, -300000000, 1],
    [100000000, 200000000, -300000000, 0],
]
#: Indices of the features that are present, below 6.
SPARSE = [[0, 3, 5], [], [1, 2], [5], [0, 1, 2, 3, 4, 5], [2, 4]]


def dense_models() -> list[tuple[dcai.Classifier, reference.Model]]:
    perceptron = ([3 * ONE, -ONE, ONE, ONE], 5 * 10**17, ONE)
    centroids = ([[ONE, 0, 0, 0], [0, ONE, 0, 0], [0, 0, -ONE, 0]], [1, 1, 1])
    return [
        (dcai.DensePerceptron(*perceptron, classifications=NAMES[:2]), reference.DensePerceptron(*perceptron)),
        (
            dcai.NearestCentroidClassifier(*centroids, classifications=NAMES),
            reference.NearestCentroidClassifier(*centroids),
        ),
    ]


def sparse_models() -> list[tuple[dcai.Classifier, reference.Model]]:
    weights = ([2 * ONE, -ONE, ONE, -2 * ONE, ONE, ONE], -ONE // 2, ONE)
    centroids = ([[(0, ONE), (3, ONE // 2)], [(1, ONE), (2, ONE)], [(5, ONE)]], [2, 1, 1])
    return [
        (dcai.SparsePerceptron(*weights, classifications=NAMES[:2]), reference.SparsePerceptron(*weights)),
        (
            dcai.SparseNearestCentroidClassifier(*centroids, classifications=NAMES),
            reference.SparseNearestCentroidClassifier(*centroids),
        ),
    ]


def expected(oracle: reference.Model, rows: Sequence[Sequence[int]]) -> list[int]:
    return [oracle.predict(row) for row in rows]


# -- dense -----------------------------------------------------------------------------------------------------------

Write = Callable[[Path, Any], Path]


def table(rows: Any) -> pa.Table:
    values = np.asarray(rows)
    return pa.table({f"x{j}": values[:, j] for j in range(values.shape[1])})


def to_csv(path: Path, rows: Any) -> Path:
    pa.csv.write_csv(table(rows), path / "rows.csv")
    return path / "rows.csv"


def to_tsv(path: Path, rows: Any) -> Path:
    pa.csv.write_csv(table(rows), path / "rows.tsv", pa.csv.WriteOptions(delimiter="\t"))
    return path / "rows.tsv"


def to_csv_gz(path: Path, rows: Any) -> Path:
    target = path / "rows.csv.gz"
    target.write_bytes(gzip.compress(to_csv(path, rows).read_bytes()))
    return target


def to_parquet(path: Path, rows: Any) -> Path:
    pa.parquet.write_table(table(rows), path / "rows.parquet", row_group_size=4)
    return path / "rows.parquet"


def to_feather(path: Path, rows: Any) -> Path:
    pa.feather.write_feather(table(rows), path / "rows.feather", chunksize=4)
    return path / "rows.feather"


def to_arrow_stream(path: Path, rows: Any) -> Path:
    content = table(rows)
    with pa.ipc.new_stream(path / "rows.arrows", content.schema) as stream:
        stream.write_table(content, max_chunksize=4)
    return path / "rows.arrows"


def to_list_column(path: Path, rows: Any) -> Path:
    pa.parquet.write_table(pa.table({"x": np.asarray(rows).tolist()}), path / "lists.parquet")
    return path / "lists.parquet"


def to_fixed_size_lists(path: Path, rows: Any) -> Path:
    values = np.asarray(rows)
    column = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])
    pa.feather.write_feather(pa.table({"x": column}), path / "lists.feather")
    return path / "lists.feather"


def to_npy(path: Path, rows: Any) -> Path:
    np.save(path / "rows.npy", np.asarray(rows))
    return path / "rows.npy"


def to_fortran_npy(path: Path, rows: Any) -> Path:
    np.save(path / "rows.npy", np.asfortranarray(rows))
    return path / "rows.npy"


def to_npz(path: Path, rows: Any) -> Path:
    np.savez_compressed(path / "rows.npz", X=np.asarray(rows))
    return path / "rows.npz"


def to_csr(path: Path, rows: Any) -> Path:
    scipy.sparse.save_npz(path / "csr.npz", scipy.sparse.csr_array(np.asarray(rows)))
    return path / "csr.npz"


DENSE: list[Write] = [
    to_csv,
    to_tsv,
    to_csv_gz,
    to_parquet,
    to_feather,
    to_arrow_stream,
    to_list_column,
    to_fixed_size_lists,
    to_npy,
    to_fortran_npy,
    to_npz,
    to_csr,
]


# -- sparse ----------------------------------------------------------------------------------------------------------


def presence(rows: Sequence[Sequence[int]]) -> np.ndarray[Any, np.dtype[np.int64]]:
    matrix = np.zeros((len(rows), 6), np.int64)
    for row, indices in enumerate(rows):
        matrix[row, list(indices)] = 1
    return matrix


def sparse_lists(path: Path, rows: Any) -> Path:
    column = pa.array(rows, pa.list_(pa.int32()))
    pa.parquet.write_table(pa.table({"features": column}), path / "sparse.parquet", row_group_size=4)
    return path / "sparse.parquet"


def sparse_large_lists(path: Path, rows: Any) -> Path:
    column = pa.array(rows, pa.large_list(pa.uint64()))
    pa.feather.write_feather(pa.table({"features": column}), path / "sparse.feather")
    return path / "sparse.feather"


def sparse_text(path: Path, rows: Any) -> Path:
    lines = [" ".join(map(str, row)) for row in rows]
    (path / "sparse.csv").write_text("\n".join(["features", *lines]) + "\n", encoding="utf-8")
    return path / "sparse.csv"


def sparse_columns(path: Path, rows: Any) -> Path:
    return to_csv(path, presence(rows))


def sparse_bools(path: Path, rows: Any) -> Path:
    return to_parquet(path, presence(rows).astype(bool))


def sparse_npy(path: Path, rows: Any) -> Path:
    return to_npy(path, presence(rows).astype(np.uint8))


def sparse_csr(path: Path, rows: Any) -> Path:
    return to_csr(path, presence(rows).astype(np.float32))


def sparse_svmlight(path: Path, rows: Any) -> Path:
    dump_svmlight_file(presence(rows), np.zeros(len(rows)), str(path / "rows.svmlight"), zero_based=True)
    return path / "rows.svmlight"


def sparse_svmlight_bz2(path: Path, rows: Any) -> Path:
    target = path / "rows.svm.bz2"
    target.write_bytes(bz2.compress(sparse_svmlight(path, rows).read_bytes()))
    return target


SPARSE_FORMATS: list[Write] = [
    sparse_lists,
    sparse_large_lists,
    sparse_text,
    sparse_columns,
    sparse_bools,
    sparse_npy,
    sparse_csr,
    sparse_svmlight,
    sparse_svmlight_bz2,
]


def layout_of(path: Path, **options: Any) -> Layout:
    """A layout with what the file cannot say itself."""
    if ".svm" in path.name:
        options.setdefault("first_index", 0)
    return Layout(**options)
