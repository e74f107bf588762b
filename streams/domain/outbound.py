"""Calls that agents place outside the queues, so that abandoned callers are seen called back."""

from streams.domain.context import Context
from streams.domain.events import ChannelHungUp, DialAnswered, OutboundDialled
from streams.domain.site_state import Listing, Outbound

MAX_OUTBOUND = 2_000
"""Outbound calls of one site at a time; beyond that the oldest is given up, as a coverage gap."""


def dialled(context: Context, event: OutboundDialled) -> None:
    """An agent's own channel dialled; channels of queue calls are not the agent's."""
    state = context.state
    agent = state.agents.get(event.agent)
    is_of_a_queue_call = event.uniqueid in state.legs or event.uniqueid in state.callers
    if agent is None or is_of_a_queue_call or event.uniqueid in state.outbound:
        return
    if len(state.outbound) >= MAX_OUTBOUND:
        context.gap_found(context.at, context.at, "too_many_outbound_calls")
        _end(context, next(iter(state.outbound)), context.at, is_estimated=True)
    call = Outbound(
        event.agent, agent.name, event.uniqueid, event.callee, event.callee_hash, event.at
    )
    state.outbound[event.uniqueid] = call
    context.outbound_changed(call, None)


def dial_answered(context: Context, event: DialAnswered) -> None:
    """Somebody answered the agent's call."""
    call = context.state.outbound.get(event.uniqueid)
    if call is not None and call.answered_at is None:
        call.answered_at = max(event.at, call.started_at)
        context.outbound_changed(call, None)


def hung_up(context: Context, event: ChannelHungUp) -> None:
    """The agent's channel is gone, and the call with it."""
    if event.uniqueid in context.state.outbound:
        _end(context, event.uniqueid, event.at)


def judge(context: Context, listing: Listing) -> None:
    """A complete list of channels: calls placed before it that are not in it ended unseen.

    They ended in the gap, if there was one: the last moment at which they were seen counts.
    """
    state = context.state
    for uniqueid, call in tuple(state.outbound.items()):
        if uniqueid not in listing.channels and call.started_at < listing.began_at:
            _end(context, uniqueid, state.gap_from or context.at, is_estimated=True)


def _end(context: Context, uniqueid: str, at: int, *, is_estimated: bool = False) -> None:
    call = context.state.outbound.pop(uniqueid)
    earliest = call.started_at if call.answered_at is None else call.answered_at
    context.outbound_changed(call, max(at, earliest), is_estimated=is_estimated)
