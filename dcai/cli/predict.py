"""``dcai predict``: predict labels for the rows of files, in a stream."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from dcai.cli._shared.node_options import node_options, rpc_option
from dcai.cli._shared.values import NEW_FILE
from dcai.models import Classifier
from dcai.report.progress import progress_bar
from dcai.tabular import INPUT_FORMATS, OUTPUT_FORMATS, Layout, Summary, load_model, predict_file

__all__ = ["predict"]

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


@click.command()
@click.argument("paths", metavar="[MODEL] ROWS...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--output",
    "-o",
    type=NEW_FILE,
    help="Write to this file, complete or not at all: .csv, .parquet, .arrow, .npy or .jsonl.  "
    "[default: CSV to standard output]",
)
@click.option("--names", is_flag=True, help="Also write the names of the classes.")
@click.option("--keep", multiple=True, metavar="COLUMN", help="Column to copy to the output. Repeatable.")
@click.option(
    "--row-numbers",
    is_flag=True,
    help="Also write the number of each row, counted from 0 over all files, skipped rows included.",
)
@click.option(
    "--labels",
    metavar="COLUMN",
    help="Column with true labels, as class indices or names; prints accuracy and confusion matrix.",
)
@click.option(
    "--features",
    multiple=True,
    metavar="COLUMN",
    help="Column with a feature. Repeatable, in the order of the model's features.  [default: all "
    "other columns, in their order]",
)
@click.option("--ignore", multiple=True, metavar="COLUMN", help="Column that is not a feature. Repeatable.")
@click.option(
    "--scale",
    type=click.Choice(("auto", "fixed", "float")),
    default="auto",
    help="Numbers of a dense model: integers already multiplied by 10^9 (fixed), or real numbers "
    "(float). auto decides by the type of the columns, and fails if that is ambiguous.",
)
@click.option(
    "--on-bad-row",
    type=click.Choice(("error", "skip")),
    default="error",
    help="Handling of a malformed row: error stops the run; skip omits and counts the row, and reports the first few.",
)
@click.option(
    "--input-format",
    type=click.Choice(INPUT_FORMATS),
    help="Format of the rows.  [default: by the endings of the file names]",
)
@click.option(
    "--output-format",
    type=click.Choice(OUTPUT_FORMATS),
    help="Format of the output.  [default: by the ending of its name]",
)
@click.option("--no-header", is_flag=True, help="CSV: the first line is data; the columns are named f0, f1, ...")
@click.option(
    "--delimiter", metavar="CHARACTER", help="CSV: character between values.  [default: a comma; a tab for .tsv]"
)
@click.option(
    "--first-index",
    type=click.IntRange(0, 1),
    help="svmlight: index of the first feature, 0 or 1. Required for svmlight files.",
)
@click.option(
    "--batch-rows", type=click.IntRange(min=1), help="Maximum number of rows in memory.  [default: about 8 MB of rows]"
)
@rpc_option(required=False)
@click.option("--address", help="Address of a classifier or its trainer, to use instead of MODEL.")
@click.option(
    "--block", help="With an address: block to read: finalized, safe, latest or a number.  [default: finalized]"
)
@node_options
def predict(
    paths: tuple[str, ...],
    output: Path | None,
    names: bool,
    row_numbers: bool,
    on_bad_row: Any,
    output_format: str | None,
    rpc_url: str | None,
    address: str | None,
    block: str | None,
    expect_chain_id: int | None,
    no_verify: bool,
    num_features: int | None,
    layout: str | None,
    max_weights: int,
    timeout_s: float,
    **columns: Any,
) -> None:
    """Predict the class of each row of ROWS with MODEL, from a file or a chain.

    MODEL is a JSON file in the format of 0xDeCA10B, a snapshot of dcai fetch or dcai follow, or the address of a
    contract (needs --rpc). For a contract, the command fetches its model and prints to standard error what the proofs
    cover. Omit MODEL if you pass --address.

    ROWS are files, or folders of files: .csv, .tsv, .parquet, .arrow, .feather, .npy, .npz, .svmlight. They may be
    larger than memory.

    A dense model takes one column for each feature, or one column of lists. A sparse model takes one column with the
    list of present features (in CSV: indices separated by spaces), a 0/1 column for each feature, or a CSR matrix
    written by scipy.sparse.save_npz.
    """
    rows = paths
    if address is None and _ADDRESS.fullmatch(paths[0]) and not Path(paths[0]).exists():
        address = paths[0]
        rows = paths[1:]
    elif address is None:
        rows = paths[1:]
    _check_paths(paths[:1] if address is None else (), rows)
    if address is None:
        if block is not None:
            raise click.UsageError("--block needs a contract on a chain: pass --address and --rpc")
        classifier = load_model(paths[0])
    else:
        if rpc_url is None:
            raise click.UsageError(f"the model at {address} needs a node: pass --rpc, or set DCAI_RPC_URL")
        classifier = _fetch(
            rpc_url,
            address,
            block or "finalized",
            timeout_s,
            verify=not no_verify,
            expect_chain_id=expect_chain_id,
            num_features=num_features,
            layout=layout,
            max_weights=max_weights,
        )
    try:
        summary = _run(rows, output, classifier, _layout(**columns), on_bad_row, names, row_numbers, output_format)
    except BrokenPipeError:
        # The reader closed the pipe. Without this, Python would report the error again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    _report(summary, output)


def _check_paths(models: tuple[str, ...], rows: tuple[str, ...]) -> None:
    """Refuse missing files, as `click.Path` would if it could tell MODEL from ROWS."""
    if not rows:
        raise click.UsageError("Missing argument 'ROWS...'.")
    for path in models:
        click.Path(exists=True, dir_okay=False).convert(path, None, click.get_current_context())
    for path in rows:
        click.Path(exists=True).convert(path, None, click.get_current_context())


def _fetch(rpc_url: str, address: str, block: str, timeout_s: float, **arguments: Any) -> Classifier:
    """Fetch a model, and print to standard error what its proofs cover."""
    chain: Any = import_module("dcai.chain")  # imported late, since it needs an extra
    limits = chain.Limits(timeout_s=timeout_s)
    address = chain.find_classifier(rpc_url, address, verify=arguments["verify"], limits=limits)
    snapshot = chain.fetch(rpc_url, address, block, limits=limits, **arguments)
    click.echo(f"model of {snapshot.address} on chain {snapshot.chain_id}, block {snapshot.block.number}", err=True)
    click.echo(snapshot.trust, err=True)
    model: Classifier = snapshot.model()
    return model


def _layout(*, no_header: bool, input_format: str | None, features: tuple[str, ...], **others: Any) -> Layout:
    return Layout(header=not no_header, format=input_format, features=features or None, **others)


def _run(
    rows: tuple[str, ...],
    output: Path | None,
    model: Any,
    layout: Layout,
    on_bad_row: Any,
    names: bool,
    row_numbers: bool,
    output_format: str | None,
) -> Summary:
    # No progress bar if the rows go to the same terminal.
    with progress_bar("share", silent=output is None and sys.stdout.isatty()) as bar:
        task = bar.add_task("", total=1.0)
        return predict_file(
            rows,
            output,
            model,
            layout,
            on_bad_row=on_bad_row,
            names=names,
            row_numbers=row_numbers,
            output_format=output_format,
            progress=lambda fraction: bar.update(task, completed=fraction),
        )


def _report(summary: Summary, output: Path | None) -> None:
    """Print the summary to standard error; accuracy goes to standard output, unless the rows went there."""
    click.echo(f"predicted {_rows(summary.num_predicted)}" + (f", wrote {output}" if output else ""), err=True)
    if summary.num_skipped:
        total = summary.num_predicted + summary.num_skipped
        click.echo(f"skipped {summary.num_skipped:,} of {_rows(total)}; the first:", err=True)
        for text in summary.skipped:
            click.echo(f"  {text}", err=True)
    click.echo(summary.accuracy_text(), nl=False, err=output is None)


def _rows(number: int) -> str:
    return f"{number:,} row{'s' * (number != 1)}"
