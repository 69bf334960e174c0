"""Proofs of accounts and of storage, checked against a root: the only module that imports ``trie``.

``eth_getProof`` (EIP-1186) gives the nodes of a Merkle Patricia trie on the way to a key. Each is found here by the
hash that the node above it holds, so that what is read depends on the root alone; a key that is not there is proven
by the node where its way ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from dcai.errors import MissingExtraError, ProofError
from dcai.evm.hashing import keccak

try:
    import rlp
    from trie.constants import BLANK_NODE_HASH
    from trie.hexary import HexaryTrie
except ImportError as error:
    raise MissingExtraError("dcai.chain", "chain") from error

__all__ = ["Account", "ordered_root", "proven_account", "proven_words", "state_root", "storage_root", "stored_zeros"]

_EMPTY_CODE_HASH = keccak(b"")
_ACCOUNT_FIELDS = 4


class Account(NamedTuple):
    """An account as the state trie holds it."""

    nonce: int
    balance_wei: int
    storage_root: bytes
    code_hash: bytes


#: What an address has that nobody ever used.
_NO_ACCOUNT = Account(0, 0, BLANK_NODE_HASH, _EMPTY_CODE_HASH)


def proven_account(state_root: bytes, address: bytes, nodes: Iterable[bytes]) -> Account:
    """Return the account that a proof shows; that of an unused address where it shows that there is none.

    Raises
    ------
    ProofError
        The nodes do not lead from the root to an account or to its absence.
    """
    what = f"the account 0x{address.hex()}"
    raw = _value(_ProofTrie(nodes, state_root), address, what)
    if not raw:
        return _NO_ACCOUNT
    fields = _decode(raw, what)
    if not isinstance(fields, list) or [type(field) for field in fields] != [bytes] * _ACCOUNT_FIELDS:
        raise ProofError(f"{what} in the state trie is not a well-formed account")
    nonce, balance, storage_root, code_hash = fields
    return Account(_integer(nonce, what), _integer(balance, what), storage_root, code_hash)


def proven_words(storage_root: bytes, slots: Iterable[int], nodes: Iterable[bytes]) -> dict[int, int]:
    """Return the word at each slot, 0 where the proof shows that there is none.

    Parameters
    ----------
    storage_root : bytes
        Storage root of the account.
    slots : iterable of int
        Slots to verify.
    nodes : iterable of bytes
        Those of the proofs of all of them.

    Raises
    ------
    ProofError
        The nodes do not lead from the root to a word or to its absence.
    """
    trie = _ProofTrie(nodes, storage_root)
    words = {}
    for slot in slots:
        what = f"the word at slot {slot:#x}"
        raw = _value(trie, slot.to_bytes(32, "big"), what)
        value = _decode(raw, what) if raw else b""
        if not isinstance(value, bytes):
            raise ProofError(f"{what} in the storage trie is a list")
        words[slot] = _integer(value, what)
    return words


def ordered_root(values: Sequence[bytes]) -> bytes:
    """Return the root of the trie of a block's transactions or receipts: values by the RLP of their positions."""
    trie = HexaryTrie({})
    for i, value in enumerate(values):
        trie[rlp.encode(i)] = value
    return trie.root_hash


def stored_zeros(storage_root: bytes, slots: Iterable[int], nodes: Iterable[bytes]) -> list[int]:
    """Return those slots that the trie has with the word 0, which it should not have at all.

    No chain has them. Nodes for development do: anvil keeps what a transaction has set to 0.

    Parameters
    ----------
    storage_root, slots, nodes
        Arguments of `proven_words`.
    """
    trie = _ProofTrie(nodes, storage_root)
    raw = {slot: _value(trie, slot.to_bytes(32, "big"), f"the word at slot {slot:#x}") for slot in slots}
    return [slot for slot, value in raw.items() if value and _decode(value, f"the word at slot {slot:#x}") == b""]


def storage_root(words: Mapping[int, int], zeros: Iterable[int] = ()) -> bytes:
    """Return the root of a storage that holds these words and nothing else.

    Where it is the root of an account's storage, the account has no other word: what no proof of single words shows.

    Parameters
    ----------
    words : mapping of int to int
        Words by slot, without zeros.
    zeros : iterable of int
        Slots that a node keeps all the same; see `stored_zeros`.
    """
    kept = [(slot, word) for slot, word in words.items() if word] + [(slot, 0) for slot in zeros]
    return _root((slot.to_bytes(32, "big"), _minimal(word)) for slot, word in kept)


def state_root(accounts: Mapping[bytes, Account]) -> bytes:
    """Return the root of a state that has these accounts and no other.

    Parameters
    ----------
    accounts : mapping of bytes to Account
        Accounts by address, empty ones included.
    """
    return _root((address, list(_fields(account))) for address, account in accounts.items())


def _fields(account: Account) -> Iterable[bytes]:
    return (field if isinstance(field, bytes) else _minimal(field) for field in account)


def _minimal(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _root(values: Iterable[tuple[bytes, Any]]) -> bytes:
    """Return the root of a trie of values by the hash of their keys."""
    trie = HexaryTrie({}, prune=True)
    for key, value in values:
        trie.set(keccak(key), rlp.encode(value))  # type: ignore[no-untyped-call]
    return bytes(trie.root_hash)


class _ProofTrie(HexaryTrie):
    """A trie of the nodes of many proofs, which decodes each of them once."""

    def __init__(self, nodes: Iterable[bytes], root: bytes) -> None:
        super().__init__({keccak(node): node for node in nodes}, root)
        self._decoded: dict[bytes, Any] = {}

    def get_node(self, node_hash: Any) -> Any:
        if not isinstance(node_hash, bytes):  # a short node stands in the one above it
            return super().get_node(node_hash)  # type: ignore[no-untyped-call]
        if node_hash not in self._decoded:
            self._decoded[node_hash] = super().get_node(node_hash)  # type: ignore[no-untyped-call]
        return self._decoded[node_hash]


def _value(trie: HexaryTrie, key: bytes, what: str) -> bytes:
    try:
        value: bytes = trie.get(keccak(key))
    # The library raises errors of many kinds on nodes that have the right hash and are none.
    except Exception as error:
        raise ProofError(f"the proof of {what} does not follow from the root 0x{trie.root_hash.hex()}") from error
    return value


def _decode(raw: bytes, what: str) -> object:
    try:
        value: object = rlp.decode(raw)
    except rlp.RLPException as error:
        raise ProofError(f"{what} in the trie is not valid RLP") from error
    return value


def _integer(raw: bytes, what: str) -> int:
    if len(raw) > 32 or raw[:1] == b"\0":
        raise ProofError(f"{what} in the trie has 0x{raw.hex()} where a number should be")
    return int.from_bytes(raw, "big")
