"""A contract that calls another and keeps what came back in its storage, where a state root covers it.

A state test compares the state alone, which a prediction does not change and a refused update does not either. Sent
through the witness, both leave a trace: whether the call succeeded, and every byte that it returned.
"""

from __future__ import annotations

from dcai.evm.hashing import keccak, to_bytes20

__all__ = ["witness_code", "witness_storage"]

_PUSH0, _PUSH1, _PUSH20 = "5f", "60", "73"
_ADD, _KECCAK256 = "01", "20"
_CALLDATASIZE, _CALLDATACOPY, _RETURNDATASIZE, _RETURNDATACOPY = "36", "37", "3d", "3e"
_MLOAD, _SSTORE, _GAS, _CALL, _STOP = "51", "55", "5a", "f1", "00"


def witness_code(target: str) -> bytes:
    """Return the code of a witness of an address: it passes its calldata on, and stores what came back.

    Slot 0 holds 1 where the call failed and 2 where it succeeded, slot 1 the size of what it returned, slot 2 the
    first 32 bytes of it, zeros after its end, and slot 3 its Keccak-256.
    """
    parts = (
        # Calldata to memory from 0 on.
        (_CALLDATASIZE, _PUSH0, _PUSH0, _CALLDATACOPY),
        # call(gas, target, 0, 0, calldatasize, 0, 0)
        (_PUSH0, _PUSH0, _CALLDATASIZE, _PUSH0, _PUSH0, _PUSH20, to_bytes20(target).hex(), _GAS, _CALL),
        (_PUSH1, "01", _ADD, _PUSH0, _SSTORE),
        (_RETURNDATASIZE, _PUSH1, "01", _SSTORE),
        # Data returned to memory behind the calldata, where all is 0.
        (_RETURNDATASIZE, _PUSH0, _CALLDATASIZE, _RETURNDATACOPY),
        (_CALLDATASIZE, _MLOAD, _PUSH1, "02", _SSTORE),
        (_RETURNDATASIZE, _CALLDATASIZE, _KECCAK256, _PUSH1, "03", _SSTORE),
        (_STOP,),
    )
    return bytes.fromhex("".join("".join(part) for part in parts))


def witness_storage(output: bytes, *, success: bool) -> dict[int, int]:
    """Return what a witness has in its storage after a call that returned this: the words that are not 0."""
    words = {
        0: 2 if success else 1,
        1: len(output),
        2: int.from_bytes(output[:32].ljust(32, b"\0"), "big"),
        3: int.from_bytes(keccak(output), "big"),
    }
    return {slot: word for slot, word in words.items() if word}
