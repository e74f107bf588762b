"""The fold of all sites of the partitions this worker owns: batches of their collectors, in order.

Two guards decide what a batch may do: the partition's cursor (`source_carrier.py`: nothing was lost
since this worker began to read) and the site's own sequence (nothing was lost before that).
"""

import time
from collections.abc import Callable, Iterator, Mapping

import msgspec
import structlog

from ingest_api.contract.published import PublishedBatch, decode_batch
from ingest_api.contract.topics import site_key
from streams import metrics
from streams.domain.facts import CoverageGap, Fact
from streams.domain.site_state import SiteState
from streams.processors.dead_letters import FOLD_FAILED, FloodGuard, reason_of
from streams.processors.flush_unit import EventAge, FlushUnit
from streams.processors.partition_cursor import PartitionCursor
from streams.processors.ports import SiteFold
from streams.processors.site_states import HeldSite, Refolded, SiteStates
from streams.processors.source_carrier import SourceCarrier
from streams.processors.source_message import Message
from streams.site_batches import Continuity, is_past_unknown, moment_of
from streams.storage.rows import RawBatch

_log = structlog.get_logger()


class SiteCarrier(SourceCarrier):
    """The fold of all sites of the partitions this worker owns."""

    def __init__(
        self,
        records: Mapping[bytes, bytes],
        fold: SiteFold,
        flood: FloodGuard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`records` are the stored state records by site key; `clock` is steady, in seconds."""
        super().__init__(records, flood, clock)
        self._states = SiteStates(records, fold)
        self._fold = fold

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

    def _forget_states(self) -> None:
        self._states.forget()

    def _read_states_from(self, log: bytes) -> None:
        self._states.read_from(log)

    def _take_next(self, message: Message, cursor: PartitionCursor) -> bool:
        try:
            batch = decode_batch(message.value)
        except msgspec.DecodeError as error:
            self._bury(message, "undecodable", reason_of(error))
            return True
        if message.key != site_key(batch.tenant, batch.site):
            self._bury(message, "wrong_key", "the key is not the site's")
            return True
        return self._take_batch(message, batch, cursor)

    def _take_batch(self, message: Message, batch: PublishedBatch, cursor: PartitionCursor) -> bool:
        """Fold a batch; False if the site's own past must be read again first."""
        held = self._states.hold(message.key, message.partition, batch)
        generation, sequence = held.state.generation, held.state.last_sequence
        is_unknown = False
        try:
            joint = self._fold.continuity(held.state, batch)
            if joint is Continuity.REPEATED:
                metrics.BATCHES_REPEATED.inc()
                self.unit.events += len(batch.events)
                return True
            if joint is Continuity.JUMPED:
                metrics.JUMPS.inc()
                if not cursor.has_seen_all_since(held.offset):
                    self._send_back(message, held, cursor)
                    return False
            is_unknown = is_past_unknown(held.state, batch)
            facts = self._states.apply(held, message, batch)
        except MemoryError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the rules trip over, the site goes on
            self._bury(message, "fold", reason_of(error))
            facts = self._states.skip(held, message, batch, FOLD_FAILED)
        if is_unknown:
            _log.warning("site state made anew", tenant=batch.tenant, site=batch.site)
            metrics.STATES_MADE_ANEW.inc()
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
        happened_at = moment_of(batch, batch.events[-1])
        unit.ages.append(EventAge(happened_at, batch.received_at))
        unit.oldest.setdefault(message.partition, happened_at)
        metrics.EVENTS_FOLDED.inc(len(batch.events))
        _count_gaps(facts)

    def _cut_states(self, unit: FlushUnit) -> None:
        cut = self._states.cut(unit.changed, self.floors())
        unit.records, unit.snapshots = cut.records, cut.snapshots
        for refolded in cut.refolded:
            self._put_in_place(refolded)

    def _put_in_place(self, refolded: Refolded) -> None:
        """What a site made since the last cut is not what holds: replace it."""
        site = refolded.tenant_id, refolded.site
        unit = self.unit
        unit.facts = [fact for fact in unit.facts if (fact.tenant_id, fact.site) != site]
        unit.facts += refolded.facts
        _count_gaps(refolded.gaps)
        for broken in refolded.broken:
            self._bury(broken.message, broken.kind, broken.reason)


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
