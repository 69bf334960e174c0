"""Models from files, told apart by their content."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from dcai.errors import InputError
from dcai.tabular import load_model
from tests.support.row_files import dense_models

MODEL, _ = dense_models()[1]


def test_json(tmp_path: Path) -> None:
    MODEL.to_json(tmp_path / "model.dat")
    assert load_model(tmp_path / "model.dat") == load_model(str(tmp_path / "model.dat")) == MODEL


@pytest.mark.parametrize("packed", [False, True])
def test_snapshots_are_the_business_of_dcai_chain(
    packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b'{"format":"dcai-snapshot","sha256":"","snapshot":{},"version":1}\n'
    path = tmp_path / "model.json"
    path.write_bytes(gzip.compress(content) if packed else content)
    opened = []

    def load(path: Path) -> SimpleNamespace:
        opened.append(path)
        return SimpleNamespace(model=lambda: MODEL)

    monkeypatch.setitem(sys.modules, "dcai.chain", SimpleNamespace(load=load))
    assert load_model(path) is MODEL
    assert opened == [path]


def test_what_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text('{"type": "oracle", "format": "dcai-snapshot"}', encoding="utf-8")
    with pytest.raises(InputError, match="field 'type' is 'oracle'"):
        load_model(tmp_path / "model.json")
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "none.json")
