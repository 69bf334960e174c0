"""The fingerprint of a model: the same by every path to the same state, another for any other state."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import dcai
from dcai.cli.verify import verify
from dcai.evm import Evm
from dcai.models import DenseClassifier
from tests.support import bounds as n
from tests.support.engines import FASTEST
from tests.support.models import strategies as some
from tests.support.models.agreement import small_models

# The form once more, written from its description with struct-like simplicity: bits as text, cut into bytes at the end.


def bits(number: int, width: int) -> str:
    return format(number % 2**width, f"0{width}b")


def text(value: str) -> str:
    return bits(len(value.encode()), 64) + "".join(format(byte, "08b") for byte in value.encode())


def listed(elements: list[str]) -> str:
    return bits(len(elements), 64) + "".join(elements)


def expected_line(name: str, classifications: Any, feature_indices: Any, state: str) -> str:
    form = text("dcai1") + text(name) + listed([text(c) for c in classifications])
    form += listed([bits(i, 32) for i in feature_indices]) + state
    digest = hashlib.sha256(int("1" + form, 2).to_bytes(len(form) // 8 + 1, "big")[1:]).hexdigest()
    return f"dcai1:{name}:{digest}"


dense = st.builds(
    lambda w, b, r, f: dcai.DensePerceptron(w, b, r, classifications=["no", "yes"], feature_indices=f),
    st.lists(n.int80s, max_size=6),
    n.int80s,
    n.uint32s,
    some.uint32_lists,
)
sparse_weights = st.dictionaries(n.feature_indices, st.one_of(st.just(0), n.int80s), max_size=6)
centroid = st.lists(n.int64s, min_size=2, max_size=2)


@settings(max_examples=30)
@given(dense)
def test_dense_perceptron(model: dcai.DensePerceptron) -> None:
    state = (
        listed([bits(int(w), 80) for w in model.weights]) + bits(model.intercept, 80) + bits(model.learning_rate, 32)
    )
    assert model.fingerprint() == expected_line("dense-perceptron", ("no", "yes"), model.feature_indices, state)


@settings(max_examples=30)
@given(sparse_weights, n.int80s, n.uint32s)
def test_sparse_perceptron_without_its_zeros(weights: dict[int, int], intercept: int, rate: int) -> None:
    model = dcai.SparsePerceptron(weights, intercept, rate)
    entries = [bits(i, 64) + bits(weights[i], 80) for i in sorted(weights) if weights[i]]
    line = expected_line("sparse-perceptron", ("0", "1"), (), listed(entries) + bits(intercept, 80) + bits(rate, 32))
    assert model.fingerprint() == line


@settings(max_examples=30)
@given(st.lists(st.tuples(centroid, n.counts), min_size=1, max_size=3))
def test_nearest_centroid(classes: list[tuple[list[int], int]]) -> None:
    model = dcai.NearestCentroidClassifier([c for c, _ in classes], [n for _, n in classes])
    state = listed([listed([bits(v, 64) for v in c]) + bits(n, 256) for c, n in classes])
    names = [str(k) for k in range(len(classes))]
    assert model.fingerprint() == expected_line("nearest-centroid", names, (), state)


@settings(max_examples=30)
@given(st.lists(st.tuples(some.pairs, n.counts64), min_size=1, max_size=3))
def test_sparse_nearest_centroid(classes: list[tuple[list[list[int]], int]]) -> None:
    model = dcai.SparseNearestCentroidClassifier([c for c, _ in classes], [n for _, n in classes])
    rows = []
    for pairs, count in classes:
        stored = [bits(i, 32) + bits(v, 64) + bits(count, 64) for i, v in sorted(pairs) if v or count]
        rows.append(bits(count, 64) + bits(sum(v * v for _, v in pairs), 256) + listed(stored))
    names = [str(k) for k in range(len(classes))]
    assert model.fingerprint() == expected_line(
        "sparse-nearest-centroid", names, (), "".join([bits(len(rows), 64), *rows])
    )


@pytest.mark.parametrize("model", small_models(), ids=lambda m: type(m).__name__)
def test_the_same_by_every_path(model: Any, tmp_path: Path) -> None:
    line = model.fingerprint()
    assert model.copy().fingerprint() == line
    assert pickle.loads(pickle.dumps(model)).fingerprint() == line
    assert type(model).from_json(model.to_json()).fingerprint() == line
    chain = Evm(FASTEST)
    contract = chain.deploy(model)
    assert contract.model().fingerprint() == line
    assert chain.place(model).model().fingerprint() == line
    sample, label = ([10**9, 0], 0) if isinstance(model, DenseClassifier) else ([1, 7], 1)
    for _ in range(2):  # the second may scale lazily what the first has stored
        contract.update(sample, label)
        model.update(sample, label)
    assert contract.model().fingerprint() == model.fingerprint() != line
    model.to_json(tmp_path / "model.json")
    printed = CliRunner().invoke(verify, ["fingerprint", str(tmp_path / "model.json")])
    assert (printed.exit_code, printed.output) == (0, model.fingerprint() + "\n")


def altered() -> list[dcai.Classifier]:
    """Models each of which differs from the others in one thing."""
    one, d, s, n, k = (
        10**9,
        dcai.DensePerceptron,
        dcai.SparsePerceptron,
        dcai.NearestCentroidClassifier,
        dcai.SparseNearestCentroidClassifier,
    )
    names = ["no", "yes"]
    stored = {"counts": [4], "squared_magnitudes": [25]}
    return [
        d([1, 2], 3, one),
        d([2, 1], 3, one),
        d([1, 2, 0], 3, one),
        d([1, -2], 3, one),
        d([1, 2 + 2**64], 3, one),
        d([1, 2], 4, one),
        d([1, 2], 3, one + 1),
        d([1, 2], 3, one, classifications=names),
        d([1, 2], 3, one, classifications=names[::-1]),
        d([1, 2], 3, one, classifications=["noy", "es"]),
        d([1, 2], 3, one, feature_indices=[1]),
        d([1, 2], 3, one, feature_indices=[1, 0]),
        s([1, 2], 3, one),
        s({0: 1, 2: 2}, 3, one),
        s({2**63 - 1: 1, 2: 2}, 3, one),
        n([[1, 2]], [3]),
        n([[1, 2]], [4]),
        n([[1], [2]], [3, 3]),
        n([[1, 2]], [3 + 2**64]),
        k([[(1, 5)]], [4]),
        k([[(1, 5)]], [5]),
        k.restore({**stored, "stored": [{1: (5, 3)}]}, ["0"], ()),
        k.restore({**stored, "stored": [{1: (5, 4), 2: (0, 4)}]}, ["0"], ()),
        k.restore({**stored, "squared_magnitudes": [26], "stored": [{1: (5, 4)}]}, ["0"], ()),
        k([[(1, 5)], []], [4, 0]),
    ]


def test_different_states_have_different_lines() -> None:
    models = altered()
    lines = [model.fingerprint() for model in models]
    assert len(set(lines)) == len(models)


@settings(max_examples=40)
@given(dense, dense)
def test_equal_exactly_where_the_models_are(one: dcai.DensePerceptron, other: dcai.DensePerceptron) -> None:
    assert (one.fingerprint() == other.fingerprint()) == (one == other)


def test_a_line_that_stays() -> None:
    """Lines have been written down by people; whoever changes the form changes its version."""
    line = "dcai1:sparse-perceptron:1d701c2668b77aa0f95ad636400aa88b7484fe205ead04fe9be30b191adbfffd"
    state = listed([bits(1, 64) + bits(5, 80)]) + bits(-3, 80) + bits(10**9, 32)
    assert expected_line("sparse-perceptron", ("0", "1"), (), state) == line
    assert dcai.SparsePerceptron({1: 5}, -3, 10**9).fingerprint() == line


def test_a_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{")
    result = CliRunner().invoke(verify, ["fingerprint", str(tmp_path / "model.json")])
    assert "is not JSON" in str(result.exception)
    assert CliRunner().invoke(verify, ["fingerprint"]).exit_code == 2
