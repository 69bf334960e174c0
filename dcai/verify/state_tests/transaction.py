"""The signed transaction of a state test: the one module that signs, with a key that everybody knows."""

from __future__ import annotations

from dcai.errors import MissingExtraError
from dcai.evm.hashing import keccak

try:
    import rlp
    from eth_keys.datatypes import PrivateKey
except ImportError as error:
    raise MissingExtraError("dcai.verify.state_tests", "chain") from error

__all__ = ["SECRET_KEY", "SENDER", "signed_transaction"]

#: The key with which the tests of Ethereum's clients sign; whatever has value must not be behind it.
SECRET_KEY = bytes.fromhex("45a915e4d060149eb4365960e6a7a45f334393093061116b197e3240065ff2d8")
#: Its address.
SENDER: str = PrivateKey(SECRET_KEY).public_key.to_checksum_address()

_CHAIN_ID = 1


def signed_transaction(*, nonce: int, gas_price_wei: int, gas_limit: int, to: bytes, data: bytes) -> bytes:
    """Return a transaction of `SENDER` as it is sent: a legacy one of no value on chain 1 (EIP-155).

    Parameters
    ----------
    nonce, gas_price_wei, gas_limit : int
        As in the transaction.
    to : bytes
        The address, 20 bytes.
    data : bytes
        Calldata.
    """
    fields = [nonce, gas_price_wei, gas_limit, to, 0, data]
    digest = keccak(rlp.encode([*fields, _CHAIN_ID, 0, 0]))
    signature = PrivateKey(SECRET_KEY).sign_msg_hash(digest)
    raw: bytes = rlp.encode([*fields, signature.v + 35 + 2 * _CHAIN_ID, signature.r, signature.s])
    return raw
