"""Takes the messages of the source partitions into the fold, and hands out what to write.

Knows no Faust and no ClickHouse. Two guards decide what a message may do: the partition's cursor
(nothing was lost since this worker began to read) and the site's own sequence (nothing was lost
before that). All methods run on one event loop and none of them waits, so each is atomic.
"""

import enum
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
import structlog

from ingest_api.contract.published import PublishedBatch, decode_batch
from ingest_api.contract.topics import site_key
from streams import metrics
from streams.domain.facts import CoverageGap, Fact
from streams.domain.site_state import SiteState
from streams.processors.dead_letters import FOLD_FAILED, DeadLetter, FloodGuard, reason_of
from streams.processors.flush_unit import EventAge, FlushUnit
from streams.processors.partition_cursor import PartitionCursor, Verdict
from streams.processors.ports import SiteFold
from streams.processors.site_record import record_place
from streams.processors.site_states import HeldSite, Refolded, SiteStates
from streams.processors.source_message import Message
from streams.site_batches import Continuity
from streams.storage.rows import RawBatch

_log = structlog.get_logger()


class Outcome(enum.Enum):
    """What became of a message."""

    TAKEN = "taken"
    IGNORED = "ignored"
    REWIND = "rewind"
    """Not taken: read again from `SiteCarrier.positions()`."""


class SiteCarrier:
    """The fold of all sites of the partitions this worker owns."""

    def __init__(
        self,
        records: Mapping[bytes, bytes],
        fold: SiteFold,
        flood: FloodGuard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`records` are the stored state records by site key; `clock` is steady, in seconds."""
        self._records = records
        self._states = SiteStates(records, fold)
        self._fold = fold
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
        self._states.forget()
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
        self._states.read_from(log)
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
    def sites_held(self) -> int:
        """How many sites are in memory."""
        return len(self._states)

    @property
    def states_bytes(self) -> int:
        """Size of their states as they were stored last."""
        return self._states.bytes_held

    def states(self) -> Iterator[SiteState]:
        """The states in memory; more may be taken between one and the next."""
        return self._states.states()

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
        try:
            batch = decode_batch(message.value)
        except msgspec.DecodeError as error:
            self._bury(message, "undecodable", reason_of(error))
        else:
            if message.key != site_key(batch.tenant, batch.site):
                self._bury(message, "wrong_key", "the key is not the site's")
            elif not self._take_batch(message, batch, cursor):
                return Outcome.REWIND
        cursor.advance()
        self.unit.acknowledge.append(message.acknowledge)
        return Outcome.TAKEN

    def _take_batch(self, message: Message, batch: PublishedBatch, cursor: PartitionCursor) -> bool:
        """Fold a batch; False if the site's own past must be read again first."""
        held = self._states.hold(message.key, message.partition, batch)
        generation, sequence = held.state.generation, held.state.last_sequence
        try:
            joint = self._fold.continuity(held.state, batch)
            if joint is Continuity.REPEATED:
                metrics.BATCHES_REPEATED.inc()
                return True
            if joint is Continuity.JUMPED:
                metrics.JUMPS.inc()
                if not cursor.has_seen_all_since(held.offset):
                    self._send_back(message, held, cursor)
                    return False
            facts = self._states.apply(held, message, batch)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the rules trip over, the site goes on
            self._bury(message, "fold", reason_of(error))
            facts = self._states.skip(held, message, batch, FOLD_FAILED)
        held.offset = message.offset
        self._collect(message, batch, facts)
        raw = _raw_batch(message, batch, held.state, generation, sequence)
        if raw is not None:
            self.unit.batches.append(raw)
        return True

    def _send_back(self, message: Message, held: HeldSite, cursor: PartitionCursor) -> None:
        """The site's state is older than where this worker began to read: begin there instead."""
        _log.warning("site jumped", partition=message.partition, offset=held.offset)
        metrics.REWINDS.labels("jump").inc()
        cursor.go_back(held.offset + 1)

    def _collect(self, message: Message, batch: PublishedBatch, facts: list[Fact]) -> None:
        unit = self.unit
        unit.changed.add(message.key)
        unit.facts += facts
        unit.events += len(batch.events)
        happened_at = batch.events[-1].at
        unit.ages.append(EventAge(happened_at, batch.received_at))
        unit.oldest.setdefault(message.partition, happened_at)
        metrics.EVENTS_FOLDED.inc(len(batch.events))
        _count_gaps(facts)

    def _bury(self, message: Message, kind: str, reason: str) -> None:
        _log.error(
            "batch not folded", partition=message.partition, offset=message.offset, reason=reason
        )
        metrics.BATCHES_DEAD.labels(kind).inc()
        self._flood.count(self._clock())
        self.unit.dead.append(DeadLetter.of(message, reason))

    # --- What is to be written -------------------------------------------------------------------

    def cut(self) -> FlushUnit:
        """Close the unit and open the next one. Only when no other unit is being written.

        Raises DeadLetterFloodError; then nothing more may be flushed.
        """
        unit = self.unit
        cut = self._states.cut(unit.changed, self.floors())
        unit.records, unit.snapshots = cut.records, cut.snapshots
        for refolded in cut.refolded:
            self._put_in_place(refolded)
        unit.positions = {
            partition: cursor.expected - 1 for partition, cursor in self._cursors.items()
        }
        self._writing, self.unit = unit, FlushUnit(self.epoch)
        return unit

    def _put_in_place(self, refolded: Refolded) -> None:
        """What a site made since the last cut is not what holds: replace it."""
        site = refolded.tenant_id, refolded.site
        unit = self.unit
        unit.facts = [fact for fact in unit.facts if (fact.tenant_id, fact.site) != site]
        unit.facts += refolded.facts
        _count_gaps(refolded.gaps)
        for broken in refolded.broken:
            self._bury(broken.message, "state", broken.reason)

    def flushed(self, unit: FlushUnit) -> None:
        """The unit took its full effect: facts and records are acknowledged."""
        for partition, offset in unit.positions.items():
            self._cursors[partition].flushed(offset)
        self._writing = None


def _count_gaps(facts: list[Fact]) -> None:
    for fact in facts:
        if type(fact) is CoverageGap:
            metrics.COVERAGE_GAPS.labels(fact.reason).inc()


def _raw_batch(
    message: Message, batch: PublishedBatch, state: SiteState, generation: int, sequence: int
) -> RawBatch | None:
    """The raw row of the applied events; None if the batch's spool does not own the site.

    `state` is the state after the batch, `generation` and `sequence` are what it had before.
    """
    if batch.spool != state.spool:
        return None
    first = batch.events[0].sequence
    if state.generation == generation:
        first = max(first, sequence + 1)
    return RawBatch(
        tenant_id=state.tenant_id,
        site=state.site,
        generation=state.generation,
        first_sequence=first,
        last_sequence=state.last_sequence,
        spool=batch.spool,
        received_at=batch.received_at,
        payload=message.value,
    )
