"""``dcai gas plan``: the transactions that deploy a model."""

from __future__ import annotations

from pathlib import Path

import click

from dcai.cli.gas.common import FILE, emit, engine_option, fork_option
from dcai.cli.options import price_options
from dcai.errors import InputError
from dcai.evm.schedule import MAX_TRANSACTION_GAS
from dcai.gas.measure import deployed
from dcai.gas.plan_report import PlannedChunk, plan_fields, plan_report
from dcai.gas.prices import Prices
from dcai.gas.report import json_text
from dcai.gas.stream import of_scenario
from dcai.models import Classifier, from_json
from dcai.scenarios import SCENARIOS

__all__ = ["plan"]
