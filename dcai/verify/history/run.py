"""Replay every accepted contribution of a classifier and compare its storage."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from dcai.chain import Snapshot
from dcai.chain.collect.changes import Change, ClassifierCall, Learned, NewOwner, Owners, changes
from dcai.chain.read.contracts import PROXY_SLOTS, check_no_proxy, find_kind
from dcai.chain.read.fetch import MAX_WEIGHTS, Reading, fetch
from dcai.chain.read.reader import index_bits, missing_slots
from dcai.chain.read.trainers import classifier_of
from dcai.chain.rpc.header import Header
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.provider import Limits
from dcai.chain.rpc.tags import block_tag, check_same, find_header, hex_text
from dcai.chain.rpc.transactions import creation, first_block_with_code
from dcai.errors import (
    ArtifactError,
    EvmError,
    InputError,
    InputTypeError,
    NoCodeError,
    ProofError,
    Revert,
    RpcError,
    UnknownFeaturesError,
    WrongChainError,
    shown,
)
from dcai.evm.differing import FieldDifference
from dcai.evm.hashing import keccak, to_address, to_bytes20
from dcai.verify.against import against
from dcai.verify.history.compare import compare
from dcai.verify.history.replica import Replica

__all__ = ["COMPARE_EVERY", "ComparedBlock", "Departure", "HistoryReplay"]

#: Contributions between two comparisons, unless told otherwise.
COMPARE_EVERY = 500


class ComparedBlock(NamedTuple):
    """A block in which the contract's storage was compared, and equal.

    Attributes
    ----------
    block : int
        Height.
    hash : str
        Of the block.
    replayed : int
        Changes that were replayed until then.
    root : str
        Of the contract's storage, proven; empty where nothing is proven.
    """

    block: int
    hash: str
    replayed: int
    root: str


class Departure(NamedTuple):
    """Departure of the contract's storage from its history.

    Attributes
    ----------
    after, until : int
        Equal in block ``after``, and no longer in block ``until``: the first such one where it is the next.
    differences : sequence of FieldDifference
        ``expected`` is what the contract has, ``actual`` what its history gives.
    changes : sequence of Change
        Contributions and calls replayed in these blocks.
    unproven : sequence of int
        Blocks of these of which the node's own account of the contract contradicts their state roots.
    """

    after: int
    until: int
    differences: Sequence[FieldDifference]
    changes: Sequence[Change]
    unproven: Sequence[int] = ()


class _OutOfTimeError(Exception):
    pass


class HistoryReplay:
    """Replays the history of one classifier.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server.
    address : str
        Of the classifier or of its trainer.
    from_block : int, optional
        Where to begin: the block of the deployment, which is searched unless given, or any later one, whose storage
        is then read and taken as the start.
    block : str or int
        The last one: ``"finalized"``, ``"safe"``, ``"latest"`` or a number.
    compare_every : int
        Compare with storage after so many contributions or calls, at the end of the block; at the end anyway.
    verify : bool
        Prove storage and events, see `dcai.chain.fetch` and `dcai.chain.contributions`. If False, the node is
        believed.
    layout, num_features, indices, max_weights, expect_chain_id, limits
        As of `dcai.chain.read.fetch`. Features that transactions name need not be told.
    time_budget_s : float, optional
        Stop after so many seconds.
    progress : callable, optional
        Called with the number of blocks that have been read, and of all.

    Attributes
    ----------
    partial : str or None
        Why not all was replayed and compared; ``"not begun"`` before `run`.
    chain_id, first_block, last_block : int
        First and last block; -1 before they are known.
    last_hash : str
        Of the last block.
    start : str
        Start of the replay, in words.
    code_hash, layout : str
        Of the contract.
    replayed : Counter
        How many of what, by words.
    owners : list of str
        All who owned the classifier.
    skipped : list of int
        Blocks that were to be compared, and whose states the node no longer has.
    unproven : mapping of int to str
        Blocks of which the node's own account of the contract contradicts their state roots, and how.
    checkpoints : list of ComparedBlock
        Where storage was equal.
    departure : Departure or None
        The first one.
    replica : Replica or None
        The classifier, as replayed so far.
    """

    def __init__(
        self,
        rpc_url: str,
        address: str,
        *,
        from_block: int | None = None,
        block: str | int = "finalized",
        compare_every: int = COMPARE_EVERY,
        verify: bool = True,
        layout: str | None = None,
        num_features: int | None = None,
        indices: Iterable[int] | None = None,
        max_weights: int = MAX_WEIGHTS,
        expect_chain_id: int | None = None,
        limits: Limits | None = None,
        time_budget_s: float | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.address = to_address(to_bytes20(address))
        self._tag = block_tag(block, "block", "it cannot be a hash")
        _check_count("compare_every", compare_every, 1)
        if from_block is not None:
            _check_count("from_block", from_block, 0)
        self.rpc_url = rpc_url
        self.compare_every = compare_every
        self.verify = verify
        self._from_block = from_block
        self._layout = layout
        self._features: dict[str, Any] = {"num_features": num_features}
        self._features["indices"] = None if indices is None else list(indices)
        self._max_weights = max_weights
        self._expect_chain_id = expect_chain_id
        self._limits = limits or Limits()
        self._deadline = None if time_budget_s is None else time.monotonic() + time_budget_s
        self._progress = progress
        self.partial: str | None = "not begun"
        self.chain_id = self.first_block = self.last_block = self.done_block = -1
        self.last_hash = self.start = self.code_hash = self.layout = ""
        self.replayed: Counter[str] = Counter()
        self.owners: list[str] = []
        self.skipped: list[int] = []
        self.checkpoints: list[ComparedBlock] = []
        self.departure: Departure | None = None
        self.replica: Replica | None = None
        self._creation: int | None = None
        self._recent: list[tuple[int, list[Change]]] = []
        self.unproven: dict[int, str] = {}
        self._since = 0

    def run(self) -> None:
        """Replay and compare. Ctrl-C and the time budget end it early; `partial` then says so.

        Raises
        ------
        InputError
            There is no such contract or block to begin with.
        ChainError
            As `dcai.chain.read.fetch`; of what was found before, nothing is lost.
        """
        self.partial = "interrupted"
        try:
            with Node(self.rpc_url, self._limits) as node:
                self._run(node)
            self.partial = None
        except KeyboardInterrupt:
            pass
        except _OutOfTimeError:
            self.partial = "time budget"

    # -- from the start to the end -- #

    def _run(self, node: Node) -> None:
        self.chain_id = node.chain_id()
        if self._expect_chain_id not in (None, self.chain_id):
            raise WrongChainError(f"the node serves chain {self.chain_id}; expected {self._expect_chain_id}")
        last = find_header(node, self._tag, {}, verify=self.verify)
        self.last_block, self.last_hash = last.number, hex_text(last.hash)
        self.address = classifier_of(node, self.address, verify=self.verify) or self.address
        begin = self._begin(node, last)
        owners = Owners(node, self.address, self._replica.owner, begin, last.number, verify=self.verify)
        self.owners = list(dict.fromkeys([self._replica.owner, *(one.owner for one in owners.transfers)]))
        found = changes(
            node,
            self.address,
            owners,
            begin,
            last.number,
            verify=self.verify,
            max_parallel=int(self._limits.max_parallel),
            progress=self._tick,
        )
        for number, block_changes in found:
            self._tick(number - begin, last.number - begin + 1)
            if not self._apply_block(node, number, block_changes):
                return
        self.done_block = last.number
        self._compare(node, last)
        check_same(node, last)

    def _tick(self, done: int, total: int) -> None:
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise _OutOfTimeError
        if self._progress is not None:
            self._progress(done, total)

    @property
    def _replica(self) -> Replica:
        assert self.replica is not None
        return self.replica

    def _begin(self, node: Node, last: Header) -> int:
        """Make the replica, and return the block whose changes come first."""
        if not node.code(self.address, last.number):
            raise NoCodeError(f"there is no contract at {self.address} in block {last.number}")
        first = self._from_block
        if first is None:
            first = self._deployment(node, last.number)
        elif first > last.number:
            raise InputError(f"from_block is {first}, and the last block is {last.number}")
        self.first_block = self.done_block = first
        created = creation(node, self.address, first)
        header = node.header(hex(first), verify=self.verify)
        if created is not None:
            # Code of the last block, which a node without old states has, too. Each comparison proves it.
            code = node.code(self.address, last.number)
            kind = find_kind(code, self._layout)
            self.replica = Replica.created(kind.artifact, self.address, code, created.calldata, created.sender)
            if self.replica is not None:
                check_no_proxy(self.address, code, dict.fromkeys(PROXY_SLOTS, 0) | self.replica.words())
                self.replica.indices.update(self._named())
                self.start = f"the transaction {created.hash} in block {first}, which created it, run again"
                self.layout = kind.layout
                self.code_hash = hex_text(keccak(code))
                self.replayed["creation"] += 1
                self._equal, self._equal_at = self.replica.copy(), first - 1
                self._creation = created.transaction_index
                return first
        self._read_start(node, header)
        return first + 1

    def _deployment(self, node: Node, last: int) -> int:
        try:
            return first_block_with_code(node, self.address, last)
        except RpcError as error:
            if error.code is None:
                raise
            raise InputError(
                f"the node has no early states, so the block of the deployment must be told, from_block: {error}"
            ) from error

    def _named(self) -> Iterable[int]:
        indices: list[int] | None = self._features["indices"]
        return range(self._features["num_features"] or 0) if indices is None else indices

    def _read_start(self, node: Node, header: Header) -> None:
        """Take the storage of a block as the start."""
        snapshot = self._fetch_start(header)
        self.replica = Replica(
            snapshot.kind.artifact,
            self.address,
            node.code(self.address, header.number),
            snapshot.storage,
            snapshot.features or (),
            complete=against(snapshot, snapshot.model()).complete is True,
        )
        self.start = f"its storage in block {header.number}, read from the node" + (", proven" * self.verify)
        self.layout, self.code_hash = snapshot.layout, snapshot.code_hash
        self._start_header = header
        self._equal, self._equal_at = self.replica.copy(), header.number
        self._note_equal(header, snapshot.storage_root or "")

    def _fetch_start(self, header: Header) -> Snapshot:
        def read(**features: Any) -> Snapshot:
            return fetch(
                self.rpc_url,
                self.address,
                header.number,
                block_hash=hex_text(header.hash),
                verify=self.verify,
                layout=self._layout,
                max_weights=self._max_weights,
                limits=self._limits,
                **features,
            )

        try:
            return read(**self._features)
        except UnknownFeaturesError:
            return read(indices=())  # those that transactions name are looked up when they do

    # -- block by block -- #

    def _apply_block(self, node: Node, number: int, block_changes: list[Change]) -> bool:
        """Replay a block; False where the history ends with a departure."""
        if number == self.first_block and self._creation is not None:
            block_changes = [one for one in block_changes if one.transaction_index >= self._creation]
        self._look_up(node, block_changes)
        self._recent.append((number, block_changes))
        for change in block_changes:
            try:
                word = self._apply(self._replica, change)
            except (Revert, EvmError, InputError, ArtifactError) as error:
                self._refused(node, number, change, error)
                return False
            self.replayed[word] += 1
        self.done_block = number
        self._since += len(block_changes)
        if self._since >= self.compare_every and number != self.last_block:
            return self._compare(node, node.header(hex(number), verify=self.verify))
        return True

    def _apply(self, replica: Replica, change: Change) -> str:
        """Replay a change, and return what it was, in words."""
        if isinstance(change, NewOwner):
            replica.set_owner(change.owner)
            return "transfers of ownership"
        if isinstance(change, Learned):
            if change.trainer != replica.owner:
                return "contributions that trainers logged while they did not own it, which cannot have changed it"
            one = change.contribution
            replica.learn(one.data, one.label, change.trainer)
            return "contributions"
        assert isinstance(change, ClassifierCall)
        return f"calls of {replica.call(change.calldata, change.sender)}"

    def _look_up(self, node: Node, block_changes: Sequence[Change]) -> None:
        """Read what storage had at the start of the features that are named for the first time."""
        replica = self._replica
        bits = index_bits(replica.artifact)
        if replica.complete or bits is None:
            return
        named = {i for one in block_changes if isinstance(one, Learned) for i in one.contribution.data}
        new = {i for i in named if 0 <= i < 1 << bits} - replica.indices
        if not new:
            return
        reading = Reading(node, self.address, self._start_header, verify=self.verify)
        slots = missing_slots(replica.artifact, replica.words(), sorted(new), self._max_weights)
        reading.fetch([slot for slot in slots if slot not in reading.words])
        words = {slot: reading.words[slot] for slot in slots}
        for one in (replica, self._equal):
            one.add(new, words)

    # -- comparisons -- #

    def _compare(self, node: Node, header: Header) -> bool:
        """Compare with storage in the block that was replayed last; False where they differ."""
        is_last = header.number == self.last_block
        self._since = 0
        differences: Sequence[FieldDifference]
        try:
            root, differences = compare(node, self._replica, header, verify=self.verify, most=self._max_weights)
        except ProofError as error:
            if isinstance(error.__cause__, RpcError):
                raise  # it gives no proofs at all
            self.unproven[header.number] = str(error)
            if is_last:
                self._contradiction(node, header)
            return not is_last
        except RpcError as error:
            if error.code is None or is_last:
                raise
            self.skipped.append(header.number)
            return True
        if differences:
            self._depart(header.number, differences)
            self._narrow(node)
            return False
        self._note_equal(header, hex_text(root) if root else "")
        return True

    def _note_equal(self, header: Header, root: str) -> None:
        self._equal, self._equal_at, self._recent = self._replica.copy(), header.number, []
        count = sum(self.replayed.values())
        self.checkpoints.append(ComparedBlock(header.number, hex_text(header.hash), count, root))

    def _depart(self, until: int, differences: Sequence[FieldDifference]) -> None:
        between = [one for number, some in self._recent if self._equal_at < number <= until for one in some]
        unproven = sorted(number for number in self.unproven if self._equal_at < number <= until)
        self.departure = Departure(self._equal_at, until, differences, between, unproven)

    def _at(self, number: int) -> Replica:
        """Return the classifier after a block since it was last equal."""
        replica = self._equal.copy()
        for at, some in self._recent:
            if at <= number:
                for change in some:
                    self._apply(replica, change)
        return replica

    def _narrow(self, node: Node) -> None:
        """Find the first block of a departure, as far as the node has the states and can prove them."""
        oldest = self._equal_at + 1
        while self.departure is not None:
            until, differences = self.departure.until, self.departure.differences
            untried = [number for number in range(oldest, until) if number not in self.unproven]
            if not untried:
                return
            middle = untried[len(untried) // 2]
            header = node.header(hex(middle), verify=self.verify)
            replica = self._at(middle)
            try:
                _, earlier = compare(node, replica, header, verify=self.verify, most=self._max_weights)
            except ProofError as error:
                self.unproven[middle] = str(error)
            except RpcError as error:
                if error.code is None:
                    raise
                oldest = middle + 1  # it is the old states that nodes no longer have
            else:
                if earlier:
                    until, differences = middle, earlier
                else:
                    self._equal, self._equal_at = replica, middle
                    self._recent = [(number, some) for number, some in self._recent if number > middle]
                    oldest = middle + 1
            self._depart(until, differences)

    def _refused(self, node: Node, number: int, change: Change, error: Exception) -> None:
        """Describe a transaction that the chain accepted and the replay refuses, or an earlier difference."""
        own = FieldDifference(f"the outcome of transaction {change.transaction}", "success", str(error))
        self.departure = Departure(number - 1, number, [own], [change])
        if number - 1 <= self._equal_at:
            return
        header = node.header(hex(number - 1), verify=self.verify)
        replica = self._at(number - 1)
        try:
            _, differences = compare(node, replica, header, verify=self.verify, most=self._max_weights)
        except RpcError:
            return
        except ProofError as proof_error:
            self.unproven[number - 1] = str(proof_error)
            return
        if differences:
            self._depart(number - 1, differences)
            self._narrow(node)

    def _contradiction(self, node: Node, header: Header) -> None:
        """Describe a contradiction between the node's answer and the last block."""
        cause = "the storage that the node gives, by the block's state root"
        differences = [FieldDifference(cause, self.unproven[header.number], "what follows from the state root")]
        try:
            claimed = compare(node, self._replica, header, verify=False, most=self._max_weights)
        except RpcError:
            claimed = None
        if claimed is not None:
            differences = [*claimed.differences, *differences]
        self._depart(header.number, differences)
        self._narrow(node)


def _check_count(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InputTypeError(f"{name} is {shown(value)}; it must be an integer")
    if value < least:
        raise InputError(f"{name} is {value}; it must be {least} or more")
