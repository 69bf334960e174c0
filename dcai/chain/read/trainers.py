"""Find the classifier of a trainer, and the trainer of a classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dcai.chain.read.contracts import has_function, owner_in
from dcai.chain.read.fetch import Reading
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.provider import Limits
from dcai.errors import ChainError, NoCodeError, ProofError, ResponseError, UnknownContractError
from dcai.evm.hashing import keccak, to_address, to_bytes20

if TYPE_CHECKING:
    from dcai.chain.read.snapshot import Snapshot

__all__ = ["Trainer", "check_trainer", "classifier_of", "find_classifier", "find_trainer", "owner_of"]

#: The getter of a trainer, here and in 0xDeCA10B.
_GETTER = "classifier()"
_OWNER = "owner()"
#: All that a trainer owns, in the order of `Trainer`.
_GETTERS = ("dataHandler()", "incentiveMechanism()", _GETTER)


class Trainer(NamedTuple):
    """Checksummed addresses of a trainer and the contracts that it owns."""

    address: str
    data_handler: str
    incentive_mechanism: str
    classifier: str


def classifier_of(node: Node, address: str, *, verify: bool) -> str | None:
    """Return the classifier of a trainer, as the node says; None if the address is not a trainer.

    Parameters
    ----------
    node : Node
        The node to ask.
    address : str
        Address of a contract.
    verify : bool
        Check the header of the latest block, in which it is asked for.
    """
    number = node.header("latest", verify=verify).number
    if not has_function(node.code(address, number), _GETTER):
        return None
    return _call(node, address, _GETTER, number)


def find_trainer(node: Node, address: str, number: int) -> Trainer:
    """Return the trainer for its own address or its classifier's.

    Parameters
    ----------
    node : Node
        The node, which is trusted.
    address : str
        Address of a trainer or a classifier.
    number : int
        Number of the block.

    Raises
    ------
    NoCodeError
        There is no contract at the address.
    UnknownContractError
        The address is neither a trainer nor a classifier owned by its trainer.
    """
    code = node.code(address, number)
    if not code:
        raise NoCodeError(f"{address} holds no contract in block {number}")
    if _is_trainer(code):
        return _trainer(node, address, number)
    if not has_function(code, _OWNER):
        raise UnknownContractError(
            f"{address} is neither a trainer with the getters {', '.join(_GETTERS)} nor a classifier with an owner"
        )
    owner = _call(node, address, _OWNER, number)
    if not _is_trainer(node.code(owner, number)):
        raise UnknownContractError(f"neither {address} nor its owner {owner} is a trainer")
    trainer = _trainer(node, owner, number)
    if trainer.classifier != address:
        raise UnknownContractError(
            f"{address} is owned by the trainer {owner}, whose classifier is {trainer.classifier}; pass the trainer's "
            "address if it is meant"
        )
    return trainer


def _is_trainer(code: bytes) -> bool:
    return all(has_function(code, getter) for getter in _GETTERS)


def _trainer(node: Node, address: str, number: int) -> Trainer:
    return Trainer(address, *(_call(node, address, getter, number) for getter in _GETTERS))


def _call(node: Node, address: str, getter: str, number: int) -> str:
    """Return the address that a getter returns."""
    word = node.call(address, keccak(getter.encode())[:4], number)
    if len(word) != 32 or any(word[:12]):
        raise ResponseError("eth_call", f"{getter} of {address} gives 0x{word.hex()[:80]}; expected an address")
    return to_address(word[12:])


def find_classifier(rpc_url: str, address: str, *, verify: bool = True, limits: Limits | None = None) -> str:
    """Return the classifier of a trainer, as the node says; any other address is returned unchanged.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server.
    address : str
        Address of a classifier or its trainer.
    verify : bool
        Check that the classifier belongs to the trainer, by a proof of its owner.
    limits : Limits, optional
        Limits, as for `dcai.chain.read.fetch`.

    Raises
    ------
    ProofError
        The classifier belongs to somebody else.
    RpcError, ResponseError, InputError
        Errors of `dcai.chain.read.fetch`.
    """
    address = to_address(to_bytes20(address))
    with Node(rpc_url, limits or Limits()) as node:
        classifier = classifier_of(node, address, verify=verify)
        if classifier is not None and verify:
            header = node.header("latest", verify=True)
            owner = owner_in(Reading(node, classifier, header, verify=True).words)
            _check_owner(classifier, owner, address, ProofError)
    return classifier or address


def owner_of(snapshot: Snapshot) -> str:
    """Return the owner of a classifier from slot 0; only the owner may train it. Proven if storage is."""
    return owner_in(snapshot.storage)


def check_trainer(node: Node, snapshot: Snapshot, trainer: str | None) -> str:
    """Return the trainer of a classifier.

    Parameters
    ----------
    node : Node
        The node to ask.
    snapshot : Snapshot
        Snapshot of the classifier.
    trainer : str, optional
        Address of the trainer that the caller expects.

    Raises
    ------
    ProofError, UnknownContractError
        The classifier belongs to somebody else; proven, or as the node says.
    NoCodeError
        Its owner is no contract, and logs nothing.
    """
    owner = owner_of(snapshot)
    if trainer is not None:
        _check_owner(snapshot.address, owner, trainer, ProofError if snapshot.verified else UnknownContractError)
    if not node.code(owner, snapshot.block.number):
        raise NoCodeError(
            f"the owner of {snapshot.address} is {owner}, an account without code. Its changes of the "
            "model are in no event; use 'dcai fetch' to read the current model"
        )
    return owner


def _check_owner(classifier: str, owner: str, trainer: str, kind: type[ChainError]) -> None:
    if owner != trainer:
        raise kind(f"the classifier {classifier} belongs to {owner}, so {trainer} cannot train it")
