"""Collector's events → published batches → facts, as the pipeline does it, in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.event import Event
from ingest_api.contract.published import PublishedBatch, PublishedEvent
from streams.domain.facts import (
    AgentMembership,
    AgentState,
    CoverageGap,
    Fact,
    QueueCall,
    QueueWindow,
    SiteStatus,
    StaleWindow,
)
from streams.domain.site_state import SiteState, new_site_state
from streams.domain.window_rows import stale_windows_made
from streams.site_batches import fold_batch

TENANT = "acme"
SITE = "pbx-01"
SPOOL = "spool-a"
BATCH_EVENTS = 500

FactKey = tuple[Any, ...]


def published(events: Sequence[Event], first_sequence: int = 1) -> list[PublishedEvent]:
    """Collector's events as ingest publishes them, numbered from `first_sequence`."""
    return [
        PublishedEvent(sequence, event.at_ms, event.kind, event.name, dict(event.fields))
        for sequence, event in enumerate(events, first_sequence)
    ]


def batch_of(
    events: Sequence[PublishedEvent],
    *,
    site: str = SITE,
    spool: str = SPOOL,
    received_at: int | None = None,
    tenant: str = TENANT,
) -> PublishedBatch:
    """One batch; received with its last event unless told otherwise. `events` is not empty."""
    at = max(event.at for event in events) if received_at is None else received_at
    return PublishedBatch(tenant, site, spool, at, at, list(events))


def batches_of(
    events: Sequence[Event], *, size: int = BATCH_EVENTS, site: str = SITE, spool: str = SPOOL
) -> list[PublishedBatch]:
    """Events cut into batches of `size`."""
    numbered = published(events)
    cuts = range(0, len(numbered), size)
    return [batch_of(numbered[cut : cut + size], site=site, spool=spool) for cut in cuts]


def fold(batches: Iterable[PublishedBatch], state: SiteState | None = None) -> list[Fact]:
    """Every fact that these batches of one site make, in order, superseded ones included."""
    facts: list[Fact] = []
    for batch in batches:
        if state is None:
            state = new_site_state(batch.tenant, batch.site)
        facts += fold_batch(state, batch)
    return facts


def key_of(fact: Fact) -> FactKey:
    """Table and key columns: what a later version of this fact has in common with it."""
    return (fact.TABLE, *(getattr(fact, column) for column in fact.KEY))


def latest(facts: Iterable[Fact]) -> dict[FactKey, Fact]:
    """What a reader of the tables sees: of each key the highest version.

    Raises AssertionError if two facts of one key and version differ: then it would depend on who
    wrote last.
    """
    seen: dict[FactKey, Fact] = {}
    for fact in facts:
        key = key_of(fact)
        before = seen.get(key)
        if before is not None and before.version == fact.version:
            assert before == fact, f"two contents of one version: {before} {fact}"
        if before is None or before.version <= fact.version:
            seen[key] = fact
    return {key_of(fact): fact for fact in stale_windows_made(seen.values())}


@dataclass
class Facts:
    """The final facts of a story, by table, each in the order of time."""

    calls: list[QueueCall] = field(default_factory=list)
    states: list[AgentState] = field(default_factory=list)
    memberships: list[AgentMembership] = field(default_factory=list)
    windows: list[QueueWindow] = field(default_factory=list)
    gaps: list[CoverageGap] = field(default_factory=list)
    status: list[SiteStatus] = field(default_factory=list)
    stale: list[StaleWindow] = field(default_factory=list)

    def call(self, uniqueid: str, queue: str = "") -> QueueCall:
        """The one visit of this channel, to this queue if one is named."""
        found = [c for c in self.calls if c.uniqueid == uniqueid and queue in ("", c.queue)]
        assert len(found) == 1, found
        return found[0]

    def window(self, queue: str) -> QueueWindow:
        """The only window of a queue."""
        found = [window for window in self.windows if window.queue == queue]
        assert len(found) == 1, found
        return found[0]

    def states_of(self, interface: str) -> list[AgentState]:
        """An agent's states in order."""
        return [state for state in self.states if state.agent_key.endswith(f"/{interface}")]

    def state_at(self, interface: str, at: int) -> AgentState:
        """The one state of an agent that holds at a moment (milliseconds)."""
        found = [
            state
            for state in self.states_of(interface)
            if state.started_at <= at and (state.ended_at is None or at < state.ended_at)
        ]
        assert len(found) == 1, found
        return found[0]


def by_table(facts: Iterable[Fact]) -> Facts:
    """The final facts among `facts`."""
    final = Facts()
    lists: dict[type[Fact], list[Any]] = {
        QueueCall: final.calls,
        AgentState: final.states,
        AgentMembership: final.memberships,
        QueueWindow: final.windows,
        CoverageGap: final.gaps,
        SiteStatus: final.status,
        StaleWindow: final.stale,
    }
    for fact in latest(facts).values():
        if type(fact) in lists:
            lists[type(fact)].append(fact)
    final.calls.sort(key=lambda call: (call.entered_at, call.call_id))
    final.states.sort(key=lambda state: (state.agent_key, state.started_at))
    final.memberships.sort(key=lambda place: (place.agent_key, place.queue, place.started_at))
    final.windows.sort(key=lambda window: (window.window_start, window.queue))
    return final
