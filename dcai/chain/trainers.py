"""Which classifier a trainer trains, and which trainer a classifier belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.chain.contracts import has_function
from dcai.errors import NoCodeError, ProofError, ResponseError, UnknownContractError
from dcai.evm.hashing import keccak, to_address

if TYPE_CHECKING:
    from dcai.chain.node import Node
    from dcai.chain.snapshot import Snapshot

__all__ = ["check_trainer", "classifier_of", "owner_of"]

#: The getter of a trainer, here and in 0xDeCA10B.
_GETTER = "classifier()"


def classifier_of(node: Node, address: str, *, verify: bool) -> str | None:
    """Return the classifier of a trainer, as the node says; None where the address is no trainer's.

    Parameters
    ----------
    node : Node
        Which to ask.
    address : str
        Of some contract.
    verify : bool
        Check the header of the latest block, in which it is asked for.
    """
    number = node.header("latest", verify=verify).number
    if not has_function(node.code(address, number), _GETTER):
        return None
    word = node.call(address, keccak(_GETTER.encode())[:4], number)
    if len(word) != 32 or any(word[:12]):
        raise ResponseError("eth_call", f"{_GETTER} of {address} gives 0x{word.hex()[:80]}; expected an address")
    return to_address(word[12:])


def owner_of(snapshot: Snapshot) -> str:
    """Return the owner of a classifier, which alone may train it: it is in slot 0, and proven where storage is."""
    return to_address((snapshot.storage[0] & ((1 << 160) - 1)).to_bytes(20, "big"))


def check_trainer(node: Node, snapshot: Snapshot, trainer: str | None) -> str:
    """Return the trainer of a classifier.

    Parameters
    ----------
    node : Node
        Which to ask.
    snapshot : Snapshot
        Of the classifier.
    trainer : str, optional
        What it is said to be.

    Raises
    ------
    ProofError, UnknownContractError
        The classifier belongs to somebody else; proven, or as the node says.
    NoCodeError
        Its owner is no contract, and logs nothing.
    """
    owner = owner_of(snapshot)
    if trainer not in (None, owner):
        kind = ProofError if snapshot.verified else UnknownContractError
        raise kind(
            f"the classifier {snapshot.address} belongs to {owner} and not to {trainer}, which so cannot train it"
        )
    if not node.code(owner, snapshot.block.number):
        raise NoCodeError(
            f"the owner of {snapshot.address} is {owner}, which has no code: it is no trainer, and what it does to the "
            "model is in no event; 'fetch' reads the model as it stands"
        )
    return owner
