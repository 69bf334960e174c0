"""From runs of a contract's bytecode to the price of each counter.

A transaction's execution gas is the gas of its ledger, which the protocol prices, plus a sum over its counters of count
times price. The prices are the solution of as many such equations as there are counters; hundreds more must agree with
it, to the unit, and every branch of the bytecode that a call can take must have been taken. Where anything is missing
there are no prices, only an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dcai.errors import ArtifactError
from dcai.gas.calibration.linear import Undetermined, solve

__all__ = ["prices"]


def prices(samples: Sequence[tuple[Mapping[str, int], int, str]], what: str) -> dict[str, int]:
    """Find the price of each counter.

    Parameters
    ----------
    samples : sequence of (counts, value, description)
        Counts of a transaction, its measured gas, and its name in errors.
    what : str
        Name of the measured quantity, for errors.

    Returns
    -------
    dict of str to int
        Whole numbers with which the counts of every sample add up to its value.

    Raises
    ------
    ArtifactError
        Some counter is not determined by the samples, or some sample contradicts the others: it names them.
    """
    names = sorted({name for counts, _, _ in samples for name in counts})
    if not names:
        return {}
    try:
        solution = solve(
            [[counts.get(name, 0) for name in names] for counts, _, _ in samples], [v for _, v, _ in samples]
        )
    except Undetermined as error:
        missing = ", ".join(names[k] for k in error.columns)
        raise ArtifactError(
            f"{what}: {len(samples)} transactions do not determine the price of {missing}: none of them takes that "
            "path, or none takes it without another"
        ) from error
    found = dict(zip(names, solution, strict=True))
    for counts, value, description in samples:
        predicted = sum(found[name] * count for name, count in counts.items())
        if predicted != value or any(price.denominator != 1 for price in solution):
            raise ArtifactError(
                f"{what}: {description} takes {value} where its counts {dict(counts)} make {predicted}: "
                "some path of the bytecode has no counter of its own"
            )
    return {name: int(price) for name, price in found.items()}
