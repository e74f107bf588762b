"""The SQLite file under the spool: opened, locked, written whole or not at all, set aside if bad.

Knows what rows there are, and not what they mean. Nothing newer than SQLite 3.7.17 is used.
"""

import os
import sqlite3
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, TypeVar

from agent.errors import SpoolInUseError, SpoolWriteError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    gap_from INTEGER,
    gap_from_at_ms INTEGER,
    size INTEGER NOT NULL,
    text TEXT NOT NULL
);
"""

_INSERT = "INSERT OR REPLACE INTO events VALUES (?, ?, ?, ?, ?, ?)"
_ROWS = (
    "SELECT sequence, at_ms, gap_from, gap_from_at_ms, size FROM events"
    " WHERE sequence > ? ORDER BY sequence"
)

Result = TypeVar("Result")


class SpoolRow(NamedTuple):
    """One event on disk, without its text. The two `gap_` columns are None unless it is a gap."""

    sequence: int
    at_ms: int
    gap_from: Optional[int]
    gap_from_at_ms: Optional[int]
    size: int


class SpoolFile(object):
    """One open file. Not to be used by two threads at once."""

    def __init__(self, path: str) -> None:
        """Opens nothing yet."""
        self._path = path
        self._database: sqlite3.Connection

    def open(self) -> None:
        """Opens or makes the file and takes its lock. Raises what `guarded` reads."""
        self._database = sqlite3.connect(
            self._path, timeout=0.2, isolation_level=None, check_same_thread=False
        )
        # The lock is kept from here to `close`: two collectors must not share a sequence.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL"):
            self.execute("PRAGMA " + pragma).fetchall()
        if self.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("quick_check failed")
        self._database.executescript("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT;")

    def close(self) -> None:
        """Lets go of the file and its lock."""
        self._database.close()

    def execute(self, statement: str, values: Sequence[object] = ()) -> Any:
        """A cursor over the result of one statement."""
        return self._database.execute(statement, values)

    def meta(self, key: str, default: str) -> str:
        """The value of a key of `meta`; the default is stored if there is none."""
        self.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, default))
        return str(self.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])

    def set_meta(self, key: str, value: str) -> None:
        """Changes the value of a key that is there."""
        self.execute("UPDATE meta SET value = ? WHERE key = ?", (value, key))

    def put(self, row: SpoolRow, text: str) -> None:
        """Adds a row, or replaces the one with its sequence."""
        self.execute(_INSERT, (*row, text))

    def row(self, sequence: int) -> Optional[SpoolRow]:
        """The row with that sequence, if there is one."""
        oldest = self.oldest(sequence - 1)
        return oldest if oldest is not None and oldest.sequence == sequence else None

    def rows(self, after: int) -> Iterator[SpoolRow]:
        """The rows with higher sequences, in order."""
        return (SpoolRow(*row) for row in self.execute(_ROWS, (after,)))

    def oldest(self, after: int) -> Optional[SpoolRow]:
        """The first of `rows`, if there is one."""
        row = self.execute(_ROWS + " LIMIT 1", (after,)).fetchone()
        return None if row is None else SpoolRow(*row)

    def texts(self, after: int, most: int) -> List[Tuple[int, str, int, bool]]:
        """Sequence, text, size and whether it is a gap of up to so many rows, in order."""
        return list(
            self.execute(
                "SELECT sequence, text, size, gap_from IS NOT NULL FROM events"
                " WHERE sequence > ? ORDER BY sequence LIMIT ?",
                (after, most),
            )
        )

    def weigh(self, after: int, to: int) -> Tuple[int, int]:
        """How many rows there are from the sequence behind `after` up to `to`, and their size."""
        count, size = self.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM events"
            " WHERE sequence > ? AND sequence <= ?",
            (after, to),
        ).fetchone()
        return int(count), int(size)

    def delete(self, to: int) -> None:
        """Deletes the rows up to that sequence."""
        self.execute("DELETE FROM events WHERE sequence <= ?", (to,))

    def in_transaction(self, work: Callable[[], Result]) -> Result:
        """Runs the work; on disk when this returns, undone when it raises."""
        with self._database:
            self.execute("BEGIN IMMEDIATE")
            return work()

    def reuse_log(self) -> None:
        """Empties the write-ahead log into the file, so that the next write needs no new space."""
        self.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()

    def set_aside(self, now_ms: int) -> int:
        """Renames the file, which is never read again, and opens a new one in its place.

        Returns when the old one was last written, in milliseconds since the epoch.
        """
        self.close()
        last_written_ms = now_ms
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self._path + suffix):
                last_written_ms = int(os.path.getmtime(self._path + suffix) * 1000)
                aside = "{}.damaged-{}{}".format(self._path, now_ms, suffix)
                os.replace(self._path + suffix, aside)
        self.open()
        return last_written_ms

    def guarded(self, work: Callable[[], Result], renew: Callable[[], None]) -> Result:
        """Runs the work; if the file turns out to be damaged, renews it and runs the work again.

        Raises SpoolInUseError if another process has the file, SpoolWriteError if it cannot be used
        for now.
        """
        try:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                renew()
                return work()
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                text = "another collector uses the spool " + self._path
                raise SpoolInUseError(text) from error
            text = "cannot use the spool {}: {}".format(self._path, error)
            raise SpoolWriteError(text) from error


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite says that the file is no sound database, and not merely unusable for now.

    The exact class tells: its subclasses are for locks, full disks and our own mistakes.
    """
    return type(error) is sqlite3.DatabaseError
