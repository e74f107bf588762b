"""Agents: memberships, what their phones do, and the one state that follows from it.

States never overlap. Of several that apply the later in this list holds: logged_out, unreachable or
available, paused (in all own queues), wrap_up, busy_other, ringing, hold, talking. Device states
and call events travel on different paths in Asterisk, so a busy phone without a queue call counts
as `busy_other` only when no call has explained it for two seconds; then from its start.
"""

from streams.domain.context import Context
from streams.domain.deadlines import PROVISIONAL_MS, await_agent, await_caller
from streams.domain.events import MemberRemoved, MemberSeen
from streams.domain.facts import AgentMembership, AgentState, AgentStateName, OfferResult
from streams.domain.site_state import Agent, Membership, Offer, Queue, Visit, find_visit
from streams.domain.windows import recount, retire

BUSY_CONFIRMED_MS = 2_000

IN_USE = frozenset((2, 3, 7, 8))
IDLE = frozenset((0, 1))
UNREACHABLE = frozenset((4, 5))


def agent_of(context: Context, interface: str, name: str) -> Agent:
    """The agent with this interface, made known if needed; the last name seen is the label."""
    agent = context.state.agents.get(interface)
    if agent is None:
        agent = context.state.agents[interface] = Agent(interface, name or interface)
    elif name and agent.name != name:
        agent.name = name
    return agent


# --- Memberships ---------------------------------------------------------------------------------


def member_seen(context: Context, event: MemberSeen) -> Agent:
    """Asterisk told of an agent in a queue: joined, changed, or only listed."""
    agent = agent_of(context, event.agent, event.agent_name)
    before = agent.memberships.get(event.queue)
    if before is None:
        _join(context, agent, event)
    elif (before.is_paused, before.pause_reason, before.penalty) != _setting(event):
        _change(context, agent, before, event)
    membership = agent.memberships[event.queue]
    membership.status = event.status
    membership.is_in_call = event.is_in_call
    membership.last_call = event.last_call
    membership.login_at = event.login_at or membership.login_at
    membership.wrap_up_limit_ms = event.wrap_up_limit_ms
    if event.is_paused and agent.wrap_up_since is not None and not event.is_listed:
        end_wrap_up(context, agent, event.at)
    _device_changed(context, agent, event)
    queue = context.state.queues.get(event.queue)
    if queue is None or queue.empty_since is not None or not _is_usable(membership):
        _check_empty(context, event.queue)
    refresh(context, agent, event.at, is_estimated=event.is_listed)
    return agent


def member_removed(context: Context, event: MemberRemoved) -> None:
    """An agent left a queue; a call or a ringing phone goes on all the same."""
    agent = context.state.agents.get(event.agent)
    if agent is not None:
        leave_queue(context, agent, event.queue, event.at, is_estimated=False)


def leave_queue(context: Context, agent: Agent, queue: str, at: int, *, is_estimated: bool) -> None:
    """Ends a membership."""
    membership = agent.memberships.pop(queue, None)
    if membership is None:
        return
    membership.is_estimated = membership.is_estimated or is_estimated
    _add_membership(context, agent, queue, membership, max(at, membership.started_at))
    if not agent.memberships:
        end_wrap_up(context, agent, at)
        agent.busy_since = None
        agent.is_busy_other = False
    _check_empty(context, queue)
    refresh(context, agent, at, is_estimated=is_estimated)


def _setting(event: MemberSeen) -> tuple[bool, str, int]:
    return event.is_paused, event.pause_reason if event.is_paused else "", event.penalty


def _join(context: Context, agent: Agent, event: MemberSeen) -> None:
    started_at = event.at
    pause_since = 0
    if event.is_listed and 0 < event.login_at <= event.at:
        started_at = event.login_at
    if event.is_paused:
        pause_since = started_at
        if event.is_listed and 0 < event.last_pause <= event.at:
            pause_since = event.last_pause
            started_at = max(started_at, pause_since)
    is_paused, reason, penalty = _setting(event)
    membership = Membership(started_at, is_paused, reason, pause_since, penalty)
    membership.is_estimated = context.is_time_estimated
    agent.memberships[event.queue] = membership
    _add_membership(context, agent, event.queue, membership, None)


def _change(context: Context, agent: Agent, before: Membership, event: MemberSeen) -> None:
    """Ends the membership's row and begins the next. Seen in a list, the moment is estimated."""
    at = max(event.at, before.started_at + 1)
    is_paused, reason, penalty = _setting(event)
    pause_since = 0
    if is_paused:
        pause_since = before.pause_since if before.is_paused else event.at
        if (before.is_paused and before.pause_reason != reason) and not event.is_listed:
            pause_since = event.at
        if event.is_listed and before.started_at < event.last_pause <= event.at:
            at = pause_since = event.last_pause
    before.is_estimated = before.is_estimated or event.is_listed
    _add_membership(context, agent, event.queue, before, at)
    membership = Membership(at, is_paused, reason, pause_since, penalty, login_at=before.login_at)
    membership.is_estimated = event.is_listed
    agent.memberships[event.queue] = membership
    _add_membership(context, agent, event.queue, membership, None)


def _add_membership(
    context: Context, agent: Agent, queue: str, membership: Membership, ended_at: int | None
) -> None:
    context.add(
        AgentMembership(
            context.state.tenant_id,
            context.state.site,
            context.agent_key(agent.interface),
            agent.name,
            queue,
            membership.started_at,
            ended_at,
            membership.is_paused,
            membership.pause_reason,
            membership.penalty,
            membership.is_estimated,
            context.version,
        )
    )


def _check_empty(context: Context, name: str) -> None:
    """Notes when a queue loses its last agent who could take a call, and when it gets one."""
    queue = context.state.queues.get(name)
    if queue is None:
        queue = context.state.queues[name] = Queue()
    for agent in context.state.agents.values():
        membership = agent.memberships.get(name)
        if membership is not None and _is_usable(membership):
            queue.empty_since = None
            return
    if queue.empty_since is None:
        queue.empty_since = context.at


def _is_usable(membership: Membership) -> bool:
    return not membership.is_paused and membership.status not in UNREACHABLE


# --- The phone -----------------------------------------------------------------------------------


def _device_changed(context: Context, agent: Agent, event: MemberSeen) -> None:
    agent.status = event.status
    if event.status in IN_USE:
        agent.was_in_use = True
        if not agent.calls and not agent.offers:
            _await_busy(context, agent, event.at)
        return
    agent.busy_since = None
    agent.is_busy_other = False
    if event.status in IDLE and agent.was_in_use:
        agent.was_in_use = False
        if not event.is_listed and len(agent.calls) == 1:
            _leg_may_be_over(context, agent, event.at)


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


# --- Offers and calls ----------------------------------------------------------------------------


def offered(context: Context, agent: Agent, uniqueid: str, queue: str, call_id: str) -> None:
    """The agent's phone rings for a caller."""
    end_wrap_up(context, agent, context.at)
    agent.busy_since = None
    agent.is_busy_other = False
    agent.offers[uniqueid] = Offer(queue, call_id, context.at)
    refresh(context, agent, context.at)


def offer_over(context: Context, agent: Agent, uniqueid: str, at: int, result: OfferResult) -> None:
    """The phone no longer rings for this caller."""
    if agent.offers.pop(uniqueid, None) is not None:
        _still_in_use(context, agent, at)
        refresh(context, agent, at, offer_result=result)


def cancel_offers(context: Context, uniqueid: str, at: int, *, but: str = "") -> None:
    """The caller is gone, or answered by agent `but`: whoever else was ringing no longer is."""
    for agent in context.state.agents.values():
        if uniqueid in agent.offers and agent.interface != but:
            offer_over(context, agent, uniqueid, at, "cancelled")


def answered(context: Context, agent: Agent, visit: Visit, at: int) -> None:
    """The agent talks to the caller."""
    agent.offers.pop(visit.uniqueid, None)
    end_wrap_up(context, agent, at)
    agent.busy_since = None
    agent.is_busy_other = False
    agent.was_in_use = agent.status in IN_USE
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
    if limit and not agent.calls and not _is_paused(agent) and agent.memberships:
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


def _wrap_up_limit(context: Context, agent: Agent, queue: str) -> int:
    """The member's own limit, else the queue's; 0 if neither is known."""
    membership = agent.memberships.get(queue)
    if membership is not None and membership.wrap_up_limit_ms:
        return membership.wrap_up_limit_ms
    known = context.state.queues.get(queue)
    return known.wrap_up_limit_ms if known else 0


def _still_in_use(context: Context, agent: Agent, at: int) -> None:
    """A phone that stays in use after its queue call is busy with something else."""
    if agent.status in IN_USE and not agent.calls and not agent.offers:
        _await_busy(context, agent, at)


# --- The state -----------------------------------------------------------------------------------


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
    if (state, reason, queue, call_id) == (
        agent.state,
        agent.pause_reason,
        agent.queue,
        agent.call_id,
    ):
        return
    is_estimated = is_estimated or context.is_time_estimated
    started_at = at
    if agent.state is not None:
        # A phone may ring and be refused within a millisecond: the offer must remain countable.
        least = 1 if agent.state == "ringing" else 0
        if at < agent.started_at:
            agent.is_estimated = True
        started_at = max(at, agent.started_at + least)
        agent.is_estimated = agent.is_estimated or is_estimated
        if started_at > agent.started_at:
            _add_state(context, agent, started_at, offer_result)
    agent.state, agent.pause_reason, agent.queue, agent.call_id = state, reason, queue, call_id
    agent.started_at = started_at
    agent.state_since = min(_since(agent, state) or started_at, started_at)
    agent.is_estimated = is_estimated
    _add_state(context, agent, None, "")


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
    if _is_paused(agent):
        return "paused", "", ""
    if agent.status in UNREACHABLE:
        return "unreachable", "", ""
    return "available", "", ""


def _is_paused(agent: Agent) -> bool:
    return bool(agent.memberships) and all(m.is_paused for m in agent.memberships.values())


def _pause_reason(agent: Agent) -> str:
    return next((m.pause_reason for m in agent.memberships.values() if m.pause_reason), "")


def _since(agent: Agent, state: AgentStateName) -> int:
    """Since when the agent is paused or logged in, whatever interrupted it."""
    if not agent.memberships:
        return 0
    if state == "paused":
        return max(m.pause_since for m in agent.memberships.values())
    return min(m.login_at or m.started_at for m in agent.memberships.values())


def _add_state(
    context: Context, agent: Agent, ended_at: int | None, offer_result: OfferResult
) -> None:
    if agent.state is None:
        return
    context.add(
        AgentState(
            context.state.tenant_id,
            context.state.site,
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
        )
    )
