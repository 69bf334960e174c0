"""Random EVM programs: a world of contracts that call each other, a transaction, and gas limits worth trying.

``case(seed, fork)`` gives the same case for the same seed, always. Most of a program is well formed: operands are
pushed, and are such numbers as make the opcode do something; jumps lead to a JUMPDEST; loops end. The rest is not.

Left out, for a chain cannot have it: accounts that exist and are empty (EIP-161), senders with code other than a
delegation (EIP-3607), a gas limit that does not cover what is due up front, a value that the sender lacks, creation
code of a transaction over its bound (EIP-3860): the caller of an engine has checked these.

Left out for py-evm, which gets it wrong: creation code over its bound (EIP-3860) with a value that the creator lacks.
By the specification that halts; py-evm looks at the balance first, and goes on.

BLOCKHASH, BLOBHASH, PREVRANDAO, GASPRICE and the fees are 0 in every engine by contract (see ``Engine``), and stay in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

import numpy as np

from dcai.evm.engines.engine import EngineAccount, EngineBlock, Trace, Transaction, World
from tests.support.bounds import WORDS
from tests.support.evm.assembler import Assembler
from tests.support.evm.opcodes import BY_NAME, Opcode, knows, opcodes
from tests.support.evm.precompiles import any_precompile, precompile_input, precompiles

SENDER = b"\x5e" * 20
CONTRACTS = tuple(b"\xc0" * 19 + bytes([n]) for n in range(4))
#: An account with funds only, one that is not there, and one that delegates to another (EIP-7702).
FUNDED, ABSENT, DELEGATED = (bytes([byte]) * 20 for byte in (0xF0, 0xAB, 0xDE))

#: Where in memory a program adds its results up.
_DIGEST = 0x1A0

#: Enough for most programs, and a bound on those that would never end.
PLENTY = 300_000

_HUGE = (2**16, 2**18, 2**32 - 1, 2**32, 2**63, 2**64 - 32, 2**64 - 1, 2**64, 2**255, 2**256 - 32, 2**256 - 1)


@dataclass(frozen=True)
class Case:
    """What an engine needs to run one transaction."""

    seed: int
    fork: str
    block: EngineBlock
    world: World
    transaction: Transaction

    @property
    def least_gas(self) -> int:
        """What is due before the first opcode, or at least after the last (EIP-2, 2028, 3860, 7623)."""
        data = self.transaction.data
        nonzero = len(data) - data.count(0)
        due = 21_000 + 4 * data.count(0) + 16 * nonzero
        if self.transaction.to is None:
            due += 32_000 + (2 * ((len(data) + 31) // 32) if knows(self.fork, "shanghai") else 0)
        return max(due, 21_000 + 10 * (data.count(0) + 4 * nonzero)) if knows(self.fork, "prague") else due

    def with_gas(self, gas_limit: int) -> Case:
        """Return the same case with another gas limit."""
        return replace(self, transaction=replace(self.transaction, gas_limit=max(gas_limit, self.least_gas)))


def case(seed: int, fork: str) -> Case:
    """Return the case of a seed, with plenty of gas."""
    rng = Random(f"{fork} {seed}")
    shape = rng.random()
    if shape < 0.01:
        return _recursion(rng, seed, fork)
    if shape < 0.03:
        return _large_code(rng, seed, fork)
    return _Scene(rng, seed, fork).case()


def tightened(case: Case, trace: Trace, gas_spent: int) -> Case:
    """Return a case with a gas limit near a bound, from the seed and from what the case did with plenty.

    Exactly what all of it needed, or a step of the outermost frame; one less; or anything in between.
    """
    rng = Random(f"gas {case.fork} {case.seed}")
    bound = gas_spent
    outermost = np.flatnonzero(trace.depth == 1)
    if len(outermost) and rng.random() < 0.7:
        bound = case.transaction.gas_limit - int(trace.gas_after[rng.choice(outermost.tolist())])
    kind = rng.random()
    if kind < 0.6:
        return case.with_gas(bound - rng.choice((0, 1, 1, 2)))
    if kind < 0.7:
        return case.with_gas(bound + rng.choice((1, 2, 2_299, 2_300, 2_301)))  # what a call with value brings along
    return case.with_gas(rng.randint(case.least_gas, max(case.least_gas, gas_spent)))


# -- programs -- #


class Program:
    """The code of one contract."""

    def __init__(self, rng: Random, scene: _Scene, *, creates: bool = True) -> None:
        self.rng = rng
        self.scene = scene
        self.asm = Assembler()
        self._known = {opcode.name for opcode in opcodes(scene.fork)}
        self._statement_kinds = [kind for kind in _STATEMENTS if creates or kind != "create"]
        self._weights = [_STATEMENTS[kind] for kind in self._statement_kinds]

    def write(self, length: int) -> bytes:
        """Return a program of so many statements."""
        if self.rng.random() < 0.04:
            self._fill_stack()
        self._statements(length)
        self._end()
        return bytes(self.asm.code)

    def _statements(self, count: int, nested: int = 0) -> None:
        for kind in self.rng.choices(self._statement_kinds, self._weights, k=count):
            if kind == "branch":
                self._branch(nested)
            elif kind == "loop":
                self._loop(nested)
            else:
                getattr(self, f"_{kind}")()
            while 20 < self.asm.height < 900:
                self._use_result()

    # Numbers.

    def push(self, value: int) -> None:
        """Push a number, sometimes in more bytes than it takes."""
        if value == 0 and "PUSH0" in self._known and self.rng.random() < 0.7:
            self.asm.op("PUSH0")
            return
        width = max(1, (value.bit_length() + 7) // 8)
        self.asm.push(value, self.rng.randint(width, 32) if self.rng.random() < 0.1 else width)

    def operand(self, kind: str) -> None:
        """Put a number of this kind on the stack."""
        rng, asm = self.rng, self.asm
        if kind == "word" and asm.height and rng.random() < 0.25:
            asm.op(f"DUP{rng.randint(1, min(16, asm.height))}")
        elif kind == "returned size" and rng.random() < 0.8:
            asm.op("RETURNDATASIZE")
        elif kind == "gas" and rng.random() < 0.5:
            asm.op("GAS")
        elif kind == "address":
            self._address()
        else:
            self.push(self._number(kind))

    def _number(self, kind: str) -> int:
        rng = self.rng
        rare = rng.random()
        match kind:
            case "word" if rare < 0.3:
                return rng.choice(WORDS)
            case "word" if rare < 0.55:
                return 2**256 - rng.randint(1, 300)  # a small negative number
            case "word" if rare < 0.7:
                return 2**255 + rng.getrandbits(255)
            case "stored" if rare < 0.5:
                return rng.choice((0, 1, 2))
            case "stored":
                return rng.choice((0, 0, 1, 2, rng.getrandbits(256)))
            case "bit":
                return rng.choice((0, 1, 7, 8, 15, 30, 31, 32, 33, 127, 128, 254, 255, 256, 257, 2**64, 2**256 - 1))
            case "offset" | "source":
                if rare < 0.006 or (kind == "source" and rare < 0.1):
                    return rng.choice(_HUGE)
                return rng.choice((0, 0, 1, 31, 32, 33, 63, 64, 65, 96, 128, rng.randint(0, 800)))
            case "size":
                if rare < 0.004:
                    return rng.choice(_HUGE)
                return rng.choice((0, 0, 1, 2, 31, 32, 32, 33, 64, 65, 96, rng.randint(0, 400)))
            case "code size":
                return rng.choice((0, 1, 9, 32, 300))
            case "returned":
                return rng.choice((0,) * 9 + (1,)) if rare < 0.98 else rng.choice(_HUGE)
            case "returned size":
                return rng.choice((0, 0, 0, 0, 0, 1, 32))
            case "slot":
                return rng.choice((0, 0, 1, 1, 2, 3, 2**256 - 1))
            case "gas":
                return rng.choice((0, 1, 100, 700, 2_299, 2_300, 2_301, 9_000, 21_000, 50_000, 2**64, 2**256 - 1))
            case "wei":
                return rng.choice((0, 0, 0, 1, 1, 2)) if rare < 0.95 else rng.choice((10**6, 10**18, 2**255))
            case "block":
                return max(0, self.scene.block.number - rng.choice((-1, 0, 1, 2, 255, 256, 257)))
            case "small":
                return rng.choice((0, 1, 2, 3))
            case "destination":
                return rng.choice((0, 1, rng.randint(0, max(1, len(self.asm.code))), 2**64, 2**256 - 1))
        return rng.getrandbits(rng.choice((8, 16, 64, 128, 255, 256)))

    def _address(self) -> None:
        rng = self.rng
        if rng.random() < 0.06:
            self.asm.op("ADDRESS")
            return
        address = int.from_bytes(rng.choice(self.scene.addresses(rng)), "big")
        if rng.random() < 0.05:
            address |= rng.getrandbits(96) << 160  # bits above an address do not count
        self.push(address)

    # Statements: each leaves the stack no lower than it was.

    def _apply(self, opcode: Opcode) -> None:
        for kind in reversed(opcode.operands):
            self.operand(kind)
        self.asm.op(opcode.name)
        for _ in range(opcode.results):
            if self.rng.random() < 0.7:
                self._use_result()

    def _one_of(self, *names: str) -> None:
        self._apply(BY_NAME[self.rng.choice([name for name in names if name in self._known])])

    def _use_result(self) -> None:
        """Take the top of the stack, mostly so that it will be seen."""
        kind = self.rng.random()
        if kind < 0.4:
            self._digest()
        elif kind < 0.7:
            self.push(32 * self.rng.randint(0, 7))
            self.asm.op("MSTORE")
        elif kind < 0.78:
            self.operand("slot")
            self.asm.op("SSTORE")
        else:
            self.asm.op("POP")

    def _digest(self) -> None:
        """Add the top of the stack to a word of memory, of which something is seen at the end."""
        self.push(_DIGEST)
        self.asm.op("MLOAD")
        self.asm.op("ADD")
        self.push(_DIGEST)
        self.asm.op("MSTORE")

    def _arithmetic(self) -> None:
        """Compute some results, each from numbers that are there or new, and one from all."""
        asm, height = self.asm, self.asm.height
        names = [name for name in _ARITHMETIC if name in self._known]
        for _ in range(self.rng.randint(1, 9)):
            opcode = BY_NAME[self.rng.choice(names)]
            for kind in reversed(opcode.operands):
                self.operand(kind)
            asm.op(opcode.name)
        while asm.height > height + 1:
            asm.op("XOR")
        self._digest()

    def _environment(self) -> None:
        self._one_of(*_ENVIRONMENT)

    def _memory(self) -> None:
        self._one_of("MLOAD", "MSTORE", "MSTORE", "MSTORE8", "MCOPY", "KECCAK256", "KECCAK256")

    def _copy(self) -> None:
        self._one_of("CALLDATACOPY", "CODECOPY", "EXTCODECOPY", "RETURNDATACOPY")

    def _storage(self) -> None:
        """Write a slot once or more, so that original, current and new value meet in every way."""
        slot = self._number("slot")
        for _ in range(self.rng.randint(1, 3)):
            if self.rng.random() < 0.3:
                self.push(slot)
                self.asm.op("SLOAD")
                self._use_result()
            else:
                self.operand("stored")
                self.push(slot)
                self.asm.op("SSTORE")

    def _transient(self) -> None:
        if "TSTORE" not in self._known:
            return
        slot = self._number("slot")
        for name in self.rng.choice((("TLOAD",), ("TSTORE",), ("TSTORE", "TLOAD"), ("TLOAD", "TSTORE"))):
            if name == "TSTORE":
                self.operand("stored")
            self.push(slot)
            self.asm.op(name)
            if name == "TLOAD":
                self._use_result()

    def _log(self) -> None:
        self._one_of("LOG0", "LOG1", "LOG2", "LOG3", "LOG4")

    def _call(self) -> None:
        self._one_of("CALL", "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL")
        if self.rng.random() < 0.5:
            self._copy_returned()

    def _copy_returned(self) -> None:
        self.asm.op("RETURNDATASIZE")
        self.push(0)
        self.operand("offset")
        self.asm.op("RETURNDATACOPY")

    def _precompile(self) -> None:
        """Call a precompiled contract with input made for it."""
        rng, asm = self.rng, self.asm
        address = any_precompile(rng, self.scene.fork)
        data = precompile_input(rng, address)
        asm.write(data, 0)
        name = rng.choice(("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "STATICCALL"))
        self.operand("size")
        self.operand("offset")
        self.push(len(data))
        self.push(0)
        if "wei" in BY_NAME[name].operands:
            self.operand("wei")
        self.push(address)
        if rng.random() < 0.8:
            asm.op("GAS")
        else:
            self.push(rng.choice((0, 60, 150, 500, 3_000, 3_450, 6_000, 6_900)))
        asm.op(name)
        self._use_result()
        self._copy_returned()

    def _create(self) -> None:
        """Create a contract, perhaps twice at the same address, and perhaps call it."""
        rng, asm = self.rng, self.asm
        code = init_code(rng, self.scene)
        asm.write(code, 0)
        salt = rng.choice((None, 0, 1))
        for _ in range(rng.choice((1, 1, 2))):
            if salt is not None:
                self.push(salt)
            size = len(code) if rng.random() < 0.93 else rng.choice((0, 49_152, 49_153, 2**64))
            self.push(size)
            self.push(0)
            if size > 49_152:
                self.push(0)
            else:
                self.operand("wei")
            asm.op("CREATE" if salt is None else "CREATE2")
        if rng.random() < 0.6:
            for kind in ("size", "offset", "size", "offset", "wei"):
                self.operand(kind)
            asm.op("DUP6")
            asm.op("GAS")
            asm.op("CALL")
        self._use_result()
        if rng.random() < 0.5:
            self._copy_returned()

    def _stack(self) -> None:
        """Reach deep into the stack."""
        for _ in range(self.rng.randint(1, 3)):
            depth = self.rng.randint(1, 16)
            name = self.rng.choice((f"DUP{depth}", f"SWAP{depth}"))
            while self.asm.height < len(BY_NAME[name].operands):
                self.operand("word")
            self.asm.op(name)
        self._use_result()

    def _constant(self) -> None:
        """Push as many bytes as any PUSH can."""
        width = self.rng.randint(1, 32)
        self.asm.push(self.rng.getrandbits(8 * width), width)

    def _branch(self, nested: int) -> None:
        rng, asm = self.rng, self.asm
        if rng.random() < 0.7:
            self.operand("word" if rng.random() < 0.5 else "small")
            place = asm.jump_to_later("JUMPI")
        else:
            place = asm.jump_to_later("JUMP")
        height = asm.height
        if nested < 3:
            self._statements(rng.randint(1, 3), nested + 1)
        if rng.random() < 0.1:
            self._end()
        self._level(height)
        asm.land(place)

    def _loop(self, nested: int) -> None:
        rng, asm = self.rng, self.asm
        if nested >= 2:
            return
        self.push(rng.randint(1, 4))
        start, height = asm.here(), asm.height
        self._statements(rng.randint(1, 3), nested + 1)
        self._level(height)
        self.push(1)
        asm.op("SWAP1")
        asm.op("SUB")
        asm.op("DUP1")
        asm.push(start, 2)
        asm.op("JUMPI")
        asm.op("POP")

    def _level(self, height: int) -> None:
        """Bring the stack to a height, so that two ways that meet agree."""
        while self.asm.height > height:
            self.asm.op("POP")
        while self.asm.height < height:
            self.operand("word")

    def _raw(self) -> None:
        """Append an opcode without caring for what it takes, or a byte that is none."""
        rng = self.rng
        if rng.random() < 0.3:
            self.asm.byte(rng.randrange(256))
        else:
            opcode = rng.choice(opcodes(self.scene.fork))
            for kind in reversed(opcode.operands[: rng.randint(0, len(opcode.operands))]):
                self.operand(kind)
            self.asm.op(opcode.name)

    def _fill_stack(self) -> None:
        """Leave little room on the stack."""
        self.asm.push(self.rng.choice(WORDS))
        for _ in range(1024 - self.rng.choice((1, 2, 3, 8, 20))):
            self.asm.op("DUP1")

    def _end(self) -> None:
        rng, asm = self.rng, self.asm
        for _ in range(min(asm.height, 4)):
            self._digest()
        if rng.random() < 0.4:
            self.push(_DIGEST)
            asm.op("MLOAD")
            self.push(rng.choice((0, 64)))
            self.push(0)
            asm.op("LOG1")
        kind = rng.random()
        if kind < 0.4:
            self.push(rng.choice((32, 300, _DIGEST + 32, _DIGEST + 32)))
            self.push(0)
            asm.op("RETURN")
        elif kind < 0.6:
            asm.op("MSIZE")
            self.push(0)
            asm.op("RETURN" if rng.random() < 0.7 else "REVERT")
        elif kind < 0.8:
            self._apply(BY_NAME[rng.choice(("STOP", "RETURN", "REVERT", "REVERT", "SELFDESTRUCT"))])
        elif kind < 0.84:
            asm.op("INVALID")
        elif kind < 0.88:
            asm.code += bytes([0x60 + rng.randrange(32)])  # a PUSH whose data the end of the code cuts off
        elif kind < 0.92:
            self.operand("destination")
            asm.op("JUMP")
        elif kind < 0.95:
            self._apply(BY_NAME["SELFDESTRUCT"])


#: How often each kind of statement is written.
_STATEMENTS = {
    "arithmetic": 22,
    "environment": 14,
    "memory": 12,
    "storage": 12,
    "call": 11,
    "copy": 7,
    "precompile": 6,
    "transient": 4,
    "log": 4,
    "create": 5,
    "stack": 5,
    "branch": 6,
    "loop": 3,
    "constant": 2,
    "raw": 1,
}

_ARITHMETIC = tuple(opcode.name for opcode in BY_NAME.values() if 0x01 <= opcode.byte <= 0x1E)
_ENVIRONMENT = tuple(
    opcode.name
    for opcode in BY_NAME.values()
    if (0x30 <= opcode.byte <= 0x4A or 0x58 <= opcode.byte <= 0x5A) and opcode.results == 1
)


def init_code(rng: Random, scene: _Scene) -> bytes:
    """Return creation code: for small contracts, none, those that may not be, and failures."""
    asm = Assembler()
    kind = rng.random()
    if kind < 0.05:
        return b""
    if kind < 0.5:  # returns a small program, or what only begins like one
        runtime = rng.choice((
            b"", b"\x00", b"\xef", b"\xef\x00", b"\xfe", bytes.fromhex("30ff"), bytes.fromhex("60016000556000600055"),
            bytes.fromhex("600054600101600055"), bytes.fromhex("3660006000373660006000f0"), rng.randbytes(8),
        ))  # fmt: skip
        if rng.random() < 0.3:  # the constructor leaves something behind
            asm.push(rng.randint(0, 2))
            asm.push(rng.randint(0, 2))
            asm.op("SSTORE")
        asm.write(runtime, 0)
        asm.push(len(runtime))
        asm.push(0)
        asm.op("RETURN")
    elif kind < 0.6:
        asm.write(b"refused", 0)
        asm.push(7)
        asm.push(0)
        asm.op("REVERT")
    elif kind < 0.65:
        asm.op(rng.choice(("INVALID", "STOP")))
    elif kind < 0.72:
        asm.op(rng.choice(("CALLER", "ADDRESS")))
        asm.op("SELFDESTRUCT")
    elif kind < 0.8:
        asm.push(rng.choice((10, 300, 3_000)))
        asm.push(0)
        asm.op("RETURN")
    else:
        return Program(rng, scene, creates=False).write(rng.randint(1, 4))
    return bytes(asm.code)


# -- worlds -- #


class _Scene:
    """What is around a program: who is there, and in which block."""

    def __init__(self, rng: Random, seed: int, fork: str) -> None:
        self.rng = rng
        self.seed = seed
        self.fork = fork
        self.block = EngineBlock(
            number=rng.choice((1, 2, 255, 256, 257, 20_000_000, 2**64 - 1)),
            timestamp=rng.choice((1, 1_700_000_000, 2**64 - 1)),
            gas_limit=rng.choice((30_000_000, 60_000_000)),
            chain_id=rng.choice((1, 1, 5, 2**32)),
            coinbase=rng.choice((bytes(20), CONTRACTS[0], FUNDED, SENDER, b"\x77" * 20, (4).to_bytes(20, "big"))),
        )

    def addresses(self, rng: Random) -> tuple[bytes, ...]:
        """Return addresses to choose one from."""
        kind = rng.random()
        if kind < 0.7:
            return CONTRACTS
        if kind < 0.8:
            return tuple(number.to_bytes(20, "big") for number in (*precompiles(self.fork), 0, 0x12, 0x100))
        return (SENDER, FUNDED, ABSENT, DELEGATED, self.block.coinbase)

    def case(self) -> Case:
        rng = self.rng
        world = {
            SENDER: EngineAccount(nonce=rng.choice((0, 1, 255)), balance=10**18),
            FUNDED: EngineAccount(balance=rng.choice((1, 10**9))),
        }
        for address in CONTRACTS[: rng.randint(1, 4)]:
            world[address] = EngineAccount(
                nonce=rng.choice((1, 1, 2)),
                balance=rng.choice((0, 1, 10**6)),
                code=Program(rng, self).write(rng.randint(2, 14)),
                storage={
                    slot: rng.choice((1, 2, 2**256 - 1)) for slot in (0, 1, 2, 3, 2**256 - 1) if rng.random() < 0.6
                },
            )
        if knows(self.fork, "prague"):
            to = rng.choice((*CONTRACTS, DELEGATED, FUNDED, ABSENT, (4).to_bytes(20, "big")))
            world[DELEGATED] = EngineAccount(nonce=1, balance=rng.choice((0, 10**6)), code=b"\xef\x01\x00" + to)
        if rng.random() < 0.1:
            world[(rng.choice((1, 3, 4))).to_bytes(20, "big")] = EngineAccount(balance=1)
        return Case(self.seed, self.fork, self.block, world, self._transaction())

    def _transaction(self) -> Transaction:
        rng = self.rng
        value = rng.choice((0, 0, 0, 1, 1_000))
        kind = rng.random()
        data = rng.randbytes(rng.choice((0, 0, 1, 4, 32, 36, 68, 100)))
        to: bytes | None = CONTRACTS[0]
        if kind < 0.12:
            to = None
            data = init_code(rng, self) if rng.random() < 0.5 else Program(rng, self).write(rng.randint(2, 14))
        elif kind < 0.17:
            number = any_precompile(rng, self.fork)
            to, data = number.to_bytes(20, "big"), precompile_input(rng, number)
        elif kind < 0.2:
            to = rng.choice((FUNDED, ABSENT, SENDER, DELEGATED, bytes(20)))
        elif kind < 0.24:
            to = DELEGATED
        elif kind < 0.3:
            data = bytes(rng.choice((32, 500)))
        return Transaction(SENDER, to, data, value, PLENTY)


# -- special shapes -- #


def _special(seed: int, fork: str, code: bytes, transaction: Transaction) -> Case:
    world = {SENDER: EngineAccount(balance=10**18), CONTRACTS[0]: EngineAccount(nonce=1, balance=10**6, code=code)}
    return Case(seed, fork, EngineBlock(), world, transaction)


def _recursion(rng: Random, seed: int, fork: str) -> Case:
    """A contract that calls or creates itself as deep as it can go, and counts how deep that was."""
    asm = Assembler()
    name = rng.choice(("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE"))
    if name == "CREATE":
        asm.op("CODESIZE")
        asm.push(0)
        asm.push(0)
        asm.op("CODECOPY")
        asm.op("CODESIZE")
        asm.push(0)
        asm.push(rng.choice((0, 1)))
    else:
        asm.push(32)
        asm.push(0)
        asm.push(0)
        asm.push(0)
        if name in ("CALL", "CALLCODE"):
            asm.push(rng.choice((0, 1)))
        asm.op("ADDRESS")
        asm.op("GAS")
    asm.op(name)
    asm.push(0)
    asm.op("MLOAD")
    asm.op("ADD")
    asm.push(1)
    asm.op("ADD")
    asm.push(0)
    asm.op("MSTORE")
    asm.push(32)
    asm.push(0)
    asm.op(rng.choice(("RETURN", "RETURN", "REVERT")))
    gas_limit = rng.choice((10**6, 10**15))  # a 64th stays in each frame, so only the second gets 1,024 deep
    return _special(seed, fork, bytes(asm.code), Transaction(SENDER, CONTRACTS[0], b"", 0, gas_limit))


def _large_code(rng: Random, seed: int, fork: str) -> Case:
    """A creation of about as much code as a contract may have."""
    asm = Assembler()
    if rng.random() < 0.3:
        asm.push(0xEF)
        asm.push(0)
        asm.op("MSTORE8")
    asm.push(rng.choice((24_575, 24_576, 24_576, 24_577)))
    asm.push(0)
    asm.op("RETURN")
    init = bytes(asm.code)
    if rng.random() < 0.5:
        return _special(seed, fork, b"", Transaction(SENDER, None, init, 0, 8_000_000))
    creator = Assembler()
    creator.write(init, 0)
    creator.push(len(init))
    creator.push(0)
    creator.push(rng.choice((0, 1)))
    creator.op("CREATE")
    creator.push(0)
    creator.op("MSTORE")
    creator.op("MSIZE")
    creator.push(0)
    creator.op("RETURN")
    return _special(seed, fork, bytes(creator.code), Transaction(SENDER, CONTRACTS[0], b"", 0, 8_000_000))
