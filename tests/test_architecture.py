"""The house rules: who imports whom, one name a class, one place a constant, `Mirrors:` lines that hold."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from dcai.models import MODELS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "dcai"

#: One third party, one door: top-level module -> the files (or folders) that may import it; numpy is everywhere.
DOORS = {
    "numpy": [""],
    "eth": ["evm/engines/py_evm"],
    "eth_typing": ["evm/engines/py_evm"],
    "eth_utils": ["evm/engines/py_evm"],
    "eth_abi": ["evm/abi.py"],
    "eth_hash": ["evm/hashing.py"],
    "requests": ["data/download.py", "chain/rpc/provider.py"],
    "urllib3": ["chain/rpc/provider.py"],
    "platformdirs": ["data/catalogue.py"],
    "sklearn": ["models/sklearn.py", "encoders/base.py", "data/bundled.py", "tabular/files/svmlight.py"],
    "scipy": ["models/sklearn.py", "encoders/base.py", "rows.py"],
    "click": ["cli/"],
    "rich": ["cli/", "demo/report.py", "report/"],
    "eth_keys": ["incentives/signatures.py", "verify/state_tests/transaction.py"],
    "eth_account": ["chain/send/accounts.py"],
    "mmh3": ["encoders/murmur.py"],
    "ray": ["ray/engine.py", "ray/predict.py", "ray/tasks.py"],
    "pyarrow": ["ray/", "tabular/files/arrow.py"],
    "pandas": ["ray/", "report/frame.py"],
    "web3": ["chain/rpc/provider.py"],
    "trie": ["chain/rpc/proofs.py"],
    "eth_bloom": ["chain/rpc/receipts.py"],
    "rlp": ["chain/rpc/header.py", "chain/rpc/proofs.py", "chain/rpc/receipts.py", "verify/state_tests/transaction.py"],
    "ethereum": ["verify/state_tests/specs.py"],
    "ethereum_spec_tools": ["verify/state_tests/specs.py"],
    "z3": ["verify/proof/solver.py"],
    "dcai._evmloop": ["evm/engines/py_evm_compiled.py"],
    "dcai._kernels": [
        "errors.py",
        "models/",
        "rows.py",
        "gas/oracle.py",
        "evm/engines/revm.py",
        "fixed.py",
        "__init__.py",
    ],
    "matplotlib": ["gas/reports/plot.py", "simulation/reports/plot.py"],
}

#: Compiled: they import nothing.
EXTENSIONS = ("dcai._kernels", "dcai._evmloop")

#: The version is everyone's to say.
VERSION = "dcai._kernels.__version__"

#: Arrows run one way: a package may import itself and those named here.
ALLOWED = {
    "errors": {"_kernels"},
    "files": set(),
    "fixed": {"errors", "_kernels"},
    "rows": {"errors", "_kernels"},
    "strict_json": {"errors"},
    "report": {"errors"},
    "reprs": set(),
    "units": {"errors"},
    "models": {"report", "errors", "files", "fixed", "rows", "strict_json", "_kernels", "data"},
    "artifacts": {"errors", "strict_json"},
    "data": {"errors", "fixed", "rows"},
    "encoders": {"errors", "files", "strict_json", "fixed", "data", "rows"},
    "ray": {"errors", "models", "rows"},
    "evm": {"errors", "artifacts", "models", "_evmloop", "_kernels"},
    "chain": {"units", "report", "errors", "strict_json", "files", "artifacts", "models", "evm", "incentives"},
    "scenarios": {"errors", "models", "data", "rows"},
    "gas": {
        "units",
        "_kernels",
        "artifacts",
        "data",
        "errors",
        "evm",
        "files",
        "models",
        "report",
        "rows",
        "scenarios",
        "strict_json",
    },
    "incentives": {"errors", "evm", "models", "rows"},
    "simulation": {
        "units",
        "artifacts",
        "data",
        "errors",
        "evm",
        "files",
        "incentives",
        "models",
        "ray",
        "report",
        "rows",
        "scenarios",
        "strict_json",
    },
    "verify": {"artifacts", "chain", "errors", "evm", "files", "fixed", "gas", "models", "report", "strict_json"},
    "tabular": {"chain", "errors", "files", "fixed", "models", "rows"},
    "dataset": {"chain", "errors", "files", "fixed", "tabular"},
    "demo": {"errors", "models", "data", "evm", "gas", "rows", "scenarios", "verify"},
    "cli": {
        "units",
        *("errors", "files", "models", "data", "evm", "gas", "scenarios", "verify", "chain", "tabular", "demo"),
        *("dataset", "simulation", "encoders", "incentives", "report"),
    },
}
for room in ALLOWED.values():
    room.add("reprs")
#: Of `models`, the scikit-learn adapter alone may use the normalisation of `data`.
EXCEPTIONS = {("models", "data"): "models/sklearn.py"}


#: Arrows between the sub-rooms of a room, of which "." are the files that stand in the room itself. A room that is not
#: here has them run one way, too, whichever.
SUBROOMS = {
    "chain": {
        "rpc": set(),
        "read": {"rpc"},
        "follow": {"read", "rpc"},
        "collect": {"read", "rpc"},
        "send": {"read", "rpc"},
    },
    "gas": {
        ".": set(),
        "models": {"."},
        "calibration": {".", "models"},
        "measuring": {".", "models"},
        "profile": {"."},
        "reports": {".", "measuring", "profile"},
    },
    "verify": {
        ".": set(),
        "proof": {"."},
        "models": {".", "proof"},
        "search": {"."},
        "mutants": {".", "search"},
        "history": {"."},
        "state_tests": {".", "search"},
    },
    "cli": {"_shared": set(), ".": {"_shared"}, "gas": {"_shared"}, "simulate": {"_shared"}, "verify": {"_shared"}},
}

#: A folder holds at most so many files beside its ``__init__``.
MOST_FILES = 14

#: Constants of the protocol and of the contracts, and the file where each stands. Elsewhere a comment, on the line or
#: above it, says that it is repeated on purpose.
CONSTANTS = {
    21_000: "evm/schedule.py",
    1 << 24: "evm/schedule.py",
    49_152: "evm/schedule.py",
    1 << 191: "models/nearest_centroid.py",
}

SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {path: ast.parse(text) for path, text in SOURCES.items()}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in SOURCES}


def imports(path: Path) -> Iterator[str]:
    """Yield what a file imports, also inside functions and for type checkers."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported_modules(path: Path) -> set[str]:
    """Return the files of the package that a file imports."""
    own = {name for name in imports(path) if name.startswith("dcai.") and not name.startswith(EXTENSIONS)}
    return {name if name in MODULES else name.rpartition(".")[0] for name in own} - {module_of(path)}


GRAPH = {module_of(path): imported_modules(path) for path in SOURCES}


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_third_parties_come_in_through_one_door() -> None:
    wrong = []
    for path in SOURCES:
        for module in imports(path):
            top = module.partition(".")[0]
            own = top in sys.stdlib_module_names or (top == "dcai" and not module.startswith(EXTENSIONS))
            doors = [door for name, doors in DOORS.items() if f"{module}.".startswith(f"{name}.") for door in doors]
            if not own and module != VERSION and not name_of(path).startswith(tuple(doors)):
                wrong.append(f"{name_of(path)} imports {module}")
    assert "\n".join(wrong) == ""


def test_the_doors_are_used() -> None:
    used = {f"{module}." for path in SOURCES for module in imports(path)}
    assert [name for name in DOORS if not any(module.startswith(f"{name}.") for module in used)] == []


def test_arrows_between_rooms_run_one_way() -> None:
    wrong = []
    for path in SOURCES:
        room = name_of(path).partition("/")[0].removesuffix(".py")
        for module in imports(path):
            if module.startswith("dcai.") and module != VERSION and room not in ("__init__", "__main__"):
                other = module.split(".")[1]
                exception = EXCEPTIONS.get((room, other), name_of(path))
                if other != room and (other not in ALLOWED[room] or exception != name_of(path)):
                    wrong.append(f"{name_of(path)} imports {module}")
    assert "\n".join(wrong) == ""


@pytest.mark.parametrize("room", SUBROOMS)
def test_arrows_between_subrooms_run_one_way(room: str) -> None:
    def subroom(module: str) -> str | None:
        parts = module.split(".")
        if parts[1:2] != [room] or len(parts) == 2:  # the room's own __init__ shows what is in all of them
            return None
        return parts[2] if (PACKAGE / room / parts[2]).is_dir() else "."

    wrong = [
        f"{module} imports {other}"
        for module, others in GRAPH.items()
        if (source := subroom(module)) is not None
        for other in others
        if (target := subroom(other)) is not None and target not in {source, *SUBROOMS[room][source]}
    ]
    assert "\n".join(wrong) == ""


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_between_files() -> None:
    assert circle(GRAPH) == []


@pytest.mark.parametrize("package", [module for module, path in MODULES.items() if path.name == "__init__.py"])
def test_no_circle_between_the_files_and_folders_of_a_folder(package: str) -> None:
    depth = package.count(".") + 1
    graph: dict[str, set[str]] = defaultdict(set)
    for module, others in GRAPH.items():
        if module.startswith(f"{package}."):
            inside = {other.split(".")[depth] for other in others if other.startswith(f"{package}.")}
            graph[module.split(".")[depth]] |= inside - {module.split(".")[depth]}
    assert circle(graph) == []


def test_no_two_classes_have_the_same_name() -> None:
    places = defaultdict(list)
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{name_of(path)}:{node.lineno}")
    assert {name: at for name, at in places.items() if len(at) > 1} == {}


def test_a_folder_holds_few_files() -> None:
    """Beside one file for each model."""
    others = {"__init__", "__main__", *(model.spec.module for model in MODELS.values())}
    counts: dict[str, int] = defaultdict(int)
    for path in SOURCES:
        counts[path.parent.relative_to(ROOT).as_posix()] += path.stem not in others
    assert {folder: count for folder, count in counts.items() if count > MOST_FILES} == {}


def value_of(node: ast.AST) -> int | None:
    """Return the value of an integer, of a power or of a shift; None for anything else."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        return node.value
    if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant):
        base, by = node.left.value, node.right.value
        if type(base) is int and type(by) is int and by < 1 << 10:
            return base << by if isinstance(node.op, ast.LShift) else base**by if isinstance(node.op, ast.Pow) else None
    return None


def test_a_constant_of_the_protocol_stands_once() -> None:
    wrong = []
    for path, tree in TREES.items():
        lines = SOURCES[path].splitlines()
        for node in ast.walk(tree):
            value = value_of(node)
            if value in CONSTANTS and CONSTANTS[value] != name_of(path):
                line = node.lineno  # type: ignore[attr-defined]  # an expression has it
                if "on purpose" not in "".join(lines[max(line - 2, 0) : line]):
                    wrong.append(f"{name_of(path)}:{line} has {value}, which {CONSTANTS[value]} defines")
    assert "\n".join(wrong) == ""


def mirror_lines() -> list[tuple[str, str]]:
    paths = [*ROOT.glob("kernels/*/src/**/*.rs"), *SOURCES]
    return [
        (f"{path.relative_to(ROOT)}:{number}", line)
        for path in sorted(paths)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if "Mirrors:" in line and "OpenZeppelin" not in line
    ]


def test_mirrors_lines_point_at_something() -> None:
    wrong = []
    for place, line in mirror_lines():
        target = re.search(r"Mirrors: (?:`+(?P<name>\w+)`+ in )?(?P<path>contracts/[\w/.]+\.sol)", line)
        path = ROOT / target["path"] if target else ROOT / "nowhere"
        if target is None or not path.is_file():
            wrong.append(f"{place}: {line.strip()}")
        elif name := target["name"]:
            pattern = rf"\b(function|struct|error|event|constant) {name}\b|\b{name}\("
            if not re.search(pattern, path.read_text(encoding="utf-8")):
                wrong.append(f"{place}: no {name} in {target['path']}")
    assert "\n".join(wrong) == ""


def test_there_are_mirrors_lines() -> None:
    assert len(mirror_lines()) > 20
