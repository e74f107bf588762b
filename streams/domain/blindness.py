"""Losing sight of a site and seeing it again.

Two seconds of silence decide what is provisional only while we would hear what was said. When sight
is lost, everything provisional waits: for queue_log and the lists after the connection is back, and
if those say nothing it is `unknown`. Only what was seen before the loss remains evidence.

A queue call that lasts through the gap is estimated, even if its two ends are seen: offers, holds,
a transfer or the last agent's leaving may lie in between.
"""

from streams.domain.context import Context
from streams.domain.deadlines import await_caller
from streams.domain.queue_calls import weigh
from streams.domain.talks import close_unseen

UNLISTED_MS = 60_000
"""For so long the lists are waited for after the connection is back."""


def sight_lost(context: Context) -> None:
    """From now on silence means nothing; what a list or a hang-up has shown holds all the same."""
    state = context.state
    for caller in state.callers.values():
        for visit in tuple(caller.visits):
            if visit.status != "ended" or visit.is_wrapping_up:
                visit.is_through_gap = True
                context.visit_changed(visit)
            is_provisional = visit.is_pickup_seen or visit.deadline is not None
            visit.deadline = None
            is_shown_over = visit.missing_since is not None or visit.hung_up_at is not None
            if visit.status == "talking" and is_shown_over:
                close_unseen(context, visit)
                visit.deadline = None
            elif visit.outcome == "open":
                visit.is_cut = visit.is_cut or is_provisional
                visit.is_pickup_seen = False
                if visit.missing_since is not None:
                    weigh(context, visit, is_due=True)
    state.due_callers.clear()


def sight_regained(context: Context) -> None:
    """What was left undecided is settled by the lists, or else after a minute."""
    state = context.state
    due = context.at + UNLISTED_MS
    for uniqueid, caller in state.callers.items():
        for visit in caller.visits:
            is_left_open = visit.is_cut or visit.status == "ended" or visit.agent_idle_at
            if is_left_open and visit.deadline is None and not visit.is_wrapping_up:
                visit.deadline = due
                await_caller(state, uniqueid, due)
