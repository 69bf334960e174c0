"""From runs of a contract's bytecode to the price of each counter.

A transaction's execution gas is the gas of its ledger, which the protocol prices, plus a sum over its counters of count
times price. The prices are the solution of as many such equations as there are counters; hundreds more must agree with
it, to the unit, and every branch of the bytecode that a call can take must have been taken. Where anything is missing
there are no prices, only an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcai.errors import ArtifactError
from dcai.gas.linear import Undetermined, solve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Sample", "fit"]


@dataclass(frozen=True)
class Sample:
    """One measured transaction, with what the counting of it said.

    Attributes
    ----------
    counts : sequence of int
        By counter.
    computation : int
        Execution gas in the EVM, less the gas of the ledger.
    tail : int or None
        Gas in the EVM after the last write of a slot, where that write was so cheap that what it must find exceeds it.
    what : str
        The transaction, for errors.
    """

    counts: Sequence[int]
    computation: int
    tail: int | None
    what: str


def fit(counters: Sequence[str], samples: Sequence[Sample], what: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the price of each counter, and what is spent after the last write by the end that a call reaches.

    Parameters
    ----------
    counters : sequence of str
        The names; those of the ends of a function stand first, and one of them is 1 in each sample.
    samples : sequence of Sample
        Measured transactions.
    what : str
        The function, for errors.

    Raises
    ------
    ArtifactError
        Some counter is not determined by the samples, or some sample contradicts the others: it names them.
    """
    try:
        prices = solve([sample.counts for sample in samples], [sample.computation for sample in samples])
    except Undetermined as error:
        names = ", ".join(counters[k] for k in error.columns)
        raise ArtifactError(
            f"{what}: {len(samples)} transactions do not determine the gas of {names}: none of them takes that path, "
            "or none takes it without another"
        ) from error
    for sample in samples:
        predicted = sum(price * count for price, count in zip(prices, sample.counts, strict=True))
        if predicted != sample.computation or any(price.denominator != 1 for price in prices):
            counts = {name: count for name, count in zip(counters, sample.counts, strict=True) if count}
            raise ArtifactError(
                f"{what}: {sample.what} takes {sample.computation} gas, where its counts {counts} make {predicted}: "
                "some path of the bytecode has no counter of its own"
            )
    gas = {name: int(price) for name, price in zip(counters, prices, strict=True)}
    return gas, _tails(counters, samples, what)


def _tails(counters: Sequence[str], samples: Iterable[Sample], what: str) -> dict[str, int]:
    tails: dict[str, int] = {}
    for sample in samples:
        if sample.tail is None:
            continue
        end = next(name for name, count in zip(counters, sample.counts, strict=True) if count)
        if tails.setdefault(end, sample.tail) != sample.tail:
            raise ArtifactError(
                f"{what}: {sample.what} spends {sample.tail} gas after its last write and another that ends in {end!r} "
                f"spends {tails[end]}: the gas limit that is needed cannot be told"
            )
    return tails
