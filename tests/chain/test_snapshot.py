"""The file of a snapshot comes back as it was, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import artifacts
from dcai.chain import Block, Features, Snapshot, load
from dcai.errors import SnapshotError, UnknownContractError
from dcai.evm.storage import expected_storage

MODEL = dcai.SparsePerceptron([5, 0, -(2**79)], -3, 10**9, classifications=["ham", "späm" * 20], feature_indices=[2, 9])


@pytest.fixture
def snapshot() -> Snapshot:
    words = expected_storage(MODEL, "0x" + "11" * 20)
    # A weight that is 0 has no word, but was looked up.
    (absent,) = {hash_of(1)}
    return Snapshot(
        chain_id=1,
        block=Block(123, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_700_000_000),
        address="0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf",
        code_hash="0x" + "12" * 32,
        storage_root="0x" + "34" * 32,
        layout="dcai:SparsePerceptron",
        recognised_by="code hash",
        features=Features("num_features=3, as given", [(0, 3)]),
        verified=True,
        pinned=("block_hash",),
        storage={**words, absent: 0},
    )


def hash_of(key: int) -> int:
    from eth_hash.auto import keccak  # noqa: PLC0415

    return int.from_bytes(keccak(key.to_bytes(32, "big") + (3).to_bytes(32, "big")), "big")


@pytest.mark.parametrize("name", ["model.json", "model.json.gz"])
def test_there_and_back(snapshot: Snapshot, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    snapshot.save(path)
    assert load(path) == snapshot
    assert load(path).model() == MODEL == snapshot.model()
    assert load(path).trust == snapshot.trust
    assert path.read_bytes().startswith(b"\x1f\x8b") is name.endswith(".gz")
    first = path.read_bytes()
    load(path).save(path)
    assert path.read_bytes() == first


def test_the_file_says_what_it_is(snapshot: Snapshot, tmp_path: Path) -> None:
    snapshot.save(tmp_path / "model.json")
    fields = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    assert (fields["format"], fields["version"]) == ("dcai-snapshot", 1)
    content = json.dumps(fields["snapshot"], sort_keys=True, separators=(",", ":"))
    assert fields["sha256"] == hashlib.sha256(content.encode()).hexdigest()
    assert fields["snapshot"]["block"]["hash"] == "0x" + "ab" * 32
    assert fields["snapshot"]["verified"] is True
    assert "proven" in fields["snapshot"]["trust"]


@pytest.mark.parametrize("name", ["model.json", "model.json.gz"])
def test_a_file_that_is_cut_short_or_damaged(snapshot: Snapshot, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    snapshot.save(path)
    raw = path.read_bytes()
    for length in range(0, len(raw) - 1, 41):
        path.write_bytes(raw[:length])
        with pytest.raises(SnapshotError, match=name):
            load(path)
    for at in range(10, len(raw) - 1, 41):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 4]) + raw[at + 1 :])
        with pytest.raises(SnapshotError, match=name):
            load(path)


def rewrite(path: Path, change: Any, *, checksum: bool) -> None:
    fields = json.loads(path.read_text(encoding="utf-8"))
    change(fields)
    if checksum:
        content = json.dumps(fields["snapshot"], sort_keys=True, separators=(",", ":"))
        fields["sha256"] = hashlib.sha256(content.encode()).hexdigest()
    path.write_text(json.dumps(fields), encoding="utf-8")


def test_a_file_that_is_altered(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    snapshot.save(path)
    rewrite(path, lambda f: f["snapshot"]["storage"].update({"0x4": "0x1"}), checksum=False)
    with pytest.raises(SnapshotError, match="checksum is wrong"):
        load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.update(version=2), "of version 2, and this dcai reads version 1"),
        (lambda f: f.update(version="1"), "its version is '1'"),
        (lambda f: f.update(format="dcai-case-1"), "not a snapshot of dcai"),
        (lambda f: f.pop("snapshot") and f.update(snapshot=[]), "not an object"),
        (lambda f: f["snapshot"].pop("chain_id"), "'chain_id' is missing"),
        (lambda f: f["snapshot"].update(chain_id=-1), "'chain_id' is -1"),
        (lambda f: f["snapshot"].update(chain_id=True), "'chain_id' is True"),
        (lambda f: f["snapshot"].update(address="0x12"), "address is '0x12'"),
        (lambda f: f["snapshot"].update(layout="dcai:Forest"), "layout is 'dcai:Forest'"),
        (lambda f: f["snapshot"].update(verified=1), "'verified' is 1"),
        (lambda f: f["snapshot"]["block"].update(hash="0x12"), "'hash' is '0x12'"),
        (lambda f: f["snapshot"].update(features=None), "features if the model is sparse"),
        (lambda f: f["snapshot"].update(features=7), "'features'"),
        (lambda f: f["snapshot"]["features"].update(runs=[[0, 2**62]]), "more features than stored words"),
        (lambda f: f["snapshot"]["features"].update(runs=[[5, 5]]), "'features'"),
        (lambda f: f["snapshot"]["storage"].update({"0x4": 1}), "storage has 1"),
        (lambda f: f["snapshot"].update(followed={}), "both proven and computed"),
        (lambda f: f["snapshot"].update(followed=7), "'followed' is 7"),
        (lambda f: f["snapshot"].update(followed={}, verified=False, storage_root=None), "'start' is missing"),
        (lambda f: f["snapshot"]["storage"].update({"4": "0x1"}), "storage has '4'"),
    ],
)
def test_a_file_of_another_form(snapshot: Snapshot, tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "model.json"
    snapshot.save(path)
    rewrite(path, change, checksum=True)
    with pytest.raises(SnapshotError, match=message):
        load(path)


@pytest.mark.parametrize("raw", [b"", b"[]", b"null", b"[" * 10**6, b"\xff" * 99, gzip.compress(b"[" * 10**6)])
def test_a_file_of_something_else(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "model.json").write_bytes(raw)
    with pytest.raises(SnapshotError, match=r"model\.json"):
        load(tmp_path / "model.json")
    with pytest.raises(SnapshotError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_a_length_beyond_the_words_of_the_file(snapshot: Snapshot) -> None:
    longer = replace(snapshot, storage={**snapshot.storage, 2: 2**32})
    with pytest.raises(SnapshotError, match="no word for slot"):
        longer.model()


def test_words_of_something_else(snapshot: Snapshot) -> None:
    for slot, word in ((2, 2**255), (1, 1)):
        with pytest.raises(UnknownContractError, match=r"not that of dcai:SparsePerceptron"):
            replace(snapshot, storage={**snapshot.storage, slot: word}).model()


def test_trust_is_told_of_what_is_known(snapshot: Snapshot) -> None:
    assert "the source of the block hash that was given" in snapshot.trust
    assert "compare it" in replace(snapshot, pinned=()).trust
    assert "the source of the state root" in replace(snapshot, pinned=("state_root",)).trust
    assert replace(snapshot, verified=False).trust.startswith("proven: nothing")
    assert "agree with it" in replace(snapshot, recognised_by="getters").trust
    assert "the caller, that storage is laid out" in replace(snapshot, recognised_by="argument").trust


def test_artifacts_have_the_layouts() -> None:
    for name in dcai.chain.layout_names():
        assert name.partition(":")[2] in artifacts.names()
