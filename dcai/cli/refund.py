"""``dcai refund``: claim deposits back."""

from __future__ import annotations

from pathlib import Path

import click

from dcai.cli._shared.participation import book_option, carry_out, entries, join
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options
from dcai.errors import Revert

__all__ = ["refund"]


@click.command(epilog=NOT_AUDITED)
@click.argument("trainer")
@click.argument("numbers", nargs=-1, type=click.IntRange(min=1))
@click.option("--all", "all_", is_flag=True, help="Claim all refunds that are due.")
@book_option
@sending_options
def refund(trainer: str, numbers: tuple[int, ...], all_: bool, book: Path, sending: Sending) -> None:
    """Claim refunds from TRAINER: for the contributions NUMBERS in --book, or for all that are due."""
    if bool(numbers) == all_:
        raise click.UsageError("pass NUMBERS of contributions or --all, and not both")
    with join(trainer, book, sending) as one:
        if numbers:
            return carry_out(one, [one.refund(entry) for entry in entries(one, numbers)], sending)
        due = []
        for entry in one.book.entries:
            mine = one.address in (entry.author, entry.sponsor)
            if entry.status != "added" or entry.trainer != one.trainer.address or not mine:
                continue
            try:
                due.append(one.refund(entry))
            except Revert as error:
                click.echo(f"contribution {entry.id}: not refundable now: {error}")
        if not due:
            click.echo("no refund is due")
            return None
        return carry_out(one, due, sending)
