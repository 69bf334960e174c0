"""``dcai dataset``: export the contributions to a trainer to a file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from dcai import chain
from dcai.chain import Contributions
from dcai.cli._shared.node_options import rpc_option
from dcai.cli._shared.values import NEW_FILE, timeout_option
from dcai.dataset import FORMATS, check_format, export, metadata_path
from dcai.report.progress import progress_bar
from dcai.tabular.files.arrow import arrow

__all__ = ["dataset"]


@click.command()
@click.argument("address")
@rpc_option(required=True)
@click.option(
    "--output",
    "-o",
    type=NEW_FILE,
    required=True,
    help="Write to this file, complete or not at all: .parquet, .csv, .arrow or .jsonl.",
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Format of the file.  [default: by the ending of its name]"
)
@click.option(
    "--from-block",
    type=click.IntRange(min=0),
    default=0,
    help="First block to read, such as the block of the trainer's deployment.",
)
@click.option("--to-block", default="finalized", help="Last block to read: finalized, safe, latest or a number.")
@click.option("--real", is_flag=True, help="Also write the features of dense models as real numbers, divided by 10^9.")
@click.option(
    "--verify", is_flag=True, help="Prove events by the receipts of their blocks. This fetches many receipts."
)
@click.option(
    "--chain-id",
    "expect_chain_id",
    type=int,
    help="Expected chain id. The command fails if the node serves another chain.  [default: any chain]",
)
@timeout_option(30.0, "the node")
def dataset(
    address: str,
    rpc_url: str,
    output: Path,
    form: str | None,
    from_block: int,
    to_block: str,
    real: bool,
    verify: bool,
    expect_chain_id: int | None,
    timeout_s: float,
) -> None:
    """Export the contributions to a trainer: features, label, time, author, deposit and status.

    ADDRESS is the trainer's or its classifier's. Each row names its block, transaction and log. If a run is
    interrupted, it keeps its progress beside the output, in a file that ends in .partial. Run the same command again to
    resume.
    """
    form = check_format(output, form)
    arrow()  # fail before the download if pyarrow is missing
    partial = output.with_name(f"{output.name}.partial")
    with progress_bar() as bar:
        blocks, rows = bar.add_task("blocks", total=None), bar.add_task("rows", total=None)
        try:
            with chain.contributions(
                rpc_url,
                address,
                from_block,
                to_block,
                verify=verify,
                expect_chain_id=expect_chain_id,
                collected=partial,
                limits=chain.Limits(timeout_s=timeout_s),
                progress=lambda done, total: bar.update(blocks, completed=done, total=total),
            ) as collected:
                export(
                    collected,
                    output,
                    form,
                    real=real,
                    progress=lambda done, total: bar.update(rows, completed=done, total=total),
                )
                report = _rows(collected)
        except BaseException:
            if partial.exists():
                click.echo(f"progress is kept in {partial}; run the same command again to resume", err=True)
            raise
    partial.unlink()
    beside = metadata_path(output, form)
    for title, text in [*report, ("written", f"{output}" + (f", and its metadata in {beside}" if beside else ""))]:
        click.echo(f"{title + ':':<15}{text}")


def _rows(collected: Contributions) -> list[tuple[str, str]]:
    """Return the lines that describe a data set."""
    statuses = Counter(one.status for one in collected)
    trainer, last = collected.trainer, collected.last_block
    rows = [
        ("trainer", f"{trainer.address} on chain {collected.chain_id}"),
        ("classifier", trainer.classifier),
        ("blocks", f"{collected.first_block} to {last.number} {last.hash}"),
        ("contributions", f"{len(collected):,}"),
        *((f"  {status}", f"{count:,}") for status, count in sorted(statuses.items())),
    ]
    if collected.resumed_at is not None:
        rows.append(("resumed", f"at block {collected.resumed_at}; earlier blocks were read before"))
    return rows + [(title, text) for title, _, text in (line.partition(": ") for line in collected.trust.splitlines())]
