"""The disk buffer between AMI and the network: an SQLite file.

Format: table `events` holds each event that is not yet acknowledged, by its sequence, as the JSON
text that goes into a batch; table `meta` holds the spool's id (a new one per file), the last
sequence given and when AMI was last heard. Nothing newer than SQLite 3.7.17 is used.

Invariants:
- `append` returns when its events are on disk (`synchronous=FULL`, one commit); only then does
  anyone read them. What was acknowledged leaves the file with the next commit: after a crash in
  between it is sent again, which is harmless.
- Sequences grow by one without a hole, over restarts too. Events that had to be dropped are named
  by a `gap` event that takes the place of the last of them.
- The file is bounded: over `max_bytes` of event text the oldest go (reason `spool_full`), and the
  gap that stands for them is the oldest one left. A file that has grown is reused, not shrunk.
- A file that SQLite calls damaged is set aside, never read again and never deleted; a new spool
  begins with a gap (reason `damaged`).
"""

import os
import sqlite3
import threading
import uuid
from typing import Any, Callable, Iterable, List, NamedTuple, Optional, Tuple, TypeVar

from agent.envelope import encode_event, gap
from agent.errors import SpoolInUseError, SpoolWriteError
from agent.event import Event

# When full, room is made for more than one event at a time.
_KEPT_SHARE_WHEN_FULL = 0.95
_GAP_BYTES = 300  # the text of a gap, generously
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

_OLDEST = (
    "SELECT sequence, at_ms, gap_from, gap_from_at_ms, size FROM events"
    " WHERE sequence > ? ORDER BY sequence"
)

Result = TypeVar("Result")


class SpooledEvent(NamedTuple):
    """One event that waits for delivery, as the text it has in a batch."""

    sequence: int
    text: str


class SpooledBatch(NamedTuple):
    """The oldest events of a spool, in order; maybe none."""

    spool_id: str
    events: List[SpooledEvent]


class Spool(object):
    """The spool in one file. Every method may be called from any thread."""

    def __init__(self, path: str, max_bytes: int, now_ms: int, spool_id: str = "") -> None:
        """Opens or makes the file, with a random id if none is given.

        Raises SpoolInUseError if another process has it, SpoolWriteError if it cannot be written.
        """
        self._path = path
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._available = threading.Condition(self._lock)
        self._events = 0
        self._bytes = 0
        self._sequence = 0
        self._heard_ms = 0
        self._arrived = 0
        self._has_arrived = False
        self.damaged_files = 0
        self.dropped_events = 0
        with self._lock:
            self._open(now_ms, spool_id or str(uuid.uuid4()))

    def append(self, events: Iterable[Event]) -> None:
        """Stores events in order, all or none. Raises SpoolWriteError."""
        stored = list(events)
        if not stored:
            return
        with self._lock:
            self._write(lambda: self._append(stored), stored[-1].at_ms)
            self._available.notify_all()

    def read(self, max_events: int, max_bytes: int) -> SpooledBatch:
        """The oldest events, in order: as many as fit both limits, but at least one if any."""
        with self._lock:
            return self._guarded(lambda: self._read(max_events, max_bytes), 0)

    def wait(self, timeout_s: float) -> None:
        """Returns when an event is there to read, or `wake` was called, or after the time."""
        with self._lock:
            if not self._events:
                self._available.wait(timeout_s)

    def wake(self) -> None:
        """Ends every `wait`."""
        with self._lock:
            self._available.notify_all()

    def acknowledge(self, spool_id: str, sequence: int) -> None:
        """Everything up to and with `sequence` has arrived and leaves the spool.

        Does nothing if the file has been replaced since it was read.
        """
        with self._lock:
            if spool_id == self._id:
                self._guarded(lambda: self._acknowledge(sequence), 0)

    def refuse(self, spool_id: str, sequence: int) -> bool:
        """The event can never be delivered: a gap (reason `refused`) takes its place.

        False if it stands for others already: a gap is never given up.
        """
        with self._lock:
            return self._write(lambda: self._refuse(spool_id, sequence), 0)

    def close(self) -> None:
        """Releases the file. The spool cannot be used any more. Raises SpoolWriteError."""
        with self._lock:
            if self._has_arrived:
                self._write(lambda: None, 0)
            self._database.close()

    @property
    def spool_id(self) -> str:
        """The UUID of the present file."""
        return self._id

    @property
    def events(self) -> int:
        """How many events wait."""
        return self._events

    @property
    def size_bytes(self) -> int:
        """Size of the texts of all events that wait."""
        return self._bytes

    @property
    def heard_ms(self) -> int:
        """Time of the last event that AMI or queue_log told; 0 if there never was one."""
        return self._heard_ms

    def _open(self, now_ms: int, spool_id: str) -> None:
        try:
            try:
                self._connect(spool_id)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._set_aside(now_ms)
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: sqlite3.OperationalError) -> Exception:
        if "locked" in str(error):
            return SpoolInUseError("another collector uses the spool " + self._path)
        return SpoolWriteError("cannot use the spool {}: {}".format(self._path, error))

    def _connect(self, spool_id: str) -> None:
        self._database = sqlite3.connect(
            self._path, timeout=0.2, isolation_level=None, check_same_thread=False
        )
        # The lock is kept from here to `close`: two collectors must not share a sequence.
        for pragma in (
            "locking_mode=EXCLUSIVE",
            "journal_mode=WAL",
            "synchronous=FULL",
        ):
            self._database.execute("PRAGMA " + pragma).fetchall()
        if self._database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("quick_check failed")
        self._database.executescript("BEGIN IMMEDIATE;" + _SCHEMA + "COMMIT;")
        self._id = self._meta("spool", spool_id)
        self._arrived, self._has_arrived = 0, False
        self._sequence = int(self._meta("sequence", "0"))
        self._heard_ms = int(self._meta("heard_ms", "0"))
        totals = self._database.execute("SELECT count(*), coalesce(sum(size), 0) FROM events")
        self._events, self._bytes = totals.fetchone()

    def _meta(self, key: str, default: str) -> str:
        self._database.execute("INSERT OR IGNORE INTO meta VALUES (?, ?)", (key, default))
        row = self._database.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0])

    def _set_aside(self, now_ms: int) -> None:
        self.damaged_files += 1
        self._database.close()
        last_written_ms = now_ms
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(self._path + suffix):
                last_written_ms = int(os.path.getmtime(self._path + suffix) * 1000)
                aside = "{}.damaged-{}{}".format(self._path, now_ms, suffix)
                os.replace(self._path + suffix, aside)
        self._connect(str(uuid.uuid4()))
        self._in_transaction(lambda: self._begin_with_gap(last_written_ms, now_ms))

    def _begin_with_gap(self, from_at_ms: int, to_at_ms: int) -> None:
        self._sequence += 1
        self._put_gap(self._sequence, self._sequence, from_at_ms, to_at_ms, "damaged")
        self._store_meta()

    def _write(self, work: Callable[[], Result], now_ms: int) -> Result:
        return self._guarded(lambda: self._in_transaction(work), now_ms)

    def _guarded(self, work: Callable[[], Result], now_ms: int) -> Result:
        """Runs one piece of work; after damage once more, in a new file."""
        try:
            try:
                return work()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._set_aside(now_ms or self._heard_ms)
                return work()
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error

    def _in_transaction(self, work: Callable[[], Result]) -> Result:
        before = (self._events, self._bytes, self._sequence, self._heard_ms, self.dropped_events)
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                if self._has_arrived:
                    arrived = (self._arrived,)
                    self._database.execute("DELETE FROM events WHERE sequence <= ?", arrived)
                result = work()
        except BaseException:
            self._events, self._bytes, self._sequence, self._heard_ms = before[:4]
            self.dropped_events = before[4]
            raise
        self._has_arrived = False
        return result

    def _append(self, events: List[Event]) -> None:
        for event in events:
            self._sequence += 1
            self._put(self._sequence, event, None)
            if event.kind in ("ami", "queue_log"):
                self._heard_ms = max(self._heard_ms, event.at_ms)
        self._store_meta()
        if self._bytes > self._max_bytes:
            self._drop_oldest()

    def _store_meta(self) -> None:
        self._database.executemany(
            "UPDATE meta SET value = ? WHERE key = ?",
            [(str(self._sequence), "sequence"), (str(self._heard_ms), "heard_ms")],
        )

    def _put(self, sequence: int, event: Event, gap_start: Optional[Tuple[int, int]]) -> None:
        text = encode_event(sequence, event)
        from_, from_at_ms = gap_start or (None, None)
        size = len(text.encode("utf-8"))
        row = (sequence, event.at_ms, from_, from_at_ms, size, text)
        self._database.execute(_INSERT, row)
        self._events += 1
        self._bytes += size

    def _drop_oldest(self) -> None:
        goal = int(self._max_bytes * _KEPT_SHARE_WHEN_FULL) - _GAP_BYTES
        first: Any = None
        last: Any = None
        bytes_left = self._bytes
        for row in self._database.execute(_OLDEST, (self._arrived,)):
            if bytes_left <= goal or row[0] == self._sequence:
                break
            bytes_left -= row[4]
            first, last = first or row, row
        if last is None:
            return
        from_, from_at_ms = (first[2], first[3]) if first[2] is not None else first[:2]
        removed = self._leave(last[0])
        self._database.execute("DELETE FROM events WHERE sequence <= ?", (last[0],))
        self.dropped_events += removed if first[2] is None else removed - 1
        self._put_gap(from_, last[0], from_at_ms, last[1], "spool_full")

    def _put_gap(self, from_: int, to: int, from_at_ms: int, to_at_ms: int, reason: str) -> None:
        self._put(to, gap(from_, to, from_at_ms, to_at_ms, reason), (from_, from_at_ms))

    def _read(self, max_events: int, max_bytes: int) -> SpooledBatch:
        events: List[SpooledEvent] = []
        rows = self._database.execute(
            "SELECT sequence, text, size FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (self._arrived, max_events),
        )
        for sequence, text, size in rows:
            max_bytes -= size
            if events and max_bytes < 0:
                break
            events.append(SpooledEvent(sequence, text))
        return SpooledBatch(self._id, events)

    def _acknowledge(self, sequence: int) -> None:
        self._leave(sequence)
        self._arrived, self._has_arrived = max(sequence, self._arrived), True
        oldest = self._database.execute(_OLDEST + " LIMIT 1", (self._arrived,)).fetchone()
        if oldest is not None and oldest[2] is not None and oldest[2] <= sequence:
            self._in_transaction(lambda: self._shorten(oldest, sequence))

    def _shorten(self, oldest_gap: Any, sequence: int) -> None:
        """Events dropped while they were on their way have arrived: they are no gap."""
        to, to_at_ms, _, from_at_ms, size = oldest_gap
        self._events -= 1
        self._bytes -= size
        self._put_gap(sequence + 1, to, from_at_ms, to_at_ms, "spool_full")

    def _leave(self, sequence: int) -> int:
        """Takes events up to that one out of the totals; returns how many they were."""
        count, size = self._database.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM events"
            " WHERE sequence > ? AND sequence <= ?",
            (self._arrived, sequence),
        ).fetchone()
        self._events -= count
        self._bytes -= size
        return int(count)

    def _refuse(self, spool_id: str, sequence: int) -> bool:
        row = self._database.execute(
            "SELECT at_ms, gap_from, size FROM events WHERE sequence = ?", (sequence,)
        ).fetchone()
        if spool_id != self._id or row is None:
            return True
        at_ms, gap_from, size = row
        if gap_from is not None:
            return False
        self._events -= 1
        self._bytes -= size
        self._put_gap(sequence, sequence, at_ms, at_ms, "refused")
        self.dropped_events += 1
        return True


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether SQLite says that the file is no sound database, and not merely unusable for now.

    The exact class tells: its subclasses are for locks, full disks and our own mistakes.
    """
    return type(error) is sqlite3.DatabaseError
