"""One day of one queue, from its events to every KPI (the worked example of docs/kpi.md).

Ten callers: six answered after 5, 10, 15, 20, 25 and 60 s, three who hung up after 3, 12 and 45 s,
one whom the queue let go after 120 s. Answer limit 20 s, short abandons below 5 s.
"""

import pytest

from streams.domain import kpi
from streams.domain.facts import QueueWindow
from tests.support.stories import Story, ms

ANSWERED_S = (5, 10, 15, 20, 25, 60)
ABANDONED_S = (3, 12, 45)
TIMED_OUT_S = 120
LIMIT_S = 20
SHORT_S = 5


def _window() -> QueueWindow:
    story = Story()
    start = ms("10:00:00")
    for number, wait_s in enumerate(ANSWERED_S):
        begin, uniqueid = start + number * 70_000, f"1.{number}"
        end = begin + wait_s * 1000
        story.join(begin, uniqueid, "vendas")
        story.connect(end, uniqueid, "vendas", "PJSIP/1", hold_s=wait_s)
        story.complete(end + 5_000, uniqueid, "vendas", "PJSIP/1", hold_s=wait_s, talk_s=5)
        story.hangup(end + 5_000, uniqueid)
    for number, wait_s in enumerate(ABANDONED_S):
        begin, uniqueid = start + 480_000 + number * 60_000, f"2.{number}"
        end = begin + wait_s * 1000
        story.join(begin, uniqueid, "vendas").hangup_request(end, uniqueid)
        story.give_up(end, uniqueid, "vendas", wait_s).leave(end, uniqueid, "vendas")
        story.hangup(end, uniqueid)
    begin = start + 700_000
    story.join(begin, "3.0", "vendas")
    story.give_up(begin + TIMED_OUT_S * 1000, "3.0", "vendas", TIMED_OUT_S)
    story.leave(begin + TIMED_OUT_S * 1000, "3.0", "vendas")
    return story.facts(until=begin + 130_000).window("vendas")


WINDOW = _window()
FLOWED_OUT = WINDOW.timed_out
WITHIN = kpi.waits_within(WINDOW.answered_waits, LIMIT_S)
SHORT = kpi.waits_below(WINDOW.abandoned_waits, SHORT_S)
ABANDONED_WITHIN = kpi.waits_within(WINDOW.abandoned_waits, LIMIT_S)


def test_counts_add_up() -> None:
    assert WINDOW.offered == 10
    assert (WINDOW.answered, WINDOW.abandoned, WINDOW.timed_out) == (6, 3, 1)
    assert (WINDOW.open, WINDOW.unknown) == (0, 0)


def test_answered_exactly_at_the_limit_is_within() -> None:
    assert WITHIN == 4


@pytest.mark.parametrize(
    ("share", "percent"),
    [
        (kpi.service_level_over_answered(WITHIN, WINDOW.answered), 66.67),
        (
            kpi.service_level_answered_and_abandoned(WITHIN, WINDOW.answered, WINDOW.abandoned),
            44.44,
        ),
        (
            kpi.service_level_excluding_short(WITHIN, WINDOW.answered, WINDOW.abandoned, SHORT),
            50.00,
        ),
        (
            kpi.service_level_with_flow_outs(WITHIN, WINDOW.answered, WINDOW.abandoned, FLOWED_OUT),
            40.00,
        ),
        (kpi.service_level_over_offered(WITHIN, WINDOW.offered), 40.00),
        (
            kpi.service_level_left_within(
                WITHIN,
                ABANDONED_WITHIN,
                kpi.waits_within(WINDOW.flowed_out_waits, LIMIT_S),
                WINDOW.offered,
            ),
            60.00,
        ),
        (
            kpi.service_level_late_abandons(
                WITHIN, WINDOW.answered, WINDOW.abandoned, ABANDONED_WITHIN
            ),
            57.14,
        ),
        (kpi.abandonment_rate(WINDOW.abandoned, WINDOW.offered), 30.00),
        (kpi.abandonment_rate_without_short(WINDOW.abandoned, SHORT, WINDOW.offered), 22.22),
    ],
)
def test_every_share(share: float | None, percent: float) -> None:
    assert share is not None
    assert round(share * 100, 2) == percent


def test_every_mean() -> None:
    waits = (WINDOW.answered_wait_ms, WINDOW.abandoned_wait_ms, WINDOW.flowed_out_wait_ms)
    counts = (WINDOW.answered, WINDOW.abandoned, FLOWED_OUT)
    assert kpi.mean_wait_answered(WINDOW.answered_wait_ms, WINDOW.answered) == 22.5
    assert kpi.mean_wait_all(*waits, *counts) == 31.5
    assert kpi.mean_abandon_time(WINDOW.abandoned_wait_ms, WINDOW.abandoned) == 20.0


def test_longest_wait_includes_those_who_were_not_answered() -> None:
    longest = max(
        WINDOW.answered_wait_max_ms, WINDOW.abandoned_wait_max_ms, WINDOW.flowed_out_wait_max_ms
    )
    assert longest == 120_000


def test_another_limit_is_applied_to_the_same_stored_counts() -> None:
    assert kpi.waits_within(WINDOW.answered_waits, 10) == 2
    assert kpi.waits_within(WINDOW.answered_waits, 60) == 6


def test_mean_wait_of_answered_is_no_value_where_nobody_was_answered() -> None:
    story = (
        Story()
        .join("10:00:00", "100.6", "vendas")
        .give_up("10:00:30", "100.6", "vendas", 30)
        .leave("10:00:30", "100.6", "vendas")
        .hangup("10:00:30", "100.6")
    )
    window = story.facts(until="10:01:00").window("vendas")
    assert kpi.mean_wait_answered(window.answered_wait_ms, window.answered) is None
    assert kpi.mean_wait_all(0, window.abandoned_wait_ms, 0, 0, window.abandoned, 0) == 30.0
    assert kpi.service_level_over_answered(0, window.answered) is None
