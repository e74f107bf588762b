"""What agents do and are called: log-ins, pauses, wrap-up, names."""

from tests.support.stories import Member, Story, ms

ANA = "Local/204@from-queue/n"


def test_agent_who_never_logged_in_is_counted_under_the_interface() -> None:
    """A static extension."""
    story = (
        Story()
        .join("10:00:00", "300.1", "vendas")
        .connect("10:00:08", "300.1", "vendas", "PJSIP/201", hold_s=8, leg="300.2")
        .complete("10:03:08", "300.1", "vendas", "PJSIP/201", hold_s=8, talk_s=180)
        .hangup("10:03:08", "300.1")
    )
    facts = story.facts(until="10:03:20")
    window = facts.window("vendas")
    assert (window.answered, window.abandoned, window.answered_waits) == (1, 0, {8: 1})
    call = facts.call("300.1")
    assert (call.agent_name, call.talk_ms) == ("PJSIP/201", 180_000)
    talking = [s for s in facts.states_of("PJSIP/201") if s.state == "talking"]
    assert [(s.started_at, s.ended_at) for s in talking] == [(ms("10:00:08"), ms("10:03:08"))]


def test_renamed_agent_is_one_agent_with_the_last_name() -> None:
    story = Story()
    for minute, name in (("10:00", "Ana"), ("10:10", "Ana L.")):
        uniqueid = f"300.{minute[-2:]}"
        story.join(f"{minute}:00", uniqueid, "vendas")
        story.connect(f"{minute}:05", uniqueid, "vendas", ANA, name, hold_s=5)
        story.complete(f"{minute}:35", uniqueid, "vendas", ANA, name, hold_s=5, talk_s=30)
        story.hangup(f"{minute}:35", uniqueid)
    facts = story.facts(until="10:11:00")
    assert {call.agent_key for call in facts.calls} == {"pbx-01/Local/204@from-queue"}
    assert facts.states[-1].agent_name == "Ana L."


def test_interface_is_read_under_each_of_its_names() -> None:
    old = {"Queue": "vendas", "Location": "SIP/305", "MemberName": "Bia", "Status": "1"}
    story = (
        Story()
        .at("10:00:00", "ami", "QueueMemberAdded", **old, Paused="0", Penalty="0")
        .added("10:00:00", "vendas", "PJSIP/306", "Caio")
        .snapshot(
            "10:00:01",
            members=[
                Member("vendas", "SIP/305", "Bia"),
                Member("vendas", "PJSIP/306", "Caio"),
            ],
        )
    )
    facts = story.facts(until="10:00:05")
    keys = {state.agent_key for state in facts.states}
    assert keys == {"pbx-01/SIP/305", "pbx-01/PJSIP/306"}
    assert {place.agent_key for place in facts.memberships} == keys


def test_pause_ends_though_the_unpause_names_no_reason() -> None:
    story = (
        Story()
        .added("09:00:00", "vendas", "PJSIP/1", "Ana")
        .pause("10:00:00", "vendas", "PJSIP/1", "Almoço", "Ana")
        .unpause("10:30:00", "vendas", "PJSIP/1", "Ana")
    )
    facts = story.facts(until="10:31:00")
    paused = [s for s in facts.states if s.state == "paused"]
    assert [(s.pause_reason, s.started_at, s.ended_at) for s in paused] == [
        ("Almoço", ms("10:00:00"), ms("10:30:00"))
    ]
    assert [p.pause_reason for p in facts.memberships if p.is_paused] == ["Almoço"]


def test_unpause_that_names_a_reason_is_no_pause() -> None:
    """Asterisk 18 and 22 send `Paused: 0` with `PausedReason: Back`."""
    story = (
        Story()
        .added("09:00:00", "vendas", "PJSIP/1")
        .pause("10:00:00", "vendas", "PJSIP/1", "Almoço")
        .at(
            "10:30:00",
            "ami",
            "QueueMemberPause",
            Queue="vendas",
            Interface="PJSIP/1",
            MemberName="PJSIP/1",
            Status="1",
            Paused="0",
            PausedReason="Back",
        )
    )
    facts = story.facts(until="10:31:00")
    assert facts.states[-1].state == "available"
    assert facts.states[-1].pause_reason == ""


def test_pause_in_one_of_two_queues_is_no_pause_of_the_agent() -> None:
    story = (
        Story()
        .added("09:00:00", "vendas", "PJSIP/1")
        .added("09:00:00", "suporte", "PJSIP/1")
        .pause("10:00:00", "vendas", "PJSIP/1", "Almoço")
        .pause("10:05:00", "suporte", "PJSIP/1", "Almoço")
    )
    facts = story.facts(until="10:06:00")
    assert facts.state_at("PJSIP/1", ms("10:02:00")).state == "available"
    assert facts.state_at("PJSIP/1", ms("10:05:30")).state == "paused"


def test_wrap_up_is_what_was_done_not_what_is_configured() -> None:
    story = Story().started("09:00:00")
    for number in range(1, 7):
        story.wrap_up_limit("09:00:00", f"q{number}", 30)
    for number in range(1, 7):
        story.added("09:00:01", f"q{number}", "PJSIP/1", "Ana")
    story.join("09:55:00", "400.1", "q1")
    story.connect("09:55:05", "400.1", "q1", "PJSIP/1", "Ana", hold_s=5)
    story.complete("10:00:00", "400.1", "q1", "PJSIP/1", "Ana", hold_s=5, talk_s=295)
    story.hangup("10:00:00", "400.1")
    story.join("10:00:02", "400.2", "q2")
    story.called("10:00:03", "400.2", "q2", "PJSIP/1", "Ana")
    story.connect("10:00:08", "400.2", "q2", "PJSIP/1", "Ana", hold_s=6)
    facts = story.facts(until="10:00:20")
    assert facts.call("400.1").wrap_up_ms == 3_000
    assert facts.window("q1").wrap_up_ms == 3_000
    course = [
        (state.state, state.started_at, state.ended_at)
        for state in facts.states_of("PJSIP/1")
        if state.started_at >= ms("10:00:00")
    ]
    assert course == [
        ("wrap_up", ms("10:00:00"), ms("10:00:03")),
        ("ringing", ms("10:00:03"), ms("10:00:08")),
        ("talking", ms("10:00:08"), None),
    ]


def test_wrap_up_ends_at_the_limit_of_the_queue() -> None:
    story = (
        Story()
        .started("09:00:00")
        .wrap_up_limit("09:00:00", "q1", 30)
        .added("09:00:01", "q1", "PJSIP/1")
        .join("09:55:00", "400.1", "q1")
        .connect("09:55:05", "400.1", "q1", "PJSIP/1", hold_s=5)
        .complete("10:00:00", "400.1", "q1", "PJSIP/1", hold_s=5, talk_s=295)
        .hangup("10:00:00", "400.1")
    )
    facts = story.facts(until="10:01:00")
    assert facts.call("400.1").wrap_up_ms == 30_000
    assert facts.state_at("PJSIP/1", ms("10:00:29")).state == "wrap_up"
    assert facts.state_at("PJSIP/1", ms("10:00:30")).state == "available"


def test_unknown_limit_is_no_wrap_up() -> None:
    story = (
        Story()
        .added("09:00:01", "q1", "PJSIP/1")
        .join("09:55:00", "400.1", "q1")
        .connect("09:55:05", "400.1", "q1", "PJSIP/1", hold_s=5)
        .complete("10:00:00", "400.1", "q1", "PJSIP/1", hold_s=5, talk_s=295)
        .hangup("10:00:00", "400.1")
    )
    facts = story.facts(until="10:01:00")
    assert facts.call("400.1").wrap_up_ms == 0
    assert facts.state_at("PJSIP/1", ms("10:00:00")).state == "available"
