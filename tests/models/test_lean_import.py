"""``import dcai`` needs numpy alone, and is lazy about the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import assert_type

import numpy as np
import pytest
from numpy.typing import NDArray

import dcai

#: What may be installed beside numpy, and must not be loaded by importing dcai or by using a model.
_FORBIDDEN = {
    "scipy", "sklearn", "pandas", "eth", "eth_abi", "eth_utils", "rlp", "trie", "web3", "click", "rich", "pooch",
    "requests", "urllib3", "matplotlib", "hypothesis", "pytest", "Cython", "joblib",
}  # fmt: skip

_CODE = """
import json, sys
import numpy
before = set(sys.modules)
{statements}
loaded = set(sys.modules) - before
tops = {{name.partition(".")[0] for name in loaded}}
third = sorted(t for t in tops if t not in sys.stdlib_module_names and t not in ("dcai", "numpy"))
print(json.dumps([third, sorted(name for name in loaded if name.startswith("dcai."))]))
"""


def loaded_by(statements: str) -> tuple[list[str], list[str]]:
    code = _CODE.format(statements=statements)
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True, timeout=120)
    third, own = json.loads(run.stdout)
    return third, own


def test_import_loads_nothing_beyond_numpy() -> None:
    third, own = loaded_by("import dcai")
    assert not _FORBIDDEN & set(third)
    assert third == []
    for lazy in ("evm", "data", "artifacts", "verify", "cli", "simulation", "incentives", "gas", "chain", "encoders"):
        assert not any(f"{name}.".startswith(f"dcai.{lazy}.") for name in own)


def test_using_the_models_loads_nothing_more() -> None:
    third, _ = loaded_by("""
import dcai, pickle
model = dcai.DensePerceptron([0, 0], 0, 10**9)
model.update_batch(dcai.to_fixed([[0.6, -0.8]]), [1])
assert model.predict_batch([[1, 2], [3, 4]]).tolist() == [0, 0]
assert pickle.loads(pickle.dumps(model)) == dcai.from_json(model.to_json())
dcai.SparsePerceptron([1], 0, 1).predict_batch(dcai.CsrRows([0, 1], [0]))
dcai.SparseNearestCentroidClassifier([[(0, 1)]], [1]).update([0], 0)
""")
    assert third == []


def test_all_names_exist_and_are_documented() -> None:
    for name in set(dcai.__all__) - {"artifacts", "data", "encoders", "evm", "ray", "verify"}:
        thing = getattr(dcai, name)
        assert isinstance(thing, int) or thing.__doc__
    assert dcai.TO_FLOAT == 10**9
    assert set(dcai.__all__) == {name for name in dir(dcai) if not name.startswith("__")} | {"__version__"}
    assert len(dcai.__all__) == len(set(dcai.__all__))
    assert dcai.__version__.count(".") == 2
    assert not hasattr(dcai, "surprise")


@pytest.mark.parametrize("name", ["simulation", "incentives", "encoders", "data", "artifacts"])
def test_a_module_loads_when_it_is_used(name: str) -> None:
    _, own = loaded_by(f"import dcai; dcai.{name}")
    assert f"dcai.{name}" in own


def test_users_see_types() -> None:
    """Checked by mypy, which knows these types without a plugin or a stub."""
    model = dcai.DensePerceptron([10**9, 0], 0, 1)
    assert_type(model.predict([1, 0]), int)
    assert_type(model.update([10**9, 0], 1), bool)
    assert_type(model.predict_batch([[1, 0]]), NDArray[np.intp])
    assert_type(model.update_batch(np.array([[10**9, 0]]), [1]), NDArray[np.bool_])
    assert_type(model.evaluate_batch([[1, 0]], [1]), int)
    assert_type(model.score([[1, 0]], [1]), float)
    assert_type(model.copy(), dcai.DensePerceptron)
    assert_type(dcai.DensePerceptron.from_json(model.to_json()), dcai.DensePerceptron)
    assert_type(dcai.from_json(model.to_json()), dcai.Classifier)
    assert_type(dcai.SparsePerceptron([1], 0, 1).predict_batch(dcai.CsrRows([0, 1], [0])), NDArray[np.intp])
    assert_type(dcai.encoders.HashedPresence(8).encode("one text"), list[int])
    assert_type(dcai.encoders.HashedPresence(8).encode(["one", "two"]), dcai.CsrRows)


def test_the_kernels_do_not_change_numpy() -> None:
    assert np.geterr() == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
