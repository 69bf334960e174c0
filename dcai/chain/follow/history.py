"""Keep the states of the last blocks, so that a reorganisation can be undone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from dcai.chain.read.reader import KnownWords
from dcai.errors import ReorgError, Revert
from dcai.evm.storage import expected_storage, read_known

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcai.chain.read.reader import Features
    from dcai.chain.read.snapshot import Block, Snapshot
    from dcai.chain.rpc.events import Contribution
    from dcai.models import Classifier

__all__ = ["RecentStates", "State", "learn", "words_of"]


@dataclass(frozen=True)
class State:
    """Immutable state of a model after a block.

    Attributes
    ----------
    block : Block
        The block.
    model : Classifier or None
        Model after this block; None if it is computed from an earlier state.
    base : Snapshot
        Snapshot of the words last read from storage.
    features : Features or None
        For a sparse model: all features read from storage so far.
    extra_slots : tuple of int
        Those that were looked up since the base.
    found : mapping of int to int
        The words of features that this block is the first to name, as they were before it, by slot.
    contributions : tuple of Contribution
        Those in this block.
    num_learned : int
        Contributions since the base.
    proven : bool
        The contributions since the base are proven to be complete.
    """

    block: Block
    model: Classifier | None
    base: Snapshot
    features: Features | None
    extra_slots: tuple[int, ...] = ()
    found: Mapping[int, int] = field(default_factory=dict, repr=False)
    contributions: tuple[Contribution, ...] = ()
    num_learned: int = 0
    proven: bool = True

    @property
    def known_model(self) -> Classifier:
        """Model of a state that has one."""
        assert self.model is not None
        return self.model

    def as_read(self, snapshot: Snapshot) -> Self:
        """Return the same state, marked as compared with storage and equal."""
        return replace(self, base=snapshot, features=snapshot.features, extra_slots=(), num_learned=0, proven=True)


def words_of(state: State, model: Classifier) -> dict[int, int]:
    """Return the storage words of this model for each slot read so far, zeros included."""
    owner = f"0x{state.base.storage[0]:040x}"
    zeros = dict.fromkeys([*state.base.storage, *state.extra_slots], 0)
    return zeros | expected_storage(model, owner, artifact=state.base.kind.artifact)


def learn(model: Classifier, state: State) -> tuple[Classifier, list[tuple[int, bool]]]:
    """Return the model after a block, from the model before it, which stays unchanged.

    Returns
    -------
    model : Classifier
        After all contributions of the block; the same object where there are none.
    outcomes : list of (int, bool)
        For each contribution the label that the model predicted before it, and whether it changed the model.

    Raises
    ------
    Revert
        The kernel refuses a contribution; ``row`` says which.
    """
    if any(state.found.values()):
        words = words_of(state, model) | dict(state.found)
        model = read_known(state.base.kind.artifact, KnownWords(words), state.features or ())
    elif state.contributions:
        model = model.copy()
    outcomes = []
    for row, contribution in enumerate(state.contributions):
        sample: Any = list(contribution.data)
        try:
            outcomes.append((int(model.predict(sample)), bool(model.update(sample, contribution.label))))
        except Revert as error:
            error.row = row
            raise
    return model, outcomes


class RecentStates:
    """States of the last blocks; most keep only the contributions, not the model.

    Parameters
    ----------
    first : State
        With its model.
    depth : int
        Blocks that can be undone, at least, once so many have been added.
    """

    #: Of so many states one keeps its model.
    _SPACING = 16

    def __init__(self, first: State, depth: int) -> None:
        self._depth = depth
        self._states = [first]

    @property
    def newest(self) -> State:
        """State after the last block, with its model."""
        return self._states[-1]

    @property
    def oldest(self) -> Block:
        """Earliest block that can be restored."""
        return self._states[0].block

    def block(self, number: int) -> Block | None:
        """Return the block at a height; None if it is not remembered."""
        i = number - self.oldest.number
        return self._states[i].block if 0 <= i < len(self._states) else None

    def at(self, number: int) -> State:
        """Return the remembered state at a height, with its model."""
        at = number - self.oldest.number
        start = next(i for i in range(at, -1, -1) if self._states[i].model is not None)
        model = self._states[start].known_model
        for state in self._states[start + 1 : at + 1]:
            model, _ = learn(model, state)
        return replace(self._states[at], model=model)

    # Each of these changes the list in one step at its end, so that an interrupt finds the old one or the new one.

    def append(self, state: State) -> None:
        """Add the state of the next block, with its model."""
        states = [*self._states, state]
        if len(states) > 2 and states[-2].block.number % self._SPACING:
            states[-2] = replace(states[-2], model=None)
        for i in range(len(states) - 1 - self._depth, 0, -1):
            if states[i].model is not None:
                states = states[i:]
                break
        self._states = states

    def replace_newest(self, state: State) -> None:
        """Replace the newest state by another state of the same block."""
        self._states = [*self._states[:-1], state]

    def rewind(self, number: int) -> list[Block]:
        """Undo all blocks above a height, and return them, highest first.

        Raises
        ------
        ReorgError
            They are more than are remembered.
        """
        at = number - self.oldest.number
        if at < 0:
            raise ReorgError(
                f"the chain was reorganised below block {self.oldest.number}, the earliest remembered one: fetch "
                "the model again at the block 'finalized' (--anew)"
            )
        undone = [state.block for state in reversed(self._states[at + 1 :])]
        self._states = [*self._states[:at], self.at(number)]
        return undone
