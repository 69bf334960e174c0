"""``import dcai`` needs numpy alone, and is lazy about the rest."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

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
    for lazy in ("dcai.evm", "dcai.data", "dcai.artifacts", "dcai.verify", "dcai.cli"):
        assert not any(name == lazy or name.startswith(lazy + ".") for name in own)


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
    assert set(dcai.__all__) <= set(dir(dcai))
    assert dcai.__version__.count(".") == 2
    assert not hasattr(dcai, "surprise")


def test_the_kernels_do_not_change_numpy() -> None:
    assert np.geterr() == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
