"""Header of a block, and its hash: the hash of the RLP of its fields.

The fields are those of the executable specification's ``Header`` up to Osaka. Forks only append: base fee (London),
withdrawals root (Shanghai), blob gas and parent beacon root (Cancun), requests hash (Prague).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dcai.errors import MissingExtraError, ProofError, ResponseError
from dcai.evm.hashing import keccak

try:
    import rlp
except ImportError as error:
    raise MissingExtraError("dcai.chain", "chain") from error

if TYPE_CHECKING:
    from dcai.chain.rpc.fields import AnswerFields

__all__ = ["Header", "read_header"]

#: Name and size in bytes of each field that all forks have; None is a number, -1 bytes of any number.
_ALWAYS: tuple[tuple[str, int | None], ...] = (
    ("parentHash", 32),
    ("sha3Uncles", 32),
    ("miner", 20),
    ("stateRoot", 32),
    ("transactionsRoot", 32),
    ("receiptsRoot", 32),
    ("logsBloom", 256),
    ("difficulty", None),
    ("number", None),
    ("gasLimit", None),
    ("gasUsed", None),
    ("timestamp", None),
    ("extraData", -1),
    ("mixHash", 32),
    ("nonce", 8),
)
#: The fields that forks have added, in their order.
_ADDED: tuple[tuple[str, int | None], ...] = (
    ("baseFeePerGas", None),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", None),
    ("excessBlobGas", None),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)


@dataclass(frozen=True)
class Header:
    """Fields of a block header that dcai uses.

    Attributes
    ----------
    number : int
        Height.
    hash : bytes
        Hash of the block, as the node gave it.
    state_root : bytes
        Root of the trie of all accounts after the block.
    timestamp : int
        Seconds since 1970.
    parent_hash : bytes
        Hash of the block before it.
    receipts_root : bytes
        Root of the trie of the receipts of its transactions, the logs in them.
    logs_bloom : bytes
        Bloom filter of the addresses and topics of its logs.
    """

    number: int
    hash: bytes
    state_root: bytes
    timestamp: int
    parent_hash: bytes
    receipts_root: bytes
    logs_bloom: bytes


def read_header(fields: AnswerFields, *, verify: bool) -> Header:
    """Parse a header.

    Parameters
    ----------
    fields : AnswerFields
        The block.
    verify : bool
        Recompute the hash.

    Raises
    ------
    ResponseError
        A field is missing or of the wrong form.
    ProofError
        The hash is not that of the fields.
    """
    header = Header(
        number=fields.quantity("number", 64),
        hash=fields.data("hash", 32),
        state_root=fields.data("stateRoot", 32),
        timestamp=fields.quantity("timestamp", 64),
        parent_hash=fields.data("parentHash", 32),
        receipts_root=fields.data("receiptsRoot", 32),
        logs_bloom=fields.data("logsBloom", 256),
    )
    if verify:
        computed = keccak(rlp.encode(_items(fields)))
        if computed != header.hash:
            raise ProofError(
                f"the header of block {header.number} does not hash to 0x{header.hash.hex()}, as the node says, but to "
                f"0x{computed.hex()}: a field is altered, or the block is of a fork or a chain with other fields"
            )
    return header


def _items(fields: AnswerFields) -> list[Any]:
    items = [_item(fields, name, size) for name, size in _ALWAYS]
    missing = ""
    for name, size in _ADDED:
        if name not in fields:
            missing = missing or name
        elif missing:
            raise ResponseError("eth_getBlockByNumber", f"the header has {name!r}, and no {missing!r} before it")
        else:
            items.append(_item(fields, name, size))
    return items


def _item(fields: AnswerFields, name: str, size: int | None) -> Any:
    return fields.quantity(name) if size is None else fields.data(name, None if size < 0 else size)
