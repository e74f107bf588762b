"""How a wait ends: no single event says that the caller abandoned (docs/kpi.md, "Endings")."""

import pytest

from streams.domain.facts import QueueCall, QueueWindow
from tests.support.batches import fold
from tests.support.stories import Story, ms


def _outcomes_over_time(story: Story, uniqueid: str, queue: str, until: str) -> list[str]:
    """Every outcome that readers of the table could ever see of one visit, in order."""
    facts = fold(story.batches(until, size=1))
    seen = [
        f for f in facts if isinstance(f, QueueCall) and (f.uniqueid, f.queue) == (uniqueid, queue)
    ]
    return list(dict.fromkeys(fact.outcome for fact in seen))


def test_two_abandon_events_of_one_caller_are_one_abandonment() -> None:
    story = (
        Story()
        .join("10:00:00", "100.1", "vendas")
        .give_up("10:00:12", "100.1", "vendas", 12)
        .give_up("10:00:12", "100.1", "vendas", 12)
        .leave("10:00:12", "100.1", "vendas")
        .hangup("10:00:12", "100.1")
    )
    facts = story.facts(until="10:00:30")
    window = facts.window("vendas")
    assert (window.offered, window.abandoned, window.open) == (1, 1, 0)
    assert window.abandoned_wait_ms == 12_000
    assert window.abandoned_wait_max_ms == 12_000
    assert window.abandoned_waits == {12: 1}
    assert facts.call("100.1").wait_ms == 12_000


def test_counts_of_a_window_are_never_negative_on_the_way() -> None:
    story = (
        Story()
        .join("10:00:00", "100.1", "vendas")
        .give_up("10:00:12", "100.1", "vendas", 12)
        .give_up("10:00:12", "100.1", "vendas", 12)
        .leave("10:00:12", "100.1", "vendas")
        .hangup("10:00:12", "100.1")
    )
    windows = [f for f in fold(story.batches("10:00:30", size=1)) if isinstance(f, QueueWindow)]
    assert {window.offered for window in windows} == {1}
    assert all(window.open in (0, 1) and window.abandoned in (0, 1) for window in windows)


def _time_out_then_next_queue() -> Story:
    return (
        Story()
        .join("10:00:00", "100.2", "vendas")
        .join("10:00:10", "100.3", "vendas")
        .give_up("10:00:40", "100.3", "vendas", 30)
        .leave("10:00:40", "100.3", "vendas")
        .hangup("10:00:40", "100.3")
        .give_up("10:02:00", "100.2", "vendas", 120)
        .leave("10:02:00", "100.2", "vendas")
        .join("10:02:01", "100.2", "transbordo")
        .connect("10:02:09", "100.2", "transbordo", "PJSIP/201", hold_s=8)
    )


def test_time_out_raises_the_same_event_but_is_no_abandonment() -> None:
    facts = _time_out_then_next_queue().facts(until="10:03:00")
    vendas, overflow = facts.window("vendas"), facts.window("transbordo")
    assert (vendas.offered, vendas.abandoned, vendas.timed_out) == (2, 1, 1)
    assert (overflow.offered, overflow.answered) == (1, 1)
    assert facts.call("100.2", "vendas").wait_ms == 120_000
    assert facts.call("100.2", "transbordo").wait_ms == 8_000
    assert facts.call("100.3").wait_ms == 30_000


def test_overflow_is_two_queue_calls_of_one_contact() -> None:
    facts = _time_out_then_next_queue().facts(until="10:03:00")
    visits = [call for call in facts.calls if call.uniqueid == "100.2"]
    assert [visit.contact_id for visit in visits] == ["100.2", "100.2"]
    assert len({visit.call_id for visit in visits}) == 2


def test_time_out_never_passes_for_an_abandonment_on_the_way() -> None:
    outcomes = _outcomes_over_time(_time_out_then_next_queue(), "100.2", "vendas", "10:03:00")
    assert outcomes == ["open", "timed_out"]


def test_next_queue_settles_the_former_one_at_once() -> None:
    story = _time_out_then_next_queue()
    until_join = Story()
    until_join.events = story.events[:8]
    assert until_join.events[-1].name == "QueueCallerJoin"
    assert until_join.facts().call("100.2", "vendas").outcome == "timed_out"


def test_outcome_is_settled_within_two_seconds_of_event_time() -> None:
    story = (
        Story()
        .join("10:00:00", "100.2", "vendas")
        .give_up("10:02:00", "100.2", "vendas", 120)
        .leave("10:02:00", "100.2", "vendas")
    )
    assert story.facts(until="10:02:02").call("100.2").outcome == "timed_out"


def test_settled_outcome_does_not_flip_with_a_late_hang_up() -> None:
    story = (
        Story()
        .join("10:00:00", "100.2", "vendas")
        .give_up("10:02:00", "100.2", "vendas", 120)
        .leave("10:02:00", "100.2", "vendas")
        .beats("10:02:04")
        .hangup_request("10:02:30", "100.2")
        .hangup("10:02:30", "100.2")
    )
    outcomes = _outcomes_over_time(story, "100.2", "vendas", "10:03:00")
    assert outcomes == ["open", "timed_out"]


@pytest.mark.parametrize(
    ("hung_up", "outcome"),
    [("10:00:30.050", "abandoned"), ("10:00:30.051", "timed_out")],
)
def test_without_request_events_a_hang_up_within_50_ms_is_an_abandonment(
    hung_up: str, outcome: str
) -> None:
    story = (
        Story()
        .join("10:00:00", "100.4", "vendas")
        .give_up("10:00:30", "100.4", "vendas", 30)
        .leave("10:00:30", "100.4", "vendas")
        .hangup(hung_up, "100.4")
    )
    assert story.facts(until="10:00:40").call("100.4").outcome == outcome


def test_hang_up_requested_before_giving_up_is_final_at_once() -> None:
    story = (
        Story()
        .join("10:00:00", "100.4", "vendas")
        .hangup_request("10:00:29.990", "100.4")
        .give_up("10:00:30", "100.4", "vendas", 30)
    )
    assert story.facts().call("100.4").outcome == "abandoned"


def test_hang_up_requested_only_afterwards_is_a_time_out() -> None:
    """A dialplan that hangs up right after the queue."""
    story = (
        Story()
        .join("10:00:00", "100.4", "vendas")
        .give_up("10:00:30", "100.4", "vendas", 30)
        .leave("10:00:30", "100.4", "vendas")
        .hangup_request("10:00:30.010", "100.4")
        .hangup("10:00:30.011", "100.4")
    )
    assert story.facts(until="10:00:40").call("100.4").outcome == "timed_out"


@pytest.mark.parametrize(
    ("value", "outcome"),
    [("TIMEOUT", "timed_out"), ("LEAVEEMPTY", "left_empty"), ("WITHDRAW", "withdrawn")],
)
def test_what_the_dialplan_told_counts_before_anything_else(value: str, outcome: str) -> None:
    story = (
        Story(has_dialplan=True)
        .join("10:00:00", "100.4", "vendas")
        .give_up("10:00:30", "100.4", "vendas", 30)
        .leave("10:00:30", "100.4", "vendas")
        .variable("10:00:30", "100.4", "QUEUESTATUS", value)
        .hangup_request("10:00:30.001", "100.4")
        .hangup("10:00:30.001", "100.4")
    )
    assert story.facts(until="10:00:40").call("100.4").outcome == outcome


def test_leaving_without_giving_up_and_without_an_answer_is_a_key() -> None:
    story = (
        Story()
        .join("10:00:00", "100.4", "vendas")
        .leave("10:00:09", "100.4", "vendas")
        .beats("10:00:12")
        .hangup("10:00:50", "100.4")
    )
    call = story.facts(until="10:01:00").call("100.4")
    assert (call.outcome, call.wait_ms) == ("exited_by_key", 9_000)


def test_queue_that_lost_its_last_agent_lets_the_caller_go_as_left_empty() -> None:
    story = (
        Story()
        .added("09:59:00", "vendas", "PJSIP/201")
        .join("10:00:00", "100.4", "vendas")
        .removed("10:00:20", "vendas", "PJSIP/201")
        .give_up("10:00:21", "100.4", "vendas", 21)
        .leave("10:00:21", "100.4", "vendas")
    )
    assert story.facts(until="10:00:30").call("100.4").outcome == "left_empty"


def test_an_agent_who_comes_back_after_the_caller_left_does_not_change_why() -> None:
    story = (
        Story()
        .added("09:59:00", "vendas", "PJSIP/201")
        .join("10:00:00", "100.4", "vendas")
        .removed("10:00:20", "vendas", "PJSIP/201")
        .give_up("10:00:21", "100.4", "vendas", 21)
        .leave("10:00:21", "100.4", "vendas")
        .added("10:00:22", "vendas", "PJSIP/201")
    )
    assert story.facts(until="10:00:30").call("100.4").outcome == "left_empty"


def test_agents_who_come_and_go_after_the_caller_left_do_not_change_why() -> None:
    story = (
        Story()
        .added("09:59:00", "vendas", "PJSIP/201")
        .join("10:00:00", "100.4", "vendas")
        .removed("10:00:20", "vendas", "PJSIP/201")
        .give_up("10:00:21", "100.4", "vendas", 21)
        .leave("10:00:21", "100.4", "vendas")
        .added("10:00:21.500", "vendas", "PJSIP/201")
        .removed("10:00:22", "vendas", "PJSIP/201")
    )
    assert story.facts(until="10:00:30").call("100.4").outcome == "left_empty"


def test_an_agent_who_leaves_after_the_caller_left_does_not_change_why() -> None:
    story = (
        Story()
        .added("09:59:00", "vendas", "PJSIP/201")
        .join("10:00:00", "100.4", "vendas")
        .give_up("10:00:21", "100.4", "vendas", 21)
        .leave("10:00:21", "100.4", "vendas")
        .removed("10:00:22", "vendas", "PJSIP/201")
    )
    assert story.facts(until="10:00:30").call("100.4").outcome == "timed_out"


def test_caller_who_waited_30_s_and_hung_up_is_in_the_waits() -> None:
    story = (
        Story()
        .join("10:00:00", "100.6", "vendas")
        .give_up("10:00:30", "100.6", "vendas", 30)
        .leave("10:00:30", "100.6", "vendas")
        .hangup("10:00:30", "100.6")
    )
    facts = story.facts(until="10:01:00")
    window = facts.window("vendas")
    assert (window.offered, window.answered, window.answered_wait_ms) == (1, 0, 0)
    assert (window.abandoned, window.abandoned_wait_ms, window.abandoned_wait_max_ms) == (
        1,
        30_000,
        30_000,
    )
    assert len(facts.calls) == 1


def test_caller_whose_leaving_was_never_told_does_not_wait_for_ever() -> None:
    story = Story().join("10:00:00", "100.5", "vendas").hangup("10:00:25", "100.5")
    call = story.facts(until="10:00:30").call("100.5")
    assert (call.status, call.outcome, call.wait_ms) == ("ended", "abandoned", 25_000)
    assert call.is_estimated
    assert call.ended_at == ms("10:00:25")


def test_list_without_the_caller_changes_nothing_about_it() -> None:
    story = (
        Story()
        .join("10:00:00", "100.5", "vendas")
        .hangup("10:00:25", "100.5")
        .beats("10:00:58")
        .snapshot("10:01:00", queues=["vendas"])
        .no_channels("10:01:00")
    )
    call = story.facts(until="10:01:10").call("100.5")
    assert (call.status, call.outcome, call.wait_ms) == ("ended", "abandoned", 25_000)
