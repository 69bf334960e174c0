"""A real node for tests: anvil, from the npm packages that ``make test`` installs, on a port of its own."""

from __future__ import annotations

import itertools
import json
import re
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.errors import EvmError
from dcai.evm.abi import Abi
from dcai.evm.deploy import drive
from dcai.models import Classifier
from dcai.models.deployment import Driver

_PACKAGES = Path(__file__).parents[3] / "contracts" / "node_modules" / "@foundry-rs"
_GAS_LIMIT = 1 << 24
#: Without the variables that would send a request to loopback elsewhere.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class RemoteError(Exception):
    """The node answered with an error."""


class Anvil:
    """A running node.

    Attributes
    ----------
    url : str
        Of its JSON-RPC server.
    account : str
        One whose transactions need no signature.
    """

    def __init__(self, url: str, process: subprocess.Popen[bytes] | None = None) -> None:
        self.url = url
        self._process = process
        self._ids = itertools.count(1)
        self.account: str = self.rpc("eth_accounts")[0]

    def rpc(self, method: str, *params: Any) -> Any:
        return self.batch([(method, list(params))])[0]

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Send all calls in one HTTP request."""
        bodies = [{"jsonrpc": "2.0", "id": next(self._ids), "method": m, "params": p} for m, p in calls]
        request = urllib.request.Request(
            self.url, json.dumps(bodies).encode(), headers={"Content-Type": "application/json"}
        )
        with _OPENER.open(request, timeout=60) as response:
            answers = {answer["id"]: answer for answer in json.load(response)}
        for answer in answers.values():
            if "error" in answer:
                raise RemoteError(answer["error"])
        return [answers[body["id"]]["result"] for body in bodies]

    def send(self, calls: Sequence[tuple[str | None, bytes]]) -> list[dict[str, Any]]:
        """Send transactions, each to a contract or creating one, and return their receipts."""
        first = int(self.rpc("eth_getTransactionCount", self.account, "latest"), 16)
        common = {"from": self.account, "gas": hex(_GAS_LIMIT)}
        # With nonces, since the calls of a batch run side by side.
        sent = [
            {**common, "nonce": hex(nonce), "data": f"0x{data.hex()}", **({"to": to} if to else {})}
            for nonce, (to, data) in enumerate(calls, first)
        ]
        hashes = self.batch([("eth_sendTransaction", [transaction]) for transaction in sent])
        self.mine()
        receipts = self.batch([("eth_getTransactionReceipt", [hash_]) for hash_ in hashes])
        for receipt in receipts:
            if receipt is None or receipt["status"] != "0x1":
                raise EvmError(f"the transaction failed: {receipt}")
        return receipts

    def create(self, artifact: Artifact, *args: Any) -> str:
        data = artifact.bytecode + Abi(artifact.abi).constructor.encode(args)
        address: str = self.send([(None, data)])[0]["contractAddress"]
        return address

    def deploy(self, model: Classifier) -> Deployed:
        """Deploy the contract of a model, in as many transactions as it takes."""
        driver = _Deployment(self, artifacts.load(model.spec.contract))
        drive(driver, model)
        return Deployed(self, driver.artifact, driver.address)

    def place(self, code: bytes, storage: Mapping[int, int], address: str = "0x" + "5e" * 20) -> str:
        """Put code and storage at an address."""
        self.batch([("anvil_setCode", [address, f"0x{code.hex()}"])])
        calls: list[tuple[str, list[Any]]] = [
            ("anvil_setStorageAt", [address, f"0x{slot:064x}", f"0x{word:064x}"]) for slot, word in storage.items()
        ]
        for start in range(0, len(calls), 5000):
            self.batch(calls[start : start + 5000])
        self.mine()
        return address

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End the node before its time; unless it is killed it writes the state that ``--state`` asks for."""
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(20)

    def mine(self) -> None:
        """Add a block, whose state root has what was placed."""
        self.rpc("evm_mine")


class Deployed:
    """A contract on a node."""

    def __init__(self, anvil: Anvil, artifact: Artifact, address: str) -> None:
        self.anvil = anvil
        self.address = address
        self._update = Abi(artifact.abi).function("update", 2)

    def update(self, samples: Sequence[Any], labels: Sequence[int]) -> None:
        """Send one transaction a sample."""
        calls = [(self.address, self._update.encode((x, y))) for x, y in zip(samples, labels, strict=True)]
        self.anvil.send(calls)


class _Deployment(Driver):
    def __init__(self, anvil: Anvil, artifact: Artifact) -> None:
        self.artifact = artifact
        self.address = ""
        self._anvil = anvil
        self._abi = Abi(artifact.abi)

    def send(self, function: str, args: tuple[Any, ...], items: int) -> None:
        try:
            if function == "constructor":
                self.address = self._anvil.create(self.artifact, *args)
            else:
                self._anvil.send([(self.address, self._abi.function(function, len(args)).encode(args))])
        except RemoteError as error:
            raise EvmError(str(error)) from error


@contextmanager
def running(*options: str) -> Iterator[Anvil]:
    """Run a node until the block ends."""
    programs = [path for path in _PACKAGES.glob("anvil-*/bin/anvil*") if path.is_file()]
    assert programs, "anvil is not installed: 'make test' installs it, or 'npm --prefix contracts ci'"
    command = [str(programs[0]), "--port", "0", "--host", "127.0.0.1", "--hardfork", "osaka"]
    # A block is mined when a test asks for it, and takes all transactions that wait.
    command += ["--no-mining", "--gas-limit", str(10**11), *options]
    # Its log goes to a file: nobody reads a pipe to its end.
    with tempfile.TemporaryFile("w+") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            yield Anvil(f"http://{_listening(process, log)}", process)
        finally:
            process.kill()


def _listening(process: subprocess.Popen[bytes], log: IO[str]) -> str:
    """Wait until a node says where it listens."""
    for _ in range(1000):
        log.seek(0)
        text = log.read()
        if match := re.search(r"Listening on (127\.0\.0\.1:\d+)\n", text):
            return match[1]
        assert process.poll() is None, text
        time.sleep(0.02)
    raise AssertionError(f"the node does not listen: {text}")
