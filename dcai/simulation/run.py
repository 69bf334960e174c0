"""Course of a simulation: the order of actions, and the decisions of agents.

An agent looks before it sends: predictions are free, so it evaluates the public model itself, and claims what will be
granted. Now and then it is careless, and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from dcai.data import Dataset
from dcai.errors import Revert
from dcai.reprs import short_repr
from dcai.rows import CsrRows
from dcai.simulation.backend import START, TRANSFER, Backend, Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.simulation.agents import Agent
    from dcai.simulation.setup import Setup

__all__ = ["SimulationStep", "another", "simulate"]

#: Good agents contribute with the model's accuracy as probability, and a bit more: 0.85 is fine (0xDeCA10B's number).
_BONUS = 0.15


@dataclass(frozen=True, slots=True)
class SimulationStep:
    """One event of a simulation.

    Attributes
    ----------
    time_s : int
        Since the start.
    action : str
        Action: "accuracy", "transfer", or the name of the called function.
    agent : str
        Name of who did it; empty for "accuracy".
    sample : int
        Number of the contribution that it is about, from 0; -1 for none.
    amount : int
        Wei that moved: a deposit, a refund, a reward, a payment; of a market's "step", what left the bounty, negative
        where stakes came into it. Of "accuracy", the test samples that were right.
    error : Revert or None
        Why it was refused.
    balances : dict of str to int
        Wei of each agent after it, by name. In a market, with its stakes, or its bounty, as they stand.
    points : dict of str to int
        Validated contributions of each agent after it, by name; in a market, those not removed.
    """

    __repr__ = short_repr

    time_s: int
    action: str
    agent: str
    sample: int
    amount: int
    error: Revert | None
    balances: dict[str, int]
    points: dict[str, int]


def simulate(setup: Setup, dataset: Dataset[Any], backend: Backend) -> Iterator[SimulationStep]:
    """Run a simulation, event by event.

    Parameters
    ----------
    setup : Setup
        Setup of the simulation.
    dataset : Dataset
        Data set of the setup.
    backend : Backend
        Backend that runs the calls.

    Yields
    ------
    SimulationStep
        Each call, granted or refused, and each evaluation, in the order of time. It ends when every contribution is
        made and every deposit claimed, or when nobody has money left.
    """
    yield from _Run(setup, dataset, backend).steps()


class _Run:
    """State of a running simulation."""

    def __init__(self, setup: Setup, dataset: Dataset[Any], backend: Backend) -> None:
        self.setup = setup
        self.backend = backend
        self.agents = setup.agents
        self.accounts = [(agent.name, agent.address) for agent in self.agents]
        self.randoms = [Random(f"{setup.seed} {agent.name}") for agent in self.agents]
        self.has_money = setup.mechanism == "stakeable"
        X, y = dataset.stream(setup.num_initial)
        n = setup.num_contributions
        self.samples, self.truth = X[:n], y[:n].tolist()
        self.num_classes = len(dataset.class_names)
        self.test = (dataset.X_test, dataset.y_test)
        self.accuracy = 0.0
        self.done = 0
        # Of each contribution: what was claimed, when it was made and by whom; what the model says now.
        self.label = np.zeros(n, np.uint64)
        self.time_s = np.zeros(n, np.int64)
        self.author = np.zeros(n, np.int64)
        self.alive = np.zeros(n, np.bool_)
        self.predicted = np.zeros(n, np.uint64)
        self.claimed = np.zeros((len(self.agents), n), np.bool_)
        self.left = [0] * n  # wei
        self.first = 0  # no contribution before this is alive
        self.seen = backend.model.copy()
        self.looked = 0  # those from here on were not predicted since the model changed

    # -- who acts when -- #

    def steps(self) -> Iterator[SimulationStep]:
        queue: list[tuple[int, int]] = []
        for i, agent in enumerate(self.agents):
            heappush(queue, (agent.next_wait_s(self.randoms[i]), i))
        due = 0
        while queue and (self.done < len(self.truth) or self.alive[self.first :].any()):
            now, i = heappop(queue)
            while due <= now:
                yield self.evaluate(due)
                due += self.setup.accuracy_every_s
            yield from self.act(i, now)
            if not self.has_money or self.backend.balance(self.agents[i].address):
                heappush(queue, (now + self.agents[i].next_wait_s(self.randoms[i]), i))
        yield self.evaluate(now)

    def evaluate(self, now: int) -> SimulationStep:
        X, y = self.test
        right = self.backend.model.evaluate_batch(X, y)
        self.accuracy = right / len(y)
        return self.step(now, "accuracy", "", -1, right, None)

    def act(self, i: int, now: int) -> Iterator[SimulationStep]:
        agent, random = self.agents[i], self.randoms[i]
        if agent.prob_careless and not agent.pay_to_call and random.random() < agent.prob_careless:
            yield from self.claim_carelessly(i, now)
        if self.done < len(self.truth) and (not self.has_money or self.backend.balance(agent.address)):
            if agent.pay_to_call:
                yield from self.call_model(agent, random, now)
            elif not agent.good or random.random() < self.accuracy + _BONUS:
                yield from self.contribute(i, now)
        if not agent.pay_to_call:
            yield from self.claim(i, now)

    # -- contributions -- #

    def contribute(self, i: int, now: int) -> Iterator[SimulationStep]:
        agent, random, k = self.agents[i], self.randoms[i], self.done
        label = self.truth[k]
        if not agent.good:
            label = another(label, self.num_classes, random)
        if agent.prob_mistake and random.random() < agent.prob_mistake:
            label = another(label, self.num_classes, random)
        value = agent.next_deposit(random) if self.has_money else 0
        if value > self.backend.balance(agent.address):
            return
        step = self.call(now, agent, "addData", k, (self.data(k), label), value)
        if step.error is None:
            self.label[k], self.time_s[k], self.author[k], self.alive[k] = label, now, i, True
            self.left[k] = step.amount
            self.done += 1
            if self.backend.model != self.seen:
                self.seen = self.backend.model.copy()
                self.looked = self.first
        yield step

    def call_model(self, agent: Agent, random: Random, now: int) -> Iterator[SimulationStep]:
        """Pay authors by their number of validated contributions, if the model is good enough."""
        total = self.backend.num_valid_total()
        if not total or random.random() >= self.accuracy or agent.pay_to_call > self.backend.balance(agent.address):
            return
        for other in self.agents:
            share = agent.pay_to_call * self.backend.num_valid(other.address) // total
            if share and other is not agent:
                yield self.call(now, agent, TRANSFER, -1, (other.address,), share)

    # -- claims -- #

    def claim(self, i: int, now: int) -> Iterator[SimulationStep]:
        """Claim all due deposits, oldest first."""
        age_all = now - self.setup.any_address_claim_wait_s
        age_some = now - self.setup.refund_wait_s
        end = int(np.searchsorted(self.time_s[: self.done], age_some, side="right"))
        open_ = self.first + np.flatnonzero(self.alive[self.first : end])
        if not len(open_):
            return
        self.look(open_)
        own = self.author[open_] == i
        agrees = self.predicted[open_] == self.label[open_]
        may_report = ~own & ~agrees & ~self.claimed[i, open_]
        if not self.backend.num_valid(self.agents[i].address) and not (own & agrees).any():
            may_report[:] = False
        old = self.time_s[open_] <= age_all
        if not self.has_money:  # there is nothing left to take
            self.alive[open_[old]] = False
            self.forget_dead()
            own, may_report, old = own & ~old, may_report & ~old, old & False
        for k in open_[old | (own & agrees) | may_report].tolist():
            if self.time_s[k] > age_all and self.author[k] == i:
                yield self.refund(i, now, k)
            elif self.time_s[k] <= age_all or self.backend.num_valid(self.agents[i].address):
                yield self.report(i, now, k)

    def claim_carelessly(self, i: int, now: int) -> Iterator[SimulationStep]:
        alive = self.first + np.flatnonzero(self.alive[self.first : self.done])
        if len(alive):
            k = int(alive[self.randoms[i].randrange(len(alive))])
            yield self.refund(i, now, k) if self.author[k] == i else self.report(i, now, k)

    def refund(self, i: int, now: int, k: int) -> SimulationStep:
        args = (self.data(k), int(self.label[k]), START + int(self.time_s[k]))
        return self.settle(i, k, self.call(now, self.agents[i], "refund", k, args))

    def report(self, i: int, now: int, k: int) -> SimulationStep:
        author = self.agents[int(self.author[k])].address
        args = (self.data(k), int(self.label[k]), START + int(self.time_s[k]), author)
        return self.settle(i, k, self.call(now, self.agents[i], "report", k, args))

    def settle(self, i: int, k: int, step: SimulationStep) -> SimulationStep:
        """Record the rest of a contribution after a claim."""
        if step.error is None:
            self.claimed[i, k] = True
            self.left[k] -= step.amount
            self.alive[k] = self.left[k] > 0 if self.has_money else step.action == "report"
            self.forget_dead()
        return step

    def forget_dead(self) -> None:
        while self.first < self.done and not self.alive[self.first]:
            self.first += 1

    def look(self, open_: Any) -> None:
        """Predict open contributions with the current model, at most once per model."""
        new = open_[open_ >= self.looked]
        if len(new):
            self.predicted[new] = self.backend.model.predict_batch(_rows(self.samples, new))
        self.looked = max(self.looked, int(open_[-1]) + 1)

    # -- steps -- #

    def data(self, k: int) -> tuple[int, ...]:
        return tuple(self.samples[k].tolist())

    def call(
        self, now: int, agent: Agent, function: str, sample: int, args: tuple[Any, ...], value: int = 0
    ) -> SimulationStep:
        outcome = self.backend.run(Call(function, agent.address, args, value), START + now)
        if isinstance(outcome, Revert):
            return self.step(now, function, agent.name, sample, 0, outcome)
        amount = value
        if outcome:
            event = outcome[-1].args  # a badge is logged before what earned it
            amount = event["cost"] if function == "addData" else event["amount"]
        return self.step(now, function, agent.name, sample, amount, None)

    def step(self, now: int, action: str, agent: str, sample: int, amount: int, error: Revert | None) -> SimulationStep:
        balances = {name: self.backend.balance(address) for name, address in self.accounts}
        points = {name: self.backend.num_valid(address) for name, address in self.accounts}
        return SimulationStep(now, action, agent, sample, amount, error, balances, points)


def another(label: int, num_classes: int, random: Random) -> int:
    """Draw one of the other labels."""
    others = num_classes - 1
    return (label + 1 + (random.randrange(others) if others > 1 else 0)) % num_classes


def _rows(samples: Any, which: Any) -> Any:
    """Return rows as a batch that the models read without a copy."""
    if not isinstance(samples, CsrRows):
        return samples[which]
    starts = samples.indptr[which]
    lengths = samples.indptr[which + 1] - starts
    indptr = np.concatenate(([0], np.cumsum(lengths)))
    positions = np.arange(indptr[-1]) + np.repeat(starts - indptr[:-1], lengths)
    return CsrRows(indptr, samples.indices[positions])
