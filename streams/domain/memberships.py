"""Agents in queues: who is a member of which, paused or not, and which queues nobody serves."""

from streams.domain import agents
from streams.domain.agent_states import refresh
from streams.domain.context import Context
from streams.domain.events import MemberRemoved, MemberSeen
from streams.domain.facts import AgentMembership
from streams.domain.site_state import Agent, Membership, is_followed, queue_of


def member_seen(context: Context, event: MemberSeen) -> Agent:
    """Asterisk told of an agent in a queue: joined, changed, or only listed."""
    agent = agents.agent_of(context, event.agent, event.agent_name)
    # Of an agent in several queues each queue tells the same news; only the first has any.
    is_news = event.device != agent.device or bool(agent.calls)
    membership = agent.memberships.get(event.queue)
    if membership is None:
        membership = _join(context, agent, event)
        is_news = True
    elif (
        membership.is_paused != event.is_paused
        or membership.pause_reason != event.pause_reason
        or membership.penalty != event.penalty
    ):
        membership = _change(context, agent, membership, event)
        is_news = True
    membership.device = event.device
    membership.is_in_call = event.is_in_call
    membership.last_call = event.last_call
    if event.login_at:
        membership.login_at = event.login_at
    membership.wrap_up_limit_ms = event.wrap_up_limit_ms
    queue = context.state.queues.get(event.queue)
    if queue is None or queue.empty_since is not None or not _is_usable(membership):
        _check_empty(context, event.queue)
    if event.is_paused and agent.wrap_up_since is not None and not event.is_listed:
        agents.end_wrap_up(context, agent, event.at)
        is_news = True
    if is_news:
        agents.device_changed(context, agent, event)
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
        agents.end_wrap_up(context, agent, at)
        agent.busy_since = None
        agent.is_busy_other = False
    _check_empty(context, queue)
    refresh(context, agent, at, is_estimated=is_estimated)


def _join(context: Context, agent: Agent, event: MemberSeen) -> Membership:
    started_at = event.at
    pause_since = 0
    if event.is_listed and 0 < event.login_at <= event.at:
        started_at = event.login_at
    if event.is_paused:
        pause_since = started_at
        if event.is_listed and 0 < event.last_pause <= event.at:
            pause_since = event.last_pause
            started_at = max(started_at, pause_since)
    membership = Membership(
        started_at, event.is_paused, event.pause_reason, pause_since, event.penalty
    )
    membership.is_estimated = context.is_time_estimated
    agent.memberships[event.queue] = membership
    _add_membership(context, agent, event.queue, membership, None)
    return membership


def _change(context: Context, agent: Agent, before: Membership, event: MemberSeen) -> Membership:
    """Ends the membership's row and begins the next. Seen in a list, the moment is estimated."""
    at = max(event.at, before.started_at + 1)
    pause_since = 0
    if event.is_paused:
        pause_since = before.pause_since if before.is_paused else event.at
        if (before.is_paused and before.pause_reason != event.pause_reason) and not event.is_listed:
            pause_since = event.at
        if event.is_listed and before.started_at < event.last_pause <= event.at:
            at = pause_since = event.last_pause
    before.is_estimated = before.is_estimated or event.is_listed
    _add_membership(context, agent, event.queue, before, at)
    membership = Membership(
        at,
        event.is_paused,
        event.pause_reason,
        pause_since,
        event.penalty,
        login_at=before.login_at,
    )
    membership.is_estimated = event.is_listed
    agent.memberships[event.queue] = membership
    _add_membership(context, agent, event.queue, membership, None)
    return membership


def _add_membership(
    context: Context, agent: Agent, queue: str, membership: Membership, ended_at: int | None
) -> None:
    if not is_followed(context.state, agent):
        return
    context.add(
        (AgentMembership, agent.interface, queue, membership.started_at),
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
        ),
    )


def _check_empty(context: Context, name: str) -> None:
    """Notes when a queue loses its last agent who could take a call, and that it got one."""
    queue = queue_of(context.state, name)
    for agent in context.state.agents.values():
        membership = agent.memberships.get(name)
        if membership is not None and _is_usable(membership):
            queue.empty_since = None
            return
    if queue.empty_since is None:
        queue.empty_since = context.at


def _is_usable(membership: Membership) -> bool:
    return not membership.is_paused and membership.device != "unreachable"
