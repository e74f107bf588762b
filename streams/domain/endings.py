"""Why a caller left a queue unanswered: the evidence, in order (docs/kpi.md, "Endings").

Asterisk raises QueueCallerAbandon for a hang-up, a time-out, an emptied queue and a withdrawal
alike (`app_queue.c`), so no single event says "abandoned". In this order:

1. What the dialplan (`QUEUESTATUS`) or queue_log told.
2. The caller's hang-up was requested before Asterisk gave up: abandoned.
3. Where the dialplan is readable (`ABANDONED` was set) and told no reason: hung up at once means
   abandoned, a channel that lives on was redirected.
4. The hang-up was requested only after that: the queue let the caller go.
5. No request at all: hung up at once means abandoned, otherwise the queue let the caller go.

Silence is evidence only while we would have heard: where sight was lost before the evidence was
complete (`is_cut`), what is not shown by then is unknown.

An ending may be provisional for two seconds of event time; then it is decided and never changes.
"""

from streams.domain.facts import Outcome
from streams.domain.site_state import SiteState, Visit

HUNG_UP_AT_ONCE_MS = 50
EMPTIED_WITHIN_MS = 30_000
"""`leavewhenempty` acts at the next check, at latest after the round of ringing under way."""


def unanswered_ending(state: SiteState, visit: Visit, *, is_due: bool) -> Outcome | None:
    """How the wait of a visit that left its queue ended; None while it may still turn out.

    `is_due`: no more evidence is waited for.
    """
    if visit.told_outcome is not None:
        return visit.told_outcome
    if visit.gave_up_at is None:
        return _ending_without_giving_up(visit) if is_due else None
    if visit.is_requested_before_giving_up:
        return "abandoned"
    if visit.hung_up_at is None:
        if visit.is_hangup_requested and not visit.is_give_up_marked:
            return _let_go(state, visit)
        if not is_due:
            return None
        if visit.is_cut:
            return "unknown"
    is_gone_at_once = (
        visit.hung_up_at is not None and visit.hung_up_at - visit.gave_up_at <= HUNG_UP_AT_ONCE_MS
    )
    if visit.is_give_up_marked:
        return "abandoned" if is_gone_at_once else "transferred_away"
    if is_gone_at_once and not visit.is_hangup_requested:
        return "abandoned"
    return _let_go(state, visit)


def moved_on_ending(state: SiteState, visit: Visit) -> Outcome:
    """How the wait ended of a caller who is in the next queue already."""
    ending = unanswered_ending(state, visit, is_due=True)
    if visit.gave_up_at is not None and ending == "abandoned" and visit.told_outcome is None:
        return _let_go(state, visit)
    return ending or "unknown"


def _ending_without_giving_up(visit: Visit) -> Outcome:
    if visit.left_at is not None:
        is_seen = not visit.is_cut or visit.hung_up_at is not None
        return "exited_by_key" if is_seen else "unknown"
    if visit.hung_up_at is not None:
        return "abandoned"
    return "unknown"


def _let_go(state: SiteState, visit: Visit) -> Outcome:
    """Left empty if the queue lost its last usable agent during the wait, else timed out.

    What counts is who was there when the caller left: an agent may have come back since. A queue
    that was empty all along let the caller wait, so only its time-out can have ended it.
    """
    queue = state.queues.get(visit.queue)
    if queue is None or queue.empty_since is None:
        return "timed_out"
    ended_at = visit.gave_up_at if visit.gave_up_at is not None else state.now
    was_empty = queue.refilled_at is None or queue.refilled_at >= ended_at
    since = max(visit.entered_at, ended_at - EMPTIED_WITHIN_MS)
    is_why = since <= queue.empty_since <= ended_at
    return "left_empty" if was_empty and is_why else "timed_out"
