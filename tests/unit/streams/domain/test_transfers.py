"""Where one agent's talk ends and another's begins."""

from tests.support.stories import Story, ms


def _answered_by_204() -> Story:
    return (
        Story()
        .added("09:59:00", "vendas", "PJSIP/204", "Ana")
        .join("10:00:00", "200.1", "vendas")
        .connect("10:00:10", "200.1", "vendas", "PJSIP/204", "Ana", hold_s=10, leg="200.2")
        .status("10:00:10", "vendas", "PJSIP/204", 2, in_call=True, name="Ana")
    )


def test_talk_ends_at_the_transfer_not_when_the_customers_hang_up() -> None:
    story = (
        _answered_by_204()
        .blind_transfer("10:01:10", "200.2", "200.1")
        .status("10:01:11", "vendas", "PJSIP/204", 1, name="Ana")
        .beats("11:01:08")
        .complete("11:01:10", "200.1", "vendas", "PJSIP/204", "Ana", hold_s=10, talk_s=3660)
    )
    facts = story.facts(until="11:02:00")
    call = facts.call("200.1")
    assert abs(call.talk_ms - 60_000) <= 2_000
    assert call.transfer == "blind"
    assert facts.window("vendas").talk_ms == call.talk_ms
    assert facts.state_at("PJSIP/204", ms("10:01:11")).state == "available"
    assert facts.state_at("PJSIP/204", ms("10:30:00")).state == "available"


def test_transfer_holds_though_nothing_is_heard_for_an_hour() -> None:
    story = (
        _answered_by_204()
        .blind_transfer("10:01:10", "200.2", "200.1")
        .status("10:01:11", "vendas", "PJSIP/204", 1, name="Ana")
        .complete("11:01:10", "200.1", "vendas", "PJSIP/204", "Ana", hold_s=10, talk_s=3660)
    )
    assert story.facts(until="11:02:00").call("200.1").talk_ms == 60_000


def test_transfer_nobody_told_of_ends_with_the_idle_phone_and_is_estimated() -> None:
    story = (
        _answered_by_204()
        .status("10:01:11", "vendas", "PJSIP/204", 1, name="Ana")
        .beats("11:01:08")
        .complete("11:01:10", "200.1", "vendas", "PJSIP/204", "Ana", hold_s=10, talk_s=3660)
    )
    facts = story.facts(until="11:02:00")
    call = facts.call("200.1")
    assert (call.talk_ms, call.is_estimated) == (61_000, True)
    assert facts.state_at("PJSIP/204", ms("10:30:00")).state == "available"


def test_phone_that_reports_idle_a_moment_before_the_end_is_no_transfer() -> None:
    """QueueMemberStatus and call events travel on different paths."""
    story = (
        _answered_by_204()
        .status("10:03:10", "vendas", "PJSIP/204", 1, name="Ana")
        .complete("10:03:10.050", "200.1", "vendas", "PJSIP/204", "Ana", hold_s=10, talk_s=180)
        .hangup("10:03:10.060", "200.1")
    )
    call = story.facts(until="10:03:20").call("200.1")
    assert (call.ended_by, call.is_estimated) == ("caller", False)
    assert abs(call.talk_ms - 180_000) <= 100


def test_one_contact_in_two_queues_is_two_queue_calls() -> None:
    story = (
        Story()
        .join("10:00:00", "100.9", "A", linked="100.8")
        .connect("10:00:05", "100.9", "A", "PJSIP/1", hold_s=5, leg="100.10", linked="100.8")
        .complete("10:01:00", "100.9", "A", "PJSIP/1", hold_s=5, talk_s=55, reason="agent")
        .join("10:01:10", "100.9", "B", linked="100.8")
        .connect("10:01:20", "100.9", "B", "PJSIP/2", hold_s=10, leg="100.11", linked="100.8")
        .complete("10:02:20", "100.9", "B", "PJSIP/2", hold_s=10, talk_s=60)
        .hangup("10:02:20", "100.9")
    )
    facts = story.facts(until="10:03:00")
    assert {call.contact_id for call in facts.calls} == {"100.8"}
    assert [call.queue for call in facts.calls] == ["A", "B"]
    assert [call.call_id for call in facts.calls] == ["100.9/1", "100.9/2"]
    assert facts.window("A").offered == 1
    assert facts.window("B").offered == 1
