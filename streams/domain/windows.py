"""Arrival windows: what each queue call adds to the window in which it arrived.

A queue call is counted under its outcome all the time, so offered is always the sum of all
outcomes. Its wait is added once, when it can no longer change; talk, hold and wrap-up as they grow.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from streams.domain.facts import Fact, Outcome, QueueCall, QueueWindow, StaleWindow
from streams.domain.interval import WINDOW_MS, window_start
from streams.domain.site_state import MAX_WINDOWS, SiteState, Visit, Window

if TYPE_CHECKING:
    from streams.domain.context import Context

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FLOW_OUTS: frozenset[Outcome] = frozenset(
    ("timed_out", "left_empty", "exited_by_key", "withdrawn", "transferred_away")
)
KEPT_AFTER_END_MS = 30 * 60 * 1000

_PLACE = {outcome: place for place, outcome in enumerate(OUTCOMES)}


def recount(context: "Context", visit: Visit) -> None:
    """Brings the visit's window in step with the visit; call after each change of a visit."""
    key, window = _window_of(context.state, visit)
    if visit.counted_outcome != visit.outcome:
        if visit.counted_outcome is None:
            window.unsettled += 1
        else:
            window.counts[_PLACE[visit.counted_outcome]] -= 1
        window.counts[_PLACE[visit.outcome]] += 1
        visit.counted_outcome = visit.outcome
    if not visit.is_wait_counted and visit.wait_ms is not None:
        visit.is_wait_counted = _add_wait(window, visit.outcome, visit.wait_ms)
    is_handled = visit.outcome == "answered" and visit.status == "ended"
    if is_handled and not visit.is_handled_counted:
        window.handled += 1
        visit.is_handled_counted = True
    window.talk_ms += visit.talk_ms - visit.counted_talk_ms
    window.hold_ms += visit.hold_ms - visit.counted_hold_ms
    window.wrap_up_ms += visit.wrap_up_ms - visit.counted_wrap_up_ms
    visit.counted_talk_ms = visit.talk_ms
    visit.counted_hold_ms = visit.hold_ms
    visit.counted_wrap_up_ms = visit.wrap_up_ms
    context.window_changed(key, window)


def retire(state: SiteState, visit: Visit) -> None:
    """The visit will not change any more: it leaves the state, and some day its window too."""
    _window_of(state, visit)[1].unsettled -= 1
    state.legs.pop(visit.agent_uniqueid, None)
    state.legs.pop(visit.phone_uniqueid, None)
    state.callers[visit.uniqueid].visits.remove(visit)


def drop_old(state: SiteState) -> None:
    """Lets windows go that no call can change any more."""
    limit = state.now - WINDOW_MS - KEPT_AFTER_END_MS
    state.windows_kept_from = max(state.windows_kept_from, limit)
    old = [k for k, w in state.windows.items() if w.unsettled <= 0 and w.start < limit]
    for key in old:
        del state.windows[key]


def window_fact(tenant_id: str, site: str, window: Window) -> QueueWindow | StaleWindow:
    """The row of a window, or the word that it has to be made from all stored calls."""
    if window.is_stale:
        return StaleWindow(tenant_id, site, "voice", window.queue, window.start, window.version)
    count = dict(zip(OUTCOMES, window.counts, strict=True))
    return QueueWindow(
        tenant_id=tenant_id,
        site=site,
        channel="voice",
        queue=window.queue,
        window_start=window.start,
        offered=sum(window.counts),
        answered=count["answered"],
        abandoned=count["abandoned"],
        timed_out=count["timed_out"],
        left_empty=count["left_empty"],
        exited_by_key=count["exited_by_key"],
        withdrawn=count["withdrawn"],
        transferred_away=count["transferred_away"],
        bot_only=count["bot_only"],
        unknown=count["unknown"],
        open=count["open"],
        handled=window.handled,
        answered_wait_ms=window.answered_wait_ms,
        answered_wait_max_ms=window.answered_wait_max_ms,
        answered_waits=dict(window.answered_waits),
        abandoned_wait_ms=window.abandoned_wait_ms,
        abandoned_wait_max_ms=window.abandoned_wait_max_ms,
        abandoned_waits=dict(window.abandoned_waits),
        flowed_out_wait_ms=window.flowed_out_wait_ms,
        flowed_out_wait_max_ms=window.flowed_out_wait_max_ms,
        flowed_out_waits=dict(window.flowed_out_waits),
        talk_ms=window.talk_ms,
        hold_ms=window.hold_ms,
        wrap_up_ms=window.wrap_up_ms,
        version=window.version,
    )


def window_of_calls(stale: StaleWindow, calls: Iterable[QueueCall]) -> QueueWindow:
    """The row of a window as the sums over its queue calls; what the fold counts as they change.

    `calls`: the current queue calls of the window's queue, site and quarter of an hour.
    """
    window = Window(stale.queue, stale.window_start, [0] * len(OUTCOMES), version=stale.version)
    for call in calls:
        window.counts[_PLACE[call.outcome]] += 1
        if call.wait_ms is not None:
            _add_wait(window, call.outcome, call.wait_ms)
        window.handled += call.outcome == "answered" and call.status == "ended"
        window.talk_ms += call.talk_ms
        window.hold_ms += call.hold_ms
        window.wrap_up_ms += call.wrap_up_ms
    row = window_fact(stale.tenant_id, stale.site, window)
    assert isinstance(row, QueueWindow)
    return row


def stale_windows_made(final: Iterable[Fact]) -> list[Fact]:
    """The final facts with the rows of stale windows made from the queue calls among them.

    For whoever holds all facts of a site in memory; storage does the same in SQL.
    """
    facts = list(final)
    stale = [fact for fact in facts if isinstance(fact, StaleWindow)]
    calls = [fact for fact in facts if isinstance(fact, QueueCall)] if stale else []
    made = {
        (window.queue, window.window_start): window_of_calls(
            window,
            (
                call
                for call in calls
                if call.queue == window.queue
                and window_start(call.entered_at) == window.window_start
            ),
        )
        for window in stale
    }
    kept = [
        fact
        for fact in facts
        if not isinstance(fact, StaleWindow)
        and not (isinstance(fact, QueueWindow) and (fact.queue, fact.window_start) in made)
    ]
    return [*kept, *made.values()]


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


def _add_wait(window: Window, outcome: Outcome, wait_ms: int) -> bool:
    """Adds a wait; False if a call of this outcome (open, unknown) has none to count."""
    second = wait_ms // 1000
    if outcome == "answered":
        window.answered_wait_ms += wait_ms
        window.answered_wait_max_ms = max(window.answered_wait_max_ms, wait_ms)
        window.answered_waits[second] = window.answered_waits.get(second, 0) + 1
    elif outcome == "abandoned":
        window.abandoned_wait_ms += wait_ms
        window.abandoned_wait_max_ms = max(window.abandoned_wait_max_ms, wait_ms)
        window.abandoned_waits[second] = window.abandoned_waits.get(second, 0) + 1
    elif outcome in FLOW_OUTS:
        window.flowed_out_wait_ms += wait_ms
        window.flowed_out_wait_max_ms = max(window.flowed_out_wait_max_ms, wait_ms)
        window.flowed_out_waits[second] = window.flowed_out_waits.get(second, 0) + 1
    else:
        return False
    return True
