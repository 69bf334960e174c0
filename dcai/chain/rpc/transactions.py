"""The transactions that accounts have sent to a contract: what no event tells, so whole blocks are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from dcai.chain.rpc.fields import AnswerFields
from dcai.chain.rpc.node import Node
from dcai.errors import BlockError, ResponseTooLongError, RpcTimeoutError
from dcai.evm.hashing import to_address

__all__ = ["Sent", "creation", "first_block_with_code", "sent_to"]

_BLOCK, _RECEIPT = "eth_getBlockByNumber", "eth_getTransactionReceipt"
#: Blocks of a request, which have all their transactions.
_AT_ONCE = 16


class Sent(NamedTuple):
    """A transaction that succeeded, as the node says.

    Attributes
    ----------
    block_number, transaction_index : int
        Its block, and its place in it.
    hash : str
        ``0x`` and 64 digits.
    sender : str
        With its checksum.
    calldata : bytes
        Calldata; for a creation, the creation code with the constructor's arguments.
    """

    block_number: int
    transaction_index: int
    hash: str
    sender: str
    calldata: bytes


def first_block_with_code(node: Node, address: str, last: int) -> int:
    """Return the block of a contract's deployment, by halving: at the last block it has code.

    Raises
    ------
    RpcError
        The node has not the states of so early blocks.
    """
    without, having = -1, last
    while having - without > 1:
        middle = (without + having) // 2
        if node.code(address, middle):
            having = middle
        else:
            without = middle
    return having


def creation(node: Node, address: str, number: int) -> Sent | None:
    """Return the transaction of a block that created a contract; None where none did so by itself."""
    (transactions,) = _blocks(node, [number])
    created = [fields for fields in transactions if "to" not in fields]
    for sent, receipt in _successful(node, created):
        if "contractAddress" in receipt and to_address(receipt.data("contractAddress", 20)) == address:
            return sent
    return None


def sent_to(node: Node, address: str, first: int, last: int) -> Iterator[Sent]:
    """Yield the transactions to a contract in a range of blocks, the last one included, that succeeded, in order."""
    for start in range(first, last + 1, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, last + 1))
        wanted = [
            fields
            for transactions in _blocks(node, numbers)
            for fields in transactions
            if "to" in fields and to_address(fields.data("to", 20)) == address
        ]
        for sent, _ in _successful(node, wanted):
            yield sent


def _blocks(node: Node, numbers: Sequence[int]) -> list[list[AnswerFields]]:
    """Return the transactions of some blocks; of fewer at a time where that is too much."""
    try:
        results = node.batch(_BLOCK, [[hex(number), True] for number in numbers])
    except (ResponseTooLongError, RpcTimeoutError):
        if len(numbers) == 1:
            raise
        half = len(numbers) // 2
        return [*_blocks(node, numbers[:half]), *_blocks(node, numbers[half:])]
    return [_transactions(number, result) for number, result in zip(numbers, results, strict=True)]


def _transactions(number: int, result: Any) -> list[AnswerFields]:
    if result is None:
        raise BlockError(f"the node has no block {number}")
    block = AnswerFields(_BLOCK, result)
    if block.quantity("number", 64) != number:
        raise block.wrong("result.number", result["number"], f"{number}, as requested")
    return [
        AnswerFields(_BLOCK, transaction, f"result.transactions[{i}]")
        for i, transaction in enumerate(block.items("transactions"))
    ]


def _successful(node: Node, transactions: Sequence[AnswerFields]) -> Iterator[tuple[Sent, AnswerFields]]:
    sent = [_sent(fields) for fields in transactions]
    for start in range(0, len(sent), 100):
        part = sent[start : start + 100]
        receipts = node.batch(_RECEIPT, [[one.hash] for one in part])
        for one, result in zip(part, receipts, strict=True):
            receipt = AnswerFields(_RECEIPT, result)
            if receipt.quantity("status", 8):
                yield one, receipt


def _sent(fields: AnswerFields) -> Sent:
    return Sent(
        fields.quantity("blockNumber", 64),
        fields.quantity("transactionIndex", 32),
        f"0x{fields.data('hash', 32).hex()}",
        to_address(fields.data("from", 20)),
        fields.data("input"),
    )
