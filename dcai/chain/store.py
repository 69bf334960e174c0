"""The store in which contributions are collected: a SQLite file, so that collecting can be interrupted and go on.

Each range of blocks goes in as a whole, with the hash of its last block. Whoever goes on goes back to the last of
these blocks that is still on the chain.
"""

from __future__ import annotations

import json
import sqlite3
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dcai.chain.claims import Claim
from dcai.chain.trainer import Added
from dcai.errors import DataError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from dcai.chain.claims import FoundClaim

__all__ = ["Place", "Store", "StoredContribution"]

_VERSION = 1
#: Labels, amounts and shares may be beyond SQLite's integers, so they are text.
_TABLES = """
CREATE TABLE IF NOT EXISTS identity (text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (block INTEGER PRIMARY KEY, hash BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS contributions (
    block INTEGER, log INTEGER, block_hash BLOB, transaction_hash BLOB, transaction_index INTEGER,
    data BLOB, label TEXT, time INTEGER, author TEXT, cost_wei TEXT, key BLOB, PRIMARY KEY (block, log)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sponsors (transaction_hash BLOB, key BLOB, block INTEGER, sponsor TEXT);
CREATE TABLE IF NOT EXISTS claims (
    block INTEGER, log INTEGER, key BLOB, kind TEXT, recipient TEXT, amount_wei TEXT, time INTEGER,
    transaction_hash TEXT, PRIMARY KEY (block, log)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS contributions_by_key ON contributions (key);
CREATE INDEX IF NOT EXISTS sponsors_by_transaction ON sponsors (transaction_hash, key);
CREATE INDEX IF NOT EXISTS claims_by_key ON claims (key);
"""
_NEVER = ((1 << 63) - 1, 0)
_CLAIM_COLUMNS = "kind, recipient, amount_wei, time, block, log, transaction_hash"


class Place(NamedTuple):
    """Where on the chain the event of a contribution is."""

    block_number: int
    log_index: int
    block_hash: bytes
    transaction_hash: bytes
    transaction_index: int


class StoredContribution(NamedTuple):
    """A contribution, who paid for it where that is another, and the claims of which it is known that they are its."""

    place: Place
    added: Added
    sponsor: str | None
    claims: tuple[Claim, ...]


class Store:
    """Contributions, sponsors and claims.

    Parameters
    ----------
    path : path or None
        The file, which may be there from a run that was interrupted; None is a file that vanishes when it is closed.
    identity : mapping
        Of what is collected: a file of something else is refused.

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
                f"{self._path} is of a run that asked for something else, {found[0]} and not {text}: go on with the "
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
        """Return number and hash of the blocks at which ranges ended, the last first."""
        return self._database.execute("SELECT block, hash FROM checkpoints ORDER BY block DESC").fetchall()

    def rewind(self, number: int) -> None:
        """Forget what is of later blocks than this one."""
        with self._named_errors(), self._database:
            for table in ("checkpoints", "contributions", "sponsors", "claims"):
                self._database.execute(f"DELETE FROM {table} WHERE block > ?", (number,))

    def add(
        self,
        number: int,
        block_hash: bytes,
        contributions: Sequence[tuple[Place, Added]],
        sponsors: Sequence[tuple[Place, bytes, str]],
        claims: Sequence[FoundClaim],
    ) -> None:
        """Add what is of a range of blocks, all of it or nothing.

        Parameters
        ----------
        number, block_hash : int, bytes
            Of the last block.
        contributions : sequence of (Place, Added)
            Those of these blocks.
        sponsors : sequence of (Place, key, address)
            Who paid for another.
        claims : sequence of FoundClaim
            Refunds and reports.
        """
        database = self._database
        with self._named_errors(), database:
            database.executemany(
                "INSERT INTO contributions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (*place, a.data.astype("<i8").tobytes(), str(a.label), a.time, a.author, str(a.cost_wei), a.key)
                    for place, a in contributions
                ),
            )
            database.executemany(
                "INSERT INTO sponsors VALUES (?, ?, ?, ?)",
                ((place.transaction_hash, key, place.block_number, sponsor) for place, key, sponsor in sponsors),
            )
            database.executemany(
                "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        c.block_number,
                        c.log_index,
                        key,
                        c.kind,
                        c.recipient,
                        str(c.amount_wei),
                        c.time,
                        c.transaction_hash,
                    )
                    for c, key in claims
                ),
            )
            database.execute("INSERT INTO checkpoints VALUES (?, ?)", (number, block_hash))

    def count(self) -> int:
        """Return the number of contributions."""
        return int(self._database.execute("SELECT count(*) FROM contributions").fetchone()[0])

    def contributions(self) -> Iterator[StoredContribution]:
        """Yield all contributions in the order of the chain."""
        rows = self._database.execute("SELECT * FROM contributions ORDER BY block, log")
        for *place, data, label, time, author, cost, key in rows:
            added = Added(np.frombuffer(data, "<i8").astype(np.int64), int(label), time, author, int(cost), key)
            where = Place(*place)
            yield StoredContribution(where, added, self._sponsor(where, key), self._claims(where, key))

    def _sponsor(self, place: Place, key: bytes) -> str | None:
        found = self._database.execute(
            "SELECT sponsor FROM sponsors WHERE transaction_hash = ? AND key = ?", (place.transaction_hash, key)
        ).fetchone()
        return None if found is None else str(found[0])

    def _claims(self, place: Place, key: bytes) -> tuple[Claim, ...]:
        """Return the claims after a contribution, and before another with its key, which takes its record."""
        here = (place.block_number, place.log_index)
        following = self._database.execute(
            "SELECT block, log FROM contributions WHERE key = ? AND (block, log) > (?, ?) ORDER BY block, log LIMIT 1",
            (key, *here),
        ).fetchone()
        rows = self._database.execute(
            f"SELECT {_CLAIM_COLUMNS} FROM claims WHERE key = ? AND (block, log) > (?, ?) AND (block, log) < (?, ?) "
            "ORDER BY block, log",
            (key, *here, *(following or _NEVER)),
        )
        return tuple(map(_claim, rows))

    def unattributed(self) -> list[Claim]:
        """Return the claims of which it is not known whose they are."""
        rows = self._database.execute(f"SELECT {_CLAIM_COLUMNS} FROM claims WHERE key IS NULL ORDER BY block, log")
        return list(map(_claim, rows))


def _claim(row: tuple[str, str, str, int, int, int, str]) -> Claim:
    return Claim(row[0], row[1], int(row[2]), *row[3:])
