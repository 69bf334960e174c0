"""What the whole incentive framework costs, measured, beside the contracts of 0xDeCA10B.

Deposits, refunds and reports run through the trainer, with all that these ask of the other contracts. Of the original
the figures are those of its own contracts (solc 0.6.2 without optimizer) in the same EVM, under the rules of Prague.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dcai.evm import DEFAULT_ENGINE, DEFAULT_FORK, Evm
from dcai.evm.framework import STAKEABLE, Framework, deploy
from dcai.models import (
    DensePerceptron,
    NearestCentroidClassifier,
    SparseNearestCentroidClassifier,
    SparsePerceptron,
)
from dcai.report.tables import Table, Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dcai.evm import Receipt
    from dcai.gas.measuring.stream import Stream
    from dcai.models import Classifier

__all__ = ["ORIGINAL", "SIZES", "FrameworkRow", "action_rows", "framework_report", "stream_rows"]

_ONE = 10**9
_DAY = 86_400
_TERMS = (_DAY, 7 * _DAY, 9 * _DAY, 10**12)
_START = 1_700_000_000
_OWNER, _GOOD, _BAD = ("0x" + byte * 20 for byte in ("0f", "a1", "b2"))
_FUNDS_WEI = 10**24

#: Gas of the original, by size and action; of each contribution it was not said whether the model was mistaken.
ORIGINAL: dict[str, dict[str, int]] = {
    "DensePerceptron, 9 features": {"deploy": 7_340_490, "addData": 209_835, "refund": 177_445, "report": 137_474},
    "NearestCentroidClassifier, 9 features": {
        "deploy": 7_934_427,
        "addData": 235_536,
        "refund": 194_490,
        "report": 154_533,
    },
    "SparsePerceptron, 1,000 words": {"deploy": 30_260_977, "addData": 311_887, "refund": 221_111, "report": 181_225},
    "SparseNearestCentroidClassifier, 1,000 words": {
        "deploy": 58_137_527,
        "addData": 332_988,
        "refund": 305_199,
        "report": 265_219,
    },
    "IMDB, 1,000 words": {"addData, mistake": 919_442, "addData, correct": 513_482, "addData": 601_440},
}


@dataclass(frozen=True)
class FrameworkRow:
    """Gas of one action.

    Attributes
    ----------
    size : str
        The model, one of ``ORIGINAL``.
    action : str
        A deployment of all contracts, or a function of the trainer; of a Perceptron's ``addData``, whether the model
        was mistaken.
    n : int
        Number of transactions; those of a deployment are one.
    gas_used : int
        Of one, on average; rounded to the nearest.
    original : int or None
        What the original uses.
    """

    size: str
    action: str
    n: int
    gas_used: int
    original: int | None

    def as_fields(self) -> dict[str, Any]:
        """Return plain values for JSON and CSV."""
        return asdict(self)


@dataclass(frozen=True)
class _Size:
    """A model at the size at which the original was measured, and a sample that it takes for class 1."""

    model: Callable[[], Classifier]
    sample: Sequence[int]


def _dense_perceptron() -> Classifier:
    return DensePerceptron([_ONE // 10 * (-1) ** i for i in range(9)], 0, _ONE)


def _nearest_centroid() -> Classifier:
    return NearestCentroidClassifier([[_ONE // 3 * sign for _ in range(9)] for sign in (-1, 1)], [100, 100])


def _sparse_perceptron() -> Classifier:
    return SparsePerceptron([_ONE // 10 * (1 if i % 2 == 0 else -1) for i in range(1000)], 0, _ONE)


def _sparse_nearest_centroid() -> Classifier:
    centroids = [[(i, _ONE // 10 * (1 + (i + k) % 2)) for i in range(1000)] for k in (0, 1)]
    return SparseNearestCentroidClassifier(centroids, [100, 100])


SIZES: dict[str, _Size] = {
    "DensePerceptron, 9 features": _Size(_dense_perceptron, [_ONE // 3] * 9),
    "NearestCentroidClassifier, 9 features": _Size(_nearest_centroid, [_ONE // 3] * 9),
    "SparsePerceptron, 1,000 words": _Size(_sparse_perceptron, [*range(18), 100, 200]),
    "SparseNearestCentroidClassifier, 1,000 words": _Size(_sparse_nearest_centroid, list(range(0, 40, 2))),
}


def action_rows(size: str, fork: str = DEFAULT_FORK, engine: str = DEFAULT_ENGINE) -> Iterator[FrameworkRow]:
    """Run the life of two contributions, a good and a bad one, and yield a row for each action.

    Every account acts for the first time, which costs most: its counters are zero before.

    Parameters
    ----------
    size : str
        A key of ``SIZES``.
    fork, engine : str
        The rules and the EVM.
    """
    x = list(SIZES[size].sample)
    framework = _deployed(SIZES[size].model(), fork, engine)
    evm, predict = framework.evm, framework.classifier.predict
    has_mistakes = framework.classifier.artifact.name.endswith("Perceptron")

    def row(action: str, gas_used: int) -> FrameworkRow:
        return FrameworkRow(size, action, 1, gas_used, ORIGINAL[size].get(action.partition(",")[0]))

    yield row("deploy", framework.gas_used)
    evm.timestamp += 1
    good = evm.timestamp
    receipt = framework.add_data(x, 1, sender=_GOOD)
    yield row("addData, correct" if has_mistakes else "addData", receipt.gas_used)
    evm.timestamp += _DAY
    yield row("refund", framework.refund(x, 1, good, sender=_GOOD).gas_used)
    bad = evm.timestamp
    receipt = framework.add_data(x, 0, sender=_BAD)
    if has_mistakes:
        yield row("addData, mistake", receipt.gas_used)
    if predict(x) == 0:
        framework.add_data(x, 1, sender=_GOOD)
    evm.timestamp += _DAY
    yield row("report", framework.report(x, 0, bad, _BAD, sender=_GOOD).gas_used)


def stream_rows(
    stream: Stream, n: int, fork: str = DEFAULT_FORK, engine: str = DEFAULT_ENGINE
) -> Iterator[FrameworkRow]:
    """Contribute real samples, each with its deposit, and yield a row for mistakes, for correct ones and for all.

    Parameters
    ----------
    stream : Stream
        The model, put into an EVM without transactions, and its contributions.
    n : int
        How many.
    fork, engine : str
        The rules and the EVM.
    """
    framework = _deployed(stream.model, fork, engine, placed=True)
    mistakes: list[Receipt] = []
    correct: list[Receipt] = []
    for i in range(min(n, len(stream))):
        x, label = stream.contribution(i)
        framework.evm.timestamp += 60
        found = correct if framework.classifier.predict(x) == label else mistakes
        found.append(framework.add_data(x, label, sender=_GOOD))
    for action, receipts in (
        ("addData, mistake", mistakes),
        ("addData, correct", correct),
        ("addData", mistakes + correct),
    ):
        if receipts:
            total = sum(receipt.gas_used for receipt in receipts)
            mean = (2 * total + len(receipts)) // (2 * len(receipts))
            yield FrameworkRow(stream.data, action, len(receipts), mean, ORIGINAL.get(stream.data, {}).get(action))


def _deployed(model: Classifier, fork: str, engine: str, *, placed: bool = False) -> Framework:
    evm = Evm(engine, fork)
    evm.timestamp = _START
    for account in (_OWNER, _GOOD, _BAD):
        evm.set_balance(account, _FUNDS_WEI)
    return deploy(evm, model, STAKEABLE, _TERMS, sender=_OWNER, placed=placed)


def framework_report(rows: Sequence[FrameworkRow], fork: str) -> Tables:
    """Return a table of all rows."""
    cells = [
        [
            row.size,
            row.action,
            f"{row.n:,}",
            f"{row.gas_used:,}",
            "" if row.original is None else f"{row.original:,}",
            "" if row.original is None else f"{row.gas_used / row.original:.2f}",
        ]
        for row in rows
    ]
    header = ("model", "action", "n", "gas used", "0xDeCA10B", "ratio")
    before = [
        f"Gas of the incentive framework under {fork}, beside the original contracts under prague: a deployment is "
        "that of all contracts; of several transactions the mean."
    ]
    return Tables([Table("", header, cells, num_names=2)], before)
