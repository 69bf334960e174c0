"""Result of a simulation: profits and losses of agents, and the accuracy of the model."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dcai.report import html
from dcai.report.frame import frame
from dcai.reprs import cut, short_repr
from dcai.units import DAY_S

if TYPE_CHECKING:
    from dcai.report.frame import DataFrame
    from dcai.simulation.agents import Agent
    from dcai.simulation.run import SimulationStep
    from dcai.simulation.setup import Setup

__all__ = ["AgentResult", "SimulationResult"]

#: So many are shown in a cell.
_MOST_AGENTS = 20


@dataclass
class AgentResult:
    """Actions and money of one agent.

    Attributes
    ----------
    done : Counter
        Granted calls, by function.
    refused : Counter
        Refused calls, by error.
    balance : int
        In wei; in a market, with its stakes.
    points : int
        Validated contributions; in a market, those not removed.
    times_s, balances, all_points : list of int
        The two at each event of the agent's.
    """

    __repr__ = short_repr

    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    balance: int = 0
    points: int = 0
    times_s: list[int] = field(default_factory=list)
    balances: list[int] = field(default_factory=list)
    all_points: list[int] = field(default_factory=list)

    def to_frame(self) -> DataFrame:
        """Return a row for each event at which balance or points changed."""
        names = ("time_s", "balance_wei", "points")
        return frame(names, zip(self.times_s, self.balances, self.all_points, strict=True))


@dataclass
class SimulationResult:
    """Result of a running simulation.

    Attributes
    ----------
    setup : Setup
        Setup of the simulation.
    num_test : int
        Hidden test samples.
    agents : dict of str to AgentResult
        Agents by name.
    accuracy_times_s, num_right : list of int
        When the model was evaluated, and how many test samples were right.
    num_steps, num_contributions : int
        Events, and contributions among them.
    time_s, last_contribution_s : int
        When the last event was, and the last contribution.
    scoring_s : int or None
        When the scoring of a market began.
    engine : str
        Engine of the run.
    num_compared : int
        Calls after which twins and contracts were compared.
    gas_used : int
        Gas of the contracts' calls.
    seconds : float
        Run time in seconds.
    complete : bool
        Whether it came to its end.
    """

    __repr__ = short_repr

    setup: Setup
    num_test: int
    engine: str = "native"
    agents: dict[str, AgentResult] = field(default_factory=dict)
    accuracy_times_s: list[int] = field(default_factory=list)
    num_right: list[int] = field(default_factory=list)
    num_steps: int = 0
    num_contributions: int = 0
    time_s: int = 0
    last_contribution_s: int = 0
    scoring_s: int | None = None
    num_compared: int = 0
    gas_used: int = 0
    seconds: float = 0.0
    complete: bool = False

    def __post_init__(self) -> None:
        for agent in self.setup.participants:
            self.agents[agent.name] = AgentResult(balance=agent.start_balance)
            self._note(agent, 0, agent.start_balance, 0)

    def add(self, step: SimulationStep) -> None:
        """Record a step."""
        self.num_steps += 1
        self.time_s = step.time_s
        if step.action == "accuracy":
            self.accuracy_times_s.append(step.time_s)
            self.num_right.append(step.amount)
            return
        actor = self.agents[step.agent]
        if step.error is not None:
            actor.refused[step.error.name] += 1
            return
        actor.done[step.action] += 1
        if step.action == "addData":
            self.num_contributions += 1
            self.last_contribution_s = step.time_s
        elif step.action == "step" and self.scoring_s is None:
            self.scoring_s = step.time_s
        for agent in self.setup.participants:
            balance, points = step.balances[agent.name], step.points[agent.name]
            result = self.agents[agent.name]
            if (balance, points) != (result.balance, result.points):
                self._note(agent, step.time_s, balance, points)

    def _note(self, agent: Agent, time_s: int, balance: int, points: int) -> None:
        result = self.agents[agent.name]
        result.balance, result.points = balance, points
        result.times_s.append(time_s)
        result.balances.append(balance)
        result.all_points.append(points)

    # -- what it comes to -- #

    @property
    def accuracies(self) -> list[float]:
        """Share of correct predictions on the hidden test set, at each evaluation."""
        return [right / self.num_test for right in self.num_right]

    @property
    def late_accuracy(self) -> float:
        """Mean accuracy in the second half of the contributions' time.

        The accuracy of one moment jumps with each learned mistake.
        """
        end = self.last_contribution_s
        late = [a for t, a in zip(self.accuracy_times_s, self.accuracies, strict=True) if end / 2 <= t <= end]
        late = late or self.accuracies[-1:]
        return sum(late) / len(late) if late else 0.0

    @property
    def held_wei(self) -> int:
        """Money that the trainer still holds, in wei; 0 for a market, whose money counts as its owners'."""
        return sum(agent.start_balance - self.agents[agent.name].balance for agent in self.setup.participants)

    def gain(self, agent: Agent) -> int:
        """Return the gain of an agent in wei, or in points without money."""
        result = self.agents[agent.name]
        return result.points if self.setup.mechanism == "points" else result.balance - agent.start_balance

    def findings(self) -> dict[str, bool]:
        """Return whether honest agents profited, malicious agents lost, and accuracy was kept (in a market: rose)."""
        contributors = [agent for agent in self.setup.agents if not agent.pay_to_call]
        found = {
            "honest_profit": all(self.gain(agent) > 0 for agent in contributors if agent.good),
            "malicious_lose": all(self.gain(agent) < 0 for agent in contributors if not agent.good),
            "accuracy_kept": bool(self.num_right) and self.late_accuracy >= self.accuracies[0],
        }
        if self.setup.mechanism == "points":
            del found["malicious_lose"]  # nobody can
        if self.setup.mechanism == "market":
            del found["accuracy_kept"]
            found["accuracy_rose"] = bool(self.num_right) and self.accuracies[-1] > self.accuracies[0]
        return found

    def as_json(self) -> dict[str, Any]:
        """Return everything except the series."""
        return {
            "mechanism": self.setup.mechanism,
            "data": self.setup.data,
            "seed": self.setup.seed,
            "engine": self.engine,
            "complete": self.complete,
            "days": self.time_s / DAY_S,
            "events": self.num_steps,
            "contributions": self.num_contributions,
            "compared": self.num_compared,
            "gas_used": self.gas_used,
            "seconds": round(self.seconds, 3),
            "held_wei": self.held_wei,
            "accuracy": {
                "first": self.accuracies[0] if self.num_right else None,
                "last": self.accuracies[-1] if self.num_right else None,
                "mean_of_second_half": self.late_accuracy,
                "test_samples": self.num_test,
            },
            "agents": {agent.name: self._agent_json(agent) for agent in self.setup.participants},
            "findings": self.findings(),
        }

    def to_frame(self) -> DataFrame:
        """Return a row for each agent: money before and after, gain and actions."""
        agents = {agent.name: self._agent_json(agent) for agent in self.setup.participants}
        names = ("address", "good", "start_wei", "end_wei", "gain_wei", "points")
        rows = (
            [name, *(row[key] for key in names), sum(row["done"].values()), sum(row["refused"].values())]
            for name, row in agents.items()
        )
        return frame(["agent", *names, "calls", "refused"], rows)

    def _repr_html_(self) -> str:
        points, shown = self.setup.mechanism == "points", self.setup.participants[:_MOST_AGENTS]
        header = ["agent", "kind", "calls", "refused", "points" if points else "gain in wei"]
        rows = [
            [
                cut(agent.name, 60),
                "honest" if agent.good else "malicious",
                f"{self.agents[agent.name].done.total():,}",
                f"{self.agents[agent.name].refused.total():,}",
                f"{self.gain(agent):,}",
            ]
            for agent in shown
        ]
        if rest := len(self.setup.participants) - len(shown):
            rows.append([f"and {rest:,} more", "", "", "", ""])
        accuracy = f", accuracy {self.accuracies[0]:.3f} to {self.accuracies[-1]:.3f}" if self.num_right else ""
        state = "" if self.complete else " (not complete)"
        title = f"{self.setup.mechanism}, {self.setup.data}{state}: {self.num_contributions:,} contributions{accuracy}"
        return html.table(title, header, rows, 2)

    def _agent_json(self, agent: Agent) -> dict[str, Any]:
        result = self.agents[agent.name]
        return {
            "address": agent.address,
            "good": agent.good,
            "start_wei": agent.start_balance,
            "end_wei": result.balance,
            "gain_wei": result.balance - agent.start_balance,
            "points": result.points,
            "done": dict(result.done),
            "refused": dict(result.refused),
        }
