"""Contributions that their author signed and somebody else sends: EIP-712 typed data, and who signed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcai.evm.hashing import keccak, to_address, to_bytes20
from dcai.incentives.keys import data_hash
from dcai.incentives.signatures import recover

__all__ = ["Domain", "contribution_digest", "signed_by"]

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_CONTRIBUTION_TYPE = (
    b"Contribution(address trainer,bytes32 dataHash,uint64 classification,address contributor,uint256 nonce,"
    b"uint256 deadline,uint256 maxDeposit)"
)


@dataclass(frozen=True, slots=True)
class Domain:
    """Domain of a signature: a trainer on a chain."""

    trainer: str
    chain_id: int

    def separator(self) -> bytes:
        """Return the EIP-712 domain separator."""
        return keccak(
            keccak(_DOMAIN_TYPE)
            + keccak(b"CollaborativeTrainer64")
            + keccak(b"1")
            + _word(self.chain_id)
            + _address_word(self.trainer)
        )


def contribution_digest(
    domain: Domain,
    data: Sequence[int],
    classification: int,
    contributor: str,
    nonce: int,
    deadline: int,
    max_deposit: int,
) -> bytes:
    """Return the hash that a contributor signs.

    Parameters
    ----------
    domain : Domain
        The trainer and its chain.
    data, classification
        The contribution.
    contributor : str
        Address of its author.
    nonce : int
        The next of the contributor.
    deadline : int
        The last second at which the signature is good.
    max_deposit : int
        The highest deposit, in wei.
    """
    message = keccak(
        keccak(_CONTRIBUTION_TYPE)
        + _address_word(domain.trainer)
        + data_hash(data)
        + _word(classification)
        + _address_word(contributor)
        + _word(nonce)
        + _word(deadline)
        + _word(max_deposit)
    )
    return keccak(b"\x19\x01" + domain.separator() + message)


def signed_by(account: str, digest: bytes, signature: bytes) -> bool:
    """Return whether an account without code signed a digest, like OpenZeppelin's ``SignatureChecker``."""
    signer = recover(digest, signature)
    return signer is not None and to_address(signer) == account


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address_word(address: str) -> bytes:
    return bytes(12) + to_bytes20(address)
