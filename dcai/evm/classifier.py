"""The contract of a classifier in an EVM: it predicts, is trained, and is read back as a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcai.evm.contract import Contract
from dcai.evm.storage import mentioned_indices, read_model
from dcai.models import MODELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dcai.artifacts import Artifact
    from dcai.evm.machine import Machine
    from dcai.evm.receipt import Receipt
    from dcai.models import Classifier, Sample

__all__ = ["ClassifierContract", "contract_at"]


class ClassifierContract(Contract):
    """The contract of a model at an address of an EVM; parameters and attributes as of ``Contract``."""

    def __init__(self, evm: Machine, artifact: Artifact, address: str, deployment: Sequence[Receipt] = ()) -> None:
        super().__init__(evm, artifact, address, deployment)
        self._indices: set[int] = set()

    def transact(
        self, name: str, *args: Any, sender: str | None = None, value: int = 0, gas_limit: int | None = None
    ) -> Receipt:
        """Call a function in a transaction as ``Contract.transact`` does; ``model`` finds the features it names."""
        receipt = super().transact(name, *args, sender=sender, value=value, gas_limit=gas_limit)
        self._indices.update(mentioned_indices(name, args))
        return receipt

    def predict(self, x: Sample) -> int:
        """Return the label that the contract gives a sample.

        Parameters
        ----------
        x : sequence or array of int
            Features scaled by 10^9, or the indices of binary features, as the model has them.

        Raises
        ------
        InputError, InputTypeError
            Not an array of int64.
        Revert
            The contract refused the sample.
        """
        return int(self.call("predict", x))

    def norm(self, x: Sample) -> int:
        """Return the norm of a sample, scaled as it is and rounded down; raises as ``predict``."""
        return int(self.call("norm", x))

    def update(self, x: Sample, label: int, *, sender: str | None = None) -> Receipt:
        """Train on one sample.

        Parameters
        ----------
        x : sequence or array of int
            As in ``predict``.
        label : int
            The class that it belongs to.
        sender : str, optional
            The EVM's account unless given; only the owner may.

        Raises
        ------
        InputError, InputTypeError
            Not an array of int64, or not a uint64.
        Revert
            The contract refused; nothing changed, and ``receipt`` has the gas.
        """
        return self.transact("update", x, label, sender=sender)

    def model(self, *, indices: Iterable[int] = ()) -> Classifier:
        """Read the model back from storage.

        Parameters
        ----------
        indices : iterable of int
            Feature indices of a sparse model to look for. Storage holds only their hashes; those
            below 2^16, and those named to this object's functions, are found without.

        Returns
        -------
        Classifier
            Of the class in ``dcai.models`` that has the contract's name.

        Raises
        ------
        InputError
            Some slots belong to feature indices that are not known.
        ArtifactError
            The contract is no model.
        """
        return read_model(self.artifact, self.storage(), indices={*self._indices, *indices})

    def note_indices(self, indices: Iterable[int]) -> None:
        """Remember feature indices for ``model`` to look for."""
        self._indices.update(indices)


def contract_at(evm: Machine, artifact: Artifact, address: str, deployment: Sequence[Receipt] = ()) -> Contract:
    """Return a contract: a ``ClassifierContract`` if its artifact is that of a model."""
    kind = ClassifierContract if artifact.name in MODELS else Contract
    return kind(evm, artifact, address, deployment)
