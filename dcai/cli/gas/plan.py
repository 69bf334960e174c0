"""``dcai gas plan``: list the transactions that deploy a model."""

from __future__ import annotations

from pathlib import Path

import click

from dcai.cli._shared.options import fork_option, price_options
from dcai.cli.gas.common import DATA_NAMES, emit, form_options, rendered
from dcai.errors import EvmError, InputError
from dcai.evm.engines.registry import engine_names
from dcai.evm.schedule import MAX_TRANSACTION_GAS, TRANSACTION_GAS
from dcai.gas.deployment import DeploymentPlan
from dcai.gas.measuring import measure
from dcai.gas.measuring.table import PREDICTED
from dcai.gas.oracle import Oracle
from dcai.gas.prices import Prices
from dcai.gas.reports.plan import plan_fields, plan_report
from dcai.models import MODELS, Classifier, from_json
from dcai.scenarios import initial_model, scenario_of

__all__ = ["plan"]


@click.command()
@click.argument("model", metavar="FILE|DATA")
@click.option(
    "--contract",
    type=click.Choice(tuple(MODELS)),
    help="Contract of the model that is fitted on DATA.  [default: the demo's first contract for these data]",
)
@click.option(
    "--gas-cap",
    type=click.IntRange(min=TRANSACTION_GAS, max=MAX_TRANSACTION_GAS),
    default=MAX_TRANSACTION_GAS,
    help="Maximum gas of one transaction. The default is the limit of Osaka (EIP-7825).",
)
@fork_option
@click.option(
    "--engine",
    type=click.Choice((PREDICTED, *engine_names())),
    default=PREDICTED,
    help=f"{PREDICTED} computes the gas without an EVM; the others send the transactions to an EVM and measure them.",
)
@price_options
@form_options("text", "json", "markdown")
def plan(
    model: str,
    contract: str | None,
    gas_cap: int,
    fork: str,
    engine: str,
    gas_price_gwei: float,
    eth_usd: float,
    form: str,
    output: Path | None,
) -> None:
    """List the transactions that deploy a model, and the cost of each.

    Pass the JSON FILE of a model, or DATA, a name that 'dcai data list' shows; then the model is fitted on its first
    samples.
    """
    title, found = _model(model, contract)
    title = f"{title}: {type(found).__name__}, {fork}, {engine}"
    prices = Prices(gas_price_gwei, eth_usd)
    try:
        deployment = _deployment(found, engine, fork, gas_cap)
    except EvmError as error:
        raise click.BadParameter(str(error), param_hint="--gas-cap") from error
    report, figures = plan_report(title, deployment, prices), plan_fields(title, deployment, prices)
    emit(rendered(form, report, figures), output)


def _deployment(model: Classifier, engine: str, fork: str, gas_cap: int) -> DeploymentPlan:
    if engine == PREDICTED:
        return Oracle(type(model).__name__, fork).deployment(model, gas_cap)
    return measure.deploy(model, engine, fork, gas_cap)[1]


def _model(text: str, contract: str | None) -> tuple[str, Classifier]:
    if text in DATA_NAMES:
        scenario = scenario_of(text, None if contract is None else MODELS[contract])
        return scenario.title, initial_model(scenario, scenario.load())
    if not Path(text).is_file():
        raise InputError(f"FILE|DATA: {text} is neither a file nor one of {', '.join(DATA_NAMES)}")
    if contract is not None:
        raise InputError("--contract needs DATA: a model in a FILE defines its own contract; omit --contract")
    return Path(text).name, from_json(text)
