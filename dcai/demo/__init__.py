"""The main job on real data: fit, deploy, stream contributions through contract and kernel, compare, account."""

from dcai.demo.report import Prices, as_json, as_tables
from dcai.demo.run import Result, run_scenario
from dcai.demo.scenarios import Scenario, scenarios

__all__ = ["Prices", "Result", "Scenario", "as_json", "as_tables", "run_scenario", "scenarios"]
