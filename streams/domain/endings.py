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
from streams.domain.site_state import Queue, Visit

HUNG_UP_AT_ONCE_MS = 50
EMPTIED_WITHIN_MS = 30_000
"""`leavewhenempty` acts at the next check, at latest after the round of ringing under way."""


def unanswered_ending(visit: Visit, *, is_due: bool) -> Outcome | None:
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
            return _let_go(visit)
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
    return _let_go(visit)


def moved_on_ending(visit: Visit) -> Outcome:
    """How the wait ended of a caller who is in the next queue already."""
    ending = unanswered_ending(visit, is_due=True)
    if visit.gave_up_at is not None and ending == "abandoned" and visit.told_outcome is None:
        return _let_go(visit)
    return ending or "unknown"


def is_emptied(queue: Queue | None, visit: Visit, at: int) -> bool:
    """Whether a visit that ends unanswered at `at` would end because nobody serves its queue.

    The queue lost its last usable agent during this wait, a short time ago, and got none since. One
    that was empty all along let the caller wait, so only its time-out can have ended that. To be
    asked when the caller leaves: agents come and go before it is decided why.
    """
    if queue is None or queue.empty_since is None:
        return False
    return max(visit.entered_at, at - EMPTIED_WITHIN_MS) <= queue.empty_since <= at


def _ending_without_giving_up(visit: Visit) -> Outcome:
    if visit.left_at is not None:
        is_seen = not visit.is_cut or visit.hung_up_at is not None
        return "exited_by_key" if is_seen else "unknown"
    if visit.hung_up_at is not None:
        return "abandoned"
    return "unknown"


def _let_go(visit: Visit) -> Outcome:
    return "left_empty" if visit.is_queue_emptied else "timed_out"
