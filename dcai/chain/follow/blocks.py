"""Read consecutive blocks: linked headers, and the contributions in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dcai.chain.rpc.events import ADD_DATA, Contribution, LogEntry, as_filter, claimed_logs, contributions, topics_of
from dcai.chain.rpc.node import NO_METHOD
from dcai.chain.rpc.receipts import may_have, proven_logs
from dcai.errors import BlockError, ProofError, RpcError
from dcai.evm.hashing import to_bytes20

if TYPE_CHECKING:
    from dcai.chain.read.snapshot import Block
    from dcai.chain.rpc.header import Header
    from dcai.chain.rpc.node import Node

__all__ = ["Blocks", "Read"]


class Read(NamedTuple):
    """A block that was read.

    Attributes
    ----------
    header : Header
        Header of the block.
    logs : Any
        Contributions in the node's answer if the node is trusted, parsed later.
    """

    header: Header
    logs: Any


class Blocks:
    """Blocks of a chain, with the contributions to one trainer.

    Parameters
    ----------
    node : Node
        The node to ask.
    trainer : str
        Trainer whose contributions are read.
    verify : bool
        Check headers by their hashes, and contributions by the roots of receipts.
    """

    def __init__(self, node: Node, trainer: str, *, verify: bool) -> None:
        self._node = node
        self._address = trainer
        self._trainer = to_bytes20(trainer)
        self._verify = verify
        self._has_receipts = True

    def after(self, block: Block, top: int) -> list[Read] | None:
        """Read the blocks after a block, up to a height.

        Returns
        -------
        list of Read or None
            As far as the node has them, and as they link; None where the block is not the parent of the first.
        """
        linked: list[Header] = []
        for header in self._node.headers(range(block.number + 1, top + 1), verify=self._verify):
            parent = f"0x{linked[-1].hash.hex()}" if linked else block.hash
            if f"0x{header.parent_hash.hex()}" != parent:
                break  # the chain was reorganised, before the answer or between two of its parts
            linked.append(header)
        else:
            return self._with_logs(linked)
        return self._with_logs(linked) if linked else None

    def _with_logs(self, headers: list[Header]) -> list[Read]:
        if self._verify or not headers:
            return [Read(header, None) for header in headers]
        logs = self._node.batch("eth_getLogs", [as_filter(self._address, header.hash) for header in headers])
        return list(map(Read, headers, logs))

    def contributions(self, read: Read) -> tuple[list[Contribution], bool]:
        """Return the contributions in a block, and whether the list is proven complete.

        Raises
        ------
        ProofError
            The logs are not those of the block.
        BlockError
            The node no longer has the block.
        UnknownContractError, ResponseError, RpcError
            The address holds no known contract, or the answer is malformed.
        """
        header = read.header
        if not self._verify:
            logs = claimed_logs("eth_getLogs", read.logs, header.hash, self._trainer)
            return list(contributions(logs, self._trainer)), False
        if not may_have(header, [self._trainer, ADD_DATA]):
            return [], True
        proven = self._proven_logs(header)
        if proven is not None:
            return list(contributions(proven, self._trainer)), True
        (result,) = self._node.batch("eth_getLogs", [as_filter(self._address, header.hash)])
        logs = claimed_logs("eth_getLogs", result, header.hash, self._trainer)
        if not may_have(header, topics_of(logs)):
            raise ProofError(f"the node gives logs of block {header.number} that its header's Bloom filter excludes")
        return list(contributions(logs, self._trainer)), False

    def _proven_logs(self, header: Header) -> list[LogEntry] | None:
        """Return all logs of a block; None if the node gives no receipts."""
        if not self._has_receipts:
            return None
        try:
            result = self._node.request("eth_getBlockReceipts", f"0x{header.hash.hex()}")
        except RpcError as error:
            if error.code not in NO_METHOD:
                raise
            self._has_receipts = False
            return None
        if result is None:
            raise BlockError(f"the node has no receipts of block {header.number}, 0x{header.hash.hex()}")
        return proven_logs(header, result)
