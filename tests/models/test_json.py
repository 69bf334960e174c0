"""The JSON format of 0xDeCA10B: exact round trips, every corruption refused by the name of its field, whole files."""

from __future__ import annotations

import errno
import json
import os
import stat
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dcai
from dcai import InputError, Revert, from_json
from tests.support import bounds as n
from tests.support.models import strategies as s
from tests.support.models.agreement import of_kernel, small_models, state

ONE = 10**9
HUGE_DIGITS = "9" * 5000

DENSE: dict[str, Any] = {
    "type": "dense perceptron",
    "classifications": ["NOT HOT DOG", "HOT DOG"],
    "featureIndices": [4, 2],
    "weights": [0.5, -1.25],
    "intercept": 0.125,
    "learningRate": 0.5,
}
SPARSE: dict[str, Any] = {
    "type": "sparse perceptron",
    "classifications": ["Negative", "Positive"],
    "featureIndices": [],
    "weights": [0.5, -1.25],
    "intercept": 5.0,
    "learningRate": 0.5,
}
NEAREST: dict[str, Any] = {
    "type": "nearest centroid classifier",
    "featureIndices": [7],
    "intents": {
        "WEATHER": {"centroid": [0.5, -0.25], "dataCount": 2000},
        "MUSIC": {"centroid": [0.25, 1], "dataCount": 1},
    },
}
SPARSE_NEAREST: dict[str, Any] = {
    "type": "sparse nearest centroid classifier",
    "featureIndices": [],
    "intents": {
        "A": {"centroid": {"3": 0.5, "9": 0.25}, "dataCount": 4, "numSamples": {"9": 2}, "squaredMagnitude": 77},
        "B": {"centroid": [0.5, 1], "dataCount": 1},
    },
}
NAIVE_BAYES: dict[str, Any] = {
    "type": "naive bayes",
    "classifications": ["HAM", "SPAM"],
    "featureIndices": [3],
    "classCounts": [5, 2],
    "featureCounts": [[[0, 4], [9, 1]], [[9, 2]]],
    "totalNumFeatures": 10,
    "smoothingFactor": 0.5,
    "totalFeatureCounts": [5, 6],
}
VALID = {
    "dense": DENSE,
    "sparse": SPARSE,
    "nearest": NEAREST,
    "sparse nearest": SPARSE_NEAREST,
    "naive bayes": NAIVE_BAYES,
}
#: Fields of these files that have a default.
OPTIONAL = {"featureIndices", "learningRate", "numSamples", "smoothingFactor", "totalFeatureCounts"}


def build(name: str) -> dcai.Classifier:
    return from_json(VALID[name])


# -- what the fields mean -------------------------------------------------------------------------------------------


def test_what_the_fields_mean() -> None:
    dense, sparse, nearest, sparse_nearest, naive_bayes = map(build, VALID)
    assert state(dense) == ([ONE // 2, -5 * ONE // 4], ONE // 8, ONE // 2)
    assert (dense.classifications, dense.feature_indices) == (("NOT HOT DOG", "HOT DOG"), (4, 2))
    assert state(sparse) == ({0: ONE // 2, 1: -5 * ONE // 4}, 5 * ONE, ONE // 2)
    assert state(nearest) == ([[ONE // 2, -ONE // 4], [ONE // 4, ONE]], [2000, 1])
    assert nearest.classifications == ("WEATHER", "MUSIC")
    assert state(sparse_nearest) == (
        [4, 1],
        [77, 5 * ONE**2 // 4],
        [{3: (ONE // 2, 4), 9: (ONE // 4, 2)}, {0: (ONE // 2, 1), 1: (ONE, 1)}],
    )
    assert state(naive_bayes) == ([5, 2], [5, 6], [{0: 4, 9: 1}, {9: 2}], 10, ONE // 2)
    assert (naive_bayes.classifications, naive_bayes.feature_indices) == (("HAM", "SPAM"), (3,))
    # As the client of 0xDeCA10B: Laplace smoothing, and totals that are sums.
    plain = {name: value for name, value in NAIVE_BAYES.items() if name not in OPTIONAL}
    assert state(from_json(plain)) == ([5, 2], [5, 2], [{0: 4, 9: 1}, {9: 2}], 10, ONE)


@pytest.mark.parametrize(
    ("model", "old", "new"),
    [
        ("dense", "type", "perceptron"),
        ("nearest", "type", "dense nearest centroid classifier"),
    ],
)
def test_other_names_of_types(model: str, old: str, new: str) -> None:
    assert from_json(VALID[model] | {old: new}) == build(model)


@pytest.mark.parametrize(("model", "old", "new"), [("dense", "intercept", "bias"), ("nearest", "intents", "centroids")])
def test_other_names_of_fields(model: str, old: str, new: str) -> None:
    fields = dict(VALID[model])
    fields[new] = fields.pop(old)
    assert from_json(fields) == build(model)
    with pytest.raises(InputError, match=f"'{new}'|'{old}'"):
        from_json(VALID[model] | {new: fields[new]})


@pytest.mark.parametrize("name", VALID)
def test_every_source(name: str, tmp_path: Path) -> None:
    fields = VALID[name]
    text = json.dumps(fields)
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    model = from_json(fields)
    for source in (text, "\n\t " + text, path, str(path), json.loads(text), json.loads(text, parse_float=Decimal)):
        assert from_json(source) == model
        assert type(model).from_json(source) == model
    assert fields == json.loads(text)  # what is read from is not changed


def test_each_class_reads_its_own_type_only() -> None:
    for name, fields in VALID.items():
        for other in VALID:
            if other != name:
                with pytest.raises(InputError, match="type"):
                    type(build(other)).from_json(fields)


def test_numbers_are_the_decimals_that_stand_there() -> None:
    weights = ["0.0000000005", "-0.0000000005", "0.00000000049999999999999999999999999", "1E-9", "12e2"]
    weights.append("604462909807314.587353087")
    fields = dict(DENSE, weights=[], bias=0)
    del fields["intercept"]
    text = json.dumps(fields).replace('"weights": []', f'"weights": [{", ".join(weights)}]')
    assert state(from_json(text))[0] == [1, -1, 0, 1, 1200 * ONE, 2**79 - 1]


def test_floats_of_numpy_are_floats() -> None:
    fields = dict(DENSE, weights=list(np.array([0.5, -1.25])), intercept=np.float64(0.125))
    assert from_json(fields) == build("dense")


@pytest.mark.parametrize("count", [0, 0.0, 3, 3.0, 10**20])
def test_whole_numbers(count: Any) -> None:
    fields = {"type": "nearest centroid classifier", "intents": {"A": {"centroid": [1], "dataCount": count}}}
    for source in (fields, json.dumps(fields)):
        model = from_json(source)
        assert isinstance(model, dcai.NearestCentroidClassifier)
        assert model.counts == [int(count)]


# -- round trips ----------------------------------------------------------------------------------------------------


def assert_round_trip(model: dcai.Classifier, path: Path | None = None) -> None:
    text = model.to_json(path)
    sources: list[Any] = [text, json.loads(text, parse_float=Decimal)]
    if path is not None:
        assert path.read_text(encoding="utf-8") == text
        sources.append(path)
    for source in sources:
        twin = from_json(source)
        assert twin == model
        assert type(twin) is type(model)
        assert state(twin) == state(model)
        assert twin.to_json() == text


names = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=4, max_size=4, unique=True)
feature_numbers = st.lists(n.uint32s, max_size=3)


@given(
    weights=st.lists(n.int80s, max_size=5),
    intercept=n.int80s,
    rate=n.uint32s,
    names=names,
    features=feature_numbers,
)
def test_round_trip_of_perceptrons(weights: Any, intercept: int, rate: int, names: Any, features: Any) -> None:
    for perceptron in (dcai.DensePerceptron, dcai.SparsePerceptron):
        assert_round_trip(perceptron(weights, intercept, rate, classifications=names[:2], feature_indices=features))


@given(weights=st.dictionaries(st.one_of(st.integers(0, 2**64 - 1), n.feature_indices), n.int80s, max_size=5))
def test_round_trip_of_scattered_weights(weights: dict[int, int]) -> None:
    assert_round_trip(dcai.SparsePerceptron(weights, 0, 1))


@given(
    centroids=st.lists(st.lists(n.int64s, min_size=2, max_size=2), min_size=4, max_size=4),
    counts=st.lists(n.counts, min_size=4, max_size=4),
    names=names,
    features=feature_numbers,
)
def test_round_trip_of_nearest_centroids(centroids: Any, counts: Any, names: Any, features: Any) -> None:
    assert_round_trip(
        dcai.NearestCentroidClassifier(centroids, counts, classifications=names, feature_indices=features)
    )


@given(
    centroids=st.lists(s.pairs, min_size=4, max_size=4),
    counts=st.lists(n.counts64, min_size=4, max_size=4),
    names=names,
    updates=st.lists(st.tuples(s.increasing_samples, st.integers(0, 3)), max_size=5),
)
def test_round_trip_of_sparse_nearest_centroids(centroids: Any, counts: Any, names: Any, updates: Any) -> None:
    model = dcai.SparseNearestCentroidClassifier(centroids, counts, classifications=names)
    assert_round_trip(model)
    for sample, label in updates:
        of_kernel(partial(model.update, sample, label))
    assert_round_trip(model)


@given(
    counts=st.lists(st.dictionaries(n.feature_indices, n.uint32s, max_size=5), min_size=4, max_size=4),
    samples=st.lists(n.counts64, min_size=4, max_size=4),
    num_features=n.uint64s,
    smoothing=n.uint32s,
    names=names,
    more=st.dictionaries(n.feature_indices, n.uint32s, max_size=5),
)
def test_round_trip_of_naive_bayes(
    counts: Any, samples: Any, num_features: int, smoothing: int, names: Any, more: Any
) -> None:
    model = dcai.NaiveBayes(samples, counts, num_features, smoothing, classifications=names)
    assert_round_trip(model)
    model.initialize_counts(more, 1)  # of a count that is replaced, the total keeps both
    assert_round_trip(model)


@pytest.mark.parametrize("model", small_models(), ids=lambda m: type(m).__name__)
def test_round_trip_through_a_file(model: dcai.Classifier, tmp_path: Path) -> None:
    assert_round_trip(model, tmp_path / "model.json")


def test_a_class_that_is_full_is_not_written() -> None:
    """No contract begins with 2^191 samples, so the file could not be read again."""
    model = dcai.NearestCentroidClassifier([[ONE], [0]], [2**191 - 1, 1])
    model.update([ONE], 0)
    assert model.counts[0] == 2**191
    with pytest.raises(dcai.InputError, match="cannot be written as JSON"):
        model.to_json()


def test_a_model_half_way_through_its_extension_is_not_written() -> None:
    model = dcai.NearestCentroidClassifier([[1], [2]], [1, 1])
    model.extend_centroid([5], 0)
    with pytest.raises(dcai.InputError, match="cannot be written as JSON"):
        model.to_json()


def test_classes_of_one_name_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    for model in (
        dcai.NearestCentroidClassifier([[1], [2]], [1, 1], classifications=["a", "a"]),
        dcai.SparseNearestCentroidClassifier([[], []], [1, 1], classifications=["a", "a"]),
    ):
        with pytest.raises(InputError, match="'a'"):
            model.to_json(path)
        assert list(tmp_path.iterdir()) == []
    assert_round_trip(dcai.DensePerceptron([1], 0, 0, classifications=["a", "a"]))


# -- corrupted files ------------------------------------------------------------------------------------------------

Place = tuple[Any, ...]


def places(value: Any, at: Place = ()) -> list[Place]:
    """All places within a JSON value."""
    found = [at] if at else []
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += places(item, (*at, key))
    return found


def changed(value: Any, at: Place, change: Any) -> Any:
    """A copy in which ``change(parent, key)`` was done at a place."""
    twin = json.loads(json.dumps(value))
    parent = twin
    for key in at[:-1]:
        parent = parent[key]
    change(parent, at[-1])
    return twin


ALL_PLACES = [(name, at) for name, fields in VALID.items() for at in places(fields)]
FIELD_PLACES = [(name, at) for name, at in ALL_PLACES if isinstance(at[-1], str)]


def is_map(at: Place) -> bool:
    """Whether the keys beside this one are names of classes or feature indices, and not fields of the format."""
    return len(at) > 1 and at[-2] in ("intents", "centroid", "numSamples")


def describe(parameter: Any) -> str:
    return ".".join(map(str, parameter)) if isinstance(parameter, tuple) else str(parameter)


def refused(source: Any, field: str) -> None:
    with pytest.raises((InputError, Revert)) as caught:
        from_json(source)
    if isinstance(caught.value, InputError):
        assert field in str(caught.value)
    assert len(str(caught.value)) < 1000


def named(at: Place) -> str:
    """How an error must call a place, at least: the name of the innermost field."""
    return next(str(key) for key in reversed(at) if isinstance(key, str))


@pytest.mark.parametrize(("name", "at"), [p for p in FIELD_PLACES if not is_map(p[1])], ids=describe)
def test_a_missing_field(name: str, at: Place) -> None:
    fields = changed(VALID[name], at, lambda parent, key: parent.pop(key))
    if at[-1] in OPTIONAL:
        from_json(fields)
    elif at[-1] == "squaredMagnitude":
        refused(fields, "squaredMagnitude")
    else:
        refused(fields, repr(".".join(map(str, at))) if at[-1] != "type" else "type")


@pytest.mark.parametrize(("name", "at"), FIELD_PLACES, ids=describe)
def test_an_unknown_field_beside_each(name: str, at: Place) -> None:
    fields = changed(VALID[name], at, lambda parent, _: parent.update(surprise=5))
    refused(fields, "surprise")
    refused(json.dumps(fields), "surprise")


@pytest.mark.parametrize(("name", "at"), FIELD_PLACES, ids=describe)
def test_a_repeated_field(name: str, at: Place) -> None:
    key = json.dumps(at[-1])
    fields = changed(VALID[name], at, lambda parent, key: parent.update({"MARK": parent[key]}))
    text = json.dumps(fields).replace('"MARK"', key)
    refused(text, str(at[-1]))


#: For every place: what is wrong wherever it stands.
WRONG_EVERYWHERE: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "negative beyond all": -(10**90),
    "beyond all": 10**90,
    "text": "0.5",
    "strange text": "\ud83d\ude00",
    "list of lists": [[[]]],
    "list of objects": [{}],
    "object of objects": {"a": {"b": {}}},
}


@pytest.mark.parametrize("wrong", WRONG_EVERYWHERE)
@pytest.mark.parametrize(("name", "at"), ALL_PLACES, ids=describe)
def test_a_wrong_type(name: str, at: Place, wrong: str) -> None:
    value = WRONG_EVERYWHERE[wrong]
    if isinstance(value, str) and at[0] == "classifications" and len(at) == 2:
        return  # any text is a name
    fields = changed(VALID[name], at, lambda parent, key: parent.__setitem__(key, value))
    field = named(at)
    if at[0] == "intents" and wrong == "object of objects" and len(at) == 2:
        field = f"'intents.{field}."  # an object, though without the fields of a class
    refused(fields, field)
    refused(json.dumps(fields), field)


NUMBER_PLACES = [
    (name, at)
    for name, at in ALL_PLACES
    if isinstance(eval("VALID[name]" + "".join(f"[{key!r}]" for key in at)), int | float)  # our own keys
]


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e99999999999", "1e99999999999999999999999", HUGE_DIGITS,
     "-" + HUGE_DIGITS, HUGE_DIGITS + ".5"],
    ids=lambda number: number[:30],
)  # fmt: skip
@pytest.mark.parametrize(("name", "at"), NUMBER_PLACES, ids=describe)
def test_numbers_that_no_type_holds(name: str, at: Place, number: str) -> None:
    fields = changed(VALID[name], at, lambda parent, key: parent.__setitem__(key, "MARK"))
    refused(json.dumps(fields).replace('"MARK"', number), named(at))


@pytest.mark.parametrize("number", ["1e-999", "1e-99999999999", "0." + "0" * 5000 + "1", "0e999", "-0.0", "0e99999"])
def test_numbers_that_round_to_zero(number: str) -> None:
    text = json.dumps(DENSE | {"weights": ["MARK"]}).replace('"MARK"', number)
    assert state(from_json(text))[0] == [0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity"),
                                   10**5000, -(10**5000), 1j, b"1", np.array([1.0]), {1}, object(), Decimal("1e99999")],
                         ids=lambda value: repr(type(value)))  # fmt: skip
@pytest.mark.parametrize(("name", "at"), NUMBER_PLACES, ids=describe)
def test_objects_that_are_no_numbers(name: str, at: Place, value: Any) -> None:
    refused(changed(VALID[name], at, lambda parent, key: parent.__setitem__(key, value)), named(at))


@pytest.mark.parametrize(
    ("name", "at", "value"),
    [
        ("dense", ("weights", 1), "604462909807314.587353088"),
        ("dense", ("weights", 0), "-604462909807314.5873530885"),
        ("dense", ("intercept",), "604462909807314.587353088"),
        ("dense", ("learningRate",), "4.294967296"),
        ("dense", ("learningRate",), "-0.000000001"),
        ("dense", ("featureIndices", 0), "4294967296"),
        ("dense", ("featureIndices", 0), "-1"),
        ("dense", ("featureIndices", 0), "0.5"),
        ("sparse", ("weights", 1), "-604462909807314.587353089"),
        ("nearest", ("intents", "MUSIC", "centroid", 0), "9223372036.854775808"),
        ("nearest", ("intents", "MUSIC", "dataCount"), str(2**256)),
        ("nearest", ("intents", "MUSIC", "dataCount"), "-1"),
        ("nearest", ("intents", "MUSIC", "dataCount"), "1.5"),
        ("sparse nearest", ("intents", "A", "centroid", "3"), "-0.000000001"),
        ("sparse nearest", ("intents", "A", "centroid", "3"), "18446744073.709551616"),
        ("sparse nearest", ("intents", "A", "dataCount"), str(2**64)),
        ("sparse nearest", ("intents", "B", "dataCount"), str(2**64)),
        ("sparse nearest", ("intents", "A", "numSamples", "9"), "5"),
        ("sparse nearest", ("intents", "A", "squaredMagnitude"), str(2**256)),
        ("sparse nearest", ("intents", "A", "squaredMagnitude"), "0.5"),
        ("naive bayes", ("classCounts", 0), str(2**64)),
        ("naive bayes", ("featureCounts", 0, 1, 0), str(2**32)),
        ("naive bayes", ("featureCounts", 0, 1, 1), str(2**32)),
        ("naive bayes", ("totalNumFeatures",), str(2**64)),
        ("naive bayes", ("smoothingFactor",), "4.294967296"),
        ("naive bayes", ("totalFeatureCounts", 0), str(2**64)),
    ],
    ids=describe,
)
def test_one_beyond_the_type_of_a_field(name: str, at: Place, value: str) -> None:
    fields = changed(VALID[name], at, lambda parent, key: parent.__setitem__(key, "MARK"))
    refused(json.dumps(fields).replace('"MARK"', value), named(at))


@pytest.mark.parametrize(
    "key", ["", " ", "-1", "+1", "01", "1.0", "1e3", "x", "\u0661", "\u00b2", "1_0", "0x1", "9" * 30, HUGE_DIGITS],
    ids=lambda key: ascii(key[:12]),
)  # fmt: skip
def test_texts_that_are_no_feature_index(key: str) -> None:
    for fields in (
        SPARSE | {"weights": {key: 0.5}},
        changed(SPARSE_NEAREST, ("intents", "B", "centroid"), lambda p, k: p.__setitem__(k, {key: 0.5})),
        changed(SPARSE_NEAREST, ("intents", "A", "numSamples"), lambda p, k: p.__setitem__(k, {key: 1})),
    ):
        for source in (fields, json.dumps(fields)):
            with pytest.raises((InputError, Revert)) as caught:
                from_json(source)
            if isinstance(caught.value, InputError):
                assert any(field in str(caught.value) for field in ("weights", "centroid", "numSamples"))


def test_an_index_for_which_there_is_no_value() -> None:
    fields = changed(SPARSE_NEAREST, ("intents", "A", "numSamples"), lambda p, k: p.__setitem__(k, {"5": 1}))
    refused(fields, "numSamples.5")


@pytest.mark.parametrize("name", VALID)
def test_a_file_cut_at_every_byte(name: str, tmp_path: Path) -> None:
    text = json.dumps(VALID[name])
    path = tmp_path / "model.json"
    for end in range(len(text)):
        path.write_bytes(text[:end].encode())
        for source in (path, text[:end]):
            with pytest.raises(InputError):
                from_json(source)


@pytest.mark.parametrize("name", VALID)
def test_a_file_with_one_byte_changed(name: str, tmp_path: Path) -> None:
    """Whatever a flipped byte makes of it: a model, a contract error or an InputError."""
    raw = json.dumps(VALID[name]).encode()
    path = tmp_path / "model.json"
    for position in range(len(raw)):
        for byte in b'\x00\xff"{9e- ':
            flipped = raw[:position] + bytes([byte]) + raw[position + 1 :]
            source: Any = flipped.decode(errors="replace")
            if byte == 0xFF or position == 0:
                path.write_bytes(flipped)
                source = path
            try:
                from_json(source)
            except (InputError, Revert) as error:
                assert str(error)  # noqa: PT017  # the message must be printable, whatever it quotes


@pytest.mark.parametrize("raw", [b"\xff\xfe", b'{"type": "\xff"}', b'{"\xc3": 1}', "{}".encode("utf-16")], ids=ascii)
def test_files_that_are_no_utf8(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(raw)
    with pytest.raises(InputError, match=r"UTF-8|model\.json"):
        from_json(path)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "{}", "[]", "[1]", '["type"]', "{", "}", "[", '{"type"}', '{"type":}', "{'type': 'perceptron'}",
     '{"type": "perceptron",}', '{"type": "dense perceptron"} x', "{}{}", "\x00{}", '{"a": 1 // no\n}'],
    ids=ascii,
)  # fmt: skip
def test_texts_that_are_no_model(text: str, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text(text, encoding="utf-8")
    sources: list[Any] = [path]
    if text.lstrip()[:1] in ("", "{", "["):
        sources.append(text)
    for source in sources:
        with pytest.raises(InputError):
            from_json(source)


@pytest.mark.parametrize("depth", [10, 100, 500, 800, 900, 930, 950, 970, 990, 1000, 1500, 10**5])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a": ', "}")])
def test_deep_nesting(depth: int, opening: str, closing: str) -> None:
    deep = opening * depth + "1" + closing * depth
    for field in ("weights", "type", "classifications", "intercept", "featureIndices", "surprise"):
        text = json.dumps(DENSE | {field: "MARK"}).replace('"MARK"', deep)
        with pytest.raises(InputError):
            from_json(text)


def test_deep_nesting_of_objects() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    for field in DENSE:
        with pytest.raises(InputError, match=field):
            from_json(DENSE | {field: deep})


@pytest.mark.parametrize("source", [None, 5, b"{}", ["type"], 0.5, {1: 2}, {None: 1}, object()], ids=type)
def test_what_is_no_source(source: Any) -> None:
    with pytest.raises(InputError):
        from_json(source)


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises((InputError, OSError)):
        from_json("model\x00.json")


@pytest.mark.parametrize("kind", [None, 5, "perceptron ", "Dense Perceptron", [], {}, 0.5, "x" * 10_000, 10**5000],
                         ids=lambda kind: repr(type(kind)))  # fmt: skip
def test_unknown_types(kind: Any) -> None:
    for read in (from_json, dcai.DensePerceptron.from_json):
        with pytest.raises(InputError, match="type"):
            read(DENSE | {"type": kind})


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        from_json(tmp_path / "none.json")
    with pytest.raises(OSError, match=str(tmp_path)):
        from_json(tmp_path)


# -- writing --------------------------------------------------------------------------------------------------------


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.json"
    old = build("dense").to_json(path)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    for place, name in ((os, "fsync"), (Path, "replace"), (os, "replace")):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, full)
            try:
                build("nearest").to_json(path)
            except OSError:
                pass
            else:
                build("dense").to_json(path)  # that function is not on its way
        assert path.read_text(encoding="utf-8") == old
        assert list(tmp_path.iterdir()) == [path]


def test_a_model_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    old = build("dense").to_json(path)
    twins = dcai.NearestCentroidClassifier([[1], [2]], [1, 1], classifications=["a", "a"])
    with pytest.raises(InputError):
        twins.to_json(path)
    assert path.read_text(encoding="utf-8") == old
    assert list(tmp_path.iterdir()) == [path]


def test_writing_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        build("dense").to_json(tmp_path / "none" / "model.json")
    with pytest.raises(OSError, match=str(tmp_path)):
        build("dense").to_json(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert [p for p in tmp_path.parent.iterdir() if p.name.startswith(f".{tmp_path.name}")] == []


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_written_file_can_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    before = os.umask(0o022)
    try:
        build("dense").to_json(path)
    finally:
        os.umask(before)
    assert stat.filemode(path.stat().st_mode) == "-rw-r--r--"


def test_writing_over_a_file_and_back(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    for name in VALID:
        assert build(name).to_json(str(path)) == path.read_text(encoding="utf-8")
        assert from_json(path) == build(name)
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_json_without_floats() -> None:
    """Other readers of the format multiply by 10^9; no digit may be lost before that."""
    text = dcai.DensePerceptron([2**79 - 1, -1], -(2**79), 1).to_json()
    fields = json.loads(text, parse_float=str, parse_int=str)
    assert fields["weights"] == ["604462909807314.587353087", "-0.000000001"]
    assert fields["intercept"] == "-604462909807314.587353088"
    assert fields["learningRate"] == "0.000000001"
    assert "e" not in "".join(fields["weights"]).lower()


# -- files of the original ------------------------------------------------------------------------------------------

_DATA = Path(os.environ.get("DCAI_DATA_DIR", Path(__file__).parents[3] / "shared" / "data")) / "0xdeca10b"
#: The class, and how many numbers the model has.
ORIGINALS: dict[str, tuple[type[dcai.Classifier], int]] = {
    "imdb-sentiment-model.json": (dcai.SparsePerceptron, 1000),
    "classifier-perceptron-400.json": (dcai.DensePerceptron, 400),
    "vpa-classifier-centroids.json": (dcai.NearestCentroidClassifier, 1024),
}
# Collected only where the files are: they are not part of the project.
PRESENT = [name for name in ORIGINALS if (_DATA / name).is_file()]

if PRESENT:

    @pytest.mark.parametrize("name", PRESENT)
    def test_files_of_the_original(name: str, tmp_path: Path) -> None:
        kind, size = ORIGINALS[name]
        model = from_json(_DATA / name)
        assert type(model) is kind
        fields = json.loads((_DATA / name).read_text(encoding="utf-8"), parse_float=Decimal)
        if isinstance(model, dcai.NearestCentroidClassifier):
            assert model.counts == [2000, 2000]
            assert model.classifications == tuple(fields["intents"])
            numbers = [x for centroid in model.centroids for x in centroid.tolist()]
            expected = [x for info in fields["intents"].values() for x in info["centroid"]]
        else:
            assert isinstance(model, dcai.DensePerceptron | dcai.SparsePerceptron)
            numbers = [int(model.weights[i]) for i in range(size)]
            expected = fields["weights"]
            assert model.intercept == int(Decimal(fields.get("intercept", fields.get("bias"))) * ONE)
            assert model.classifications == tuple(fields["classifications"])
            assert list(model.feature_indices) == fields.get("featureIndices", [])
        assert len(numbers) == len(expected) == size
        for number, real in zip(numbers, expected, strict=True):
            assert 2 * abs(number - Decimal(real) * ONE) <= 1
        assert_round_trip(model, tmp_path / "model.json")
