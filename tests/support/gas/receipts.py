"""A contract on a chain, and what an oracle says of its transactions, compared with their receipts in every field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from dcai.artifacts import load
from dcai.errors import EvmError, Revert
from dcai.evm import Evm, Receipt
from dcai.evm.abi import Abi
from dcai.evm.storage import expected_storage
from dcai.gas import Costs, Oracle
from dcai.models import Classifier

#: Forks whose gas is known, and which of them the engines know.
FORKS = ("cancun", "prague", "osaka")
PY_EVM_FORKS = FORKS[:2]

#: More than any of these transactions needs, and the most that Osaka includes.
PLENTY = 2**24

#: What a receipt says and a prediction must.
FIELDS = ("gas_used", "intrinsic", "calldata", "execution", "refund", "floor", "success")

#: A write of storage fails where no more gas than this is left, though it would cost less (EIP-2200).
SENTRY = 2_300

_ADDRESS = "0x" + "c0" * 20


@dataclass
class Tally:
    """What was compared, so that a test can say that it was enough.

    Attributes
    ----------
    updates, predictions, limits : int
        Transactions of each kind, and gas limits that were tried.
    ends : Counter of (str, str)
        How they ended: (function, "ok" or the name of the error).
    kinds : Counter of str
        Updates of kinds that depend on the state.
    """

    updates: int = 0
    predictions: int = 0
    limits: int = 0
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)


def predicted(costs: Costs, row: int) -> dict[str, Any]:
    """One transaction of a prediction, as ``measured`` gives it."""
    fields = {name: getattr(costs, name)[row].item() for name in FIELDS}
    return {**fields, "error": costs.errors.get(row)}


def measured(receipt: Receipt) -> dict[str, Any]:
    """The fields of a receipt that are predicted; a Revert equals another of its name and arguments."""
    return {**{name: getattr(receipt, name) for name in FIELDS}, "error": receipt.error}


class OnChain:
    """The contract of a model, with the model beside it that the oracle carries on.

    Parameters
    ----------
    model : model of dcai.models
        Any state; it is copied.
    engine, fork : str
        What runs the contract.
    tally : Tally, optional
        Where to count.
    """

    def __init__(self, model: Classifier, engine: str, fork: str, tally: Tally | None = None) -> None:
        self.name = type(model).__name__
        self.model: Any = model.copy()
        self.oracle = Oracle(self.name, fork)
        self.chain = chain(engine, fork)
        self.tally = Tally() if tally is None else tally
        artifact = load(self.name)
        self._abi = Abi(artifact.abi)
        self.chain.errors.learn(self._abi.errors.values())
        storage = expected_storage(model, self.chain.account)
        self.chain.set_account(_ADDRESS, code=artifact.deployed_bytecode, storage=storage)

    def encode(self, function: str, *args: Any) -> bytes:
        return self._abi.function(function, len(args)).encode(args)

    def send(self, data: bytes, sender: str | None = None) -> Receipt:
        """Send a transaction as a node without a cap would: what is too large for Osaka runs there all the same."""
        return self.chain.transact(_ADDRESS, data, sender=sender, gas_limit=self._plenty())

    def simulate(self, data: bytes) -> Receipt:
        """Send a transaction that changes nothing."""
        return self.chain.simulate(_ADDRESS, data, gas_limit=self._plenty())

    def _plenty(self) -> int:
        return PLENTY if self.oracle.fork == "osaka" else 1_000 * PLENTY

    def predict(self, sample: Sequence[int]) -> int | None:
        """Compare one prediction; the label, or None where the contract refuses."""
        data = self.encode("predict", sample)
        before = self.model.copy()
        costs = self.oracle.predict_batch(self.model, [sample])
        receipt = self.simulate(data)
        assert self.model == before
        assert predicted(costs, 0) == measured(receipt), f"{self.model}.predict({sample})"
        assert not costs.mistake[0]
        assert costs.new_slots[0] == 0
        self.tally.predictions += 1
        self._count_end("predict", receipt)
        return int.from_bytes(receipt.output, "big") if receipt.success else None

    def update(self, sample: Sequence[int], label: int, *, limits: bool = False) -> None:
        """Compare one update; where ``limits``, also that the gas limit is the least that does."""
        data = self.encode("update", sample, label)
        text = f"{self.model}.update({sample}, {label})"
        storage = self.chain.storage(_ADDRESS)
        answer = self._answer(sample)
        costs = self.oracle.update_batch(self.model, [sample], [label])
        if limits:
            self.check_limit(data, int(costs.gas_limit[0]), text)
        receipt = self.send(data)
        assert predicted(costs, 0) == measured(receipt), text
        after = self.chain.storage(_ADDRESS)
        assert costs.new_slots[0] == len(after.keys() - storage.keys()), text
        assert costs.mistake[0] == self._is_mistake(receipt, answer, label), text
        self.tally.updates += 1
        self.tally.kinds["mistake"] += bool(costs.mistake[0])
        self.tally.kinds["new slots"] += bool(costs.new_slots[0])
        self.tally.kinds["refund"] += receipt.refund > 0
        self.tally.kinds["floor"] += receipt.gas_used == receipt.floor
        self._count_end("update", receipt)

    def check_limit(self, data: bytes, limit: int, text: str) -> None:
        """Try a gas limit and the next lower one, on the state as it is."""
        plenty = self.simulate(data)
        enough = self.chain.simulate(_ADDRESS, data, gas_limit=limit)
        assert measured(enough) == measured(plenty), text
        due = max(enough.intrinsic + enough.calldata, enough.floor)
        try:
            less = self.chain.simulate(_ADDRESS, data, gas_limit=limit - 1)
        except EvmError:
            assert limit == due, text  # what is due up front is the least that a block includes
            self.tally.kinds["limit is the floor"] += 1
        else:
            assert limit > due, text
            assert isinstance(less.error, EvmError), text  # out of gas, and no error of the contract
            self.tally.kinds["sentry binds"] += limit > enough.intrinsic + enough.calldata + enough.execution
        self.tally.limits += 1

    def compare_storage(self) -> None:
        """The model must be what the contract stores."""
        assert self.chain.storage(_ADDRESS) == expected_storage(self.model, self.chain.account)

    def _answer(self, sample: Sequence[int]) -> int | None:
        """The label that the contract gives before the update."""
        if not self.model.spec.has_mistakes:
            return None
        receipt = self.simulate(self.encode("predict", sample))
        return int.from_bytes(receipt.output, "big") if receipt.success else None

    @staticmethod
    def _is_mistake(receipt: Receipt, answer: int | None, label: int) -> bool:
        """Whether it came to a comparison of prediction and label, and they differed."""
        moved = isinstance(receipt.error, Revert) and receipt.error.name == "SafeCastOverflowedIntDowncast"
        return answer is not None and (receipt.success or moved) and answer != label

    def _count_end(self, function: str, receipt: Receipt) -> None:
        end = receipt.error.name if isinstance(receipt.error, Revert) else "ok"
        assert receipt.success is (end == "ok")
        self.tally.ends[function, end] += 1


_chains: dict[tuple[str, str], Evm] = {}


def chain(engine: str, fork: str) -> Evm:
    """The chain of an engine and fork that all ledgers share, since none is made quickly."""
    if (engine, fork) not in _chains:
        _chains[engine, fork] = Evm(engine, fork)
    return _chains[engine, fork]
