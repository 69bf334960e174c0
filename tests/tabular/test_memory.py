"""A file that is larger than the memory that the process takes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import reference

import dcai

NUM_FEATURES, ROWS, COPIES = 100, 1 << 14, 64
DECODED = NUM_FEATURES * ROWS * COPIES * 8  # 840 MB

#: Peak resident memory in bytes, before and after; Linux says it in KiB.
_CODE = """
import json, resource, sys
import pyarrow.compute, pyarrow.csv, pyarrow.parquet
from dcai import tabular
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
summary = tabular.predict_file("rows.parquet", "labels.npy", tabular.load_model("model.json"))
print(json.dumps([summary.num_predicted, before, peak()]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
@pytest.mark.parametrize("row_groups", ["many", "one"])
def test_a_parquet_file_larger_than_memory(row_groups: str, tmp_path: Path) -> None:
    # Few different numbers, so that the file is small and quick to write; in memory they take eight bytes each.
    rows = np.random.default_rng(5).integers(-8, 8, (ROWS, NUM_FEATURES)) * 10**8
    weights = [(j % 7 - 3) * 10**8 for j in range(NUM_FEATURES)]
    dcai.DensePerceptron(weights, 10**15, 10**9).to_json(tmp_path / "model.json")
    batch = pa.table({f"x{j}": rows[:, j] for j in range(NUM_FEATURES)}).to_batches()[0]
    with pa.parquet.ParquetWriter(tmp_path / "rows.parquet", batch.schema) as writer:
        for _ in range(COPIES if row_groups == "many" else COPIES // 8):
            copies = 1 if row_groups == "many" else 8
            writer.write_table(pa.Table.from_batches([batch] * copies), row_group_size=ROWS * copies)
    run = subprocess.run([sys.executable, "-c", _CODE], cwd=tmp_path, check=True, capture_output=True, text=True)
    num_predicted, before, peak = json.loads(run.stdout)
    assert num_predicted == ROWS * COPIES
    assert peak < DECODED / 2
    assert peak - before < DECODED / 4
    oracle = reference.DensePerceptron(weights, 10**15, 10**9)
    labels = [oracle.predict(row) for row in rows[:512].tolist()]
    found = np.load(tmp_path / "labels.npy").reshape(COPIES, ROWS)
    assert found[:, :512].tolist() == [labels] * COPIES
    assert (found == found[0]).all()
