"""The door to eth_keys: who signed a digest."""

from __future__ import annotations

from dcai.errors import MissingExtraError

__all__ = ["recover"]

_SIGNATURE_BYTES = 65
#: Half the order of the curve: of the two signatures that say the same, contracts take the lower one (EIP-2).
_HIGHEST_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


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
        from eth_keys import keys  # noqa: PLC0415 - optional, and slow to load
        from eth_keys.exceptions import BadSignature, ValidationError  # noqa: PLC0415
    except ImportError as error:
        raise MissingExtraError("the check of a signature", "evm") from error
    if len(signature) != _SIGNATURE_BYTES or int.from_bytes(signature[32:64], "big") > _HIGHEST_S:
        return None
    try:
        recovery_id = bytes([signature[64] - 27])
        address: bytes = (
            keys.Signature(signature[:64] + recovery_id).recover_public_key_from_msg_hash(digest).to_canonical_address()
        )
    except (BadSignature, ValidationError, ValueError):
        return None
    return address
