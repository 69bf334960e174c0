# The opcodes that run here, and what each needs. Whether a fork has one, and its price, the fork's own table says.

cdef enum:
    STOP = 0x00
    ADD = 0x01
    MUL = 0x02
    SUB = 0x03
    DIV = 0x04
    SDIV = 0x05
    MOD = 0x06
    SMOD = 0x07
    ADDMOD = 0x08
    MULMOD = 0x09
    EXP = 0x0A
    SIGNEXTEND = 0x0B
    LT = 0x10
    GT = 0x11
    SLT = 0x12
    SGT = 0x13
    EQ = 0x14
    ISZERO = 0x15
    AND = 0x16
    OR = 0x17
    XOR = 0x18
    NOT = 0x19
    BYTE = 0x1A
    SHL = 0x1B
    SHR = 0x1C
    SAR = 0x1D
    KECCAK256 = 0x20
    ADDRESS = 0x30
    CALLER = 0x33
    CALLVALUE = 0x34
    CALLDATALOAD = 0x35
    CALLDATASIZE = 0x36
    CALLDATACOPY = 0x37
    CODESIZE = 0x38
    CODECOPY = 0x39
    RETURNDATASIZE = 0x3D
    RETURNDATACOPY = 0x3E
    POP = 0x50
    MLOAD = 0x51
    MSTORE = 0x52
    MSTORE8 = 0x53
    SLOAD = 0x54
    SSTORE = 0x55
    JUMP = 0x56
    JUMPI = 0x57
    PC = 0x58
    MSIZE = 0x59
    GAS = 0x5A
    JUMPDEST = 0x5B
    MCOPY = 0x5E
    PUSH0 = 0x5F
    PUSH32 = 0x7F
    DUP1 = 0x80
    DUP16 = 0x8F
    SWAP1 = 0x90
    SWAP16 = 0x9F
    RETURN = 0xF3
    REVERT = 0xFD
    # No opcodes, but kinds of them: those that need Python, and those that the fork does not have.
    HOST = 0x100
    ABSENT = 0x101

#: How many words each takes from the stack and leaves on it.
cdef dict _STACK_USE = {
    STOP: (0, 0),
    ADD: (2, 1),
    MUL: (2, 1),
    SUB: (2, 1),
    DIV: (2, 1),
    SDIV: (2, 1),
    MOD: (2, 1),
    SMOD: (2, 1),
    ADDMOD: (3, 1),
    MULMOD: (3, 1),
    EXP: (2, 1),
    SIGNEXTEND: (2, 1),
    LT: (2, 1),
    GT: (2, 1),
    SLT: (2, 1),
    SGT: (2, 1),
    EQ: (2, 1),
    ISZERO: (1, 1),
    AND: (2, 1),
    OR: (2, 1),
    XOR: (2, 1),
    NOT: (1, 1),
    BYTE: (2, 1),
    SHL: (2, 1),
    SHR: (2, 1),
    SAR: (2, 1),
    KECCAK256: (2, 1),
    ADDRESS: (0, 1),
    CALLER: (0, 1),
    CALLVALUE: (0, 1),
    CALLDATALOAD: (1, 1),
    CALLDATASIZE: (0, 1),
    CALLDATACOPY: (3, 0),
    CODESIZE: (0, 1),
    CODECOPY: (3, 0),
    RETURNDATASIZE: (0, 1),
    RETURNDATACOPY: (3, 0),
    POP: (1, 0),
    MLOAD: (1, 1),
    MSTORE: (2, 0),
    MSTORE8: (2, 0),
    JUMP: (1, 0),
    JUMPI: (2, 0),
    PC: (0, 1),
    MSIZE: (0, 1),
    GAS: (0, 1),
    JUMPDEST: (0, 0),
    MCOPY: (3, 0),
    RETURN: (2, 0),
    REVERT: (2, 0),
}
_STACK_USE.update({op: (0, 1) for op in range(PUSH0, PUSH32 + 1)})
_STACK_USE.update({DUP1 + i: (i + 1, i + 2) for i in range(16)})
_STACK_USE.update({SWAP1 + i: (i + 2, i + 2) for i in range(16)})

#: The opcodes that may run here.
COMPILED = frozenset(_STACK_USE)

cdef struct Opcode:
    # What to do in C: the opcode itself, the first of its family, HOST or ABSENT.
    uint16_t kind
    # How high the stack must be at least, and may be at most.
    uint16_t least
    uint16_t most
    uint64_t gas


cdef Opcode compiled_opcode(int op, object gas) except *:
    cdef Opcode opcode
    taken, left = _STACK_USE[op]
    opcode.kind = op
    for first, last in ((PUSH0, PUSH32), (DUP1, DUP16), (SWAP1, SWAP16)):
        if first <= op <= last:
            opcode.kind = first
    opcode.least = taken
    opcode.most = min(STACK_LIMIT, STACK_LIMIT + taken - left)
    opcode.gas = gas
    return opcode


cdef enum:
    STACK_LIMIT = 1024

#: The prices of what opcodes do by size.
cdef struct Prices:
    uint64_t exp_byte
    uint64_t keccak_word
    uint64_t copied_word
    uint64_t memory_word
    uint64_t memory_quadratic_denominator
