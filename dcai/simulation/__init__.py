"""Simulations of contributors, on the native twins or on the contracts in an EVM.

>>> from dcai.simulation import run, self_assessment
>>> setup = self_assessment("digits-parity", num_contributions=50, seed=1)
>>> *_, result = run(setup)
>>> result.complete, result.num_contributions
(True, 50)
"""

from dcai.simulation.agents import Agent, agents_from_text, agents_from_toml
from dcai.simulation.result import AgentResult, SimulationResult
from dcai.simulation.run import SimulationStep, simulate
from dcai.simulation.runner import ENGINES, run
from dcai.simulation.setup import Setup, honest, malicious, points, prediction_market, self_assessment
from dcai.simulation.sweeps import Variant, sweep, variants
from dcai.simulation.terms import MarketTerms

__all__ = [
    "ENGINES",
    "Agent",
    "AgentResult",
    "MarketTerms",
    "Setup",
    "SimulationResult",
    "SimulationStep",
    "Variant",
    "agents_from_text",
    "agents_from_toml",
    "honest",
    "malicious",
    "points",
    "prediction_market",
    "run",
    "self_assessment",
    "simulate",
    "sweep",
    "variants",
]
