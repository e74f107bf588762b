"""`(site state, event) → (site state, facts)`: one event after the other, nothing else.

Time is event time: it advances with the `at` of any event and with nothing else. What is awaited is
settled before an event at or after its moment is applied. After a clock that steps back far what is
awaited is awaited anew, from there on.
"""

from collections.abc import Callable
from typing import Any

from streams.domain import (
    agents,
    coverage,
    lists,
    memberships,
    outbound,
    queue_calls,
    queue_log,
    talks,
    windows,
)
from streams.domain import events as ev
from streams.domain.context import Context
from streams.domain.deadlines import rebase, take_due
from streams.domain.site_state import SiteState

CLOCK_STEP_MS = 5_000
"""A step back beyond this is a clock that was set, not events crossing on the wire."""

SWEEP_EVERY_MS = 60_000
CALLER_FORGOTTEN_AFTER_MS = 10 * 60 * 1000
"""A caller who hung up is forgotten so long after that."""

FORGOTTEN_AFTER_MS = 6 * 60 * 60 * 1000
"""So are a caller whose hang-up was never seen, and an agent who logged out."""


def apply(context: Context, event: ev.Event) -> None:
    """Applies one event. Time stands still for lines of queue_log, which tell of the past."""
    kind = type(event)
    at = context.at = event.at
    handler = _HANDLERS.get(kind)
    if handler is None:
        handler = _LOG_HANDLERS.get(kind)
        if handler is not None:
            handler(context, event)
        return
    state = context.state
    now = context.heard_until = state.now
    if at > now:
        state.now = at
        if not now:
            state.blind_until = at
            windows.begin_anew(state, at)
    elif at < now - CLOCK_STEP_MS:
        rebase(state, at)
        state.now = at
        state.next_sweep = at + SWEEP_EVERY_MS
    if state.next_due is not None and state.next_due <= at:
        _settle(context)
    if at >= state.next_sweep:
        state.next_sweep = at + SWEEP_EVERY_MS
        _sweep(state)
    handler(context, event)


def _settle(context: Context) -> None:
    """Decides what was awaited until now."""
    state = context.state
    callers, interfaces = take_due(state, context.at)
    for uniqueid in callers:
        queue_calls.settle(context, uniqueid)
    for interface in interfaces:
        agent = state.agents.get(interface)
        if agent is not None:
            agents.look_again(context, agent)


def _sweep(state: SiteState) -> None:
    """Lets go of what no event will concern any more."""
    windows.drop_old(state)
    limit = state.now - FORGOTTEN_AFTER_MS
    hung_up_limit = state.now - CALLER_FORGOTTEN_AFTER_MS
    gone = [
        uniqueid
        for uniqueid, caller in state.callers.items()
        if not caller.visits and caller.last_at < (hung_up_limit if caller.is_hung_up else limit)
    ]
    for uniqueid in gone:
        del state.callers[uniqueid]
    idle = [i for i, a in state.agents.items() if a.state == "logged_out" and a.started_at < limit]
    for interface in idle:
        del state.agents[interface]
        state.due_agents.pop(interface, None)


def _time_passed(_context: Context, _event: ev.TimePassed) -> None:
    """That is all it tells."""


def _dial_answered(context: Context, event: ev.DialAnswered) -> None:
    talks.dial_answered(context, event)
    outbound.dial_answered(context, event)


def _channel_hung_up(context: Context, event: ev.ChannelHungUp) -> None:
    queue_calls.hung_up(context, event)
    outbound.hung_up(context, event)


def _member_seen(context: Context, event: ev.MemberSeen) -> None:
    if event.is_listed:
        lists.member_listed(context, event)
    else:
        memberships.member_seen(context, event)


_HANDLERS: dict[type[ev.Event], Callable[[Context, Any], None]] = {
    ev.CallerJoined: queue_calls.joined,
    ev.CallerGaveUp: queue_calls.gave_up,
    ev.CallerLeft: queue_calls.left,
    ev.GiveUpMarked: queue_calls.give_up_marked,
    ev.EndingTold: queue_calls.ending_told,
    ev.HangupRequested: queue_calls.hangup_requested,
    ev.ChannelHungUp: _channel_hung_up,
    ev.AgentOffered: talks.offered,
    ev.OfferMissed: talks.offer_missed,
    ev.DialAnswered: _dial_answered,
    ev.DialCancelled: agents.dial_cancelled,
    ev.AgentAnswered: talks.answered,
    ev.AgentFinished: talks.finished,
    ev.HoldChanged: talks.hold_changed,
    ev.Transferred: talks.transferred,
    ev.OutboundDialled: outbound.dialled,
    ev.MemberSeen: _member_seen,
    ev.MemberRemoved: memberships.member_removed,
    ev.ListBegan: lists.list_began,
    ev.QueueListed: lists.queue_listed,
    ev.QueueConfigured: lists.queue_configured,
    ev.EntryListed: lists.entry_listed,
    ev.ChannelListed: lists.channel_listed,
    ev.ListEnded: lists.list_ended,
    ev.CollectorStarted: coverage.collector_started,
    ev.AmiConnected: coverage.ami_connected,
    ev.AmiLost: coverage.ami_lost,
    ev.EventsDropped: coverage.events_dropped,
    ev.Heartbeat: coverage.heartbeat,
    ev.TimePassed: _time_passed,
}
_LOG_HANDLERS: dict[type[ev.Event], Callable[[Context, Any], None]] = {
    ev.LogEntered: queue_log.log_entered,
    ev.LogAnswered: queue_log.log_answered,
    ev.LogEnded: queue_log.log_ended,
}
