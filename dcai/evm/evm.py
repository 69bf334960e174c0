"""The in-process EVM that users hold: a machine on which contracts are created, deployed and placed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.evm.classifier import contract_at
from dcai.evm.deploy import create, deploy, place
from dcai.evm.machine import Machine

if TYPE_CHECKING:
    from dcai.artifacts import Artifact
    from dcai.evm.classifier import ClassifierContract
    from dcai.evm.contract import Contract
    from dcai.models import Classifier

__all__ = ["Evm"]


class Evm(Machine):
    """An EVM with a state of its own, in this process.

    Transactions are unsigned, so any address may send, and free unless ``gas_price`` is set: gas is counted and not
    charged. Each is isolated as it is on a chain: cold accounts and slots, original storage as at its start, a capped
    refund, the calldata floor.

    Parameters
    ----------
    engine : str
        The EVM that runs: one of ``engine_names()``, by default the first of them, ``"revm"``.
    fork : str
        Rules of the EVM, in lower case.

    Attributes
    ----------
    account : str
        The default sender, with a million ether.
    fork : str
        As given.

    Raises
    ------
    InputError
        No such engine, or a fork that it does not know.
    MissingExtraError
        The package behind the engine is not installed.
    """

    def create(self, artifact: Artifact, *args: Any, sender: str | None = None, value: int = 0) -> Contract:
        """Create any contract in one transaction, with the arguments of its constructor.

        See :func:`dcai.evm.deploy.create`.
        """
        return create(self, artifact, *args, sender=sender, value=value)

    def deploy(self, model: Classifier, *, sender: str | None = None) -> ClassifierContract:
        """Deploy the contract of a model, in as many transactions as its size needs.

        See :func:`dcai.evm.deploy.deploy`.
        """
        return deploy(self, model, sender=sender)

    def place(
        self,
        model: Classifier,
        *,
        owner: str | None = None,
        artifact: Artifact | None = None,
        address: str | None = None,
    ) -> ClassifierContract:
        """Put the contract of a model into the EVM without transactions, whatever its state.

        See :func:`dcai.evm.deploy.place`.
        """
        return place(self, model, owner=owner, artifact=artifact, address=address)

    def contract(self, artifact: Artifact, address: str) -> Contract:
        """Return the contract at an address; that of a model is a ``ClassifierContract``."""
        return contract_at(self, artifact, address)
