"""Calls that take a contract's functions down every path: pseudo-random, and the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from dcai.gas.layer import GAS, Call, Labelled
from dcai.gas.models.draws import appended

__all__ = ["deployments", "samples"]


def samples(contract: str, num_models: int) -> Iterator[Labelled]:
    """Yield samples of so many models of a contract, those of one model one after another."""
    random = Random(contract)
    for _ in range(num_models):
        yield from GAS[contract].samples(random)


def deployments(contract: str, number: int) -> Iterator[list[Call]]:
    """Yield deployments, each the calls (function, arguments) from the constructor on."""
    random = Random(contract)
    for _ in range(number):
        indices = ([abs(index) for index in numbers] for numbers in appended(random))
        calls = GAS[contract].deployments(random)
        yield [*calls, *(("addFeatureIndices", (chunk,)) for chunk in indices)]
