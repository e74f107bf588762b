"""Calls that agents place themselves, and how they end when nobody saw it."""

from streams.domain.facts import CoverageGap, OutboundCall
from streams.domain.outbound import MAX_OUTBOUND
from tests.support.batches import fold, latest
from tests.support.stories import Moment, Story, ms

A = "PJSIP/101"


def calling_agent() -> Story:
    """An agent who has dialled out at 10:00:00 and was answered ten seconds later."""
    story = Story().connected("09:59:00").added("09:59:00", "vendas", A, "Ana")
    dial(story, "10:00:00", "500.1")
    return story.at(
        "10:00:10", "ami", "DialEnd", Uniqueid="500.1", DestUniqueid="500.2", DialStatus="ANSWER"
    )


def dial(story: Story, at: Moment, uniqueid: str) -> Story:
    return story.at(
        at,
        "ami",
        "DialBegin",
        Channel=f"{A}-0000000a",
        Uniqueid=uniqueid,
        DestUniqueid="500.2",
        Callee="…0007",
        CalleeHash="ab" * 8,
    )


def outbound(story: Story) -> list[OutboundCall]:
    return [f for f in latest(fold(story.batches())).values() if isinstance(f, OutboundCall)]


def hangup(story: Story, at: Moment) -> Story:
    return story.at(at, "ami", "Hangup", Uniqueid="500.1", Channel=f"{A}-0000000a")


def test_a_call_lasts_from_the_dial_to_the_hang_up() -> None:
    (call,) = outbound(hangup(calling_agent(), "10:03:00"))
    assert (call.agent_name, call.callee) == ("Ana", "…0007")
    assert (call.started_at, call.answered_at) == (ms("10:00:00"), ms("10:00:10"))
    assert (call.ended_at, call.is_estimated) == (ms("10:03:00"), False)


def test_a_call_that_ended_in_a_gap_ended_when_it_was_last_seen() -> None:
    story = calling_agent().lost("10:01:00").connected("10:05:00").no_channels("10:05:00")
    (call,) = outbound(story)
    assert (call.ended_at, call.is_estimated) == (ms("10:01:00"), True)


def test_a_hang_up_long_after_the_agent_is_forgotten_costs_nothing() -> None:
    story = calling_agent().removed("10:00:30", "vendas", A, "Ana")
    for hour in range(11, 20):
        story.beats(f"{hour}:00:00")
    (call,) = outbound(hangup(story, "19:30:00"))
    assert (call.agent_name, call.ended_at) == ("Ana", ms("19:30:00"))


def test_more_calls_than_are_kept_are_a_gap_that_is_told() -> None:
    story = calling_agent()
    for number in range(MAX_OUTBOUND):
        dial(story, "10:01:00", f"600.{number}")
    facts = latest(fold(story.batches())).values()
    gaps = [f.reason for f in facts if isinstance(f, CoverageGap)]
    assert gaps == ["too_many_outbound_calls"]
    (oldest,) = (f for f in facts if isinstance(f, OutboundCall) and f.uniqueid == "500.1")
    assert (oldest.ended_at, oldest.is_estimated) == (ms("10:01:00"), True)
