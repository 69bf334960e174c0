"""The result of a run, and of a sweep, as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dcai.simulation.result import AgentResult, SimulationResult
from dcai.units import DAY_S, ETHER

__all__ = ["as_text", "sweep_text"]

_FINDINGS = {
    "honest_profit": ("every honest agent profited", "an honest agent did not profit"),
    "malicious_lose": ("every malicious agent lost", "a malicious agent did not lose"),
    "accuracy_kept": ("accuracy was maintained or rose", "accuracy fell"),
    "accuracy_rose": ("accuracy rose", "accuracy did not rise"),
}

#: What is counted of each agent, by who counts it.
_COLUMNS: dict[str, tuple[tuple[str, Callable[[AgentResult], int]], ...]] = {
    "trainer": (
        ("points", lambda one: one.points),
        ("refunds", lambda one: one.done["refund"]),
        ("reports", lambda one: one.done["report"]),
    ),
    "market": (("remain", lambda one: one.points),),
}


def as_text(result: SimulationResult) -> str:
    """Return the result of a run as text for a terminal."""
    setup = result.setup
    columns = _COLUMNS["market" if setup.mechanism == "market" else "trainer"]
    lines = [
        f"{setup.data}: {result.num_contributions:,} contributions in {result.time_s / DAY_S:,.1f} days, "
        f"{result.num_steps:,} events, seed {setup.seed}",
        "",
        f"{'agent':<16}{'start, ETH':>14}{'end, ETH':>14}{'change':>9}{'added':>8}"
        + "".join(f"{name:>9}" for name, _ in columns)
        + f"{'refused':>9}",
    ]
    for agent in setup.participants:
        one = result.agents[agent.name]
        change = 100 * (one.balance / agent.start_balance - 1) if agent.start_balance else 0.0
        lines.append(
            f"{agent.name[:15]:<16}{agent.start_balance / ETHER:>14.6f}{one.balance / ETHER:>14.6f}{change:>+8.1f}%"
            f"{one.done['addData']:>8,}"
            + "".join(f"{count(one):>9,}" for _, count in columns)
            + f"{one.refused.total():>9,}"
        )
    if result.num_right:
        # A market's model learns at the end.
        mean = "" if setup.mechanism == "market" else f"{result.late_accuracy:.3f} on average over the second half, "
        lines += [
            "",
            f"accuracy on {result.num_test:,} hidden samples: {result.accuracies[0]:.3f} at the start, {mean}"
            f"{result.accuracies[-1]:.3f} at the end",
        ]
    lines.append("; ".join(_FINDINGS[name][not holds] for name, holds in result.findings().items()))
    if result.engine != "native":
        lines.append(
            f"contracts on {result.engine} and twins: {result.num_compared:,} calls compared, 0 mismatches; "
            f"{result.gas_used:,} gas"
        )
    if not result.complete:
        lines.append("partial: the run did not come to its end")
    return "\n".join(lines)


def sweep_text(results: list[dict[str, Any]]) -> str:
    """Return one line for each combination of parameters: the number of seeds with each finding."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in results:
        values = {name: value for name, value in each["values"].items() if name != "seed"}
        groups.setdefault(", ".join(f"{name}={value}" for name, value in values.items()), []).append(each["result"])
    width = max(map(len, groups), default=0) + 2
    lines = [
        f"{'':<{width}}{'runs':>5}{'honest profit':>15}{'malicious lose':>16}{'accuracy kept':>15}{'accuracy':>10}"
    ]
    for name, group in groups.items():
        held = [sum(result["findings"].get(key, False) for result in group) for key in group[0]["findings"]]
        mean = sum(result["accuracy"]["mean_of_second_half"] for result in group) / len(group)
        lines.append(f"{name:<{width}}{len(group):>5}{held[0]:>15}{held[1]:>16}{held[2]:>15}{mean:>10.3f}")
    return "\n".join(lines)
