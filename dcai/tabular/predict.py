"""Predictions for files of rows, in a stream."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from dcai.errors import InputError
from dcai.models import Classifier
from dcai.tabular.files import formats
from dcai.tabular.files.writers import Columns, writing
from dcai.tabular.layout import Layout
from dcai.tabular.reader import OnBadRow, Paths, as_paths, read_batches
from dcai.tabular.summary import Summary

__all__ = ["predict_file"]

#: Columns of the output.
_PREDICTED, _NAME, _ROW = "predicted", "predicted_name", "row"


def predict_file(
    paths: Paths,
    output: str | os.PathLike[str] | None,
    model: Classifier,
    layout: Layout | None = None,
    *,
    on_bad_row: OnBadRow = "error",
    names: bool = False,
    row_numbers: bool = False,
    output_format: str | None = None,
    progress: Callable[[float], None] | None = None,
) -> Summary:
    """Predict the rows of files and write their labels, a batch at a time.

    Parameters
    ----------
    paths : path, or sequence of paths
        Files, or folders, as for `read_batches`.
    output : path or None
        File to write, whole or not at all: the old one stays until the last row is predicted. None is standard output.
    model : Classifier
        The model.
    layout : Layout, optional
        How the rows stand in the files; its columns to ``keep`` go to the output.
    on_bad_row : {"error", "skip"}
        As for `read_batches`.
    names : bool
        Whether to write the names of the classes as well, in the column ``predicted_name``.
    row_numbers : bool
        Whether to write the number of each row, counted from 0 over all files, in the column ``row``; so that skipped
        rows can be told.
    output_format : str, optional
        One of ``dcai.tabular.OUTPUT_FORMATS``; by default what the name of the file ends in, and CSV for None.
    progress : callable, optional
        Is called with the share of the input that has been read, from 0 to 1.

    Returns
    -------
    Summary
        Counts; with accuracy and confusion where ``layout.labels`` is given.

    Raises
    ------
    InputError, MissingExtraError
        As `read_batches`, and where the output is one of the files or columns share a name.
    OSError
        The output cannot be written.
    """
    layout = layout or Layout()
    target = None if output is None else Path(output)
    files = formats.expand(as_paths(paths), layout.format)
    _check_output(target, output_format, files, layout, names=names, row_numbers=row_numbers)
    summary = Summary(model.classifications)
    class_names = np.array(model.classifications, dtype=object)
    with writing(target, output_format) as write:
        for batch in read_batches(files, model, layout, on_bad_row=on_bad_row):
            predicted = model.predict_batch(batch.samples).astype(np.int64)
            columns: Columns = {_ROW: batch.offset + batch.rows} if row_numbers else {}
            columns |= batch.kept
            columns[_PREDICTED] = predicted
            if names:
                columns[_NAME] = class_names[predicted]
            write(columns)
            summary.add(predicted, batch.labels)
            summary.add_skipped(batch.num_skipped, batch.skipped)
            if progress is not None:
                progress(batch.fraction)
    return summary


def _check_output(
    target: Path | None, form: str | None, files: list[Path], layout: Layout, *, names: bool, row_numbers: bool
) -> None:
    """Refuse what could not be written before anything is computed."""
    form = formats.output_format(target, form)
    own = [_PREDICTED, *([_NAME] if names else []), *([_ROW] if row_numbers else [])]
    for name in layout.keep:
        if name in own:
            raise InputError(f"the output has a column {name!r} of its own, so {name!r} cannot be kept; rename it")
    if form == "npy" and (len(own) > 1 or layout.keep):
        raise InputError(".npy holds only labels; for more columns write csv, parquet, arrow or jsonl")
    if target is None:
        return
    if target.is_dir():
        raise InputError(f"{target} is a folder; expected the name of a file to write")
    if any(target.exists() and target.samefile(file) for file in files):
        raise InputError(f"{target} is also an input file; name another output file")
