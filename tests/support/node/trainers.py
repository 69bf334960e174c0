"""Trainers on a node, and transactions of several accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dcai import artifacts
from dcai.artifacts import Artifact
from dcai.evm.abi import Abi, encode
from dcai.evm.hashing import keccak, to_address
from dcai.models import Classifier
from tests.support.node.anvil import Anvil


def checksummed(address: str) -> str:
    return to_address(bytes.fromhex(address[2:]))


def packed_key(data: Sequence[int], label: int, time: int, author: str) -> str:
    """keccak256(abi.encodePacked(int64[], uint64, uint256, address)), where elements of an array fill a word each."""
    words = b"".join(x.to_bytes(32, "big", signed=True) for x in data)
    return "0x" + keccak(words + label.to_bytes(8, "big") + time.to_bytes(32, "big") + bytes.fromhex(author[2:])).hex()


@dataclass
class Sender:
    """Sends transactions from the accounts of a node, and mines when told."""

    node: Anvil
    artifact: Artifact
    address: str

    def __post_init__(self) -> None:
        self.accounts: list[str] = [checksummed(account) for account in self.node.rpc("eth_accounts")]
        self._abi = Abi(self.artifact.abi)

    def calldata(self, function: str, *args: Any) -> bytes:
        return self._abi.function(function, len(args)).encode(args)

    def send(self, sender: int, function: str, *args: Any, value: int = 0, to: str | None = None) -> str:
        """Send a transaction, which waits until a block is mined; return its hash."""
        return self.send_raw(sender, to or self.address, self.calldata(function, *args), value)

    def send_raw(self, sender: int, to: str, data: bytes, value: int = 0) -> str:
        fields = {"from": self.accounts[sender], "to": to, "data": f"0x{data.hex()}", "value": hex(value)}
        hash_: str = self.node.rpc("eth_sendTransaction", {**fields, "gas": hex(1 << 24)})
        return hash_

    def forward(self, sender: int, forwarder: str, data: bytes) -> str:
        """Have another contract make a call."""
        call = keccak(b"forward(address,bytes)")[:4] + encode(
            (("", "address"), ("", "bytes")), (self.address, data), ""
        )
        return self.send_raw(sender, forwarder, call)

    def block(self, number: str = "latest") -> dict[str, Any]:
        block: dict[str, Any] = self.node.rpc("eth_getBlockByNumber", number, False)
        return block

    def receipt(self, hash_: str) -> dict[str, Any]:
        receipt: dict[str, Any] = self.node.rpc("eth_getTransactionReceipt", hash_)
        assert receipt is not None
        assert receipt["status"] == "0x1", receipt
        return receipt


@dataclass
class Framework:
    """The contracts of a trainer on a node, and a sender to the trainer."""

    trainer: Sender
    handler: str
    mechanism: str
    classifier: str

    def of_handler(self, getter: str, *args: Any) -> Any:
        function = Abi(artifacts.load("DataHandler64").abi).function(getter, len(args))
        call = {"to": self.handler, "data": f"0x{function.encode(args).hex()}"}
        return function.decode(bytes.fromhex(self.trainer.node.rpc("eth_call", call, "latest")[2:]))


def deploy_framework(node: Anvil, model: Classifier, mechanism: str, *args: Any) -> Framework:
    """Deploy trainer, data handler, incentive mechanism and classifier; the first owns the others."""
    load = artifacts.load
    owned = [
        node.create(load("DataHandler64")),
        node.create(load(mechanism), *args),
        node.deploy(model).address,
    ]
    trainer = node.create(load("CollaborativeTrainer64"), "a name", "a description", "an encoder", *owned)
    transfer = keccak(b"transferOwnership(address)")[:4] + encode((("", "address"),), (trainer,), "")
    node.send([(address, transfer) for address in owned])
    return Framework(
        Sender(node, load("CollaborativeTrainer64"), checksummed(trainer)), *(checksummed(one) for one in owned)
    )
