"""The agents' part of a queue call: offered, answered, held, transferred, finished.

Asterisk tells the end of a talk late and not always; until it does, the end of either channel and
the state of the agent's phone are evidence (streams/domain/agents.py).
"""

from streams.domain import agents
from streams.domain.context import Context
from streams.domain.events import (
    AgentAnswered,
    AgentFinished,
    AgentOffered,
    DialAnswered,
    HoldChanged,
    OfferMissed,
    Transferred,
)
from streams.domain.facts import Transfer
from streams.domain.site_state import SiteState, Visit
from streams.domain.visits import (
    WHOLE_SECOND_MS,
    await_evidence,
    changed,
    close_talk,
    connect,
    elapsed,
    enter_unseen,
    in_queue,
    unsettled,
    visit_of_leg,
    waited,
)


def offered(context: Context, event: AgentOffered) -> None:
    """An agent's phone rings for a caller."""
    agent = agents.agent_of(context, event.agent, event.agent_name)
    visit = in_queue(context.state, event.uniqueid, event.queue)
    agents.offered(context, agent, event, visit.call_id if visit else "")


def offer_missed(context: Context, event: OfferMissed) -> None:
    """An agent let it ring, was busy or refused; the caller stays."""
    agent = agents.agent_of(context, event.agent, event.agent_name)
    agents.offer_over(context, agent, event.uniqueid, event.at, "missed")
    visit = in_queue(context.state, event.uniqueid, event.queue)
    if visit is not None:
        visit.missed_offers += 1
        context.visit_changed(visit)


def dial_answered(context: Context, event: DialAnswered) -> None:
    """An agent picked up: the call will be connected, however long what comes between takes."""
    for visit in unsettled(context.state, event.uniqueid):
        if visit.outcome == "open" and visit.gave_up_at is None:
            visit.is_pickup_seen = True
    if event.uniqueid != event.contact_id:
        # Behind an agent's Local channel the phone itself holds and transfers.
        for visit in unsettled(context.state, event.contact_id):
            if visit.outcome in ("open", "answered") and visit.status != "ended":
                visit.phone_uniqueid = event.dialled_uniqueid
                context.state.legs[event.dialled_uniqueid] = visit.uniqueid


def answered(context: Context, event: AgentAnswered) -> None:
    """Caller and agent are connected."""
    visit = in_queue(context.state, event.uniqueid, event.queue)
    if visit is None:
        visit = enter_unseen(
            context,
            event.queue,
            event.uniqueid,
            event.at - event.wait_ms,
            contact_id=event.contact_id,
            caller=event.caller,
            caller_hash=event.caller_hash,
        )
    agent = agents.agent_of(context, event.agent, event.agent_name)
    if visit is None or visit.outcome not in ("open", "answered"):
        agents.offer_over(context, agent, event.uniqueid, event.at, "answered")
        return
    connect(context, visit, event.agent, agent.name, event.at)
    visit.agent_uniqueid = event.agent_uniqueid
    visit.is_leg_lasting = event.is_leg_lasting
    if event.agent_uniqueid:
        context.state.legs[event.agent_uniqueid] = visit.uniqueid
    visit.told_wait_ms = event.wait_ms
    if visit.wait_ms is None:
        visit.wait_ms = waited(visit, event.at)
    agents.cancel_offers(context, visit, event.at, but=event.agent)
    agents.answered(context, agent, visit, event.at)
    changed(context, visit)


def finished(context: Context, event: AgentFinished) -> None:
    """The agent's part is over, told at last; caller and channels may be missing from it."""
    agent = agents.agent_of(context, event.agent, event.agent_name)
    visit = _call_of_agent(context.state, event)
    if visit is None and event.uniqueid:
        visit = enter_unseen(
            context,
            event.queue,
            event.uniqueid,
            event.at - event.talk_ms - event.wait_ms,
            seen_from=event.at - event.talk_ms,
        )
    if visit is None:
        return
    if visit.status == "ended" and visit.outcome == "answered":
        if not visit.is_end_told:
            # Asterisk may send a second one after a transfer: the first holds.
            visit.is_end_told = True
            visit.ended_by = event.ended_by
            changed(context, visit)
        return
    is_unseen = visit.answered_at is None or visit.status != "talking"
    if is_unseen:
        # Connected while we could not see it.
        visit.is_estimated = True
        connect(context, visit, event.agent, agent.name, event.at - event.talk_ms)
        visit.wait_ms = event.wait_ms if visit.wait_ms is None else visit.wait_ms
        agents.cancel_offers(context, visit, event.at)
        agent.calls[visit.call_id] = visit.uniqueid
    at = event.at
    if visit.hung_up_at is not None:
        at = min(at, visit.hung_up_at)
    visit.is_end_told = True
    close_talk(context, visit, at, event.ended_by)
    if is_unseen:
        # Told by Asterisk; the moment of the answer is worked out from it.
        visit.talk_ms = max(0, event.talk_ms - visit.hold_ms)
        changed(context, visit)


def transferred(context: Context, event: Transferred) -> None:
    """A transfer by the agent ends the agent's talk, however long the customer talks on."""
    kind: Transfer = "attended" if event.is_attended else "blind"
    for transferer in event.transferers:
        visit = visit_of_leg(context.state, transferer)
        if visit is not None:
            _note_transfer(context, visit, event.at, kind)
            return
    for visit in unsettled(context.state, event.transferee):
        if visit.outcome == "answered":
            _note_transfer(context, visit, event.at, kind)
            return


def hold_changed(context: Context, event: HoldChanged) -> None:
    """The agent put the caller on hold, or took them back."""
    visit = visit_of_leg(context.state, event.uniqueid)
    if visit is None or visit.status != "talking":
        return
    if event.is_on_hold:
        visit.hold_since = visit.hold_since or event.at
    elif visit.hold_since is not None:
        visit.hold_ms += elapsed(visit, visit.hold_since, event.at)
        visit.hold_since = None
    changed(context, visit)
    agents.hold_changed(context, visit.agent, event.at)


def agent_gone(context: Context, visit: Visit, at: int) -> None:
    """The agent's channel is gone; whatever else tells the end better has a moment for it."""
    if visit.status == "talking" and visit.hung_up_at is None:
        visit.agent_idle_at = visit.agent_idle_at or at
        await_evidence(context, visit, at)


def close_unseen(context: Context, visit: Visit) -> None:
    """Nobody told how the talk ended; the best moment known counts."""
    for moment in (visit.hung_up_at, visit.agent_idle_at, visit.missing_since):
        if moment is not None:
            close_talk(context, visit, moment, "unknown", is_estimated=True)
            return


def _note_transfer(context: Context, visit: Visit, at: int, kind: Transfer) -> None:
    visit.transfer = kind
    if visit.status == "talking":
        close_talk(context, visit, at, "transfer")
    else:
        changed(context, visit)


def _call_of_agent(state: SiteState, event: AgentFinished) -> Visit | None:
    """What this agent is or was just talking to in the queue, by uniqueid where that is told.

    Of several talks without one, the one that began when the event says. A caller on a Local
    channel has another uniqueid once that is optimised away. A caller who still waits was answered
    unseen, if we could not have seen it.
    """
    named = unsettled(state, event.uniqueid) if event.uniqueid else ()
    visits = named or tuple(v for caller in state.callers.values() for v in caller.visits)
    is_renamed = bool(event.uniqueid) and not named
    answered_at = event.at - event.talk_ms
    talks, just_ended, waiting = [], None, None
    for visit in visits:
        if visit.queue != event.queue:
            continue
        if visit.outcome == "open":
            if named and answered_at - WHOLE_SECOND_MS <= state.blind_until:
                waiting = visit
        elif visit.agent not in ("", event.agent) or (is_renamed and visit.is_caller_lasting):
            continue
        elif visit.status == "talking":
            talks.append(visit)
        elif visit.outcome == "answered" and visit.deadline is not None:
            just_ended = visit
    if talks:
        return min(talks, key=lambda v: abs((v.answered_at or answered_at) - answered_at))
    return just_ended or waiting
