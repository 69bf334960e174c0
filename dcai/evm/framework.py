"""The whole incentive framework in an EVM: trainer, data handler, incentive mechanism and classifier.

>>> evm = Evm()                                              # doctest: +SKIP
>>> framework = deploy(evm, model, STAKEABLE, (day, 7 * day, 9 * day, 10**15))    # doctest: +SKIP
>>> framework.add_data(x, 1, sender=author)                    # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain as chained
from typing import Any

from dcai import artifacts
from dcai.evm.abi import Event
from dcai.evm.classifier import ClassifierContract
from dcai.evm.contract import Contract
from dcai.evm.evm import Evm
from dcai.evm.hashing import keccak, to_bytes20
from dcai.evm.receipt import Receipt
from dcai.models import Classifier, Sample

__all__ = ["POINTS", "STAKEABLE", "Framework", "contribution_key", "deploy"]

#: The contract of ongoing self-assessment: deposit, refund, take.
STAKEABLE = "Stakeable64"
#: The gamified one: points and badges.
POINTS = "Points64"


@dataclass(frozen=True)
class Framework:
    """Contracts that belong together; the trainer owns the other three.

    Attributes
    ----------
    evm : Evm
        The EVM that they are in.
    trainer, handler, mechanism : Contract
        ``CollaborativeTrainer64``, ``DataHandler64``, an incentive mechanism.
    classifier : ClassifierContract
        The contract of a model.
    deployment : tuple of Receipt
        Of all transactions that put them there, the three changes of owners included.
    """

    evm: Evm
    trainer: Contract
    handler: Contract
    mechanism: Contract
    classifier: ClassifierContract
    deployment: tuple[Receipt, ...]

    @property
    def gas_used(self) -> int:
        """Gas used by the whole deployment."""
        return sum(receipt.gas_used for receipt in self.deployment)

    def cost(self) -> int:
        """Return the deposit that a contribution needs now, in wei."""
        return int(self.mechanism.call("getNextAddDataCost"))

    def add_data(self, x: Sample, label: int, *, sender: str | None = None, value: int | None = None) -> Receipt:
        """Contribute a sample now.

        Parameters
        ----------
        x : sequence or array of int
            Features, as the model takes them.
        label : int
            Their class.
        sender : str, optional
            The author; the EVM's account unless given.
        value : int, optional
            In wei; the deposit that is needed unless given.

        Raises
        ------
        Revert
            One of the contracts refused.
        """
        value = self.cost() if value is None else value
        receipt = self.trainer.transact("addData", x, label, sender=sender, value=value)
        self.classifier.note_indices(int(index) for index in x)
        return receipt

    def refund(self, x: Sample, label: int, added_time_s: int, *, sender: str | None = None) -> Receipt:
        """Ask a deposit back; raises as ``add_data``."""
        return self.trainer.transact("refund", x, label, added_time_s, sender=sender)

    def report(
        self, x: Sample, label: int, added_time_s: int, original_author: str, *, sender: str | None = None
    ) -> Receipt:
        """Take (a share of) the deposit of an author; raises as ``add_data``."""
        return self.trainer.transact("report", x, label, added_time_s, original_author, sender=sender)

    def events(self, receipt: Receipt) -> list[Event]:
        """Decode what the four contracts logged in a transaction, each one's in order, the trainer's first."""
        contracts = (self.trainer, self.mechanism, self.handler, self.classifier)
        return list(chained.from_iterable(contract.events(receipt) for contract in contracts))


def deploy(
    evm: Evm,
    model: Classifier,
    mechanism: str,
    terms: Sequence[Any],
    *,
    about: tuple[str, str, str] = ("", "", ""),
    sender: str | None = None,
    placed: bool = False,
) -> Framework:
    """Deploy a classifier, the contracts around it, and make the trainer their owner.

    Parameters
    ----------
    evm : Evm
        The EVM to deploy to.
    model : model of dcai.models
        The initial state of the classifier.
    mechanism : str
        Name of the incentive mechanism's contract: ``STAKEABLE`` or ``POINTS``.
    terms : sequence
        The arguments of its constructor.
    about : tuple of str
        Name, description and encoder of the trainer.
    sender : str, optional
        Who deploys, and then owns the trainer; the EVM's account unless given.
    placed : bool
        Whether to put the classifier there without transactions, which is quick and takes any state.

    Raises
    ------
    Revert
        A contract refused its arguments.
    """
    handler = evm.create(artifacts.load("DataHandler64"), sender=sender)
    terms_contract = evm.create(artifacts.load(mechanism), *terms, sender=sender)
    classifier = evm.place(model, owner=sender) if placed else evm.deploy(model, sender=sender)
    owned = (handler, terms_contract, classifier)
    trainer = evm.create(
        artifacts.load("CollaborativeTrainer64"),
        *about,
        *(contract.address for contract in owned),
        sender=sender,
    )
    handed_over = [contract.transact("transferOwnership", trainer.address, sender=sender) for contract in owned]
    receipts = (*chained.from_iterable(contract.deployment for contract in (*owned, trainer)), *handed_over)
    return Framework(evm, trainer, handler, terms_contract, classifier, receipts)


def contribution_key(x: Iterable[int], label: int, added_time_s: int, author: str) -> bytes:
    """Return the key of a contribution: keccak256(abi.encodePacked(data, classification, addedTime, author)).

    Mirrors: `key` in contracts/src/libraries/Sample.sol. The elements of an array are packed as words.
    """
    words = b"".join(int(feature).to_bytes(32, "big", signed=True) for feature in x)
    return keccak(words + label.to_bytes(8, "big") + added_time_s.to_bytes(32, "big") + to_bytes20(author))
