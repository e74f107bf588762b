"""What is known after the connection to Asterisk was cut, and what is only estimated."""

from tests.support.batches import Facts
from tests.support.stories import Entry, Member, Story, ms

A, B, C, D = "PJSIP/1", "PJSIP/2", "PJSIP/3", "PJSIP/4"


def _restart() -> Story:
    return (
        Story()
        .started("10:00:00")
        .snapshot(
            "10:00:00",
            members=[
                Member("vendas", A, "Ana", login="09:00:00"),
                Member("vendas", B, "Bia", status=2, is_in_call=True, login="09:00:00"),
                Member(
                    "vendas", C, "Caio", pause="Almoço", last_pause="09:55:00", login="09:00:00"
                ),
            ],
        )
        .no_channels("10:00:00")
        .beats("10:04:58")
        .lost("10:05:00")
        .connected("10:05:30")
        .snapshot(
            "10:05:31",
            members=[
                Member("vendas", A, "Ana", login="09:00:00"),
                Member("vendas", B, "Bia", login="09:00:00"),
                Member("vendas", C, "Caio", last_pause="09:55:00", login="09:00:00"),
                Member("vendas", D, "Davi", login="10:05:10"),
            ],
        )
        .no_channels("10:05:31")
    )


def _after_restart() -> Facts:
    return _restart().facts(until="10:05:36")


def test_everybody_is_available_again_after_the_list() -> None:
    facts = _after_restart()
    states = [facts.state_at(agent, ms("10:05:36")).state for agent in (A, B, C, D)]
    assert states == ["available"] * 4


def test_nobody_has_a_second_session() -> None:
    facts = _after_restart()
    open_places = [place for place in facts.memberships if place.ended_at is None]
    assert len(open_places) == 4
    assert [facts.state_at(a, ms("10:05:36")).state_since for a in (A, B, C)] == [
        ms("09:00:00")
    ] * 3
    assert [place.started_at for place in open_places if place.agent_name == "Davi"] == [
        ms("10:05:10")
    ]
    logged_out = [state for state in facts.states if state.state == "logged_out"]
    assert logged_out == []


def test_pause_that_ended_unseen_ends_with_the_list_and_is_estimated() -> None:
    paused = [s for s in _after_restart().states_of(C) if s.state == "paused"]
    assert len(paused) == 1
    assert paused[0].pause_reason == "Almoço"
    assert paused[0].ended_at is not None
    assert paused[0].ended_at <= ms("10:05:31")
    assert paused[0].is_estimated


def test_caller_gone_in_the_gap_is_unknown_and_in_no_ratio() -> None:
    story = (
        Story()
        .started("09:59:00")
        .join("10:00:00", "100.7", "vendas")
        .lost("10:00:05")
        .connected("10:00:50")
        .snapshot("10:00:50", queues=["vendas"])
        .no_channels("10:00:50")
    )
    facts = story.facts(until="10:01:00")
    window = facts.window("vendas")
    assert (window.offered, window.unknown, window.open) == (1, 1, 0)
    assert (window.answered, window.abandoned) == (0, 0)
    assert window.abandoned_waits == window.answered_waits == window.flowed_out_waits == {}
    call = facts.call("100.7")
    assert (call.status, call.outcome, call.is_estimated) == ("ended", "unknown", True)


def test_gap_is_shown_with_its_length() -> None:
    story = Story().started("09:59:00").lost("10:00:05").connected("10:00:50")
    gaps = [gap for gap in story.facts().gaps if gap.reason == "ami_lost"]
    assert [(gap.started_at, gap.ended_at) for gap in gaps] == [(ms("10:00:05"), ms("10:00:50"))]


def test_caller_who_waits_through_the_gap_keeps_the_entry() -> None:
    story = (
        Story()
        .started("09:59:00")
        .join("10:00:00", "100.7", "vendas")
        .lost("10:00:05")
        .connected("10:00:50")
        .snapshot("10:00:50", entries=[Entry("vendas", "100.7", 50)])
        .no_channels("10:00:50")
        .beats("10:01:00")
        .connect("10:01:10", "100.7", "vendas", A, hold_s=70)
    )
    call = story.facts(until="10:01:20").call("100.7")
    assert (call.entered_at, call.wait_ms, call.is_estimated) == (ms("10:00:00"), 70_000, True)


def test_caller_first_seen_in_the_list_entered_when_the_list_says() -> None:
    story = (
        Story()
        .started("10:00:50")
        .snapshot("10:00:50", entries=[Entry("vendas", "100.7", 50)])
        .no_channels("10:00:50")
    )
    call = story.facts(until="10:01:00").call("100.7")
    assert (call.entered_at, call.status, call.outcome) == (ms("10:00:00"), "waiting", "open")
    assert call.is_estimated


def test_incomplete_list_ends_nobodys_wait() -> None:
    story = (
        Story()
        .started("09:59:00")
        .join("10:00:00", "100.7", "vendas")
        .lost("10:00:05")
        .connected("10:00:50")
        .at("10:00:50", "snapshot", "begin", list="QueueStatus")
        .at("10:00:50", "snapshot", "end", list="QueueStatus", items="0", complete="no")
    )
    assert story.facts(until="10:01:00").call("100.7").outcome == "open"


def test_pause_found_in_the_first_list_has_its_true_age() -> None:
    story = (
        Story()
        .started("10:20:00")
        .snapshot(
            "10:20:00",
            members=[Member("vendas", A, "Ana", pause="Banheiro", last_pause="10:12:00")],
        )
    )
    state = story.facts(until="10:22:00").state_at(A, ms("10:22:00"))
    assert (state.state, state.pause_reason) == ("paused", "Banheiro")
    assert state.state_since == ms("10:12:00")
    assert ms("10:20:00") - state.state_since == 8 * 60 * 1000


def test_pause_that_goes_on_over_a_reconnect_is_one_pause() -> None:
    member = Member("vendas", A, "Ana", pause="Banheiro", last_pause="10:12:00")
    story = (
        Story()
        .started("10:20:00")
        .snapshot("10:20:00", members=[member])
        .lost("10:21:00")
        .connected("10:21:30")
        .snapshot("10:21:30", members=[member])
    )
    states = story.facts(until="10:22:00").states_of(A)
    assert [(state.state, state.state_since) for state in states] == [("paused", ms("10:12:00"))]


def _talk_through_a_gap(queue_as_dialled: str) -> Facts:
    story = (
        Story()
        .started("09:59:00")
        .added("09:59:30", "Suporte", A, "Ana")
        .join("10:00:00", "100.7", "Suporte")
        .connect("10:00:05", "100.7", "Suporte", A, "Ana", hold_s=5, leg="100.8")
        .status("10:00:05", "Suporte", A, 2, in_call=True, name="Ana")
        .lost("10:01:00")
        .connected("10:01:30")
        .snapshot("10:01:30", members=[Member("Suporte", A, "Ana", status=2, is_in_call=True)])
        .at("10:01:30", "snapshot", "begin", list="CoreShowChannels")
    )
    for uniqueid, application, data in (
        ("100.7", "Queue", f"{queue_as_dialled},tT,,,300"),
        ("100.8", "AppQueue", "(Outgoing Line)"),
    ):
        story.at(
            "10:01:30",
            "snapshot",
            "CoreShowChannel",
            Channel=f"{A}-0000000a" if uniqueid == "100.8" else "PJSIP/trunk-1",
            Uniqueid=uniqueid,
            Linkedid="100.7",
            Application=application,
            ApplicationData=data,
            BridgeId="bridge-1",
            Duration="00:01:30",
        )
    story.at("10:01:30", "snapshot", "end", list="CoreShowChannels", items="2", complete="yes")
    story.beats("10:02:58")
    story.complete("10:03:00", "100.7", "Suporte", A, "Ana", hold_s=5, talk_s=175)
    return story.facts(until="10:03:10")


def test_talk_through_the_gap_goes_on() -> None:
    call = _talk_through_a_gap("Suporte").call("100.7")
    assert (call.outcome, call.talk_ms, call.ended_by) == ("answered", 175_000, "caller")
    assert call.is_estimated  # it may have been put on hold meanwhile


def test_dialplan_may_spell_the_queue_otherwise() -> None:
    """Asterisk compares names of queues without case; only lists of channels show the spelling."""
    call = _talk_through_a_gap("SUPORTE").call("100.7")
    assert (call.outcome, call.talk_ms, call.ended_by) == ("answered", 175_000, "caller")
