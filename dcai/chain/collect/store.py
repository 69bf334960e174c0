"""Store collected contributions in a SQLite file, so that an interrupted run can resume.

Each range of blocks goes in as a whole, with the hash of its last block. Whoever goes on goes back to the last of
these blocks that is still on the chain.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from dcai.chain.collect.claims import Claim
from dcai.chain.rpc.events import Contribution
from dcai.errors import DataError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from dcai.chain.collect.claims import FoundClaim
    from dcai.chain.rpc.logs import PlacedLog

__all__ = ["Store", "StoredContribution"]

_VERSION = 1
#: Labels, amounts and shares may be beyond SQLite's integers, so they are text.
_TABLES = """
CREATE TABLE IF NOT EXISTS identity (text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (block INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS contributions (
    block INTEGER, log INTEGER, block_hash TEXT, transaction_index INTEGER, "transaction" TEXT,
    data BLOB, label TEXT, time INTEGER, sender TEXT, cost_wei TEXT, key BLOB, PRIMARY KEY (block, log)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sponsors (block INTEGER, "transaction" TEXT, key BLOB, sponsor TEXT);
CREATE TABLE IF NOT EXISTS claims (
    block INTEGER, log INTEGER, key BLOB, kind TEXT, recipient TEXT, amount_wei TEXT, time INTEGER,
    "transaction" TEXT, PRIMARY KEY (block, log)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contributions_by_key ON contributions (key);
CREATE INDEX IF NOT EXISTS sponsors_by_transaction ON sponsors ("transaction", key);
CREATE INDEX IF NOT EXISTS claims_by_key ON claims (key);
"""
_NEVER = ((1 << 63) - 1, 0)
_CLAIM_COLUMNS = 'kind, recipient, amount_wei, time, block, log, "transaction"'


class StoredContribution(NamedTuple):
    """A contribution, its place on the chain, its sponsor if any, and the claims attributed to it."""

    contribution: Contribution
    block_number: int
    block_hash: str
    transaction_index: int
    key: bytes
    sponsor: str | None
    claims: tuple[Claim, ...]


class Store:
    """Contributions, sponsors and claims.

    Parameters
    ----------
    path : path or None
        The file, which may be there from a run that was interrupted; None is a file that vanishes when it is closed.
    identity : mapping
        Identity of the collection; a file with another identity is refused.

    Raises
    ------
    InputError
        The file is of something else, or is in use.
    DataError
        The file is none of this kind, or is damaged.
    """

    def __init__(self, path: str | os.PathLike[str] | None, identity: Mapping[str, object]) -> None:
        self._path = path
        text = json.dumps({"version": _VERSION, **identity}, sort_keys=True)
        with self._named_errors():
            # What another run holds is in use; to wait for it would be to wait for a download.
            self._database = sqlite3.connect(path or "", timeout=0)
        #: Let go of the file; also done when nobody refers to the store any more.
        self.close = weakref.finalize(self, self._database.close)
        try:
            with self._named_errors():
                self._open(text)
        except BaseException:
            self.close()
            raise

    def _open(self, text: str) -> None:
        self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._database.executescript(f"BEGIN EXCLUSIVE; {_TABLES} COMMIT;")
        found = self._database.execute("SELECT text FROM identity").fetchone()
        if found is None:
            with self._database:
                self._database.execute("INSERT INTO identity VALUES (?)", (text,))
        elif found[0] != text:
            raise InputError(
                f"{self._path} belongs to a run with other arguments, {found[0]} instead of {text}: pass the "
                "same arguments, or delete it"
            )

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            name = self._path or "the temporary file"
            raise InputError(
                f"{name} cannot be used: {error}; is the disk full, or does another run use it?"
            ) from error
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"{self._path} is not what a run that was interrupted leaves, or is damaged: {error}; delete it to "
                "start anew"
            ) from error

    def checkpoints(self) -> list[tuple[int, bytes]]:
        """Return number and hash of the last block of each range, newest first."""
        return self._database.execute("SELECT block, hash FROM checkpoints ORDER BY block DESC").fetchall()

    def rewind(self, number: int) -> None:
        """Delete entries of later blocks."""
        with self._named_errors(), self._database:
            for table in ("checkpoints", "contributions", "sponsors", "claims"):
                self._database.execute(f"DELETE FROM {table} WHERE block > ?", (number,))

    def add(
        self,
        number: int,
        block_hash: bytes,
        contributions: Iterable[tuple[PlacedLog, Contribution, bytes]],
        sponsors: Iterable[tuple[PlacedLog, bytes, str]],
        claims: Iterable[FoundClaim],
    ) -> None:
        """Add the entries of a range of blocks atomically.

        Parameters
        ----------
        number, block_hash : int, bytes
            Of the last block.
        contributions : iterable of (PlacedLog, Contribution, key)
            Those of these blocks.
        sponsors : iterable of (PlacedLog, key, address)
            Who paid for another.
        claims : iterable of FoundClaim
            Refunds and reports.
        """
        added = [
            (
                *(log.block_number, log.index, log.block_hash, log.transaction_index, log.transaction),
                *(array("q", one.data).tobytes(), str(one.label), one.time, one.sender, str(one.cost_wei), key),
            )
            for log, one, key in contributions
        ]
        paid = [(log.block_number, log.transaction, key, sponsor) for log, key, sponsor in sponsors]
        claimed = [
            (c.block_number, c.log_index, key, c.kind, c.recipient, str(c.amount_wei), c.time, c.transaction)
            for c, key in claims
        ]
        with self._named_errors(), self._database as database:
            database.executemany("INSERT INTO contributions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", added)
            database.executemany("INSERT INTO sponsors VALUES (?, ?, ?, ?)", paid)
            database.executemany("INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?)", claimed)
            database.execute("INSERT INTO checkpoints VALUES (?, ?)", (number, block_hash))

    def count(self) -> int:
        """Return the number of contributions."""
        return int(self._database.execute("SELECT count(*) FROM contributions").fetchone()[0])

    def contributions(self) -> Iterator[StoredContribution]:
        """Yield all contributions in the order of the chain."""
        rows = self._database.execute("SELECT * FROM contributions ORDER BY block, log")
        for block, log, block_hash, index, transaction, data, label, time, sender, cost, key in rows:
            contribution = Contribution(tuple(array("q", data)), int(label), time, sender, int(cost), transaction, log)
            claims = self._claims((block, log), key)
            yield StoredContribution(
                contribution, block, block_hash, index, key, self._sponsor(transaction, key), claims
            )

    def _sponsor(self, transaction: str, key: bytes) -> str | None:
        query = 'SELECT sponsor FROM sponsors WHERE "transaction" = ? AND key = ?'
        found = self._database.execute(query, (transaction, key)).fetchone()
        return None if found is None else str(found[0])

    def _claims(self, place: tuple[int, int], key: bytes) -> tuple[Claim, ...]:
        """Return the claims between a contribution and the next one with the same key, which replaces its record."""
        following = self._database.execute(
            "SELECT block, log FROM contributions WHERE key = ? AND (block, log) > (?, ?) ORDER BY block, log LIMIT 1",
            (key, *place),
        ).fetchone()
        rows = self._database.execute(
            f"SELECT {_CLAIM_COLUMNS} FROM claims WHERE key = ? AND (block, log) > (?, ?) AND (block, log) < (?, ?) "
            "ORDER BY block, log",
            (key, *place, *(following or _NEVER)),
        )
        return tuple(map(_claim, rows))

    def unattributed(self) -> list[Claim]:
        """Return the claims whose contribution is unknown."""
        rows = self._database.execute(f"SELECT {_CLAIM_COLUMNS} FROM claims WHERE key IS NULL ORDER BY block, log")
        return list(map(_claim, rows))


def _claim(row: tuple[str, str, str, int, int, int, str]) -> Claim:
    return Claim(row[0], row[1], int(row[2]), *row[3:])
