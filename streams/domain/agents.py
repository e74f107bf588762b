"""Agents' phones: what rings, who talks, what comes after, and what they do besides.

Device states and call events travel on different paths in Asterisk, so a busy phone without a queue
call counts as `busy_other` only when no call has explained it for two seconds; then from its start.
"""

from streams.domain.agent_states import is_paused, refresh
from streams.domain.context import Context
from streams.domain.deadlines import PROVISIONAL_MS, await_agent, await_caller
from streams.domain.events import AgentOffered, DialCancelled, MemberSeen
from streams.domain.facts import OfferResult
from streams.domain.site_state import MAX_AGENTS, Agent, Offer, Visit, find_visit
from streams.domain.windows import recount, retire

BUSY_CONFIRMED_MS = 2_000

IN_USE = frozenset(("in_use", "ringing_in_use"))

RINGING = frozenset(("ringing", "ringing_in_use"))


def agent_of(context: Context, interface: str, name: str) -> Agent:
    """The agent with this interface, made known if needed; the last name seen is the label.

    One beyond `MAX_AGENTS` is not kept and has no rows.
    """
    state = context.state
    agent = state.agents.get(interface)
    if agent is None:
        agent = Agent(interface, name or interface)
        if len(state.agents) < MAX_AGENTS:
            state.agents[interface] = agent
        else:
            context.gap_found(context.at, context.at, "too_many_agents")
    elif name and agent.name != name:
        agent.name = name
    return agent


def device_changed(context: Context, agent: Agent, event: MemberSeen) -> None:
    """Asterisk told the state of the agent's device."""
    agent.device = event.device
    if event.device in IN_USE:
        agent.was_in_use = True
        _leg_goes_on(context, agent)
        if not agent.calls and not agent.offers:
            _await_busy(context, agent, event.at)
        return
    agent.busy_since = None
    agent.is_busy_other = False
    if event.device == "idle" and agent.was_in_use:
        agent.was_in_use = False
        if not event.is_listed and len(agent.calls) == 1:
            _leg_may_be_over(context, agent, event.at)


def look_again(context: Context, agent: Agent) -> None:
    """A moment that was awaited for this agent has come."""
    now = context.at
    if agent.busy_since is not None and not agent.calls and not agent.offers:
        if now >= agent.busy_since + BUSY_CONFIRMED_MS:
            agent.is_busy_other = True
            refresh(context, agent, agent.busy_since)
        else:
            await_agent(context.state, agent.interface, agent.busy_since + BUSY_CONFIRMED_MS)
    if agent.wrap_up_since is not None:
        if now >= agent.wrap_up_until:
            end_wrap_up(context, agent, agent.wrap_up_until)
            refresh(context, agent, agent.wrap_up_until)
        else:
            await_agent(context.state, agent.interface, agent.wrap_up_until)


def offered(context: Context, agent: Agent, event: AgentOffered, call_id: str) -> None:
    """The agent's phone rings for a caller."""
    if agent.wrap_up_since is not None:
        end_wrap_up(context, agent, context.at)
    agent.busy_since = None
    agent.is_busy_other = False
    agent.offers[event.uniqueid] = Offer(event.queue, call_id, context.at, event.agent_uniqueid)
    refresh(context, agent, context.at)


def offer_over(
    context: Context,
    agent: Agent,
    uniqueid: str,
    at: int,
    result: OfferResult,
    *,
    is_estimated: bool = False,
) -> None:
    """The phone no longer rings for this caller."""
    if agent.offers.pop(uniqueid, None) is not None:
        _still_in_use(context, agent, at)
        refresh(context, agent, at, offer_result=result, is_estimated=is_estimated)


def cancel_offers(context: Context, visit: Visit, at: int, *, but: str = "") -> None:
    """The caller is gone, or answered by agent `but`: whoever else was ringing no longer is."""
    uniqueid = visit.uniqueid
    for agent in context.state.agents.values():
        # Asked of every agent of the site, and hardly any phone rings.
        offer = agent.offers.get(uniqueid) if agent.offers else None
        if offer and offer.call_id in ("", visit.call_id) and agent.interface != but:
            offer_over(context, agent, uniqueid, at, "cancelled")


def dial_cancelled(context: Context, event: DialCancelled) -> None:
    """Asterisk stopped ringing a phone: the caller went away, or another agent answered."""
    uniqueid = event.uniqueid
    for agent in context.state.agents.values():
        offer = agent.offers.get(uniqueid) if agent.offers else None
        if offer and offer.agent_uniqueid == event.dialled_uniqueid:
            offer_over(context, agent, uniqueid, event.at, "cancelled")
            return


def offers_unlisted(context: Context, agent: Agent, at: int) -> None:
    """A list shows that the phone does not ring; how offers made before the gap ended is not known.

    Without a gap the phone may be one that cannot tell that it rings.
    """
    for uniqueid, offer in tuple(agent.offers.items()):
        if offer.started_at <= context.state.gap_from:
            offer_over(context, agent, uniqueid, at, "", is_estimated=True)


def answered(context: Context, agent: Agent, visit: Visit, at: int) -> None:
    """The agent talks to the caller."""
    agent.offers.pop(visit.uniqueid, None)
    if agent.wrap_up_since is not None:
        end_wrap_up(context, agent, at)
    agent.busy_since = None
    agent.is_busy_other = False
    agent.was_in_use = agent.device in IN_USE
    agent.calls[visit.call_id] = visit.uniqueid
    refresh(context, agent, at, offer_result="answered", is_estimated=visit.is_estimated)


def hold_changed(context: Context, interface: str, at: int) -> None:
    """The caller was put on hold or taken back."""
    agent = context.state.agents.get(interface)
    if agent is not None:
        refresh(context, agent, at)


def call_over(context: Context, agent: Agent, visit: Visit, at: int) -> None:
    """The agent's part in the call is over; wrap-up begins where the queue has a limit for it."""
    if agent.calls.pop(visit.call_id, None) is None:
        return
    limit = _wrap_up_limit(context, agent, visit.queue)
    if limit and not agent.calls and not is_paused(agent) and agent.memberships:
        agent.wrap_up_since = at
        agent.wrap_up_until = at + limit
        agent.wrap_up_call = (visit.call_id, visit.uniqueid)
        visit.is_wrapping_up = True
        await_agent(context.state, agent.interface, agent.wrap_up_until)
    _still_in_use(context, agent, at)
    refresh(context, agent, at, is_estimated=visit.is_estimated)


def end_wrap_up(context: Context, agent: Agent, at: int) -> None:
    """Wrap-up ends with the next ring, a pause, a logout, or its limit."""
    if agent.wrap_up_since is None:
        return
    spent = max(0, min(at, agent.wrap_up_until) - agent.wrap_up_since)
    call_id, uniqueid = agent.wrap_up_call
    agent.wrap_up_since = None
    agent.wrap_up_call = ("", "")
    visit = find_visit(context.state, uniqueid, call_id)
    if visit is None:
        return
    visit.wrap_up_ms = spent
    visit.is_wrapping_up = False
    recount(context, visit)
    context.visit_changed(visit)
    if visit.deadline is None:
        retire(context.state, visit)


def _await_busy(context: Context, agent: Agent, at: int) -> None:
    if agent.busy_since is None:
        agent.busy_since = at
        await_agent(context.state, agent.interface, at + BUSY_CONFIRMED_MS)


def _leg_may_be_over(context: Context, agent: Agent, at: int) -> None:
    """The phone is idle though its call is not known to be over: a transfer nobody told of?"""
    ((call_id, uniqueid),) = agent.calls.items()
    visit = find_visit(context.state, uniqueid, call_id)
    if visit is not None and visit.deadline is None:
        visit.agent_idle_at = at
        visit.deadline = at + PROVISIONAL_MS
        await_caller(context.state, uniqueid, visit.deadline)


def _leg_goes_on(context: Context, agent: Agent) -> None:
    """The phone is in use again: its idleness was a flicker."""
    for call_id, uniqueid in agent.calls.items():
        visit = find_visit(context.state, uniqueid, call_id)
        if visit is not None and visit.agent_idle_at is not None and visit.hung_up_at is None:
            visit.agent_idle_at = None
            visit.deadline = None


def _wrap_up_limit(context: Context, agent: Agent, queue: str) -> int:
    """The member's own limit, else the queue's; 0 if neither is known."""
    membership = agent.memberships.get(queue)
    if membership is not None and membership.wrap_up_limit_ms:
        return membership.wrap_up_limit_ms
    known = context.state.queues.get(queue)
    return known.wrap_up_limit_ms if known else 0


def _still_in_use(context: Context, agent: Agent, at: int) -> None:
    """A phone that stays in use after its queue call is busy with something else."""
    if agent.device in IN_USE and not agent.calls and not agent.offers:
        _await_busy(context, agent, at)
