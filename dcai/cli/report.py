"""``dcai report``: report wrong contributions, and earn a share of their deposits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from dcai import chain
from dcai.chain import Entry, Participant
from dcai.cli._shared.participation import book_option, carry_out, join
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options
from dcai.errors import Revert

__all__ = ["report"]


@click.command(epilog=NOT_AUDITED)
@click.argument("trainer")
@click.option(
    "--transaction",
    "transactions",
    multiple=True,
    metavar="HASH",
    help="Hash of the transaction that made the contribution, 0x and 64 hexadecimal digits. Repeatable.",
)
@click.option("--all", "all_", is_flag=True, help="Report all contributions that can be reported now.")
@click.option("--from-block", type=click.IntRange(min=0), default=0, help="With --all: first block to search.")
@book_option
@sending_options
def report(
    trainer: str, transactions: tuple[str, ...], all_: bool, from_block: int, book: Path, sending: Sending
) -> None:
    """Report contributions by others to TRAINER whose label the model does not predict."""
    if bool(transactions) == all_:
        raise click.UsageError("pass --transaction or --all, and not both")
    with join(trainer, book, sending) as one:
        if transactions:
            found = [entry for hash_ in transactions for entry in one.find(hash_)]
            return carry_out(one, [one.report(entry) for entry in found], sending)
        offers = []
        for entry in _of_others(one, from_block, sending):
            try:
                offers.append(one.report(entry))
            except Revert as error:
                click.echo(f"{entry.transaction}: cannot be reported now: {error}")
        if not offers:
            click.echo("no contribution can be reported now")
            return None
        return carry_out(one, offers, sending)


def _of_others(one: Participant, from_block: int, sending: Sending) -> Iterator[Entry]:
    with chain.contributions(
        sending.rpc_url, one.trainer.address, from_block, "latest", limits=sending.options["limits"]
    ) as collected:
        for other in collected:
            if other.sender != one.address and other.status != "validated":
                yield from (e for e in one.find(other.transaction) if e.key == other.key)
