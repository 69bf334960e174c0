from __future__ import annotations

import pytest

from dcai.errors import InputError
from dcai.evm.hashing import keccak, mapping_slot, to_address, to_bytes20, word_hash

# The examples of EIP-55.
CHECKSUMMED = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


@pytest.mark.parametrize("address", CHECKSUMMED)
def test_addresses_have_the_checksum_of_eip_55(address: str) -> None:
    assert to_address(bytes.fromhex(address[2:])) == address
    assert to_bytes20(address) == to_bytes20(address.lower()) == to_bytes20("0x" + address[2:].upper())


def test_a_wrong_checksum_is_refused_with_the_right_one() -> None:
    wrong = CHECKSUMMED[0].replace("5aA", "5AA")
    with pytest.raises(InputError, match=rf"owner is '{wrong}', whose checksum is wrong.*{CHECKSUMMED[0]}"):
        to_bytes20(wrong, "owner")


@pytest.mark.parametrize("text", ["", "0x", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x" + "1 " * 20 + "1" * 20])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="40 hexadecimal digits"):
        to_bytes20(text)


def test_keccak_is_not_the_later_sha3() -> None:
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert word_hash(0) == 0x290DECD9548B62A8D60345A988386FC84BA6BC95484008F6362F93160EF3E563
    assert mapping_slot(0, 0) == int.from_bytes(keccak(bytes(64)), "big")
    assert mapping_slot(1, 2) == int.from_bytes(keccak(bytes(31) + b"\1" + bytes(31) + b"\2"), "big")
