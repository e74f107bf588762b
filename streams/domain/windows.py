"""Arrival windows: what each queue call adds to the window in which it arrived.

A queue call is counted under its outcome all the time, so offered is always the sum of all
outcomes. Its wait is added once, when it can no longer change; talk, hold and wrap-up belong to the
handled ones, so they are added when the conversation is over, and wrap-up as it grows from then on.
"""

from streams.domain.context import Context
from streams.domain.interval import WINDOW_MS, window_start
from streams.domain.site_state import MAX_WINDOWS, SiteState, Visit, Window
from streams.domain.window_rows import OUTCOMES, PLACE, add_wait

KEPT_AFTER_END_MS = 30 * 60 * 1000


def recount(context: Context, visit: Visit) -> None:
    """Brings the visit's window in step with the visit; call after each change of a visit."""
    key, window = _window_of(context.state, visit)
    outcome = visit.outcome
    counted = visit.counted_outcome
    if counted != outcome:
        if counted is None:
            window.unsettled += 1
        else:
            window.counts[PLACE[counted]] -= 1
        window.counts[PLACE[outcome]] += 1
        visit.counted_outcome = outcome
    if visit.wait_ms is not None and not visit.is_wait_counted:
        visit.is_wait_counted = add_wait(window, outcome, visit.wait_ms)
    if visit.status == "ended" and outcome == "answered":
        _count_handling(window, visit)
    context.window_changed(key, window)


def _count_handling(window: Window, visit: Visit) -> None:
    if not visit.is_handled_counted:
        window.handled += 1
        visit.is_handled_counted = True
    if visit.talk_ms != visit.counted_talk_ms:
        window.talk_ms += visit.talk_ms - visit.counted_talk_ms
        visit.counted_talk_ms = visit.talk_ms
    if visit.hold_ms != visit.counted_hold_ms:
        window.hold_ms += visit.hold_ms - visit.counted_hold_ms
        visit.counted_hold_ms = visit.hold_ms
    if visit.wrap_up_ms != visit.counted_wrap_up_ms:
        window.wrap_up_ms += visit.wrap_up_ms - visit.counted_wrap_up_ms
        visit.counted_wrap_up_ms = visit.wrap_up_ms


def retire(state: SiteState, visit: Visit) -> None:
    """The visit will not change any more: it leaves the state, and some day its window too."""
    _window_of(state, visit)[1].unsettled -= 1
    state.legs.pop(visit.agent_uniqueid, None)
    state.legs.pop(visit.phone_uniqueid, None)
    state.callers[visit.uniqueid].visits.remove(visit)


def begin_anew(state: SiteState, at: int) -> None:
    """The state's first moment is here, and it may not be the site's.

    Where an earlier state was lost, what that one counted is in the stored calls alone: windows up
    to now are made of those. A site's first event is number 1; nothing of it was counted before.
    """
    if state.last_sequence > 1:
        state.windows_kept_from = window_start(at) + WINDOW_MS


def drop_old(state: SiteState) -> None:
    """Lets windows go that no call can change any more."""
    limit = state.now - WINDOW_MS - KEPT_AFTER_END_MS
    state.windows_kept_from = max(state.windows_kept_from, limit)
    old = [k for k, w in state.windows.items() if w.unsettled <= 0 and w.start < limit]
    for key in old:
        del state.windows[key]


def _window_of(state: SiteState, visit: Visit) -> tuple[str, Window]:
    start = window_start(visit.entered_at)
    key = f"{start}|{visit.queue}"
    window = state.windows.get(key)
    if window is None:
        if len(state.windows) >= MAX_WINDOWS:
            _make_room(state)
        window = state.windows[key] = Window(visit.queue, start, [0] * len(OUTCOMES))
        window.is_stale = start < state.windows_kept_from
    return key, window


def _make_room(state: SiteState) -> None:
    """The first window that no call can change leaves early; windows up to it are made anew."""
    key = next((key for key, window in state.windows.items() if window.unsettled <= 0), None)
    if key is not None:
        window = state.windows.pop(key)
        state.windows_kept_from = max(state.windows_kept_from, window.start + 1)
