"""``dcai gas profile``: gas of one transaction by line of Solidity or by function."""

from __future__ import annotations

from pathlib import Path

import click

from dcai.cli._shared.options import engine_option, fork_option
from dcai.cli.gas.common import DATA, FILE, MODEL, emit, stream_of
from dcai.errors import InputError
from dcai.evm import Evm
from dcai.gas.measuring.stream import Stream
from dcai.gas.oracle import Oracle
from dcai.gas.profile.profile import Profile, profile_call, profile_creation
from dcai.report.tables import json_text

__all__ = ["profile"]


@click.command()
@DATA
@MODEL
@click.option(
    "--transaction",
    type=click.Choice(("update", "predict", "constructor")),
    default="update",
    help="Transaction to profile. The constructor stores as much of the model as fits one transaction.",
)
@click.option(
    "--row",
    type=click.IntRange(min=0),
    default=0,
    help="Number of the contribution, from 0. The model first learns all earlier ones. 'dcai gas "
    "forecast --transactions' lists which are mistakes.",
)
@click.option(
    "--by",
    type=click.Choice(("line", "function")),
    default="line",
    help="Unit of the profile: line of Solidity or function.",
)
@click.option("--top", type=click.IntRange(min=1), default=20, help="Number of rows; the others are summed up in one.")
@fork_option
@engine_option
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "folded")),
    default="text",
    help="Format of the output; folded stacks feed flame graph tools.",
)
@click.option("--output", type=FILE, help="Write to this file, complete or not at all.  [default: print]")
def profile(
    data: str,
    model: str | None,
    transaction: str,
    row: int,
    by: str,
    top: int,
    fork: str,
    engine: str,
    form: str,
    output: Path | None,
) -> None:
    """Profile the gas of one transaction by line of Solidity or by function."""
    found = _profile(stream_of(data, model), transaction, row, engine, fork)
    if form == "json":
        emit(json_text(found.to_dict()), output)
    elif form == "folded":
        emit("".join(f"{line}\n" for line in found.folded()), output)
    else:
        emit(f"{found.text(by, top)}\n", output)


def _profile(stream: Stream, transaction: str, row: int, engine: str, fork: str) -> Profile:
    if transaction == "constructor":
        oracle = Oracle(stream.contract, fork)
        return profile_creation(Evm(engine, fork), oracle.artifact, *oracle.deployment(stream.model).chunks[0].args)
    if row >= len(stream):
        raise InputError(
            f"--row {row} does not exist: there are {len(stream):,} contributions, the last is row {len(stream) - 1}"
        )
    model = stream.model.copy()
    if row:
        model.update_batch(*stream.batch(0, row))
    contract = Evm(engine, fork).place(model)
    sample, label = stream.contribution(row)
    return profile_call(contract, transaction, *((sample, label) if transaction == "update" else (sample,)))
