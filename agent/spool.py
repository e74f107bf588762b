"""The disk buffer between AMI and the network: an SQLite file.

Format: table `events` holds each event that is not yet acknowledged, by its sequence, as the JSON
text that goes into a batch; table `meta` holds the spool's id (a new one per file), the last
sequence given and when AMI was last heard.

Invariants:
- `append` returns when its events are on disk (`synchronous=FULL`, one commit); only then does
  anyone read them. What was acknowledged leaves the file with the next commit: after a crash in
  between it is sent again, which is harmless.
- Sequences grow by one without a hole, over restarts too. Events that had to be dropped are named
  by a `gap` event that takes the place of the last of them.
- The file is bounded: over `max_bytes` of event text the oldest go (reason `spool_full`), and the
  gap that stands for them is the oldest one left. A file that has grown is reused, not shrunk.
- A disk without space drops nothing by itself: `append` raises, and may be tried again. Only
  `make_room` lets the oldest go (reason `disk_full`), whose place in the file is then used. Where
  not even the log beside the file can be written, what is on disk is still read and delivered.
- A file that SQLite calls damaged is set aside, never read again and never deleted; a new spool
  begins with a gap (reason `damaged`).
"""

import threading
import uuid
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple, TypeVar

from agent.envelope import encode_event, gap
from agent.errors import SpoolWriteError
from agent.event import Event
from agent.spool_file import SpoolFile, SpoolRow
from agent.spool_totals import DAMAGED, DISK_FULL, REFUSED, SPOOL_FULL, SpoolTotals

# When full, room is made for more than one event at a time.
_KEPT_SHARE_WHEN_FULL = 0.95
_GAP_BYTES = 300  # the text of a gap, generously
_ROOM_PER_BYTE = 1.5  # of text: what SQLite adds, generously

Result = TypeVar("Result")


class SpooledEvent(NamedTuple):
    """One event that waits for delivery, as the text it has in a batch.

    `is_gap`: it stands for events that were dropped.
    """

    sequence: int
    text: str
    is_gap: bool


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
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._available = threading.Condition(self._lock)
        self._file = SpoolFile(path)
        self._totals = SpoolTotals()
        self._arrived = 0
        self._has_arrived = False
        self.damaged_files = 0
        with self._lock:
            self._file.guarded(
                lambda: self._open(spool_id or str(uuid.uuid4())), lambda: self._renew(now_ms)
            )

    def append(self, events: Iterable[Event]) -> None:
        """Stores events in order, all or none. Raises SpoolWriteError."""
        stored = list(events)
        if not stored:
            return
        with self._lock:
            try:
                self._write(lambda: self._append(stored), stored[-1].at_ms)
            except SpoolWriteError:
                # The file may have room where the log, which grows beside it, has none.
                self._guarded(self._file.reuse_log, 0)
                self._write(lambda: self._append(stored), stored[-1].at_ms)
            self._available.notify_all()

    def make_room(self, events: Iterable[Event]) -> None:
        """Lets as many of the oldest go as these need, for there is no space on disk.

        Raises SpoolWriteError if not even that can be written.
        """
        needed = sum(len(encode_event(0, event).encode("utf-8")) for event in events)
        with self._lock:
            freed = max(needed * _ROOM_PER_BYTE, self._totals.bytes * (1 - _KEPT_SHARE_WHEN_FULL))
            kept = self._totals.bytes - int(freed)
            self._write(lambda: self._drop_oldest(kept, DISK_FULL), 0)

    def read(self, max_events: int, max_bytes: int) -> SpooledBatch:
        """The oldest events, in order: as many as fit both limits, but at least one if any."""
        with self._lock:
            return self._guarded(lambda: self._read(max_events, max_bytes), 0)

    def wait(self, timeout_s: float) -> None:
        """Returns when an event is there to read, or `wake` was called, or after the time."""
        with self._lock:
            if not self._totals.events:
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
            self._file.close()

    @property
    def spool_id(self) -> str:
        """The UUID of the present file."""
        return self._id

    @property
    def events(self) -> int:
        """How many events wait."""
        return self._totals.events

    @property
    def size_bytes(self) -> int:
        """Size of the texts of all events that wait."""
        return self._totals.bytes

    @property
    def heard_ms(self) -> int:
        """Time of the last event that AMI or queue_log told; 0 if there never was one."""
        return self._totals.heard_ms

    @property
    def dropped(self) -> Dict[str, int]:
        """Events dropped since the start, by reason: `spool_full`, `disk_full`, `refused`."""
        return self._totals.dropped

    def oldest_ms(self) -> Optional[int]:
        """Time of the oldest event that waits; None if none does. Raises SpoolWriteError."""
        with self._lock:
            oldest = self._guarded(lambda: self._file.oldest(self._arrived), 0)
        return None if oldest is None else oldest.at_ms

    def _open(self, spool_id: str) -> None:
        if self.damaged_files == 0:  # else `_renew` has opened another file already
            self._file.open()
            self._read_totals(spool_id)

    def _renew(self, now_ms: int) -> None:
        """Begins anew with a gap, in place of a damaged file."""
        self.damaged_files += 1
        last_written_ms = self._file.set_aside(now_ms)
        self._read_totals(str(uuid.uuid4()))
        self._in_transaction(lambda: self._begin_with_gap(last_written_ms, now_ms))

    def _read_totals(self, spool_id: str) -> None:
        self._id = self._file.meta("spool", spool_id)
        self._arrived, self._has_arrived = 0, False
        totals = self._totals
        totals.sequence = int(self._file.meta("sequence", "0"))
        totals.heard_ms = int(self._file.meta("heard_ms", "0"))
        totals.events, totals.bytes = self._file.weigh(0, totals.sequence)

    def _begin_with_gap(self, from_at_ms: int, to_at_ms: int) -> None:
        self._totals.sequence += 1
        sequence = self._totals.sequence
        self._put_gap(sequence, sequence, from_at_ms, to_at_ms, DAMAGED)
        self._store_meta()

    def _write(self, work: Callable[[], Result], now_ms: int) -> Result:
        return self._guarded(lambda: self._in_transaction(work), now_ms)

    def _guarded(self, work: Callable[[], Result], now_ms: int) -> Result:
        return self._file.guarded(work, lambda: self._renew(now_ms or self._totals.heard_ms))

    def _in_transaction(self, work: Callable[[], Result]) -> Result:
        before = self._totals.copy()

        def delete_and_work() -> Result:
            if self._has_arrived:
                self._file.delete(self._arrived)
            return work()

        try:
            result = self._file.in_transaction(delete_and_work)
        except BaseException:
            self._totals = before
            raise
        self._has_arrived = False
        return result

    def _append(self, events: List[Event]) -> None:
        totals = self._totals
        for event in events:
            totals.sequence += 1
            self._put(totals.sequence, event, None)
            if event.kind in ("ami", "queue_log"):
                totals.heard_ms = max(totals.heard_ms, event.at_ms)
        self._store_meta()
        if totals.bytes > self._max_bytes:
            self._drop_oldest(int(self._max_bytes * _KEPT_SHARE_WHEN_FULL), SPOOL_FULL)

    def _store_meta(self) -> None:
        self._file.set_meta("sequence", str(self._totals.sequence))
        self._file.set_meta("heard_ms", str(self._totals.heard_ms))

    def _put(self, sequence: int, event: Event, gap_start: Optional[Tuple[int, int]]) -> None:
        text = encode_event(sequence, event)
        from_, from_at_ms = gap_start or (None, None)
        size = len(text.encode("utf-8"))
        self._file.put(SpoolRow(sequence, event.at_ms, from_, from_at_ms, size), text)
        self._totals.events += 1
        self._totals.bytes += size

    def _drop_oldest(self, kept_bytes: int, reason: str) -> None:
        first: Optional[SpoolRow] = None
        last: Optional[SpoolRow] = None
        bytes_left = self._totals.bytes
        for row in self._file.rows(self._arrived):
            if bytes_left <= kept_bytes - _GAP_BYTES or row.sequence == self._totals.sequence:
                break
            bytes_left -= row.size
            first, last = first or row, row
        if first is None or last is None:
            return
        removed = self._leave(last.sequence)
        self._file.delete(last.sequence)
        from_, from_at_ms = first.sequence, first.at_ms
        if first.gap_from is not None and first.gap_from_at_ms is not None:
            from_, from_at_ms = first.gap_from, first.gap_from_at_ms
            removed -= 1
        self._totals.dropped[reason] += removed
        self._put_gap(from_, last.sequence, from_at_ms, last.at_ms, reason)

    def _put_gap(self, from_: int, to: int, from_at_ms: int, to_at_ms: int, reason: str) -> None:
        self._put(to, gap(from_, to, from_at_ms, to_at_ms, reason), (from_, from_at_ms))

    def _read(self, max_events: int, max_bytes: int) -> SpooledBatch:
        events: List[SpooledEvent] = []
        for sequence, text, size, is_gap in self._file.texts(self._arrived, max_events):
            max_bytes -= size
            if events and max_bytes < 0:
                break
            events.append(SpooledEvent(sequence, text, bool(is_gap)))
        return SpooledBatch(self._id, events)

    def _acknowledge(self, sequence: int) -> None:
        self._leave(sequence)
        self._arrived, self._has_arrived = max(sequence, self._arrived), True
        oldest = self._file.oldest(self._arrived)
        if oldest is not None and oldest.gap_from is not None and oldest.gap_from <= sequence:
            self._in_transaction(lambda: self._shorten(oldest, sequence))

    def _shorten(self, oldest_gap: SpoolRow, sequence: int) -> None:
        """Events dropped while they were on their way have arrived: they are no gap."""
        self._totals.events -= 1
        self._totals.bytes -= oldest_gap.size
        from_at_ms = oldest_gap.gap_from_at_ms or oldest_gap.at_ms
        to, to_at_ms = oldest_gap.sequence, oldest_gap.at_ms
        self._put_gap(sequence + 1, to, from_at_ms, to_at_ms, SPOOL_FULL)

    def _leave(self, sequence: int) -> int:
        """Takes events up to that one out of the totals; returns how many they were."""
        count, size = self._file.weigh(self._arrived, sequence)
        self._totals.events -= count
        self._totals.bytes -= size
        return count

    def _refuse(self, spool_id: str, sequence: int) -> bool:
        row = self._file.row(sequence)
        if spool_id != self._id or row is None:
            return True
        if row.gap_from is not None:
            return False
        self._totals.events -= 1
        self._totals.bytes -= row.size
        self._put_gap(sequence, sequence, row.at_ms, row.at_ms, REFUSED)
        self._totals.dropped[REFUSED] += 1
        return True
