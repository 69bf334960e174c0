"""State tests under the executable specification of Ethereum, the one module that imports ``ethereum-execution``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dcai import strict_json
from dcai.errors import InputError, MissingExtraError
from dcai.evm.hashing import keccak

_RECURSION_LIMIT = sys.getrecursionlimit()
try:
    import ethereum
    from ethereum_spec_tools.evm_tools import statetest
    from ethereum_spec_tools.evm_tools.t8n import ForkCache
except ImportError as error:
    raise MissingExtraError("dcai.verify.state_tests.specs", "specs") from error
finally:
    sys.setrecursionlimit(_RECURSION_LIMIT)  # raised by the import, for the whole process

__all__ = ["StateTestResult", "run_file"]


@dataclass(frozen=True)
class StateTestResult:
    """Result of a test under one fork.

    Attributes
    ----------
    name, fork : str
        Which test, and the fork as the file names it.
    failures : tuple of str
        What differs, in words; empty where the test passes.
    """

    name: str
    fork: str
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing differs."""
        return not self.failures


def run_file(path: str | os.PathLike[str]) -> Iterator[StateTestResult]:
    """Run each test in a file under each of its forks.

    State root and hash of logs must be those of the file, and the transaction, which the specification signs itself,
    byte by byte the one in the file.

    Parameters
    ----------
    path : path
        State tests in the JSON form of ``execution-spec-tests``.

    Raises
    ------
    InputError
        The file holds no such tests.
    """
    try:
        tests = strict_json.loads(Path(path).read_text(encoding="utf-8"))
        cases = [case for name, test in tests.items() for case in statetest.read_test_case(str(path), name, test)]
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise InputError(f"{path} holds no state tests: {error!r}") from error
    if not cases:
        raise InputError(f"{path} holds no state tests")
    with ForkCache() as forks:
        for case in cases:
            with _deep_recursion():
                result = statetest.run_test_case(case, forks)
            yield StateTestResult(case.key, case.fork_name, tuple(_failures(case.post, result)))


def _failures(post: dict[str, Any], result: Any) -> Iterator[str]:
    if result.rejected:
        yield f"the transaction is refused: {result.rejected}"
        return
    roots = (
        ("state root", result.state_root, post["hash"]),
        ("hash of logs", result.logs_hash, post["logs"]),
        ("hash of the transaction", result.receipts[0][0], f"0x{keccak(bytes.fromhex(post['txbytes'][2:])).hex()}"),
    )
    for what, got, expected in roots:
        if f"0x{bytes(got).hex()}" != expected:
            yield f"{what} is 0x{bytes(got).hex()}; the file has {expected}"


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Allow the depth that calls within calls need, and no longer than they do."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, ethereum.EVM_RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
