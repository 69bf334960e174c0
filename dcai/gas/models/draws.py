"""Draws that the gas layers of several models share: pseudo-random, and the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from math import isqrt
from random import Random
from typing import Any

__all__ = [
    "INT64_MAX",
    "INT64_MIN",
    "INT80",
    "ONE",
    "UINT64_MAX",
    "appended",
    "dense_sample",
    "label",
    "length",
    "names",
    "numbers",
    "perceptron_arguments",
    "unit",
    "weight",
]

ONE = 10**9
INT80 = (-(2**79), 2**79 - 1)
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
UINT64_MAX = 2**64 - 1


def unit(random: Random, length: int) -> list[int]:
    """Return a vector whose norm an update takes; a last feature mends what rounding has left."""
    values = [random.gauss(0, 1) for _ in range(length)]
    norm = sum(value * value for value in values) ** 0.5
    vector = [round(value / norm * ONE) for value in values]
    vector[-1] = isqrt(max(ONE**2 - sum(x * x for x in vector[:-1]), 0))
    return vector


def _one_hot(random: Random, length: int) -> list[int]:
    vector = [0] * length
    vector[random.randrange(length)] = random.choice([-ONE, ONE])
    return vector


def dense_sample(random: Random, length: int) -> list[int]:
    """Return a dense sample: good ones, of a wrong length, of a wrong norm."""
    sample = unit(random, length) if random.random() < 0.6 else _one_hot(random, length)
    fate = random.random()
    if fate < 0.06:
        return [*sample, 0]
    if fate < 0.12:
        return [0] * length
    if fate < 0.18:
        sample[-1] += 5 * ONE
    return sample


def label(random: Random, num_classes: int) -> int:
    """Return a label, now and then of no class."""
    if random.random() < 0.08:
        return random.choice([num_classes, UINT64_MAX])
    return random.randrange(num_classes)


def weight(random: Random) -> int:
    """Return a weight, now and then at a bound of int80."""
    return random.choice([0, 0, ONE, -ONE, random.randint(-3 * ONE, 3 * ONE), random.choice(INT80)])


def names(random: Random, length: int) -> list[str]:
    """Return names of classes: empty, in their slot, just not, in words of their own."""
    return [
        "x" * random.choice([0, 1, 5, 31, 32, 33, 64, 70, 95, 96]) + random.choice(["", "", "é"]) for _ in range(length)
    ]


def length(random: Random) -> int:
    """Return the length of an array: around whole slots of any lane, and long ones."""
    return random.choice([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 17, 24, 40, 100])


def numbers(random: Random, length: int) -> list[int]:
    """Return numbers of a dense array, with slots that are all 0."""
    return [random.choice([0, 0, 0, -1, random.randint(-ONE, ONE)]) for _ in range(length)]


def appended(random: Random) -> Iterator[list[int]]:
    """Yield what is appended to an array; zeros behind a slot in part write it as it is."""
    yield numbers(random, length(random))
    yield [0] * length(random)
    yield [*numbers(random, length(random)), 1]
    yield [0] * length(random)


def perceptron_arguments(random: Random) -> tuple[Any, ...]:
    """Return the arguments of a Perceptron's constructor."""
    weights = numbers(random, length(random))
    return names(random, 2), weights, random.choice([0, -5, 7]), random.choice([0, ONE])
