"""Words by hand, after the Solidity documentation, "Layout of State Variables in Storage"."""

from __future__ import annotations

from typing import Any

import pytest

from dcai.errors import ArtifactError, InputError
from dcai.evm.hashing import mapping_slot, word_hash
from dcai.evm.layout import StorageLayout, Words

TYPES: dict[str, Any] = {
    "t_address": {"encoding": "inplace", "label": "address", "numberOfBytes": "20"},
    "t_bool": {"encoding": "inplace", "label": "bool", "numberOfBytes": "1"},
    "t_int80": {"encoding": "inplace", "label": "int80", "numberOfBytes": "10"},
    "t_uint32": {"encoding": "inplace", "label": "uint32", "numberOfBytes": "4"},
    "t_uint256": {"encoding": "inplace", "label": "uint256", "numberOfBytes": "32"},
    "t_bytes32": {"encoding": "inplace", "label": "bytes32", "numberOfBytes": "32"},
    "t_string": {"encoding": "bytes", "label": "string", "numberOfBytes": "32"},
    "t_ints": {"encoding": "dynamic_array", "label": "int80[]", "numberOfBytes": "32", "base": "t_int80"},
    "t_matrix": {"encoding": "dynamic_array", "label": "int80[][]", "numberOfBytes": "32", "base": "t_ints"},
    "t_strings": {"encoding": "dynamic_array", "label": "string[]", "numberOfBytes": "32", "base": "t_string"},
    "t_map": {"encoding": "mapping", "label": "m", "numberOfBytes": "32", "key": "t_uint256", "value": "t_int80"},
    "t_struct": {
        "encoding": "inplace",
        "label": "struct S",
        "numberOfBytes": "64",
        "members": [
            {"label": "a", "slot": "0", "offset": 4, "type": "t_uint32"},
            {"label": "map", "slot": "1", "offset": 0, "type": "t_map"},
        ],
    },
    "t_structs": {"encoding": "dynamic_array", "label": "S[]", "numberOfBytes": "32", "base": "t_struct"},
}


def layout(type_id: str, slot: int = 7, offset: int = 0) -> StorageLayout:
    variable = {"label": "v", "slot": str(slot), "offset": offset, "type": type_id}
    return StorageLayout({"storage": [variable], "types": TYPES})


def both_ways(type_id: str, value: Any, words: dict[int, int], keys: tuple[int, ...] = (), offset: int = 0) -> None:
    known = layout(type_id, offset=offset)
    assert known.encode({"v": value}) == dict(sorted(words.items()))
    assert known.decode(Words(words), "v", keys) == value


def test_fields_of_a_word() -> None:
    both_ways("t_int80", -1, {7: (2**80 - 1) << 32}, offset=4)
    both_ways("t_int80", -(2**79), {7: 2**79})
    both_ways("t_uint32", 5, {7: 5 << 80}, offset=10)
    both_ways("t_bool", True, {7: 256}, offset=1)
    both_ways("t_uint256", 0, {})


def test_an_address() -> None:
    address = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    both_ways("t_address", address, {7: int(address, 16)})


def test_packed_arrays_hold_three_int80_a_word() -> None:
    start = word_hash(7)
    both_ways("t_ints", [1, -1, 2, 3], {7: 4, start: 1 | (2**80 - 1) << 80 | 2 << 160, start + 1: 3})
    both_ways("t_ints", [], {})
    both_ways("t_ints", [0], {7: 1})


def test_arrays_of_arrays() -> None:
    outer = word_hash(7)
    inner = word_hash(outer + 1)
    both_ways("t_matrix", [[], [9]], {7: 2, outer + 1: 1, inner: 9})


def test_strings_up_to_31_bytes_share_a_word_with_their_length() -> None:
    short, long = "x" * 31, "ü" * 16
    both_ways("t_string", short, {7: int.from_bytes(short.encode() + bytes([62]), "big")})
    both_ways("t_string", long, {7: 65, word_hash(7): int.from_bytes(long.encode(), "big")})
    longer = "y" * 33
    start = word_hash(7)
    last = int.from_bytes(b"y".ljust(32, b"\0"), "big")
    both_ways("t_string", longer, {7: 67, start: int.from_bytes(b"y" * 32, "big"), start + 1: last})
    both_ways("t_strings", ["", "a"], {7: 2, start + 1: int.from_bytes(b"a".ljust(31, b"\0") + b"\2", "big")})


def test_mappings_in_structs_in_arrays() -> None:
    start = word_hash(7)
    words = {7: 2, start + 2: 3 << 32, mapping_slot(11, start + 3): 2**80 - 4}
    both_ways("t_structs", [{"a": 0, "map": {}}, {"a": 3, "map": {11: -4}}], words, keys=(11, 12))


def test_words_that_were_not_read_are_known() -> None:
    words = Words({7: 1, word_hash(7): 5, 99: 1, 100: 0})
    assert layout("t_ints").decode(words, "v") == [5]
    assert words.unread() == {99}


@pytest.mark.parametrize(
    ("type_id", "value", "message"),
    [
        ("t_ints", [0, 2**79], r"v\[1\] is 604462909807314587353088; it must be of type int80"),
        ("t_uint32", -1, r"v is -1; it must be of type uint32: 0 to 4294967295"),
        ("t_address", "0x12", "v is '0x12'"),
    ],
)
def test_values_that_do_not_fit_are_named(type_id: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        layout(type_id).encode({"v": value})


def test_the_storage_of_another_contract_is_refused() -> None:
    with pytest.raises(ArtifactError, match="slot 7 would be the length of an array"):
        layout("t_ints").decode(Words({7: 2**200}), "v")
    with pytest.raises(ArtifactError, match="slot 7 would begin a string"):
        layout("t_string").decode(Words({7: 2**200 + 1}), "v")
    with pytest.raises(ArtifactError, match="the string at slot 7 is not UTF-8"):
        layout("t_string").decode(Words({7: 0xFF << 248 | 2}), "v")
    with pytest.raises(ArtifactError, match="no variable 'w'; it has v"):
        layout("t_string").decode(Words({}), "w")
    with pytest.raises(ArtifactError, match="type bytes32, which dcai cannot read"):
        layout("t_bytes32").decode(Words({}), "v")
