"""The door to eth_keys: who signed a digest."""

from __future__ import annotations

from dcai.errors import MissingExtraError

__all__ = ["recover"]

_SIGNATURE_BYTES = 65
#: Of the curve. Of the two signatures that say the same, contracts take that whose s is in the lower half (EIP-2).
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def recover(digest: bytes, signature: bytes) -> bytes | None:
    """Return the 20-byte address that signed, or None where that is no signature.

    Parameters
    ----------
    digest : bytes
        32 bytes.
    signature : bytes
        r, s and v (27 or 28), 65 bytes; s in the lower half, as OpenZeppelin's ``ECDSA`` has it.
    """
    try:
        from eth_keys.exceptions import BadSignature  # noqa: PLC0415
        from eth_keys.main import lazy_key_api as keys  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("the check of a signature", "evm") from error
    if len(signature) != _SIGNATURE_BYTES:
        return None
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if not (0 < r < _ORDER and 0 < s <= _ORDER // 2 and v in (27, 28)):
        return None
    try:
        key = keys.Signature(signature[:64] + bytes([v - 27])).recover_public_key_from_msg_hash(digest)
    except BadSignature:
        return None
    address: bytes = key.to_canonical_address()
    return address
