"""Words of 256 bits, each a number or an unknown: the arithmetic of the EVM on both.

A product of two unknowns and every division by or of an unknown is an application of an uninterpreted function: of it
the solver knows that equal arguments give equal results, and nothing else. What holds for whatever these functions do
holds for the EVM's, and circuits of 256-bit multipliers need not be compared. A remainder, a power or a product modulo
a number are treated alike. A product with a known factor stays what it is.
"""

from __future__ import annotations

from typing import Any

from dcai.verify.proof.solver import z3

__all__ = ["BITS", "MASK", "Word", "apply", "bits_of", "signed", "to_bits", "truth"]

#: A number, or a solver's bit vector of 256 bits.
Word = Any

BITS = 256
MASK = (1 << BITS) - 1


def signed(word: int) -> int:
    """Return a number as two's complement has it."""
    return word - (1 << BITS) if word >> (BITS - 1) else word


def to_bits(word: Word) -> Any:
    """Return a word as the solver's bit vector."""
    return z3.BitVecVal(word, BITS) if isinstance(word, int) else word


def truth(condition: Any) -> Word:
    """Return 1 or 0 for a condition of the solver."""
    return simplified(z3.If(condition, z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS)))


def simplified(word: Any) -> Word:
    """Return a number where the word is one."""
    word = z3.simplify(word)
    return word.as_long() if isinstance(word, z3.BitVecNumRef) else word


def bits_of(word: Word, high: int, low: int) -> Any:
    """Return bits ``low`` to ``high`` of a word, as the solver's bit vector of that size."""
    return z3.Extract(high, low, to_bits(word))


def uninterpreted(name: str, *words: Word) -> Word:
    """Return the result of a function of which nothing is known."""
    function = z3.Function(f"evm_{name}", *[z3.BitVecSort(BITS)] * (len(words) + 1))
    # Simplified, so that what is the same becomes the same term.
    return function(*[z3.simplify(to_bits(word)) for word in words])


def apply(name: str, *words: Word) -> Word:
    """Return what an opcode of arithmetic, comparison or bits gives; the first operand is that on top of the stack."""
    if all(isinstance(word, int) for word in words):
        return _CONCRETE[name](*words) & MASK
    return _SYMBOLIC[name](*words)


def _divide(a: int, b: int) -> int:
    quotient = abs(a) // abs(b) if b else 0
    return quotient if (a < 0) == (b < 0) else -quotient


def _remainder(a: int, b: int) -> int:
    return a - b * _divide(a, b) if b else 0


def _sign_extend(size: int, value: int) -> int:
    top = 8 * size + 7
    if top >= BITS - 1:
        return value
    low = value & ((1 << (top + 1)) - 1)
    return low - (1 << (top + 1)) if low >> top else low


_CONCRETE: dict[str, Any] = {
    "ADD": lambda a, b: a + b,
    "MUL": lambda a, b: a * b,
    "SUB": lambda a, b: a - b,
    "DIV": lambda a, b: a // b if b else 0,
    "SDIV": lambda a, b: _divide(signed(a), signed(b)),
    "MOD": lambda a, b: a % b if b else 0,
    "SMOD": lambda a, b: _remainder(signed(a), signed(b)),
    "ADDMOD": lambda a, b, n: (a + b) % n if n else 0,
    "MULMOD": lambda a, b, n: a * b % n if n else 0,
    "EXP": lambda a, b: pow(a, b, 1 << BITS),
    "SIGNEXTEND": _sign_extend,
    "LT": lambda a, b: a < b,
    "GT": lambda a, b: a > b,
    "SLT": lambda a, b: signed(a) < signed(b),
    "SGT": lambda a, b: signed(a) > signed(b),
    "EQ": lambda a, b: a == b,
    "ISZERO": lambda a: a == 0,
    "AND": lambda a, b: a & b,
    "OR": lambda a, b: a | b,
    "XOR": lambda a, b: a ^ b,
    "NOT": lambda a: ~a,
    "BYTE": lambda i, a: a >> (8 * (31 - i)) & 0xFF if i < 32 else 0,
    "SHL": lambda shift, a: a << shift if shift < BITS else 0,
    "SHR": lambda shift, a: a >> shift if shift < BITS else 0,
    "SAR": lambda shift, a: signed(a) >> min(shift, BITS),
}


def _mul(a: Word, b: Word) -> Word:
    if isinstance(a, int) or isinstance(b, int):
        return simplified(to_bits(a) * to_bits(b))
    for choice, other in ((a, b), (b, a)):
        # A condition as a number, by which the code multiplies in place of a jump.
        if z3.is_app_of(choice, z3.Z3_OP_ITE) and all(z3.is_bv_value(case) for case in choice.children()[1:]):
            condition, then, otherwise = choice.children()
            return simplified(z3.If(condition, then * other, otherwise * other))
    # Both orders are one product.
    first, second = sorted((z3.simplify(a), z3.simplify(b)), key=lambda word: word.hash())
    return uninterpreted("mul", first, second)


def _power_of_two(word: Word) -> bool:
    return isinstance(word, int) and word > 0 and word & (word - 1) == 0


def _div(a: Word, b: Word) -> Word:
    if isinstance(a, int) and a == 0:
        return 0
    if _power_of_two(b):
        return simplified(z3.LShR(to_bits(a), b.bit_length() - 1))
    return uninterpreted("div", a, b)


def _shift(operation: Any) -> Any:
    return lambda shift, a: simplified(operation(to_bits(a), to_bits(shift)))


def _symbolic_sign_extend(size: Word, value: Word) -> Word:
    assert isinstance(size, int), "the width of a SIGNEXTEND is always known"
    top = 8 * size + 7
    return value if top >= BITS - 1 else simplified(z3.SignExt(BITS - 1 - top, bits_of(value, top, 0)))


def _binary(operation: Any) -> Any:
    return lambda a, b: simplified(operation(to_bits(a), to_bits(b)))


def _comparison(operation: Any) -> Any:
    return lambda a, b: truth(operation(to_bits(a), to_bits(b)))


_SYMBOLIC: dict[str, Any] = {
    "ADD": _binary(lambda a, b: a + b),
    "MUL": _mul,
    "SUB": _binary(lambda a, b: a - b),
    "DIV": _div,
    "SDIV": lambda a, b: 0 if isinstance(a, int) and a == 0 else uninterpreted("sdiv", a, b),
    "MOD": lambda a, b: uninterpreted("mod", a, b),
    "SMOD": lambda a, b: uninterpreted("smod", a, b),
    "ADDMOD": lambda a, b, n: uninterpreted("addmod", a, b, n),
    "MULMOD": lambda a, b, n: uninterpreted("mulmod", a, b, n),
    "EXP": lambda a, b: uninterpreted("exp", a, b),
    "SIGNEXTEND": _symbolic_sign_extend,
    "LT": lambda a, b: truth(z3.ULT(to_bits(a), to_bits(b))),
    "GT": lambda a, b: truth(z3.UGT(to_bits(a), to_bits(b))),
    "SLT": _comparison(lambda a, b: a < b),
    "SGT": _comparison(lambda a, b: a > b),
    "EQ": _comparison(lambda a, b: a == b),
    "ISZERO": lambda a: truth(to_bits(a) == 0),
    "AND": _binary(lambda a, b: a & b),
    "OR": _binary(lambda a, b: a | b),
    "XOR": _binary(lambda a, b: a ^ b),
    "NOT": lambda a: simplified(~to_bits(a)),
    "BYTE": lambda i, a: simplified(z3.ZeroExt(BITS - 8, bits_of(a, 255 - 8 * i, 248 - 8 * i))),
    "SHL": _shift(lambda a, shift: a << shift),
    "SHR": lambda shift, a: simplified(z3.LShR(to_bits(a), to_bits(shift))),
    "SAR": _shift(lambda a, shift: a >> shift),
}
