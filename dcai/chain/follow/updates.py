"""Describe the effect of one step of a follower."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from dcai.reprs import short_repr

if TYPE_CHECKING:
    from dcai.chain.read.snapshot import Block
    from dcai.chain.rpc.events import Contribution
    from dcai.models import Classifier

__all__ = ["Applied", "Update"]


class Applied(NamedTuple):
    """A contribution and its effect.

    Attributes
    ----------
    contribution : Contribution
        Contribution that the trainer logged.
    predicted : int
        The label that the model predicted before it.
    changed : bool
        Whether it changed the model.
    """

    contribution: Contribution
    predicted: int
    changed: bool


@dataclass(frozen=True)
class Update:
    """Effect of one step.

    Attributes
    ----------
    block : Block
        Block of the model.
    applied : tuple of Applied
        The contributions in that block, in their order.
    compared : bool
        The model was compared with storage in this block, and is equal.
    undone : tuple of Block
        Blocks that left the chain, the highest first. Then ``block`` is the last one that is still on it.
    model : Classifier
        Model after this block. It must not be changed: train a copy.
    """

    __repr__ = short_repr

    block: Block
    applied: tuple[Applied, ...]
    compared: bool
    undone: tuple[Block, ...]
    model: Classifier = field(repr=False)
