"""The life of a queue call: waiting → (answered →) ended → settled.

`waiting` begins with the join. `ended` without an outcome is provisional: the evidence for why the
caller left is still coming in (streams/domain/endings.py). An answered call that ended stays open
to what Asterisk says a moment later (who ended it, an attended transfer) and to wrap-up. Then it is
retired. An outcome once counted never changes, but for `unknown`, which queue_log may explain.
"""

from streams.domain import agents
from streams.domain.context import Context
from streams.domain.deadlines import await_caller
from streams.domain.endings import moved_on_ending, unanswered_ending
from streams.domain.events import (
    AgentAnswered,
    AgentFinished,
    AgentOffered,
    CallerGaveUp,
    CallerJoined,
    CallerLeft,
    ChannelHungUp,
    DialAnswered,
    EndingTold,
    GiveUpMarked,
    HangupRequested,
    HoldChanged,
    OfferMissed,
    Transferred,
)
from streams.domain.facts import Transfer
from streams.domain.site_state import SiteState, Visit
from streams.domain.visits import (
    await_evidence,
    changed,
    close_talk,
    connect,
    elapsed,
    end_wait,
    enter,
    in_queue,
    leave_provisionally,
    left_at_or,
    unsettled,
    visit_of_leg,
    waited,
)
from streams.domain.windows import retire

WHOLE_SECOND_MS = 1_000
JUST_BLIND_MS = 50
"""A caller's hang-up is requested at most so long before Asterisk gives up."""


def joined(context: Context, event: CallerJoined) -> None:
    """A caller entered a queue; whatever else they were in is over for them."""
    caller = context.state.callers.get(event.uniqueid)
    for visit in tuple(caller.visits) if caller else ():
        if visit.status == "ended" and visit.outcome != "open":
            continue
        if visit.queue == event.queue and visit.status == "waiting" and visit.is_estimated:
            # The list answered before the event came: the same visit, now known better.
            visit.contact_id = event.contact_id
            visit.position = visit.position or event.position
            context.visit_changed(visit)
            return
        move_on(context, visit, event.at)
    entered = enter(
        context,
        event.queue,
        event.uniqueid,
        event.at,
        contact_id=event.contact_id,
        position=event.position,
        caller=event.caller,
        caller_hash=event.caller_hash,
    )
    entered.is_caller_lasting = event.is_lasting


def move_on(context: Context, visit: Visit, at: int) -> None:
    """The caller is somewhere else now: ends what this visit was still in."""
    if visit.status == "talking":
        close_talk(context, visit, at, "transfer")
    else:
        ending = moved_on_ending(context.state, visit)
        end_wait(context, visit, ending, left_at_or(visit, at), is_estimated=ending == "unknown")


def gave_up(context: Context, event: CallerGaveUp) -> None:
    """Asterisk raises this for whoever leaves unanswered, sometimes twice."""
    visit = in_queue(context.state, event.uniqueid, event.queue)
    if visit is None:
        visit = _enter_unseen(context, event.queue, event.uniqueid, event.at - event.wait_ms)
    if visit is None or visit.gave_up_at is not None or visit.status == "talking":
        return
    visit.gave_up_at = event.at
    visit.told_wait_ms = event.wait_ms
    visit.is_requested_before_giving_up = visit.is_hangup_requested
    if event.at <= context.state.blind_until + JUST_BLIND_MS:
        # The request may have come while we could not see it.
        visit.is_cut = True
    visit.missing_since = None
    leave_provisionally(context, visit, event.at)
    weigh(context, visit)


def left(context: Context, event: CallerLeft) -> None:
    """No longer in the queue. Asterisk sends this before it says that an agent answered."""
    visit = in_queue(context.state, event.uniqueid, event.queue)
    if visit is None or visit.left_at is not None or visit.status == "talking":
        return
    visit.left_at = event.at
    visit.missing_since = None
    if visit.gave_up_at is None:
        leave_provisionally(context, visit, event.at)


def give_up_marked(context: Context, event: GiveUpMarked) -> None:
    """The dialplan can be read here, so its silence means something."""
    for visit in unsettled(context.state, event.uniqueid):
        if visit.outcome == "open":
            visit.is_give_up_marked = True


def ending_told(context: Context, event: EndingTold) -> None:
    """The dialplan says why the caller left."""
    for visit in unsettled(context.state, event.uniqueid):
        if visit.outcome == "open" and (visit.gave_up_at or visit.left_at) is not None:
            visit.told_outcome = event.outcome
            weigh(context, visit)


def hangup_requested(context: Context, event: HangupRequested) -> None:
    """Somebody hangs up the caller's channel."""
    for visit in unsettled(context.state, event.uniqueid):
        visit.is_hangup_requested = True
        if visit.gave_up_at is not None and visit.outcome == "open":
            weigh(context, visit)


def hung_up(context: Context, event: ChannelHungUp) -> None:
    """A channel is gone: a caller's, or an agent's end of a call."""
    state = context.state
    caller = state.callers.get(event.uniqueid)
    if caller is not None:
        caller.is_hung_up = True
        caller.last_at = event.at
        for visit in tuple(caller.visits):
            if visit.outcome == "open" or visit.is_caller_lasting:
                visit.hung_up_at = event.at
            if visit.outcome == "open":
                visit.missing_since = None
                leave_provisionally(context, visit, event.at)
                weigh(context, visit)
            elif visit.status == "talking" and visit.is_caller_lasting:
                await_evidence(context, visit, event.at)
    served = visit_of_leg(state, event.uniqueid)
    is_phone = served is not None and served.phone_uniqueid == event.uniqueid
    if served is not None and (served.is_leg_lasting or is_phone):
        _agent_gone(context, served, event.at)


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
        visit = _enter_unseen(
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
        visit = _enter_unseen(
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


def settle(context: Context, uniqueid: str) -> None:
    """A moment awaited for this caller has come: what is provisional is decided."""
    for visit in unsettled(context.state, uniqueid):
        if visit.deadline is None:
            continue
        if visit.deadline > context.at:
            await_caller(context.state, uniqueid, visit.deadline)
            continue
        visit.deadline = None
        if visit.status == "talking":
            close_unseen(context, visit)
        elif visit.outcome == "open":
            if (
                not visit.is_pickup_seen
                or visit.gave_up_at
                or visit.hung_up_at
                or visit.missing_since
            ):
                weigh(context, visit, is_due=True)
        elif not visit.is_wrapping_up:
            retire(context.state, visit)


def weigh(context: Context, visit: Visit, *, is_due: bool = False) -> None:
    """Decides how the wait ended if the evidence is there, or if no more is waited for."""
    ending = unanswered_ending(context.state, visit, is_due=is_due)
    if ending is not None:
        is_inferred = ending == "unknown" or (
            visit.gave_up_at is None and visit.left_at is None and visit.told_outcome is None
        )
        end_wait(context, visit, ending, left_at_or(visit, context.at), is_estimated=is_inferred)


def _note_transfer(context: Context, visit: Visit, at: int, kind: Transfer) -> None:
    visit.transfer = kind
    if visit.status == "talking":
        close_talk(context, visit, at, "transfer")
    else:
        changed(context, visit)


def _agent_gone(context: Context, visit: Visit, at: int) -> None:
    if visit.status == "talking" and visit.hung_up_at is None:
        visit.agent_idle_at = visit.agent_idle_at or at
        await_evidence(context, visit, at)


def close_unseen(context: Context, visit: Visit) -> None:
    """Nobody told how the talk ended; the best moment known counts."""
    for moment in (visit.hung_up_at, visit.agent_idle_at, visit.missing_since):
        if moment is not None:
            close_talk(context, visit, moment, "unknown", is_estimated=True)
            return


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


def _enter_unseen(
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
