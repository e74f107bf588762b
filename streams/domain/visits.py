"""What can happen to one queue call: entered, answered, ended, settled.

The primitives under `queue_calls`, which knows the events, and under lists and queue_log, which
know what was missed. Each keeps the visit, its window, its agent and the awaited moments in step.
"""

from streams.domain import agents
from streams.domain.context import Context
from streams.domain.deadlines import PROVISIONAL_MS, await_caller
from streams.domain.facts import EndedBy, Outcome
from streams.domain.site_state import MAX_CALLERS, Agent, Caller, SiteState, Visit, queue_of
from streams.domain.windows import recount, retire

ENTRIES_KEPT = 7

WHOLE_SECOND_MS = 1_000
"""What Asterisk tells of waits and talks is cut to whole seconds."""

MAX_DURATION_MS = 30 * 24 * 60 * 60 * 1000
"""Longer waits and talks are not believed: a clock was set, or somebody sends nonsense."""


def enter(
    context: Context,
    queue: str,
    uniqueid: str,
    entered_at: int,
    *,
    contact_id: str = "",
    position: int = 0,
    caller: str = "",
    caller_hash: str = "",
    is_estimated: bool = False,
) -> Visit:
    """Begins a visit. `contact_id` defaults to the uniqueid."""
    state = context.state
    queue_of(state, queue)
    known = state.callers.get(uniqueid)
    if known is None:
        if len(state.callers) >= MAX_CALLERS:
            _give_way(context)
        known = state.callers[uniqueid] = Caller()
    known.visit_count += 1
    known.last_at = context.at
    known.entries = [*known.entries[-ENTRIES_KEPT:], (queue, entered_at)]
    visit = Visit(
        f"{uniqueid}/{known.visit_count}",
        uniqueid,
        contact_id or uniqueid,
        queue,
        entered_at,
        position,
        caller,
        caller_hash,
        is_estimated=is_estimated,
    )
    known.visits.append(visit)
    changed(context, visit)
    return visit


def enter_unseen(
    context: Context,
    queue: str,
    uniqueid: str,
    entered_at: int,
    *,
    seen_from: int | None = None,
    contact_id: str = "",
    caller: str = "",
    caller_hash: str = "",
) -> Visit | None:
    """A visit whose beginning we could not see; None if we would have seen it.

    `seen_from`: the moment we must have missed, by default the entry.
    """
    known = context.state.callers.get(uniqueid)
    missed_at = entered_at if seen_from is None else seen_from
    is_known = known is not None and (known.visits or any(q == queue for q, _ in known.entries))
    if is_known or missed_at - WHOLE_SECOND_MS > context.state.blind_until:
        return None
    return enter(
        context,
        queue,
        uniqueid,
        entered_at,
        contact_id=contact_id,
        caller=caller,
        caller_hash=caller_hash,
        is_estimated=True,
    )


def connect(context: Context, visit: Visit, interface: str, name: str, at: int | None) -> None:
    """Makes the visit an answered one, talking since `at` (None: not known yet)."""
    visit.status = "talking"
    visit.outcome = "answered"
    visit.ended_at = None
    visit.answered_at = None if at is None else max(at, visit.entered_at)
    visit.agent = interface
    visit.agent_name = name
    visit.missing_since = None
    visit.deadline = None
    context.state.due_callers.pop(visit.uniqueid, None)


def answer_unseen(
    context: Context,
    visit: Visit,
    agent: Agent | None,
    name: str,
    *,
    answered_at: int | None,
    at: int,
) -> None:
    """An agent (None: which one is not known) answered while we could not see it, known at `at`."""
    interface = agent.interface if agent else ""
    visit.is_estimated = True
    connect(context, visit, interface, name, answered_at)
    agents.cancel_offers(context, visit, at, but=interface)
    if agent is not None:
        agents.answered(context, agent, visit, at)


def end_wait(
    context: Context, visit: Visit, outcome: Outcome, at: int, *, is_estimated: bool = False
) -> None:
    """The wait is over without an answer; nothing about the visit will change any more."""
    visit.outcome = outcome
    visit.status = "ended"
    visit.ended_at = max(at, visit.entered_at)
    visit.is_estimated = visit.is_estimated or is_estimated
    if outcome != "unknown":
        visit.wait_ms = waited(visit, at)
    agents.cancel_offers(context, visit, visit.ended_at)
    changed(context, visit)
    retire(context.state, visit)


def close_talk(
    context: Context,
    visit: Visit,
    at: int,
    ended_by: EndedBy,
    *,
    is_estimated: bool = False,
) -> None:
    """The agent's talk is over; who ended it may still be told better for a moment."""
    visit.is_estimated = visit.is_estimated or is_estimated
    if visit.hold_since is not None:
        visit.hold_ms += elapsed(visit, visit.hold_since, at)
        visit.hold_since = None
    if visit.answered_at is not None:
        visit.talk_ms = max(0, elapsed(visit, visit.answered_at, at) - visit.hold_ms)
        at = max(at, visit.answered_at)
    visit.status = "ended"
    visit.ended_at = at
    visit.ended_by = ended_by
    visit.agent_idle_at = None
    visit.deadline = None
    await_evidence(context, visit, max(at, context.at))
    agent = context.state.agents.get(visit.agent)
    if agent is not None:
        agents.call_over(context, agent, visit, at)
    changed(context, visit)


def leave_provisionally(context: Context, visit: Visit, at: int) -> None:
    """The caller no longer waits; for a moment it may still turn out why."""
    visit.status = "ended"
    if visit.ended_at is None:
        visit.ended_at = max(at, visit.entered_at)
    await_evidence(context, visit, at)
    changed(context, visit)


def await_evidence(context: Context, visit: Visit, at: int) -> None:
    """Two seconds of event time from `at` on, what is provisional about the visit is settled."""
    if visit.deadline is None:
        visit.deadline = at + PROVISIONAL_MS
        await_caller(context.state, visit.uniqueid, visit.deadline)


def changed(context: Context, visit: Visit) -> None:
    """The visit's row and its window's row are due."""
    recount(context, visit)
    context.visit_changed(visit)


def in_queue(state: SiteState, uniqueid: str, queue: str) -> Visit | None:
    """The caller's visit to this queue whose wait can still end."""
    caller = state.callers.get(uniqueid)
    if caller is not None:
        for visit in reversed(caller.visits):
            if visit.queue == queue and visit.outcome == "open":
                return visit
    return None


def unsettled(state: SiteState, uniqueid: str) -> tuple[Visit, ...]:
    """The caller's visits that can still change, oldest first."""
    caller = state.callers.get(uniqueid)
    return tuple(caller.visits) if caller else ()


def visit_of_leg(state: SiteState, agent_uniqueid: str) -> Visit | None:
    """The visit that an agent's channel serves or just served."""
    caller_uniqueid = state.legs.get(agent_uniqueid)
    if caller_uniqueid is None:
        return None
    caller = state.callers.get(caller_uniqueid)
    for visit in reversed(caller.visits) if caller else ():
        if agent_uniqueid in (visit.agent_uniqueid, visit.phone_uniqueid):
            return visit
    del state.legs[agent_uniqueid]
    return None


def left_at_or(visit: Visit, otherwise: int) -> int:
    """When the caller left the queue, by the best evidence there is."""
    for moment in (visit.gave_up_at, visit.left_at, visit.hung_up_at, visit.missing_since):
        if moment is not None:
            return moment
    return otherwise


def elapsed(visit: Visit, start: int, end: int) -> int:
    """Never negative: a clock that stepped back gives 0, and the visit is marked estimated."""
    passed = end - start
    if 0 <= passed <= MAX_DURATION_MS:
        return passed
    visit.is_estimated = True
    return 0 if passed < 0 else MAX_DURATION_MS


def waited(visit: Visit, at: int) -> int:
    """The wait until `at`; where the entry is estimated Asterisk's own whole seconds are better."""
    if visit.is_estimated and visit.told_wait_ms is not None:
        return visit.told_wait_ms
    return elapsed(visit, visit.entered_at, at)


def _give_way(context: Context) -> None:
    """Too many callers: one without open visits leaves, else the oldest, its visits unknown."""
    callers = context.state.callers
    uniqueid = next((u for u, caller in callers.items() if not caller.visits), None)
    if uniqueid is None:
        uniqueid = next(iter(callers))
        context.gap_found(context.at, context.at, "too_many_callers")
    for visit in tuple(callers[uniqueid].visits):
        if visit.outcome == "open":
            end_wait(context, visit, "unknown", context.at, is_estimated=True)
        else:
            if visit.status == "talking":
                close_talk(context, visit, context.at, "unknown", is_estimated=True)
            retire(context.state, visit)
    callers.pop(uniqueid, None)
