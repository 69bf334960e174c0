"""Input for the precompiled contracts: mostly of the right form, some at its bounds, some wrong."""

from __future__ import annotations

import hashlib
from functools import cache
from random import Random

from eth_keys.datatypes import PrivateKey
from py_ecc.bls12_381 import bls12_381_curve as bls12_381
from py_ecc.bn128 import bn128_curve as bn128

from tests.support.evm.opcodes import knows

#: From which fork on each address is a precompiled contract.
_SINCE: dict[int, str] = {
    **dict.fromkeys(range(0x01, 0x0A), "london"),
    0x0A: "cancun",  # EIP-4844
    **dict.fromkeys(range(0x0B, 0x12), "prague"),  # EIP-2537
    0x100: "osaka",  # EIP-7951
}


def precompiles(fork: str) -> tuple[int, ...]:
    """Return the addresses of a fork's precompiled contracts."""
    return tuple(address for address, since in _SINCE.items() if knows(fork, since))


#: Those that Python takes long for, and how often they are chosen where another is chosen once.
_SLOW = {0x08: 0.3, 0x0A: 0.03, 0x0E: 0.5, 0x0F: 0.5, 0x11: 0.3}


def any_precompile(rng: Random, fork: str) -> int:
    """Return the address of one of a fork's precompiled contracts."""
    addresses = precompiles(fork)
    return rng.choices(addresses, [_SLOW.get(address, 1) for address in addresses])[0]


def precompile_input(rng: Random, address: int) -> bytes:
    """Return input for a precompiled contract."""
    data = _VALID[address](rng)
    damage = rng.random()
    if damage < 0.1:
        return data[: rng.randint(0, len(data))]
    if damage < 0.15:
        return data + rng.randbytes(rng.randint(1, 40))
    if damage < 0.25 and data:
        place = rng.randrange(len(data))
        return data[:place] + rng.randbytes(1) + data[place + 1 :]
    return data


def _words(*values: int) -> bytes:
    return b"".join((value % 2**256).to_bytes(32, "big") for value in values)


def _bytes(rng: Random) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 31, 32, 33, 55, 56, 63, 64, 65, 119, 128, 200)))


@cache
def _signature() -> bytes:
    """A signature that recovers to an address."""
    digest = hashlib.sha256(b"dcai").digest()
    signature = PrivateKey(b"\x07" * 32).sign_msg_hash(digest)
    return digest + _words(27 + signature.v, signature.r, signature.s)


def _ecrecover(rng: Random) -> bytes:
    return _signature()


def _modexp(rng: Random) -> bytes:
    lengths = [rng.choice((0, 1, 2, 5, 31, 32, 33, 40)) for _ in range(3)]
    body = b"".join(rng.choice((bytes(n), b"\xff" * n, rng.randbytes(n), bytes(n)[1:] + b"\1"[:n])) for n in lengths)
    if rng.random() < 0.08:
        lengths[rng.randrange(3)] = rng.choice((1024, 1025, 2**32, 2**64, 2**255))
    return _words(*lengths) + body


_BN_POINTS = ((0, 0), (1, 2), (1, bn128.field_modulus - 2), (bn128.field_modulus, 0), (1, 3), (0, 1))


def _bn_point(rng: Random) -> bytes:
    return _words(*rng.choice(_BN_POINTS[: 3 if rng.random() < 0.85 else None]))


def _bn_add(rng: Random) -> bytes:
    return _bn_point(rng) + _bn_point(rng)


def _bn_mul(rng: Random) -> bytes:
    return _bn_point(rng) + _words(rng.choice((0, 1, 2, 9, bn128.curve_order, 2**256 - 1)))


def _bn_pairing(rng: Random) -> bytes:
    (x, y), infinity = bn128.G2, bytes(128)
    generator = _words(*map(int, (x.coeffs[1], x.coeffs[0], y.coeffs[1], y.coeffs[0])))
    if rng.random() < 0.02:  # Python takes a second for it
        return _words(1, 2) + generator + _words(1, bn128.field_modulus - 2) + generator
    pairs = (bytes(64) + infinity, _words(1, 2) + infinity, bytes(64) + generator, _words(1, 3) + infinity)
    return b"".join(rng.choice(pairs) for _ in range(rng.randint(0, 2)))


def _blake2f(rng: Random) -> bytes:
    rounds = rng.choice((0, 1, 2, 10, 12, 13))
    flag = rng.choice((0, 1, 1, 2) if rng.random() < 0.3 else (0, 1))
    return rounds.to_bytes(4, "big") + rng.randbytes(208) + bytes([flag])


def _kzg(rng: Random) -> bytes:
    """The polynomial zero is zero everywhere; its commitment and each proof are the point at infinity."""
    infinity = b"\xc0" + bytes(47)
    versioned_hash = b"\x01" + hashlib.sha256(infinity).digest()[1:]
    y = 0 if rng.random() < 0.7 else 1
    return versioned_hash + _words(rng.choice((0, 5, 2**250)), y) + infinity + infinity


def _field(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(64, "big") for number in numbers)


_P = bls12_381.field_modulus
_G1 = _field(*(int(c) for c in bls12_381.G1))
_G2 = _field(*(int(c) for coordinate in bls12_381.G2 for c in coordinate.coeffs))
_SCALARS = (0, 1, 2, 7, bls12_381.curve_order, 2**256 - 1)


def _bls_point(rng: Random, generator: bytes) -> bytes:
    kind = rng.random()
    if kind < 0.5:
        return bytes(len(generator))
    if kind < 0.85:
        return generator
    return rng.choice((_field(_P) * (len(generator) // 64), _field(1) * (len(generator) // 64), b"\1" * len(generator)))


def _bls_add(generator: bytes, rng: Random) -> bytes:
    return _bls_point(rng, generator) + _bls_point(rng, generator)


def _bls_msm(generator: bytes, rng: Random) -> bytes:
    return b"".join(_bls_point(rng, generator) + _words(rng.choice(_SCALARS)) for _ in range(rng.choice((0, 1, 1, 2))))


def _bls_pairing(rng: Random) -> bytes:
    if rng.random() < 0.02:  # Python takes a second for it
        return _G1 + _G2
    pairs = (bytes(384), _G1 + bytes(256), bytes(128) + _G2)
    return b"".join(rng.choice(pairs) for _ in range(rng.randint(0, 2)))


def _bls_map(coordinates: int, rng: Random) -> bytes:
    return b"".join(_field(rng.choice((0, 1, 5, _P - 1, _P - 2, _P))) for _ in range(coordinates))


@cache
def _p256_signature() -> bytes:
    """A signature on secp256r1 with the secret 7 and the nonce 5, by the textbook."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    generator = (
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    )

    def add(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
        (x1, y1), (x2, y2) = first, second
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, p) if first == second else (y2 - y1) * pow(x2 - x1, -1, p)
        x = (slope * slope - x1 - x2) % p
        return x, (slope * (x1 - x) - y1) % p

    multiples = [generator]
    for _ in range(6):
        multiples.append(add(multiples[-1], generator))
    digest = hashlib.sha256(b"dcai").digest()
    r = multiples[4][0] % order
    s = (int.from_bytes(digest, "big") + r * 7) * pow(5, -1, order) % order
    return digest + _words(r, s, *multiples[6])


def _p256(rng: Random) -> bytes:
    return _p256_signature()


_VALID = {
    0x01: _ecrecover,
    0x02: _bytes,
    0x03: _bytes,
    0x04: _bytes,
    0x05: _modexp,
    0x06: _bn_add,
    0x07: _bn_mul,
    0x08: _bn_pairing,
    0x09: _blake2f,
    0x0A: _kzg,
    0x0B: lambda rng: _bls_add(_G1, rng),
    0x0C: lambda rng: _bls_msm(_G1, rng),
    0x0D: lambda rng: _bls_add(_G2, rng),
    0x0E: lambda rng: _bls_msm(_G2, rng),
    0x0F: _bls_pairing,
    0x10: lambda rng: _bls_map(1, rng),
    0x11: lambda rng: _bls_map(2, rng),
    0x100: _p256,
}
