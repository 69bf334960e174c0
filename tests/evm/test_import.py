"""What is imported when, each in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dcai.evm import engine_names

BLOCK = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ModuleNotFoundError("No module named " + name)

sys.meta_path.insert(0, Missing())
"""


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_dcai_does_not_import_the_evm() -> None:
    modules = {"dcai.evm", "dcai.artifacts", "eth", "eth_abi", "eth_utils"}
    assert run(f"import dcai, sys; print(*sys.modules.keys() & {modules})") == ""


def test_dcai_evm_imports_py_evm_when_it_is_chosen() -> None:
    program = (
        "import dcai.evm, sys\nfor engine in ('revm', 'py-evm'): dcai.evm.Evm(engine); print('eth' in sys.modules)"
    )
    assert run(program) == "False\nTrue"


def test_without_eth_abi_the_extra_is_named() -> None:
    program = BLOCK.format(blocked={"eth_abi"}) + (
        "from dcai.errors import MissingExtraError\n"
        "try:\n    import dcai.evm\nexcept MissingExtraError as error:\n    print(error)\n"
    )
    assert run(program) == "dcai.evm needs an optional dependency: pip install 'dcai[evm]'"


def test_without_py_evm_the_extra_is_named() -> None:
    program = BLOCK.format(blocked={"eth"}) + (
        "import dcai.evm\nfrom dcai.errors import MissingExtraError\n"
        "try:\n    dcai.evm.Evm('py-evm')\nexcept MissingExtraError as error:\n    print(error)\n"
    )
    assert run(program) == "the engine 'py-evm' needs an optional dependency: pip install 'dcai[evm]'"


@pytest.mark.parametrize("engine", engine_names())
def test_an_engine_leaves_the_recursion_limit_as_it_is(engine: str) -> None:
    program = (
        "import sys\nlimit = sys.getrecursionlimit()\n"
        f"from dcai.evm import Evm\nchain = Evm({engine!r}, 'cancun')\nchain.transact(None, b'')\n"
        "print(sys.getrecursionlimit() == limit)"
    )
    assert run(program) == "True"
