"""The logs of a block, proven complete and unaltered by the root of its receipts: the only module of eth_bloom.

The root is that of a trie of the receipts by the RLP of their positions (Yellow Paper, 4.3.2), each encoded as in
EIP-658 and, from the second type of transaction on, EIP-2718. Whoever knows all receipts can compute it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dcai.chain.rpc.events import LogEntry, read_log
from dcai.chain.rpc.fields import AnswerFields
from dcai.chain.rpc.proofs import ordered_root
from dcai.errors import MissingExtraError, ProofError, ResponseError

try:
    import rlp
    from eth_bloom.bloom import BloomFilter
except ImportError as error:
    raise MissingExtraError("dcai.chain", "chain") from error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcai.chain.rpc.header import Header

__all__ = ["may_have", "proven_logs"]

_METHOD = "eth_getBlockReceipts"


def may_have(header: Header, values: Iterable[bytes]) -> bool:
    """Return whether a block's Bloom filter admits logs with all these addresses and topics; False is certain."""
    bloom = BloomFilter(int.from_bytes(header.logs_bloom, "big"))
    return all(value in bloom for value in values)


def proven_logs(header: Header, result: Any) -> list[LogEntry]:
    """Return all logs of a block from the answer to ``eth_getBlockReceipts``, in their order.

    Parameters
    ----------
    header : Header
        Header of the block, whose hash is verified.
    result : Any
        Answer of the node.

    Raises
    ------
    ResponseError
        The answer is malformed.
    ProofError
        The receipts are not those of the block: one is withheld, added, altered or in another place.
    """
    if not isinstance(result, list):
        raise ResponseError(_METHOD, f"result is {result!r:.80}; expected a list")
    logs: list[LogEntry] = []
    encoded = []
    for i, entry in enumerate(result):
        fields = AnswerFields(_METHOD, entry, f"result[{i}]")
        # Which log of the block it is follows from the order of all.
        own = [
            replace(
                read_log(_METHOD, AnswerFields(_METHOD, log, f"result[{i}].logs[{j}]"), f"result[{i}].logs[{j}]"),
                index=len(logs) + j,
            )
            for j, log in enumerate(fields.items("logs"))
        ]
        encoded.append(_encode(fields, own))
        logs += own
    root = ordered_root(encoded)
    if root != header.receipts_root:
        raise ProofError(
            f"the receipts of block {header.number} have the root 0x{root.hex()}, and the block's "
            f"header has 0x{header.receipts_root.hex()}: the node omits, adds or alters a log, or the chain has "
            "another receipt format"
        )
    return logs


def _encode(fields: AnswerFields, logs: list[LogEntry]) -> bytes:
    """Return a receipt as it stands in the trie."""
    outcome = fields.quantity("status", 8) if "status" in fields else fields.data("root", 32)  # before Byzantium
    content = [
        outcome,
        fields.quantity("cumulativeGasUsed"),
        fields.data("logsBloom", 256),
        [[log.address, log.topics, log.data] for log in logs],
    ]
    kind = fields.quantity("type", 7) if "type" in fields else 0
    encoded: bytes = rlp.encode(content)
    return bytes([kind]) + encoded if kind else encoded
