"""Gas in a file that is committed, so that a change of it is seen and meant.

The file is JSON: fork, contract, transaction, and the gas used; sorted, and the same from every engine. Models and
samples are small and of integers alone: data that are normalised with floats may differ in their last digit from one
computer to the next, and their gas with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import NamedTuple

from dcai import strict_json
from dcai.errors import InputError, shown
from dcai.evm import Evm
from dcai.gas.layer import GAS, SnapshotCase

__all__ = ["GasChange", "Key", "Snapshot", "Tolerance", "beyond", "changes", "read", "take", "text_of"]

_STRANGER = "0x" + "99" * 20


class Key(NamedTuple):
    """Key of a transaction in the snapshot."""

    fork: str
    contract: str
    transaction: str


#: Gas used by each transaction.
Snapshot = dict[Key, int]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Change of gas that is accepted.

    Attributes
    ----------
    amount : Decimal
        Gas, or percent of the former gas.
    is_percent : bool
        Whether the amount is a percentage.
    """

    amount: Decimal
    is_percent: bool

    @classmethod
    def parse(cls, text: str) -> Tolerance:
        """Read "0%", "1.5%" or "200".

        Raises
        ------
        InputError
            It is neither a share in percent nor an amount of gas.
        """
        match = re.fullmatch(r"(\d+)|(\d+(?:\.\d+)?)%", text.strip(), re.ASCII)
        if not match:
            raise InputError(f"a tolerance is an amount of gas such as 200, or a share such as 1.5%; got {text!r}")
        gas, percent = match.groups()
        return cls(Decimal(gas or percent), is_percent=gas is None)

    def allows(self, before: int, after: int) -> bool:
        """Return whether a change is within the tolerance, its bound included."""
        difference = abs(after - before)
        return difference * 100 <= self.amount * before if self.is_percent else difference <= self.amount


@dataclass(frozen=True, slots=True)
class GasChange:
    """A row of which two snapshots say different things.

    Attributes
    ----------
    key : Key
        Name of the transaction.
    before, after : int or None
        Gas used; None where a snapshot does not have the row.
    """

    key: Key
    before: int | None
    after: int | None

    @property
    def percent(self) -> float | None:
        """Change in percent of what it was, where it was."""
        if self.before is None or self.after is None:
            return None
        return (self.after - self.before) * 100 / self.before


def take(engine: str, forks: Sequence[str]) -> Iterator[tuple[Key, int]]:
    """Measure all rows, in no order that matters."""
    for fork in forks:
        for contract, layer in GAS.items():
            for name, gas_used in _measure(layer.snapshot(), engine, fork):
                yield Key(fork, contract, name), gas_used


def _measure(case: SnapshotCase, engine: str, fork: str) -> Iterator[tuple[str, int]]:
    evm = Evm(engine, fork)
    contract = evm.deploy(case.model)
    numbers = count(1)
    for receipt in contract.deployment:
        yield f"deploy {next(numbers)}", receipt.gas_used
    update, predict = contract.abi.function("update", 2), contract.abi.function("predict", 1)
    sample, label = next(iter(case.contributions.values()))
    yield "predict", evm.simulate(contract.address, predict.encode((sample,))).gas_used
    data = update.encode((sample, label))
    yield "update, refused: not the owner", evm.simulate(contract.address, data, sender=_STRANGER).gas_used
    for name, contribution in case.contributions.items():
        yield name, evm.transact(contract.address, update.encode(contribution)).gas_used


def changes(before: Snapshot, after: Snapshot) -> list[GasChange]:
    """Return every row that differs, missing and new ones included, in order."""
    pairs = ((key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys()))
    return [GasChange(*pair) for pair in pairs if pair[1] != pair[2]]


def beyond(found: Sequence[GasChange], tolerance: Tolerance) -> list[GasChange]:
    """Return the changes that a tolerance does not allow; a missing or new row is one of them."""
    return [
        change
        for change in found
        if change.before is None or change.after is None or not tolerance.allows(change.before, change.after)
    ]


def text_of(snapshot: Snapshot) -> str:
    """Return the text of a snapshot's file; the same for the same snapshot."""
    nested: dict[str, dict[str, dict[str, int]]] = {}
    for key in sorted(snapshot):
        nested.setdefault(key.fork, {}).setdefault(key.contract, {})[key.transaction] = snapshot[key]
    return json.dumps(nested, indent=2) + "\n"


def read(path: Path) -> Snapshot:
    """Read the file of a snapshot.

    Raises
    ------
    InputError
        The file is malformed; the message says where.
    """
    try:
        nested = strict_json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    snapshot: Snapshot = {}
    for fork, contracts in _entries(nested, f"{path}"):
        for contract, rows in _entries(contracts, f"{path}: {fork}"):
            for name, gas_used in _entries(rows, f"{path}: {fork}: {contract}"):
                if type(gas_used) is not int or gas_used <= 0:
                    raise InputError(
                        f"{path}: {fork}: {contract}: {name} is {shown(gas_used)}; expected gas, a positive integer"
                    )
                snapshot[Key(fork, contract, name)] = gas_used
    if not snapshot:
        raise InputError(f"{path} has no rows; 'dcai gas snapshot --write {path}' writes them")
    return snapshot


def _entries(value: object, where: str) -> Iterator[tuple[str, object]]:
    if not isinstance(value, dict):
        raise InputError(f"{where} is {shown(value)}; expected a JSON object: fork, contract, transaction, gas")
    return iter(value.items())
