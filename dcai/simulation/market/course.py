"""Course of a simulated prediction market: commitment, contributions, scoring and collection.

Nobody can tell during participation what a sample will be worth, so contributors send what they have. The provider does
the work of scoring, a transaction every so often. Now and then a contributor is careless, and is refused.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from dcai.errors import Revert
from dcai.incentives import Phase, PredictionMarket, cut
from dcai.simulation.backend import START, Backend, Call
from dcai.simulation.market.native import BLOCK_TIME_S
from dcai.simulation.run import SimulationStep, another

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.data import Dataset
    from dcai.simulation.agents import Agent
    from dcai.simulation.setup import Setup

__all__ = ["MarketBackend", "simulate_market"]

#: Contributions that are collected in one call.
_COLLECTED_AT_ONCE = 200
#: Where a model comes out of every few minutes it is evaluated no more often than this.
_ACCURACY_EVERY_S = 3600


class MarketBackend(Backend, Protocol):
    """A market with its accounts and its clock."""

    @property
    def market(self) -> PredictionMarket:
        """Twin of the market, read-only."""

    def phase(self, timestamp: int) -> Phase:
        """Return the phase at a time."""

    def worth(self, address: str) -> int:
        """Return the money of an account in wei, including its stakes or bounty in the market."""


def simulate_market(setup: Setup, dataset: Dataset[Any], backend: MarketBackend) -> Iterator[SimulationStep]:
    """Run a market, event by event; parameters and yields as in `simulate`.

    It ends when everything was collected.
    """
    yield from _Course(setup, dataset, backend).steps()


class _Course:
    """State of a running market simulation."""

    def __init__(self, setup: Setup, dataset: Dataset[Any], backend: MarketBackend) -> None:
        assert setup.market is not None
        self.setup = setup
        self.terms = setup.market
        self.backend = backend
        self.market = backend.market
        self.accounts = [(agent.name, agent.address) for agent in setup.participants]
        self.randoms = {agent.name: Random(f"{setup.seed} {agent.name}") for agent in setup.agents}
        X, y = dataset.stream(setup.num_initial)
        self.num_classes = len(dataset.class_names)
        n, end = setup.num_contributions, setup.num_contributions + self.terms.num_test
        self.samples, self.truth = X[:n], y[:n].tolist()
        hidden = [tuple(row.tolist()) for row in X[n:end]]
        salts = Random(f"{setup.seed} salts")
        self.pieces = cut(hidden, y[n:end].tolist(), self.terms.num_pieces, salts.randbytes)
        self.test = (dataset.X_test, dataset.y_test)
        self.done = 0
        self.evaluated_s = 0

    # -- who acts when -- #

    def steps(self) -> Iterator[SimulationStep]:
        provider = self.setup.provider
        yield self.evaluate(0)
        yield from self.open(provider)
        now = 3 * BLOCK_TIME_S
        queue = [(now + self.terms.step_every_s, 0, provider)]
        for i, agent in enumerate(self.setup.agents, 1):
            heappush(queue, (now + agent.next_wait_s(self.randoms[agent.name]), i, agent))
        while queue:
            now, i, agent = heappop(queue)
            phase = self.backend.phase(START + now)
            if phase is Phase.PARTICIPATION:
                while self.evaluated_s + self.setup.accuracy_every_s <= now:
                    yield self.evaluate(self.evaluated_s + self.setup.accuracy_every_s)
            yield from self.provide(phase, now) if agent is provider else self.act(agent, phase, now)
            if phase not in (Phase.ENDED, Phase.FORFEITED):
                wait = self.terms.step_every_s if agent is provider else agent.next_wait_s(self.randoms[agent.name])
                heappush(queue, (now + wait, i, agent))
        yield self.evaluate(now)

    def evaluate(self, now: int) -> SimulationStep:
        X, y = self.test
        self.evaluated_s = now
        return self.step(now, "accuracy", "", -1, self.backend.model.evaluate_batch(X, y), None)

    # -- the provider -- #

    def open(self, provider: Agent) -> Iterator[SimulationStep]:
        """Commit to the test set, draw a piece in a later block, and reveal it."""
        hashes = tuple(piece.hash() for piece in self.pieces)
        yield self.call(0, provider, "commit", (hashes,), value=provider.start_balance)
        yield self.call(2 * BLOCK_TIME_S, provider, "drawPiece", ())
        yield self.reveal(3 * BLOCK_TIME_S, self.market.drawn_piece)

    def reveal(self, now: int, piece: int) -> SimulationStep:
        shown = self.pieces[piece]
        return self.call(now, self.setup.provider, "revealPiece", (piece, shown.data, shown.labels, shown.salt))

    def provide(self, phase: Phase, now: int) -> Iterator[SimulationStep]:
        """Take the provider's next action."""
        provider = self.setup.provider
        if phase is Phase.REVEAL and not self.market.contributions:
            yield self.call(now, provider, "expire", ())
        elif phase is Phase.REVEAL:
            yield self.evaluate(now)  # the last before it changes
            for piece in range(len(self.pieces)):
                if not self.market.is_revealed(piece):
                    yield self.reveal(now, piece)
        elif phase is Phase.SCORING:
            yield from self.score(provider, now)
        elif phase is Phase.ENDED:
            if self.market.bounty:
                yield self.call(now, provider, "collectBounty", ())
            yield self.call(now, provider, "returnClassifier", ())

    def score(self, provider: Agent, now: int) -> Iterator[SimulationStep]:
        """Run one scoring transaction: as much as fits, else up to the next settlement."""
        units = self.terms.step_units or self.market.units_to_settlement() or len(self.market.contributions)
        before = self.backend.model
        yield self.call(now, provider, "step", (units,))
        if self.backend.model is not before and now - self.evaluated_s >= _ACCURACY_EVERY_S:
            yield self.evaluate(now)

    # -- contributors -- #

    def act(self, agent: Agent, phase: Phase, now: int) -> Iterator[SimulationStep]:
        random = self.randoms[agent.name]
        if agent.prob_careless and random.random() < agent.prob_careless:
            yield self.call(now, agent, *self.careless_call(random))
        if phase is Phase.PARTICIPATION and self.done < len(self.truth):
            yield from self.contribute(agent, random, now)
        elif phase in (Phase.ENDED, Phase.FORFEITED):
            yield from self.collect(agent, now)

    def contribute(self, agent: Agent, random: Random, now: int) -> Iterator[SimulationStep]:
        k = self.done
        label = self.truth[k]
        if not agent.good:
            label = another(label, self.num_classes, random)
        if agent.prob_mistake and random.random() < agent.prob_mistake:
            label = another(label, self.num_classes, random)
        value = agent.next_deposit(random)
        if value > self.backend.balance(agent.address):
            return
        step = self.call(now, agent, "addData", (tuple(self.samples[k].tolist()), label), sample=k, value=value)
        self.done += step.error is None
        yield step

    def careless_call(self, random: Random) -> tuple[str, tuple[Any, ...]]:
        """Draw a call that is premature or not the contributor's."""
        shown = self.pieces[random.randrange(len(self.pieces))]
        return random.choice(
            [
                ("collect", ((random.randrange(self.done + 1),),)),
                ("expire", ()),
                ("step", (0,)),
                ("commit", ((shown.hash(),),)),
                ("collectBounty", ()),
            ]
        )

    def collect(self, agent: Agent, now: int) -> Iterator[SimulationStep]:
        """Collect all remaining stakes."""
        own = [
            number
            for number, contribution in enumerate(self.market.contributions)
            if contribution.contributor == agent.address and contribution.balance
        ]
        for start in range(0, len(own), _COLLECTED_AT_ONCE):
            yield self.call(now, agent, "collect", (tuple(own[start : start + _COLLECTED_AT_ONCE]),))

    # -- steps -- #

    def call(
        self, now: int, agent: Agent, function: str, args: tuple[Any, ...], *, sample: int = -1, value: int = 0
    ) -> SimulationStep:
        before, bounty = self.backend.balance(agent.address), self.market.bounty
        outcome = self.backend.run(Call(function, agent.address, args, value), START + now)
        if isinstance(outcome, Revert):
            return self.step(now, function, agent.name, sample, 0, outcome)
        amount = (
            bounty - self.market.bounty if function == "step" else abs(self.backend.balance(agent.address) - before)
        )
        return self.step(now, function, agent.name, sample, amount, None)

    def step(self, now: int, action: str, agent: str, sample: int, amount: int, error: Revert | None) -> SimulationStep:
        worth = {name: self.backend.worth(address) for name, address in self.accounts}
        points = {name: self.backend.num_valid(address) for name, address in self.accounts}
        return SimulationStep(now, action, agent, sample, amount, error, worth, points)
