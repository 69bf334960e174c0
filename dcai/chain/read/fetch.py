"""Fetch a snapshot of a contract from a node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.chain.read.contracts import PROXY_SLOTS, check_getters, check_layout, check_no_proxy, find_kind
from dcai.chain.read.event_features import features_from_events
from dcai.chain.read.reader import choose_features, read_slots
from dcai.chain.read.snapshot import Block, Snapshot
from dcai.chain.rpc.node import Node
from dcai.chain.rpc.proofs import proven_account, proven_words
from dcai.chain.rpc.provider import Limits
from dcai.chain.rpc.tags import block_tag, check_same, find_header, hex_text
from dcai.errors import (
    ArtifactError,
    InputError,
    ProofError,
    RpcError,
    TooLargeError,
    UnknownContractError,
    WrongChainError,
    shown,
)
from dcai.evm.hashing import keccak, to_address, to_bytes20

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dcai.artifacts import Artifact
    from dcai.chain.read.reader import Features
    from dcai.chain.rpc.header import Header

__all__ = ["MAX_WEIGHTS", "Reading", "fetch", "fetch_at"]

#: To fill so many slots costs 93 thousand million gas, all that fits 1,500 blocks of 60 million.
MAX_WEIGHTS = 1 << 22


def fetch(
    rpc_url: str,
    address: str,
    block: str | int = "finalized",
    *,
    verify: bool = True,
    block_hash: str | None = None,
    state_root: str | None = None,
    expect_chain_id: int | None = None,
    layout: str | None = None,
    num_features: int | None = None,
    indices: Iterable[int] | None = None,
    features: str | None = None,
    from_block: int = 0,
    max_weights: int = MAX_WEIGHTS,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
    progress_events: Callable[[int, int], None] | None = None,
) -> Snapshot:
    """Fetch the model of a contract from a node.

    Parameters
    ----------
    rpc_url : str
        The node's JSON-RPC server: ``http://`` or ``https://``.
    address : str
        Address of the contract.
    block : str or int
        ``"finalized"``, ``"safe"``, ``"latest"``, ``"earliest"`` or a number.
    verify : bool
        Check code and storage by proofs (EIP-1186) against the state root of the block, and that against the hash
        of the block's header. If False, the node is believed.
    block_hash : str, optional
        Hash of the block to read, from a source that you trust; replaces ``block``.
    state_root : str, optional
        Expected state root of the block, from a source that you trust.
    expect_chain_id : int, optional
        The chain that the node must be of.
    layout : str, optional
        How the contract's storage is laid out, such as ``"0xdeca10b:SparsePerceptron"``, where neither code nor
        getters tell; see ``dcai.chain.read.contracts``.
    num_features : int, optional
        Size of a sparse model's vocabulary: features 0 to ``num_features - 1`` are looked up.
    indices : iterable of int, optional
        The features to look up, instead. Of neither, those that the contract lists are.
    features : str, optional
        ``"events"``: look up those that contributions to the contract's owner name, its trainer, and those above as
        well, if there are any. Weights that the model had from the start must be among the latter.
    from_block : int
        With ``features="events"``, the first block to search, such as that of the trainer's deployment.
    max_weights : int
        Most storage slots to fetch, and the longest array, 2^22 unless given: what a contract says of itself is
        bounded before it is believed.
    limits : Limits, optional
        Limits on time, size and number of requests.
    progress : callable, optional
        Called after each answer with the number of slots that have been fetched, and of those known to be needed.
    progress_events : callable, optional
        With ``features="events"``, called with the number of blocks that have been searched, and of all.

    Returns
    -------
    Snapshot
        ``model()`` gives the model; ``trust`` says what is proven and what is not.

    Raises
    ------
    InputError
        An argument is invalid.
    WrongChainError, BlockError, NoCodeError, ProxyError, UnknownContractError, UnknownFeaturesError, TooLargeError
        The node serves another chain, block or contract than requested, or the model exceeds a limit.
    RpcError, ResponseError
        The node is unreachable, times out, refuses, or its answer is malformed.
    ProofError
        The node's answer contradicts its proofs, or it gives none.
    """
    address = to_address(to_bytes20(address))
    tag = block_tag(block)
    pins = {"block_hash": _pin("block_hash", block_hash), "state_root": _pin("state_root", state_root)}
    _check_integer("max_weights", max_weights)
    check_layout(layout)
    _check_events(features, from_block)
    limits = limits or Limits()
    with Node(rpc_url, limits) as node:
        chain_id = node.chain_id()
        if expect_chain_id not in (None, chain_id):
            raise WrongChainError(f"the node serves chain {chain_id}; expected chain {expect_chain_id} (--chain-id)")
        header = find_header(node, tag, pins, verify=verify)

        def choose(artifact: Artifact, own: Sequence[int], words: Mapping[int, int]) -> Features | None:
            if features is None:
                return choose_features(artifact, own, num_features, indices, max_weights)
            return features_from_events(
                node,
                artifact,
                words,
                own,
                num_features,
                indices,
                max_weights,
                first=from_block,
                last=header.number,
                max_parallel=int(limits.max_parallel),
                progress=progress_events,
            )

        return fetch_at(
            node,
            chain_id,
            address,
            header,
            choose,
            layout=layout,
            verify=verify,
            pinned=tuple(name for name, value in pins.items() if value is not None),
            max_weights=max_weights,
            progress=progress,
        )


def fetch_at(
    node: Node,
    chain_id: int,
    address: str,
    header: Header,
    choose: Callable[[Artifact, Sequence[int], Mapping[int, int]], Features | None],
    *,
    layout: str | None,
    verify: bool,
    pinned: tuple[str, ...] = (),
    max_weights: int = MAX_WEIGHTS,
    progress: Callable[[int, int], None] | None = None,
) -> Snapshot:
    """Fetch the model of a contract in the block of a header; see `fetch`.

    Parameters
    ----------
    node : Node
        The node to ask.
    chain_id : int
        Chain id.
    address : str
        Checksummed address of the contract.
    header : Header
        Header of the block, checked by the caller.
    choose : callable
        Takes the contract as it was recognised, its own ``featureIndices`` and the words of its storage so far, and
        says which features to look up.
    layout, verify, pinned, max_weights, progress
        Arguments of `fetch` and `Snapshot`.
    """
    try:
        reading = Reading(node, address, header, verify=verify, progress=progress)
        check_no_proxy(address, reading.code, reading.words)
        kind = find_kind(reading.code, layout)
        features = read_slots(
            kind.artifact,
            reading.words,
            reading.fetch,
            lambda own: choose(kind.artifact, own, reading.words),
            max_weights,
        )
    except (ProofError, RpcError) as error:
        check_same(node, header, error)
        raise
    except TooLargeError:
        raise
    except ArtifactError as error:
        raise UnknownContractError(f"the storage at {address} is not that of {kind.layout}: {error}") from error
    check_same(node, header)
    snapshot = Snapshot(
        chain_id=chain_id,
        block=Block.of(header),
        address=address,
        code_hash=hex_text(keccak(reading.code)),
        storage_root=hex_text(reading.storage_root) if verify else None,
        layout=kind.layout,
        recognised_by=kind.recognised_by,
        features=features,
        verified=verify,
        pinned=pinned,
        storage=reading.words,
    )
    model = snapshot.model()
    if kind.recognised_by == "getters":
        check_getters(kind, reading.code, reading.words, model)
    return snapshot


class Reading:
    """Code and storage words of one contract in one block, each verified before use."""

    def __init__(
        self,
        node: Node,
        address: str,
        header: Header,
        *,
        verify: bool,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self._node = node
        self._address = address
        self._header = header
        self._verify = verify
        self._progress = progress
        self.words: dict[int, int] = {}
        self.storage_root = b""
        first = [*range(5), *PROXY_SLOTS]  # all that has a fixed place in storage
        if verify:
            self._prove_account(first)
        self.code = node.code(address, header.number)
        if verify and keccak(self.code) != self._code_hash:
            raise ProofError(
                f"the code that the node gives for {address} is not that with the proven hash "
                f"{hex_text(self._code_hash)}"
            )
        self.fetch([slot for slot in first if slot not in self.words])

    def _prove_account(self, slots: Sequence[int]) -> None:
        proof = self._node.proof(self._address, slots, self._header.number)
        account = proven_account(self._header.state_root, to_bytes20(self._address), proof.nodes)
        for name, claimed, proven in zip(account._fields, proof.account, account, strict=True):
            # Of an unused address some nodes give zeros in place of the hashes of nothing.
            if claimed != proven and not (not proof.account.nonce and claimed == bytes(32)):
                raise ProofError(
                    f"the node says that {name} of {self._address} is {_text(claimed)}; proven is {_text(proven)}"
                )
        self.storage_root = account.storage_root
        self._code_hash = account.code_hash
        self.words.update(self._proven(slots, proof.words, proof.storage_nodes))

    def fetch(self, slots: Sequence[int]) -> None:
        """Fetch the words at some slots."""
        total = len(self.words) + len(slots)
        read = self._prove if self._verify else self._ask
        for words in self._node.in_parallel(read, slots):
            self.words.update(words)
            if self._progress is not None:
                self._progress(len(self.words), total)

    def _ask(self, slots: Sequence[int]) -> dict[int, int]:
        return self._node.words(self._address, slots, self._header.number)

    def _prove(self, slots: Sequence[int]) -> dict[int, int]:
        proof = self._node.proof(self._address, slots, self._header.number)
        return self._proven(slots, proof.words, proof.storage_nodes)

    def _proven(self, slots: Sequence[int], claimed: dict[int, int], nodes: Iterable[bytes]) -> dict[int, int]:
        words = proven_words(self.storage_root, slots, nodes)
        for slot, word in words.items():
            if claimed[slot] != word:
                raise ProofError(f"the node says that slot {slot:#x} holds {claimed[slot]:#x}; proven is {word:#x}")
        return words


def _pin(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        raw = bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError):
        raw = b""
    if len(raw) != 32:
        raise InputError(f"{name} is {shown(value)}; it must be 0x and 64 hexadecimal digits")
    return hex_text(raw)


def _check_events(features: str | None, from_block: int) -> None:
    if features not in (None, "events"):
        raise InputError(f"features is {shown(features)}; it must be 'events', or be omitted")
    if isinstance(from_block, bool) or not isinstance(from_block, int) or from_block < 0:
        raise InputError(f"from_block is {shown(from_block)}; it must be the number of a block")
    if from_block and features is None:
        raise InputError("from_block needs features='events': it is the first block to search for events")


def _check_integer(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise InputError(f"{name} is {shown(value)}; it must be a positive integer")


def _text(value: object) -> str:
    return hex_text(value) if isinstance(value, bytes) else str(value)
