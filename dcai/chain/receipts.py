"""The logs of a block, proven by its receipts, whose trie has the root that the header holds.

Receipts are encoded as EIP-2718 and the yellow paper have it: type, then status (or state root, before Byzantium), gas
used so far, bloom filter and logs. They do not hold the hashes of their transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.chain.fields import Fields
from dcai.errors import BlockError, MissingExtraError, ProofError, RpcError

try:
    import rlp
    from trie.hexary import HexaryTrie
except ImportError as error:
    raise MissingExtraError("dcai.chain", "chain") from error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcai.chain.header import Header
    from dcai.chain.logs import Log
    from dcai.chain.node import Node

__all__ = ["prove_logs"]

_METHOD = "eth_getBlockReceipts"
_NO_METHOD = frozenset({-32601, -32004})
#: Transaction index, log index, address, topics, data.
_Entry = tuple[int, int, bytes, tuple[int, ...], bytes]


def prove_logs(node: Node, logs: Sequence[Log], is_wanted: Callable[[bytes, tuple[int, ...]], bool]) -> Header:
    """Check that the logs of one block are those that are wanted, all of them, and as its receipts have them.

    Parameters
    ----------
    node : Node
        Asked for header and receipts.
    logs : sequence of Log
        At least one, all of one block.
    is_wanted : callable
        Takes address and topics of a log, and says whether it should be among them.

    Returns
    -------
    Header
        Of the block, its hash recomputed.

    Raises
    ------
    ProofError
        The receipts have not the root that the header holds, or other logs; or the node gives no receipts.
    BlockError
        The block has another hash by now.
    """
    number = logs[0].block_number
    header = node.header(hex(number), verify=True)
    if header.hash != logs[0].block_hash:
        raise BlockError(
            f"block {number} is 0x{header.hash.hex()}, and 0x{logs[0].block_hash.hex()} in its logs: the chain was "
            "reorganised; try again, with to_block='finalized'"
        )
    receipts = _receipts(node, number)
    root = _root(receipts)
    if root != header.receipts_root:
        raise ProofError(
            f"the receipts that the node gives for block {number} have the root 0x{root.hex()}; that of its header is "
            f"0x{header.receipts_root.hex()}"
        )
    proven = [entry for entry in _entries(receipts) if is_wanted(entry[2], entry[3])]
    given = [(log.transaction_index, log.log_index, log.address, log.topics, log.data) for log in logs]
    if proven != given:
        index = next((i for i, pair in enumerate(zip(proven, given, strict=False)) if pair[0] != pair[1]), len(given))
        raise ProofError(
            f"the node gives {len(given)} logs of block {number}, and its receipts have {len(proven)}; the first that "
            f"differs is number {index}"
        )
    return header


def _receipts(node: Node, number: int) -> list[Fields]:
    try:
        result = node.request(_METHOD, hex(number))
    except RpcError as error:
        if error.code in _NO_METHOD:
            raise ProofError(
                f"the node gives no receipts of blocks ({error}): another node may, or verify=False reads without"
            ) from error
        raise
    entries = Fields(_METHOD, {"result": result}, "answer").items("result")
    return [Fields(_METHOD, entry, f"result[{i}]") for i, entry in enumerate(entries)]


def _root(receipts: Sequence[Fields]) -> bytes:
    trie = HexaryTrie({})
    for i, receipt in enumerate(receipts):
        trie[rlp.encode(i)] = _encoded(receipt)
    root: bytes = trie.root_hash
    return root


def _encoded(receipt: Fields) -> bytes:
    kind = receipt.quantity("type", 8) if "type" in receipt else 0
    outcome: Any = receipt.data("root", 32) if "status" not in receipt else receipt.quantity("status", 8)
    logs = [[address, [t.to_bytes(32, "big") for t in topics], data] for address, topics, data in _logs(receipt)]
    fields = [outcome, receipt.quantity("cumulativeGasUsed", 64), receipt.data("logsBloom", 256), logs]
    encoded: bytes = rlp.encode(fields)
    return bytes([kind]) * (kind > 0) + encoded


def _logs(receipt: Fields) -> Iterator[tuple[bytes, tuple[int, ...], bytes]]:
    for i, entry in enumerate(receipt.items("logs")):
        log = Fields(_METHOD, entry, f"logs[{i}]")
        topics = tuple(int.from_bytes(topic, "big") for topic in log.data_list("topics"))
        yield log.data("address", 20), topics, log.data("data")


def _entries(receipts: Sequence[Fields]) -> Iterator[_Entry]:
    index = 0
    for i, receipt in enumerate(receipts):
        for log in _logs(receipt):
            yield i, index, *log
            index += 1
