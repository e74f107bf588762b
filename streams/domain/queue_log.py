"""queue_log lines read back after a gap: they fill in what is missing or estimated, no more.

A line names a visit by uniqueid, queue and the second of its ENTERQUEUE. Only inside the gap does
a line add a visit, marked estimated: a whole second is all it tells.
"""

from streams.domain.context import Context
from streams.domain.events import LogAnswered, LogEnded, LogEntered
from streams.domain.queue_calls import move_on
from streams.domain.site_state import Agent, SiteState, Visit, own_queue_name
from streams.domain.visits import answer_unseen, changed, close_talk, end_wait, enter

SAME_ENTRY_MS = 2_000


def log_entered(context: Context, event: LogEntered) -> None:
    """A caller entered: known already, or inside the gap a visit we did not see."""
    name = own_queue_name(context.state, event.queue)
    caller = context.state.callers.get(event.uniqueid)
    if caller is not None:
        for queue, entered_at in caller.entries:
            if queue == name and abs(entered_at - event.at) <= SAME_ENTRY_MS:
                return
        for visit in tuple(caller.visits):
            if visit.outcome == "open" or visit.status == "talking":
                move_on(context, visit, event.at)
    if _is_in_gap(context.state, event.at):
        enter(
            context,
            name,
            event.uniqueid,
            event.at,
            position=event.position,
            caller=event.caller,
            caller_hash=event.caller_hash,
            is_estimated=True,
        )


def log_answered(context: Context, event: LogAnswered) -> None:
    """An agent answered inside the gap."""
    visit = _visit_of_line(context.state, event.uniqueid, event.queue, event.at - event.wait_ms)
    if visit is None or visit.outcome != "open":
        return
    _answer(context, visit, event.agent_name, event.at, event.wait_ms)
    visit.agent_uniqueid = event.agent_uniqueid
    if event.agent_uniqueid:
        context.state.legs[event.agent_uniqueid] = visit.uniqueid
    changed(context, visit)


def log_ended(context: Context, event: LogEnded) -> None:
    """The visit ended inside the gap, or just before it and who ended it was not seen."""
    entered_about = event.at - (event.wait_ms or 0) - (event.talk_ms or 0)
    visit = _visit_of_line(context.state, event.uniqueid, event.queue, entered_about)
    if visit is None:
        return
    if event.outcome != "answered":
        if visit.outcome == "open":
            visit.told_wait_ms = event.wait_ms
            end_wait(context, visit, event.outcome, event.at, is_estimated=True)
        return
    if visit.outcome == "open":
        # The line of the answer is older than what was read back.
        answered_at = event.at - (event.talk_ms or 0)
        _answer(context, visit, event.agent_name, answered_at, event.wait_ms)
    if event.transfer != "none" and visit.transfer == "none":
        visit.transfer = event.transfer
    if visit.status == "talking":
        if visit.answered_at is None and event.talk_ms is not None:
            visit.answered_at = max(event.at - event.talk_ms, visit.entered_at)
        if visit.wait_ms is None:
            visit.wait_ms = event.wait_ms
        visit.is_end_told = True
        close_talk(context, visit, event.at, event.ended_by, is_estimated=True)
    elif visit.outcome == "answered" and not visit.is_end_told:
        visit.is_end_told = True
        visit.ended_by = event.ended_by
        changed(context, visit)


def _answer(context: Context, visit: Visit, agent_name: str, at: int, wait_ms: int | None) -> None:
    agent = _agent_named(context.state, visit.queue, agent_name)
    answer_unseen(context, visit, agent, agent_name, answered_at=at, at=at)
    visit.wait_ms = wait_ms


def _is_in_gap(state: SiteState, at: int) -> bool:
    return bool(state.gap_from) and state.gap_from - 1_000 <= at <= state.blind_until


def _visit_of_line(state: SiteState, uniqueid: str, queue: str, entered_about: int) -> Visit | None:
    """The caller's unsettled visit to the queue that entered when the line says, to the second."""
    name = own_queue_name(state, queue)
    caller = state.callers.get(uniqueid)
    same = [visit for visit in caller.visits if visit.queue == name] if caller else []
    nearest = min(same, key=lambda visit: abs(visit.entered_at - entered_about), default=None)
    if nearest is None or abs(nearest.entered_at - entered_about) > SAME_ENTRY_MS:
        return None
    return nearest


def _agent_named(state: SiteState, queue: str, name: str) -> Agent | None:
    """queue_log names agents by their label: the one member of the queue with that label."""
    named = [a for a in state.agents.values() if a.name == name and queue in a.memberships]
    return named[0] if len(named) == 1 else None
