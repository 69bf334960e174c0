"""Options of commands that send transactions, and the confirmation before they send."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from dcai import chain
from dcai.cli._shared.node_options import rpc_option
from dcai.cli._shared.values import OLD_FILE, SECONDS, add_options, timeout_option
from dcai.units import GWEI

__all__ = ["NOT_AUDITED", "Sending", "sending_options", "show"]

NOT_AUDITED = "The contracts are not audited: use test networks only."
"""Last line of the help of each command that moves money."""

F = TypeVar("F", bound="Callable[..., Any]")


@dataclass(frozen=True)
class Sending:
    """Account, node and settings with which a command sends transactions.

    Attributes
    ----------
    rpc_url : str
        The node.
    sender : KeyAccount or NodeAccount
        The account.
    options : dict
        The arguments that `dcai.chain.send.deployment`, `participant` and `market` have in common.
    yes, dry_run : bool
        Whether to skip the question; whether to send nothing.
    """

    rpc_url: str
    sender: Any
    options: dict[str, Any]
    yes: bool
    dry_run: bool

    def confirm(self, question: str) -> bool:
        """Ask whether to send: False for a dry run; a refusal ends the command."""
        if self.dry_run:
            click.echo("dry run: nothing is sent")
            return False
        if not self.yes:
            click.confirm(question, abort=True, err=True)
        return True


def sending_options(command: F) -> F:
    """Add the options of an account, its fees and its timeouts, passed to the command as ``sending``."""

    @functools.wraps(command)
    def with_sending(
        *args: Any,
        rpc_url: str,
        key_file: Path | None,
        key_variable: str | None,
        from_: str | None,
        gas_price_gwei: float | None,
        max_fee_gwei: float | None,
        tip_gwei: float | None,
        confirmations: int,
        patience_s: float,
        expect_chain_id: int | None,
        timeout_s: float,
        yes: bool,
        dry_run: bool,
        **more: Any,
    ) -> Any:
        options = {
            "fees": chain.Fees(*map(_wei, (gas_price_gwei, max_fee_gwei, tip_gwei))),
            "waiting": chain.Waiting(timeout_s=patience_s, confirmations=confirmations),
            "limits": chain.Limits(timeout_s=timeout_s),
            "expect_chain_id": expect_chain_id,
        }
        sender = _sender(key_file, key_variable, from_)
        return command(*args, sending=Sending(rpc_url, sender, options, yes, dry_run), **more)

    gwei = click.FloatRange(min=0)
    options = (
        rpc_option(required=True),
        click.option(
            "--key-file",
            type=OLD_FILE,
            help="File with the private key, or an encrypted keystore (the command asks for its password).",
        ),
        click.option(
            "--key-variable",
            metavar="NAME",
            help=f"Environment variable with the private key.  [default: {chain.KEY_VARIABLE}]",
        ),
        click.option("--from", "from_", metavar="ADDRESS", help="Account of the node itself, which signs for it."),
        click.option(
            "--gas-price-gwei",
            type=gwei,
            help="Gas price in gwei; sends legacy transactions.  [default: EIP-1559 fees]",
        ),
        click.option(
            "--max-fee-gwei",
            type=gwei,
            help="Maximum fee per gas in gwei (EIP-1559).  [default: twice the base fee plus the priority fee]",
        ),
        click.option(
            "--tip-gwei",
            type=gwei,
            help="Maximum priority fee per gas in gwei (EIP-1559), part of the maximum fee.  [default: "
            "the node's suggestion]",
        ),
        click.option(
            "--confirmations",
            type=click.IntRange(min=1),
            default=1,
            help="Number of blocks to wait for, counting the one that includes the transaction.",
        ),
        click.option(
            "--patience",
            "patience_s",
            type=SECONDS,
            default=600.0,
            help="Longest wait for a transaction to be mined, in seconds or with a unit, such as 10m.",
        ),
        click.option(
            "--chain-id",
            "expect_chain_id",
            type=int,
            help="Expected chain id. The command fails if the node serves another chain.  [default: any chain]",
        ),
        timeout_option(30.0, "the node"),
        click.option("--yes", is_flag=True, help="Send without asking for confirmation."),
        click.option("--dry-run", is_flag=True, help="Show the transactions and their cost, and send nothing."),
    )
    return add_options(*options)(with_sending)  # type: ignore[return-value]


def _wei(gwei: float | None) -> int | None:
    return None if gwei is None else round(gwei * GWEI)


def _sender(key_file: Path | None, key_variable: str | None, from_: str | None) -> Any:
    if sum(given is not None for given in (key_file, key_variable, from_)) > 1:
        raise click.UsageError("pass only one of --key-file, --key-variable and --from")
    if from_ is not None:
        return chain.NodeAccount(from_)
    if key_file is not None:
        return chain.KeyAccount.from_file(key_file, lambda: click.prompt("Password", hide_input=True, err=True))
    return chain.KeyAccount.from_environment(key_variable or chain.KEY_VARIABLE)


def show(rows: list[tuple[str, str]]) -> None:
    """Print titles and texts in two columns."""
    width = max(len(title) for title, _ in rows) + 2
    for title, text in rows:
        click.echo(f"{title + ':':<{width}}{text}")
