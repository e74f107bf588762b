"""The life of a queue call: waiting → (answered →) ended → settled; here the caller's part of it.

`waiting` begins with the join. `ended` without an outcome is provisional: the evidence for why the
caller left is still coming in (streams/domain/endings.py). An answered call that ended stays open
to what Asterisk says a moment later (who ended it, an attended transfer) and to wrap-up. Then it is
retired. An outcome once counted never changes, but for `unknown`, which queue_log may explain.
"""

from streams.domain.context import Context
from streams.domain.deadlines import await_caller
from streams.domain.endings import is_emptied, moved_on_ending, unanswered_ending
from streams.domain.events import (
    CallerGaveUp,
    CallerJoined,
    CallerLeft,
    ChannelHungUp,
    EndingTold,
    GiveUpMarked,
    HangupRequested,
)
from streams.domain.site_state import Visit
from streams.domain.talks import agent_gone, close_unseen
from streams.domain.visits import (
    await_evidence,
    close_talk,
    end_wait,
    enter,
    enter_unseen,
    in_queue,
    leave_provisionally,
    left_at_or,
    unsettled,
    visit_of_leg,
)
from streams.domain.windows import retire

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
        ending = moved_on_ending(visit)
        end_wait(context, visit, ending, left_at_or(visit, at), is_estimated=ending == "unknown")


def gave_up(context: Context, event: CallerGaveUp) -> None:
    """Asterisk raises this for whoever leaves unanswered, sometimes twice."""
    visit = in_queue(context.state, event.uniqueid, event.queue)
    if visit is None:
        visit = enter_unseen(context, event.queue, event.uniqueid, event.at - event.wait_ms)
    if visit is None or visit.gave_up_at is not None or visit.status == "talking":
        return
    visit.gave_up_at = event.at
    visit.told_wait_ms = event.wait_ms
    visit.is_requested_before_giving_up = visit.is_hangup_requested
    visit.is_queue_emptied = is_emptied(context.state.queues.get(visit.queue), visit, event.at)
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
    if event.uniqueid not in context.state.callers:
        # Of all channels that are hung up, those of agents are the most.
        return
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
        agent_gone(context, served, event.at)


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
    ending = unanswered_ending(visit, is_due=is_due)
    if ending is not None:
        is_inferred = ending == "unknown" or (
            visit.gave_up_at is None and visit.left_at is None and visit.told_outcome is None
        )
        end_wait(context, visit, ending, left_at_or(visit, context.at), is_estimated=is_inferred)
