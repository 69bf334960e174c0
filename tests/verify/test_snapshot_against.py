"""A model from a file against a contract on a node: equal, or told apart in words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

import dcai
from dcai import artifacts, chain
from dcai.cli import main
from dcai.evm.hashing import mapping_slot
from dcai.evm.storage import expected_storage
from dcai.models import SparseClassifier
from tests.support.models.agreement import small_models
from tests.support.node import anvil

ONE = 10**9


@pytest.fixture(scope="module")
def node() -> Iterator[anvil.Anvil]:
    with anvil.running() as running:
        yield running


#: Each contract gets an address of its own, whose storage is empty.
_numbers = count(0xA1)


def place(node: anvil.Anvil, model: dcai.Classifier, words: dict[int, int] | None = None) -> str:
    """Put the contract of a model on the node, some of its words altered."""
    address = f"0x{next(_numbers):040x}"
    code = artifacts.load(model.spec.contract).deployed_bytecode
    return node.place(code, {**expected_storage(model, node.account), **(words or {})}, address=address)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["dcai", "verify", *arguments])
    try:
        main()
    except SystemExit as exit_:
        return int(exit_.code or 0)
    return 0


@pytest.mark.parametrize("model", small_models(), ids=lambda model: type(model).__name__)
def test_equal(node: anvil.Anvil, model: Any, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    address = place(node, model)
    file = str(tmp_path / "model.json")
    model.to_json(file)
    at = ("--rpc", node.url, "--address", address, "--block", "latest")
    assert run(monkeypatch, "snapshot", file, *at) == 0
    printed = capsys.readouterr().out
    assert "the contract stores nothing else" in printed
    assert "code and all" in printed
    assert printed.endswith("equal\n")
    features = ("--num-features", "9") if isinstance(model, SparseClassifier) else ()
    snapshot = chain.fetch(node.url, address, "latest", num_features=9 if features else None)
    snapshot.save(tmp_path / "snapshot.json.gz")
    assert run(monkeypatch, "snapshot", str(tmp_path / "snapshot.json.gz"), *at, *features) == 0
    capsys.readouterr()
    # The fingerprint by all three paths.
    for arguments in ([file], [str(tmp_path / "snapshot.json.gz")], [*at, *features]):
        assert run(monkeypatch, "fingerprint", *arguments) == 0
        assert capsys.readouterr().out == model.fingerprint() + "\n"


SPARSE = dcai.SparsePerceptron([5, 0, -7], 3, ONE, classifications=["ham", "spam"], feature_indices=[4])
CENTROIDS = dcai.SparseNearestCentroidClassifier([[(0, ONE), (7, 5)], [(1, ONE)]], [1, 4])


@pytest.mark.parametrize(
    ("on_chain", "in_file", "lines"),
    [
        (
            dcai.DensePerceptron([3, -4, 5], 7, ONE),
            dcai.DensePerceptron([3, -4, 7], 8, ONE),
            ["weights[2]: chain 5, file 7", "intercept: chain 7, file 8", "2 fields differ"],
        ),
        (
            dcai.DensePerceptron([3, -4], 7, ONE),
            dcai.DensePerceptron([3, -4, 7], 7, ONE - 1),
            ["weights.length: chain 2, file 3", f"learningRate: chain {ONE}, file {ONE - 1}", "2 fields differ"],
        ),
        (
            SPARSE,
            dcai.SparsePerceptron({0: 5, 2: -6, 9: 1}, 3, ONE, classifications=["ham", "ham!"], feature_indices=[5]),
            [
                "classifications[1]: chain 'spam', file 'ham!'",
                "featureIndices[0]: chain 4, file 5",
                "weights[2]: chain -7, file -6",
                "weights[9]: chain 0, file 1",
                "4 fields differ",
            ],
        ),
        (
            dcai.NearestCentroidClassifier([[ONE, 0], [0, ONE]], [1, 2]),
            dcai.NearestCentroidClassifier([[ONE, 0], [1, ONE]], [1, 3]),
            ["centroids[1][0]: chain 0, file 1", "dataCounts[1]: chain 2, file 3", "2 fields differ"],
        ),
        (
            CENTROIDS,
            dcai.SparseNearestCentroidClassifier([[(0, ONE), (8, 5)], [(1, ONE)]], [1, 4]),
            [
                "classInfos[0].features[7].numSamples: chain 1, file 0",
                "classInfos[0].features[7].value: chain 5, file 0",
                "classInfos[0].features[8].numSamples: chain 0, file 1",
                "classInfos[0].features[8].value: chain 0, file 5",
                "4 fields differ",
            ],
        ),
        (
            SPARSE,
            dcai.DensePerceptron([3, -4, 7], 8, ONE),
            ["contract: chain 'SparsePerceptron', file 'DensePerceptron'", "1 field differs"],
        ),
        (
            dcai.DensePerceptron([3, -4, 7], 8, ONE),
            SPARSE,
            ["contract: chain 'DensePerceptron', file 'SparsePerceptron'", "1 field differs"],
        ),
    ],
)
def test_differences_in_words(
    node: anvil.Anvil, on_chain: Any, in_file: Any, lines: list[str], tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    address = place(node, on_chain)
    in_file.to_json(tmp_path / "model.json")
    at = ("--rpc", node.url, "--address", address, "--block", "latest")
    features = ("--num-features", "12") if isinstance(on_chain, SparseClassifier) else ()
    assert run(monkeypatch, "snapshot", str(tmp_path / "model.json"), *at, *features) == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[-len(lines) :] == lines


def test_only_so_many_are_shown(node: anvil.Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    address = place(node, dcai.DensePerceptron(range(50), 0, ONE))
    dcai.DensePerceptron(range(1, 51), 0, ONE).to_json(tmp_path / "model.json")
    at = ("--rpc", node.url, "--address", address, "--block", "latest", "--show", "3")
    assert run(monkeypatch, "snapshot", str(tmp_path / "model.json"), *at) == 1
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "weights[2]: chain 2, file 3",
        "... and 47 more",
        "50 fields differ",
    ]


def test_a_weight_that_the_file_does_not_know_of(
    node: anvil.Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    """No proof of single words shows it; the root of the storage does."""
    address = place(node, SPARSE, {mapping_slot(77, 3): 1})
    SPARSE.to_json(tmp_path / "model.json")
    file, at = str(tmp_path / "model.json"), ("--rpc", node.url, "--address", address, "--block", "latest")
    assert run(monkeypatch, "snapshot", file, *at) == 1
    assert "stores more than the words compared" in capsys.readouterr().out
    assert run(monkeypatch, "snapshot", file, *at, "--num-features", "78") == 1
    assert "weights[77]: chain 1, file 0" in capsys.readouterr().out
    assert run(monkeypatch, "fingerprint", *at, "--num-features", "9") == 3
    assert "pass --num-features" in capsys.readouterr().err
    assert run(monkeypatch, "snapshot", file, *at, "--no-verify") == 0  # without proofs nobody can tell
    assert "proven:      nothing" in capsys.readouterr().out


def test_bits_that_no_transaction_sets(node: anvil.Anvil, tmp_path: Path, monkeypatch: Any, capsys: Any) -> None:
    """A word whose fields are right may hold more than its fields."""
    slot = mapping_slot(0, 3)
    address = place(node, SPARSE, {slot: 5 | 1 << 200})
    SPARSE.to_json(tmp_path / "model.json")
    at = ("--rpc", node.url, "--address", address, "--block", "latest")
    assert run(monkeypatch, "snapshot", str(tmp_path / "model.json"), *at) == 1
    assert f"storage slot {slot:#x} holds bits that belong to no field" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fingerprint", "--address", "0x" + "c1" * 20], "--address needs a node: pass --rpc"),
        (["fingerprint"], "pass FILE or --address"),
        (["snapshot", "nowhere.json", "--rpc", "http://127.0.0.1:1", "--address", "0x1"], "does not exist"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, monkeypatch: Any, capsys: Any) -> None:
    monkeypatch.delenv("DCAI_RPC_URL", raising=False)
    assert run(monkeypatch, *arguments) == 2
    assert message in capsys.readouterr().err
