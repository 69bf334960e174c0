"""Curves of a result over days, for plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dcai.simulation.agents import Agent
from dcai.simulation.result import SimulationResult
from dcai.units import DAY_S

__all__ = ["COLOURS", "Curve", "accuracy_curve", "agent_curves", "title", "y_label"]

#: Told apart by everybody (Okabe and Ito); black is the accuracy.
COLOURS = {"good": ("#009E73", "#0072B2", "#56B4E9"), "bad": ("#D55E00", "#CC79A7", "#E69F00")}
#: More would not be seen, and files stay small.
_MOST_POINTS = 1500


@dataclass(frozen=True, slots=True)
class Curve:
    """A line of a plot.

    Attributes
    ----------
    name : str
        For the legend.
    colour : str
        CSS colour.
    dash : str
        "" for a solid line, else lengths of lines and gaps: ``"2 2"``.
    days, values : list of float
        Its points.
    is_step : bool
        Whether it stays at a value until the next.
    """

    name: str
    colour: str
    dash: str
    days: list[float]
    values: list[float]
    is_step: bool = True


def title(result: SimulationResult) -> str:
    """Return the title of a plot."""
    setup = result.setup
    mechanism = {"points": "Points", "market": "Prediction market"}.get(setup.mechanism, "Ongoing self-assessment")
    return f"{mechanism}, {setup.data}, {result.num_contributions:,} contributions, seed {setup.seed}"


def y_label(result: SimulationResult) -> str:
    """Return the quantity and unit of the agents' curves."""
    if result.setup.mechanism == "market":
        return "balance with stakes, % of the start"
    return "points" if result.setup.mechanism == "points" else "balance, % of the start"


def agent_curves(result: SimulationResult) -> list[Curve]:
    """Return balances in percent of the start, or points, of each agent."""
    curves = []
    used = {"good": 0, "bad": 0}
    for agent in result.setup.agents:
        kind = "good" if agent.good else "bad"
        colour = COLOURS[kind][used[kind] % len(COLOURS[kind])]
        used[kind] += 1
        curves.append(_agent_curve(result, agent, colour, "" if agent.good else "6 3"))
    return curves


def _agent_curve(result: SimulationResult, agent: Agent, colour: str, dash: str) -> Curve:
    one = result.agents[agent.name]
    if result.setup.mechanism == "points":
        name, values = f"{agent.name}: points", [float(points) for points in one.all_points]
    else:
        start = max(agent.start_balance, 1)
        name, values = f"{agent.name}: balance", [100 * balance / start for balance in one.balances]
    days = [time / DAY_S for time in one.times_s]
    if days[-1] < result.time_s / DAY_S:
        days, values = [*days, result.time_s / DAY_S], [*values, values[-1]]
    kept = _spread(len(days))
    return Curve(name, colour, dash, [days[i] for i in kept], [values[i] for i in kept])


def accuracy_curve(result: SimulationResult) -> Curve:
    """Return the accuracy on the hidden test set, in percent."""
    days = [time / DAY_S for time in result.accuracy_times_s]
    values = [100 * accuracy for accuracy in result.accuracies]
    kept = _spread(len(days))
    name = "accuracy on the hidden test set"
    return Curve(name, "#000000", "", [days[i] for i in kept], [values[i] for i in kept], is_step=False)


def _spread(length: int) -> Sequence[int]:
    """Return the positions of at most ``_MOST_POINTS`` points, the first and the last among them."""
    if length <= _MOST_POINTS:
        return range(length)
    return [i * (length - 1) // (_MOST_POINTS - 1) for i in range(_MOST_POINTS)]
