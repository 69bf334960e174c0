"""A file that is larger than the memory that the process takes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import dcai
from tests.support.models import reference

NUM_FEATURES, ROWS, COPIES = 100, 1 << 14, 40
DECODED = NUM_FEATURES * ROWS * COPIES * 8  # 524 MB, in the file as in memory

#: Prints the number of rows, and the peak of resident memory in bytes: that of this process alone, as Linux keeps it.
_CODE = """
import re
from pathlib import Path
from dcai import tabular
summary = tabular.predict_file("rows.parquet", "labels.npy", tabular.load_model("model.json"))
peak = re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())
print(summary.num_predicted, int(peak[1]) * 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems count memory otherwise")
@pytest.mark.parametrize("row_groups", ["many", "one"])
def test_a_parquet_file_larger_than_memory(row_groups: str, tmp_path: Path) -> None:
    rows = np.random.default_rng(5).integers(-8, 8, (ROWS, NUM_FEATURES)) * 10**8
    weights = [(j % 7 - 3) * 10**8 for j in range(NUM_FEATURES)]
    dcai.DensePerceptron(weights, 10**15, 10**9).to_json(tmp_path / "model.json")
    batch = pa.table({f"x{j}": rows[:, j] for j in range(NUM_FEATURES)}).to_batches()[0]
    plain = {"use_dictionary": False, "compression": "none"}
    with pa.parquet.ParquetWriter(tmp_path / "rows.parquet", batch.schema, **plain) as writer:
        for _ in range(COPIES if row_groups == "many" else COPIES // 8):
            copies = 1 if row_groups == "many" else 8
            writer.write_table(pa.Table.from_batches([batch] * copies), row_group_size=ROWS * copies)
    run = subprocess.run([sys.executable, "-c", _CODE], cwd=tmp_path, check=True, capture_output=True, text=True)
    num_predicted, peak = map(int, run.stdout.split())
    assert num_predicted == ROWS * COPIES
    assert (tmp_path / "rows.parquet").stat().st_size > DECODED
    assert peak < DECODED / 2
    oracle = reference.DensePerceptron(weights, 10**15, 10**9)
    labels = [oracle.predict(row) for row in rows[:512].tolist()]
    found = np.load(tmp_path / "labels.npy").reshape(COPIES, ROWS)
    assert found[:, :512].tolist() == [labels] * COPIES
    assert (found == found[0]).all()
