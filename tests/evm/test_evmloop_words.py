"""The arithmetic of the compiled loop against plain integers."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcai.evm import Evm
from dcai.evm.hashing import keccak, to_address
from tests.support.bounds import WORDS

TWO_TO_256 = 1 << 256

PROGRAM = to_address(b"\x02" * 20)
CHAIN = Evm("py-evm-compiled")


def run(code: bytes, data: bytes = b"") -> bytes:
    CHAIN.set_account(PROGRAM, code=code)
    return CHAIN.call(PROGRAM, data)


def push32(number: int) -> bytes:
    return b"\x7f" + number.to_bytes(32, "big")


def signed(number: int) -> int:
    return number - TWO_TO_256 if number >> 255 else number


def toward_zero(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def sign_extended(last: int, number: int) -> int:
    if last > 31:
        return number
    size = 8 * (last + 1)
    low = number % (1 << size)
    return low - (1 << size) if low >> (size - 1) else low


#: The first argument is on top of the stack.
OPERATIONS: dict[int, Callable[..., int]] = {
    0x01: lambda a, b: a + b,
    0x02: lambda a, b: a * b,
    0x03: lambda a, b: a - b,
    0x04: lambda a, b: a // b if b else 0,
    0x05: lambda a, b: toward_zero(signed(a), signed(b)) if b else 0,
    0x06: lambda a, b: a % b if b else 0,
    0x07: lambda a, b: signed(a) - toward_zero(signed(a), signed(b)) * signed(b) if b else 0,
    0x08: lambda a, b, n: (a + b) % n if n else 0,
    0x09: lambda a, b, n: a * b % n if n else 0,
    0x0A: lambda a, b: pow(a, b, TWO_TO_256),
    0x0B: sign_extended,
    0x10: lambda a, b: a < b,
    0x11: lambda a, b: a > b,
    0x12: lambda a, b: signed(a) < signed(b),
    0x13: lambda a, b: signed(a) > signed(b),
    0x14: lambda a, b: a == b,
    0x15: lambda a: a == 0,
    0x16: lambda a, b: a & b,
    0x17: lambda a, b: a | b,
    0x18: lambda a, b: a ^ b,
    0x19: lambda a: ~a,
    0x1A: lambda i, a: a.to_bytes(32, "big")[i] if i < 32 else 0,
    0x1B: lambda n, a: a << n if n < 256 else 0,
    0x1C: lambda n, a: a >> n if n < 256 else 0,
    0x1D: lambda n, a: signed(a) >> min(n, 256),
}


def assert_computes(op: int, cases: list[tuple[int, ...]]) -> None:
    code = b""
    for i, arguments in enumerate(cases):
        code += b"".join(push32(argument) for argument in reversed(arguments)) + bytes([op]) + push32(32 * i) + b"\x52"
    output = run(code + push32(32 * len(cases)) + push32(0) + b"\xf3")
    results = [int.from_bytes(output[i : i + 32], "big") for i in range(0, len(output), 32)]
    assert results == [int(OPERATIONS[op](*arguments)) % TWO_TO_256 for arguments in cases]


@pytest.mark.parametrize("op", OPERATIONS, ids=hex)
def test_operations_on_edges_of_words(op: int) -> None:
    count = OPERATIONS[op].__code__.co_argcount
    assert_computes(op, list(product(WORDS, repeat=count)))


@pytest.mark.parametrize("op", [0x0B, 0x1A, 0x1B, 0x1C, 0x1D], ids=hex)
def test_operations_on_each_place_of_a_word(op: int) -> None:
    patterns = [0x0123456789ABCDEFFEDCBA98765432100F1E2D3C4B5A69788796A5B4C3D2E1F0, 2**256 - 1 - 2**77, 1 << 255]
    assert_computes(op, [(place, word) for place in range(258) for word in patterns])


@pytest.mark.parametrize("op", [0x04, 0x05, 0x06, 0x07, 0x08, 0x09], ids=hex)
def test_divisions_of_every_length(op: int) -> None:
    source = random.Random(op)
    cases = []
    for bits in product(range(1, 257, 17), repeat=2):
        # Ones and zeros in runs: digits of the quotient are estimated one too large only then.
        numbers = [source.getrandbits(n) | 1 << (n - 1) for n in bits]
        runs = [(1 << n) - (1 << source.randrange(n)) + source.randrange(2) for n in bits]
        cases += [tuple(numbers), tuple(runs), (runs[0], numbers[1]), (numbers[0], runs[1])]
    if OPERATIONS[op].__code__.co_argcount == 3:
        cases = [(a, source.getrandbits(256), b) for a, b in cases]
    assert_computes(op, cases)


NUMBERS = st.one_of(
    st.sampled_from(WORDS),
    st.integers(0, 2**256 - 1),
    st.builds(lambda bits, offset: (2**bits + offset) % TWO_TO_256, st.integers(0, 256), st.integers(-2, 2)),
)


@given(st.tuples(NUMBERS, NUMBERS, NUMBERS))
def test_operations_on_any_words(numbers: tuple[int, int, int]) -> None:
    for op, operation in OPERATIONS.items():
        assert_computes(op, [numbers[: operation.__code__.co_argcount]])


@pytest.mark.parametrize("size", [0, 1, 31, 32, 135, 136, 137, 271, 272, 1000])
def test_keccak(size: int) -> None:
    data = bytes(i % 251 for i in range(size))
    code = bytes.fromhex("365f5f37365f205f5260205ff3")  # calldatacopy(0, 0, size) return(keccak256(0, size))
    assert run(code, data) == keccak(data)
