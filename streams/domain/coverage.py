"""What we can and cannot see of a site: its collector, its connection to Asterisk, its spool."""

from streams.domain.blindness import sight_lost, sight_regained
from streams.domain.context import Context
from streams.domain.events import (
    AmiConnected,
    AmiLost,
    CollectorStarted,
    EventsDropped,
    Heartbeat,
)
from streams.domain.facts import SiteStatus
from streams.domain.site_state import SiteState
from streams.domain.version import next_generation

RIVAL_AFTER_MS = 60_000
"""For so long the owner of a site must be silent before another spool may take it over."""

FORMER_SPOOLS_KEPT = 8


def collector_started(context: Context, event: CollectorStarted) -> None:
    """A collector that starts is not connected, whatever its predecessor last said.

    Nothing was heard since that one's last event.
    """
    _lose(context, min(context.heard_until, event.at))


def ami_lost(context: Context, event: AmiLost) -> None:
    """From now on nothing is seen."""
    _lose(context, event.at)


def ami_connected(context: Context, event: AmiConnected) -> None:
    """What happened since the connection was lost was not seen."""
    state = context.state
    if state.is_connected:
        _lose(context, min(context.heard_until, event.at))
    state.is_connected = True
    state.asterisk = event.asterisk
    state.listing = None
    state.blind_until = event.at
    if state.lost_at is not None:
        state.gap_from = state.lost_at
        context.gap_found(state.lost_at, max(event.at, state.lost_at), "ami_lost")
        state.lost_at = None
    sight_regained(context)


def events_dropped(context: Context, event: EventsDropped) -> None:
    """Named losses: the manager sees the gap."""
    state = context.state
    sight_lost(context)
    sight_regained(context)
    state.gap_from = event.from_at
    state.blind_until = max(state.blind_until, event.to_at)
    context.gap_found(
        event.from_at,
        max(event.to_at, event.from_at),
        event.reason,
        event.from_sequence,
        event.to_sequence,
    )


def not_delivered(context: Context, from_sequence: int, to_sequence: int, reason: str) -> None:
    """Events that should have come did not; nobody told why."""
    state = context.state
    sight_lost(context)
    sight_regained(context)
    since = state.now or context.at
    state.gap_from = since
    state.blind_until = max(state.blind_until, context.at)
    context.gap_found(since, max(context.at, since), reason, from_sequence, to_sequence)


def heartbeat(context: Context, event: Heartbeat) -> None:
    """How the collector is doing."""
    state = context.state
    state.spool_events = event.spool_events
    state.spool_bytes = event.spool_bytes
    state.reconnects = event.reconnects


def is_owner_silent(state: SiteState, received_at: int) -> bool:
    """Whether nothing came from the site's owner for a minute."""
    return received_at - state.last_received_at >= RIVAL_AFTER_MS


def take_over(state: SiteState, spool: str, first_sequence: int, received_at: int) -> None:
    """A spool becomes the owner of the site: its sequence counts, in a new generation."""
    if state.spool and state.spool != spool:
        _remember(state, state.spool, state.last_sequence)
        state.former_spools.pop(spool, None)
    state.spool = spool
    state.generation = next_generation(state.generation, received_at)
    state.last_sequence = first_sequence - 1


def rival_sent(state: SiteState, spool: str, sequences: list[int], received_at: int) -> None:
    """A second collector watches the same site: what it sends that is new counts as duplicates."""
    last = state.former_spools.get(spool, 0)
    new = [sequence for sequence in sequences if sequence > last]
    if new:
        state.duplicates += len(new)
        state.rival_at = received_at
        _remember(state, spool, new[-1])


def _remember(state: SiteState, spool: str, sequence: int) -> None:
    state.former_spools[spool] = sequence
    if len(state.former_spools) > FORMER_SPOOLS_KEPT:
        del state.former_spools[next(iter(state.former_spools))]


def status_fact(state: SiteState, version: int) -> SiteStatus:
    """The site's row."""
    return SiteStatus(
        tenant_id=state.tenant_id,
        site=state.site,
        last_event_at=state.now,
        last_received_at=state.last_received_at,
        is_ami_connected=state.is_connected,
        asterisk_version=state.asterisk,
        collector_version=state.collector_version,
        spool=state.spool,
        spool_events=state.spool_events,
        spool_bytes=state.spool_bytes,
        skew_ms=state.skew_ms,
        reconnects=state.reconnects,
        duplicates=state.duplicates,
        refused=state.refused,
        has_two_collectors=bool(state.rival_at)
        and state.last_received_at - state.rival_at < RIVAL_AFTER_MS,
        version=version,
    )


def _lose(context: Context, at: int) -> None:
    """Opens a gap; its end is told when the connection is back."""
    state = context.state
    if not state.is_connected:
        return
    sight_lost(context)
    state.is_connected = False
    state.listing = None
    state.lost_at = at
    context.gap_found(state.lost_at, None, "ami_lost")
