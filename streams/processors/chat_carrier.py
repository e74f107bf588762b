"""The fold of all chat accounts of the partitions this worker owns, session by session.

A session has no sequence that could show a hole, and needs none: what was seen of it is a set, so
reading again is harmless, and what a lost message would have told is told by the next one, or found
when the platform is asked (docs/adr/0070).
"""

import time
from collections.abc import Callable, Mapping

import msgspec

from ingest_api.contract.chat import PublishedChatEvent, decode_chat_event
from ingest_api.contract.topics import site_key
from streams import metrics
from streams.domain.chat_events import (
    TICKS_PER_MS,
    AgentSighting,
    ChatSighting,
    SessionSighting,
)
from streams.domain.facts import QueueCall
from streams.errors import StateRecordError
from streams.interpreter.chats import understand
from streams.processors.chat_states import ChatStates, Sighted
from streams.processors.dead_letters import FloodGuard, reason_of
from streams.processors.flush_unit import EventAge, FlushUnit
from streams.processors.partition_cursor import PartitionCursor
from streams.processors.source_carrier import SourceCarrier
from streams.processors.source_message import Message


class ChatCarrier(SourceCarrier):
    """Chat events into sessions; a unit's `changed` are keys of sessions and agents."""

    def __init__(
        self,
        records: Mapping[bytes, bytes],
        flood: FloodGuard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`records` are the stored state records by key; `clock` is steady, in seconds."""
        super().__init__(records, flood, clock)
        self._states = ChatStates(records)

    @property
    def sites_held(self) -> int:
        """How many sessions and agents are known."""
        return len(self._states)

    @property
    def states_bytes(self) -> int:
        """Size of these states as they were stored last."""
        return self._states.bytes_stored

    def flushed(self, unit: FlushUnit) -> None:
        """As in SourceCarrier; what is stored is not held any longer."""
        super().flushed(unit)
        self._states.let_go(but=self.unit.changed)

    def _take_next(self, message: Message, cursor: PartitionCursor) -> bool:  # noqa: ARG002 - of the port
        try:
            event = decode_chat_event(message.value)
        except msgspec.DecodeError as error:
            self._bury(message, "undecodable", reason_of(error))
            return True
        if message.key != site_key(event.tenant, event.site):
            self._bury(message, "wrong_key", "the key is not the account's")
            return True
        try:
            self._take_event(message, event)
        except (MemoryError, StateRecordError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the rules trip over, the account goes on
            self._bury(message, "fold", reason_of(error))
        return True

    def _take_event(self, message: Message, event: PublishedChatEvent) -> None:
        understood = understand(event)
        for what in understood.unknown:
            metrics.CHAT_UNKNOWN.labels(what).inc()
        metrics.EVENTS_FOLDED.inc()
        sighting = understood.sighting
        if sighting is None:
            return
        sighted = Sighted(
            event.tenant, event.site, event.received_at, sighting, event.caller, event.caller_hash
        )
        key, facts = self._states.apply(sighted, message.partition, message.offset)
        unit = self.unit
        if not facts:
            metrics.BATCHES_REPEATED.inc()
        elif isinstance(sighting, SessionSighting) and sighting.seen.kind == "polled":
            metrics.CHAT_FOUND_BY_ASKING.inc(sum(type(fact) is QueueCall for fact in facts))
        unit.changed.add(key)
        unit.facts += facts
        unit.events += 1
        happened_at = _happened_at(sighting, event.received_at)
        unit.ages.append(EventAge(happened_at, event.received_at))
        unit.oldest.setdefault(message.partition, happened_at)

    def _cut_states(self, unit: FlushUnit) -> None:
        unit.records = self._states.cut(unit.changed, self.floors())

    def _forget_states(self) -> None:
        self._states.forget()

    def _read_states_from(self, log: bytes) -> None:
        self._states.read_from(log)


def _happened_at(sighting: ChatSighting, received_at: int) -> int:
    at = sighting.at_ticks if isinstance(sighting, AgentSighting) else sighting.seen.at_ticks
    return min(at // TICKS_PER_MS, received_at)
