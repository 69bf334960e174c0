"""What is written: the columns, the formats, whole or not at all; and what is counted."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet
import pytest

import dcai
from dcai.errors import InputError, MissingExtraError
from dcai.tabular import Layout, predict_file
from tests.support.row_files import FIXED, REALS, dense_models, expected, to_npy, to_parquet

MODEL, ORACLE = dense_models()[1]
LABELS = expected(ORACLE, FIXED)
NAMES = [MODEL.classifications[label] for label in LABELS]
IDS = [f"r{i}" for i in range(6)]


def source(folder: Path, **columns: Any) -> Path:
    values = {f"x{j}": REALS[:, j] for j in range(4)}
    pa.parquet.write_table(pa.table({**values, **columns}), folder / "in.parquet", row_group_size=4)
    return folder / "in.parquet"


def read(path: Path) -> dict[str, list[Any]]:
    if path.suffix == ".csv":
        return pa.csv.read_csv(path).to_pydict()  # type: ignore[no-any-return]
    if path.suffix == ".parquet":
        return pa.parquet.read_table(path).to_pydict()  # type: ignore[no-any-return]
    if path.suffix == ".arrow":
        return pa.feather.read_table(path).to_pydict()  # type: ignore[no-any-return]
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return {name: [row[name] for row in rows] for name in rows[0]}


def test_the_labels_are_of_several_classes() -> None:
    assert len(set(LABELS)) == 3


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".jsonl"])
def test_columns_of_every_format(suffix: str, tmp_path: Path) -> None:
    target = tmp_path / f"out{suffix}"
    score = [0.5, None, -1.0, 2.0, 3.0, 4.0]
    layout = Layout(keep=["id", "score"], batch_rows=4)
    summary = predict_file(source(tmp_path, id=IDS, score=score), target, MODEL, layout, names=True, row_numbers=True)
    assert read(target) == {
        "row": list(range(6)),
        "id": IDS,
        "score": score,
        "predicted": LABELS,
        "predicted_name": NAMES,
    }
    assert list(read(target)) == ["row", "id", "score", "predicted", "predicted_name"]
    assert summary.counts.tolist() == [LABELS.count(k) for k in range(3)]
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["in.parquet", target.name]


def test_npy_holds_labels(tmp_path: Path) -> None:
    predict_file(to_parquet(tmp_path, REALS), tmp_path / "out.npy", MODEL, Layout(batch_rows=4))
    found = np.load(tmp_path / "out.npy")
    assert found.dtype == np.int64
    assert found.tolist() == LABELS


def test_row_numbers_count_over_all_files_and_skipped_rows(tmp_path: Path) -> None:
    rows = REALS.copy()
    rows[[1, 5]] = np.nan
    path = to_npy(tmp_path, rows)
    layout = Layout(batch_rows=4)
    predict_file([path, path], tmp_path / "out.parquet", MODEL, layout, on_bad_row="skip", row_numbers=True)
    assert read(tmp_path / "out.parquet")["row"] == [0, 2, 3, 4, 6, 8, 9, 10]


def test_a_column_to_keep_that_is_null_at_first_takes_no_other_type_later(tmp_path: Path) -> None:
    first = source(tmp_path, id=list(range(6))).rename(tmp_path / "1.parquet")
    second = source(tmp_path, id=IDS)
    with pytest.raises(InputError, match="the files differ in the types of the columns to keep"):
        predict_file([first, second], tmp_path / "out.csv", MODEL, Layout(keep=["id"]))
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".arrow", ".npy", ".jsonl"])
def test_after_an_error_the_old_file_is_there(suffix: str, tmp_path: Path) -> None:
    rows = REALS.copy()
    rows[5, 0] = np.nan
    path, target = to_npy(tmp_path, rows), tmp_path / f"out{suffix}"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match="row 5"):
        predict_file(path, target, MODEL, Layout(batch_rows=2))
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(item.name for item in tmp_path.iterdir()) == [f"out{suffix}", "rows.npy"]


#: Predicts a file and says how far it is; then it waits to be interrupted.
_SLOW = """
import sys, time
from dcai.cli import main
from dcai.cli import predict
def wait(*args, progress, run=predict.predict_file, **options):
    def slow(fraction):
        print("ready", flush=True)
        time.sleep(60)
    return run(*args, progress=slow, **options)
predict.predict_file = wait
main()
"""


def test_an_interrupt_leaves_the_old_file(tmp_path: Path) -> None:
    MODEL.to_json(tmp_path / "model.json")
    to_npy(tmp_path, REALS)
    (tmp_path / "out.csv").write_text("old", encoding="utf-8")
    arguments = ["predict", "model.json", "rows.npy", "-o", "out.csv", "--batch-rows", "2"]
    with subprocess.Popen(
        [sys.executable, "-c", _SLOW, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        partial = {path.name for path in tmp_path.iterdir()} - {"model.json", "rows.npy", "out.csv"}
        assert len(partial) == 1
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip() == "interrupted"
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"model.json", "rows.npy", "out.csv"}


@pytest.mark.parametrize(
    ("options", "target", "message"),
    [
        ({"names": True}, "out.npy", ".npy holds only labels; for more columns write csv, parquet, arrow or jsonl"),
        (
            {},
            "out.xyz",
            "out.xyz: cannot tell the format from the file name; expected one of csv, parquet, arrow, npy, jsonl",
        ),
        ({"output_format": "pdf"}, "out.csv", "format 'pdf' cannot be written; expected one of csv"),
        ({}, "in.parquet", "in.parquet is also an input file; name another output file"),
        ({}, ".", "is a folder; expected the name of a file"),
        ({"layout": Layout(keep=["predicted"])}, "out.csv", "a column 'predicted' of its own"),
        ({"on_bad_row": "drop"}, "out.csv", "on_bad_row is 'drop'; expected 'error' or 'skip'"),
    ],
)
def test_output_that_cannot_be(options: dict[str, Any], target: str, message: str, tmp_path: Path) -> None:
    path = source(tmp_path, predicted=IDS)
    options.setdefault("output_format", "csv" if target == "." else None)
    with pytest.raises(InputError, match=re.escape(message)):
        predict_file(path, tmp_path / target, MODEL, **options)
    assert list(tmp_path.iterdir()) == [path]


def test_standard_output_takes_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="standard output takes csv or jsonl, not parquet; name a file"):
        predict_file(source(tmp_path), None, MODEL, output_format="parquet")


@pytest.mark.parametrize("as_names", [True, False])
@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_accuracy_and_confusion(suffix: str, as_names: bool, tmp_path: Path) -> None:
    true = [0, 1, 2, 0, 1, 2]
    path = source(tmp_path, y=[MODEL.classifications[k] for k in true] if as_names else true)
    if suffix == ".csv":
        pa.csv.write_csv(pa.parquet.read_table(path), tmp_path / "in.csv")
        path = tmp_path / "in.csv"
    summary = predict_file(path, tmp_path / "out.npy", MODEL, Layout(labels="y", batch_rows=4))
    confusion = [[0] * 3 for _ in range(3)]
    for label, predicted in zip(true, LABELS, strict=True):
        confusion[label][predicted] += 1
    assert summary.confusion is not None
    assert summary.confusion.tolist() == confusion
    right = sum(label == predicted for label, predicted in zip(true, LABELS, strict=True))
    assert summary.accuracy == right / 6
    assert summary.accuracy_text().startswith(f"accuracy: {right / 6:.4f} ({right} of 6)\n")


def test_confusions_of_many_classes_are_listed_by_number() -> None:
    summary = dcai.tabular.Summary(tuple(f"c{k}" for k in range(40)))
    summary.add(np.array([1, 1, 1, 2, 39, 0]), np.array([0, 0, 1, 0, 38, 0]))
    assert summary.accuracy_text() == (
        "accuracy: 0.3333 (2 of 6)\n"
        "most frequent confusions:\n  c0 taken for c1: 2\n  c0 taken for c2: 1\n  c38 taken for c39: 1\n"
    )


def test_progress_ends_with_all(tmp_path: Path) -> None:
    seen: list[float] = []
    paths = [to_parquet(tmp_path, REALS), to_npy(tmp_path, REALS)]
    predict_file(paths, tmp_path / "out.csv", MODEL, Layout(batch_rows=2), progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
    assert len(seen) >= 6


@pytest.mark.parametrize(
    ("missing", "extra", "name"), [("pyarrow", "tabular", "rows.csv"), ("sklearn.datasets", "sklearn", "rows.svm")]
)
def test_missing_packages(missing: str, extra: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).write_text("1 2:1\n", encoding="utf-8")
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=re.escape(f"pip install 'dcai[{extra}]'")):
        predict_file(tmp_path / name, tmp_path / "out.npy", MODEL, Layout(first_index=0))


def test_arrays_and_json_lines_need_numpy_alone(tmp_path: Path) -> None:
    MODEL.to_json(tmp_path / "model.json")
    to_npy(tmp_path, REALS)
    code = (
        "import sys; sys.modules['pyarrow'] = sys.modules['sklearn'] = sys.modules['scipy'] = None\n"
        "from dcai import tabular\n"
        "tabular.predict_file('rows.npy', 'out.jsonl', tabular.load_model('model.json'), names=True)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    assert read(tmp_path / "out.jsonl") == {"predicted": LABELS, "predicted_name": NAMES}
