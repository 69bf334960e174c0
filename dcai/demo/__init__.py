"""The main job on real data: fit, deploy, stream contributions through contract and kernel, compare, account."""

from dcai.demo.report import as_json, as_tables, verdict
from dcai.demo.run import DemoResult, run_scenario

__all__ = ["DemoResult", "as_json", "as_tables", "run_scenario", "verdict"]
