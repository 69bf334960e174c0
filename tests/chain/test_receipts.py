"""Receipts of all forms give the root that the node's header has."""

from __future__ import annotations

from typing import Any

import pytest

from dcai.chain import Limits
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.proofs import ordered_root
from dcai.chain.rpc.receipts import may_have, proven_logs
from dcai.errors import ProofError
from tests.support.node.anvil import Anvil

#: Logs one topic and a word: PUSH1 7, PUSH0, MSTORE, PUSH1 9, PUSH1 32, PUSH0, LOG1.
LOGGER = bytes.fromhex("60075f5260096020 5fa1")
#: That of an empty trie: keccak256 of the RLP of nothing.
EMPTY = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


@pytest.mark.parametrize("count", [0, 1, 2, 140])
def test_all_types_and_any_number(node: Anvil, count: int) -> None:
    contract = node.place(LOGGER, {}, address="0x" + "aa" * 20)
    forms: tuple[dict[str, Any], ...] = (
        {"gasPrice": hex(10**10)},
        {"gasPrice": hex(10**10), "accessList": []},
        {"maxFeePerGas": hex(10**10)},
    )
    nonce = int(node.rpc("eth_getTransactionCount", node.account, "latest"), 16)
    common = {"from": node.account, "gas": hex(60_000)}
    for i in range(count):
        to = contract if i % 2 else node.account
        node.rpc("eth_sendTransaction", {**common, "to": to, "nonce": hex(nonce + i), **forms[i % 3]})
    node.mine()
    block = node.rpc("eth_getBlockByNumber", "latest", False)
    receipts = node.rpc("eth_getBlockReceipts", block["hash"])
    assert {receipt["type"] for receipt in receipts} == {"0x0", "0x1", "0x2"} if count > 2 else True
    with Node(node.url, Limits()) as asked:
        header = asked.header(block["hash"], verify=True)
    logs = proven_logs(header, receipts)
    assert [(log.address.hex(), [topic[-1] for topic in log.topics], log.data[-1]) for log in logs] == [
        ("aa" * 20, [9], 7)
    ] * (count // 2)
    assert [log.index for log in logs] == list(range(count // 2))
    assert may_have(header, [bytes.fromhex("aa" * 20), (9).to_bytes(32, "big")]) is (count > 1)
    assert not may_have(header, [bytes.fromhex("ab" * 20)])
    if count > 1:
        with pytest.raises(ProofError, match=f"block {header.number} have the root"):
            proven_logs(header, receipts[::-1])


def test_no_receipts() -> None:
    assert ordered_root([]).hex() == EMPTY
