"""Proofs made by another implementation are accepted, and what is altered in them is not."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak
from trie import hexary

from dcai.chain.rpc.proofs import Account, proven_account, proven_words
from dcai.errors import ProofError

HexaryTrie: Any = hexary.HexaryTrie

WORDS = {slot: random.Random(slot).getrandbits(8 * (1 + slot % 32)) | 1 for slot in [*range(300), 2**256 - 1]}


@pytest.fixture(scope="module")
def storage() -> Any:
    trie = HexaryTrie({})
    for slot, word in WORDS.items():
        trie[keccak(slot.to_bytes(32, "big"))] = rlp.encode(word)
    return trie


def proof_of(trie: Any, slot: int) -> list[bytes]:
    return [rlp.encode(node) for node in trie.get_proof(keccak(slot.to_bytes(32, "big")))]


def test_words_and_their_absence(storage: Any) -> None:
    for slot in [*WORDS, 301, 2**255]:
        assert proven_words(storage.root_hash, [slot], proof_of(storage, slot)) == {slot: WORDS.get(slot, 0)}


def test_an_empty_storage_needs_no_nodes() -> None:
    assert proven_words(HexaryTrie({}).root_hash, [0, 7], []) == {0: 0, 7: 0}


@pytest.mark.parametrize("slot", [0, 17, 301])
def test_every_altered_byte_is_found(storage: Any, slot: int) -> None:
    proof = proof_of(storage, slot)
    for i, node in enumerate(proof):
        for at in range(0, len(node), 7):
            altered = [*proof[:i], node[:at] + bytes([node[at] ^ 1]) + node[at + 1 :], *proof[i + 1 :]]
            with pytest.raises(ProofError, match=f"slot {slot:#x} does not follow"):
                proven_words(storage.root_hash, [slot], altered)


def test_a_proof_of_another_slot_or_root_or_none(storage: Any) -> None:
    proof = proof_of(storage, 5)
    for root, slot, nodes in (
        (storage.root_hash, 6, proof),
        (b"\x01" * 32, 5, proof),
        (storage.root_hash, 5, []),
        (storage.root_hash, 5, proof[:-1]),
        (storage.root_hash, 5, proof[1:]),
    ):
        with pytest.raises(ProofError, match="does not follow"):
            proven_words(root, [slot], nodes)


@pytest.mark.parametrize("node", [b"", b"\xff", b"\xc0", rlp.encode([b"", b"", b""]), rlp.encode([[], []]), b"\x80"])
def test_a_root_that_is_no_node(node: bytes) -> None:
    """A node that also lies about the root gives whatever it likes the right hash."""
    with suppress(ProofError):  # or it is one that proves absence
        assert proven_words(keccak(node), [5], [node]) == {5: 0}


@pytest.mark.parametrize("value", [b"\xc1\x05", rlp.encode(b"\x00\x01"), rlp.encode(b"\x01" * 33), b"\x85\x01"])
def test_a_value_that_is_no_word(value: bytes) -> None:
    trie = HexaryTrie({})
    trie[keccak((5).to_bytes(32, "big"))] = value
    with pytest.raises(ProofError, match="slot 0x5"):
        proven_words(trie.root_hash, [5], proof_of(trie, 5))


def test_accounts() -> None:
    trie = HexaryTrie({})
    account = Account(1, 2**70, b"\x01" * 32, b"\x02" * 32)
    address, other = b"\x05" * 20, b"\x06" * 20
    trie[keccak(address)] = rlp.encode([1, 2**70, account.storage_root, account.code_hash])
    trie[keccak(other)] = rlp.encode([1, 2, account.storage_root])
    nodes = [rlp.encode(node) for key in (address, other) for node in trie.get_proof(keccak(key))]
    assert proven_account(trie.root_hash, address, nodes) == account
    with pytest.raises(ProofError, match="not a well-formed account"):
        proven_account(trie.root_hash, other, nodes)
    with pytest.raises(ProofError, match="does not follow"):
        proven_account(b"\x07" * 32, address, nodes)
    unused = proven_account(HexaryTrie({}).root_hash, b"\x07" * 20, [])
    assert unused == Account(0, 0, HexaryTrie({}).root_hash, keccak(b""))
