"""How the oracle treats its callers: what it refuses, which forms it takes, what it leaves alone, how columns are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from dcai import CsrRows
from dcai.artifacts import load
from dcai.data import SparseRows
from dcai.errors import ArtifactError, InputError, InputTypeError, Revert
from dcai.gas import Costs, Oracle
from dcai.gas.coefficients import code_hash
from dcai.models import (
    MODELS,
    Classifier,
    DensePerceptron,
    NaiveBayes,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)

ONE = 10**9
COLUMNS = ("gas_used", "gas_limit", "intrinsic", "calldata", "execution", "refund", "floor", "new_slots")
FORKS = ("cancun", "prague", "osaka")


def dense() -> list[Any]:
    """Dense models of three features."""
    return [
        DensePerceptron([0, 5, -7], 0, ONE),
        NearestCentroidClassifier([[0, ONE, 0], [0, 0, 0]], [3, 0]),
    ]


def sparse() -> list[Any]:
    return [
        SparsePerceptron([0, 5, -7], 0, ONE),
        SparseNearestCentroidClassifier([[(0, 5), (9, ONE)], []], [1, 0]),
        NaiveBayes([1, 0], [[(0, 5), (9, 7)], []], 10, ONE),
    ]


def models() -> list[Any]:
    return dense() + sparse()


def oracle_of(model: Classifier, fork: str = "prague") -> Oracle:
    return Oracle(type(model).__name__, fork)


DENSE_ROWS = [[ONE, 0, 0], [0, ONE, 0], [0, 0, -ONE], [ONE, ONE, 0], [0, 0, ONE]]
SPARSE_ROWS = [[0, 2], [], [1], [-1], [0, 1, 2, 9]]
LABELS = [1, 0, 1, 1, 0]


def rows_of(model: Classifier) -> list[list[int]]:
    return SPARSE_ROWS if model.spec.is_sparse else DENSE_ROWS


@pytest.fixture
def model(request: pytest.FixtureRequest) -> Any:
    """A model of its own for each test, since they learn."""
    return request.param.copy()


def each(some: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("model", some, ids=lambda model: type(model).__name__, indirect=True)


by_model = each(models())


def assert_same(one: Costs, other: Costs) -> None:
    for column in (*COLUMNS, "mistake", "success"):
        np.testing.assert_array_equal(getattr(one, column), getattr(other, column), column)
    assert one.errors == other.errors


# -- whose gas it knows -- #


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("code", ["bytecode", "deployed_bytecode"])
def test_bytecode_of_which_a_byte_is_another(name: str, code: str) -> None:
    artifact = load(name)
    changed = bytearray(getattr(artifact, code))
    changed[len(changed) // 2] ^= 1
    fields: dict[str, Any] = {code: bytes(changed)}
    other = replace(artifact, **fields)
    assert code_hash(other) != code_hash(artifact)
    with pytest.raises(ArtifactError) as refused:
        Oracle(other)
    assert code_hash(other) in str(refused.value)
    assert code_hash(artifact) in str(refused.value)
    assert name in str(refused.value)


def test_code_moved_from_creation_to_runtime_is_other_code() -> None:
    artifact = load("SparsePerceptron")
    moved = replace(
        artifact,
        bytecode=artifact.bytecode[:-1],
        deployed_bytecode=artifact.bytecode[-1:] + artifact.deployed_bytecode,
    )
    with pytest.raises(ArtifactError, match="hash"):
        Oracle(moved)


def test_an_artifact_is_as_good_as_its_name() -> None:
    model = SparsePerceptron([1], 0, ONE)
    by_name, by_artifact = Oracle("SparsePerceptron"), Oracle(load("SparsePerceptron"))
    assert_same(
        by_name.update_batch(model.copy(), SPARSE_ROWS, LABELS), by_artifact.update_batch(model, SPARSE_ROWS, LABELS)
    )


def test_a_contract_that_was_never_calibrated() -> None:
    with pytest.raises(ArtifactError, match="'Unknown' has no gas calibration"):
        Oracle(replace(load("SparsePerceptron"), name="Unknown"))


def test_no_such_contract() -> None:
    with pytest.raises(ArtifactError, match=r"'Perceptron'.*SparsePerceptron"):
        Oracle("Perceptron")


@pytest.mark.parametrize("contract", [None, 3, b"SparsePerceptron", SparsePerceptron])
def test_what_is_no_contract(contract: Any) -> None:
    with pytest.raises(InputTypeError, match="contract is"):
        Oracle(contract)


@pytest.mark.parametrize("fork", ["", "Prague", "london", "shanghai", "amsterdam"])
def test_a_fork_whose_gas_is_not_known(fork: str) -> None:
    with pytest.raises(InputError, match=f"SparsePerceptron.*'{fork}'.*cancun, osaka, prague"):
        Oracle("SparsePerceptron", fork)


@pytest.mark.parametrize("fork", [None, 5, [], ["prague"], b"prague"])
def test_what_is_no_fork(fork: Any) -> None:
    with pytest.raises(InputTypeError, match="fork is"):
        Oracle("SparsePerceptron", fork)


def test_it_says_what_it_is() -> None:
    assert repr(Oracle("SparsePerceptron")) == "Oracle('SparsePerceptron', fork='prague')"
    assert Oracle("SparsePerceptron", "osaka").fork == "osaka"
    assert Oracle("DensePerceptron").artifact is load("DensePerceptron")


# -- what it refuses; nothing is learned -- #


@by_model
def test_a_model_of_another_contract(model: Any) -> None:
    for name in set(MODELS) - {type(model).__name__}:
        oracle, message = Oracle(name), f"expected a {name}, whose contract this is"
        with pytest.raises(InputTypeError, match=message):
            oracle.update_batch(model, rows_of(model), LABELS)
        with pytest.raises(InputTypeError, match=message):
            oracle.predict_batch(model, rows_of(model))
        with pytest.raises(InputTypeError, match=message):
            oracle.deployment(model)


class SparsePerceptronOfMine(SparsePerceptron):
    """A model with a name of its own."""

    __slots__ = ()


def test_a_subclass_is_a_model_of_the_contract() -> None:
    """As it is for ``Evm.deploy`` and ``Evm.place``."""
    mine = SparsePerceptronOfMine([0, 5, -7], 0, ONE)
    oracle = Oracle("SparsePerceptron")
    plain = SparsePerceptron([0, 5, -7], 0, ONE)
    assert_same(oracle.update_batch(mine, SPARSE_ROWS, LABELS), oracle.update_batch(plain, SPARSE_ROWS, LABELS))
    assert oracle.deployment(mine) == oracle.deployment(plain)


def test_what_only_has_the_name_of_a_model() -> None:
    impostor: Any = type("SparsePerceptron", (), {})()
    with pytest.raises(InputTypeError, match="expected a SparsePerceptron"):
        Oracle("SparsePerceptron").update(impostor, [1], 1)
    with pytest.raises(InputTypeError, match="expected a SparsePerceptron"):
        Oracle("SparsePerceptron").deployment(impostor)


@by_model
@pytest.mark.parametrize("nothing", [None, 3, "model", object()])
def test_what_is_no_model(model: Any, nothing: Any) -> None:
    with pytest.raises(InputTypeError, match="model is"):
        oracle_of(model).update_batch(nothing, rows_of(model), LABELS)


BAD_LABELS: list[Any] = [
    [1, 0, 1, 1],
    [1, 0, 1, 1, 0, 0],
    [1, 0, 1, 1, -1],
    [1, 0, 1, 1, 2**64],
    [1, 0, 1, 1, 0.0],
    [1, 0, 1, 1, None],
    np.array([1.0, 0, 1, 1, 0]),
    np.array([[1, 0, 1, 1, 0]]),
    1,
    None,
    "10110",
    [[1, 0, 1, 1, 0]],
]


@by_model
@pytest.mark.parametrize("labels", BAD_LABELS, ids=repr)
def test_bad_labels(model: Any, labels: Any) -> None:
    before = model.copy()
    with pytest.raises(InputError):
        oracle_of(model).update_batch(model, rows_of(model), labels)
    assert model == before


def bad_rows() -> list[Any]:
    bad_dense: list[Any] = [
        [[ONE, 0, 0], [0, 1.0, 0]],
        [[ONE, 0, 0], [0, ONE]],
        [[ONE, 0, 0], [0, 2**63, 0]],
        [[ONE, 0, 0], [0, True, 0.5]],
        [[ONE, 0, 0], "abc"],
        np.zeros((2, 3)),
        np.zeros((2, 3, 1), np.int64),
        np.full((2, 3), 2**63, np.uint64),
        csr_array(np.eye(2, 3, dtype=np.int64)),
        None,
        "two",
    ]
    bad_sparse: list[Any] = [
        [[0, 1], [0.0]],
        [[0, 1], [2**63]],
        [[0, 1], ["0"]],
        [[0, 1], [None]],
        [[0, 1], 5],
        csr_array(np.array([[1, 0], [2, 0]])),
        np.zeros((2, 3), np.int64),
        np.zeros(3, np.int64),
        None,
        "two",
    ]
    return [
        *((model, rows) for model in dense() for rows in bad_dense),
        *((model, rows) for model in sparse() for rows in bad_sparse),
    ]


@pytest.mark.parametrize(("model", "rows"), bad_rows(), ids=lambda value: type(value).__name__, indirect=["model"])
def test_bad_rows(model: Any, rows: Any) -> None:
    """A good first row is not learned either."""
    before = model.copy()
    oracle = oracle_of(model)
    with pytest.raises(InputError):
        oracle.update_batch(model, rows, [1, 1])
    with pytest.raises(InputError):
        oracle.predict_batch(model, rows)
    assert model == before


@each(dense())
def test_more_rows_without_features_than_memory_holds(model: Any) -> None:
    """Such an array takes no memory, and its predictions more than there is."""
    rows = np.empty((2**50, 0), np.int64)
    with pytest.raises(MemoryError):
        oracle_of(model).predict_batch(model, rows)


# -- one sample, batches, and their forms -- #


@by_model
def test_one_sample_is_a_batch_of_one(model: Any) -> None:
    oracle, other = oracle_of(model), model.copy()
    for sample, label in zip(rows_of(model), LABELS, strict=True):
        assert_same(oracle.predict(model, sample), oracle.predict_batch(model, [sample]))
        assert_same(oracle.update(model, sample, label), oracle.update_batch(other, [sample], [label]))
        assert model == other


@by_model
def test_a_batch_is_its_rows_one_after_another(model: Any) -> None:
    oracle, other = oracle_of(model), model.copy()
    costs = oracle.update_batch(model, rows_of(model), LABELS)
    assert len(costs) == len(LABELS)
    for row, (sample, label) in enumerate(zip(rows_of(model), LABELS, strict=True)):
        single = oracle.update(other, sample, label)
        for column in (*COLUMNS, "mistake", "success"):
            assert getattr(single, column)[0] == getattr(costs, column)[row]
        assert single.errors.get(0) == costs.errors.get(row)
    assert model == other


@by_model
@pytest.mark.parametrize("labels", [np.uint64, np.int64, np.int8, np.int32, object, tuple, list])
def test_forms_of_labels(model: Any, labels: Any) -> None:
    oracle, other = oracle_of(model), model.copy()
    given = labels(LABELS) if labels in (tuple, list) else np.array(LABELS, labels)
    assert_same(oracle.update_batch(model, rows_of(model), given), oracle.update_batch(other, rows_of(model), LABELS))
    assert model == other


def dense_forms() -> dict[str, Callable[[], Any]]:
    array = np.array(DENSE_ROWS, np.int64)
    return {
        "tuples": lambda: tuple(map(tuple, DENSE_ROWS)),
        "int64": lambda: array,
        "int32": lambda: array.astype(np.int32),
        "objects": lambda: array.astype(object),
        "uint64": lambda: np.array(DENSE_ROWS[:2] * 2 + DENSE_ROWS[:1], np.uint64),
        "columns first": lambda: np.asfortranarray(array),
        "every other row": lambda: np.repeat(array, 2, axis=0)[::2],
        "backwards twice": lambda: array[::-1].copy()[::-1],
        "big-endian": lambda: array.astype(">i8"),
        "read-only": lambda: _read_only(array.copy()),
        "arrays": lambda: list(array),
    }


def _read_only(array: Any) -> Any:
    array.setflags(write=False)
    return array


@each(dense())
@pytest.mark.parametrize("form", dense_forms())
def test_forms_of_dense_rows(model: Any, form: str) -> None:
    oracle, other, rows = oracle_of(model), model.copy(), dense_forms()[form]()
    plain = DENSE_ROWS[:2] * 2 + DENSE_ROWS[:1] if form == "uint64" else DENSE_ROWS
    assert_same(oracle.predict_batch(model, rows), oracle.predict_batch(model, plain))
    assert_same(oracle.update_batch(model, rows, LABELS), oracle.update_batch(other, plain, LABELS))
    assert model == other


#: Rows that a matrix can hold: increasing and not negative.
INCREASING = [[0, 2], [], [1], [7], [0, 1, 2, 9]]
INDPTR = np.cumsum([0, *map(len, INCREASING)])
INDICES = np.concatenate(INCREASING).astype(np.int64)


def sparse_forms() -> dict[str, Callable[[], Any]]:
    ones = np.ones(len(INDICES), np.int64)
    return {
        "tuples": lambda: [tuple(row) for row in INCREASING],
        "arrays": lambda: [np.array(row, np.int64) for row in INCREASING],
        "int64": lambda: CsrRows(INDPTR.astype(np.int64), INDICES.astype(np.int64)),
        "int32": lambda: CsrRows(INDPTR.astype(np.int32), INDICES.astype(np.int32)),
        "lists": lambda: CsrRows(INDPTR.tolist(), INDICES.tolist()),
        "scipy": lambda: csr_array((ones, INDICES, INDPTR), shape=(5, 10)),
        "SparseRows": lambda: SparseRows(INDPTR.astype(np.int64), INDICES.astype(np.int64)),
    }


@each(sparse())
@pytest.mark.parametrize("form", sparse_forms())
def test_forms_of_sparse_rows(model: Any, form: str) -> None:
    oracle, other, rows = oracle_of(model), model.copy(), sparse_forms()[form]()
    assert_same(oracle.predict_batch(model, rows), oracle.predict_batch(model, INCREASING))
    assert_same(oracle.update_batch(model, rows, LABELS), oracle.update_batch(other, INCREASING, LABELS))
    assert model == other


def empty_batches() -> list[Any]:
    return [
        *((model, np.empty((0, 3), np.int64)) for model in dense()),
        *((model, CsrRows(np.zeros(1, np.int64), np.zeros(0, np.int64))) for model in sparse()),
        *((model, csr_array((0, 5), dtype=np.int64)) for model in sparse()),
    ]


@pytest.mark.parametrize(("model", "rows"), empty_batches(), ids=lambda value: type(value).__name__, indirect=["model"])
def test_empty_batches(model: Any, rows: Any) -> None:
    oracle, before = oracle_of(model), model.copy()
    for costs in (oracle.update_batch(model, rows, []), oracle.predict_batch(model, rows)):
        assert len(costs) == len(costs.success) == 0
        assert costs.total == 0
        assert costs.errors == {}
        assert all(getattr(costs, column).shape == (0,) for column in COLUMNS)
    assert model == before


@by_model
def test_huge_batches(model: Any) -> None:
    """More rows than any counter of 16 bits holds; what a state repeats it costs again."""
    oracle, number = oracle_of(model), 100_003
    sample = rows_of(model)[0]
    costs = oracle.predict_batch(model, [sample] * number)
    single = oracle.predict(model, sample)
    assert len(costs) == number
    assert (costs.gas_used == single.gas_used[0]).all()
    assert costs.total == number * single.total
    refused = oracle.update_batch(model, [sample] * number, [9] * number)
    assert len(refused.errors) == number
    assert not refused.success.any()
    assert refused.total == number * int(refused.gas_used[0])


# -- what becomes of the model -- #


@by_model
def test_predicting_changes_nothing(model: Any) -> None:
    before = model.copy()
    oracle_of(model).predict_batch(model, rows_of(model))
    assert model == before


@by_model
def test_the_model_learns_as_by_itself(model: Any) -> None:
    """Row by row, those that revert left out; ``errors`` has these and no others, in their order."""
    other, errors = model.copy(), {}
    labels = [1, 0, 1, 2**64 - 1, 0]
    rows = rows_of(model)
    for row, (sample, label) in enumerate(zip(rows, labels, strict=True)):
        try:
            other.update(sample, label)
        except Revert as revert:
            errors[row] = revert
    costs = oracle_of(model).update_batch(model, rows, labels)
    assert model == other
    assert costs.errors == errors
    assert list(costs.errors) == sorted(errors)
    assert errors
    assert [row for row, revert in costs.errors.items() if revert.row == row] == list(errors)
    assert costs.success.tolist() == [row not in errors for row in range(len(rows))]


@by_model
def test_two_models_of_one_oracle_stay_apart(model: Any) -> None:
    oracle, other = oracle_of(model), model.copy()
    oracle.update_batch(model, rows_of(model), LABELS)
    assert model != other
    first = oracle.predict_batch(other, rows_of(model))
    oracle.update_batch(model, rows_of(model), LABELS)
    assert_same(first, oracle.predict_batch(other, rows_of(model)))


# -- the columns -- #


@by_model
@pytest.mark.parametrize("fork", FORKS)
@pytest.mark.parametrize("function", ["update", "predict"])
def test_columns(model: Any, fork: str, function: str) -> None:
    oracle, rows = oracle_of(model, fork), rows_of(model)
    costs = oracle.update_batch(model, rows, LABELS) if function == "update" else oracle.predict_batch(model, rows)
    assert all(getattr(costs, column).dtype == np.uint64 for column in COLUMNS)
    assert all(getattr(costs, column).shape == (len(rows),) for column in COLUMNS)
    assert costs.mistake.dtype == costs.success.dtype == np.bool_
    assert (costs.intrinsic == 21_000).all()
    spent = costs.intrinsic + costs.calldata + costs.execution
    np.testing.assert_array_equal(costs.gas_used, np.maximum(spent - costs.refund, costs.floor))
    assert (costs.gas_limit >= np.maximum(spent, costs.floor)).all()
    assert (costs.refund <= spent // 5).all()
    assert (costs.floor == 0).all() == (fork == "cancun")
    assert costs.total == sum(costs.gas_used.tolist())
    assert isinstance(costs.total, int)
    assert all(type(row) is int for row in costs.errors)
    assert all(isinstance(error, Revert) for error in costs.errors.values())


def test_costs_say_what_they_are() -> None:
    costs = Oracle("SparsePerceptron").update_batch(SparsePerceptron([], 0, ONE), SPARSE_ROWS * 1_000, LABELS * 1_000)
    total = f"{costs.total:,}"
    assert repr(costs) == f"<Costs of 5,000 transactions, 1,000 of them reverted: {total} gas>"


def test_a_nearest_centroid_model_makes_no_mistakes() -> None:
    """Its updates predict nothing."""
    for model in (dense()[1], sparse()[1]):
        assert not oracle_of(model).update_batch(model, rows_of(model), LABELS).mistake.any()


@by_model
def test_an_oracle_is_used_again(model: Any) -> None:
    oracle, other = oracle_of(model), model.copy()
    for _ in range(3):
        assert_same(
            oracle.update_batch(model, rows_of(model), LABELS),
            oracle_of(other).update_batch(other, rows_of(other), LABELS),
        )
