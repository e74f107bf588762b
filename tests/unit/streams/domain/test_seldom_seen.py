"""Flows that no recording shows, and values that nobody sends by accident."""

import pytest

from streams.domain.facts import CoverageGap, OutboundCall
from streams.domain.site_state import (
    decode_state,
    encode_state,
    new_site_state,
)
from streams.domain.visits import MAX_DURATION_MS
from streams.site_batches import fold_batch
from tests.support.batches import fold, latest
from tests.support.stories import Story, ms

A = "PJSIP/101"
LOCAL = "Local/101@from-queue"


def talking(agent: str = A, *, leg: str = "200.1") -> Story:
    return (
        Story()
        .connected("09:59:00")
        .added("09:59:00", "vendas", agent, "Ana")
        .join("10:00:00", "100.1", "vendas")
        .called("10:00:01", "100.1", "vendas", agent, "Ana")
        .connect("10:00:05", "100.1", "vendas", agent, "Ana", hold_s=5, leg=leg)
    )


@pytest.mark.parametrize("number", ["99999999999999999999", "-99999999999999999999", "-1", "x"])
@pytest.mark.parametrize("field", ["Position", "HoldTime", "Penalty", "LastPause", "LoginTime"])
def test_no_number_breaks_the_state_or_leaves_its_column(field: str, number: str) -> None:
    story = Story().connected("10:00:00")
    fields = {"Queue": "vendas", "Uniqueid": "100.1", "Interface": A, "Paused": "1", field: number}
    for name in ("QueueCallerJoin", "QueueMemberStatus", "QueueCallerAbandon"):
        story.at("10:00:01", "ami", name, **fields)
    state = new_site_state("acme", "pbx-01")
    for batch in story.batches(until="10:00:10"):
        fold_batch(state, batch)
    assert decode_state(encode_state(state)) == state
    (call,) = story.facts(until="10:00:10").calls
    assert 0 <= call.position_at_entry < 1 << 32
    assert call.wait_ms is None or 0 <= call.wait_ms <= MAX_DURATION_MS


def test_an_injected_wait_does_not_win_over_the_true_one() -> None:
    story = Story().connected("10:00:00").at("10:00:00", "snapshot", "begin", list="QueueStatus")
    entry = {"Queue": "vendas", "Uniqueid": "100.1", "Position": "1"}
    story.at("10:00:00", "snapshot", "QueueEntry", **entry)
    story.events[-1].fields["Wait"] = ["3600", "12"]
    (call,) = story.facts().calls
    assert call.entered_at == ms("09:59:48")


def test_the_gap_after_a_killed_collector_begins_with_its_last_event() -> None:
    story = (
        Story()
        .connected("09:59:00")
        .beats("10:00:05")
        .started("10:00:50")
        .log("10:00:10", "ENTERQUEUE", "100.7", "vendas", "", "+5511900000007", "1")
        .log("10:00:20", "ABANDON", "100.7", "vendas", "1", "1", "10")
    )
    facts = latest(fold(story.batches(until="10:01:00"))).values()
    (gap,) = (f for f in facts if isinstance(f, CoverageGap))
    assert (gap.started_at, gap.ended_at) == (ms("10:00:05"), ms("10:00:50"))
    call = story.facts(until="10:01:00").call("100.7")
    assert (call.outcome, call.wait_ms, call.is_estimated) == ("abandoned", 10_000, True)


def behind_local(story: Story) -> Story:
    """The phone behind an agent's Local channel is dialled and answers."""
    local = {"Channel": f"{LOCAL}-0000000a;2", "Uniqueid": "200.2", "Linkedid": "100.1"}
    phone = {"DestUniqueid": "200.3", "DestChannel": f"{A}-0000000b"}
    return story.at("10:00:02", "ami", "DialBegin", **local, **phone).at(
        "10:00:04", "ami", "DialEnd", **local, **phone, DialStatus="ANSWER"
    )


def local_talk() -> Story:
    story = (
        Story()
        .connected("09:59:00")
        .added("09:59:00", "vendas", f"{LOCAL}/n", "Ana")
        .join("10:00:00", "100.1", "vendas")
        .called("10:00:01", "100.1", "vendas", f"{LOCAL}/n", "Ana")
    )
    return behind_local(story).connect(
        "10:00:05", "100.1", "vendas", f"{LOCAL}/n", "Ana", hold_s=5, leg="200.1"
    )


def test_a_queue_call_to_a_local_agent_is_no_outbound_call() -> None:
    facts = latest(fold(local_talk().batches(until="10:01:00"))).values()
    assert not [f for f in facts if isinstance(f, OutboundCall)]


def test_an_agent_who_calls_a_queue_places_no_outbound_call() -> None:
    story = Story().connected("09:59:00").added("09:59:00", "vendas", A, "Ana")
    story.join("10:00:00", "100.1", "suporte")
    story.at("10:00:01", "ami", "DialBegin", Channel=f"{A}-01", Uniqueid="100.1", DestUniqueid="2")
    facts = latest(fold(story.batches())).values()
    assert not [f for f in facts if isinstance(f, OutboundCall)]


def test_the_phone_behind_a_local_agent_holds_and_transfers() -> None:
    story = (
        local_talk()
        .hold("10:00:15", "200.3", is_on_hold=True)
        .hold("10:00:35", "200.3", is_on_hold=False)
        .blind_transfer("10:01:05", "200.3", "100.1")
        .complete("10:01:05", "100.1", "vendas", f"{LOCAL}/n", talk_s=60, reason="transfer")
    )
    call = story.facts(until="10:02:00").call("100.1")
    assert (call.hold_ms, call.talk_ms) == (20_000, 40_000)
    assert (call.transfer, call.ended_by) == ("blind", "transfer")


def test_a_caller_on_a_local_channel_talks_on_when_that_is_optimised_away() -> None:
    story = Story().connected("09:59:00").added("09:59:00", "vendas", A, "Ana")
    fields = {"Channel": "Local/900@callback-01;1", "Uniqueid": "100.1", "Linkedid": "100.1"}
    story.at("10:00:00", "ami", "QueueCallerJoin", **fields, Queue="vendas", Position="1")
    story.connect("10:00:05", "100.1", "vendas", A, "Ana", hold_s=5).hangup("10:00:05.100", "100.1")
    story.beats("10:02:00").complete("10:02:05", "777.1", "vendas", A, talk_s=120)
    call = story.facts(until="10:02:10").call("100.1")
    assert (call.talk_ms, call.ended_by) == (120_000, "caller")


def test_a_conference_of_three_ends_no_talk() -> None:
    story = talking().at(
        "10:00:22",
        "ami",
        "AttendedTransfer",
        Result="Success",
        DestType="Threeway",
        OrigTransfererUniqueid="200.1",
    )
    story.beats("10:02:00").complete("10:02:05", "100.1", "vendas", A, talk_s=120)
    call = story.facts(until="10:02:10").call("100.1")
    assert (call.talk_ms, call.transfer) == (120_000, "none")


def test_a_flicker_of_the_phone_ends_no_talk() -> None:
    story = talking().status("10:00:06", "vendas", A, 2).status("10:00:22", "vendas", A, 1)
    story.status("10:00:22.200", "vendas", A, 2).beats("10:02:00")
    story.complete("10:02:05", "100.1", "vendas", A, talk_s=120)
    call = story.facts(until="10:02:10").call("100.1")
    assert (call.talk_ms, call.is_estimated) == (120_000, False)


def test_of_two_talks_the_one_that_began_then_is_over() -> None:
    story = talking().join("10:00:50", "100.2", "vendas")
    story.connect("10:01:00", "100.2", "vendas", A, "Ana", hold_s=10, leg="200.2")
    story.complete("10:01:15", "", "vendas", A, talk_s=15)
    story.beats("10:03:00").complete("10:03:05", "", "vendas", A, talk_s=180)
    facts = story.facts(until="10:03:10")
    assert facts.call("100.1").talk_ms == 180_000
    assert facts.call("100.2").talk_ms == 15_000
