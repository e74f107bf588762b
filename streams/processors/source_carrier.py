"""Takes the messages of a source topic in order, each once, and hands out what to write.

Knows no Faust and no ClickHouse. The partition's cursor guards that nothing was lost since this
worker began to read. What a message means, and what state it changes, is the business of those who
inherit (`site_carrier.py`, `chat_carrier.py`). All methods run on one event loop and none of them
waits, so each is atomic.
"""

import enum
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping

import structlog

from streams import metrics
from streams.processors.dead_letters import DeadLetter, FloodGuard
from streams.processors.flush_unit import FlushUnit
from streams.processors.partition_cursor import PartitionCursor, Verdict
from streams.processors.site_record import record_place
from streams.processors.source_message import Message

_log = structlog.get_logger()


class Outcome(enum.Enum):
    """What became of a message."""

    TAKEN = "taken"
    IGNORED = "ignored"
    REWIND = "rewind"
    """Not taken: read again from `SourceCarrier.positions()`."""


class SourceCarrier(ABC):
    """The partitions of one source topic that this worker owns, and the unit being filled."""

    def __init__(
        self,
        records: Mapping[bytes, bytes],
        flood: FloodGuard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`records` are the stored state records by key; `clock` is steady, in seconds."""
        self._records = records
        self._flood = flood
        self._clock = clock
        self._cursors: dict[int, PartitionCursor] = {}
        self.epoch = 0
        """The life of the states in memory; grows whenever they are dropped."""
        self.unit = FlushUnit(0)
        """What was folded since the last cut."""
        self._writing: FlushUnit | None = None

    # --- The partitions that are ours ------------------------------------------------------------

    def forget(self) -> None:
        """Own nothing: states, positions and everything not flushed are dropped."""
        self.epoch += 1
        self._forget_states()
        self._cursors = {}
        self.unit = FlushUnit(self.epoch)
        self._writing = None
        metrics.PARTITIONS_OWNED.set(0)

    def load(self, partitions: Iterable[int], log: bytes) -> None:
        """Begin anew with these partitions, after the highest floor their records name.

        `log` is the id of the source topic; records of another one tell states, but no positions.
        Raises StateRecordError if a stored record is not one.
        """
        self.forget()
        self._read_states_from(log)
        self._cursors = {partition: PartitionCursor() for partition in partitions}
        for data in self._records.values():
            place = record_place(data)
            cursor = self._cursors.get(place.partition)
            if cursor is not None and place.log == log and place.floor > cursor.floor:
                self._cursors[place.partition] = PartitionCursor(place.floor)
        metrics.PARTITIONS_OWNED.set(len(self._cursors))

    def positions(self) -> dict[int, int]:
        """The offset to be read next, of each partition that is ours."""
        return {partition: cursor.expected for partition, cursor in self._cursors.items()}

    def floors(self) -> dict[int, int]:
        """The last offset of each partition up to which everything has taken its full effect."""
        return {partition: cursor.floor for partition, cursor in self._cursors.items()}

    def oldest_pending(self) -> dict[int, int]:
        """When the oldest batch happened that was folded and is not written, by partition.

        Milliseconds since the epoch; partitions of which all is written are not in it.
        """
        writing = self._writing.oldest if self._writing else {}
        return self.unit.oldest | writing

    @property
    @abstractmethod
    def sites_held(self) -> int:
        """How many states are in memory."""

    @property
    @abstractmethod
    def states_bytes(self) -> int:
        """Size of these states as they were stored last."""

    def log_starts_at(self, partition: int, offset: int) -> None:
        """The log holds nothing before this offset: do not wait for it."""
        cursor = self._cursors.get(partition)
        if cursor is not None:
            cursor.log_starts_at(offset)

    def start_over(self, partition: int) -> None:
        """The partition's log was made anew: read it from its start."""
        self._cursors[partition].start_over()

    # --- Messages --------------------------------------------------------------------------------

    def take(self, message: Message) -> Outcome:
        """Fold the message if it is the next one.

        Raises DeadLetterFloodError and StateRecordError; then nothing more may be flushed.
        """
        cursor = self._cursors.get(message.partition)
        if cursor is None:
            return Outcome.IGNORED
        verdict = cursor.judge(message.offset, self._clock())
        if verdict is Verdict.HOLE:
            _log.warning(
                "messages missing",
                partition=message.partition,
                expected=cursor.expected,
                offset=message.offset,
            )
            metrics.REWINDS.labels("hole").inc()
            return Outcome.REWIND
        if verdict is not Verdict.NEXT:
            if verdict is Verdict.REPEATED:
                metrics.MESSAGES_REPEATED.inc()
            return Outcome.IGNORED
        if not self._take_next(message, cursor):
            return Outcome.REWIND
        cursor.advance()
        self.unit.acknowledge.append(message.acknowledge)
        return Outcome.TAKEN

    def _bury(self, message: Message, kind: str, reason: str) -> None:
        _log.error(
            "batch not folded", partition=message.partition, offset=message.offset, reason=reason
        )
        metrics.BATCHES_DEAD.labels(kind).inc()
        # How much a site sends is no fault of the rules: it must not stop the others.
        if kind != "size":
            self._flood.count(self._clock())
        self.unit.dead.append(DeadLetter.of(message, reason))

    # --- What is to be written -------------------------------------------------------------------

    def cut(self) -> FlushUnit:
        """Close the unit and open the next one. Only when no other unit is being written.

        Raises DeadLetterFloodError; then nothing more may be flushed.
        """
        unit = self.unit
        self._cut_states(unit)
        unit.positions = {
            partition: cursor.expected - 1 for partition, cursor in self._cursors.items()
        }
        self._writing, self.unit = unit, FlushUnit(self.epoch)
        return unit

    def flushed(self, unit: FlushUnit) -> None:
        """The unit took its full effect: facts and records are acknowledged."""
        for partition, offset in unit.positions.items():
            self._cursors[partition].flushed(offset)
        self._writing = None

    # --- What the states are ---------------------------------------------------------------------

    @abstractmethod
    def _take_next(self, message: Message, cursor: PartitionCursor) -> bool:
        """Fold the message, which is the next one; False if the past must be read again first.

        Raises DeadLetterFloodError and StateRecordError.
        """

    @abstractmethod
    def _cut_states(self, unit: FlushUnit) -> None:
        """Put the records of what the unit changed into it. Raises DeadLetterFloodError."""

    @abstractmethod
    def _forget_states(self) -> None:
        """Drop everything that is not in the records."""

    @abstractmethod
    def _read_states_from(self, log: bytes) -> None:
        """From now on offsets are those of this source log, and the records are as they are now."""
