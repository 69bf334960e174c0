"""Measure the gas of the whole incentive framework, beside the contracts of 0xDeCA10B.

Deposits, refunds and reports run through the trainer, with all that these ask of the other contracts. Of the original
the figures are those of its own contracts (solc 0.6.2 without optimizer) in the same EVM, under the rules of Prague.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dcai.evm import DEFAULT_ENGINE, DEFAULT_FORK, Evm, Receipt
from dcai.evm.framework import STAKEABLE, Framework, deploy
from dcai.gas.layer import GAS
from dcai.models.registry import spec_of
from dcai.units import DAY_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.gas.measuring.stream import Stream
    from dcai.models import Classifier

__all__ = ["FrameworkRow", "action_rows", "stream_rows"]

_TERMS = (DAY_S, 7 * DAY_S, 9 * DAY_S, 10**12)
_START = 1_700_000_000
_OWNER, _GOOD, _BAD = ("0x" + byte * 20 for byte in ("0f", "a1", "b2"))
_FUNDS_WEI = 10**24


@dataclass(frozen=True)
class FrameworkRow:
    """Gas of one action.

    Attributes
    ----------
    size : str
        The model and its size, or the data.
    action : str
        A deployment of all contracts, or a function of the trainer; of a Perceptron's ``addData``, whether the model
        was mistaken.
    n : int
        Number of transactions; those of a deployment are one.
    gas_used : int
        Of one, on average; rounded to the nearest.
    original : int or None
        Gas of the original; None where it was not measured.
    """

    size: str
    action: str
    n: int
    gas_used: int
    original: int | None

    def as_fields(self) -> dict[str, Any]:
        """Return plain values for JSON and CSV."""
        return asdict(self)


def action_rows(contract: str, fork: str = DEFAULT_FORK, engine: str = DEFAULT_ENGINE) -> Iterator[FrameworkRow]:
    """Run the life of two contributions, a good and a bad one, and yield a row for each action.

    Every account acts for the first time, which costs most: its counters are zero before.

    Parameters
    ----------
    contract : str
        Name of the model.
    fork, engine : str
        The rules and the EVM.
    """
    size = GAS[contract].framework()
    x = list(size.sample)
    framework = _deployed(size.model, fork, engine)
    evm, predict = framework.evm, framework.classifier.predict
    has_mistakes = spec_of(size.model).has_mistakes

    def row(action: str, gas_used: int) -> FrameworkRow:
        return FrameworkRow(size.title, action, 1, gas_used, size.original.get(action.partition(",")[0]))

    yield row("deploy", framework.gas_used)
    evm.timestamp += 1
    good = evm.timestamp
    receipt = framework.add_data(x, 1, sender=_GOOD)
    yield row("addData, correct" if has_mistakes else "addData", receipt.gas_used)
    evm.timestamp += DAY_S
    yield row("refund", framework.refund(x, 1, good, sender=_GOOD).gas_used)
    bad = evm.timestamp
    receipt = framework.add_data(x, 0, sender=_BAD)
    if has_mistakes:
        yield row("addData, mistake", receipt.gas_used)
    if predict(x) == 0:
        framework.add_data(x, 1, sender=_GOOD)
    evm.timestamp += DAY_S
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
    originals = GAS[stream.contract].original_streams.get(stream.data, {})
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
            yield FrameworkRow(stream.data, action, len(receipts), mean, originals.get(action))


def _deployed(model: Classifier, fork: str, engine: str, *, placed: bool = False) -> Framework:
    evm = Evm(engine, fork)
    evm.timestamp = _START
    for account in (_OWNER, _GOOD, _BAD):
        evm.set_balance(account, _FUNDS_WEI)
    return deploy(evm, model, STAKEABLE, _TERMS, sender=_OWNER, placed=placed)
