"""Read the storage of a classifier for a follower."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dcai.chain.follow.history import words_of
from dcai.chain.read.fetch import Reading, fetch_at
from dcai.chain.read.reader import Features, index_bits, missing_slots
from dcai.chain.read.snapshot import Block
from dcai.chain.read.trainers import owner_of
from dcai.errors import BlockError
from dcai.evm.differing import FieldDifference, differing_variables

if TYPE_CHECKING:
    from dcai.chain.follow.history import State
    from dcai.chain.read.snapshot import Snapshot
    from dcai.chain.rpc.header import Header
    from dcai.chain.rpc.node import Node

__all__ = ["ClassifierStorage"]

#: What is added to the source of features.
_AND_NAMED = ", and those that contributions name"


class ClassifierStorage:
    """Storage of a classifier on a chain.

    Parameters
    ----------
    node : Node
        The node to ask.
    trainer : str
        Owner of the classifier.
    verify : bool
        Prove what is read.
    max_weights : int
        Most slots.
    """

    def __init__(self, node: Node, trainer: str, *, verify: bool, max_weights: int) -> None:
        self._node = node
        self._trainer = trainer
        self._verify = verify
        self._max_weights = max_weights

    def look_up(self, before: State, state: State) -> State:
        """Add the stored values of features that a block names first, as of the block before it.

        Parameters
        ----------
        before : State
            The state before it, with its model.
        state : State
            With contributions, not learned yet.
        """
        features, artifact = state.features, state.base.kind.artifact
        bits = index_bits(artifact)
        if features is None or bits is None or not state.contributions:
            return state
        named = (i for contribution in state.contributions for i in contribution.data)
        # The others the kernel refuses.
        new = features.lacking(i for i in named if 0 <= i < 1 << bits)
        if not new:
            return state
        header = self._header(before.block)
        reading = Reading(self._node, state.base.address, header, verify=self._verify)
        slots = missing_slots(artifact, words_of(before, before.known_model), new, self._max_weights)
        reading.fetch([slot for slot in slots if slot not in reading.words])
        source = f"{features.source.removesuffix(_AND_NAMED)}{_AND_NAMED}"
        return replace(
            state,
            features=Features.of(source, [*features, *new]),
            extra_slots=(*state.extra_slots, *slots),
            found={slot: reading.words[slot] for slot in slots},
        )

    def compare(self, state: State) -> tuple[Snapshot, FieldDifference | None]:
        """Read the model from storage in the block of a state, and return the first difference from the state.

        Returns
        -------
        snapshot : Snapshot
            State that was read.
        difference : FieldDifference or None
            The first one, what is in storage as expected.

        Raises
        ------
        RpcError
            The node has no such state, for example.
        ChainError
            As `dcai.chain.read.fetch`.
        """
        base = state.base
        snapshot = fetch_at(
            self._node,
            base.chain_id,
            base.address,
            self._header(state.block),
            lambda *_: state.features,
            layout=base.layout if base.recognised_by == "argument" else None,
            verify=self._verify,
            max_weights=self._max_weights,
        )
        return snapshot, self._difference(snapshot, state)

    def _header(self, block: Block) -> Header:
        header = self._node.header(block.hash, verify=self._verify)
        if Block.of(header) != block:
            raise BlockError(f"the node returned another block instead of {block.number}, {block.hash}")
        return header

    def _difference(self, snapshot: Snapshot, state: State) -> FieldDifference | None:
        base = state.base
        if snapshot.code_hash != base.code_hash:
            return FieldDifference("the code hash", snapshot.code_hash, base.code_hash)
        if owner_of(snapshot) != self._trainer:
            return FieldDifference("the owner", owner_of(snapshot), self._trainer)
        difference = next(differing_variables(snapshot.model(), state.known_model), None)
        roots = snapshot.storage_root, base.storage_root
        # Where nothing was learned nothing was to change, not even features that nobody has named.
        if difference is None and not state.num_learned and None not in roots and roots[0] != roots[1]:
            return FieldDifference("the storage root", *roots)
        return difference
