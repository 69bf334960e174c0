"""``dcai deploy``: deploy trainer, data handler, incentive mechanism and classifier."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click

from dcai import chain
from dcai.chain import Deployment
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options, show
from dcai.cli._shared.values import DURATION, NEW_FILE, OLD_FILE, WEI
from dcai.evm.schedule import MAX_TRANSACTION_GAS, TRANSACTION_GAS
from dcai.report.progress import progress_bar
from dcai.tabular import load_model
from dcai.units import GWEI, ether_text

__all__ = ["DEPLOYMENT_FILE", "deploy", "deploy_blueprint"]


def _read_config(ctx: click.Context, _param: click.Parameter, path: Path | None) -> None:
    """Read option values from a TOML file; the command line takes precedence."""
    if path is None:
        return
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path} is not valid TOML: {error}") from error
    names = {option.lstrip("-"): str(p.name) for p in ctx.command.params for option in p.opts}
    unknown = [name for name in given if name not in names or name == "config"]
    if unknown:
        raise click.BadParameter(f"{path}: {unknown[0]} is not an option of this command; see --help")
    ctx.default_map = {names[name]: value for name, value in given.items()}


DEPLOYMENT_FILE = click.option(
    "--output",
    type=NEW_FILE,
    required=True,
    help="Write the addresses and receipts of the deployment to this file (.partial until complete).",
)


@click.command(epilog=NOT_AUDITED)
@click.argument("model", type=OLD_FILE)
@DEPLOYMENT_FILE
@click.option(
    "--config",
    type=OLD_FILE,
    is_eager=True,
    expose_value=False,
    callback=_read_config,
    help="TOML file with values of these options, such as refund-wait = '1 day'.",
)
@click.option(
    "--mechanism",
    type=click.Choice(("stakeable", "points")),
    default="stakeable",
    help="Incentive contract: stakeable (deposits) or points.",
)
@click.option(
    "--refund-wait",
    type=DURATION,
    default="1 day",
    help="Time after a contribution until its author may claim the deposit, in seconds or with a unit.",
)
@click.option(
    "--owner-wait",
    type=DURATION,
    default="7 days",
    help="Time after a contribution until the owner may claim the rest of the deposit.",
)
@click.option(
    "--any-wait",
    type=DURATION,
    default="9 days",
    help="Time after a contribution until any address may claim the rest of the deposit.",
)
@click.option(
    "--cost-weight",
    type=WEI,
    default="1 finney",
    help="For stakeable: scale of the deposit, in wei or with a unit. One hour after the last contribution the "
    "deposit is 60 times this. It falls with the square root of that time.",
)
@click.option(
    "--badge",
    "badges",
    multiple=True,
    metavar="POINTS=NAME",
    help="For points: name of a level and the points that it needs, such as 10=silver. Repeatable, in rising order.",
)
@click.option("--name", default="", help="Name of the model, stored on chain.")
@click.option("--description", default="", help="Description of the model, stored on chain.")
@click.option(
    "--encoder", default="", help="Encoder of the data, stored on chain, such as 'Multiply by 1E9, then round'."
)
@click.option(
    "--gas-cap",
    type=click.IntRange(TRANSACTION_GAS, MAX_TRANSACTION_GAS),
    default=MAX_TRANSACTION_GAS,
    help="Maximum gas of one transaction. The default is the limit of Osaka (EIP-7825).",
)
@sending_options
def deploy(
    model: Path,
    output: Path,
    mechanism: str,
    refund_wait: int,
    owner_wait: int,
    any_wait: int,
    cost_weight: int,
    badges: tuple[str, ...],
    name: str,
    description: str,
    encoder: str,
    gas_cap: int,
    sending: Sending,
) -> None:
    """Deploy MODEL, a JSON file, with its trainer, data handler and incentive mechanism.

    The command first runs all transactions in this process. The gas shown is exact if the chain has the gas prices of
    Osaka. If a deployment is interrupted, run the same command again: it resumes, and no transaction is sent twice. At
    the end the command compares code, storage and owners on the chain with the plan.
    """
    waits = (refund_wait, owner_wait, any_wait)
    if mechanism == "points":
        levels = [_badge(text) for text in badges]
        contract = "Points64"
        terms: tuple[Any, ...] = (*waits, [points for points, _ in levels], [badge for _, badge in levels])
    elif badges:
        raise click.UsageError("--badge needs --mechanism points")
    else:
        contract, terms = "Stakeable64", (*waits, cost_weight)
    blueprint = chain.FrameworkBlueprint(load_model(model), contract, terms, name, description, encoder)
    deploy_blueprint(blueprint, output, gas_cap, sending)


def _badge(text: str) -> tuple[int, str]:
    points, sign, name = text.partition("=")
    if not sign or not points.strip().isdecimal():
        raise click.BadParameter(f"{text} is not a level; pass POINTS=NAME, such as 10=silver", param_hint="--badge")
    return int(points), name


def deploy_blueprint(blueprint: Any, output: Path, gas_cap: int, sending: Sending) -> None:
    """Show the cost of a deployment, ask, send it, and show its final cost."""
    with chain.deployment(
        sending.rpc_url, blueprint, sending.sender, output, gas_cap=gas_cap, **sending.options
    ) as under_way:
        _show_quote(under_way)
        if not sending.confirm(f"Send these transactions from {sending.sender.address}?"):
            return
        try:
            report = _run(under_way)
        except BaseException:
            if (partial := output.with_name(f"{output.name}.partial")).exists():
                click.echo(f"progress is kept in {partial}; run the same command again to resume", err=True)
            raise
    rows = [(role, one["address"]) for role, one in report["contracts"].items()]
    rows.append(("gas", f"{report['gas_used']:,}; predicted {report['gas_predicted']:,}"))
    for one in report["transactions"]:
        if one["difference"]:
            title = f"  {one['contract']}.{one['function']}"
            rows.append((title, f"{one['gas_used']:,}, not {one['gas_predicted']:,}: {one['difference']}"))
    rows += [
        ("fees", ether_text(report["fee_wei"])),
        ("compared", "code, storage and owners match the plan"),
        ("written", str(output)),
    ]
    show(rows)


def _show_quote(under_way: Deployment) -> None:
    quote = under_way.quote()
    sent = len(under_way.steps) - len(quote.steps)
    if sent:
        click.echo(f"{sent} of {len(under_way.steps)} transactions were sent by earlier runs")
    for step in quote.steps:
        click.echo(f"{step!s:<50}{len(step.data):>9,} bytes {step.gas_used:>12,} gas")
    show(
        [
            ("gas", f"{quote.gas:,}"),
            ("cost", f"{ether_text(quote.expected_wei)} at {quote.price.expected_wei / GWEI:g} gwei"),
            ("at most", f"{ether_text(quote.most_wei)} at {quote.price.most_wei / GWEI:g} gwei"),
            ("balance", ether_text(quote.balance_wei)),
        ]
    )


def _run(under_way: Deployment) -> dict[str, Any]:
    with progress_bar() as bar:
        task = bar.add_task("", total=len(under_way.steps))
        return under_way.run(lambda done, _, step: bar.update(task, completed=done, description=str(step)))
