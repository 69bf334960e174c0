"""What the documentation shows must run: the examples of the README in order, and those in docstrings."""

import doctest
import pkgutil
import re
from importlib import import_module
from pathlib import Path
from statistics import median

import pytest

from dcai import DensePerceptron
from dcai.demo import run_scenario
from dcai.scenarios import scenarios

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Folders with guides; `contracts` holds those of packages, too.
ROOTS = ("bench", "contracts/decisions", "contracts/src", "dcai", "kernels")


#: The README, and the guides beside the code.
GUIDES = [
    ROOT / "README.md",
    ROOT / "contracts/README.md",
    *sorted(path for top in ROOTS for path in (ROOT / top).rglob("*.md")),
]


def test_there_are_guides() -> None:
    assert len(GUIDES) > 40
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_python_blocks_of_a_guide_run(guide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(guide), "exec"), names)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_links_of_a_guide_lead_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", guide.read_text(encoding="utf-8")):
        assert (guide.parent / target).exists(), target


def test_what_the_readme_names_exists() -> None:
    for path in re.findall(r"`([\w./]+/)`", README):
        assert (ROOT / path).is_dir(), path
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z-]+)", README):
        assert f"\n{target}:" in makefile, target


def test_the_documents_name_the_version() -> None:
    found = [
        re.findall(pattern, (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)[0]
        for document, pattern in [
            ("Cargo.toml", r'^version = "(.+)"'),
            ("CHANGELOG.md", r"^## (\S+) - \d{4}-\d\d-\d\d$"),
            ("CITATION.cff", r"^version: (.+)"),
        ]
    ]
    assert len(set(found)) == 1, found


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_the_files_that_documents_name_exist(document: str) -> None:
    """Those named from the top of the project; `node_modules` and folders beside the project are made or given."""
    text = (ROOT / document).read_text(encoding="utf-8")
    paths = re.findall(r"`((?:dcai|kernels|contracts|tests|bench)/[\w./-]+)`", text)
    assert [path for path in paths if "node_modules" not in path and not (ROOT / path).exists()] == []


def test_the_table_of_the_readme_is_what_the_demo_prints() -> None:
    """One scenario of the six, so that the test is quick: gas and accuracy are exact, throughput is not."""
    (scenario,) = [s for s in scenarios() if s.title == "breast cancer" and s.contract is DensePerceptron]
    *_, result = run_scenario(scenario, contributions=300)
    learning, costs = re.findall(r"^breast cancer +DensePerceptron +(.*)$", README, re.MULTILINE)
    assert learning.split()[:5] == [
        "2",
        "30",
        "300",
        f"{result.accuracy_before:.3f}",
        f"{result.accuracy_after:.3f}",
    ]
    figures = [sum(result.deploy_gas), median(result.mistake_gas), median(result.correct_gas)]
    assert [costs.split()[i] for i in (0, 3, 5)] == [f"{figure:,.0f}" for figure in figures]


def modules() -> list[str]:
    packages = pkgutil.walk_packages([str(ROOT / "dcai")], "dcai.")
    return [module.name for module in packages if module.name not in ("dcai.__main__", "dcai._kernels")]


@pytest.mark.parametrize("name", modules())
def test_the_examples_in_docstrings_hold(name: str) -> None:
    result = doctest.testmod(import_module(name))
    assert result.failed == 0
