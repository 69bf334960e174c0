"""Intrinsic gas and limits of transactions, the same for every engine.

The constants are named after what they price; the EIP that sets each stands beside it.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "DEFAULT_FORK",
    "FORKS",
    "MAX_INITCODE_BYTES",
    "MAX_REFUND_QUOTIENT",
    "MAX_TRANSACTION_GAS",
    "SSTORE_SENTRY",
    "TRANSACTION_GAS",
    "Upfront",
    "limits_initcode",
    "limits_transaction_gas",
    "upfront_gas",
]

TRANSACTION_GAS = 21_000
CREATION = 32_000  # EIP-2
ZERO_BYTE = 4
NONZERO_BYTE = 16  # EIP-2028
INITCODE_WORD = 2  # EIP-3860, from Shanghai on
FLOOR_TOKEN = 10  # EIP-7623, from Prague on
TOKENS_OF_NONZERO_BYTE = 4  # EIP-7623

COLD_SLOT, WARM_SLOT = 2_100, 100  # EIP-2929: the first access of a slot in a transaction, and a further one
SET_SLOT, RESET_SLOT = 20_000, 2_900  # EIP-2200: the first change of a warm slot from zero, and from anything else
CLEARED_SLOT_REFUND = 4_800  # EIP-3529
CODE_DEPOSIT_BYTE = 200

#: The least gas that an SSTORE must find: more than 2,300 (EIP-2200).
SSTORE_SENTRY = 2_301
#: A refund is at most the gas spent divided by this (EIP-3529).
MAX_REFUND_QUOTIENT = 5
#: Creation code with its arguments longer than this is refused (EIP-3860, from Shanghai on).
MAX_INITCODE_BYTES = 49_152
#: A gas limit over this is refused from Osaka on (EIP-7825), and before it used only where asked for.
MAX_TRANSACTION_GAS = 1 << 24

#: The forks whose rules are known, in their order.
FORKS = ("london", "arrow-glacier", "gray-glacier", "paris", "shanghai", "cancun", "prague", "osaka")
#: The fork where none is given.
DEFAULT_FORK = "prague"


class Upfront(NamedTuple):
    """Gas that is due before the first opcode, and the least that is due after the last.

    Attributes
    ----------
    intrinsic : int
        The fixed cost of a transaction, of a creation, and of the words of its creation code.
    calldata : int
        The cost of the bytes of the data.
    floor : int
        The least gas a transaction with these data uses; 0 before Prague.
    """

    intrinsic: int
    calldata: int
    floor: int


def limits_initcode(fork: str) -> bool:
    """Return whether a fork bounds and prices creation code (EIP-3860)."""
    return FORKS.index(fork) >= FORKS.index("shanghai")


def limits_transaction_gas(fork: str) -> bool:
    """Return whether a fork bounds the gas limit of a transaction (EIP-7825); calls of a node it does not bound."""
    return FORKS.index(fork) >= FORKS.index("osaka")


def upfront_gas(fork: str, data: bytes, *, creates: bool) -> Upfront:
    """Price a transaction by its data alone.

    Parameters
    ----------
    fork : str
        One of ``FORKS``.
    data : bytes
        Calldata, or creation code and constructor arguments.
    creates : bool
        Whether the transaction creates a contract.
    """
    zeros = data.count(0)
    nonzeros = len(data) - zeros
    intrinsic = TRANSACTION_GAS
    if creates:
        intrinsic += CREATION
        if limits_initcode(fork):
            intrinsic += INITCODE_WORD * ((len(data) + 31) // 32)
    floor = 0
    if FORKS.index(fork) >= FORKS.index("prague"):
        floor = TRANSACTION_GAS + FLOOR_TOKEN * (zeros + TOKENS_OF_NONZERO_BYTE * nonzeros)
    return Upfront(intrinsic, ZERO_BYTE * zeros + NONZERO_BYTE * nonzeros, floor)
