"""Sequences, spools and clocks that are not as they should be: counted, contained, never negative.

The rules are in docs/events.md and streams/site_batches.py.
"""

import pytest

from ingest_api.contract.published import PublishedEvent
from streams.domain.facts import CoverageGap, Fact, QueueCall, SiteStatus
from streams.domain.site_state import new_site_state
from streams.site_batches import fold_batch
from tests.support.batches import SITE, TENANT, batch_of, by_table, fold, latest, published
from tests.support.consistency import inconsistencies
from tests.support.stories import Story, ms

HOUR_MS = 3_600_000


def _answered(at: str = "10:00:00") -> Story:
    start = ms(at)
    return (
        Story()
        .join(start, "1.1", "vendas")
        .connect(start + 5_000, "1.1", "vendas", "PJSIP/1", hold_s=5)
        .complete(start + 100_000, "1.1", "vendas", "PJSIP/1", hold_s=5, talk_s=95)
        .hangup(start + 100_000, "1.1")
    )


def _gaps(facts: list[Fact], reason: str) -> list[CoverageGap]:
    return [f for f in latest(facts).values() if isinstance(f, CoverageGap) and f.reason == reason]


# --- Sequences -----------------------------------------------------------------------------------


def test_batch_sent_again_changes_nothing() -> None:
    batch = batch_of(published(_answered().events))
    state = new_site_state(TENANT, SITE)
    first = fold_batch(state, batch)
    assert len(first) > 0
    assert fold_batch(state, batch) == []


def test_jump_that_nothing_explains_is_a_coverage_gap() -> None:
    events = published(_answered().events)
    facts = fold([batch_of(events[:1]), batch_of(events[3:])])
    (gap,) = _gaps(facts, "not_delivered")
    assert (gap.from_sequence, gap.to_sequence) == (2, 3)


def test_jump_that_the_spool_names_is_its_own_gap() -> None:
    events = published(_answered().events)
    named = PublishedEvent(
        3,
        ms("10:00:06"),
        "collector",
        "gap",
        {
            "from": "2",
            "to": "3",
            "from_at": "2026-03-10T13:00:05.000Z",
            "to_at": "2026-03-10T13:00:05.000Z",
            "reason": "spool_full",
        },
    )
    facts = fold([batch_of([events[0], named, *events[3:]])])
    assert _gaps(facts, "not_delivered") == []
    (gap,) = _gaps(facts, "spool_full")
    assert (gap.from_sequence, gap.to_sequence) == (2, 3)
    assert (gap.started_at, gap.ended_at) == (ms("10:00:05"), ms("10:00:05"))


def test_event_that_ingest_refused_costs_only_itself() -> None:
    events = published(_answered().events)
    refused = PublishedEvent(sequence=len(events) + 1, refused="field too long")
    after = published(
        Story().join("10:05:00", "2.1", "vendas").events, first_sequence=len(events) + 2
    )
    facts = fold([batch_of([*events, refused, *after], received_at=ms("10:05:00"))])
    final = by_table(facts)
    assert [call.uniqueid for call in final.calls] == ["1.1", "2.1"]
    assert final.status[0].refused == 1
    assert _gaps(facts, "not_delivered") == []


# --- Spools --------------------------------------------------------------------------------------


def test_new_spool_owns_the_site_from_its_start() -> None:
    before = published(Story().started("10:00:00").join("10:00:01", "1.1", "vendas").events)
    after = published(Story().started("10:10:00").snapshot("10:10:01", queues=["vendas"]).events)
    last = published(Story().join("10:20:00", "2.1", "vendas").events, first_sequence=99)
    facts = fold(
        [
            batch_of(before, spool="old"),
            batch_of([*after, *last], spool="new"),
        ]
    )
    final = by_table(facts)
    assert final.status[0].spool == "new"
    assert [call.uniqueid for call in final.calls] == ["1.1", "2.1"]


def test_rows_of_the_new_spool_win_though_its_sequences_begin_again() -> None:
    old = batch_of(
        published(Story().started("10:00:00").events, first_sequence=90_000), spool="old"
    )
    new = batch_of(published(Story().started("10:10:00").events), spool="new")
    state = new_site_state(TENANT, SITE)
    (before,) = (f for f in fold_batch(state, old) if isinstance(f, SiteStatus))
    (after,) = (f for f in fold_batch(state, new) if isinstance(f, SiteStatus))
    assert after.version > before.version


def test_what_is_still_delivered_of_the_old_spool_counts_as_duplicates() -> None:
    old = published(Story().started("10:00:00").join("10:00:01", "1.1", "vendas").events)
    late = published(Story().join("10:00:02", "9.9", "vendas").events, first_sequence=len(old) + 1)
    new = published(Story().started("10:10:00").beats("10:10:02").events)
    facts = fold(
        [
            batch_of(old, spool="old"),
            batch_of(new[:-1], spool="new"),
            batch_of(late, spool="old"),
            batch_of(new[-1:], spool="new"),
        ]
    )
    final = by_table(facts)
    assert final.status[0].duplicates == 1
    assert [call.uniqueid for call in final.calls] == ["1.1"]


def test_spool_restored_from_a_copy_goes_on() -> None:
    """Sequences that were used before, with times long after the last applied one."""
    first = published(_answered("10:00:00").events)
    again = published(Story().join("12:00:00", "2.1", "vendas").events, first_sequence=2)
    facts = fold([batch_of(first), batch_of(again)])
    assert [call.uniqueid for call in by_table(facts).calls] == ["1.1", "2.1"]


# --- Clocks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump_ms", [-HOUR_MS, -1_500, -1, 1, 1_500, HOUR_MS])
@pytest.mark.parametrize("place", range(1, 6))
def test_clock_that_jumps_gives_no_negative_duration(jump_ms: int, place: int) -> None:
    story = _answered()
    story.events = [
        event._replace(at_ms=event.at_ms + (jump_ms if index >= place else 0))
        for index, event in enumerate(story.events)
    ]
    facts = story.facts(until=story.events[-1].at_ms + 10_000)
    assert inconsistencies(facts) == []
    call = facts.call("1.1")
    is_between_leave_and_answer = place == 2
    if not (is_between_leave_and_answer and jump_ms == HOUR_MS):
        # An hour of silence after a Leave is a caller who left by key.
        assert call.outcome == "answered"
    is_before_the_end = place < 4
    if is_before_the_end and jump_ms == -HOUR_MS:
        assert call.is_estimated


def test_step_back_is_a_duration_of_nothing_and_marked() -> None:
    story = (
        Story()
        .join("10:00:10", "1.1", "vendas")
        .connect("10:00:05", "1.1", "vendas", "PJSIP/1", hold_s=5)
    )
    call = story.facts(until="10:00:30").call("1.1")
    assert (call.wait_ms, call.is_estimated) == (0, True)
    assert call.answered_at == call.entered_at


def test_time_from_the_future_is_replaced_by_the_receipt_and_marked() -> None:
    events = published(Story().join("11:00:00", "1.1", "vendas").events)
    call = by_table(fold([batch_of(events, received_at=ms("10:00:00"))])).call("1.1")
    assert (call.entered_at, call.is_estimated) == (ms("10:00:00"), True)


def test_clock_up_to_ten_minutes_fast_is_believed() -> None:
    events = published(Story().join("10:09:59", "1.1", "vendas").events)
    call = by_table(fold([batch_of(events, received_at=ms("10:00:00"))])).call("1.1")
    assert (call.entered_at, call.is_estimated) == (ms("10:09:59"), False)


def test_one_event_from_the_future_does_not_close_what_is_open() -> None:
    """Its time is replaced before it can advance the site's."""
    story = Story().join("10:00:00", "1.1", "vendas").added("23:00:00", "vendas", "PJSIP/1")
    events = published(story.events)
    facts = fold([batch_of(events, received_at=ms("10:00:01"))])
    calls = [f for f in latest(facts).values() if isinstance(f, QueueCall)]
    assert [(call.status, call.outcome) for call in calls] == [("waiting", "open")]
