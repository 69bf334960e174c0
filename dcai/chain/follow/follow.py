"""Keep a local model up to date with the chain.

Storage is read once. From then on the contributions that the trainer logs are learned here, block by block, and every
so many blocks the result is compared with storage. What each block holds is asked for by its hash (EIP-234), headers
link by their parents' hashes, and a reorganisation is undone.

With ``verify``, each header hashes to what the next one says of it. Its Bloom filter proves that a block has no
contribution; where it may have one, all receipts of the block are fetched and must give the header's receipts root. So
nothing can be withheld, altered or added without being found out at once; of a node that has no
``eth_getBlockReceipts``, at the next comparison. What stays to be trusted is that the node's blocks are the chain's,
and the hashes of transactions, which are in no receipt.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from dcai.chain.follow.blocks import Blocks, Read
from dcai.chain.follow.history import RecentStates, State, learn, words_of
from dcai.chain.follow.stored import ClassifierStorage
from dcai.chain.follow.updates import Applied, Update
from dcai.chain.read.fetch import MAX_WEIGHTS, fetch
from dcai.chain.read.snapshot import Block, Followed, Snapshot
from dcai.chain.read.trainers import check_trainer, classifier_of
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.provider import Limits
from dcai.errors import (
    BlockError,
    DepartureError,
    InputError,
    InputTypeError,
    ReorgError,
    Revert,
    RpcError,
    WrongChainError,
    shown,
)
from dcai.evm.hashing import to_address, to_bytes20

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from dcai.chain.rpc.header import Header
    from dcai.evm.differing import FieldDifference
    from dcai.models import Classifier

__all__ = ["Applied", "Follower", "Update", "follow"]

#: Blocks that are read ahead.
_AHEAD = 64
#: A node behind which several stand may contradict itself so often, while the chain is reorganised.
_UNLINKED = 3
#: Nodes that keep no archive have the state of so many blocks.
_KEPT_STATES = 128


class Follower:
    """A model kept up to date with the chain; a context manager.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server.
    address : str, optional
        Address of the classifier or its trainer; optional if ``start`` is a snapshot.
    trainer : str, optional
        Address of the trainer, which must own the classifier; by default the owner.
    start : Snapshot, str or int
        Start: a snapshot, or a block to read the model from, as for `fetch`.
    compare_every : int
        Compare with storage after so many blocks.
    confirmations : int
        Stay so many blocks behind the latest one.
    verify : bool
        Check headers, contributions and storage by proofs; see the module. If False, the node is believed.
    history : int
        Blocks that can be undone.
    layout, num_features, indices, max_weights, limits, expect_chain_id
        Arguments of `fetch`. The features are the initial ones: contributions add theirs.

    Raises
    ------
    ReorgError
        The block of the snapshot is not on the chain.
    NoCodeError, UnknownContractError, ProofError
        There is no such classifier, or it does not belong to the trainer.
    ChainError, InputError
        Errors of `fetch`.
    """

    def __init__(
        self,
        rpc_url: str,
        address: str | None = None,
        *,
        trainer: str | None = None,
        start: Snapshot | str | int = "finalized",
        compare_every: int = 100,
        confirmations: int = 0,
        verify: bool = True,
        history: int = 128,
        layout: str | None = None,
        num_features: int | None = None,
        indices: Iterable[int] | None = None,
        max_weights: int = MAX_WEIGHTS,
        limits: Limits | None = None,
        expect_chain_id: int | None = None,
    ) -> None:
        _check_count("compare_every", compare_every, 1)
        _check_count("confirmations", confirmations, 0)
        _check_count("history", history, 1)
        address = None if address is None else to_address(to_bytes20(address))
        trainer = None if trainer is None else to_address(to_bytes20(trainer, "trainer"))
        self._compare_every = compare_every
        self._confirmations = confirmations
        self._verify = verify
        self._head = 0  # the latest block, as the node says
        self._unlinked = 0  # how often in sequence the next block did not follow, and the last was still there
        self._refused = 0  # the last block for whose comparison the node had no state any more
        self._pending: deque[Read] = deque()
        self._node = Node(rpc_url, limits or Limits())
        try:
            self.chain_id = _chain_id(self._node, expect_chain_id)
            classifier = address and classifier_of(self._node, address, verify=verify)
            if address and classifier:
                trainer = _same_trainer(trainer, address)
            if isinstance(start, Snapshot):
                snapshot = self._resumed(start, classifier or address)
            else:
                snapshot = fetch(
                    rpc_url,
                    _given(classifier or address),
                    start,
                    verify=verify,
                    layout=layout,
                    num_features=num_features,
                    indices=indices,
                    max_weights=max_weights,
                    limits=limits,
                    expect_chain_id=self.chain_id,
                )
            self.address = snapshot.address
            self.trainer = check_trainer(self._node, snapshot, trainer)
        except BaseException:
            self._node.__exit__()
            raise
        self._blocks = Blocks(self._node, self.trainer, verify=verify)
        self._stored = ClassifierStorage(self._node, self.trainer, verify=verify, max_weights=max_weights)
        first = State(snapshot.block, snapshot.model(), snapshot, snapshot.features)
        self._history = RecentStates(first, history)

    def _resumed(self, snapshot: Snapshot, classifier: str | None) -> Snapshot:
        """Check that a snapshot belongs to this chain and contract."""
        if snapshot.chain_id != self.chain_id:
            raise WrongChainError(
                f"the node serves chain {self.chain_id}, but the snapshot is of chain {snapshot.chain_id}"
            )
        if classifier not in (None, snapshot.address):
            raise InputError(f"the snapshot is of {snapshot.address}, and not of the classifier {classifier}")
        header = self._node.header(hex(snapshot.block.number), verify=self._verify)
        if Block.of(header) != snapshot.block:
            raise ReorgError(
                f"block {snapshot.block.number} of the snapshot is {snapshot.block.hash}, and that of the chain is "
                f"0x{header.hash.hex()}: the chain was reorganised; fetch the model anew, of the block 'finalized'"
            )
        return snapshot

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._node.__exit__()

    # -- where it stands -- #

    @property
    def block(self) -> Block:
        """Block of the model."""
        return self._history.newest.block

    @property
    def model(self) -> Classifier:
        """The current model. It must not be changed: train a copy."""
        return self._history.newest.known_model

    @property
    def compared(self) -> Block:
        """Last block in which the model was compared with storage and equal."""
        return _read_in(self._history.newest.base)

    @property
    def head(self) -> int:
        """Height of the latest block that the node reported; see `step`."""
        return max(self._head, self.block.number)

    def snapshot(self) -> Snapshot:
        """Return a snapshot of the current model, with its proven and its computed parts."""
        state = self._history.newest
        base = state.base
        if state.block == base.block:
            return base
        before = base.followed or Followed(base.block, base.verified, 0, proven=True)
        followed = Followed(
            before.start,
            before.verified,
            before.num_learned + state.num_learned,
            before.proven and state.proven,
        )
        return replace(
            base,
            block=state.block,
            storage_root=None,
            features=state.features,
            verified=False,
            pinned=(),
            storage=words_of(state, state.known_model),
            followed=followed,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `snapshot` to a file to resume from, complete or not at all."""
        self.snapshot().save(path)

    def compare(self) -> bool:
        """Compare the model with storage in its block; return False if the node has pruned that state.

        Raises
        ------
        DepartureError
            They differ.
        """
        state = self._history.newest
        snapshot = self._compare(state)
        if snapshot is not None:
            self._history.replace_newest(state.as_read(snapshot))
        return snapshot is not None

    # -- one step after another -- #

    def run(
        self, *, until: int | None = None, poll_s: float = 4.0, stop: threading.Event | None = None
    ) -> Iterator[Update]:
        """Follow the chain, and yield the effect of each block.

        Parameters
        ----------
        until : int, optional
            The last block, not below that where the model stands; there it is compared whatever ``compare_every`` is.
            For ever unless given.
        poll_s : float
            Seconds between questions for a new block.
        stop : threading.Event, optional
            Ends the run where it is set.

        Raises
        ------
        DepartureError, ReorgError, ChainError
            As `step`. The model stays where it stood.
        """
        if until is not None:
            _check_count("until", until, 0)
            if until < self.block.number:
                raise InputError(f"until is {until}, and the model is of block {self.block.number} already")
        return self._run(until, poll_s, stop or threading.Event())

    def _run(self, until: int | None, poll_s: float, stop: threading.Event) -> Iterator[Update]:
        while (until is None or self.block.number < until) and not stop.is_set():
            update = self.step(until=until)
            if update is not None:
                yield update
            else:
                stop.wait(poll_s)

    def step(self, *, until: int | None = None) -> Update | None:
        """Learn the next block, or undo a reorganisation; return None if nothing is new.

        Parameters
        ----------
        until : int, optional
            The last block to learn.

        Raises
        ------
        DepartureError
            Storage has another model than the contributions give, or they cannot be learned. The error names the
            blocks in between and the first value that differs.
        ReorgError
            The chain was reorganised further back than ``history`` reaches.
        ProofError, ResponseError, RpcError
            The node's answer contradicts its proofs or the protocol, or it cannot be reached. The model stays where
            it stood, and another step may be tried.
        """
        while self._pending and self._pending[0].header.number <= self.block.number:
            self._pending.popleft()
        if not self._pending:
            undone = self._read_ahead(until)
            if undone:
                return Update(self.block, (), compared=False, undone=tuple(undone), model=self.model)
        if not self._pending:
            return None
        read = self._pending[0]
        try:
            update = self._advance(read, until)
        except (RpcError, BlockError):
            self._pending.clear()
            if self._has_left(read.header):
                return None  # the next step finds out since when
            raise
        except BaseException:
            self._pending.clear()
            raise
        self._pending.popleft()
        return update

    def _read_ahead(self, until: int | None) -> list[Block]:
        """Read the next headers, or undo and return the blocks that left the chain."""
        here = self.block
        head = self._node.header("latest", verify=self._verify)
        self._head = head.number
        if head.number <= here.number:
            known = self._history.block(head.number)
            is_same = known is None or known.hash == f"0x{head.hash.hex()}"
            return [] if is_same else self._undo(head.number)
        top = min(head.number - self._confirmations, here.number + _AHEAD)
        top = top if until is None else min(top, until)
        if top <= here.number:
            return []
        reads = self._blocks.after(here, top)
        if reads is None:
            undone = self._undo(here.number)
            self._unlinked = 0 if undone else self._unlinked + 1
            if self._unlinked == _UNLINKED:
                raise BlockError(
                    f"the node has block {here.number}, {here.hash}, and says that the next one follows another"
                )
            return undone
        self._unlinked = 0
        self._pending = deque(reads)
        return []

    def _undo(self, highest: int) -> list[Block]:
        """Rewind to the last block that is still on the chain, at or below a height."""
        self._pending.clear()
        number = highest
        while (block := self._history.block(number)) is not None:
            with suppress(BlockError):  # the new chain may be shorter
                if Block.of(self._node.header(hex(number), verify=self._verify)) == block:
                    break
            number -= 1
        return self._history.rewind(number)

    def _has_left(self, header: Header) -> bool:
        """Return whether a block left the chain."""
        try:
            return self._node.header(hex(header.number), verify=False).hash != header.hash
        except BlockError:
            return True
        except RpcError:
            return False  # the first error says more

    def _advance(self, read: Read, until: int | None) -> Update:
        header = read.header
        before = self._history.newest
        own, proven = self._blocks.contributions(read)
        state = replace(
            before,
            block=Block.of(header),
            model=None,
            found={},
            contributions=tuple(own),
            num_learned=before.num_learned + len(own),
            proven=before.proven and proven,
        )
        state = self._stored.look_up(before, state)
        try:
            model, outcomes = learn(before.known_model, state)
        except (Revert, InputError) as error:
            row = getattr(error, "row", None) or 0
            raise DepartureError(
                before.block.number,
                header.number,
                f"the outcome of transaction {own[row].transaction}",
                "learned its data",
                str(error),
            ) from error
        state = replace(state, model=model)
        since = header.number - max(_read_in(before.base).number, self._refused)
        snapshot = self._compare(state) if since >= self._compare_every or header.number == until else None
        if snapshot is not None:
            state = state.as_read(snapshot)
        self._history.append(state)
        applied = tuple(Applied(contribution, *outcome) for contribution, outcome in zip(own, outcomes, strict=True))
        return Update(state.block, applied, compared=snapshot is not None, undone=(), model=model)

    def _compare(self, state: State) -> Snapshot | None:
        """Return the equal model in storage; None if the node has pruned the state."""
        number = state.block.number
        try:
            snapshot, difference = self._stored.compare(state)
        except RpcError as error:
            if error.code is None or self._head - number < _KEPT_STATES:
                raise
            self._refused = number
            return None
        if difference is not None:
            raise self._departure(_read_in(state.base).number, number, difference)
        return snapshot

    def _departure(self, equal: int, different: int, difference: FieldDifference) -> DepartureError:
        """Return the error of a difference, for the narrowest known range of blocks."""
        while different - equal > 1:
            middle = max((equal + different) // 2, self._history.oldest.number)
            if middle >= different or self._history.block(middle) is None:
                break
            try:
                _, earlier = self._stored.compare(self._history.at(middle))
            except RpcError:  # the node has no such state any more
                break
            if earlier is None:
                equal = middle
            else:
                different, difference = middle, earlier
        return DepartureError(equal, different, *difference)


def follow(
    rpc_url: str,
    address: str | None = None,
    *,
    until: int | None = None,
    poll_s: float = 4.0,
    stop: threading.Event | None = None,
    **arguments: Any,
) -> Iterator[Update]:
    """Follow the chain with a local model, and yield the effect of each block.

    Parameters
    ----------
    rpc_url, address, arguments
        Arguments of `Follower`, which also reports its block and saves it.
    until, poll_s, stop
        Arguments of `Follower.run`.

    Yields
    ------
    Update
        Effect of each block or reorganisation; ``model`` is the model after it.

    Raises
    ------
    DepartureError, ReorgError, ChainError, InputError
        Errors of `Follower` and `Follower.step`.

    Examples
    --------
    >>> for update in follow("http://localhost:8545", trainer_address, num_features=1000):    # doctest: +SKIP
    ...     for contribution, predicted, changed in update.applied:
    ...         print(update.block.number, contribution.transaction, contribution.label, predicted, changed)
    """
    follower = Follower(rpc_url, address, **arguments)

    def run() -> Iterator[Update]:
        with follower:
            yield from follower.run(until=until, poll_s=poll_s, stop=stop)

    return run()


def _read_in(base: Snapshot) -> Block:
    """Return the block in which storage was read."""
    return base.followed.start if base.followed else base.block


def _chain_id(node: Node, expected: int | None) -> int:
    chain_id = node.chain_id()
    if expected not in (None, chain_id):
        raise WrongChainError(f"the node serves chain {chain_id}; expected chain {expected} (--chain-id)")
    return chain_id


def _given(address: str | None) -> str:
    if address is None:
        raise InputError("address is missing; pass it, or pass a snapshot as start")
    return address


def _same_trainer(given: str | None, found: str) -> str:
    if given not in (None, found):
        raise InputError(f"address is {found}, itself a trainer, but trainer is {given}; omit trainer")
    return found


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputTypeError(f"{name} is {shown(value)}; it must be an integer")
    if value < least:
        raise InputError(f"{name} is {value}; it must be {least} or more")
