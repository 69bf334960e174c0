"""Model of a contract in a block with the evidence for it, and its file format.

The file is JSON, compressed where its name ends in ``.gz``: an object of ``format``, ``version``, ``sha256`` and
``snapshot``. The checksum is that of ``snapshot`` as JSON with sorted keys and without spaces. It finds damage;
whoever alters a file on purpose can compute it anew, so a file is as trustworthy as where it is from.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from dcai import strict_json
from dcai.chain.read.contracts import ContractKind, check_generation, layout_names
from dcai.chain.read.reader import Features, KnownWords, index_bits
from dcai.errors import ArtifactError, DcaiError, InputError, Revert, SnapshotError, UnknownContractError, shown
from dcai.evm.hashing import to_address, to_bytes20
from dcai.evm.storage import read_known
from dcai.files import write_whole
from dcai.reprs import short_repr

if TYPE_CHECKING:
    from dcai.chain.rpc.header import Header
    from dcai.models import Classifier

__all__ = ["Block", "Followed", "Snapshot", "load"]

_FORMAT, _VERSION = "dcai-snapshot", 1
_HASH = re.compile(r"0x[0-9a-f]{64}")
_WORD = re.compile(r"0x(?:0|[1-9a-f][0-9a-f]{0,63})")
#: 4 million slots take 0.6 GB.
_LONGEST_FILE = 1 << 30


@dataclass(frozen=True)
class Block:
    """A block.

    Attributes
    ----------
    number : int
        Height.
    hash : str
        ``0x`` and 64 digits.
    state_root : str
        Root of the trie of all accounts after it, in the same form.
    timestamp : int
        Seconds since 1970.
    """

    number: int
    hash: str
    state_root: str
    timestamp: int

    @classmethod
    def of(cls, header: Header) -> Self:
        """Return the block of a header."""
        return cls(header.number, f"0x{header.hash.hex()}", f"0x{header.state_root.hex()}", header.timestamp)


@dataclass(frozen=True)
class Followed:
    """Origin of a model that was computed from contributions instead of read from storage.

    Attributes
    ----------
    start : Block
        Block in which storage was last read.
    verified : bool
        Whether that storage is proven.
    num_learned : int
        Contributions that were learned since.
    proven : bool
        Whether the contributions are proven complete, by receipt roots in linked headers.
    """

    start: Block
    verified: bool
    num_learned: int
    proven: bool


@dataclass(frozen=True)
class Snapshot:
    """Model of a contract in a block.

    Attributes
    ----------
    chain_id : int
        Chain id, as the node says.
    block : Block
        Block in which it was read.
    address : str
        Checksummed address of the contract.
    code_hash : str
        Keccak-256 of the contract's code.
    storage_root : str or None
        Root of the contract's storage; None where it is not proven.
    layout : str
        Storage layout, such as ``dcai:SparsePerceptron``.
    recognised_by : str
        Why: ``"code hash"`` of one of dcai's contracts, ``"argument"`` of the caller, or ``"getters"``.
    features : Features or None
        Features of a sparse model that were read; None for a dense one.
    verified : bool
        Storage is proven against the block's state root.
    pinned : tuple of str
        Hashes that the caller passed from a trusted source: ``"block_hash"``, ``"state_root"``.
    storage : dict of int to int
        The word of each slot that was read, zeros too.
    followed : Followed or None
        Origin of the words, if they were not read in this block.
    """

    __repr__ = short_repr

    chain_id: int
    block: Block
    address: str
    code_hash: str
    storage_root: str | None
    layout: str
    recognised_by: str
    features: Features | None
    verified: bool
    pinned: tuple[str, ...]
    storage: dict[int, int] = field(repr=False)
    followed: Followed | None = None

    @property
    def kind(self) -> ContractKind:
        """Layout, and the reason for it."""
        return ContractKind(self.layout, self.recognised_by)

    @property
    def features_from(self) -> str | None:
        """Source of the features of a sparse model; None for a dense one."""
        return None if self.features is None else self.features.source

    def model(self) -> Classifier:
        """Return the model.

        Returns
        -------
        Classifier
            Of the class of ``dcai.models`` that the layout names; a new one each time.

        Raises
        ------
        UnknownContractError
            Storage is not that of such a model.
        SnapshotError
            The snapshot lacks a slot.
        """
        try:
            model = read_known(self.kind.artifact, KnownWords(self.storage), self.features or ())
        except (ArtifactError, InputError, Revert) as error:
            raise UnknownContractError(
                f"the storage at {self.address} is not that of {self.layout}: {error}"
            ) from error
        check_generation(self.kind, model)
        return model

    @property
    def trust(self) -> str:
        """Describe what is proven and what is assumed."""
        return "\n".join(f"{title}: {text}" for title, text in _trust(self))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the snapshot to a file, complete or not at all; compressed if its name ends in ``.gz``."""
        content = _to_fields(self)
        text = _canonical({"format": _FORMAT, "version": _VERSION, "sha256": _sha256(content), "snapshot": content})
        raw = text.encode() + b"\n"
        write_whole(path, gzip.compress(raw, mtime=0) if os.fspath(path).endswith(".gz") else raw)


def _trust(snapshot: Snapshot) -> list[tuple[str, str]]:
    block = f"block {snapshot.block.number}"
    if snapshot.followed is not None:
        rows = _trust_followed(snapshot, snapshot.followed)
    elif not snapshot.verified:
        rows = [
            ("proven", "nothing"),
            ("trusted", f"the node, for the code and for every number; that {block} is on chain {snapshot.chain_id}"),
        ]
    else:
        rows = [
            (
                "proven",
                f"code and all {len(snapshot.storage):,} slots read, absent ones too, by the state root of {block}; "
                f"the state root by the block's hash {snapshot.block.hash}",
            )
        ]
        if "block_hash" in snapshot.pinned:
            rows.append(("trusted", "the source of the block hash that was given"))
        elif "state_root" in snapshot.pinned:
            rows.append(("trusted", "the source of the state root that was given"))
        else:
            rows.append(
                ("trusted", f"the node, that this is the hash of {block} of chain {snapshot.chain_id}: compare it")
            )
    if snapshot.recognised_by == "argument":
        rows.append(("trusted", f"the caller, that storage is laid out as {snapshot.layout}"))
    elif snapshot.recognised_by == "getters":
        rows.append(("assumed", f"the layout {snapshot.layout}: the contract's getters, run here, agree with it"))
    if snapshot.features is not None:
        rows.append(
            (
                "assumed",
                f"features other than these have no weight, which nothing proves: {snapshot.features.source}",
            )
        )
    return rows


def _trust_followed(snapshot: Snapshot, followed: Followed) -> list[tuple[str, str]]:
    start, end = f"block {followed.start.number}", f"block {snapshot.block.number}"
    proven = []
    trusted = [f"the node, that {end} with the hash {snapshot.block.hash} is on chain {snapshot.chain_id}"]
    if followed.verified:
        proven.append(f"storage in {start}, by its state root")
    else:
        trusted.append(f"the node, for storage in {start}")
    if followed.proven:
        proven.append(
            f"the contributions from there to {end}, all and unaltered, by receipts' roots of headers that link up"
        )
    else:
        trusted.append(f"the node, for the contributions from there to {end}")
    return [
        ("proven", "; ".join(proven) or "nothing"),
        ("computed", f"storage in {end}, from {followed.num_learned:,} contributions; it was not compared since"),
        ("trusted", "; ".join(trusted)),
    ]


# -- the file -- #


def load(path: str | os.PathLike[str]) -> Snapshot:
    """Read a snapshot from a file.

    Parameters
    ----------
    path : path
        File that `Snapshot.save` wrote.

    Raises
    ------
    SnapshotError
        The file is unreadable, truncated, altered, of a newer version or not a snapshot.
    """
    name = os.fspath(path)
    try:
        return _from_file(strict_json.loads(_read(path).decode()))
    except SnapshotError as error:
        raise SnapshotError(f"{name}: {error}") from error
    except KeyError as error:
        raise SnapshotError(f"{name}: field {error} is missing") from error
    except (OSError, ValueError, EOFError, zlib.error) as error:
        raise SnapshotError(f"{name}: it is not a snapshot, or is truncated: {error}") from error


def _read(path: str | os.PathLike[str]) -> bytes:
    with Path(path).open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if is_gzip:
            with gzip.open(file) as unpacked:
                raw = unpacked.read(_LONGEST_FILE + 1)
        else:
            raw = file.read(_LONGEST_FILE + 1)
    if len(raw) > _LONGEST_FILE:
        raise SnapshotError(f"it is longer than {_LONGEST_FILE:,} bytes, the maximum of a snapshot")
    return raw


def _from_file(fields: Any) -> Snapshot:
    if not isinstance(fields, dict) or fields.get("format") != _FORMAT:
        raise SnapshotError(f"it is not a snapshot of dcai: its 'format' is not {_FORMAT!r}")
    version = fields.get("version")
    if type(version) is not int or version < 1:
        raise SnapshotError(f"its version is {shown(version)}; expected {_VERSION}")
    if version > _VERSION:
        raise SnapshotError(f"it is of version {version}, and this dcai reads version {_VERSION}: install a newer one")
    content = fields["snapshot"]
    if not isinstance(content, dict):
        raise SnapshotError("its field 'snapshot' is not an object")
    if fields.get("sha256") != _sha256(content):
        raise SnapshotError("it was altered or damaged: the checksum is wrong")
    return _from_fields(content)


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _sha256(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _to_fields(snapshot: Snapshot) -> dict[str, Any]:
    features = snapshot.features
    followed = snapshot.followed
    # Only where there is something to say, so that other files stay as they were.
    more = {} if followed is None else {"followed": {**vars(followed), "start": vars(followed.start)}}
    return {
        "chain_id": snapshot.chain_id,
        "block": vars(snapshot.block),
        "address": snapshot.address,
        "code_hash": snapshot.code_hash,
        "storage_root": snapshot.storage_root,
        "layout": snapshot.layout,
        "recognised_by": snapshot.recognised_by,
        "features": features and {"source": features.source, "runs": features.runs},
        "verified": snapshot.verified,
        "pinned": snapshot.pinned,
        "trust": snapshot.trust,  # for readers of the file
        "storage": {hex(slot): hex(word) for slot, word in sorted(snapshot.storage.items())},
        **more,
    }


def _from_fields(fields: dict[str, Any]) -> Snapshot:
    layout = _take(fields, "layout", str)
    if layout not in layout_names():
        raise SnapshotError(f"its layout is {shown(layout)}; expected one of {', '.join(layout_names())}")
    try:
        address = to_address(to_bytes20(_take(fields, "address", str)))
    except DcaiError as error:
        raise SnapshotError(str(error)) from error
    storage_root = fields["storage_root"]
    storage = {_word(slot): _word(word) for slot, word in _take(fields, "storage", dict).items()}
    snapshot = Snapshot(
        chain_id=_number(fields, "chain_id"),
        block=_block(_take(fields, "block", dict)),
        address=address,
        code_hash=_hash(fields, "code_hash"),
        storage_root=None if storage_root is None else _hash(fields, "storage_root"),
        layout=layout,
        recognised_by=_take(fields, "recognised_by", str),
        features=_features(fields["features"], len(storage)),
        verified=_take(fields, "verified", bool),
        pinned=tuple(str(name) for name in _take(fields, "pinned", list)),
        storage=storage,
        followed=_followed(fields),
    )
    if (index_bits(snapshot.kind.artifact) is not None) != (snapshot.features is not None):
        raise SnapshotError(f"a snapshot of {layout} must list features if the model is sparse, and must not otherwise")
    return snapshot


def _block(fields: dict[str, Any]) -> Block:
    return Block(
        _number(fields, "number"), _hash(fields, "hash"), _hash(fields, "state_root"), _number(fields, "timestamp")
    )


def _followed(fields: dict[str, Any]) -> Followed | None:
    if "followed" not in fields:
        return None
    followed = _take(fields, "followed", dict)
    if fields["verified"] or fields["storage_root"] is not None:
        raise SnapshotError("it declares its storage both proven and computed")
    return Followed(
        _block(_take(followed, "start", dict)),
        _take(followed, "verified", bool),
        _number(followed, "num_learned"),
        _take(followed, "proven", bool),
    )


def _features(value: Any, num_words: int) -> Features | None:
    if value is None:
        return None
    runs = value["runs"] if isinstance(value, dict) else None
    if not isinstance(runs, list) or not all(_is_run(run) for run in runs):
        raise SnapshotError("its field 'features' is malformed")
    if sum(stop - start for start, stop in runs) > num_words:
        raise SnapshotError("its field 'features' has more features than stored words")
    return Features(_take(value, "source", str), [(start, stop) for start, stop in runs])


def _is_run(run: Any) -> bool:
    return isinstance(run, list) and [type(end) for end in run] == [int, int] and 0 <= run[0] < run[1]


def _take(fields: dict[str, Any], name: str, kind: type) -> Any:
    if not isinstance(fields[name], kind):
        raise SnapshotError(f"its field {name!r} is {shown(fields[name])}; expected {kind.__name__}")
    return fields[name]


def _number(fields: dict[str, Any], name: str) -> int:
    if type(fields[name]) is not int or fields[name] < 0:
        raise SnapshotError(f"its field {name!r} is {shown(fields[name])}; expected a number")
    return int(fields[name])


def _hash(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise SnapshotError(f"its field {name!r} is {shown(value)}; expected 0x and 64 hexadecimal digits")
    return value


def _word(text: Any) -> int:
    if not isinstance(text, str) or not _WORD.fullmatch(text):
        raise SnapshotError(f"its storage has {shown(text)}; expected a hexadecimal number of 256 bits")
    return int(text, 16)
