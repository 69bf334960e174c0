"""The house rules: who imports whom, and that each `Mirrors:` line points at something."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dcai"

#: One third party, one door: top-level module -> the files (or folders) that may import it.
DOORS = {
    "eth": ["evm/engines/py_evm"],
    "eth_typing": ["evm/engines/py_evm"],
    "eth_abi": ["evm/abi.py"],
    "eth_hash": ["evm/hashing.py"],
    "requests": ["data/download.py", "chain/rpc/provider.py"],
    "urllib3": ["chain/rpc/provider.py"],
    "platformdirs": ["data/catalogue.py"],
    "sklearn": ["models/sklearn.py", "data/bundled.py", "tabular/files/svmlight.py"],
    "scipy": ["models/sklearn.py", "data/dataset.py"],
    "click": ["cli/"],
    "rich": ["cli/", "demo/report.py", "report/"],
    "eth_keys": ["incentives/signatures.py", "verify/state_tests/transaction.py"],
    "eth_account": ["chain/send/accounts.py"],
    "mmh3": ["encoders/murmur.py"],
    "ray": ["ray/engine.py", "ray/predict.py", "ray/tasks.py"],
    "pyarrow": ["ray/", "tabular/files/arrow.py"],
    "pandas": ["ray/"],
    "web3": ["chain/rpc/provider.py"],
    "trie": ["chain/rpc/proofs.py"],
    "eth_bloom": ["chain/rpc/receipts.py"],
    "rlp": ["chain/rpc/header.py", "chain/rpc/proofs.py", "chain/rpc/receipts.py", "verify/state_tests/transaction.py"],
    "ethereum": ["verify/state_tests/specs.py"],
    "ethereum_spec_tools": ["verify/state_tests/specs.py"],
    "z3": ["verify/proof/solver.py"],
    "dcai._evmloop": ["evm/engines/py_evm_compiled.py"],
    "dcai._kernels": ["models/", "gas/oracle.py", "evm/engines/revm.py", "fixed.py", "__init__.py"],
    "matplotlib": ["gas/reports/plot.py", "simulation/reports/plot.py"],
}

#: The version is everyone's to say.
VERSION = "dcai._kernels.__version__"

#: Arrows run one way: a package may import itself and those named here.
ALLOWED = {
    "errors": set(),
    "files": set(),
    "fixed": {"errors", "_kernels"},
    "strict_json": set(),
    "report": set(),
    "models": {"errors", "files", "fixed", "strict_json", "_kernels", "data"},
    "artifacts": {"errors", "strict_json"},
    "data": {"errors", "fixed"},
    "encoders": {"errors", "strict_json", "fixed", "data"},
    "ray": {"errors", "models"},
    "evm": {"errors", "artifacts", "models", "_evmloop", "_kernels"},
    "chain": {"errors", "strict_json", "files", "artifacts", "models", "evm", "incentives"},
    "scenarios": {"errors", "models", "data"},
    "gas": {"_kernels", "artifacts", "data", "errors", "evm", "files", "models", "report", "scenarios", "strict_json"},
    "incentives": {"errors", "evm", "models"},
    "simulation": {
        "artifacts",
        "data",
        "errors",
        "evm",
        "files",
        "incentives",
        "models",
        "ray",
        "scenarios",
        "strict_json",
    },
    "verify": {"artifacts", "chain", "errors", "evm", "files", "fixed", "gas", "models", "report", "strict_json"},
    "tabular": {"chain", "errors", "files", "fixed", "models"},
    "dataset": {"chain", "errors", "files", "fixed", "tabular"},
    "demo": {"errors", "models", "data", "evm", "gas", "scenarios", "verify"},
    "cli": {
        *("errors", "files", "models", "data", "evm", "gas", "scenarios", "verify", "chain", "tabular", "demo"),
        *("dataset", "simulation", "encoders", "incentives", "report"),
    },
}
#: Of `models`, the scikit-learn adapter alone may use the normalisation of `data`.
EXCEPTIONS = {("models", "data"): "models/sklearn.py"}


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            yield from (f"{module}.{alias.name}" for alias in node.names)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_third_parties_come_in_through_one_door(path: Path) -> None:
    for module in imports(path):
        for third_party, doors in DOORS.items():
            if f"{module}.".startswith(f"{third_party}.") and module != VERSION:
                assert any(name_of(path).startswith(door) for door in doors), f"{name_of(path)} imports {module}"


@pytest.mark.parametrize("path", sources(), ids=name_of)
def test_arrows_run_one_way(path: Path) -> None:
    room = name_of(path).split("/")[0].removesuffix(".py")
    if room in ("__init__", "__main__"):
        return
    for module in imports(path):
        parts = module.split(".")
        if parts[0] != "dcai" or parts[1] == room or module == VERSION:
            continue
        assert parts[1] in ALLOWED[room], f"{name_of(path)} imports {module}"
        exception = EXCEPTIONS.get((room, parts[1]))
        assert exception in (None, name_of(path)), f"{name_of(path)} imports {module}"


def test_the_doors_are_used() -> None:
    used = {module for path in sources() for module in imports(path)}
    for third_party, doors in DOORS.items():
        if doors:
            assert any(f"{module}.".startswith(f"{third_party}.") for module in used), third_party


def mirror_lines() -> list[tuple[str, str]]:
    found = []
    for path in sorted(ROOT.glob("kernels/*/src/**/*.rs")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if "Mirrors:" in line:
                found.append((f"{path.relative_to(ROOT)}:{number}", line))
    return found


@pytest.mark.parametrize(("place", "line"), mirror_lines())
def test_mirrors_lines_point_at_something(place: str, line: str) -> None:
    if "OpenZeppelin" in line:
        return
    target = re.search(r"Mirrors: (?:`(?P<name>\w+)` in )?(?P<path>contracts/[\w/.]+\.sol)", line)
    assert target, f"{place}: {line.strip()}"
    path = ROOT / target["path"]
    assert path.is_file(), f"{place}: {target['path']} does not exist"
    if target["name"]:
        pattern = rf"\b(function|struct|error|event|constant) {target['name']}\b|\b{target['name']}\("
        assert re.search(pattern, path.read_text(encoding="utf-8")), f"{place}: no {target['name']} in {target['path']}"


def test_there_are_mirrors_lines() -> None:
    assert len(mirror_lines()) > 20
