"""Keccak-256 and what is made of it: addresses with a checksum, places in storage."""

from __future__ import annotations

from functools import lru_cache

from dcai.errors import InputError, InputTypeError, MissingExtraError

try:
    from eth_hash.auto import keccak as _keccak
except ImportError as error:
    raise MissingExtraError("dcai.evm", "evm") from error

__all__ = ["keccak", "mapping_slot", "to_address", "to_bytes20", "word_hash"]

_ADDRESS_BYTES = 20


def keccak(data: bytes) -> bytes:
    """Return the Keccak-256 hash of ``data``."""
    return _keccak(data)


@lru_cache(maxsize=1 << 12)
def word_hash(slot: int) -> int:
    """Return the slot where the elements of a dynamic array, or a long string, begin."""
    return int.from_bytes(keccak(slot.to_bytes(32, "big")), "big")


@lru_cache(maxsize=1 << 17)
def mapping_slot(key: int, slot: int) -> int:
    """Return the slot of the entry ``key`` of the mapping at ``slot``."""
    return int.from_bytes(keccak(key.to_bytes(32, "big") + slot.to_bytes(32, "big")), "big")


@lru_cache(maxsize=1 << 12)
def to_address(raw: bytes) -> str:
    """Write a 20-byte address as text with its EIP-55 checksum."""
    digits = raw.hex()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(digit.upper() if mark >= "8" else digit for digit, mark in zip(digits, marks, strict=False))


def to_bytes20(address: str, what: str = "address") -> bytes:
    """Read an address from text.

    Parameters
    ----------
    address : str
        ``0x`` and 40 hexadecimal digits; where upper and lower case are mixed, the EIP-55 checksum
        must hold.
    what : str
        How the message names the argument.

    Raises
    ------
    InputError, InputTypeError
        Not such a text.
    """
    if not isinstance(address, str):
        raise InputTypeError(f"{what} is {address!r}; it must be text: '0x' and 40 hexadecimal digits")
    try:
        raw = bytes.fromhex(address[2:])
    except ValueError:
        raw = b""
    if len(raw) != _ADDRESS_BYTES or not address.startswith("0x") or not address.isalnum():
        raise InputError(f"{what} is {address!r}; it must be '0x' and 40 hexadecimal digits")
    digits = address[2:]
    if digits not in (digits.lower(), digits.upper()) and address != to_address(raw):
        raise InputError(
            f"{what} is {address!r}, whose checksum is wrong (a typing error?); "
            f"with its checksum it would be {to_address(raw)}"
        )
    return raw
