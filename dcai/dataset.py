"""The public data set of a trainer, as a table or a file: a row for each contribution.

>>> from dcai import chain, dataset                                          # doctest: +SKIP
>>> with chain.contributions(url, address) as collected:                     # doctest: +SKIP
...     table = dataset.to_table(collected)                                  # of pyarrow
...     dataset.export(collected, "contributions.parquet")
>>> for features, label in zip(table["features"], table["label"]):           # doctest: +SKIP
...     model.update(features.as_py(), label.as_py())

================================= =================================== ==================================================
column                            type                                what it is
================================= =================================== ==================================================
``features``                      list of int64                       the sample, as it was sent
``label``                         uint64                              its class
``time``, ``time_utc``            uint64, timestamp                   when it was added, in seconds since 1970
``author``, ``sponsor``           text                                addresses; the latter where another paid
``deposit_wei``                   text                                decimal, for it may exceed 64 bits
``status``                        text                                see `dcai.chain.STATUSES`
``claims_kind``                   list of text                        ``refund`` or ``report``, in their order
``claims_recipient``              list of text                        who was paid
``claims_amount_wei``             list of text                        how much, decimal
``claims_time``                   list of uint64                      when
``claims_transaction_hash``       list of text                        by which transaction
``block_number``, ``block_hash``  uint64, text                        where the contribution's event is
``transaction_hash``              text
``transaction_index``             uint32
``log_index``                     uint32                              counts within the block
``key``                           text                                as the data handler has the contribution
``features_real``                 list of float64                     ``features / 10^9``, where asked for
================================= =================================== ==================================================

CSV has no lists: their elements stand in one column with blanks between them, as ``dcai predict`` reads them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from dcai.chain import CollectedContribution, Contributions
from dcai.chain.collect.contributions import STATUSES
from dcai.errors import InputError
from dcai.files import write_whole
from dcai.fixed import TO_FLOAT
from dcai.tabular.files.arrow import arrow
from dcai.tabular.files.formats import output_format
from dcai.tabular.files.writers import writing

__all__ = ["FORMATS", "check_format", "export", "metadata", "metadata_path", "to_table"]

FORMATS = ("parquet", "csv", "arrow", "jsonl")
_BATCH = 4096
#: 10000-01-01, after which text cannot show a date.
_LAST_DATE = 253402300800
_METADATA_KEY = "dcai"


def to_table(collected: Contributions, *, real: bool = False) -> Any:
    """Return a ``pyarrow.Table`` of contributions.

    Parameters
    ----------
    collected : Contributions
        As ``dcai.chain.collect.contributions`` returns them.
    real : bool
        Add ``features_real``, for dense models.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    pa = arrow()
    table = pa.table(_columns(list(collected), real=real))
    return table.replace_schema_metadata({_METADATA_KEY: json.dumps(metadata(collected))})


def export(
    collected: Contributions,
    output: str | os.PathLike[str],
    form: str | None = None,
    *,
    real: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write contributions to a file, whole or not at all.

    What the file covers stands in its metadata, under the key ``dcai``, as JSON; for CSV and JSON lines, which have
    no metadata, in a file beside it, see `metadata_path`.

    Parameters
    ----------
    collected : Contributions
        As ``dcai.chain.collect.contributions`` returns them.
    output : path
        The file.
    form : str, optional
        One of `FORMATS`; by default what the name ends in.
    real : bool
        Add ``features_real``, for dense models.
    progress : callable, optional
        Called with the number of rows that have been written, and of all.

    Raises
    ------
    InputError
        The format is unknown.
    MissingExtraError
        pyarrow is not installed.
    OSError
        The file cannot be written.
    """
    target = Path(output)
    form = check_format(target, form)
    covers = metadata(collected)
    beside = metadata_path(target, form)
    done = 0
    with writing(target, form, {_METADATA_KEY: json.dumps(covers)}) as write:
        write(_columns([], real=real, flat=form == "csv"))  # a file without rows has columns too
        waiting = iter(collected)
        while rows := list(islice(waiting, _BATCH)):
            write(_columns(rows, real=real, flat=form == "csv"))
            done += len(rows)
            if progress is not None:
                progress(done, len(collected))
    if beside is not None:
        write_whole(beside, json.dumps(covers, indent=2) + "\n")


def check_format(output: Path, form: str | None) -> str:
    """Return the format of a file to write.

    Raises
    ------
    InputError
        It is not in `FORMATS`.
    """
    form = output_format(output, form)
    if form not in FORMATS:
        raise InputError(f"contributions cannot be written as {form}; expected one of {', '.join(FORMATS)}")
    return form


def metadata_path(output: Path, form: str) -> Path | None:
    """Return the file beside a file of a format that has no metadata: ``rows.csv.meta.json``; None for the others."""
    return output.with_name(f"{output.name}.meta.json") if form in ("csv", "jsonl") else None


def metadata(collected: Contributions) -> dict[str, Any]:
    """Return what a data set covers, as JSON can hold it."""
    return {
        "format": "dcai-contributions",
        "version": 1,
        "chain_id": collected.chain_id,
        "trainer": collected.trainer._asdict(),
        "from_block": collected.first_block,
        "to_block": {
            "number": collected.last_block.number,
            "hash": collected.last_block.hash,
            "timestamp": collected.last_block.timestamp,
        },
        "rows": len(collected),
        "verified": collected.verified,
        "trust": collected.trust.splitlines(),
        "statuses": STATUSES,
        "scale": f"features of dense models are integers, {TO_FLOAT} times the real numbers",
    }


def _columns(rows: Sequence[CollectedContribution], *, real: bool, flat: bool = False) -> dict[str, Any]:
    """Return the columns of some rows; ``flat`` writes lists as text."""
    pa = arrow()
    text, word = pa.string(), pa.uint64()
    date = pa.timestamp("s", tz="UTC")

    def lists(values: Sequence[Any], kind: Any) -> Any:
        if flat:
            return pa.array([" ".join(map(str, value)) for value in values], text)
        return pa.array(values, pa.list_(kind))

    def claims(field: str, kind: Any) -> Any:
        return lists([[getattr(claim, field) for claim in row.claims] for row in rows], kind)

    columns = {
        "features": lists([row.data for row in rows], pa.int64()),
        "label": pa.array([row.label for row in rows], word),
        "time": pa.array([row.time for row in rows], word),
        "time_utc": pa.array([row.time if row.time < _LAST_DATE else None for row in rows], date),
        "author": pa.array([row.sender for row in rows], text),
        "sponsor": pa.array([row.sponsor for row in rows], text),
        "deposit_wei": pa.array([str(row.cost_wei) for row in rows], text),
        "status": pa.array([row.status for row in rows], text),
        "claims_kind": claims("kind", text),
        "claims_recipient": claims("recipient", text),
        "claims_amount_wei": lists([[str(claim.amount_wei) for claim in row.claims] for row in rows], text),
        "claims_time": claims("time", word),
        "claims_transaction_hash": claims("transaction", text),
        "block_number": pa.array([row.block_number for row in rows], word),
        "block_hash": pa.array([row.block_hash for row in rows], text),
        "transaction_hash": pa.array([row.transaction for row in rows], text),
        "transaction_index": pa.array([row.transaction_index for row in rows], pa.uint32()),
        "log_index": pa.array([row.log_index for row in rows], pa.uint32()),
        "key": pa.array([row.key for row in rows], text),
    }
    if real:
        columns["features_real"] = lists([[x / TO_FLOAT for x in row.data] for row in rows], pa.float64())
    return columns
