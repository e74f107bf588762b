"""The row of an arrival window, from what the fold counted or from its queue calls.

A window's `counts` are in the order of `OUTCOMES`.
"""

from collections.abc import Iterable
from typing import get_args

from streams.domain.facts import Fact, Outcome, QueueCall, QueueWindow, StaleWindow
from streams.domain.interval import window_start
from streams.domain.site_state import Window

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FLOW_OUTS: frozenset[Outcome] = frozenset(
    ("timed_out", "left_empty", "exited_by_key", "withdrawn", "transferred_away")
)
PLACE = {outcome: place for place, outcome in enumerate(OUTCOMES)}
"""Of each outcome its place in the counts."""


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
        window.counts[PLACE[call.outcome]] += 1
        if call.wait_ms is not None:
            add_wait(window, call.outcome, call.wait_ms)
        if call.outcome == "answered" and call.status == "ended":
            window.handled += 1
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


def add_wait(window: Window, outcome: Outcome, wait_ms: int) -> bool:
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
