"""A market on an EVM beside its twin: every call is made on both, and everything is compared after it."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from dcai import artifacts
from dcai.errors import Revert
from dcai.evm import Contract, Evm
from dcai.evm.abi import Event
from dcai.evm.hashing import to_address
from dcai.incentives import Ledger, PredictionMarket, Terms
from dcai.models import DensePerceptron, SparsePerceptron

PROVIDER, ALICE, BOB, CAROL = (to_address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3, 0xA4))
ACTORS = (PROVIDER, ALICE, BOB, CAROL)
FUNDS = 10**30  # more than an uint96 holds

NAMES = {
    "commit": "commit",
    "drawPiece": "draw_piece",
    "revealPiece": "reveal_piece",
    "addData": "add_data",
    "step": "step",
    "expire": "expire",
    "collect": "collect",
    "collectBounty": "collect_bounty",
}

Model = SparsePerceptron | DensePerceptron


def artifact_of(model: Model) -> artifacts.Artifact:
    return artifacts.load(f"Restorable{type(model).__name__}")


def create_classifier(chain: Evm, model: Model, owner: str) -> Contract:
    weights = list(model.weights) if isinstance(model, DensePerceptron) else weights_of(model)
    arguments = (model.classifications, weights, model.intercept, model.learning_rate)
    return chain.create(artifact_of(model), *arguments, sender=owner)


def weights_of(model: Model) -> list[int]:
    if isinstance(model, DensePerceptron):
        return [int(weight) for weight in model.weights]
    return [model.weights[i] for i in range(max(model.weights, default=-1) + 1)]


class Lockstep:
    """Both markets, and the actors' money on both."""

    def __init__(self, model: Model, terms: Terms, engine: str = "revm", num_features: int = 8) -> None:
        self.num_features = num_features
        self.chain = Evm(engine, "osaka" if engine == "revm" else "prague")
        self.chain.timestamp = 1_000
        for actor in ACTORS:
            self.chain.set_balance(actor, FUNDS)
        self.classifier = create_classifier(self.chain, model, PROVIDER)
        self.contract = self.chain.create(
            artifacts.load("PredictionMarket"), self.classifier.address, astuple(terms), sender=PROVIDER
        )
        self.chain.errors.learn(self.classifier.abi.errors.values())
        self.classifier.transact("transferOwnership", self.contract.address, sender=PROVIDER)
        self.ledger = Ledger(dict.fromkeys(ACTORS, FUNDS), timestamp=1_000)
        self.twin = PredictionMarket(self.ledger, self.contract.address, model, terms, provider=PROVIDER)

    # -- the block -- #

    def wait(self, seconds: int) -> None:
        self.chain.timestamp += seconds
        self.ledger.timestamp += seconds

    def next_block(self, prevrandao: int = 0) -> None:
        """Go on by two blocks, as far as a draw must be from the commitment."""
        self.chain.block_number += 2
        self.chain.prevrandao = prevrandao
        self.ledger.block_number += 2
        self.ledger.prevrandao = prevrandao

    # -- calls -- #

    def call(self, name: str, *args: Any, sender: str, value: int = 0) -> tuple[Event, ...] | Revert:
        """Make a call on both; return what both logged, or the error that both raised."""
        actual: tuple[Event, ...] | Revert
        expected: tuple[Event, ...] | Revert
        try:
            receipt = self.contract.transact(name, *args, sender=sender, value=value)
            expected = tuple(self.contract.events(receipt))
        except Revert as error:
            expected = error
        try:
            if name == "returnClassifier":
                self.twin.return_classifier(sender=sender)  # `compare` looks at what it is then
                actual = ()
            else:
                twin_call = getattr(self.twin, NAMES[name])
                # Not payable: the contract has no place for a value.
                actual = twin_call(*args, sender=sender, **({"value": value} if value else {}))
        except Revert as error:
            actual = error
        assert actual == expected
        self.compare()
        return actual

    def do(self, name: str, *args: Any, sender: str = PROVIDER, value: int = 0) -> tuple[Event, ...]:
        """Make a call that must succeed."""
        events = self.call(name, *args, sender=sender, value=value)
        assert not isinstance(events, Revert), events
        return events

    def refuse(self, error: str, name: str, *args: Any, sender: str = PROVIDER, value: int = 0) -> tuple[Any, ...]:
        """Make a call that must be refused, and return the arguments of the error."""
        result = self.call(name, *args, sender=sender, value=value)
        assert isinstance(result, Revert), result
        assert result.name == error
        return result.args

    # -- comparison -- #

    def compare(self) -> None:
        contract, twin = self.contract, self.twin
        for actor in (*ACTORS, contract.address):
            assert self.chain.balance(actor) == self.ledger.balance(actor), actor
        for getter, value in {
            "phase": twin.phase,
            "deadline": twin.deadline,
            "endTime": twin.end_time,
            "commitBlock": twin.commit_block,
            "drawBlock": twin.draw_block,
            "drawnPiece": twin.drawn_piece,
            "numRevealed": twin.num_revealed,
            "bounty": twin.bounty,
            "totalDeposits": twin.total_deposits,
            "pointWei": twin.point_wei,
            "isModelFinal": twin.is_model_final,
            "testSetSize": twin.test_set_size,
            "numPieces": len(twin.pieces),
            "numContributions": len(twin.contributions),
            "progress": astuple(twin.progress),
        }.items():
            assert contract.call(getter) == value, getter
        for piece in range(len(twin.pieces)):
            assert contract.call("isRevealed", piece) == twin.is_revealed(piece)
        for number, mine in enumerate(twin.contributions):
            contributor, balance, _, score, is_removed = contract.call("getContribution", number)
            assert (contributor, balance, score, is_removed) == (
                mine.contributor,
                mine.balance,
                mine.score,
                mine.is_removed,
            ), number
            assert contract.call("getSample", number) == (mine.data, mine.classification)
        self.compare_models()
        self.compare_money()

    def compare_models(self) -> None:
        model = self.twin.classifier
        assert isinstance(model, Model)
        assert [self.classifier.call("weights", i) for i in range(self.num_features)] == [
            model.weights[i] for i in range(self.num_features)
        ]

    def compare_money(self) -> None:
        """The market holds what it owes, to the wei, and nobody else's money has gone."""
        twin = self.twin
        owed = twin.bounty + sum(contribution.balance for contribution in twin.contributions)
        assert self.ledger.balance(twin.address) == owed
        assert sum(self.ledger.balances().values()) == len(ACTORS) * FUNDS
