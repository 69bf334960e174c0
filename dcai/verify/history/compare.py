"""Compare a contract's storage in a block with the storage that its history gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from dcai.chain.read.fetch import Reading
from dcai.chain.rpc.proofs import storage_root, stored_zeros
from dcai.chain.rpc.tags import hex_text
from dcai.evm.differing import FieldDifference
from dcai.evm.hashing import keccak
from dcai.verify.fields import differing_fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcai.chain.rpc.header import Header
    from dcai.chain.rpc.node import Node
    from dcai.verify.history.replica import Replica

__all__ = ["Compared", "compare"]


class Compared(NamedTuple):
    """Result of a comparison.

    Attributes
    ----------
    root : bytes
        Proven root of the contract's storage; empty where nothing is proven.
    differences : list of FieldDifference
        Empty where all is equal. ``expected`` is what the contract has, ``actual`` what its history gives.
    """

    root: bytes
    differences: list[FieldDifference]


def compare(node: Node, replica: Replica, header: Header, *, verify: bool, most: int) -> Compared:
    """Compare a contract in a block with a replica.

    Where all words of the replica are known the two are equal if the root of its words is the proven root of the
    contract's storage, which then has no other words either. Else the words are compared one by one.

    Parameters
    ----------
    node : Node
        Node to ask.
    replica : Replica
        As of that block.
    header : Header
        Of the block.
    verify : bool
        Prove what is read.
    most : int
        Most slots.

    Raises
    ------
    ProofError
        The node's answer does not follow from the state root of the block.
    RpcError
        The node has no such state, for example.
    """
    reading = Reading(node, replica.address, header, verify=verify)
    root = reading.storage_root
    if reading.code != replica.code:
        pair = (hex_text(keccak(code)) if code else "no code" for code in (reading.code, replica.code))
        return Compared(root, [FieldDifference("the code hash", *pair)])
    expected = replica.words()
    by_root = verify and replica.complete
    own_root = storage_root(expected) if by_root else b""
    if by_root and own_root == root:
        return Compared(root, [])
    slots = replica.slots(most)
    reading.fetch([slot for slot in slots if slot not in reading.words])
    found = {slot: reading.words[slot] for slot in {*slots, *reading.words} if reading.words[slot]}
    differences = differing_fields(replica.artifact, found, expected, replica.indices)
    if by_root and not differences:
        zeros = _stored_zeros(node, replica, header, root, [slot for slot in slots if not reading.words[slot]])
        if storage_root(expected, zeros) != root:
            name = "a word that no transaction wrote: the storage root"
            differences = [FieldDifference(name, hex_text(root), hex_text(own_root))]
    return Compared(root, differences)


def _stored_zeros(node: Node, replica: Replica, header: Header, root: bytes, slots: Sequence[int]) -> list[int]:
    """Return those of some slots that the node has with a 0 in its trie."""

    def read(portion: Sequence[int]) -> list[int]:
        proof = node.proof(replica.address, portion, header.number)
        return stored_zeros(root, portion, proof.storage_nodes)

    return [slot for portion in node.in_parallel(read, slots) for slot in portion]
