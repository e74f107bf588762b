"""Calls that agents place outside the queues, so that abandoned callers are seen called back."""

from streams.domain.context import Context
from streams.domain.events import ChannelHungUp, DialAnswered, OutboundDialled
from streams.domain.site_state import Outbound

MAX_OUTBOUND = 2_000


def dialled(context: Context, event: OutboundDialled) -> None:
    """An agent's own channel dialled; channels of queue calls are not the agent's."""
    state = context.state
    agent = state.agents.get(event.agent)
    if agent is None or event.uniqueid in state.legs or event.uniqueid in state.outbound:
        return
    if len(state.outbound) >= MAX_OUTBOUND:
        _end(context, next(iter(state.outbound)), context.at)
    call = Outbound(event.agent, event.uniqueid, event.callee, event.callee_hash, event.at)
    state.outbound[event.uniqueid] = call
    context.outbound_changed(call, agent, None)


def dial_answered(context: Context, event: DialAnswered) -> None:
    """Somebody answered the agent's call."""
    call = context.state.outbound.get(event.uniqueid)
    if call is not None and call.answered_at is None:
        call.answered_at = event.at
        context.outbound_changed(call, context.state.agents[call.agent], None)


def hung_up(context: Context, event: ChannelHungUp) -> None:
    """The agent's channel is gone, and the call with it."""
    if event.uniqueid in context.state.outbound:
        _end(context, event.uniqueid, event.at)


def _end(context: Context, uniqueid: str, at: int) -> None:
    call = context.state.outbound.pop(uniqueid)
    context.outbound_changed(call, context.state.agents[call.agent], max(at, call.started_at))
