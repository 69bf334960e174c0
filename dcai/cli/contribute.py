"""``dcai contribute``: send samples to a trainer, your own or signed by others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from dcai import chain, encoders
from dcai.chain import Participant
from dcai.cli._shared.participation import book_option, carry_out, join, labelled_rows, sample
from dcai.cli._shared.sending import NOT_AUDITED, Sending, sending_options
from dcai.cli._shared.values import DURATION, NEW_FILE, OLD_FILE, WEI
from dcai.tabular import Layout

__all__ = ["contribute"]


@click.command(epilog=NOT_AUDITED)
@click.argument("trainer")
@click.argument("rows", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--sample",
    "sample_",
    metavar="NUMBERS",
    help="One sample in the form that the model takes: integers, such as 3,17,256.",
)
@click.option("--text", help="One sample as text, encoded by the trainer's encoder.")
@click.option("--vocabulary", type=OLD_FILE, help="JSON file with the vocabulary, if the encoder needs one.")
@click.option("--label", type=click.IntRange(min=0), help="Class index of the sample in --sample or --text.")
@click.option(
    "--model", type=OLD_FILE, help="With ROWS: file of the model or snapshot, which defines the features of a row."
)
@click.option("--labels", metavar="COLUMN", help="With ROWS: column with the labels.")
@click.option(
    "--scale",
    type=click.Choice(("auto", "fixed", "float")),
    default="auto",
    help="With ROWS: numbers of a dense model, as for dcai predict: multiplied by 10^9 (fixed) or real (float).",
)
@click.option(
    "--max-deposit",
    type=WEI,
    help="Maximum deposit, in wei or with a unit; the surplus is returned.  [default: the current cost]",
)
@click.option("--sign", "signature", type=NEW_FILE, help="Sign one sample, write it to this file, and send nothing.")
@click.option(
    "--good-for",
    type=DURATION,
    default="1 day",
    help="With --sign: time until the signature expires, in seconds or with a unit.",
)
@click.option("--sponsor", "sponsored", type=OLD_FILE, help="Send and pay for the signed contribution in this file.")
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
    """Contribute samples to TRAINER, the address of a trainer.

    Give one sample by --sample or --text with --label, or many as ROWS, which are files or folders. Before anything is
    sent, the command simulates the transaction on the node and shows the deposit, the current prediction and the gas.
    It sends no contribution that the contracts would refuse. Keep the file --book: you need it to claim the deposit
    back.
    """
    with join(trainer, book, sending) as one:
        if sponsored is not None:
            return carry_out(one, [one.sponsor(chain.SignedContribution.load(sponsored))], sending)
        samples = _samples(one, rows, label, **source)
        if signature is not None:
            return _sign(one, samples, max_deposit, good_for, signature)
        for x, y in samples:
            # One by one: each contribution changes the deposit of the next.
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
        raise click.UsageError("pass exactly one of ROWS, --sample and --text")
    if rows:
        if model is None or labels is None:
            raise click.UsageError("ROWS need the options --model and --labels")
        yield from labelled_rows(rows, model, Layout(labels=labels, scale=scale))
        return
    if label is None:
        raise click.UsageError("--sample and --text need the option --label")
    if sample_ is not None:
        yield sample(sample_), label
        return
    words = None if vocabulary is None else encoders.Vocabulary.from_json(vocabulary)
    encoder = encoders.from_string(one.encoder, vocabulary=words)
    if not isinstance(text, str) or not hasattr(encoder, "indices"):
        raise click.UsageError(f'--text: the trainer\'s encoder, "{one.encoder}", takes no text; pass --sample')
    yield list(encoder.encode(text)), label


def _sign(one: Participant, samples: Iterator[Any], max_deposit: int | None, good_for: int, path: Path) -> None:
    found = list(samples)
    if len(found) != 1 or max_deposit is None:
        raise click.UsageError("--sign takes one sample, and needs --max-deposit")
    ((x, label),) = found
    signed = one.sign(x, label, max_deposit_wei=max_deposit, deadline=one.time() + good_for)
    signed.save(path)
    click.echo(f"signed by {signed.contributor}, valid until Unix time {signed.deadline}")
    click.echo(f"written: {path}")
