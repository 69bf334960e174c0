"""Code that ``dcai contribute``, ``refund`` and ``report`` share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dcai import chain
from dcai.chain import Entry, Offer, Participant
from dcai.cli._shared.sending import Sending, show
from dcai.cli._shared.values import NEW_FILE
from dcai.errors import InputError
from dcai.tabular import Layout, load_model, read_batches
from dcai.units import ether_text

__all__ = ["book_option", "carry_out", "entries", "join", "labelled_rows", "sample"]

book_option = click.option(
    "--book",
    type=NEW_FILE,
    default="contributions.json",
    help="File that records your contributions. Refunds and reports need it.",
)
"""Add ``--book``."""


@contextmanager
def join(trainer: str, book: Path, sending: Sending) -> Iterator[Participant]:
    """Connect to a trainer, and first settle transactions that are still pending."""
    with chain.participant(sending.rpc_url, trainer, sending.sender, book, **sending.options) as one:
        if not sending.dry_run:
            for entry in one.recover():
                click.echo(f"contribution {entry.id} was pending: {entry.status}")
        yield one


def carry_out(one: Participant, offers: list[Offer], sending: Sending) -> None:
    """Show each transaction and its cost, ask once, and send them."""
    for offer in offers:
        _show_offer(offer)
    if not sending.confirm(f"Send {len(offers)} transaction{'s' * (len(offers) != 1)} from {sending.sender.address}?"):
        return
    for offer in offers:
        entry = one.send(offer)
        if offer.kind == "add":
            click.echo(
                f"contribution {entry.id}: added at {entry.time} for {ether_text(entry.deposit_wei or 0)}, block "
                f"{entry.block}, {entry.transaction}"
            )
        else:
            claim = entry.claims[-1]
            click.echo(
                f"contribution {entry.id}: {entry.status}, {ether_text(claim['amount_wei'])} to {claim['recipient']}, "
                f"{claim['transaction']}"
            )
    click.echo(f"written: {one.book.path}")


def _show_offer(offer: Offer) -> None:
    proposal, label = offer.proposal, offer.entry.label
    says = "as its label says" if offer.prediction == label else f"its label is {label}"
    amount = "deposit" if offer.kind == "add" else "claimable"
    show(
        [
            (offer.kind, f"label {label}, by {offer.entry.author}"),
            ("predicted", f"{offer.prediction}, {says}"),
            (amount, ether_text(offer.deposit_wei)),
            *([("sent", f"{ether_text(proposal.value_wei)}; the surplus is returned")] if offer.kind == "add" else []),
            ("gas", f"{proposal.gas:,}: {ether_text(proposal.expected_wei)}, at most {ether_text(proposal.most_wei)}"),
        ]
    )


def entries(one: Participant, numbers: tuple[int, ...]) -> list[Entry]:
    """Return the contributions in the book that have these numbers."""
    return [one.book.find(number) for number in numbers]


def sample(text: str) -> list[int]:
    """Parse a sample: integers with commas or spaces between them."""
    try:
        return [int(number) for number in text.replace(",", " ").split()]
    except ValueError as error:
        raise InputError(f"--sample {text} is not a list of integers; pass integers such as 3,17,256") from error


def labelled_rows(paths: tuple[Path, ...], model: Path, layout: Layout) -> Iterator[tuple[list[int], int]]:
    """Yield the samples and labels of files, in the form that the model in a file takes."""
    for batch in read_batches(paths, load_model(model), layout):
        assert batch.labels is not None
        for i, label in enumerate(batch.labels.tolist()):
            yield batch.samples[i].tolist(), label
