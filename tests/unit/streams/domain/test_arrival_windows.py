"""A queue call belongs to the quarter of an hour in which it arrived, in UTC."""

from streams.domain.facts import QueueWindow
from streams.domain.site_state import new_site_state
from streams.site_batches import skip_batch
from tests.support.batches import by_table, fold, latest
from tests.support.stories import Story, ms

QUARTER_MS = 15 * 60 * 1000


def _crosses_half_past() -> Story:
    return (
        Story()
        .join("07:28:00", "600.1", "vendas")
        .beats("07:31:58")
        .connect("07:32:00", "600.1", "vendas", "PJSIP/1", hold_s=240)
        .complete("07:50:00", "600.1", "vendas", "PJSIP/1", hold_s=240, talk_s=1080)
        .hangup("07:50:00", "600.1")
    )


def test_call_counts_where_it_arrived_wherever_it_was_answered() -> None:
    facts = _crosses_half_past().facts(until="07:51:00")
    window = facts.window("vendas")
    assert window.window_start == ms("07:15:00")
    assert (window.offered, window.answered, window.answered_wait_ms) == (1, 1, 240_000)
    assert window.talk_ms == 18 * 60 * 1000


def test_call_is_open_in_its_window_until_it_ends() -> None:
    story = Story().join("07:28:00", "600.1", "vendas")
    window = story.facts(until="07:31:00").window("vendas")
    assert (window.window_start, window.offered, window.open, window.answered) == (
        ms("07:15:00"),
        1,
        1,
        0,
    )


def test_by_event_time_it_is_answered_in_the_next_half_hour() -> None:
    """The series "answered now" goes by the moments of the queue call itself."""
    call = _crosses_half_past().facts(until="07:51:00").call("600.1")
    half_hour = 30 * 60 * 1000
    assert call.entered_at // half_hour * half_hour == ms("07:00:00")
    assert call.answered_at is not None
    assert call.answered_at // half_hour * half_hour == ms("07:30:00")


def test_window_is_half_open() -> None:
    story = Story().join("07:59:59.999", "600.2", "vendas").join("08:00:00", "600.3", "vendas")
    starts = [window.window_start for window in story.facts().windows]
    assert starts == [ms("07:45:00"), ms("08:00:00")]


def test_zone_of_the_pbx_does_not_matter() -> None:
    """Only epochs are read: the same two moments, told with either offset."""
    assert ms("10:00:00") == 1_773_147_600_000
    story = Story()
    story.join("2026-03-10T10:00:00-03:00", "600.4", "vendas")
    story.join("2026-03-10T14:00:00+00:00", "600.5", "vendas")
    starts = [window.window_start for window in story.facts().windows]
    assert starts == [1_773_147_600_000, 1_773_151_200_000]


def test_windows_hold_every_call_at_every_moment() -> None:
    """However many events have been folded, offered is the number of calls that arrived."""
    batches = _crosses_half_past().batches(until="07:51:00", size=1)
    for count in range(1, len(batches) + 1):
        facts = fold(batches[:count])
        windows = [fact for fact in latest(facts).values() if isinstance(fact, QueueWindow)]
        assert sum(window.offered for window in windows) == len(by_table(facts).calls)


def test_what_a_running_call_was_on_hold_belongs_to_no_handled_call_yet() -> None:
    """Of 60 s handled and 300 s on hold that still last, the mean handle time is 60 s."""
    story = Story()
    calls = (("600.6", "PJSIP/1", "601.6"), ("600.7", "PJSIP/2", "601.7"))
    for uniqueid, agent, leg in calls:
        story.join("07:30:00", uniqueid, "vendas")
        story.connect("07:30:05", uniqueid, "vendas", agent, hold_s=5, leg=leg)
    story.complete("07:31:05", "600.6", "vendas", "PJSIP/1", hold_s=5, talk_s=60)
    story.hangup("07:31:05", "600.6")
    story.hold("07:31:10", "601.7", is_on_hold=True)
    story.hold("07:36:10", "601.7", is_on_hold=False)
    window = story.facts(until="07:36:20").window("vendas")
    assert (window.answered, window.handled) == (2, 1)
    assert (window.talk_ms, window.hold_ms) == (60_000, 0)

    story.complete("07:38:05", "600.7", "vendas", "PJSIP/2", hold_s=5, talk_s=480)
    window = story.hangup("07:38:05", "600.7").facts(until="07:39:00").window("vendas")
    assert window.handled == 2
    assert (window.talk_ms, window.hold_ms) == (60_000 + 180_000, 300_000)


def test_a_state_that_was_lost_takes_nothing_from_a_window_of_before() -> None:
    """What the lost one counted is in the stored calls; the next window is counted as ever."""
    batches = (
        Story()
        .join("07:16:00", "600.1", "vendas")
        .give_up("07:16:30", "600.1", "vendas", 30)
        .leave("07:16:30", "600.1", "vendas")
        .hangup("07:16:30", "600.1")
        .join("07:20:00", "600.2", "vendas")
        .give_up("07:20:10", "600.2", "vendas", 10)
        .leave("07:20:10", "600.2", "vendas")
        .hangup("07:20:10", "600.2")
        .join("07:31:00", "600.3", "vendas")
        .batches("07:32:00", size=1)
    )
    for lost_after in range(1, len(batches)):
        before, after = fold(batches[:lost_after]), fold(batches[lost_after:])
        windows = by_table([*before, *after]).windows
        calls = by_table([*before, *after]).calls
        for window in windows:
            inside = [c for c in calls if 0 <= c.entered_at - window.window_start < QUARTER_MS]
            waits = [c.wait_ms or 0 for c in inside if c.outcome == "abandoned"]
            assert (window.offered, window.abandoned_wait_ms) == (len(inside), sum(waits))
        assert [window.offered for window in windows] == [2, 1]
        counted = [fact for fact in after if isinstance(fact, QueueWindow)]
        assert {window.window_start for window in counted} <= {ms("07:30:00")}


def test_nor_does_it_when_the_first_batch_it_meets_is_put_aside() -> None:
    batches = (
        Story()
        .join("07:20:00", "600.1", "vendas")
        .give_up("07:20:10", "600.1", "vendas", 10)
        .leave("07:20:10", "600.1", "vendas")
        .hangup("07:20:10", "600.1")
        .join("07:21:00", "600.2", "vendas")
        .join("07:22:00", "600.3", "vendas")
        .join("07:31:00", "600.4", "vendas")
        .batches("07:32:00", size=1)
    )
    joins = [number for number, batch in enumerate(batches) if "Join" in batch.events[0].name]
    lost_at = joins[1]
    state = new_site_state(batches[0].tenant, batches[0].site)
    skipped = skip_batch(state, batches[lost_at], "dead_letter")
    after = [*skipped, *fold(batches[lost_at + 1 :], state)]
    counted = [fact for fact in after if isinstance(fact, QueueWindow)]
    assert {(window.window_start, window.offered) for window in counted} == {(ms("07:30:00"), 1)}
