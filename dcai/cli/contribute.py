"""``dcai contribute``: samples to a trainer, one's own or signed by others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dcai import chain, encoders
from dcai.cli._shared.participation import book_option, carry_out, join, labelled_rows, sample
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options
from dcai.cli._shared.values import DURATION, NEW_FILE, OLD_FILE, WEI
from dcai.tabular import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dcai.chain import Participant

__all__ = ["contribute"]


@click.command(epilog=NOT_AUDITED)
@click.argument("trainer")
@click.argument("rows", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--sample", "sample_", metavar="NUMBERS", help="One sample, as the model takes it: 3,17,256.")
@click.option("--text", help="One sample as text, which the trainer's encoder encodes.")
@click.option("--vocabulary", type=OLD_FILE, help="JSON file of words, for an encoder that needs one.")
@click.option("--label", type=click.IntRange(min=0), help="Class of the one sample.")
@click.option("--model", type=OLD_FILE, help="With ROWS: the model or snapshot that says what a row must be.")
@click.option("--labels", metavar="COLUMN", help="With ROWS: the column with the labels.")
@click.option("--scale", type=click.Choice(("auto", "fixed", "float")), default="auto", help="As of dcai predict.")
@click.option("--max-deposit", type=WEI, help="Highest deposit; the rest comes back.  [default: the cost]")
@click.option("--sign", "signature", type=NEW_FILE, help="Send nothing: sign one sample, and write this file.")
@click.option("--good-for", type=DURATION, default="1 day", help="With --sign: how long it is good.")
@click.option("--sponsor", "sponsored", type=OLD_FILE, help="Send and pay for the contribution that this file has.")
@book_option
@sending_options
def contribute(
    trainer: str,
    rows: tuple[Path, ...],
    label: int | None,
    max_deposit: int | None,
    signature: Path | None,
    good_for: int,
    sponsored: Path | None,
    book: Path,
    sending: Sending,
    **source: Any,
) -> None:
    """Contribute samples to TRAINER: one by --sample or --text and --label, or ROWS of files.

    What is shown before anything is sent was tried on the node: the deposit, what the model predicts now, the gas. A
    contribution that the contracts would refuse is not sent. The file --book is needed to ask for the deposit back.
    """
    with join(trainer, book, sending) as one:
        if sponsored is not None:
            return carry_out(one, [one.sponsor(chain.SignedContribution.load(sponsored))], sending)
        samples = _samples(one, rows, label, **source)
        if signature is not None:
            return _sign(one, samples, max_deposit, good_for, signature)
        for x, y in samples:
            # One by one: the deposit of the next depends on this one.
            carry_out(one, [one.contribute(x, y, max_deposit_wei=max_deposit)], sending)
    return None


def _samples(
    one: Participant,
    rows: tuple[Path, ...],
    label: int | None,
    sample_: str | None,
    text: str | None,
    vocabulary: Path | None,
    model: Path | None,
    labels: str | None,
    scale: Any,
) -> Iterator[tuple[list[int], int]]:
    if sum((bool(rows), sample_ is not None, text is not None)) != 1:
        raise click.UsageError("give ROWS, --sample or --text: one of them")
    if rows:
        if model is None or labels is None:
            raise click.UsageError("ROWS need --model and --labels")
        yield from labelled_rows(rows, model, Layout(labels=labels, scale=scale))
        return
    if label is None:
        raise click.UsageError("a single sample needs --label")
    if sample_ is not None:
        yield sample(sample_), label
        return
    words = None if vocabulary is None else encoders.Vocabulary.from_json(vocabulary)
    encoder = encoders.from_string(one.encoder, vocabulary=words)
    if not isinstance(text, str) or not hasattr(encoder, "indices"):
        raise click.UsageError(f"the trainer's encoder, {one.encoder!r}, takes no text")
    yield list(encoder.encode(text)), label


def _sign(one: Participant, samples: Iterator[Any], max_deposit: int | None, good_for: int, path: Path) -> None:
    found = list(samples)
    if len(found) != 1 or max_deposit is None:
        raise click.UsageError("--sign is for one sample, and needs --max-deposit")
    ((x, label),) = found
    signed = one.sign(x, label, max_deposit_wei=max_deposit, deadline=one.time() + good_for)
    signed.save(path)
    click.echo(f"signed by {signed.contributor}, good until second {signed.deadline}")
    click.echo(f"written: {path}")
