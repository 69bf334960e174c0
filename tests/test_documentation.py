"""What the documentation shows must run: the examples of the README in order, and those in docstrings."""

import doctest
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

import dcai
from dcai import DensePerceptron, SparsePerceptron, data

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_examples_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SparsePerceptron([0] * 300, 0, 10**9).to_json("model.json")
    cancer = data.breast_cancer()
    names = {
        "X_train": dcai.from_fixed(cancer.X_train),
        "y_train": cancer.y_train,
        "X_test": dcai.from_fixed(cancer.X_test),
        "y_test": cancer.y_test,
    }
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) >= 4
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert isinstance(names["dense"], DensePerceptron)
    assert len(names["twins"].steps) == 2


def test_what_the_readme_names_exists() -> None:
    for path in re.findall(r"`([\w./]+/)`", README):
        assert (ROOT / path).is_dir(), path
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z-]+)", README):
        assert f"\n{target}:" in makefile, target


def modules() -> list[str]:
    packages = pkgutil.walk_packages([str(ROOT / "dcai")], "dcai.")
    return [module.name for module in packages if module.name not in ("dcai.__main__", "dcai._kernels")]


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.failed == 0
