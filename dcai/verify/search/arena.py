"""Run sequences in one EVM, in which a contract is put into one state after another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcai.errors import ArtifactError, InputError, MissingLayerError, NotEqual
from dcai.evm import Evm
from dcai.gas.oracle import Oracle
from dcai.models import MODELS, Classifier
from dcai.verify.differential import Differential

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dcai.artifacts import Artifact
    from dcai.verify.step import Step

__all__ = ["Arena", "oracle_of"]

_ADDRESS = "0x2222222222222222222222222222222222222222"


class Arena:
    """An EVM for the sequences of one contract, each of which begins as if nothing had been there.

    Parameters
    ----------
    artifact : Artifact
        The contract.
    engine, fork : str
        The EVM and its rules.
    owner : str, optional
        The contract's owner; the EVM's account unless given.
    """

    def __init__(self, artifact: Artifact, engine: str, fork: str, owner: str | None = None) -> None:
        self.artifact = artifact
        self.evm = Evm(engine, fork)
        self.owner = self.evm.account if owner is None else owner
        self.oracle = oracle_of(artifact, fork)

    def begin(self, model: Classifier) -> Differential:
        """Put the contract into the state of a model, and return the two as twins."""
        contract = self.evm.place(model, owner=self.owner, artifact=self.artifact, address=_ADDRESS)
        return Differential(contract, model.copy(), oracle=self.oracle, owner=self.owner)

    def replay(self, model: Classifier, steps: Iterable[Step]) -> tuple[Differential, NotEqual] | None:
        """Run a sequence; return the twins and their difference, or None where they do not differ.

        Raises
        ------
        InputError
            One of the steps fits no contract.
        """
        twins = self.begin(model)
        try:
            for step in steps:
                twins.run(step)
        except NotEqual as difference:
            return twins, difference
        return None


def oracle_of(artifact: Artifact, fork: str) -> Oracle | None:
    """Return what predicts the gas of a contract, or None where its bytecode, or the fork, was never calibrated.

    Raises
    ------
    MissingLayerError
        It is a model of dcai, whose gas must be known.
    """
    try:
        return Oracle(artifact, fork)
    except (ArtifactError, InputError) as error:
        if isinstance(error, MissingLayerError) and artifact.name in MODELS:
            raise
        return None
