"""A file with the contributions of somebody: what is needed to ask for a refund or to report, and what is under way."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dcai import strict_json
from dcai.errors import DataError, InputError
from dcai.files import write_whole
from dcai.reprs import short_repr

__all__ = ["Book", "Entry"]

_FORMAT, _VERSION = "dcai-contributions", 1


@dataclass
class Entry:
    """A contribution.

    Attributes
    ----------
    id : int
        In this file, from 1.
    chain_id, trainer : int and str
        Chain and trainer of the contribution.
    author : str
        Address of the author.
    sponsor : str or None
        Address that paid, if not the author.
    data, label
        The sample.
    status : str
        ``"sending"``, ``"added"``, ``"failed"``, ``"refunded"`` or ``"reported"``.
    time, deposit_wei, key, transaction, block
        When it was added, for how much, what contracts call it and where its event is; None while it is being sent.
    claims : list of dict
        Refunds and reports made from here: ``kind``, ``recipient``, ``amount_wei``, ``transaction``.
    pending : dict or None
        The transaction that is under way: ``kind``, its calldata, and what `Attempt.to_json` gives.
    """

    __repr__ = short_repr

    id: int
    chain_id: int
    trainer: str
    author: str
    sponsor: str | None
    data: list[int]
    label: int
    status: str = "sending"
    time: int | None = None
    deposit_wei: int | None = None
    key: str | None = None
    transaction: str | None = None
    block: int | None = None
    claims: list[dict[str, Any]] = field(default_factory=list)
    pending: dict[str, Any] | None = None


class Book:
    """The contributions in a file, which is written after each change.

    Parameters
    ----------
    path : path
        The file; it need not be there yet.

    Raises
    ------
    DataError
        The file is malformed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.entries: list[Entry] = []
        if self.path.exists():
            self._load()

    def _load(self) -> None:
        try:
            content = strict_json.loads(self.path.read_text(encoding="utf-8"))
            if (content["format"], content["version"]) != (_FORMAT, _VERSION):
                raise ValueError(f"its format is {content['format']!r}, version {content['version']}")  # noqa: TRY301
            self.entries = [Entry(**entry) for entry in content["contributions"]]
        except (ValueError, LookupError, TypeError) as error:
            raise DataError(f"{self.path} is not a file of contributions: {error}") from error

    def save(self) -> None:
        """Write the file, whole or not at all."""
        entries = [asdict(entry) for entry in self.entries]
        content = {"format": _FORMAT, "version": _VERSION, "contributions": entries}
        write_whole(self.path, json.dumps(content, indent=1) + "\n")

    def add(self, **fields: Any) -> Entry:
        """Add a contribution, and write the file."""
        entry = Entry(id=max((one.id for one in self.entries), default=0) + 1, **fields)
        self.entries.append(entry)
        self.save()
        return entry

    def find(self, id_: int) -> Entry:
        """Return a contribution by its number.

        Raises
        ------
        InputError
            There is none.
        """
        for entry in self.entries:
            if entry.id == id_:
                return entry
        known = ", ".join(str(entry.id) for entry in self.entries) or "none"
        raise InputError(f"{self.path} has no contribution {id_}; it has {known}")
