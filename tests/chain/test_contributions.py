"""Contributions to trainers with the events of 0xDeCA10B: what is collected is what was sent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dcai.artifacts import Artifact
from dcai.chain import Limits, contributions
from dcai.errors import (
    BlockError,
    DataError,
    InputError,
    NoCodeError,
    ProofError,
    ResponseError,
    UnknownContractError,
    WrongChainError,
)
from dcai.evm.hashing import keccak
from tests.support.node import anvil
from tests.support.node.anvil import Anvil
from tests.support.node.lies import Liar, flip, in_result
from tests.support.node.trainers import Sender, checksummed, packed_key

LIMITS = Limits(tries=2, backoff_s=0.01)
CLASSIFIER = "0x" + keccak(b"classifier()")[:4].hex()
LABELS = [0, 1, 2, 2**64 - 1, 2**64 - 1]
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
    added = []
    for batch in (((0, 10**20), (1, 1), (2, 2)), ((3, 0), (4, 0))):
        sent = [
            (i, deposit, sender.send(i % 3, "addData", SAMPLES[i], LABELS[i], value=deposit)) for i, deposit in batch
        ]
        node.mine()
        added += [(i % 3, SAMPLES[i], LABELS[i], deposit, sender.receipt(hash_)) for i, deposit, hash_ in sent]
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
        assert list(one.data) == data
        assert (one.label, one.sender, one.cost_wei, one.sponsor) == (label, author, deposit, None)
        assert one.time == int(block["timestamp"], 16)
        assert one.key == packed_key(data, label, one.time, author)
        assert (one.block_hash, one.transaction) == (block["hash"], receipt["transactionHash"])
        assert hex(one.block_number) == receipt["blockNumber"]
        assert hex(one.transaction_index) == receipt["transactionIndex"]
        assert hex(one.log_index) == receipt["logs"][0]["logIndex"]


def test_what_became_of_them(node: Anvil, history: History) -> None:
    accounts = history.sender.accounts
    with collect(node.url, history) as collected:
        found = list(collected)
        trust = collected.trust
    expected: list[list[tuple[str, str, int, int]]] = [
        [("refund", accounts[0], 7, 0)],
        [("report", accounts[2], 3, 1), ("report", accounts[0], 3, 2)],
        [],
        [],
        [],
    ]
    time = int(history.sender.block(hex(history.last))["timestamp"], 16)
    for one, claims in zip(found, expected, strict=True):
        assert [(c.kind, c.recipient, c.amount_wei, c.transaction) for c in one.claims] == [
            (kind, recipient, amount, history.claims[i]) for kind, recipient, amount, i in claims
        ]
        assert {claim.time for claim in one.claims} <= {time}
    # The refund through the forwarder went to the forwarder, which has contributed nothing.
    assert [one.status for one in found] == ["validated", "reported", "open", "open", "open"]
    assert collected.num_unattributed == 1
    assert "unknown: 1 refunds and reports were made through other contracts" in trust


def test_a_block_before_the_claims(node: Anvil, history: History) -> None:
    with collect(node.url, history, to_block=history.last - 1) as collected:
        assert {one.status for one in collected} == {"open"}
        assert collected.last_block.number == history.last - 1


def test_claims_that_nobody_can_attribute(node: Anvil, original_trainers: dict[str, Artifact]) -> None:
    artifact = original_trainers["CollaborativeTrainer64"]
    sender = Sender(node, artifact, checksummed(node.create(artifact)))
    forwarder = checksummed(node.create(original_trainers["Forwarder"]))
    sender.forward(0, forwarder, sender.calldata("addData", [1], 0))
    sender.send(0, "addData", [2], 0)
    node.mine()
    sender.forward(0, forwarder, sender.calldata("refund", [1], 0, 0))
    node.mine()
    sender.forward(0, forwarder, sender.calldata("addData", [3], 0))
    node.mine()
    refunded = statuses(node, sender)
    # The forwarder's own first, and not what it sent later.
    assert refunded == {1: "unknown", 2: "open", 3: "open"}
    sender.forward(0, forwarder, sender.calldata("report", [2], 0, 0, sender.accounts[0]))
    node.mine()
    assert statuses(node, sender) == {1: "unknown", 2: "unknown", 3: "unknown"}


def test_a_contribution_that_takes_the_record_of_another(node: Anvil, history: History) -> None:
    """Without a deposit the same data may be added twice in a block: with one key, under which the later one stands."""
    artifact = history.sender.artifact
    sender = Sender(node, artifact, checksummed(node.create(artifact)))
    for _ in range(2):
        sender.send(0, "addData", [1], 0)
    node.mine()
    time = int(sender.block()["timestamp"], 16)
    sender.send(0, "refund", [1], 0, time)
    node.mine()
    with contributions(node.url, sender.address, to_block="latest") as collected:
        first, second = collected
    assert first.key == second.key
    assert (first.status, second.status) == ("open", "validated")


def statuses(node: Anvil, sender: Sender) -> dict[int, str]:
    with contributions(node.url, sender.address, to_block="latest") as collected:
        return {int(one.data[0]): one.status for one in collected}


def test_the_address_of_the_classifier_will_do(node: Anvil, history: History) -> None:
    with contributions(node.url, history.classifier, history.first, history.last) as collected:
        assert len(collected) == len(SAMPLES)
        assert collected.trainer.address == history.sender.address
        assert collected.trainer.classifier == history.classifier


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"from_block": -1}, InputError, "from_block is -1; it must be from 0 to to_block"),
        ({"from_block": True}, InputError, "from_block is True"),
        ({"from_block": 1 << 40}, InputError, "it must be from 0 to to_block"),
        ({"to_block": "0x" + "00" * 32}, InputError, "to_block is .*; it cannot be a hash"),
        ({"to_block": 1 << 40}, BlockError, "no block 0x10000000000"),
        ({"expect_chain_id": 1}, WrongChainError, "chain 31337; expected chain 1"),
    ],
)
def test_what_cannot_be_asked(
    node: Anvil, history: History, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        collect(node.url, history, **arguments)


def test_an_address_that_is_no_trainer(node: Anvil, original_trainers: dict[str, Artifact]) -> None:
    with pytest.raises(NoCodeError, match="holds no contract"):
        contributions(node.url, "0x" + "77" * 20, to_block="latest")
    with pytest.raises(UnknownContractError, match=r"neither a trainer .* nor a classifier"):
        contributions(node.url, node.create(original_trainers["Stakeable64"]), to_block="latest")
    owned = original_trainers["Owned"]
    with pytest.raises(UnknownContractError, match=r"neither .* nor its owner .* is a trainer"):
        contributions(node.url, node.create(owned, node.account), to_block="latest")
    trainer = checksummed(node.create(original_trainers["CollaborativeTrainer64"]))
    with pytest.raises(UnknownContractError, match="whose classifier is 0x"):
        contributions(node.url, node.create(owned, trainer), to_block="latest")


# -- going on -- #


def test_an_interrupted_run_goes_on(node: Anvil, liar: Liar, history: History, tmp_path: Path) -> None:
    whole = [(one.key, one.status) for one in collect(node.url, history)]
    store = tmp_path / "rows.partial"

    def stop(done: int, total: int) -> None:
        assert total == history.last - history.first + 1
        if done > total // 2:
            raise KeyboardInterrupt

    liar.alter = one_block_at_a_time
    with pytest.raises(KeyboardInterrupt):
        collect(liar.url, history, collected=store, progress=stop)
    asked_before = len(liar.requests)
    with collect(liar.url, history, collected=store) as collected:
        assert [(one.key, one.status) for one in collected] == whole
        assert history.first < collected.resumed_at <= history.last
    asked = [int(r["params"][0]["fromBlock"], 16) for r in liar.requests[asked_before:] if r["method"] == "eth_getLogs"]
    assert min(asked) == collected.resumed_at
    with collect(node.url, history, collected=store) as collected:  # all there
        assert [(one.key, one.status) for one in collected] == whole


def one_block_at_a_time(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any] | None:
    """A node that answers `eth_getLogs` for single blocks only."""
    if request["method"] != "eth_getLogs" or request["params"][0]["fromBlock"] == request["params"][0]["toBlock"]:
        return None
    error = {"code": -32602, "message": "range 2 exceeds limit of 1"}
    return {"jsonrpc": "2.0", "id": answer["id"], "error": error}


def test_a_store_of_another_question(node: Anvil, history: History, tmp_path: Path) -> None:
    store = tmp_path / "rows.partial"
    collect(node.url, history, collected=store).close()
    with pytest.raises(InputError, match="belongs to a run with other arguments"):
        collect(node.url, history, collected=store, from_block=history.first - 1)
    with (
        collect(node.url, history, collected=store),
        pytest.raises(InputError, match="does another run use it"),
    ):
        collect(node.url, history, collected=store)
    store.write_bytes(b"no database " * 100)
    with pytest.raises(DataError, match="delete it"):
        collect(node.url, history, collected=store)


def test_what_left_the_chain_is_forgotten(original_trainers: dict[str, Artifact], tmp_path: Path) -> None:
    artifact = original_trainers["CollaborativeTrainer64"]
    store = tmp_path / "rows.partial"
    with anvil.running() as node:
        sender = Sender(node, artifact, checksummed(node.create(artifact)))
        sender.send(0, "addData", [1], 0)
        node.mine()
        with contributions(node.url, sender.address, to_block="latest", collected=store):
            pass
        snapshot = node.rpc("evm_snapshot")
        sender.send(0, "addData", [2], 0)
        node.mine()
        with contributions(node.url, sender.address, to_block="latest", collected=store) as collected:
            assert [list(one.data) for one in collected] == [[1], [2]]
        assert node.rpc("evm_revert", snapshot)
        sender.send(0, "addData", [3], 0)
        node.mine()
        node.mine()
        with contributions(node.url, sender.address, to_block="latest", collected=store) as collected:
            assert [list(one.data) for one in collected] == [[1], [3]]


# -- lies -- #


def at_first(change: Any) -> Any:
    """Change the first log of each answer that has any."""
    return lambda logs: change(logs[0]) if logs else None


def set_word(index: int, value: int) -> Any:
    def change(log: dict[str, Any]) -> None:
        start = 2 + 64 * index
        log["data"] = log["data"][:start] + f"{value:064x}" + log["data"][start + 64 :]

    return at_first(change)


FORM = "is not a well-formed AddData event"
FALSE_EVENTS: list[tuple[Any, str]] = [
    (set_word(0, 96), FORM),
    (set_word(1, 1 << 64), FORM),
    (set_word(2, 1 << 63), FORM),
    (set_word(4, 4), FORM),
    (set_word(5, 1 << 63), FORM),
    (at_first(lambda log: log.update(data=log["data"][:-2])), FORM),
    (at_first(lambda log: log.update(data="0x")), FORM),
    (at_first(lambda log: log["topics"].pop() and None), FORM),
    (at_first(lambda log: log["topics"].__setitem__(1, "0x01" + log["topics"][1][4:])), FORM),
    (lambda logs: logs[-1].update(data="0x") if logs else None, "is neither a refund nor a report"),
    (
        lambda logs: logs[-1].update(data="0x01" + logs[-1]["data"][4:]) if logs else None,
        "is neither a refund nor a report",
    ),
]


@pytest.mark.parametrize(("change", "message"), FALSE_EVENTS)
def test_events_that_cannot_be(liar: Liar, history: History, change: Any, message: str) -> None:
    liar.alter = in_result("eth_getLogs", change)
    with pytest.raises(UnknownContractError, match=message):
        collect(liar.url, history)


PROVEN: list[tuple[str, Any, str]] = [
    ("eth_getLogs", set_word(3, 5), "the first that differs is number 0"),
    ("eth_getLogs", lambda logs: logs.pop(0) and None, r"gives 2 logs of block \d+, and its receipts have 3"),
    ("eth_getLogs", at_first(lambda log: log.update(topics=[log["topics"][0], flip(log["topics"][1])])), "number 0"),
    ("eth_getBlockReceipts", lambda all_: all_[0].update(cumulativeGasUsed="0x1"), "receipts .* have the root"),
    ("eth_getBlockReceipts", lambda all_: all_.pop() and None, "receipts .* have the root"),
    ("eth_getBlockReceipts", lambda all_: all_[0]["logs"][0].update(data="0x"), "receipts .* have the root"),
    ("eth_getBlockByNumber", lambda block: block.update(receiptsRoot=flip(block["receiptsRoot"])), "does not hash to"),
]


@pytest.mark.parametrize(("method", "change", "message"), PROVEN)
def test_what_receipts_find_out(liar: Liar, history: History, method: str, change: Any, message: str) -> None:
    liar.alter = in_result(method, change)
    with pytest.raises(ProofError, match=message):
        collect(liar.url, history, verify=True)


def test_a_node_without_receipts(liar: Liar, history: History) -> None:
    def refuse(request: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any] | None:
        if request["method"] != "eth_getBlockReceipts":
            return None
        return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32601, "message": "no such method"}}

    liar.alter = refuse
    with pytest.raises(ProofError, match=r"gives no receipts .*verify=False"):
        collect(liar.url, history, verify=True)


def test_without_proofs_a_lie_is_believed_and_said_to_be(liar: Liar, history: History) -> None:
    liar.alter = in_result("eth_getLogs", set_word(3, 5))
    with collect(liar.url, history) as collected:
        assert next(iter(collected)).cost_wei == 5
        assert collected.trust.startswith("proven: nothing\ntrusted: the node, for every event")


def test_the_times_of_claims_where_logs_have_none(node: Anvil, liar: Liar, history: History) -> None:
    liar.alter = in_result("eth_getLogs", lambda logs: [log.pop("blockTimestamp") for log in logs] and None)
    with collect(node.url, history) as expected, collect(liar.url, history) as collected:
        assert [one.claims for one in collected] == [one.claims for one in expected]


def test_another_transaction_than_was_asked_for(liar: Liar, history: History) -> None:
    liar.alter = in_result("eth_getTransactionByHash", lambda found: found.update(hash=flip(found["hash"])))
    with pytest.raises(ResponseError, match="as requested"):
        collect(liar.url, history)


def test_the_last_block_is_replaced_meanwhile(liar: Liar, history: History) -> None:
    seen = []

    def change(block: dict[str, Any]) -> None:
        seen.append(block)
        if len(seen) > 1:
            block["hash"] = "0x" + "99" * 32

    liar.alter = in_result("eth_getBlockByNumber", change)
    with pytest.raises(BlockError, match="the chain was reorganised"):
        collect(liar.url, history)
