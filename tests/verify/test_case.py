"""A difference as a file: what it holds, that it replays, and what is said of a damaged one."""

import json
from pathlib import Path

import pytest

import dcai
from dcai.errors import InputError, NotEqual
from dcai.verify import Case, Differential, Step
from tests.support.engines import new_chain

MODELS: list[dcai.Classifier] = [
    dcai.DensePerceptron([2**79 - 1, 0], -(2**79), 10**9, classifications=["no", "yes"]),
    dcai.SparsePerceptron({2**63: 5, 3: -(2**79)}, 1, 2, feature_indices=[7]),
    dcai.NearestCentroidClassifier([[1, 2**63 - 1], [-(2**63), 0]], [2**191 - 1, 0]),
]


def lazily_scaled() -> dcai.SparseNearestCentroidClassifier:
    model = dcai.SparseNearestCentroidClassifier([[(0, 10**9), (2**32 - 1, 7)], [(5, 1)]], [3, 2**64 - 2])
    model.update([1, 2], 0)
    model.update([5], 1)
    return model


def case_of(model: dcai.Classifier) -> Case:
    run = Differential(new_chain().place(model), model.copy())
    sample = [600_000_000, 800_000_000] if isinstance(model, dcai.DensePerceptron) else [0, 1]
    run.predict(sample)
    run.update(sample, 1)
    return Case.of(run, NotEqual(1, "label", 0, 1))


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("model", [*MODELS, lazily_scaled()], ids=lambda model: type(model).__name__)
def test_a_case_comes_back_from_its_file(model: dcai.Classifier, tmp_path: Path) -> None:
    case = case_of(model)
    assert case.model == model
    case.save(tmp_path / "case.json")
    assert list(tmp_path.iterdir()) == [tmp_path / "case.json"]
    loaded = Case.load(tmp_path / "case.json")
    assert loaded == case
    assert loaded.same_code
    loaded.replay()


@pytest.mark.usefixtures("engine")
def test_a_case_replays_its_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of(MODELS[0])
    monkeypatch.setattr(dcai.DensePerceptron, "predict", lambda _self, _data: 0)
    with pytest.raises(NotEqual) as caught:
        case.replay()
    assert (caught.value.step, caught.value.field) == (0, "label")


def test_code_that_has_changed_is_noticed() -> None:
    case = case_of(MODELS[0])
    other = Case(**{**{name: getattr(case, name) for name in case.__dataclass_fields__}, "code_sha256": "0" * 64})
    assert not other.same_code


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda fields: fields.pop("engine"), "field 'engine' is missing"),
        (lambda fields: fields.update(format="dcai-case-9"), "format is 'dcai-case-9'"),
        (lambda fields: fields["state"].pop("weights"), "the state of a DensePerceptron lacks 'weights'"),
        (lambda fields: fields["state"].update(weights=[1.5]), r"weights\[0\] is 1.5"),
        (lambda fields: fields.update(classifications=["one"]), "DimensionMismatch"),
        (lambda fields: fields.update(contract="Perceptron"), "'Perceptron'; expected one of DensePerceptron"),
        (lambda fields: fields.update(engine=["py-evm"]), "field 'engine'"),
        (lambda fields: fields.update(fork=7), "field 'fork' is 7; expected text"),
        (lambda fields: fields.update(steps=[{"op": "steal", "data": [], "label": None}]), "is not a step"),
        (lambda fields: fields.update(steps=[{"op": "update", "data": [], "label": None}]), "is not a step"),
        (lambda fields: fields.update(steps=[{"op": "predict", "data": [1.5], "label": None}]), "list of integers"),
        (lambda fields: fields.update(steps=[{"op": "predict", "data": [True], "label": None}]), "list of integers"),
        (lambda fields: fields.update(steps=[{"op": "predict", "label": None}]), "field 'data' is missing"),
        (lambda fields: fields.update(steps=7), "is not a case"),
    ],
)
def test_a_damaged_case_is_refused(damage: object, message: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    case_of(MODELS[0]).save(path)
    fields = json.loads(path.read_text())
    assert callable(damage)
    damage(fields)
    path.write_text(json.dumps(fields))
    with pytest.raises(InputError, match=message):
        Case.load(path)


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "\x00"])
def test_what_is_no_case_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    path.write_text(text)
    with pytest.raises(InputError, match="is not a case"):
        Case.load(path)


def test_step_keeps_large_integers(tmp_path: Path) -> None:
    case = case_of(MODELS[0])
    steps = (Step("update", (2**63 - 1, -(2**63)), 2**64 - 1),)
    fields = {name: getattr(case, name) for name in case.__dataclass_fields__}
    Case(**{**fields, "steps": steps}).save(tmp_path / "case.json")
    assert Case.load(tmp_path / "case.json").steps == steps


def test_states_that_no_constructor_takes_are_kept(tmp_path: Path) -> None:
    full = dcai.NearestCentroidClassifier([[10**9], [0]], [2**191 - 1, 1], classifications=["same", "same"])
    full.update([10**9], 0)
    half = dcai.NearestCentroidClassifier([[1], [2]], [1, 1])
    half.extend_centroid([5], 0)
    for model in (full, half):
        run = Differential(new_chain().place(model), model)
        Case.of(run, NotEqual(0, "label", 0, 1)).save(tmp_path / "case.json")
        assert Case.load(tmp_path / "case.json").model == model
