"""Find the features of a sparse model in the contributions that its trainer logged.

What a contribution names may have a weight; nothing else gets one by learning. An event that a node invents costs the
proof that the feature has no weight. One that it withholds is not missed, and neither are weights that the model had
from the start: storage cannot be listed, and no proof shows that a mapping has nothing more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.chain.read.contracts import owner_in
from dcai.chain.read.reader import Features, choose_features, index_bits
from dcai.chain.rpc.events import ADD_DATA, contributions
from dcai.chain.rpc.logs import read_logs
from dcai.errors import InputError, TooLargeError, UnknownContractError, UnknownFeaturesError
from dcai.evm.hashing import to_bytes20

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dcai.artifacts import Artifact
    from dcai.chain.rpc.node import Node

__all__ = ["features_from_events"]


def features_from_events(
    node: Node,
    artifact: Artifact,
    words: Mapping[int, int],
    of_contract: Sequence[int],
    num_features: int | None,
    indices: Iterable[int] | None,
    max_weights: int,
    *,
    first: int,
    last: int,
    max_parallel: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Features:
    """Return the features in contributions, joined with those known otherwise.

    Parameters
    ----------
    node : Node
        The node, which is trusted.
    artifact : Artifact
        Artifact of the contract.
    words : mapping of int to int
        Its storage, the owner at least, which is the trainer.
    of_contract, num_features, indices, max_weights
        Return value of `dcai.chain.read.reader.choose_features`, whose features are added.
    first, last : int
        Range of blocks.
    max_parallel, progress
        Arguments of `dcai.chain.rpc.logs.read_logs`.

    Raises
    ------
    InputError
        The model is dense, or an argument is out of range.
    UnknownFeaturesError
        The owner has logged no contribution, and nothing else is known.
    UnknownContractError
        A contribution is none that the classifier can have learned.
    TooLargeError
        There are more than ``max_weights``.
    """
    bits = index_bits(artifact)
    if bits is None:
        raise InputError(f"a {artifact.name} has all its weights in arrays; it takes no features='events'")
    if first > last:
        raise InputError(f"from_block is {first}, and the model is of block {last}; it must be from 0 to {last}")
    known = None
    if num_features is not None or indices is not None or of_contract:
        known = choose_features(artifact, of_contract, num_features, indices, max_weights)
    owner = owner_in(words)
    named: set[int] = set()
    count = 0
    pieces = read_logs(node, [to_bytes20(owner)], [ADD_DATA], first, last, max_parallel=max_parallel, progress=progress)
    for piece in pieces:
        for one in contributions(piece.logs, to_bytes20(owner)):
            wrong = [i for i in one.data if not 0 <= i < 1 << bits]
            if wrong:
                raise UnknownContractError(
                    f"transaction {one.transaction} contributes feature {wrong[0]} to {owner}, which no "
                    f"{artifact.name} can learn: its owner trains another model"
                )
            named.update(one.data)
            count += 1
        if len(named) > max_weights:
            raise TooLargeError(f"{len(named):,} features are more than max_weights, {max_weights:,}")
    if not count and known is None:
        raise UnknownFeaturesError(
            f"the owner {owner} has logged no contribution in blocks {first} to {last}: pass num_features=, the size "
            "of the vocabulary, or indices="
        )
    source = f"{len(named):,} in {count:,} contributions to {owner} in blocks {first} to {last}, as the node says; "
    source += f"and {known.source}" if known else "none for weights that were there before"
    features = Features.of(source, [*named, *(known or ())])
    if len(features) > max_weights:
        raise TooLargeError(f"{len(features):,} features are more than max_weights, {max_weights:,}")
    return features
