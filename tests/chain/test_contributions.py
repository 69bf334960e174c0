"""Contributions to trainers with the events of 0xDeCA10B: what is collected is what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chain.anvil import Anvil
from chain.lies import Liar, flip, in_result
from chain.trainers import Sender, checksummed, packed_key
from dcai.artifacts import Artifact
from dcai.chain import Limits, contributions
from dcai.errors import (
    BlockError,
    InputError,
    NoCodeError,
    ProofError,
    ResponseError,
    UnknownContractError,
    WrongChainError,
)
from dcai.evm.hashing import keccak

LIMITS = Limits(tries=2, backoff_s=0.01)
CLASSIFIER = "0x" + keccak(b"classifier()")[:4].hex()
SAMPLES = [[5, 9, 2**63 - 1], [], [-(2**63), -1, 0], [7], [8]]


@dataclass
class History:
    """What was sent to a trainer, as the receipts have it."""

    sender: Sender
    classifier: str
    first: int
    last: int
    added: list[tuple[int, list[int], int, int, dict[str, Any]]]  # account, data, label, deposit, receipt
    claims: list[str]


@pytest.fixture(scope="module")
def history(node: Anvil, original_trainers: dict[str, Artifact]) -> History:
    artifact = original_trainers["CollaborativeTrainer64"]
    sender = Sender(node, artifact, checksummed(node.create(artifact)))
    forwarder = node.create(original_trainers["Forwarder"])
    first = int(sender.block()["number"], 16)
    waiting = [
        (i % 3, data, i, 10**20 * (i == 0) + i, sender.send(i % 3, "addData", data, i, value=10**20 * (i == 0) + i))
        for i, data in enumerate(SAMPLES[:3])
    ]
    node.mine()
    waiting += [(i % 3, SAMPLES[i], 2**64 - 1, 0, sender.send(i % 3, "addData", SAMPLES[i], 2**64 - 1)) for i in (3, 4)]
    node.mine()
    added = [(*rest, sender.receipt(hash_)) for *rest, hash_ in waiting]
    times = [int(sender.block(receipt["blockNumber"])["timestamp"], 16) for *_, receipt in added]
    claims = [
        sender.send(0, "refund", SAMPLES[0], 0, times[0]),
        sender.send(2, "report", SAMPLES[1], 1, times[1], sender.accounts[1]),
        sender.send(0, "report", SAMPLES[1], 1, times[1], sender.accounts[1]),
        # Nobody can tell whose refund this is, but that it is of the forwarder's.
        sender.forward(1, forwarder, sender.calldata("refund", SAMPLES[2], 2, times[2])),
    ]
    node.mine()
    for claim in claims:
        sender.receipt(claim)
    classifier = checksummed("0x" + node.rpc("eth_call", {"to": sender.address, "data": CLASSIFIER}, "latest")[-40:])
    return History(sender, classifier, first, int(sender.block()["number"], 16), added, claims)


def collect(url: str, history: History, **arguments: Any) -> Any:
    given = {"from_block": history.first, "to_block": history.last, "limits": LIMITS, **arguments}
    return contributions(url, history.sender.address, **given)


@pytest.mark.parametrize("verify", [False, True])
def test_what_was_sent_is_what_is_collected(node: Anvil, history: History, verify: bool) -> None:
    with collect(node.url, history, verify=verify) as collected:
        found = list(collected)
        assert len(collected) == len(found) == len(SAMPLES)
        assert [one.key for one in collected] == [one.key for one in found]  # a second time
    for one, (account, data, label, deposit, receipt) in zip(found, history.added, strict=True):
        block = history.sender.block(receipt["blockNumber"])
        author = history.sender.accounts[account]
        assert one.data.tolist() == data
        assert (one.label, one.author, one.deposit_wei, one.sponsor) == (label, author, deposit, None)
        assert one.time == int(block["timestamp"], 16)
        assert one.key == packed_key(data, label, one.time, author)
        assert (one.block_hash, one.transaction_hash) == (block["hash"], receipt["transactionHash"])
        assert hex(one.block_number) == receipt["blockNumber"]
        assert hex(one.transaction_index) == receipt["transactionIndex"]
        assert hex(one.log_index) == receipt["logs"][0]["logIndex"]
