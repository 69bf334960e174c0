"""The opcodes of each fork, from the yellow paper and the EIPs: no engine is asked."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

#: In their order; forks that share all opcodes with the one before are among them.
FORKS = ("london", "arrow-glacier", "gray-glacier", "paris", "shanghai", "cancun", "prague", "osaka")


class Opcode(NamedTuple):
    """One opcode.

    ``operands`` says what kind of number each operand is, the top of the stack first: see ``Program.operand``.
    """

    byte: int
    name: str
    operands: tuple[str, ...]
    results: int
    since: str = "london"


def _table() -> list[Opcode]:
    table = [
        Opcode(0x00, "STOP", (), 0),
        *(
            Opcode(0x01 + n, name, ("word", "word"), 1)
            for n, name in enumerate(("ADD", "MUL", "SUB", "DIV", "SDIV", "MOD", "SMOD"))
        ),
        Opcode(0x08, "ADDMOD", ("word", "word", "word"), 1),
        Opcode(0x09, "MULMOD", ("word", "word", "word"), 1),
        Opcode(0x0A, "EXP", ("word", "word"), 1),
        Opcode(0x0B, "SIGNEXTEND", ("bit", "word"), 1),
        *(Opcode(0x10 + n, name, ("word", "word"), 1) for n, name in enumerate(("LT", "GT", "SLT", "SGT", "EQ"))),
        Opcode(0x15, "ISZERO", ("word",), 1),
        *(Opcode(0x16 + n, name, ("word", "word"), 1) for n, name in enumerate(("AND", "OR", "XOR"))),
        Opcode(0x19, "NOT", ("word",), 1),
        *(Opcode(0x1A + n, name, ("bit", "word"), 1) for n, name in enumerate(("BYTE", "SHL", "SHR", "SAR"))),
        Opcode(0x1E, "CLZ", ("word",), 1, "osaka"),
        Opcode(0x20, "KECCAK256", ("offset", "size"), 1),
        Opcode(0x30, "ADDRESS", (), 1),
        Opcode(0x31, "BALANCE", ("address",), 1),
        *(Opcode(0x32 + n, name, (), 1) for n, name in enumerate(("ORIGIN", "CALLER", "CALLVALUE"))),
        Opcode(0x35, "CALLDATALOAD", ("source",), 1),
        Opcode(0x36, "CALLDATASIZE", (), 1),
        Opcode(0x37, "CALLDATACOPY", ("offset", "source", "size"), 0),
        Opcode(0x38, "CODESIZE", (), 1),
        Opcode(0x39, "CODECOPY", ("offset", "source", "size"), 0),
        Opcode(0x3A, "GASPRICE", (), 1),
        Opcode(0x3B, "EXTCODESIZE", ("address",), 1),
        Opcode(0x3C, "EXTCODECOPY", ("address", "offset", "source", "size"), 0),
        Opcode(0x3D, "RETURNDATASIZE", (), 1),
        Opcode(0x3E, "RETURNDATACOPY", ("offset", "returned", "returned size"), 0),
        Opcode(0x3F, "EXTCODEHASH", ("address",), 1),
        Opcode(0x40, "BLOCKHASH", ("block",), 1),
        *(
            Opcode(0x41 + n, name, (), 1)
            for n, name in enumerate(("COINBASE", "TIMESTAMP", "NUMBER", "PREVRANDAO", "GASLIMIT", "CHAINID"))
        ),
        Opcode(0x47, "SELFBALANCE", (), 1),
        Opcode(0x48, "BASEFEE", (), 1),
        Opcode(0x49, "BLOBHASH", ("small",), 1, "cancun"),
        Opcode(0x4A, "BLOBBASEFEE", (), 1, "cancun"),
        Opcode(0x50, "POP", ("word",), 0),
        Opcode(0x51, "MLOAD", ("offset",), 1),
        Opcode(0x52, "MSTORE", ("offset", "word"), 0),
        Opcode(0x53, "MSTORE8", ("offset", "word"), 0),
        Opcode(0x54, "SLOAD", ("slot",), 1),
        Opcode(0x55, "SSTORE", ("slot", "stored"), 0),
        Opcode(0x56, "JUMP", ("destination",), 0),
        Opcode(0x57, "JUMPI", ("destination", "small"), 0),
        *(Opcode(0x58 + n, name, (), 1) for n, name in enumerate(("PC", "MSIZE", "GAS"))),
        Opcode(0x5B, "JUMPDEST", (), 0),
        Opcode(0x5C, "TLOAD", ("slot",), 1, "cancun"),
        Opcode(0x5D, "TSTORE", ("slot", "stored"), 0, "cancun"),
        Opcode(0x5E, "MCOPY", ("offset", "offset", "size"), 0, "cancun"),
        Opcode(0x5F, "PUSH0", (), 1, "shanghai"),
        *(Opcode(0x5F + n, f"PUSH{n}", (), 1) for n in range(1, 33)),
        *(Opcode(0x7F + n, f"DUP{n}", ("word",) * n, n + 1) for n in range(1, 17)),
        *(Opcode(0x8F + n, f"SWAP{n}", ("word",) * (n + 1), n + 1) for n in range(1, 17)),
        *(Opcode(0xA0 + n, f"LOG{n}", ("offset", "size", *("word",) * n), 0) for n in range(5)),
        Opcode(0xF0, "CREATE", ("wei", "offset", "code size"), 1),
        Opcode(0xF1, "CALL", ("gas", "address", "wei", "offset", "size", "offset", "size"), 1),
        Opcode(0xF2, "CALLCODE", ("gas", "address", "wei", "offset", "size", "offset", "size"), 1),
        Opcode(0xF3, "RETURN", ("offset", "size"), 0),
        Opcode(0xF4, "DELEGATECALL", ("gas", "address", "offset", "size", "offset", "size"), 1),
        Opcode(0xF5, "CREATE2", ("wei", "offset", "code size", "small"), 1),
        Opcode(0xFA, "STATICCALL", ("gas", "address", "offset", "size", "offset", "size"), 1),
        Opcode(0xFD, "REVERT", ("offset", "size"), 0),
        Opcode(0xFE, "INVALID", (), 0),
        Opcode(0xFF, "SELFDESTRUCT", ("address",), 0),
    ]
    return sorted(table)


#: Every opcode of any fork, by name.
BY_NAME = {opcode.name: opcode for opcode in _table()}


def knows(fork: str, since: str) -> bool:
    """Return whether a fork is another or comes after it."""
    return FORKS.index(fork) >= FORKS.index(since)


@cache
def opcodes(fork: str) -> tuple[Opcode, ...]:
    """Return the opcodes of a fork, the designated invalid one included."""
    return tuple(opcode for opcode in BY_NAME.values() if knows(fork, opcode.since))
