"""Bytecode piece by piece, with jumps to places not yet written."""

from __future__ import annotations

from tests.support.evm.opcodes import BY_NAME

_PUSH0 = 0x5F
_BY_BYTE = {opcode.byte: opcode for opcode in BY_NAME.values()}


class Assembler:
    """Bytecode under construction.

    Attributes
    ----------
    code : bytearray
        What has been written.
    height : int
        How many items its frame's stack has here, as long as no jump led elsewhere.
    """

    def __init__(self) -> None:
        self.code = bytearray()
        self.height = 0

    def op(self, name: str) -> None:
        """Append an opcode without data."""
        self.byte(BY_NAME[name].byte)

    def byte(self, byte: int) -> None:
        """Append any byte as an opcode."""
        self.code.append(byte)
        if byte in _BY_BYTE:
            opcode = _BY_BYTE[byte]
            self.height = max(0, self.height - len(opcode.operands)) + opcode.results

    def push(self, value: int, width: int | None = None) -> None:
        """Push a number, in as few bytes as it takes unless a width is given; never with PUSH0."""
        width = max(1, (value.bit_length() + 7) // 8) if width is None else width
        self.byte(_PUSH0 + width)
        self.code += value.to_bytes(width, "big")

    def jump_to_later(self, name: str) -> int:
        """Append a JUMP or JUMPI to a place that ``land`` will give."""
        self.push(0, 2)
        place = len(self.code)
        self.op(name)
        return place

    def land(self, place: int) -> None:
        """Let a jump arrive here."""
        self.code[place - 2 : place] = len(self.code).to_bytes(2, "big")
        self.op("JUMPDEST")

    def here(self) -> int:
        """Append a JUMPDEST and return where it is."""
        self.op("JUMPDEST")
        return len(self.code) - 1

    def write(self, data: bytes, offset: int) -> None:
        """Write bytes to memory, padded with zeros to whole words."""
        for start in range(0, len(data), 32):
            self.push(int.from_bytes(data[start : start + 32].ljust(32, b"\0"), "big"))
            self.push(offset + start)
            self.op("MSTORE")


def instructions(code: bytes) -> list[bytes]:
    """Split bytecode into its instructions, each with the data that it pushes."""
    pieces, start = [], 0
    while start < len(code):
        data = code[start] - _PUSH0 if _PUSH0 < code[start] <= _PUSH0 + 32 else 0
        pieces.append(code[start : start + 1 + data])
        start += 1 + data
    return pieces
