"""The trainer of a model, its events, and how contributions are read from them.

A trainer is a ``CollaborativeTrainer64`` of this project or of 0xDeCA10B: both say what was contributed by the same
event. What became of it, ours says by events with the contribution's key. Those of the original are emitted by its
incentive mechanism and name no contribution; see ``dcai.chain.claims``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dcai.chain.tags import hex_text
from dcai.chain.fields import data
from dcai.errors import NoCodeError, ResponseError, RpcError, UnknownContractError
from dcai.evm.framework import contribution_key
from dcai.evm.hashing import keccak, to_address

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcai.chain.logs import Log
    from dcai.chain.node import Node

__all__ = [
    "ADD_DATA",
    "SPONSORED",
    "Added",
    "Trainer",
    "event_topic",
    "find_trainer",
    "read_added",
    "read_sponsored",
]


def event_topic(signature: str) -> int:
    """Return the first topic of an event, from its signature such as ``Report(address,uint256)``."""
    return int.from_bytes(keccak(signature.encode()), "big")


#: ``AddData(int64[] d, uint64 c, uint256 t, address indexed sender, uint256 cost)``
ADD_DATA = event_topic("AddData(int64[],uint64,uint256,address,uint256)")
#: ``Sponsored(bytes32 indexed key, address indexed sponsor, address indexed contributor)``
SPONSORED = event_topic("Sponsored(bytes32,address,address)")

_GETTERS = ("dataHandler", "incentiveMechanism", "classifier")
#: What nodes say where a call ends in the contract's refusal, rather than in a fault of their own.
_REFUSED = re.compile(r"revert|execution|opcode|invalid|out of gas|stack", re.IGNORECASE)
_WORD = 32
_ADDRESS_BYTES = 20
#: Words before the elements of the array: its place, label, time, cost, and its length.
_HEAD_WORDS = 5
#: No block has a later time: headers have it in 64 bits, of which the sign bit is left to others.
_TIME_BITS = 63


class Trainer(NamedTuple):
    """A trainer and what it owns: addresses, with their checksums."""

    address: str
    data_handler: str
    incentive_mechanism: str
    classifier: str


class Added(NamedTuple):
    """What an ``AddData`` event says.

    Attributes
    ----------
    data : array of int64
        The sample.
    label, time : int
        Its class, and the block's time, in seconds since 1970.
    author : str
        Address.
    cost_wei : int
        The deposit.
    key : bytes
        As the data handler has it.
    """

    data: NDArray[np.int64]
    label: int
    time: int
    author: str
    cost_wei: int
    key: bytes


def find_trainer(node: Node, address: str, number: int) -> Trainer:
    """Say which trainer is meant by its own address, or by that of its classifier.

    Parameters
    ----------
    node : Node
        To ask, and to believe.
    address : str
        Of the trainer or the classifier.
    number : int
        Of the block.

    Raises
    ------
    NoCodeError
        There is no contract at the address.
    UnknownContractError
        It is no trainer, and is not owned by one whose classifier it is.
    """
    if not node.code(address, number):
        raise NoCodeError(f"there is no contract at {address} in block {number}")
    trainer = _trainer_at(node, address, number)
    if trainer is not None:
        return trainer
    owner = _address(node, address, "owner", number)
    if owner is None:
        raise UnknownContractError(
            f"{address} is no trainer, which has the getters {', '.join(_GETTERS)}, and no classifier, which has an "
            "owner"
        )
    trainer = _trainer_at(node, owner, number)
    if trainer is None:
        raise UnknownContractError(f"{address} is no trainer, and its owner {owner} is none either")
    if trainer.classifier != address:
        raise UnknownContractError(
            f"{address} is owned by the trainer {owner}, whose classifier is {trainer.classifier}; pass the trainer's "
            "address if it is meant"
        )
    return trainer


def _trainer_at(node: Node, address: str, number: int) -> Trainer | None:
    owned = []
    for getter in _GETTERS:
        found = _address(node, address, getter, number)
        if found is None:
            return None
        owned.append(found)
    return Trainer(address, *owned)


def _address(node: Node, contract: str, getter: str, number: int) -> str | None:
    """Call a getter of an address; None where the contract has none."""
    selector = keccak(f"{getter}()".encode())[:4]
    method = "eth_call"
    call: dict[str, Any] = {"to": contract, "data": hex_text(selector)}
    try:
        word = data(method, node.request(method, call, hex(number)))
    except RpcError as error:
        if error.code is None or not _REFUSED.search(error.reason):
            raise
        return None
    if len(word) != _WORD or any(word[:-_ADDRESS_BYTES]):
        return None
    return to_address(word[-_ADDRESS_BYTES:])


def read_added(log: Log) -> Added:
    """Decode an ``AddData`` event.

    eth_abi takes a millisecond for a hundred elements, so the words are read by numpy, and must be as Solidity writes
    them.

    Raises
    ------
    ResponseError
        The log is not of the form of the event.
    """
    raw = log.data
    where = f"log {log.log_index} of block {log.block_number}"
    words = np.frombuffer(raw, ">i8").reshape(-1, 4) if len(raw) % _WORD == 0 else np.empty((0, 4), ">i8")
    count = len(words) - _HEAD_WORDS
    if count < 0 or len(log.topics) != 2 or log.topics[1] >> 8 * _ADDRESS_BYTES:
        raise _malformed(where)
    place, label, time, cost, length = (int.from_bytes(raw[i * _WORD : (i + 1) * _WORD], "big") for i in range(5))
    sample = words[_HEAD_WORDS:, 3].astype(np.int64)
    extended = np.all(words[_HEAD_WORDS:, :3] == (sample >> 63)[:, None])
    if place != (_HEAD_WORDS - 1) * _WORD or length != count or label >> 64 or time >> _TIME_BITS or not extended:
        raise _malformed(where)
    author = to_address(log.topics[1].to_bytes(_ADDRESS_BYTES, "big"))
    return Added(sample, label, time, author, cost, contribution_key(sample.tolist(), label, time, author))


def read_sponsored(log: Log) -> tuple[bytes, str]:
    """Return the key and the sponsor of a ``Sponsored`` event.

    Raises
    ------
    ResponseError
        The log is not of the form of the event.
    """
    if len(log.topics) != 4 or log.data or any(topic >> 8 * _ADDRESS_BYTES for topic in log.topics[2:]):
        raise _malformed(f"log {log.log_index} of block {log.block_number}", "Sponsored(bytes32,address,address)")
    return log.topics[1].to_bytes(_WORD, "big"), to_address(log.topics[2].to_bytes(_ADDRESS_BYTES, "big"))


def _malformed(where: str, event: str = "AddData(int64[],uint64,uint256,address,uint256)") -> ResponseError:
    return ResponseError("eth_getLogs", f"{where} is not of the form of {event}")
