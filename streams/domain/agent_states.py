"""The one state an agent is in, and its rows.

States never overlap. Of several that apply the later in this list holds: logged_out, unreachable or
available, paused (in all own queues), wrap_up, busy_other, ringing, hold, talking.
"""

from streams.domain.context import Context
from streams.domain.facts import AgentState, AgentStateName, OfferResult
from streams.domain.site_state import Agent, find_visit, is_followed


def refresh(
    context: Context,
    agent: Agent,
    at: int,
    *,
    offer_result: OfferResult = "",
    is_estimated: bool = False,
) -> None:
    """Ends the running state and begins the one that follows from what is known, if another."""
    state, queue, call_id = _derive(context, agent)
    reason = _pause_reason(agent) if state == "paused" else ""
    if (
        state == agent.state
        and call_id == agent.call_id
        and queue == agent.queue
        and reason == agent.pause_reason
    ) or not is_followed(context.state, agent):
        return
    started_at = at
    if agent.state is None:
        # Seen for the first time: the row begins where our sight does, and says so exactly.
        is_estimated = context.is_time_estimated
    else:
        is_estimated = is_estimated or context.is_time_estimated
        # A phone may ring and be refused within a millisecond: the offer must remain countable.
        earliest = agent.started_at + 1 if agent.state == "ringing" else agent.started_at
        if at < agent.started_at or is_estimated:
            agent.is_estimated = True
        if at < earliest:
            started_at = earliest
        if started_at > agent.started_at:
            _add_state(context, agent, started_at, offer_result)
    agent.state, agent.pause_reason, agent.queue, agent.call_id = state, reason, queue, call_id
    agent.started_at = started_at
    since = _since(agent, state)
    agent.state_since = since if since and since < started_at else started_at
    agent.is_estimated = is_estimated
    _add_state(context, agent, None, "")


def is_paused(agent: Agent) -> bool:
    """Paused in all own queues; an agent without queues is not."""
    for membership in agent.memberships.values():
        if not membership.is_paused:
            return False
    return bool(agent.memberships)


def _derive(context: Context, agent: Agent) -> tuple[AgentStateName, str, str]:
    if agent.calls:
        call_id, uniqueid = next(reversed(agent.calls.items()))
        visit = find_visit(context.state, uniqueid, call_id)
        if visit is None:
            return "talking", "", call_id
        return "talking" if visit.hold_since is None else "hold", visit.queue, call_id
    if agent.offers:
        offer = next(iter(agent.offers.values()))
        return "ringing", offer.queue, offer.call_id
    if agent.is_busy_other:
        return "busy_other", "", ""
    if agent.wrap_up_since is not None:
        return "wrap_up", "", agent.wrap_up_call[0]
    if not agent.memberships:
        return "logged_out", "", ""
    if is_paused(agent):
        return "paused", "", ""
    if agent.device == "unreachable":
        return "unreachable", "", ""
    return "available", "", ""


def _pause_reason(agent: Agent) -> str:
    return next((m.pause_reason for m in agent.memberships.values() if m.pause_reason), "")


def _since(agent: Agent, state: AgentStateName) -> int | None:
    """Since when the agent is paused or logged in, whatever interrupted it; None in no queue."""
    since = None
    for membership in agent.memberships.values():
        if state == "paused":
            moment = membership.pause_since
            if since is None or moment > since:
                since = moment
        else:
            moment = membership.login_at or membership.started_at
            if since is None or moment < since:
                since = moment
    return since


def _add_state(
    context: Context, agent: Agent, ended_at: int | None, offer_result: OfferResult
) -> None:
    if agent.state is None:
        return
    site = context.state
    context.add(
        (AgentState, agent.interface, agent.started_at),
        AgentState(
            site.tenant_id,
            site.site,
            "voice",
            context.agent_key(agent.interface),
            agent.name,
            agent.state,
            agent.pause_reason,
            agent.queue,
            agent.call_id,
            agent.started_at,
            ended_at,
            agent.state_since,
            offer_result,
            agent.is_estimated,
            context.version,
        ),
    )
